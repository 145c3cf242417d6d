//! Which alerts that stand may have another say after what changed: never more than the change can have touched.

use std::collections::BTreeSet;

use uuid::Uuid;
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, ObjectDef};
use workforceos_core::objects::{AlertType, EmployeeProfile, ShiftSwap, SwapStatus, UserGroupMember};
use workforceos_core::query::{Cond, Query};
use workforceos_core::value::Value;

use super::news::News;
use crate::App;

/// Names in one condition.
const NAMES: usize = 200;
/// What is said of what people are planned for.
const PLANS: [AlertType; 2] = [AlertType::ShiftConflict, AlertType::WorkloadOverload];

/// The conditions of the alerts to look at, each with a bounded number of names.
pub fn conds(news: &News) -> Vec<Cond> {
    if news.everything {
        return vec![Cond::TRUE];
    }
    let mut conds = Vec::new();
    if !news.kinds.is_empty() {
        conds.push(of_kinds(news.kinds.iter().copied()));
    }
    let about: Vec<Uuid> = news.about.iter().copied().collect();
    conds.extend(about.chunks(NAMES).map(|ids| Cond::id_in("relatedEntityId", ids)));
    let people: Vec<UserId> = news.people.iter().copied().collect();
    for people in people.chunks(NAMES) {
        conds.extend(["recipientUserId", "subjectUserId"].map(|property| Cond::id_in(property, people)));
    }
    let planned: Vec<UserId> = news.planned.difference(&news.people).copied().collect();
    conds.extend(planned.chunks(NAMES).map(|people| Cond::id_in("subjectUserId", people).and(of_kinds(PLANS))));
    conds
}

fn of_kinds(kinds: impl IntoIterator<Item = AlertType>) -> Cond {
    Cond::In("alertType", kinds.into_iter().map(|kind| Value::Text(kind.as_str().to_owned())).collect())
}

/// The news with what they touch beside what they name: of departments the members; of people their reports, who may have another
/// superior by now, and the changes of shifts that wait for whoever is above both, the requester and them.
pub async fn widened(app: &App, company: CompanyId, news: &News) -> Result<News> {
    let mut wider = news.clone();
    if news.everything {
        return Ok(wider);
    }
    let departments: Vec<Uuid> = news.departments.iter().map(|department| department.0).collect();
    let people: Vec<Uuid> = news.people.iter().map(|user| user.0).collect();
    let members = named(app, company, UserGroupMember::def(), "groupId", &departments, "userId").await?;
    wider.planned.extend(members.into_iter().map(UserId));
    let reports = named(app, company, EmployeeProfile::def(), "managerId", &people, "userId").await?;
    wider.people.extend(reports.into_iter().map(UserId));
    wider.about.extend(named(app, company, ShiftSwap::def(), "colleagueId", &people, "id").await?);
    Ok(wider)
}

/// The `wanted` ids of the rows whose `property` is one of these; of changes of shifts those that wait.
async fn named(
    app: &App,
    company: CompanyId,
    def: &'static ObjectDef,
    property: &'static str,
    ids: &[Uuid],
    wanted: &str,
) -> Result<BTreeSet<Uuid>> {
    let mut found = BTreeSet::new();
    let waits = if *def == *ShiftSwap::def() { Cond::eq("status", SwapStatus::Pending.as_str()) } else { Cond::TRUE };
    for ids in ids.chunks(NAMES) {
        let rows = app.store.select(&Query::of(def, company, Cond::id_in(property, ids).and(waits.clone()))).await?;
        found.extend(rows.iter().filter_map(|row| if wanted == "id" { Some(row.id()) } else { row.get(wanted).as_id() }));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    #[test]
    fn nothing_new_touches_nothing() {
        assert_eq!(conds(&News::default()), []);
        assert_eq!(conds(&News::everything()), [Cond::TRUE]);
    }

    #[test]
    fn a_plan_touches_its_peoples_alerts_of_plans_alone() {
        let news = News { planned: [user(1)].into(), ..News::default() };
        assert_eq!(conds(&news), [Cond::id_in("subjectUserId", &[user(1)]).and(of_kinds(PLANS))]);
        // Of whom everything is looked at the plans are part of it.
        let news = News { people: [user(1)].into(), ..news };
        assert_eq!(conds(&news), ["recipientUserId", "subjectUserId"].map(|property| Cond::id_in(property, &[user(1)])));
    }

    #[test]
    fn many_are_looked_at_in_batches() {
        let news = News {
            planned: (0..450).map(user).collect(),
            about: (0..201).map(Uuid::from_u128).collect(),
            kinds: [AlertType::MissingCheckout].into(),
            ..News::default()
        };
        assert_eq!(conds(&news).len(), 1 + 2 + 3);
    }
}
