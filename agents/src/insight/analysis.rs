//! Reading what an analysis answered. Whatever is not there, or otherwise than expected, is passed over: what an insight says is less then,
//! and never wrong.

use serde_json::Value as Json;

/// The weekdays by their ISO numbers.
pub const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A rate and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub count: u64,
    pub n: u64,
    pub rate: f64,
    pub low: f64,
    pub high: f64,
}

/// The rate of an object such as `overall`.
pub fn rate(json: &Json) -> Option<Rate> {
    let number = |name: &str| json.get(name).and_then(Json::as_f64);
    let whole = |name: &str| json.get(name).and_then(Json::as_u64);
    Some(Rate { count: whole("count")?, n: whole("n")?, rate: number("rate")?, low: number("low")?, high: number("high")? })
}

/// Something that stands out.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// `absenceRate`.
    pub measure: String,
    /// `person`, `weekday`, `department`, `trend`, `month` or `shift`.
    pub by: String,
    /// Whom or what it is about, as people say it; nothing of a trend.
    pub about: Option<String>,
    /// `higher`, `lower`, `rising` or `falling`.
    pub direction: String,
    pub value: f64,
    pub compared_with: Option<f64>,
    pub interval: Option<(f64, f64)>,
    pub q: Option<f64>,
    pub n: u64,
}

/// What stands out in an answer, the most certain first.
pub fn findings(json: &Json) -> Vec<Finding> {
    list(json, "findings").iter().filter_map(finding).collect()
}

fn finding(json: &Json) -> Option<Finding> {
    let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let number = |name: &str| json.get(name).and_then(Json::as_f64);
    let by = text("by")?;
    Some(Finding {
        measure: text("measure")?,
        about: if by == "shift" { shift(json) } else { about(json) },
        by,
        direction: text("direction")?,
        value: number("value")?,
        compared_with: number("comparedWith"),
        interval: number("low").zip(number("high")),
        q: number("q"),
        n: json.get("n").and_then(Json::as_u64)?,
    })
}

/// Whom or what a row is about.
pub fn about(json: &Json) -> Option<String> {
    let text = |name: &str| json.get(name).and_then(Json::as_str).filter(|t| !t.is_empty());
    if let Some(name) = text("fullname").or_else(|| text("departmentName")) {
        return Some(super::chart::label(name));
    }
    if let Some(day) = json.get("weekday") {
        return weekday(day);
    }
    text("month").map(str::to_owned)
}

/// When a shift was, and whose figure it is if it is a person's: `2026-06-01 at 09:00 (Jane Doe)`.
fn shift(json: &Json) -> Option<String> {
    let text = |name: &str| json.get(name).and_then(Json::as_str).filter(|t| !t.is_empty());
    let start = text("startTime").map(|time| format!(" at {time}")).unwrap_or_default();
    let whose = text("fullname").map(|name| format!(" ({})", super::chart::label(name))).unwrap_or_default();
    Some(format!("{}{start}{whose}", text("shiftDate")?))
}

/// A weekday's name, by its ISO number.
pub fn weekday(json: &Json) -> Option<String> {
    let day = json.as_u64().and_then(|day| usize::try_from(day).ok())?;
    day.checked_sub(1).and_then(|i| WEEKDAYS.get(i)).map(|name| (*name).to_owned())
}

/// The rows of a comparison by something.
pub fn compared<'j>(json: &'j Json, by: &str) -> &'j [Json] {
    let found = list(json, "comparisons").iter().find(|c| c.get("by").and_then(Json::as_str) == Some(by));
    found.map_or(&[], |comparison| list(comparison, "rows"))
}

/// A list of an object; nothing where there is none.
pub fn list<'j>(json: &'j Json, name: &str) -> &'j [Json] {
    json.get(name).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// What there is too little of, in words: `5 of 20 shifts needed`.
pub fn too_little(json: &Json) -> Option<String> {
    json.get("tooLittleData").filter(|little| **little == Json::Bool(true))?;
    let whole = |name: &str| json.get(name).and_then(Json::as_u64);
    let of = json.get("of").and_then(Json::as_str).map_or_else(|| "observations".to_owned(), spaced);
    Some(format!("{} {of} were found, {} are needed", whole("found").or_else(|| whole("n"))?, whole("needed")?))
}

/// What a measure is called in a sentence.
pub fn called(measure: &str) -> String {
    match measure {
        "leaveStarts" => "share of leave starts".to_owned(),
        "tasksGiven" => "share of all tasks given".to_owned(),
        "missedTaskRate" => "rate of missed tasks".to_owned(),
        "workedVsPlanned" => "difference between worked and planned time".to_owned(),
        "arrival" => "time of arrival after the start".to_owned(),
        "length" => "length".to_owned(),
        "staffing" => "number of people".to_owned(),
        "personHours" => "number of hours of all people".to_owned(),
        other => spaced(other),
    }
}

/// `absenceRate` as `absence rate`.
pub fn spaced(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_uppercase() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words.trim().to_owned()
}
