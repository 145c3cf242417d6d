//! Answers: rows with their joins, and how they are written, for people whole and for language models masked.

use std::cell::Cell;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value as Json;

use crate::cursor::Cursor;
use crate::object::{DataObject, Joined, Level, Property, Record};
use crate::session::Ctx;
use crate::value::{Kind, Value};

/// What stands in place of a secret where a model can look.
pub const MASK: &str = "***";

/// An embedded object: one or none, or several in the order of their ids.
#[derive(Clone, Debug, PartialEq)]
pub enum Join {
    One(Option<Joined>),
    Many(Vec<Joined>),
}

/// A record as one caller may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub record: Record,
    pub level: Level,
    pub joins: Vec<(&'static str, Join)>,
    /// What follows from the record and the company's date ([`crate::object::Computed`]).
    pub computed: Vec<(&'static str, Value)>,
}

impl Row {
    pub fn new(record: Record, level: Level) -> Row {
        Row { record, level, joins: Vec::new(), computed: Vec::new() }
    }

    /// At the level that the caller has for the row's owner.
    pub fn seen_by(ctx: &Ctx, record: Record) -> Row {
        let subject = record.def.owned_by.and_then(|p| record.get(p).as_id()).map(crate::id::UserId);
        let level = ctx.level(subject);
        let computed = match record.def.computed {
            [] => Vec::new(),
            all => {
                let today = ctx.tenant.zone.date(ctx.now());
                all.iter().map(|c| (c.name, (c.of)(&record, today))).collect()
            }
        };
        Row { record, level, joins: Vec::new(), computed }
    }
}

/// Where an answer's data came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Db,
    Actor,
    Cache,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Db => "db",
            Source::Actor => "actor",
            Source::Cache => "cache",
        }
    }
}

/// The data of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    One(Box<Row>),
    Many(Vec<Row>),
    /// Under the data name, as it is: a computed object, or an answer kept for an idempotency key.
    Json(Json),
    /// The whole body, without an envelope.
    Plain(Json),
}

/// Where a list's page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    pub page_number: u64,
    pub page_row_count: u64,
    pub total: u64,
}

/// A handler's answer, before anybody has written it down.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub data: Data,
    /// Beside the data, by name; the flag marks a one-time secret.
    pub extra: Vec<(&'static str, Json, bool)>,
    pub paging: Option<Paging>,
    /// The list's filters as understood: name and values.
    pub filters: Vec<(String, Vec<String>)>,
    /// Only these properties are wanted.
    pub fields: Option<Vec<&'static str>>,
    pub source: Source,
    /// If other than the API's own.
    pub status: Option<u16>,
    /// Where a walk over the list goes on.
    pub walked: Walked,
}

/// Where a walk over a list goes on.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Walked {
    /// Nobody walks, or the list knows pages alone.
    #[default]
    Not,
    End,
    On(Cursor),
}

impl Answer {
    pub fn new(data: Data, source: Source) -> Answer {
        Answer {
            data,
            extra: Vec::new(),
            paging: None,
            filters: Vec::new(),
            fields: None,
            source,
            status: None,
            walked: Walked::Not,
        }
    }

    /// One changed object, as the caller may see it.
    pub fn object<T: DataObject>(ctx: &Ctx, object: &T) -> Answer {
        Answer::new(Data::One(Box::new(Row::seen_by(ctx, object.to_record()))), Source::Actor)
    }

    pub fn json(json: Json) -> Answer {
        Answer::new(Data::Json(json), Source::Db)
    }

    pub fn plain(json: Json) -> Answer {
        Answer::new(Data::Plain(json), Source::Db)
    }

    pub fn with(mut self, name: &'static str, json: Json) -> Answer {
        self.extra.push((name, json, false));
        self
    }

    /// Beside the data once, never in a stored answer nor where a model can look.
    pub fn with_secret(mut self, name: &'static str, json: Json) -> Answer {
        self.extra.push((name, json, true));
        self
    }

    pub fn row_count(&self) -> usize {
        match &self.data {
            Data::Many(rows) => rows.len(),
            Data::Json(Json::Array(items)) => items.len(),
            _ => 1,
        }
    }

    /// What is kept for the idempotency key: everything but one-time secrets.
    pub fn to_stored(&self) -> Json {
        let extra: serde_json::Map<_, _> = self.extra.iter().filter(|e| !e.2).map(|e| (e.0.to_owned(), e.1.clone())).collect();
        let (plain, data) = match &self.data {
            Data::Plain(json) => (true, json.clone()),
            _ => (false, serde_json::to_value(self.view(false)).unwrap_or(Json::Null)),
        };
        serde_json::json!({"plain": plain, "data": data, "extra": extra, "status": self.status})
    }

    /// The answer that [`Answer::to_stored`] kept. `names` are the names that its extras may have.
    pub fn from_stored(stored: Json, names: &[&'static str]) -> Answer {
        let data = stored["data"].clone();
        let mut answer = if stored["plain"] == true { Answer::plain(data) } else { Answer::json(data) };
        answer.extra = names.iter().filter_map(|n| stored["extra"].get(n).map(|v| (*n, v.clone(), false))).collect();
        answer.status = stored["status"].as_u64().and_then(|s| u16::try_from(s).ok());
        answer
    }

    /// The data, ready to be written; masked where a model can look.
    pub fn view(&self, masked: bool) -> DataView<'_> {
        DataView { answer: self, masked }
    }
}

/// [`Answer::view`].
pub struct DataView<'a> {
    answer: &'a Answer,
    masked: bool,
}

