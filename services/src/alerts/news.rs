//! What an entry of the journal asks to look at again.

use std::collections::{BTreeSet, HashSet};

use serde::Deserialize;
use uuid::Uuid;
use workforceos_core::change::Entry;
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::objects::AlertType;
use workforceos_core::time::parse_date;
use workforceos_core::zone::week_start;

use super::workload::Scope;

/// What is to be looked at again.
#[derive(Clone, Debug, Default)]
pub struct News {
    /// Every alert that stands.
    pub everything: bool,
    /// Every one of these types.
    pub kinds: BTreeSet<AlertType>,
    /// Alerts about these objects.
    pub about: BTreeSet<Uuid>,
    /// Alerts to and about these people.
    pub people: HashSet<UserId>,
    /// Alerts about what these people, and the members of these departments, are planned for.
    pub planned: HashSet<UserId>,
    pub departments: BTreeSet<DepartmentId>,
    /// Who may be planned for too much by now.
    pub load: Scope,
}

/// What is read of an object.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Seen {
    is_active: Option<bool>,
    user_id: Option<Uuid>,
    shift_date: Option<String>,
    assigned_user_ids: Vec<Uuid>,
    assigned_department_ids: Vec<Uuid>,
    check_out_time: Option<String>,
    status: Option<String>,
}

impl News {
    /// Whatever there is to be looked at.
    pub fn everything() -> News {
        News { everything: true, load: Scope { all: true, ..Scope::default() }, ..News::default() }
    }

    pub fn is_empty(&self) -> bool {
        let alerts = self.kinds.is_empty() && self.about.is_empty() && self.people.is_empty();
        !self.everything && alerts && self.planned.is_empty() && self.departments.is_empty() && self.load.is_empty()
    }

    /// Takes note of an entry; says whether it matters. Most do not, and cost a comparison.
    pub fn note(&mut self, entry: &Entry) -> bool {
        match &*entry.object {
            "shift" => self.shift(entry),
            "userGroupMember" => self.joined(entry),
            "userGroup" => drop(self.departments.insert(DepartmentId(entry.object_id))),
            "leaveRequest" => self.leave(entry),
            "attendanceRecord" => return self.attendance(entry),
            "shiftSwap" | "eodReport" | "employeeDocument" => drop(self.about.insert(entry.object_id)),
            "user" => drop(self.people.insert(UserId(entry.object_id))),
            "employeeProfile" => self.people.extend(seen(entry).user_id.map(UserId)),
            "companyPolicy" => {
                self.kinds.insert(AlertType::WorkloadOverload);
                self.load.all = true;
            }
            "company" => return self.imported(entry.kind.as_deref()),
            _ => return false,
        }
        true
    }

    /// A new shift ends no alert. One that is changed may have been other people's, or another week's: whose it was, by name or
    /// through departments, is told along with whose it is.
    fn shift(&mut self, entry: &Entry) {
        let seen = seen(entry);
        if entry.kind.as_deref() != Some("shift.created") {
            let told = [Some(&entry.audience), entry.audience.before.as_deref()].into_iter().flatten();
            for audience in told {
                self.planned.extend(audience.users.iter().copied().map(UserId));
                self.departments.extend(audience.departments.iter().copied().map(DepartmentId));
            }
            self.planned.extend(seen.assigned_user_ids.iter().copied().map(UserId));
            self.departments.extend(seen.assigned_department_ids.iter().copied().map(DepartmentId));
        }
        let takes_time = seen.is_active != Some(false) && seen.status.as_deref() == Some("scheduled");
        let date = seen.shift_date.and_then(|text| parse_date(&text)).filter(|_| takes_time);
        if let Some(date) = date {
            let whose = self.load.weeks.entry(week_start(date)).or_default();
            whose.people.extend(seen.assigned_user_ids.into_iter().map(UserId));
            whose.departments.extend(seen.assigned_department_ids.into_iter().map(DepartmentId));
        }
    }

    fn joined(&mut self, entry: &Entry) {
        let seen = seen(entry);
        let user = seen.user_id.map(UserId);
        self.planned.extend(user);
        self.load.people.extend(user.filter(|_| seen.is_active != Some(false)));
    }

    /// A file was imported: its rows are not named one by one.
    fn imported(&mut self, kind: Option<&str>) -> bool {
        match kind {
            // There are new ones alone.
            Some("shift.imported") => self.load.all = true,
            Some("attendance.imported") => drop(self.kinds.insert(AlertType::MissingCheckout)),
            Some(kind) if kind.ends_with(".imported") => self.add(News::everything()),
            _ => return false,
        }
        true
    }

    /// Cancelled leave gives shifts of departments back, approved leave takes them.
    fn leave(&mut self, entry: &Entry) {
        self.about.insert(entry.object_id);
        let seen = seen(entry);
        match seen.status.as_deref() {
            Some("cancelled") => {
                self.planned.extend(seen.user_id.map(UserId));
                self.load.people.extend(seen.user_id.map(UserId));
            }
            Some("approved") => self.planned.extend(seen.user_id.map(UserId)),
            _ => {}
        }
    }

    /// Of attendance only what was reported as missing its check-out, and is not any more.
    fn attendance(&mut self, entry: &Entry) -> bool {
        if !entry.after.contains("\"checkoutAlertAt\":\"") {
            return false;
        }
        let seen = seen(entry);
        let over = seen.check_out_time.is_some() || seen.status.as_deref() == Some("absent") || seen.is_active == Some(false);
        over && self.about.insert(entry.object_id)
    }

    /// This and that.
    pub fn add(&mut self, more: News) {
        self.everything |= more.everything;
        self.kinds.extend(more.kinds);
        self.about.extend(more.about);
        self.people.extend(more.people);
        self.planned.extend(more.planned);
        self.departments.extend(more.departments);
        self.load.add(more.load);
    }
}

