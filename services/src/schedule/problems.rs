//! What is wrong with a shift or a template as it is to be: all of it at once, as far as it is known.

use uuid::Uuid;
use workforceos_actors::State;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{SpanError, WallTime, Zone, shift_span};

/// The most people that one shift can need.
const MAX_NEEDED: i64 = 10_000;

/// A shift's begin and end.
pub type Span = (Timestamp, Timestamp);

/// What is asked for; `None`, or nobody, where it cannot be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    pub date: Option<Date>,
    pub start: Option<&'a str>,
    pub end: Option<&'a str>,
    pub break_minutes: Option<i64>,
    pub needed: Option<i64>,
    /// Whom it names, as far as the company has to know them.
    pub named: Named<'a>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a> {
    pub users: &'a [UserId],
    pub departments: &'a [DepartmentId],
    /// The department whose shift it is.
    pub main: Option<DepartmentId>,
}

/// What is wrong with a shift, and when it begins and ends if that can be told. `keeps`: it stays when it was, though the
/// company's zone may be another by now.
pub fn of_shift(state: &State, wanted: &Wanted, keeps: Option<Span>) -> (Vec<Problem>, Option<Span>) {
    let mut problems = Vec::new();
    let span = keeps.or_else(|| span(state.zone(), wanted, &mut problems));
    numbers(wanted, span.map(|(start, end)| end.minutes_since(start)), &mut problems);
    problems.extend(unknown(state, &wanted.named));
    (problems, span)
}

/// A shift's begin and end, if nothing is wrong with it.
pub fn settled((problems, span): (Vec<Problem>, Option<Span>)) -> Result<Span> {
    Error::none_of(problems)?;
    span.ok_or_else(|| Error::internal("a shift without begin and end, and nothing wrong with it"))
}

/// What is wrong with a template. How long its break may be depends on the date; a day without clock changes stands for all.
pub fn of_template(state: &State, wanted: &Wanted) -> Vec<Problem> {
    let mut problems = Vec::new();
    let plain = times(wanted, &mut problems).map(|(start, end)| (end.minutes() - start.minutes()).rem_euclid(24 * 60));
    numbers(wanted, plain, &mut problems);
    problems.extend(unknown(state, &wanted.named));
    problems
}

/// A shift's two times, if both are some and differ.
fn times(wanted: &Wanted, problems: &mut Vec<Problem>) -> Option<(WallTime, WallTime)> {
    let mut read = |field: &str, text: Option<&str>| {
        let time = WallTime::parse(text?);
        if time.is_none() {
            problems.push(Problem::new(field, "must be a time like 09:30"));
        }
        time
    };
    let (start, end) = (read("startTime", wanted.start), read("endTime", wanted.end));
    let (start, end) = (start?, end?);
    if start == end {
        problems.push(Problem::new("endTime", "must differ from startTime"));
        return None;
    }
    Some((start, end))
}

/// The instants of a shift in the company's zone, if they make a span of time.
pub fn span(zone: Zone, wanted: &Wanted, problems: &mut Vec<Problem>) -> Option<Span> {
    let (start, end) = times(wanted, problems)?;
    let found = shift_span(zone, wanted.date?, start, end);
    let problem = match &found {
        Ok(_) => return found.ok(),
        Err(SpanError::Equal) => "must differ from startTime",
        Err(SpanError::Empty) => "is not after the start on that day, when the clocks go forward",
    };
    problems.push(Problem::new("endTime", problem));
    None
}

/// Break and head count, in a shift of so many minutes if that is known.
fn numbers(wanted: &Wanted, length: Option<i64>, problems: &mut Vec<Problem>) {
    if wanted.break_minutes.is_some_and(|minutes| minutes < 0 || length.is_some_and(|length| minutes >= length)) {
        problems.push(Problem::new("breakMinutes", "must be 0 or more and shorter than the shift"));
    }
    if wanted.needed.is_some_and(|needed| !(1..=MAX_NEEDED).contains(&needed)) {
        problems.push(Problem::new("neededCount", format!("must be from 1 to {MAX_NEEDED}")));
    }
}

/// Who and which departments do not belong to the company, or are not active.
pub fn unknown(state: &State, named: &Named) -> Vec<Problem> {
    let unknown = |field: &str, id: Uuid| Problem::new(field, format!("{id} is not known here"));
    let users = named.users.iter().filter(|u| state.people.role(**u).is_none()).map(|u| unknown("assignedUserIds", u.0));
    let there = |department: &DepartmentId| state.people.has_department(*department);
    let departments = named.departments.iter().filter(|d| !there(d)).map(|d| unknown("assignedDepartmentIds", d.0));
    let main = named.main.filter(|d| !there(d)).map(|d| unknown("departmentId", d.0));
    users.chain(departments).chain(main).collect()
}

/// What is wrong with a range of dates, both included.
pub fn range(from: Option<Date>, to: Option<Date>, most: i64) -> Option<Problem> {
    let days = (to? - from?).num_days();
    (!(0..=most).contains(&days)).then(|| Problem::new("to", format!("must be from 0 to {most} days after from")))
}
