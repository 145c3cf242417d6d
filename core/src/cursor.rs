//! Walking a list to its end, page by page, each page by itself: what comes after the last row seen. Rows that come or go
//! meanwhile neither repeat nor hide others, and a late page costs what the first one did.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::object::{ObjectDef, Record};
use crate::query::{Cond, Op, Sort};
use crate::time::Timestamp;
use crate::value::{Kind, Value};

/// Where a walk stands: the last row's values of the keys that order the list.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Cursor(Vec<(Sort, Value)>);

impl Cursor {
    /// Before the first row.
    pub fn start() -> Cursor {
        Cursor::default()
    }

    pub fn is_start(&self) -> bool {
        self.0.is_empty()
    }

    /// After a row, in an order that tells any two rows apart.
    pub fn after(order: &[Sort], row: &Record) -> Cursor {
        Cursor(order.iter().map(|sort| (*sort, row.get(sort.property).clone())).collect())
    }

    /// The condition that a row comes after it: greater in the first key, or equal there and greater in the next.
    pub fn cond(&self, def: &ObjectDef) -> Cond {
        if self.is_start() {
            return Cond::TRUE;
        }
        let mut any = Vec::new();
        let mut equal = Vec::new();
        for (sort, value) in &self.0 {
            if let Some(beyond) = beyond(def, *sort, value) {
                any.push(Cond::All(equal.iter().cloned().chain([beyond]).collect()));
            }
            equal.push(same(sort.property, value));
        }
        // Said again of the first key alone, so that an index is entered where the last page ended.
        let (first, value) = &self.0[0];
        let nullable = def.property(first.property).is_some_and(|p| !p.required);
        match (first.descending, value.is_null() || (nullable && !first.descending)) {
            (_, true) => Cond::Any(any),
            (true, false) => Cond::Cmp(first.property, Op::Lte, value.clone()).and(Cond::Any(any)),
            (false, false) => Cond::Cmp(first.property, Op::Gte, value.clone()).and(Cond::Any(any)),
        }
    }
}

fn same(property: &'static str, value: &Value) -> Cond {
    if value.is_null() { Cond::IsNull(property) } else { Cond::Cmp(property, Op::Eq, value.clone()) }
}

/// Values that come later than this one; nulls stand last, and first where the order is reversed. `None`: there are none.
fn beyond(def: &ObjectDef, sort: Sort, value: &Value) -> Option<Cond> {
    let (name, kind) = (sort.property, def.property(sort.property)?.kind);
    let nullable = def.property(name).is_some_and(|p| !p.required);
    match (value.is_null(), sort.descending) {
        (true, false) => None,
        (true, true) => Some(Cond::Cmp(name, Op::Gte, least(kind))),
        (false, true) => Some(Cond::Cmp(name, Op::Lt, value.clone())),
        (false, false) => {
            let greater = Cond::Cmp(name, Op::Gt, value.clone());
            Some(if nullable { Cond::Any(vec![greater, Cond::IsNull(name)]) } else { greater })
        }
    }
}

/// No value of a kind is below it.
fn least(kind: Kind) -> Value {
    match kind {
        Kind::Id => Value::Id(Uuid::nil()),
        Kind::Boolean => Value::Bool(false),
        Kind::Integer => Value::Int(i64::MIN),
        Kind::Double => Value::Float(f64::MIN),
        Kind::Date => Value::Date(NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default()),
        Kind::Instant => Value::Time(Timestamp(i64::MIN)),
        // JSON is ordered as the text that it is, and no text of it is empty.
        Kind::Strings | Kind::Integers | Kind::Object | Kind::Objects => Value::Json(serde_json::json!("")),
        Kind::String | Kind::Text | Kind::File | Kind::Enum(_) | Kind::Ids(_) => Value::Text(String::new()),
    }
}
