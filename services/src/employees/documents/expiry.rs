//! When alerts are raised before a document expires, as pure functions.

use chrono::Days;
use workforceos_core::objects::EmployeeDocument;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::Zone;

/// Days before the last valid day on which alerts are raised.
const STEPS: [i64; 3] = [30, 7, 1];

/// How many days are left; none on the last valid day.
pub fn days_left(until: Date, today: Date) -> i64 {
    until.signed_duration_since(today).num_days()
}

/// The alert that is due with so many days left: the latest that was reached, so that what was missed is told once.
pub fn step(left: i64) -> Option<i64> {
    STEPS.into_iter().rev().find(|step| left >= 0 && left <= *step)
}

/// When the next alert about a document is due; `None` if there is none to come.
pub fn alert_at(zone: Zone, today: Date, document: &EmployeeDocument, renewed: bool) -> Option<Timestamp> {
    let until = document.valid_until.filter(|until| document.meta.is_active && !renewed && *until >= today)?;
    let next = STEPS.into_iter().find(|step| document.alerted_days.is_none_or(|told| *step < told))?;
    let day = until.checked_sub_days(Days::new(next.unsigned_abs()))?;
    Some(zone.day(day).0)
}

/// A new document with its first alert, where no other one renews it.
pub fn planned(zone: Zone, today: Date, document: EmployeeDocument) -> EmployeeDocument {
    EmployeeDocument { alert_at: alert_at(zone, today, &document, false), ..document }
}

/// Whether another document takes this one's place: of the same type and the same employee, valid for longer.
pub fn is_renewed<'a>(document: &EmployeeDocument, others: impl IntoIterator<Item = &'a EmployeeDocument>) -> bool {
    let Some(until) = document.valid_until else { return false };
    let kind = |d: &EmployeeDocument| d.document_type.trim().to_lowercase();
    others.into_iter().any(|other| {
        other.meta.is_active
            && other.meta.id != document.meta.id
            && other.employee_profile_id == document.employee_profile_id
            && other.valid_until.is_none_or(|longer| longer > until)
            && kind(other) == kind(document)
    })
}

#[cfg(test)]
mod tests {
    use workforceos_core::id::{CompanyId, IdSource, ProfileId, UserId};
    use workforceos_core::object::{DataObject, Meta};

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().expect("a date")
    }

    fn document(kind: &str, until: Option<&str>) -> EmployeeDocument {
        let id = IdSource::random().next(Timestamp(0));
        let profile = ProfileId(uuid::Uuid::nil());
        EmployeeDocument {
            meta: Meta::new(id, Timestamp(0), None),
            employee_profile_id: profile,
            user_id: UserId(id),
            document_type: kind.to_owned(),
            document_url: "https://a.test/b".to_owned(),
            valid_until: until.map(day),
            file_id: None,
            alerted_days: None,
            alert_at: None,
            company_id: CompanyId(id),
        }
    }

    #[test]
    fn the_latest_step_reached_is_told() {
        let told: Vec<Option<i64>> = [31, 30, 8, 7, 2, 1, 0, -1].into_iter().map(step).collect();
        assert_eq!(told, [None, Some(30), Some(30), Some(7), Some(7), Some(1), Some(1), None]);
    }

    #[test]
    fn alerts_are_due_at_the_beginning_of_company_local_days() {
        let zone = Zone::parse("America/New_York").expect("a zone");
        let mut permit = document("permit", Some("2026-07-31"));
        let at = |permit: &EmployeeDocument| alert_at(zone, day("2026-06-01"), permit, false).map(|at| at.to_string());
        assert_eq!(at(&permit).as_deref(), Some("2026-07-01T04:00:00.000Z"));
        permit.alerted_days = Some(30);
        assert_eq!(at(&permit).as_deref(), Some("2026-07-24T04:00:00.000Z"));
        permit.alerted_days = Some(7);
        assert_eq!(at(&permit).as_deref(), Some("2026-07-30T04:00:00.000Z"));
        permit.alerted_days = Some(1);
        assert_eq!(at(&permit), None);
    }

    #[test]
    fn nothing_is_due_for_what_is_expired_endless_deleted_or_renewed() {
        let (zone, today) = (Zone::UTC, day("2026-06-01"));
        let permit = document("permit", Some("2026-06-20"));
        assert!(alert_at(zone, today, &permit, false).is_some());
        assert_eq!(alert_at(zone, today, &permit, true), None);
        assert_eq!(alert_at(zone, today, &document("permit", None), false), None);
        assert_eq!(alert_at(zone, today, &document("permit", Some("2026-05-31")), false), None);
        assert_eq!(alert_at(zone, today, &permit.deleted(Timestamp(1)), false), None);
    }

    #[test]
    fn a_longer_one_of_the_same_type_renews() {
        let permit = document("Work permit", Some("2026-06-20"));
        for longer in [document(" work PERMIT", Some("2026-06-21")), document("work permit", None)] {
            assert!(is_renewed(&permit, [&permit, &longer]));
        }
        for other in [document("work permit", Some("2026-06-20")), document("visa", None)] {
            assert!(!is_renewed(&permit, [&permit, &other]));
        }
        assert!(!is_renewed(&permit, [&document("work permit", None).deleted(Timestamp(1))]));
    }
}
