//! What the kinds of import share: reading cells, finding people and departments by their names, and telling refusals.

use std::collections::HashMap;

use chrono::NaiveTime;
use workforceos_actors::Facts;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::objects::{User, UserGroup};

use super::engine::Problems;

pub const DATE: &str = "must be a date like 2026-01-31";
pub const TIME: &str = "must be a time like 09:30";

/// A time of the day: `9:30`, `09:30` or, without seconds of its own, `09:30:00`.
pub fn clock(text: &str) -> Option<NaiveTime> {
    let (hours, rest) = text.split_once(':')?;
    let plain = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let (minutes, seconds) = rest.split_once(':').unwrap_or((rest, "00"));
    if !plain(hours, 2) || !plain(minutes, 2) || minutes.len() != 2 || !plain(seconds, 2) || seconds.len() != 2 {
        return None;
    }
    NaiveTime::from_hms_opt(hours.parse().ok()?, minutes.parse().ok()?, seconds.parse().ok()?)
}

/// A wall-clock time as shifts are planned: in whole minutes, as `HH:mm`.
pub fn wall(text: &str) -> Option<String> {
    let time = clock(text).filter(|time| chrono::Timelike::second(time) == 0)?;
    Some(time.format("%H:%M").to_string())
}

/// The company's departments by name, whatever its case.
pub struct Departments(HashMap<String, Vec<DepartmentId>>);

pub fn departments(facts: &Facts) -> Result<Departments> {
    let mut departments = Departments(HashMap::new());
    facts.rows::<UserGroup>()?.iter().for_each(|group| departments.add(group));
    Ok(departments)
}

impl Departments {
    pub fn add(&mut self, group: &UserGroup) {
        self.0.entry(fold(&group.group_name)).or_default().push(DepartmentId(group.meta.id));
    }

    pub fn find(&self, name: &str) -> Option<DepartmentId> {
        self.0.get(&fold(name)).and_then(|ids| ids.first()).copied()
    }

    pub fn is_ambiguous(&self, name: &str) -> bool {
        self.0.get(&fold(name)).is_some_and(|ids| ids.len() > 1)
    }

    /// The one department of a name, or what is wrong with it.
    pub fn one(&self, column: &'static str, name: &str, problems: &mut Problems) -> Option<DepartmentId> {
        let found = self.find(name).filter(|_| !self.is_ambiguous(name));
        if found.is_none() {
            let problem = if self.is_ambiguous(name) { "is the name of several departments" } else { "is no department" };
            problems.push((Some(column), format!("{name} {problem}")));
        }
        found
    }
}

fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The people whom a batch names, by address.
pub fn users(facts: &Facts) -> Result<HashMap<String, UserId>> {
    let users = facts.rows::<User>()?.into_iter();
    let active = users.filter(|user| facts.state.people.role(UserId(user.meta.id)).is_some());
    Ok(active.map(|user| (user.email, UserId(user.meta.id))).collect())
}

/// An API's refusal as problems of a row; `columns` says under which name the file has the API's fields.
pub fn problems(error: Error, columns: &[(&str, &'static str)]) -> Problems {
    let column = |field: &str| columns.iter().find(|(name, _)| *name == field).map(|(_, column)| *column);
    let fields = error.detail.as_ref().filter(|_| error.code == "ValidationFailed").and_then(|d| d.as_array());
    let told: Problems = fields
        .into_iter()
        .flatten()
        .filter_map(|p| Some((column(p["field"].as_str()?), p["problem"].as_str()?.to_owned())))
        .collect();
    if told.is_empty() { vec![(None, error.message)] } else { told }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_tables_write_them() {
        let good = [("9:05", "09:05"), ("09:05", "09:05"), ("23:59:00", "23:59"), ("0:00", "00:00")];
        good.into_iter().for_each(|(text, time)| assert_eq!(wall(text).as_deref(), Some(time), "{text}"));
        for bad in ["", "9", "24:00", "9:5", "09:60", "09:05:30", "+9:05", "09:05:", "9:05 am", "0.375"] {
            assert_eq!(wall(bad), None, "{bad}");
        }
    }

    #[test]
    fn refusals_name_the_files_columns() {
        let error = Error::invalid(vec![workforceos_core::error::Problem::new("endTime", "must differ from startTime")]);
        assert_eq!(problems(error, &[("endTime", "end")]), [(Some("end"), "must differ from startTime".to_owned())]);
        assert_eq!(problems(Error::conflict("InvalidState", "No"), &[]), [(None, "No".to_owned())]);
    }
}
