//! How shifts, people and reasons read in answers.

use serde_json::{Map, Value as Json, json};
use workforceos_core::objects::Shift;

use super::rules::{MOST_REST, Reason, Reasons, Standing};
use crate::{people::Names, shape};

/// The policy's numbers, as far as reasons speak of them.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    pub rest_hours: f64,
    pub weekly_hours: f64,
}

impl Numbers {
    fn words(&self, reason: Reason) -> String {
        match reason {
            Reason::Profile => "has no employee profile".to_owned(),
            Reason::Department => "belongs to none of the shift's departments".to_owned(),
            Reason::Assigned => "is assigned to it already".to_owned(),
            Reason::Leave => "is on approved leave that day".to_owned(),
            Reason::Shift => "has another shift at that time".to_owned(),
            Reason::Rest => format!("would rest less than {} hours before or after another shift", self.rest_hours),
            Reason::WeeklyHours => format!("would be planned for more than {} hours in that week", self.weekly_hours),
        }
    }

    /// Why somebody cannot take a shift, in a sentence's part.
    pub fn why(&self, reasons: Reasons) -> String {
        reasons.iter().map(|reason| self.words(reason)).collect::<Vec<_>>().join("; ")
    }

    /// Why nobody can take a place.
    pub fn nobody(&self, tally: &Tally) -> String {
        let occurring = Reason::ALL.into_iter().filter(|reason| tally.0[*reason as usize] > 0);
        let parts: Vec<String> = occurring.map(|r| format!("{} × {}", tally.0[r as usize], self.words(r))).collect();
        if parts.is_empty() { "Nobody within reach".to_owned() } else { parts.join("; ") }
    }

    /// How somebody stands who can take it.
    pub fn standing(&self, standing: &Standing) -> String {
        let rest = match standing.rest_minutes {
            MOST_REST => "7 days or more".to_owned(),
            minutes => hours(minutes),
        };
        let (week, four) = (hours(standing.week_minutes), hours(standing.minutes_28));
        let asked = if standing.pending_leave { "; has asked for leave on that day" } else { "" };
        format!("{week} planned in that week, {four} in the 28 days up to it, {rest} of rest before{asked}")
    }
}

/// Minutes as people say them: `7 h 30 min`.
fn hours(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// A shift in an answer: which one, when, where.
pub fn shift_json(shift: &Shift, departments: &Names) -> Map<String, Json> {
    let mut json = Map::new();
    json.insert("shiftId".to_owned(), json!(shift.meta.id));
    json.insert("shiftDate".to_owned(), json!(shift.shift_date));
    json.insert("weekday".to_owned(), json!(shift.shift_date.format("%A").to_string()));
    json.insert("startTime".to_owned(), json!(shift.start_time));
    json.insert("endTime".to_owned(), json!(shift.end_time));
    if let Some(department) = shift.department_id {
        json.insert("department".to_owned(), json!(departments.of(department)));
    }
    if let Some(location) = &shift.location {
        json.insert("location".to_owned(), json!(location));
    }
    json
}

/// The schema of [`shift_json`], with more properties.
pub fn shift_shape<const N: usize>(about: &str, more: [(&str, Json); N]) -> Json {
    let mut schema = shape::object(
        about,
        [
            ("shiftId", shape::id("The shift.")),
            ("shiftDate", shape::date("Its date, on which it begins.")),
            ("weekday", shape::text("That date's day of the week.")),
            ("startTime", shape::text("Start, HH:mm in the company's zone.")),
            ("endTime", shape::text("End, HH:mm; not after the start means the next day.")),
            ("department", shape::text("Its department's name, if it has one.")),
            ("location", shape::text("Where it takes place, if that is said.")),
        ],
    );
    for (name, property) in more {
        schema["properties"][name] = property;
    }
    schema
}

/// How many people each reason keeps away; somebody with two reasons counts for both.
#[derive(Clone, Debug, Default)]
pub struct Tally([usize; Reason::ALL.len()]);

impl Tally {
    pub fn count(&mut self, reasons: Reasons) {
        for reason in reasons.iter() {
            self.0[reason as usize] += 1;
        }
    }

    /// Those that occur.
    pub fn to_json(&self) -> Json {
        let occurring = Reason::ALL.into_iter().filter(|reason| self.0[*reason as usize] > 0);
        occurring.map(|reason| (reason.code().to_owned(), json!(self.0[reason as usize]))).collect::<Map<_, _>>().into()
    }

    pub fn shape(about: &str) -> Json {
        let properties = Reason::ALL.map(|reason| (reason.code(), shape::whole("People whom this keeps away.")));
        shape::object(about, properties)
    }
}

/// The schema of a person's reasons.
pub fn reasons_shape() -> Json {
    shape::list(shape::one_of(&Reason::ALL.map(Reason::code), "A reason."), "Every reason.")
}

pub fn codes(reasons: Reasons) -> Vec<&'static str> {
    reasons.iter().map(Reason::code).collect()
}
