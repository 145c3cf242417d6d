//! What is wrong with a leave as it is asked for: all of it at once, as far as it can be read.

use workforceos_actors::State;
use workforceos_core::error::Problem;
use workforceos_core::id::DepartmentId;
use workforceos_core::objects::{DayPart, LeaveRequest};
use workforceos_core::time::Date;
use workforceos_core::{Parts, Patch};

use super::rules::Span;

/// The longest name of a leave type.
const MAX_NAME: usize = 100;

/// What is asked for; `None` where it cannot be read.
#[derive(Clone, Debug)]
pub struct Asked {
    from: Option<Date>,
    to: Option<Date>,
    part: Option<DayPart>,
    kind: Option<String>,
    department: Option<DepartmentId>,
}

impl Asked {
    pub fn whole(leave: &LeaveRequest) -> Asked {
        let (from, to, part) = (Some(leave.start_date), Some(leave.end_date), Some(leave.day_part));
        Asked { from, to, part, kind: Some(leave.leave_type.clone()), department: leave.department_id }
    }

    pub fn of(parts: &Parts) -> Asked {
        Asked {
            from: parts.get("startDate"),
            to: parts.get("endDate"),
            part: parts.get::<Option<DayPart>>("dayPart").map(|part| part.unwrap_or(DayPart::Full)),
            kind: parts.get("leaveType").map(|kind: String| kind.trim().to_owned()),
            department: parts.get("departmentId").flatten(),
        }
    }

    /// A request with what of a change can be read.
    pub fn over(before: &LeaveRequest, parts: &Parts) -> Asked {
        let date = |name: &str, old: Date| parts.get::<Option<Date>>(name).map(|new| new.unwrap_or(old));
        let kind = parts.get::<Option<String>>("leaveType");
        Asked {
            from: date("startDate", before.start_date),
            to: date("endDate", before.end_date),
            part: parts.get::<Option<DayPart>>("dayPart").map(|new| new.unwrap_or(before.day_part)),
            kind: kind.map(|new| new.map_or_else(|| before.leave_type.clone(), |kind| kind.trim().to_owned())),
            department: parts.get::<Patch<DepartmentId>>("departmentId").and_then(|new| new.over(before.department_id)),
        }
    }

    /// What is wrong with its dates, its type and its department. Dates that a request had before may have passed meanwhile.
    pub fn problems(&self, before: Option<&LeaveRequest>, today: Date, state: &State) -> Vec<Problem> {
        let mut problems = self.dates(before, today);
        if self.kind.as_ref().is_some_and(|kind| kind.is_empty() || kind.chars().count() > MAX_NAME) {
            problems.push(Problem::new("leaveType", format!("must have 1 to {MAX_NAME} characters")));
        }
        let main = self.department.filter(|d| before.is_none_or(|b| b.department_id != Some(*d)));
        if main.is_some_and(|d| !state.people.has_department(d)) {
            problems.push(Problem::new("departmentId", "is not known here"));
        }
        problems
    }

    fn dates(&self, before: Option<&LeaveRequest>, today: Date) -> Vec<Problem> {
        let past = |date: Option<Date>, old: Option<Date>| date.is_some_and(|date| date < today) && old != date;
        let span = self.from.zip(self.to).map(|(from, to)| Span { from, to, part: self.part.unwrap_or(DayPart::Full) });
        let mut problems = Vec::new();
        if past(self.from, before.map(|b| b.start_date)) {
            problems.push(Problem::new("startDate", "must not be in the past"));
        }
        if span.is_some_and(|span| span.to < span.from) {
            problems.push(Problem::new("endDate", "must not be before startDate"));
        } else if past(self.to, before.map(|b| b.end_date)) {
            problems.push(Problem::new("endDate", "must not be in the past"));
        } else if span.is_some_and(|span| !span.is_sound()) {
            problems.push(Problem::new("endDate", "must be at most three years after startDate"));
        }
        if span.is_some_and(|span| span.part != DayPart::Full && span.from != span.to) {
            problems.push(Problem::new("dayPart", "must be full, unless startDate and endDate are the same"));
        }
        problems
    }
}