fn seen(entry: &Entry) -> Seen {
    // `null` and anything that is no object say nothing.
    serde_json::from_str(&entry.after).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use workforceos_core::change::Audience;
    use workforceos_core::id::CompanyId;
    use workforceos_core::time::Timestamp;

    use super::*;

    const SHIFT: Uuid = Uuid::from_u128(7);

    fn entry(kind: Option<&str>, object: &str, audience: Audience, after: &str) -> Entry {
        Entry {
            company: CompanyId::ROOT,
            seq: 1,
            at: Timestamp(0),
            kind: kind.map(Into::into),
            object: object.into(),
            object_id: SHIFT,
            actor: None,
            audience,
            after: after.into(),
        }
    }

    fn noted(object: &str, after: &str) -> (News, bool) {
        let mut news = News::default();
        let matters = news.note(&entry(None, object, Audience::none(), after));
        assert_eq!(matters, !news.is_empty(), "{object}");
        (news, matters)
    }

    #[test]
    fn of_attendance_only_what_was_reported_and_is_over() {
        assert!(!noted("attendanceRecord", r#"{"checkoutAlertAt":null,"checkOutTime":"2026-06-01T10:00:00.000Z"}"#).1);
        assert!(!noted("attendanceRecord", r#"{"checkoutAlertAt":"2026-06-01T10:00:00.000Z","checkOutTime":null}"#).1);
        for over in [r#""checkOutTime":"2026-06-01T10:00:00.000Z""#, r#""status":"absent""#, r#""isActive":false"#] {
            let (news, _) = noted("attendanceRecord", &format!(r#"{{"checkoutAlertAt":"2026-06-01T10:00:00.000Z",{over}}}"#));
            assert!(news.about.contains(&Uuid::from_u128(7)), "{over}");
        }
    }

    fn people<const N: usize>() -> [UserId; N] {
        std::array::from_fn(|n| UserId(Uuid::from_u128(n as u128 + 1)))
    }

    /// A shift of Ann's and a department's, and how it stands.
    fn shift(kind: &str, audience: Audience, stands: &str) -> News {
        let ([ann, _], crew) = (people(), Uuid::from_u128(20));
        let whose = format!(r#""assignedUserIds":["{ann}"],"assignedDepartmentIds":["{crew}"]"#);
        let mut news = News::default();
        let after = format!(r#"{{"shiftDate":"2026-06-07",{stands},{whose}}}"#);
        assert!(news.note(&entry(Some(kind), "shift", audience, &after)));
        news
    }

    const SCHEDULED: &str = r#""status":"scheduled","isActive":true"#;

    #[test]
    fn new_shifts_touch_no_alert_but_may_be_too_many() {
        let [ann, bob] = people();
        let crew = DepartmentId(Uuid::from_u128(20));
        let mut all = News::default();
        for _ in 0..1_000 {
            all.add(shift("shift.created", Audience::admins().user(ann), SCHEDULED));
        }
        assert_eq!(super::super::touched::conds(&all), [], "however many they are");
        assert!(all.departments.is_empty() && !all.load.all && all.load.people.is_empty());
        let (monday, whose) = all.load.weeks.iter().next().expect("a week");
        assert_eq!((monday.to_string().as_str(), all.load.weeks.len()), ("2026-06-01", 1));
        assert!(whose.people.contains(&ann) && !whose.people.contains(&bob) && whose.departments.contains(&crew));
    }

    #[test]
    fn a_changed_shift_touches_whose_it_is_and_was() {
        let [ann, bob] = people();
        let (crew, desk) = (DepartmentId(Uuid::from_u128(20)), DepartmentId(Uuid::from_u128(21)));
        let was = Audience { departments: vec![desk.0], ..Audience::admins().user(bob) };
        let news = shift("shift.updated", Audience::admins().user(ann).instead_of(was), SCHEDULED);
        assert_eq!((news.planned, news.departments), ([ann, bob].into(), [crew, desk].into()));
        assert!(!news.everything && news.kinds.is_empty() && news.people.is_empty());
        assert_eq!(news.load.weeks.len(), 1);
        for over in [r#""status":"cancelled""#, r#""status":"completed""#, r#""status":"scheduled","isActive":false"#] {
            let news = shift("shift.updated", Audience::none(), over);
            assert!(news.planned.contains(&ann) && news.load.is_empty(), "{over}");
        }
    }

    #[test]
    fn a_member_is_planned_for_the_departments_shifts() {
        let [ann, _] = people();
        let (news, _) = noted("userGroupMember", &format!(r#"{{"userId":"{ann}","isActive":true}}"#));
        assert!(news.planned.contains(&ann) && news.load.people.contains(&ann));
        let (news, _) = noted("userGroupMember", &format!(r#"{{"userId":"{ann}","isActive":false}}"#));
        assert!(news.planned.contains(&ann) && news.load.is_empty());
        let (news, _) = noted("userGroup", "{}");
        assert!(news.departments.contains(&DepartmentId(SHIFT)) && news.planned.is_empty());
        assert!(!noted("userSession", "{}").1 && !noted("alert", "{}").1 && !noted("company", "{}").1);
    }

    #[test]
    fn imports_touch_what_is_in_them() {
        let imported = |kind: &str| {
            let mut news = News::default();
            assert!(news.note(&entry(Some(kind), "company", Audience::everyone(), "{}")));
            news
        };
        let shifts = imported("shift.imported");
        assert!(shifts.load.all && !shifts.everything && super::super::touched::conds(&shifts).is_empty());
        assert_eq!(imported("attendance.imported").kinds, [AlertType::MissingCheckout].into());
        assert!(imported("user.imported").everything);
    }
}
