//! Which events change what a resource shows.

use serde_json::Value as Json;
use workforceos_core::id::UserId;
use workforceos_core::time::{Date, parse_date};
use workforceos_core::zone::{next_day, previous_day, week_start};

use super::{Parts, Which};

/// Whether an event may change what `which` shows to the caller `me` on the date `today`.
///
/// In doubt it does: an event tells what became of its object, not what it was, so a shift that was moved or given to somebody
/// else may have been there before. Whoever reads in vain has read in vain; a change that nobody is told of stays unseen.
pub(crate) fn touches(which: &Which, parts: Parts, me: UserId, today: Date, (kind, object): (&str, &Json)) -> bool {
    let (topic, act) = kind.split_once('.').unwrap_or((kind, ""));
    let shown = match topic {
        "policy" => return *which == Which::Policy,
        "shift" => parts.shifts,
        "attendance" => parts.attendance,
        "leave" => parts.leave,
        // Names and departments of many at once.
        "user" => act == "imported",
        _ => false,
    };
    if !shown || *which == Which::Policy {
        return false;
    }
    if act == "imported" {
        return true;
    }
    let (from, to) = days(which, today);
    let moved = topic != "attendance" && act == "updated";
    let dated = moved || within(object, topic, from, to);
    let about = match which {
        Which::Week { user, .. } => concerns(object, topic, moved, user.unwrap_or(me)),
        _ => true,
    };
    dated && about
}

/// The dates that a resource shows.
fn days(which: &Which, today: Date) -> (Date, Date) {
    match which {
        Which::Week { date, .. } => {
            let from = week_start(date.unwrap_or(today));
            (from, (0..6).fold(from, |day, _| next_day(day)))
        }
        _ => (previous_day(today), today),
    }
}

fn within(object: &Json, topic: &str, from: Date, to: Date) -> bool {
    let date = |name: &str| object[name].as_str().and_then(parse_date);
    match topic {
        "leave" => date("startDate").is_none_or(|start| start <= to) && date("endDate").is_none_or(|end| end >= from),
        _ => date("shiftDate").is_none_or(|date| (from..=to).contains(&date)),
    }
}

fn concerns(object: &Json, topic: &str, moved: bool, user: UserId) -> bool {
    let user = user.to_string();
    match topic {
        "shift" => {
            let list = |name: &str| object[name].as_array();
            let named = list("assignedUserIds").is_none_or(|ids| ids.iter().any(|id| id.as_str() == Some(&*user)));
            // Who belongs to a department the event does not say.
            let through = list("assignedDepartmentIds").is_none_or(|ids| !ids.is_empty());
            moved || named || through
        }
        _ => object["userId"].as_str().is_none_or(|id| id == user),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ALL: Parts = Parts { shifts: true, attendance: true, leave: true };
    const JANE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
    const JOHN: &str = "01890a5d-ac96-774b-bcce-b302099a8058";

    fn id(text: &str) -> UserId {
        UserId(text.parse().expect("an id"))
    }

    fn touched(which: Which, parts: Parts, kind: &str, object: Json) -> bool {
        // A Wednesday.
        let today = parse_date("2026-06-17").expect("a date");
        touches(&which, parts, id(JANE), today, (kind, &object))
    }

    const MINE: Which = Which::Week { user: None, date: None };

    #[test]
    fn a_check_in_touches_the_board_and_the_week_of_whom_it_is_about() {
        let check_in = |user: &str, date: &str| json!({"userId": user, "shiftDate": date});
        let kind = "attendance.checkedIn";
        assert!(touched(Which::Board, ALL, kind, check_in(JOHN, "2026-06-17")));
        assert!(touched(Which::Board, ALL, kind, check_in(JOHN, "2026-06-16")), "last night's shift");
        assert!(!touched(Which::Board, ALL, kind, check_in(JOHN, "2026-06-18")));
        assert!(touched(MINE, ALL, kind, check_in(JANE, "2026-06-15")));
        assert!(
            !touched(MINE, ALL, kind, check_in(JOHN, "2026-06-15")) && !touched(MINE, ALL, kind, check_in(JANE, "2026-06-22"))
        );
        let johns = Which::Week { user: Some(id(JOHN)), date: parse_date("2026-07-01") };
        assert!(
            touched(johns, ALL, kind, check_in(JOHN, "2026-07-05")) && !touched(johns, ALL, kind, check_in(JOHN, "2026-07-06"))
        );
        assert!(!touched(Which::Policy, ALL, kind, check_in(JANE, "2026-06-17")));
    }

    #[test]
    fn a_moved_shift_touches_where_it_may_have_been() {
        let shift = |user: &str| json!({"shiftDate": "2026-08-01", "assignedUserIds": [user], "assignedDepartmentIds": []});
        assert!(touched(Which::Board, ALL, "shift.updated", shift(JOHN)) && touched(MINE, ALL, "shift.updated", shift(JOHN)));
        assert!(!touched(Which::Board, ALL, "shift.created", shift(JANE)) && !touched(MINE, ALL, "shift.created", shift(JANE)));
        let through = json!({"shiftDate": "2026-06-17", "assignedUserIds": [JOHN], "assignedDepartmentIds": [JOHN]});
        assert!(touched(MINE, ALL, "shift.created", through));
        let others = json!({"shiftDate": "2026-06-17", "assignedUserIds": [JOHN], "assignedDepartmentIds": []});
        assert!(!touched(MINE, ALL, "shift.created", others));
    }

    #[test]
    fn parts_that_are_not_shown_touch_nothing() {
        let leave = json!({"userId": JANE, "startDate": "2026-06-10", "endDate": "2026-06-20"});
        assert!(
            touched(Which::Board, ALL, "leave.approved", leave.clone()) && touched(MINE, ALL, "leave.approved", leave.clone())
        );
        let without = Parts { leave: false, ..ALL };
        assert!(
            !touched(Which::Board, without, "leave.approved", leave.clone()) && !touched(MINE, without, "leave.approved", leave)
        );
        assert!(touched(Which::Board, ALL, "attendance.imported", json!({})));
        assert!(!touched(Which::Board, Parts { attendance: false, ..ALL }, "attendance.imported", json!({})));
        assert!(
            touched(Which::Policy, ALL, "policy.updated", json!({})) && !touched(Which::Board, ALL, "policy.updated", json!({}))
        );
        assert!(!touched(Which::Board, ALL, "payroll.created", json!({"userId": JANE})));
    }
}
