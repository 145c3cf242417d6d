//! Property values as they travel between the wire, the decisions and the database.

use serde_json::Value as Json;
use uuid::Uuid;

use crate::time::{Date, Timestamp, parse_date};

/// What a property or a parameter can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Id,
    /// A line of text, at most 1,000 characters.
    String,
    /// Text of several lines, at most 20,000 characters.
    Text,
    /// A file's text, at most 25 MB; only as a parameter.
    File,
    Enum(&'static [&'static str]),
    Boolean,
    Integer,
    Double,
    /// A calendar date, `YYYY-MM-DD` on the wire.
    Date,
    /// An instant, RFC 3339 in UTC with milliseconds on the wire.
    Instant,
    /// Ids of other objects in an order, kept in the link table of that name.
    Ids(&'static str),
    Strings,
    /// A list of whole numbers.
    Integers,
    Object,
    /// A list of objects.
    Objects,
}

impl Kind {
    pub const MAX_STRING: usize = 1_000;
    pub const MAX_TEXT: usize = 20_000;
    pub const MAX_FILE: usize = 25 * 1024 * 1024;
    pub const MAX_LIST: usize = 10_000;

    pub fn is_array(self) -> bool {
        matches!(self, Kind::Ids(_) | Kind::Strings | Kind::Integers | Kind::Objects)
    }

