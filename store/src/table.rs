//! What the SQL for each declared object is made of, worked out once.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value as Json;
use workforceos_core::object::Property;
use workforceos_core::objects;
use workforceos_core::time::parse_date;
use workforceos_core::value::Kind;
use workforceos_core::{Error, ObjectDef, Record, Result, Timestamp, Value};

use crate::connection::Row;

/// A declared object's table.
pub(crate) struct Table {
    pub(crate) def: &'static ObjectDef,
    /// Its place among all tables: what is referred to stands before what refers to it.
    pub(crate) order: usize,
    /// The properties that are columns, with their places in a record.
    pub(crate) columns: Vec<(usize, &'static Property)>,
    /// The lists of ids: place in a record and link table.
    pub(crate) links: Vec<(usize, &'static str)>,
    /// The table of the words by which rows are found, if they are.
    pub(crate) words: Option<&'static str>,
    /// Where its changed rows are gathered that are written along with many others.
    pub(crate) changed: &'static str,
    /// Where a record says whose it is; `None`: the row is the company itself.
    pub(crate) company: Option<usize>,
    /// `t.id, t.is_active, …`
    pub(crate) selected: String,
}

static TABLES: LazyLock<HashMap<&'static str, Table>> = LazyLock::new(|| {
    let all = objects::all();
    all.into_iter().enumerate().map(|(order, def)| (def.table, Table::new(order, def))).collect()
});

static BY_NAME: LazyLock<HashMap<&'static str, &'static ObjectDef>> =
    LazyLock::new(|| objects::all().into_iter().map(|def| (def.name, def)).collect());

/// The object of that name, as the journal names it.
pub(crate) fn by_name(name: &str) -> Option<&'static ObjectDef> {
    BY_NAME.get(name).copied()
}

impl Table {
    pub(crate) fn of(def: &'static ObjectDef) -> Result<&'static Table> {
        TABLES.get(def.table).ok_or_else(|| Error::internal(format!("{} is not a declared object", def.name)))
    }

    fn new(order: usize, def: &'static ObjectDef) -> Table {
        let mut columns = Vec::new();
        let mut links = Vec::new();
        for (i, property) in def.all().enumerate() {
            match property.kind {
                Kind::Ids(link) => links.push((i, link)),
                _ => columns.push((i, property)),
            }
        }
        // Once per declared object, for the life of the program.
        let words = def.all().any(|p| p.search).then(|| &*Box::leak(format!("{}_word", def.table).into_boxed_str()));
        let changed = Box::leak(format!("changed_{}", def.table).into_boxed_str());
        let selected = columns.iter().map(|(_, p)| format!("t.{}", p.column)).collect::<Vec<_>>().join(", ");
        Table { def, order, columns, links, words, changed, company: def.index("companyId"), selected }
    }

    /// Reads a record from the columns of [`Table::selected`]; lists of ids are still empty.
    pub(crate) fn record(&self, row: &Row, from: usize) -> Result<Record, sqlx::Error> {
        let mut values = Vec::with_capacity(self.def.len());
        let mut column = from;
        for property in self.def.all() {
            if matches!(property.kind, Kind::Ids(_)) {
                values.push(Value::Ids(Vec::new()));
            } else {
                values.push(value(row, column, property.kind)?);
                column += 1;
            }
        }
        Ok(Record { def: self.def, values })
    }

    /// The column that says whose a row is.
    pub(crate) fn company_column(&self) -> &'static str {
        if self.company.is_some() { "company_id" } else { "id" }
    }
}

/// Reads one column.
pub(crate) fn value(row: &Row, i: usize, kind: Kind) -> Result<Value, sqlx::Error> {
    let wrong = || sqlx::Error::Decode("a stored value does not fit its declaration".into());
    Ok(match kind {
        Kind::Id => row.id(i)?.map_or(Value::Null, Value::Id),
        Kind::String | Kind::Text | Kind::File | Kind::Enum(_) => {
            row.text(i)?.map_or(Value::Null, |text| Value::Text(text.to_owned()))
        }
        Kind::Boolean => row.int(i)?.map_or(Value::Null, |int| Value::Bool(int != 0)),
        Kind::Integer => row.int(i)?.map_or(Value::Null, Value::Int),
        Kind::Instant => row.int(i)?.map_or(Value::Null, |at| Value::Time(Timestamp(at))),
        Kind::Double => row.double(i)?.map_or(Value::Null, Value::Float),
        Kind::Date => match row.text(i)? {
            None => Value::Null,
            Some(text) => Value::Date(parse_date(text).ok_or_else(wrong)?),
        },
        Kind::Strings | Kind::Integers | Kind::Object | Kind::Objects => match row.text(i)? {
            None => Value::Null,
            Some(text) => Value::Json(serde_json::from_str::<Json>(text).map_err(|_| wrong())?),
        },
        Kind::Ids(_) => Value::Ids(Vec::new()),
    })
}
