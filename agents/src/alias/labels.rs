//! What a record is called, from what is shown of it: its own name, or whom and which day it is of.

use serde_json::{Map, Value as Json};

use super::{kinds, text};

/// Properties that say what something is called, the most telling first.
const NAMES: &[&str] = &["fullname", "groupName", "name", "title", "documentType", "codename"];
/// Embedded objects that say whom something is of.
const PEOPLE: &[&str] = &["user", "requester", "assignee"];
/// Properties that say which day something is of.
const DAYS: &[&str] = &["shiftDate", "startDate", "periodStart", "holidayDate", "date", "from"];
/// The most characters of a person's name beside a day.
const BESIDE: usize = 20;

/// What a record is called.
pub fn of_record(record: &Map<String, Json>) -> Option<String> {
    if let Some(name) = NAMES.iter().find_map(|name| said(record, name)) {
        return text::label(name);
    }
    let within = |name: &str| record.get(name).and_then(Json::as_object);
    let person = PEOPLE.iter().find_map(|name| said(within(name)?, "fullname")).or_else(|| said(record, "userName"));
    let shift = within("shift");
    let day = day(record).or_else(|| day(shift?));
    let start = start(record).or_else(|| start(shift?)).filter(|_| day.is_some());
    let person: Option<String> = person.map(|name| name.chars().take(BESIDE).collect());
    let parts = [person.as_deref(), day, start.as_deref()];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    text::label(&parts.join(" "))
}

/// What the one is called whom a property such as `userId` names: what stands beside it says so.
pub fn beside(property: &str, record: &Map<String, Json>) -> Option<String> {
    let base = property.strip_suffix("Id").or_else(|| property.strip_suffix("_id"))?;
    // An embedded object has its own name.
    if record.get(base).is_some_and(Json::is_object) {
        return None;
    }
    let named = |end: &str| said(record, &format!("{base}{end}"));
    let own = ["Name", "Fullname", "Codename", "Title", "_name"].into_iter().find_map(named);
    // A record's own name is the record's.
    let other = match base {
        _ if record.contains_key("id") => None,
        "user" => said(record, "fullname").or_else(|| said(record, "name")),
        "tenant" => said(record, "companyCodename"),
        // The only thing that is named here.
        _ if record.keys().filter(|key| kinds::is_id(key)).count() == 1 => said(record, "name").or_else(|| said(record, "title")),
        _ => None,
    };
    text::label(own.or(other)?)
}

fn said<'r>(record: &'r Map<String, Json>, name: &str) -> Option<&'r str> {
    record.get(name)?.as_str().filter(|text| *text != workforceos_core::answer::MASK)
}

fn day(record: &Map<String, Json>) -> Option<&str> {
    DAYS.iter().find_map(|name| said(record, name)).and_then(|date| date.get(..10))
}

/// `09:00` as `0900`.
fn start(record: &Map<String, Json>) -> Option<String> {
    let time = said(record, "startTime")?;
    (time.len() == 5).then(|| time.replace(':', ""))
}