    /// JSON Schema's `type`, exactly one.
    pub fn json_type(self) -> &'static str {
        match self {
            Kind::Id | Kind::String | Kind::Text | Kind::File | Kind::Enum(_) | Kind::Date | Kind::Instant => "string",
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Double => "number",
            Kind::Ids(_) | Kind::Strings | Kind::Integers | Kind::Objects => "array",
            Kind::Object => "object",
        }
    }

    /// Reads a JSON value. With `lenient`, text stands for what it unambiguously says (query strings, tool arguments).
    pub fn read(self, json: &Json, lenient: bool) -> Result<Value, String> {
        match (self, json) {
            (_, Json::String(text)) => self.read_text(text, lenient),
            (Kind::Boolean, Json::Bool(b)) => Ok(Value::Bool(*b)),
            (Kind::Integer, Json::Number(n)) => whole(n).map(Value::Int).ok_or_else(|| self.wanted()),
            (Kind::Double, Json::Number(n)) => {
                n.as_f64().filter(|f| f.is_finite()).map(Value::Float).ok_or_else(|| self.wanted())
            }
            (Kind::Object, Json::Object(_)) => Ok(Value::Json(json.clone())),
            (_, Json::Array(items)) if self.is_array() => self.read_list(items, lenient),
            _ => Err(self.wanted()),
        }
    }

    fn read_text(self, text: &str, lenient: bool) -> Result<Value, String> {
        let no_nul = |limit: usize| {
            if text.contains('\0') {
                Err("must not contain a NUL character".to_owned())
            } else if text.chars().count() > limit {
                Err(format!("must have at most {limit} characters"))
            } else {
                Ok(Value::Text(text.to_owned()))
            }
        };
        match self {
            Kind::Id => Uuid::try_parse(text).ok().filter(|id| !id.is_nil()).map(Value::Id).ok_or_else(|| self.wanted()),
            Kind::String => no_nul(Kind::MAX_STRING),
            Kind::Text => no_nul(Kind::MAX_TEXT),
            Kind::File if text.len() > Kind::MAX_FILE => Err(format!("must have at most {} MB", Kind::MAX_FILE / 1024 / 1024)),
            Kind::File => Ok(Value::Text(text.to_owned())),
            Kind::Enum(values) => {
                let hit = values.iter().find(|v| v.eq_ignore_ascii_case(text));
                hit.map(|v| Value::Text((*v).to_owned())).ok_or_else(|| self.wanted())
            }
            Kind::Date => parse_date(text).map(Value::Date).ok_or_else(|| self.wanted()),
            Kind::Instant => Timestamp::parse(text).map(Value::Time).ok_or_else(|| self.wanted()),
            Kind::Boolean if lenient => match text.to_ascii_lowercase().as_str() {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => Err(self.wanted()),
            },
            Kind::Integer if lenient => text.parse().map(Value::Int).map_err(|_| self.wanted()),
            Kind::Double if lenient => {
                text.parse().ok().filter(|f: &f64| f.is_finite()).map(Value::Float).ok_or_else(|| self.wanted())
            }
            // A list or an object written as JSON text, or one id standing for a list of one.
            _ if lenient && text.trim_start().starts_with(['[', '{']) => {
                let json: Json = serde_json::from_str(text).map_err(|_| self.wanted())?;
                self.read(&json, false)
            }
            Kind::Ids(_) | Kind::Strings if lenient => self.read_list(&[Json::String(text.to_owned())], true),
            _ => Err(self.wanted()),
        }
    }

    fn read_list(self, items: &[Json], lenient: bool) -> Result<Value, String> {
        if items.len() > Kind::MAX_LIST {
            return Err(format!("must have at most {} items", Kind::MAX_LIST));
        }
        let each = |kind: Kind| items.iter().map(move |item| kind.read(item, lenient));
        match self {
            Kind::Ids(_) => {
                let mut ids = Vec::with_capacity(items.len());
                let mut known = std::collections::HashSet::with_capacity(items.len());
                for value in each(Kind::Id) {
                    match value {
                        Ok(Value::Id(id)) if known.insert(id) => ids.push(id),
                        Ok(_) => {}
                        Err(_) => return Err(self.wanted()),
                    }
                }
                Ok(Value::Ids(ids))
            }
            Kind::Strings => {
                each(Kind::String).map(|v| v.map(|v| v.to_json())).collect::<Result<_, _>>().map(|l| Value::Json(Json::Array(l)))
            }
            Kind::Integers => {
                each(Kind::Integer).map(|v| v.map(|v| v.to_json())).collect::<Result<_, _>>().map(|l| Value::Json(Json::Array(l)))
            }
            _ if items.iter().all(Json::is_object) => Ok(Value::Json(Json::Array(items.to_vec()))),
            _ => Err(self.wanted()),
        }
    }

    fn wanted(self) -> String {
        match self {
            Kind::Id => "must be a UUID".to_owned(),
            Kind::String | Kind::Text | Kind::File => "must be text".to_owned(),
            Kind::Enum(values) => format!("must be one of {}", values.join(", ")),
            Kind::Boolean => "must be true or false".to_owned(),
            Kind::Integer => "must be a whole number".to_owned(),
            Kind::Double => "must be a number".to_owned(),
            Kind::Date => "must be a date like 2026-01-31".to_owned(),
            Kind::Instant => "must be an instant like 2026-01-31T09:00:00Z".to_owned(),
            Kind::Ids(_) => "must be a list of UUIDs".to_owned(),
            Kind::Strings => "must be a list of texts".to_owned(),
            Kind::Integers => "must be a list of whole numbers".to_owned(),
            Kind::Object => "must be an object".to_owned(),
            Kind::Objects => "must be a list of objects".to_owned(),
        }
    }
}

fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64))
}

/// One property's value. The nil UUID stands for "no company" and reads `null` on the wire.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Id(Uuid),
    Date(Date),
    Time(Timestamp),
    Ids(Vec<Uuid>),
    Json(Json),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn as_id(&self) -> Option<Uuid> {
        match self {
            Value::Id(id) => Some(*id),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).unwrap_or(Json::Null)
    }
}

impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => out.serialize_unit(),
            Value::Bool(b) => out.serialize_bool(*b),
            Value::Int(i) => out.serialize_i64(*i),
            Value::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 => out.serialize_i64(*f as i64),
            Value::Float(f) => out.serialize_f64(*f),
            Value::Text(text) => out.serialize_str(text),
            Value::Id(id) if id.is_nil() => out.serialize_unit(),
            Value::Id(id) => out.serialize_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
            Value::Date(date) => out.collect_str(date),
            Value::Time(at) => out.collect_str(at),
            Value::Ids(ids) => out.collect_seq(ids.iter().map(|id| Value::Id(*id))),
            Value::Json(json) => json.serialize(out),
        }
    }
}

/// A Rust type that a property or a parameter can have.
pub trait Field: Sized {
    const KIND: Kind;
    const REQUIRED: bool = true;
    /// Whether `null` in a PATCH means something: the value is cleared.
    const CLEARS: bool = false;