impl Serialize for DataView<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let row = |row| RowView { row, fields: self.answer.fields.as_deref(), masked: self.masked };
        match &self.answer.data {
            Data::One(one) => row(one).serialize(out),
            Data::Many(rows) => out.collect_seq(rows.iter().map(row)),
            Data::Json(json) | Data::Plain(json) => json.serialize(out),
        }
    }
}

/// One row on the wire.
pub struct RowView<'a> {
    pub row: &'a Row,
    pub fields: Option<&'a [&'static str]>,
    pub masked: bool,
}

impl Serialize for RowView<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let wanted = |name: &str| name == "id" || self.fields.is_none_or(|f| f.contains(&name));
        let mut map = out.serialize_map(None)?;
        let record = &self.row.record;
        // Own properties first, as a reader expects; the bookkeeping after them.
        let system = crate::object::SYSTEM.len();
        let own = (system..record.values.len()).chain(1..system);
        for i in std::iter::once(0).chain(own) {
            let property = property(record, i);
            if property.read <= self.row.level && wanted(property.name) {
                entry(&mut map, property, &record.values[i], self.masked)?;
            }
        }
        for (name, value) in self.row.computed.iter().filter(|(name, _)| wanted(name)) {
            map.serialize_entry(name, value)?;
        }
        for (name, join) in &self.row.joins {
            match join {
                Join::One(None) => map.serialize_entry(name, &())?,
                Join::One(Some(one)) => map.serialize_entry(name, &JoinedView(one, self.masked))?,
                Join::Many(many) => {
                    let each = many.iter().map(|one| JoinedView(one, self.masked));
                    map.serialize_entry(name, &Each(Cell::new(Some(each))))?;
                }
            }
        }
        map.end()
    }
}

fn property(record: &Record, index: usize) -> &'static Property {
    let system = crate::object::SYSTEM.len();
    if index < system { &crate::object::SYSTEM[index] } else { &record.def.properties[index - system] }
}

/// A property and, beside an enum, its index.
fn entry<M: SerializeMap>(map: &mut M, property: &Property, value: &Value, masked: bool) -> Result<(), M::Error> {
    if masked && property.secret && !value.is_null() {
        return map.serialize_entry(property.name, MASK);
    }
    map.serialize_entry(property.name, value)?;
    if let Kind::Enum(names) = property.kind {
        let index = value.as_text().and_then(|v| names.iter().position(|n| *n == v));
        map.serialize_entry(&EnumIndex(property.name), &index)?;
    }
    Ok(())
}

/// `status` becomes `status_idx`, without an allocation of its own.
struct EnumIndex(&'static str);

impl Serialize for EnumIndex {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&format_args!("{}_idx", self.0))
    }
}

struct JoinedView<'a>(&'a Joined, bool);

impl Serialize for JoinedView<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("id", &Value::Id(self.0.id))?;
        for (property, value) in self.0.fields.iter() {
            entry(&mut map, property, value, self.1)?;
        }
        map.end()
    }
}

/// An iterator as a JSON array.
pub(crate) struct Each<I>(pub(crate) Cell<Option<I>>);

impl<T: Serialize, I: Iterator<Item = T>> Serialize for Each<I> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0.take() {
            Some(items) => out.collect_seq(items),
            None => out.collect_seq(std::iter::empty::<T>()),
        }
    }
}

/// What the envelope says beside the data.
pub struct Envelope<'a> {
    pub status: u16,
    pub elapsed_ms: u64,
    pub sso_ms: u64,
    pub data_name: &'a str,
    pub method: &'a str,
    pub action: &'a str,
    pub user: Option<String>,
    pub session: Option<String>,
    pub request_id: &'a str,
    pub answer: &'a Answer,
}

impl Serialize for Envelope<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let answer = self.answer;
        if let Data::Plain(json) = &answer.data {
            return json.serialize(out);
        }
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("status", "OK")?;
        map.serialize_entry("statusCode", &self.status)?;
        map.serialize_entry("elapsedMs", &self.elapsed_ms)?;
        map.serialize_entry("ssoTime", &self.sso_ms)?;
        map.serialize_entry("source", answer.source.as_str())?;
        map.serialize_entry("cacheKey", &())?;
        map.serialize_entry("userId", &self.user)?;
        map.serialize_entry("sessionId", &self.session)?;
        map.serialize_entry("requestId", self.request_id)?;
        map.serialize_entry("dataName", self.data_name)?;
        map.serialize_entry("method", self.method)?;
        map.serialize_entry("action", self.action)?;
        map.serialize_entry("appVersion", env!("CARGO_PKG_VERSION"))?;
        map.serialize_entry("rowCount", &answer.row_count())?;
        map.serialize_entry(self.data_name, &answer.view(false))?;
        for (name, json, _) in &answer.extra {
            map.serialize_entry(name, json)?;
        }
        if let Some(paging) = answer.paging {
            map.serialize_entry("paging", &paging)?;
            let filters: Vec<_> = answer.filters.iter().map(|(n, v)| serde_json::json!({"name": n, "values": v})).collect();
            map.serialize_entry("filters", &filters)?;
            map.serialize_entry("uiPermissions", &[(); 0])?;
        }
        map.end()
    }
}

impl Serialize for Paging {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(4))?;
        map.serialize_entry("pageNumber", &self.page_number)?;
        map.serialize_entry("pageRowCount", &self.page_row_count)?;
        map.serialize_entry("totalRowCount", &self.total)?;
        map.serialize_entry("pageCount", &self.total.div_ceil(self.page_row_count.max(1)))?;
        map.end()
    }
}

/// A record as the journal keeps it: all that an admin may read, secrets masked.
pub fn journal_json(record: &Record) -> String {
    let row = Row::new(record.clone(), Level::Admin);
    let view = RowView { row: &row, fields: None, masked: true };
    serde_json::to_string(&view).unwrap_or_else(|_| "null".to_owned())
}
