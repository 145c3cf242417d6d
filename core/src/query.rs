//! What a read asks of the store: conditions, order and page, in terms of declared properties only.

use uuid::Uuid;

use crate::object::ObjectDef;
use crate::time::Date;
use crate::value::Value;

/// A comparison of a property's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Eq,
    Lt,
    Lte,
    Gt,
    Gte,
}

/// A condition on rows of one object. Properties are named as on the wire.
#[derive(Clone, Debug, PartialEq)]
pub enum Cond {
    /// All of them; none given: true.
    All(Vec<Cond>),
    /// Any of them; none given: false.
    Any(Vec<Cond>),
    Cmp(&'static str, Op, Value),
    In(&'static str, Vec<Value>),
    IsNull(&'static str),
    /// The text contains this, whatever its case.
    Contains(&'static str, String),
    /// Each of these begins a word of the row, among those of the properties that are searched ([`crate::words`]).
    Words(Vec<String>),
    /// A list of ids holds every one of these.
    HasAll(&'static str, Vec<Uuid>),
    /// A list of ids holds at least one of these.
    HasAny(&'static str, Vec<Uuid>),
    /// A list of ids is empty.
    Empty(&'static str),
    /// A list of ids holds nothing but these (or nothing at all).
    Within(&'static str, Vec<Uuid>),
    /// A JSON property equals this (canonical text).
    JsonEq(&'static str, String),
    /// An active row of that object names this row by that property, and satisfies the condition.
    Named(&'static ObjectDef, &'static str, Box<Cond>),
    /// A JSON property `{from, to}` or `{start, end}` contains the date.
    PeriodContains(&'static str, Date),
    /// No row of another object spans a date of this row.
    Outside(Box<Spans>),
}

/// Active rows of an object that satisfy a condition, each from a date to another, both included; and the date property of the
/// row that is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Spans {
    pub of: &'static ObjectDef,
    pub from: &'static str,
    pub to: &'static str,
    pub cond: Cond,
    pub date: &'static str,
}

impl Cond {
    pub const TRUE: Cond = Cond::All(Vec::new());
    pub const FALSE: Cond = Cond::Any(Vec::new());

    pub fn eq(property: &'static str, value: impl Into<Value>) -> Cond {
        Cond::Cmp(property, Op::Eq, value.into())
    }

    pub fn id_in<T: Into<Uuid> + Copy>(property: &'static str, ids: &[T]) -> Cond {
        Cond::In(property, ids.iter().map(|id| Value::Id((*id).into())).collect())
    }

    /// The other objects whose rows it looks at.
    pub fn others(&self) -> Vec<&'static ObjectDef> {
        match self {
            Cond::All(list) | Cond::Any(list) => list.iter().flat_map(Cond::others).collect(),
            Cond::Named(def, _, cond) => std::iter::once(*def).chain(cond.others()).collect(),
            Cond::Outside(spans) => std::iter::once(spans.of).chain(spans.cond.others()).collect(),
            _ => Vec::new(),
        }
    }

    pub fn and(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::All(mut list), Cond::All(more)) => {
                list.extend(more);
                Cond::All(list)
            }
            (Cond::All(mut list), one) | (one, Cond::All(mut list)) => {
                list.push(one);
                Cond::All(list)
            }
            (a, b) => Cond::All(vec![a, b]),
        }
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Value {
        Value::Id(id)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Bool(b)
    }
}

impl From<Date> for Value {
    fn from(date: Date) -> Value {
        Value::Date(date)
    }
}

/// One key of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    pub property: &'static str,
    pub descending: bool,
}

/// A read of many rows. Only active rows of `company` are ever seen.
#[derive(Clone, Debug)]
pub struct Query {
    pub def: &'static ObjectDef,
    /// `None` reads across companies: only where the company is not known yet, or companies themselves are asked for.
    pub company: Option<crate::id::CompanyId>,
    pub cond: Cond,
    pub order: Vec<Sort>,
    pub offset: u64,
    pub limit: u64,
    /// Names of the to-one joins to fetch along.
    pub joins: Vec<&'static str>,
    /// Whether the exact number of all matching rows is wanted.
    pub total: bool,
}

impl Query {
    /// All active rows of a company that satisfy `cond`, in the order of their ids: an order that nobody needs would only
    /// lead the database to the wrong index.
    pub fn of(def: &'static ObjectDef, company: crate::id::CompanyId, cond: Cond) -> Query {
        Query {
            def,
            company: Some(company),
            cond,
            order: Vec::new(),
            offset: 0,
            limit: 1_000_000,
            joins: Vec::new(),
            total: false,
        }
    }
}

/// Reads an order of declared properties such as `-createdAt,id`; unknown names are left out.
pub fn order(def: &'static ObjectDef, text: &str) -> Vec<Sort> {
    let key = |part: &str| {
        let descending = part.starts_with('-');
        let property = def.property(part.trim_start_matches('-'))?.name;
        Some(Sort { property, descending })
    };
    text.split(',').filter_map(key).collect()
}
