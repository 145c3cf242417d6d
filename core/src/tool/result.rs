//! What a model reads of an answer: masked, without what says nothing, and no longer than it can hold.

use std::cell::Cell;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value as Json, json};

use crate::answer::{Answer, Data, Each, Join, MASK, Paging, Row};
use crate::api::BusinessApi;
use crate::dispatch::Outside;
use crate::error::Error;
use crate::object::{Joined, Level, ObjectDef, Property, SYSTEM};
use crate::session::Ctx;
use crate::tool::{PROXY_CODE, fits, output_schema, reference, trim};
use crate::value::Value;

/// Secret wherever they stand in JSON that no data object describes.
const SECRET_NAMES: &[&str] = &["clientSecret", "accessToken", "password", "secretCode"];
/// Bookkeeping that is shown to whoever names it in `fields`.
const BOOKKEEPING: &[&str] = &["recordVersion", "updatedAt", "_owner"];
/// What a list takes beside its rows.
const RESERVE: usize = 2_000;

/// Who reads: references are made for them, and what follows from their connection is left out.
pub struct Reader<'a> {
    pub ctx: &'a Ctx,
    pub outside: &'a dyn Outside,
}

/// A result: its text and, where the tool says what it answers, the same as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult {
    pub text: String,
    pub structured: Option<Json>,
}

/// What a tool answers: the data under its name, what is beside it, the page, and how to get the next one. An error if it is
/// too long and cannot be cut.
pub fn result<S: Send + Sync + 'static>(api: &BusinessApi<S>, answer: &Answer, reader: &Reader<'_>) -> Result<ToolResult, Error> {
    let view = View { api_name: api.data_name, def: api.object, as_is: api.output.is_some(), answer, reader };
    let mut text = view.text(&Shown::All);
    if !fits(&text) {
        text = match &answer.data {
            Data::Many(rows) => view.fewer(rows).or_else(|| view.cut(&text)),
            _ => view.cut(&text),
        }
        .unwrap_or_else(|| json!({"truncated": "The result is too long to be shown. Ask for less: name `fields`."}).to_string());
    }
    let structured = match output_schema(api) {
        // What was said to have a shape has it or is an error.
        Some(_) => {
            let json: Json = serde_json::from_str(&text).unwrap_or_default();
            if json.get(api.data_name).is_none() {
                let message = match api.effect.read_only {
                    true => "The result is too long for a model: ask for less",
                    false => "It is done, but its result is too long for a model",
                };
                return Err(Error::new(crate::error::Status::TooLarge, "ResultTooLarge", message));
            }
            Some(json)
        }
        None => None,
    };
    Ok(ToolResult { text, structured })
}

/// What a model sees of a failure.
pub fn error_json(error: &Error) -> Json {
    let mut json = json!({"errCode": error.code, "message": error.message, "status": error.status.http()});
    if let Some(detail) = &error.detail {
        let secret: Vec<&str> =
            crate::objects::all().iter().flat_map(|def| def.all()).filter(|p| p.secret).map(|p| p.name).collect();
        json["detail"] = hidden(detail, &secret);
    }
    if let Some(seconds) = error.retry_after {
        json["retryAfterSeconds"] = json!(seconds);
    }
    json
}

/// Which rows are shown.
enum Shown {
    All,
    First(usize),
}

struct View<'a> {
    api_name: &'a str,
    def: Option<&'static ObjectDef>,
    /// JSON of a declared shape is left as it is, secrets aside.
    as_is: bool,
    answer: &'a Answer,
    reader: &'a Reader<'a>,
}

