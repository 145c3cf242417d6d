//! `listTeamEodReports`: what reports of a manager, or for admins everybody, submitted.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;
use workforceos_core::answer::Answer;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::UserId;
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::{EmployeeProfile, EodReport, EodStatus, User, UserGroup, UserGroupMember};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::{Ctx, Role};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::value::Value;
use workforceos_core::{Reach, input};

use super::told::{report_shape, told};
use crate::{Api, App, people, shape};

/// The most reports of a list.
const MOST: u64 = 200;
/// The most people that a search may find.
const FOUND: u64 = 5_000;

input! {
    pub struct Team {
        /// Only of people whose name, e-mail, role, department or position has this.
        search: Option<String> => "search" Query,
        /// Only reports that stand here.
        status: Option<EodStatus> => "status" Query,
        /// Only of this day.
        date: Option<Date> => "date" Query,
    }
}

pub fn list() -> Api {
    Api::list("listTeamEodReports")
        .named("eodReports")
        .at("/v1/eod/team")
        .reach(Reach::Managers)
        .plain()
        .output(|| shape::list(report_shape(), "Reports, the latest day first; at most 200."))
        .about("Submitted end-of-day reports of your direct reports, for admins of everybody, the latest day first.")
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: Team) -> Result<Answer> {
    let mut cond = Cond::Cmp("submittedAt", Op::Gt, Value::Time(Timestamp(0)));
    let whose = (!ctx.is_admin()).then(|| ctx.scope.reports.clone());
    if let Some(users) = &whose {
        cond = cond.and(Cond::id_in("userId", users));
    }
    if let Some(status) = input.status {
        cond = cond.and(Cond::eq("status", status.as_str()));
    }
    if let Some(date) = input.date {
        cond = cond.and(Cond::eq("reportDate", date));
    }
    if let Some(text) = input.search.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        cond = cond.and(Cond::id_in("userId", &matching(&app, &ctx, whose.as_deref(), text).await?));
    }
    let query = Query {
        order: order(EodReport::def(), EodReport::def().order),
        limit: MOST,
        ..Query::of(EodReport::def(), ctx.company(), cond)
    };
    let reports = app.store.select(&query).await?.into_iter().map(EodReport::from_record).collect::<Result<Vec<_>>>()?;
    let names = people::names(&app, &ctx, reports.iter().map(|report| report.user_id)).await?;
    Ok(Answer::json(reports.iter().map(|report| told(report, names.of(report.user_id))).collect()))
}

/// The people, among `whose` if that is said, in whose name, e-mail, role, department or position a text is found.
async fn matching(app: &App, ctx: &Ctx, whose: Option<&[UserId]>, text: &str) -> Result<Vec<UserId>> {
    let of = |property| whose.map_or(Cond::TRUE, |users| Cond::id_in(property, users));
    let has = |property| Cond::Contains(property, text.to_owned());
    let low = text.to_lowercase();
    let roles = Role::NAMES.iter().filter(|role| role.to_lowercase().contains(&low)).map(|role| Value::Text((*role).to_owned()));
    let user = Cond::Any(vec![has("fullname"), has("email"), Cond::In("roleId", roles.collect())]);
    let groups = app.store.select(&limited(Query::of(UserGroup::def(), ctx.company(), has("groupName")))).await?;
    let groups: Vec<Uuid> = groups.iter().map(Record::id).collect();
    let profile = Cond::Any(vec![has("position"), Cond::id_in("departmentId", &groups)]);
    let queries = [
        (limited(Query::of(User::def(), ctx.company(), user.and(of("id")))), "id"),
        (limited(Query::of(EmployeeProfile::def(), ctx.company(), profile.and(of("userId")))), "userId"),
        (limited(Query::of(UserGroupMember::def(), ctx.company(), Cond::id_in("groupId", &groups).and(of("userId")))), "userId"),
    ];
    let mut found = BTreeSet::new();
    for (query, property) in queries {
        found.extend(app.store.select(&query).await?.iter().filter_map(|row| row.get(property).as_id()).map(UserId));
    }
    if found.len() as u64 > FOUND {
        return Err(Error::field("search", format!("fits more than {FOUND} people: say more")));
    }
    Ok(found.into_iter().collect())
}

/// One more than may be found, so that too many show.
fn limited(query: Query) -> Query {
    Query { limit: FOUND + 1, ..query }
}
