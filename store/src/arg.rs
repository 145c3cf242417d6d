//! Values on their way into a statement.

use std::sync::Arc;

use serde_json::Value as Json;
use sqlx::Arguments as _;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use uuid::Uuid;
use workforceos_core::value::Kind;
use workforceos_core::{Error, Result, Value};

/// A parameter's value. Copies share the text; a null has a type, as PostgreSQL wants it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Arg {
    Text(Arc<str>),
    Int(i64),
    Double(f64),
    NoText,
    NoInt,
    NoDouble,
}

impl Arg {
    pub(crate) fn text(text: &str) -> Arg {
        Arg::Text(Arc::from(text))
    }

    /// A text's, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Arg::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn id(id: impl Into<Uuid>) -> Arg {
        Arg::text(id.into().hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }

    pub(crate) fn opt_text(text: Option<&str>) -> Arg {
        text.map_or(Arg::NoText, Arg::text)
    }

    pub(crate) fn opt_int(int: Option<i64>) -> Arg {
        int.map_or(Arg::NoInt, Arg::Int)
    }

    /// A property's value as its column keeps it.
    pub(crate) fn of(kind: Kind, value: &Value) -> Result<Arg> {
        Ok(match (kind, value) {
            (Kind::Boolean | Kind::Integer | Kind::Instant, Value::Null) => Arg::NoInt,
            (Kind::Double, Value::Null) => Arg::NoDouble,
            (_, Value::Null) => Arg::NoText,
            (Kind::Id, Value::Id(id)) => Arg::id(*id),
            (Kind::String | Kind::Text | Kind::File | Kind::Enum(_), Value::Text(text)) => Arg::text(text),
            (Kind::Boolean, Value::Bool(b)) => Arg::Int(i64::from(*b)),
            (Kind::Integer, Value::Int(int)) => Arg::Int(*int),
            (Kind::Double, Value::Float(float)) => Arg::Double(*float),
            (Kind::Double, Value::Int(int)) => Arg::Double(*int as f64),
            (Kind::Date, Value::Date(date)) => Arg::text(&date.to_string()),
            (Kind::Instant, Value::Time(at)) => Arg::Int(at.0),
            (Kind::Strings | Kind::Integers | Kind::Object | Kind::Objects, Value::Json(json)) => Arg::text(&canonical(json)),
            (kind, value) => return Err(Error::internal(format!("{value:?} is no value of a {kind:?}"))),
        })
    }
}

/// JSON text with its keys in order, so that equal values have equal texts.
pub(crate) fn canonical(json: &Json) -> String {
    fn sorted(json: &Json) -> Json {
        match json {
            Json::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by_key(|(key, _)| key.as_str());
                Json::Object(entries.into_iter().map(|(k, v)| (k.clone(), sorted(v))).collect())
            }
            Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    match json {
        Json::Object(_) | Json::Array(_) => sorted(json).to_string(),
        other => other.to_string(),
    }
}

pub(crate) fn sqlite(args: Vec<Arg>) -> Result<SqliteArguments, sqlx::Error> {
    let mut list = SqliteArguments::default();
    list.reserve(args.len(), 0);
    for arg in args {
        match arg {
            Arg::Text(text) => list.add(text),
            Arg::Int(int) => list.add(int),
            Arg::Double(double) => list.add(double),
            Arg::NoText | Arg::NoInt | Arg::NoDouble => list.add(None::<i64>),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(list)
}

pub(crate) fn postgres(args: Vec<Arg>) -> Result<PgArguments, sqlx::Error> {
    let mut list = PgArguments::default();
    list.reserve(args.len(), args.len() * 16);
    for arg in args {
        match arg {
            Arg::Text(text) => list.add(text),
            Arg::Int(int) => list.add(int),
            Arg::Double(double) => list.add(double),
            Arg::NoText => list.add(None::<&str>),
            Arg::NoInt => list.add(None::<i64>),
            Arg::NoDouble => list.add(None::<f64>),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(list)
}
