//! What an insight says, as it is stored: plain text within bounds, which no page takes for HTML.

use serde_json::{Map, Value as Json, json};
use workforceos_core::error::Problem;
use workforceos_core::time::parse_date;

use crate::announcements::safe_text;

const MAX_TYPE: usize = 100;
const MAX_TITLE: usize = 200;
const MAX_SUMMARY: usize = 1_000;
const MAX_DETAILS: usize = 20_000;
const MAX_PERIOD: usize = 100;
/// The most bytes of a chart, of data and of figures, each.
const MAX_JSON: usize = 64 * 1024;
/// The most bytes of an applicablePeriod.
const MAX_SPAN: usize = 1_000;
/// How deep they may nest.
const MAX_DEPTH: usize = 16;

/// A text that may be left out; nothing but blanks is left out, too.
pub fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// Reads what people and models write; what cannot be stored is on the list.
pub struct Reading<'a>(pub &'a mut Vec<Problem>);

impl Reading<'_> {
    fn refuse(&mut self, field: &str, problem: impl Into<String>) {
        self.0.push(Problem::new(field, problem));
    }

    pub fn insight_type(&mut self, text: &str) -> String {
        self.line("insightType", text, MAX_TYPE)
    }

    pub fn title(&mut self, text: &str) -> String {
        self.line("title", text, MAX_TITLE)
    }

    pub fn period(&mut self, text: &str) -> String {
        self.line("period", text, MAX_PERIOD)
    }

    pub fn summary(&mut self, text: &str) -> String {
        self.lines("summary", text, MAX_SUMMARY)
    }

    pub fn suggestion(&mut self, text: &str) -> String {
        self.lines("suggestion", text, MAX_SUMMARY)
    }

    pub fn details(&mut self, text: &str) -> String {
        self.lines("details", text, MAX_DETAILS)
    }

    fn line(&mut self, field: &str, text: &str, most: usize) -> String {
        self.bounded(field, plain_line(text), most)
    }

    fn lines(&mut self, field: &str, text: &str, most: usize) -> String {
        self.bounded(field, safe_text::plain(text), most)
    }

    fn bounded(&mut self, field: &str, text: String, most: usize) -> String {
        if text.trim().is_empty() {
            self.refuse(field, "must not be empty");
        } else if text.chars().count() > most {
            self.refuse(field, format!("must have at most {most} characters"));
        }
        text
    }

    /// A chart, data, figures: any object, its texts made plain.
    pub fn object(&mut self, field: &str, json: &Json) -> Json {
        let size = json.to_string().len();
        if size > MAX_JSON {
            self.refuse(field, format!("must have at most {} KB as JSON; it has {}", MAX_JSON / 1024, size.div_ceil(1024)));
        } else if depth(json) > MAX_DEPTH {
            self.refuse(field, format!("must not nest deeper than {MAX_DEPTH} levels"));
        } else {
            return plain(json);
        }
        Json::Null
    }

    /// The days that an insight speaks of: two dates in their order.
    pub fn span(&mut self, json: &Json) -> Json {
        let date = |one: &str, other: &str| {
            let named = json.get(one).or_else(|| json.get(other));
            named.and_then(Json::as_str).and_then(parse_date)
        };
        match (date("from", "start"), date("to", "end")) {
            (Some(from), Some(to)) if from > to => self.refuse("applicablePeriod", "must not end before it begins"),
            (Some(_), Some(_)) if json.to_string().len() <= MAX_SPAN => return plain(json),
            (Some(_), Some(_)) => self.refuse("applicablePeriod", format!("must have at most {MAX_SPAN} bytes as JSON")),
            _ => self.refuse("applicablePeriod", "must be {from, to}, two dates like 2026-01-31"),
        }
        json!({})
    }
}

fn depth(json: &Json) -> usize {
    match json {
        Json::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn plain_line(text: &str) -> String {
    safe_text::plain(&safe_text::title(text))
}

fn plain(json: &Json) -> Json {
    match json {
        Json::String(text) => Json::String(safe_text::plain(text)),
        Json::Array(items) => items.iter().map(plain).collect(),
        Json::Object(map) => map.iter().map(|(name, value)| (plain_line(name), plain(value))).collect::<Map<_, _>>().into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(read: impl FnOnce(&mut Reading<'_>) -> T) -> (T, Vec<String>) {
        let mut problems = Vec::new();
        let made = read(&mut Reading(&mut problems));
        (made, problems.into_iter().map(|p| p.field).collect())
    }

    #[test]
    fn texts_are_plain_and_bounded() {
        let told = read(|r| r.details("Late on <b>Mondays</b>\r\nand a < b\0"));
        assert_eq!(told, ("Late on < b>Mondays< /b>\nand a < b".to_owned(), vec![]));
        assert_eq!(read(|r| r.details(&told.0)).0, told.0, "what was read can be written back");
        assert_eq!(read(|r| r.details("[x](javascript:alert(1))")).0, "[x]\\(javascript:alert(1))");
        assert_eq!(read(|r| r.title("two\nlines")), ("two lines".to_owned(), vec![]));
        assert_eq!(read(|r| r.insight_type(" ")).1, ["insightType"]);
        assert_eq!(read(|r| r.title(&"x".repeat(201))).1, ["title"]);
        assert_eq!(read(|r| r.details(&"x".repeat(20_001))).1, ["details"]);
        assert_eq!(read(|r| r.details(&"x".repeat(20_000))).1, [""; 0]);
    }

    #[test]
    fn json_is_bounded_and_its_texts_are_plain() {
        let chart = json!({"labels": ["<script>"], "values": [1.5, null], "<i>": true});
        assert_eq!(read(|r| r.object("chart", &chart)).0, json!({"labels": ["< script>"], "values": [1.5, null], "< i>": true}));
        assert_eq!(read(|r| r.object("chart", &json!({"a": "x".repeat(MAX_JSON)}))).1, ["chart"]);
        let deep = (0..17).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(read(|r| r.object("data", &deep)).1, ["data"]);
    }

    #[test]
    fn a_period_has_two_dates_in_order() {
        let week = json!({"from": "2026-06-01", "to": "2026-06-07"});
        assert_eq!(read(|r| r.span(&week)), (week, vec![]));
        for fine in
            [json!({"start": "2026-06-01", "end": "2026-06-01"}), json!({"from": "2026-06-01T10:00:00Z", "to": "2026-06-02"})]
        {
            assert_eq!(read(|r| r.span(&fine)), (fine, vec![]));
        }
        let long = json!({"from": "2026-06-01", "to": "2026-06-07", "why": "x".repeat(1_000)});
        for bad in [
            json!({}),
            json!({"from": "2026-06-02", "to": "2026-06-01"}),
            json!({"from": "2026-06-02"}),
            json!({"from": "soon", "to": "later"}),
            json!({"from": 1, "to": 2}),
            long,
        ] {
            assert_eq!(read(|r| r.span(&bad)).1, ["applicablePeriod"], "{bad}");
        }
    }
}