impl View<'_> {
    fn text(&self, shown: &Shown) -> String {
        serde_json::to_string(&Whole { view: self, shown }).unwrap_or_default()
    }

    /// The rows that fit, so many that pages of that size go on exactly after them.
    fn fewer(&self, rows: &[Row]) -> Option<String> {
        let offset = self.answer.paging.map_or(0, |p| offset(&p));
        let sizes = rows.iter().map(|row| serde_json::to_string(&self.row(row)).map_or(0, |t| t.len()));
        let mut used = RESERVE;
        let most = sizes.take_while(|size| {
            used += size + 1;
            used <= crate::tool::MAX_CHARS
        });
        let most = most.count().min(rows.len().saturating_sub(1));
        let even = |n: &usize| offset.is_multiple_of(*n as u64);
        let texts = (1..=most).rev().filter(even).map(|n| self.text(&Shown::First(n)));
        texts.into_iter().find(|text| fits(text))
    }

    /// The result with its lists and texts cut.
    fn cut(&self, text: &str) -> Option<String> {
        let whole: Json = serde_json::from_str(text).ok()?;
        trim::trimmed(&whole, |cut, note| {
            let mut cut = cut.clone();
            cut["truncated"] = json!(note);
            cut.to_string()
        })
    }

    fn row<'a>(&'a self, row: &'a Row) -> ToolRow<'a> {
        ToolRow { row, fields: self.answer.fields.as_deref(), reader: self.reader }
    }

    /// JSON that a handler made, masked.
    fn json(&self, json: &Json) -> Json {
        let secret: Vec<&str> = self.def.into_iter().flat_map(ObjectDef::all).filter(|p| p.secret).map(|p| p.name).collect();
        let masked = hidden(json, &secret);
        if self.as_is || self.def.is_none() { masked } else { plain(masked) }
    }
}

/// How many rows are before a page.
fn offset(paging: &Paging) -> u64 {
    (paging.page_number.max(1) - 1).saturating_mul(paging.page_row_count)
}

/// Data and what is beside it.
struct Whole<'a> {
    view: &'a View<'a>,
    shown: &'a Shown,
}

impl Serialize for Whole<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let (view, answer) = (self.view, self.view.answer);
        let mut map = out.serialize_map(None)?;
        let mut cut = None;
        match &answer.data {
            Data::One(one) => map.serialize_entry(view.api_name, &view.row(one))?,
            Data::Many(rows) => {
                let shown = match self.shown {
                    Shown::First(n) => &rows[..*n],
                    Shown::All => &rows[..],
                };
                cut = (shown.len() < rows.len()).then_some((shown.len(), rows.len()));
                map.serialize_entry(view.api_name, &Each(Cell::new(Some(shown.iter().map(|row| view.row(row))))))?;
            }
            Data::Json(json) | Data::Plain(json) => map.serialize_entry(view.api_name, &view.json(json))?,
        }
        for (name, json, secret) in &answer.extra {
            if *secret {
                map.serialize_entry(name, MASK)?;
            } else {
                map.serialize_entry(name, &hidden(json, &[]))?;
            }
        }
        if let Some((shown, all)) = cut {
            let told = format!("Only the first {shown} of the page's {all} rows fit; name `fields` to get more at once");
            map.serialize_entry("truncated", &told)?;
        }
        if let Some(paging) = answer.paging {
            map.serialize_entry("paging", &paging)?;
            if let Some(next) = next(&paging, cut.map(|(shown, _)| shown)) {
                map.serialize_entry("next", &next)?;
            }
        }
        map.end()
    }
}

/// How to get the rows after those that are shown.
fn next(paging: &Paging, shown: Option<usize>) -> Option<String> {
    match shown {
        Some(shown) => {
            let page = offset(paging) / shown as u64 + 2;
            Some(format!("Call again with pageRowCount={shown} and pageNumber={page}"))
        }
        None if offset(paging) + paging.page_row_count < paging.total => {
            Some(format!("Call again with pageNumber={}", paging.page_number + 1))
        }
        None => None,
    }
}

/// A row without what says nothing: what is not set, the index beside an enum, the caller's own company, that it is active, and
/// bookkeeping. Whatever `fields` names is there, also as `null`.
struct ToolRow<'a> {
    row: &'a Row,
    fields: Option<&'a [&'static str]>,
    reader: &'a Reader<'a>,
}

impl ToolRow<'_> {
    fn shows(&self, property: &Property, value: &Value) -> bool {
        match self.fields {
            _ if property.read > self.row.level => false,
            _ if property.name == "id" => true,
            Some(fields) => fields.contains(&property.name),
            None => match property.name {
                _ if value.is_null() => false,
                "isActive" => *value == Value::Bool(false),
                "companyId" => value.as_id() != Some(self.reader.ctx.company().0),
                name => !BOOKKEEPING.contains(&name),
            },
        }
    }
}