    /// `None` where the value is of another kind: a fault of the program, not of its user.
    fn from_value(value: Value) -> Option<Self>;
    fn into_value(self) -> Value;

    /// What a parameter reads when the caller left it out; `None` where it is required.
    fn absent() -> Option<Self> {
        None
    }

    /// What a parameter reads when the caller sent `null`.
    fn null() -> Option<Self> {
        Self::absent()
    }
}

macro_rules! fields {
    ($($ty:ty, $kind:expr, $variant:ident);+ $(;)?) => { $(
        impl Field for $ty {
            const KIND: Kind = $kind;
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$variant(inner) => Some(inner),
                    _ => None,
                }
            }
            fn into_value(self) -> Value {
                Value::$variant(self)
            }
        }
    )+ };
}

fields! {
    String, Kind::String, Text;
    bool, Kind::Boolean, Bool;
    i64, Kind::Integer, Int;
    f64, Kind::Double, Float;
    Date, Kind::Date, Date;
    Timestamp, Kind::Instant, Time;
    Json, Kind::Object, Json;
    Uuid, Kind::Id, Id;
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
    const REQUIRED: bool = false;

    fn from_value(value: Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_value(value).map(Some) }
    }

    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// Text of several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongText(pub String);

impl Field for LongText {
    const KIND: Kind = Kind::Text;

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(LongText(text)),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::Text(self.0)
    }
}

/// Ids in an order, each once. Left out or `null` means none.
impl<T: From<Uuid> + Into<Uuid>> Field for Vec<T> {
    const KIND: Kind = Kind::Ids("");
    const REQUIRED: bool = false;

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Ids(ids) => Some(ids.into_iter().map(T::from).collect()),
            Value::Null => Some(Vec::new()),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::Ids(self.into_iter().map(T::into).collect())
    }

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }
}

/// Declares an enum whose variants have names on the wire.
#[macro_export]
macro_rules! wire_enum {
    ($(#[doc = $doc:literal])+ $vis:vis enum $name:ident { $($variant:ident => $wire:literal),+ $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($variant),+ }

        impl $name {
            pub const NAMES: &'static [&'static str] = &[$($wire),+];

            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $wire),+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                match text { $($wire => Some($name::$variant),)+ _ => None }
            }
        }

        impl $crate::value::Field for $name {
            const KIND: $crate::value::Kind = $crate::value::Kind::Enum($name::NAMES);

            fn from_value(value: $crate::value::Value) -> Option<Self> {
                value.as_text().and_then($name::parse)
            }

            fn into_value(self) -> $crate::value::Value {
                $crate::value::Value::Text(self.as_str().to_owned())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_stands_for_other_kinds_only_where_lenient() {
        assert_eq!(Kind::Integer.read(&json!("12"), true), Ok(Value::Int(12)));
        assert!(Kind::Integer.read(&json!("12"), false).is_err());
        assert_eq!(Kind::Boolean.read(&json!("TRUE"), true), Ok(Value::Bool(true)));
        assert!(Kind::Boolean.read(&json!("yes"), true).is_err());
        assert!(Kind::Double.read(&json!("NaN"), true).is_err());
        assert_eq!(Kind::Integer.read(&json!(3.0), false), Ok(Value::Int(3)));
        assert!(Kind::Integer.read(&json!(3.5), false).is_err());
    }

    #[test]
    fn id_lists_drop_repeats_and_refuse_others() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let list = Kind::Ids("").read(&json!([id, id]), false);
        assert!(matches!(list, Ok(Value::Ids(ids)) if ids.len() == 1));
        assert!(Kind::Ids("").read(&json!([id, 3]), false).is_err());
        assert!(Kind::Ids("").read(&json!(id), false).is_err());
        assert!(Kind::Ids("").read(&json!(format!("[\"{id}\"]")), true).is_ok());
    }

    #[test]
    fn texts_have_limits() {
        assert!(Kind::String.read(&json!("x".repeat(1001)), false).is_err());
        assert!(Kind::String.read(&json!("a\0b"), false).is_err());
        assert!(Kind::Id.read(&json!(Uuid::nil().to_string()), false).is_err());
    }
}
