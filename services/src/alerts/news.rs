//! What an entry of the journal asks to look at again.

use std::collections::{BTreeSet, HashSet};

use serde::Deserialize;
use uuid::Uuid;
use workforceos_core::change::Entry;
use workforceos_core::id::UserId;
use workforceos_core::time::parse_date;
use workforceos_core::zone::week_start;

use super::workload::Scope;

/// What is to be looked at again.
#[derive(Clone, Debug, Default)]
pub struct News {
    /// Every alert that stands.
    pub everything: bool,
    /// Alerts about these objects.
    pub about: BTreeSet<Uuid>,
    /// Alerts to and about these people.
    pub people: HashSet<UserId>,
    /// Alerts about what people are planned for.
    pub plans: bool,
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
    check_out_time: Option<String>,
    status: Option<String>,
}

impl News {
    /// Whatever there is to be looked at.
    pub fn everything() -> News {
        News { everything: true, load: Scope { all: true, ..Scope::default() }, ..News::default() }
    }

    pub fn is_empty(&self) -> bool {
        !self.everything && self.about.is_empty() && self.people.is_empty() && !self.plans && self.load.is_empty()
    }

    /// Takes note of an entry; says whether it matters. Most do not, and cost a comparison.
    pub fn note(&mut self, entry: &Entry) -> bool {
        match &*entry.object {
            "shift" => self.shift(entry),
            "userGroupMember" => self.joined(entry),
            "userGroup" => self.plans = true,
            "leaveRequest" => self.leave(entry),
            "attendanceRecord" => return self.attendance(entry),
            "shiftSwap" | "eodReport" | "employeeDocument" => drop(self.about.insert(entry.object_id)),
            "user" => drop(self.people.insert(UserId(entry.object_id))),
            "employeeProfile" => self.people.extend(seen(entry).user_id.map(UserId)),
            "companyPolicy" => {
                self.plans = true;
                self.load.all = true;
            }
            // A file was imported: its rows are not named one by one.
            "company" if entry.kind.as_deref().is_some_and(|kind| kind.ends_with(".imported")) => self.add(News::everything()),
            _ => return false,
        }
        true
    }

    fn shift(&mut self, entry: &Entry) {
        self.plans = true;
        let date = seen(entry).shift_date.and_then(|text| parse_date(&text));
        self.load.weeks.extend(date.map(week_start));
    }

    fn joined(&mut self, entry: &Entry) {
        self.plans = true;
        let seen = seen(entry);
        let user = seen.user_id.filter(|_| seen.is_active != Some(false));
        self.load.people.extend(user.map(UserId));
    }

    /// Cancelled leave gives shifts of departments back, approved leave takes them.
    fn leave(&mut self, entry: &Entry) {
        self.about.insert(entry.object_id);
        let seen = seen(entry);
        match seen.status.as_deref() {
            Some("cancelled") => {
                self.plans = true;
                self.load.people.extend(seen.user_id.map(UserId));
            }
            Some("approved") => self.plans = true,
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
        self.about.extend(more.about);
        self.people.extend(more.people);
        self.plans |= more.plans;
        self.load.weeks.extend(more.load.weeks);
        self.load.people.extend(more.load.people);
        self.load.all |= more.load.all;
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

    fn noted(object: &str, after: &str) -> (News, bool) {
        let entry = Entry {
            company: CompanyId::ROOT,
            seq: 1,
            at: Timestamp(0),
            kind: None,
            object: object.into(),
            object_id: Uuid::from_u128(7),
            actor: None,
            audience: Audience::none(),
            after: after.into(),
        };
        let mut news = News::default();
        let matters = news.note(&entry);
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

    #[test]
    fn a_shift_names_its_week_and_a_member_all_to_come() {
        let (news, _) = noted("shift", r#"{"shiftDate":"2026-06-07"}"#);
        assert!(news.plans && news.load.weeks.iter().map(ToString::to_string).eq(["2026-06-01"]));
        let ann = Uuid::from_u128(1);
        let (news, _) = noted("userGroupMember", &format!(r#"{{"userId":"{ann}","isActive":true}}"#));
        assert!(news.plans && news.load.people.contains(&UserId(ann)));
        let (news, _) = noted("userGroupMember", &format!(r#"{{"userId":"{ann}","isActive":false}}"#));
        assert!(news.plans && news.load.is_empty());
        assert!(!noted("userSession", "{}").1 && !noted("alert", "{}").1 && !noted("company", "{}").1);
    }
}