impl Serialize for ToolRow<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let record = &self.row.record;
        let mut map = out.serialize_map(None)?;
        let mut masked = false;
        // The id, own properties as a reader expects, the bookkeeping after them.
        let own = (SYSTEM.len()..record.values.len()).chain(1..SYSTEM.len());
        for i in std::iter::once(0).chain(own) {
            let property = if i < SYSTEM.len() { &SYSTEM[i] } else { &record.def.properties[i - SYSTEM.len()] };
            let value = &record.values[i];
            if !self.shows(property, value) {
                continue;
            }
            if property.secret && !value.is_null() {
                masked = true;
                map.serialize_entry(property.name, MASK)?;
            } else {
                map.serialize_entry(property.name, value)?;
            }
        }
        let wanted = |name: &str, value: &Value| self.fields.map_or(!value.is_null(), |fields| fields.contains(&name));
        for (name, value) in self.row.computed.iter().filter(|(name, value)| wanted(name, value)) {
            map.serialize_entry(name, value)?;
        }
        for (name, join) in &self.row.joins {
            match join {
                Join::One(None) => {}
                Join::One(Some(one)) => map.serialize_entry(name, &ToolJoined(one))?,
                Join::Many(many) => map.serialize_entry(name, &Each(Cell::new(Some(many.iter().map(ToolJoined)))))?,
            }
        }
        if masked && let Some(code) = reference::make(self.reader.outside, self.reader.ctx, record.def.name, record.id()) {
            map.serialize_entry(PROXY_CODE, &code)?;
        }
        map.end()
    }
}

/// An embedded object: nobody reads pictures here.
struct ToolJoined<'a>(&'a Joined);

impl Serialize for ToolJoined<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("id", &Value::Id(self.0.id))?;
        for (property, value) in
            self.0.fields.iter().filter(|(p, v)| !v.is_null() && p.name != "avatar" && p.read < Level::Nobody)
        {
            if property.secret {
                map.serialize_entry(property.name, MASK)?;
            } else {
                map.serialize_entry(property.name, value)?;
            }
        }
        map.end()
    }
}

/// JSON with a mask in place of what is secret by its name.
fn hidden(json: &Json, secret: &[&str]) -> Json {
    match json {
        Json::Object(map) => {
            let each = |(name, value): (&String, &Json)| {
                let mask = !value.is_null() && (SECRET_NAMES.contains(&name.as_str()) || secret.contains(&name.as_str()));
                (name.clone(), if mask { json!(MASK) } else { hidden(value, secret) })
            };
            map.iter().map(each).collect::<Map<_, _>>().into()
        }
        Json::Array(items) => items.iter().map(|item| hidden(item, secret)).collect(),
        other => other.clone(),
    }
}

/// JSON of data objects without what [`ToolRow`] leaves out.
fn plain(json: Json) -> Json {
    match json {
        Json::Object(map) => {
            let index = |name: &str| name.strip_suffix("_idx").is_some_and(|of| map.contains_key(of));
            let noise = |name: &str, value: &Json| {
                value.is_null() || index(name) || BOOKKEEPING.contains(&name) || (name == "isActive" && *value == true)
            };
            let kept = map.iter().filter(|(name, value)| !noise(name, value));
            kept.map(|(name, value)| (name.clone(), plain(value.clone()))).collect::<Map<_, _>>().into()
        }
        Json::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let json =
            json!({"paymentResult": {"paymentIntentInfo": {"clientSecret": "pi_1_secret", "status": "ok"}}, "notes": null});
        let told = hidden(&json, &["notes"]);
        assert_eq!(told["paymentResult"]["paymentIntentInfo"], json!({"clientSecret": "***", "status": "ok"}));
        assert_eq!(told["notes"], Json::Null);
        assert_eq!(hidden(&json!([{"notes": "ill"}]), &["notes"]), json!([{"notes": "***"}]));
    }

    #[test]
    fn pages_go_on_where_the_last_one_was_cut() {
        let page = |page_number, total| Paging { page_number, page_row_count: 25, total };
        assert_eq!(next(&page(1, 25), None), None);
        assert_eq!(next(&page(2, 51), None), Some("Call again with pageNumber=3".to_owned()));
        assert_eq!(next(&page(3, 60), Some(5)), Some("Call again with pageRowCount=5 and pageNumber=12".to_owned()));
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        let json = json!({"status": "done", "status_idx": 1, "note": null, "isActive": true, "tasks": [{"isActive": false, "lone_idx": 2}]});
        assert_eq!(plain(json), json!({"status": "done", "tasks": [{"isActive": false, "lone_idx": 2}]}));
    }
}
