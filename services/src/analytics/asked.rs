//! What an analysis is asked about: a period, people, how many rows. Read and checked the same way by all.

use std::collections::BTreeSet;

use chrono::Days;
use serde_json::{Value as Json, json};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::{User, UserGroup, UserGroupMember};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::value::Value;
use workforceos_core::{input, zone};

use super::pages::{PEOPLE, Pages};
use crate::{App, shape};

/// The longest period, in days: a leap year.
pub const MAX_DAYS: i64 = 366;
/// The period unless another is asked for: twelve weeks, the last of its days today.
const USUAL_DAYS: u64 = 84;
/// How many people, departments or shifts are listed unless the caller says so, and at most.
const LISTED: (i64, i64) = (25, 100);
/// Of more people than this, rows are not looked up by name: those of all are read and the others left aside.
const MAX_NAMED: usize = 200;

input! {
    pub struct Asked {
        /// First date (84 days up to the last).
        from: Option<Date> => "from" Query,
        /// Last date (today); at most 366 days.
        to: Option<Date> => "to" Query,
        /// Only this department's present members.
        department_id: Option<DepartmentId> => "departmentId" Query,
        /// Only this person.
        user_id: Option<UserId> => "userId" Query,
        /// Most rows of a list, 1 to 100 (25).
        limit: Option<i64> => "limit" Query,
    }
}

/// Inclusive local dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: Date,
    pub to: Date,
}

impl Period {
    pub fn days(&self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    pub fn contains(&self, date: Date) -> bool {
        (self.from..=self.to).contains(&date)
    }

    /// Rows whose date lies in it.
    pub fn cond(&self, property: &'static str) -> Cond {
        let (from, to) = (Value::Date(self.from), Value::Date(self.to));
        Cond::Cmp(property, Op::Gte, from).and(Cond::Cmp(property, Op::Lte, to))
    }

    /// The instants at which it begins and at which it is over, in a zone.
    pub fn instants(&self, zone: zone::Zone) -> (Timestamp, Timestamp) {
        (zone.day(self.from).0, zone.day(self.to).1)
    }

    pub fn json(&self, ctx: &Ctx) -> Json {
        json!({"from": self.from, "to": self.to, "timezone": ctx.tenant.zone.name(), "days": self.days()})
    }
}

/// The schema of [`Period::json`].
pub fn period_shape() -> Json {
    shape::object(
        "What it is about.",
        [
            ("from", shape::date("First date.")),
            ("to", shape::date("Last date.")),
            ("timezone", shape::text("The company's zone, in which dates and hours are.")),
            ("days", shape::whole("How many days.")),
        ],
    )
}

pub fn later(date: Date, days: u64) -> Date {
    date.checked_add_days(Days::new(days)).unwrap_or(date)
}

pub fn earlier(date: Date, days: u64) -> Date {
    date.checked_sub_days(Days::new(days)).unwrap_or(date)
}

/// Whose rows are looked at: those within the caller's reach, narrowed to what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    Everybody,
    These(BTreeSet<UserId>),
}

impl Whose {
    pub fn includes(&self, user: UserId) -> bool {
        match self {
            Whose::Everybody => true,
            Whose::These(users) => users.contains(&user),
        }
    }

    /// The people, where they are few enough to be looked up by name.
    pub fn named(&self) -> Option<Vec<UserId>> {
        match self {
            Whose::These(users) if users.len() <= MAX_NAMED => Some(users.iter().copied().collect()),
            _ => None,
        }
    }

    /// The condition on the property that says whose a row is. Of many people it is looser than [`Whose::includes`], which has to be
    /// asked of every row.
    pub fn cond(&self, property: &'static str) -> Cond {
        self.named().map_or(Cond::TRUE, |users| Cond::id_in(property, &users))
    }
}

/// What was asked for, checked.
#[derive(Clone, Debug)]
pub struct Question {
    pub period: Period,
    pub whose: Whose,
    pub department: Option<DepartmentId>,
    pub user: Option<UserId>,
    pub limit: usize,
}

impl Question {
    /// Whether whole groups of people can be compared.
    pub fn is_about_one(&self) -> bool {
        self.user.is_some() || matches!(&self.whose, Whose::These(users) if users.len() < 2)
    }
}

/// Every field that makes no sense is named: the period, the limit, a department or person that is not of the company.
pub async fn question(app: &App, ctx: &Ctx, asked: &Asked) -> Result<Question> {
    let today = ctx.tenant.zone.date(ctx.now());
    let to = asked.to.unwrap_or(today);
    let from = asked.from.unwrap_or(earlier(to, USUAL_DAYS - 1));
    let period = Period { from, to };
    let mut problems = Vec::new();
    if !(1..=MAX_DAYS).contains(&period.days()) {
        let message = format!("must be from 0 to {} days after from", MAX_DAYS - 1);
        problems.push(Problem::new("to", message));
    }
    let limit = checked_limit(asked.limit, &mut problems);
    let whose = whose(app, ctx, asked.department_id, asked.user_id, &mut problems).await?;
    Error::none_of(problems)?;
    Ok(Question { period, whose, department: asked.department_id, user: asked.user_id, limit })
}

fn checked_limit(limit: Option<i64>, problems: &mut Vec<Problem>) -> usize {
    let limit = limit.unwrap_or(LISTED.0);
    if !(1..=LISTED.1).contains(&limit) {
        problems.push(Problem::new("limit", format!("must be from 1 to {}", LISTED.1)));
    }
    usize::try_from(limit).unwrap_or(0)
}

/// The people within reach that were asked for.
pub async fn whose(
    app: &App,
    ctx: &Ctx,
    department: Option<DepartmentId>,
    user: Option<UserId>,
    problems: &mut Vec<Problem>,
) -> Result<Whose> {
    let company = Some(ctx.company());
    let mut whose = if ctx.is_admin() { Whose::Everybody } else { Whose::These(ctx.reached_users().into_iter().collect()) };
    if let Some(user) = user {
        if app.store.get(User::def(), company, user.0).await?.is_none() {
            problems.push(Problem::new("userId", "is not known here"));
        }
        whose = Whose::These(BTreeSet::from([user]));
    }
    if let Some(department) = department {
        problems.extend(unknown_department(app, ctx, department).await?);
        whose = members(app, ctx, department, &whose).await?;
    }
    Ok(whose)
}

/// The members of a department who are among those.
async fn members(app: &App, ctx: &Ctx, department: DepartmentId, whose: &Whose) -> Result<Whose> {
    let cond = Cond::eq("groupId", department.0).and(whose.cond("userId"));
    let query = Query::of(UserGroupMember::def(), ctx.company(), cond);
    let mut members = BTreeSet::new();
    let keep = |member: Record| {
        let user = member.get("userId").as_id().map(UserId).filter(|user| whose.includes(*user));
        members.extend(user);
        Ok(user.is_some())
    };
    Pages::of(app, query, whose, "userId,id").each(PEOPLE, "members", keep).await?;
    Ok(Whose::These(members))
}

pub async fn unknown_department(app: &App, ctx: &Ctx, department: DepartmentId) -> Result<Option<Problem>> {
    let found = app.store.get(UserGroup::def(), Some(ctx.company()), department.0).await?;
    Ok(found.is_none().then(|| Problem::new("departmentId", "is not known here")))
}
