//! How alerts speak of people and shifts: by name, day and time, so that whoever reads one, or its mail, looks nothing up.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;
use workforceos_actors::Facts;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, ObjectDef, Record};
use workforceos_core::objects::{
    AttendanceRecord, EmployeeDocument, EmployeeProfile, EodReport, LeaveRequest, Shift, ShiftSwap, User, UserGroup,
    UserGroupMember,
};
use workforceos_core::query::{Cond, Query};

/// The most characters of where a shift takes place.
const PLACE: usize = 60;

/// Rows whose `userId` says whose they are.
fn of_a_user() -> [&'static ObjectDef; 5] {
    [AttendanceRecord::def(), EmployeeDocument::def(), EmployeeProfile::def(), EodReport::def(), LeaveRequest::def()]
}

/// The people and shifts that alerts about the rows that were read would name.
pub fn named(rows: &HashMap<Uuid, Record>) -> Vec<Query> {
    let mut wanted: BTreeMap<(Uuid, &'static str), (&'static ObjectDef, Vec<Uuid>)> = BTreeMap::new();
    let mut want = |row: &Record, def: &'static ObjectDef, property: &str| {
        if let (Some(company), Some(id)) = (row.get("companyId").as_id(), row.get(property).as_id()) {
            wanted.entry((company, def.name)).or_insert((def, Vec::new())).1.push(id);
        }
    };
    for row in rows.values() {
        if *row.def == *ShiftSwap::def() {
            want(row, User::def(), "requesterId");
            want(row, Shift::def(), "shiftId");
        } else if of_a_user().contains(&row.def) {
            want(row, User::def(), "userId");
        }
    }
    wanted.into_iter().map(|((company, _), (def, ids))| Query::of(def, CompanyId(company), Cond::id_in("id", &ids))).collect()
}

/// Somebody whose row is among the facts; who is not there any more has no name.
pub fn name(facts: &Facts, user: UserId) -> String {
    facts.any::<User>(user).ok().flatten().map_or_else(|| "Somebody".to_owned(), |user| user.fullname)
}

/// A shift as people speak of it: its local day and times, and where it is.
pub fn shift(shift: &Shift) -> String {
    let place = shift.location.as_deref().map(str::trim).filter(|place| !place.is_empty());
    let place: String = place.map(|place| format!(" ({})", place.chars().take(PLACE).collect::<String>())).unwrap_or_default();
    format!("the shift of {} from {} to {}{place}", shift.shift_date, shift.start_time, shift.end_time)
}

/// That somebody is planned twice at a time since something happened: the first pair, and how many more there are.
pub fn clash(name: &str, since: &str, pairs: &[(&Shift, &Shift)]) -> String {
    let first = pairs.first().map(|(one, other)| format!(": {} overlaps {}", shift(one), shift(other))).unwrap_or_default();
    let more = match pairs.len() {
        0 | 1 => String::new(),
        2 => ", and one more pair of shifts does".to_owned(),
        n => format!(", and {} more pairs of shifts do", n - 1),
    };
    format!("{name} is planned twice at a time since {since}{first}{more}.")
}

/// As [`clash`], by joining a department, whose row is wanted for its name.
pub fn clash_of_member(facts: &Facts, member: &UserGroupMember, pairs: &[(&Shift, &Shift)]) -> String {
    let department = facts.any::<UserGroup>(member.group_id).ok().flatten();
    let department = department.map(|group| format!(" {}", group.group_name)).unwrap_or_default();
    clash(&name(facts, member.user_id), &format!("joining the department{department}"), pairs)
}

#[cfg(test)]
mod tests {
    use workforceos_core::object::Meta;
    use workforceos_core::objects::ShiftStatus;
    use workforceos_core::time::Timestamp;

    use super::*;

    fn of(times: (&str, &str), location: Option<&str>) -> Shift {
        Shift {
            meta: Meta::new(Uuid::from_u128(1), Timestamp(0), None),
            shift_date: "2026-06-01".parse().expect("a date"),
            start_time: times.0.to_owned(),
            end_time: times.1.to_owned(),
            starts_at: Timestamp(0),
            ends_at: Timestamp(1),
            location: location.map(str::to_owned),
            department_id: None,
            assigned_user_ids: Vec::new(),
            assigned_department_ids: Vec::new(),
            status: ShiftStatus::Scheduled,
            break_minutes: 0,
            needed_count: 1,
            is_draft: false,
            shift_template_id: None,
            created_by: UserId(Uuid::from_u128(2)),
            company_id: CompanyId::ROOT,
        }
    }

    #[test]
    fn a_shift_is_told_by_its_day_times_and_place() {
        assert_eq!(shift(&of(("08:00", "16:00"), Some(" "))), "the shift of 2026-06-01 from 08:00 to 16:00");
        assert_eq!(shift(&of(("22:00", "06:00"), Some("Ward 3"))), "the shift of 2026-06-01 from 22:00 to 06:00 (Ward 3)");
        assert!(shift(&of(("22:00", "06:00"), Some(&"x".repeat(1_000)))).len() < 120);
    }

    #[test]
    fn a_clash_names_both_shifts_and_counts_the_rest() {
        let (one, other) = (of(("08:00", "16:00"), None), of(("12:00", "20:00"), None));
        let said = |pairs: usize| clash("Ann", "joining the department Ward", &vec![(&one, &other); pairs]);
        let first = "Ann is planned twice at a time since joining the department Ward: the shift of 2026-06-01 from 08:00 to 16:00 \
                     overlaps the shift of 2026-06-01 from 12:00 to 20:00";
        assert_eq!(said(1), format!("{first}."));
        assert_eq!(said(2), format!("{first}, and one more pair of shifts does."));
        assert_eq!(said(3), format!("{first}, and 2 more pairs of shifts do."));
    }
}
