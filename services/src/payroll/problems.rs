//! What is wrong with the arguments of a report of which some cannot be read.

use std::sync::Arc;

use workforceos_actors::Needs;
use workforceos_core::error::{Problem, Result};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::EmployeeProfile;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::{Parts, Patch};

use super::report::{amount_problems, period_problem};
use crate::{App, problems_in};

/// Of a new report, or one to be calculated anew.
pub async fn of_new(app: Arc<App>, ctx: Ctx, parts: Parts) -> Result<Vec<Problem>> {
    let user: Option<UserId> = parts.get("userId");
    let profile = user.map(|user| Query::of(EmployeeProfile::def(), ctx.company(), Cond::eq("userId", user.0)));
    let needs = Needs { queries: profile.into_iter().collect(), ..Needs::none() };
    problems_in(&app, &ctx, needs, move |facts| {
        let mut problems = amount_problems(parts.get("bonus").flatten(), parts.get("deduction").flatten());
        // Who has left is known by the profile.
        let profiles: Vec<EmployeeProfile> = facts.rows()?;
        let known = |user: UserId| facts.state.people.role(user).is_some() || profiles.iter().any(|p| p.user_id == user);
        if user.is_some_and(|user| !known(user)) {
            problems.push(Problem::new("userId", "is not known here"));
        }
        let period = parts.get("periodStart").zip(parts.get("periodEnd"));
        problems.extend(period.and_then(|(from, to)| period_problem(from, to)));
        Ok(problems)
    })
    .await
}

/// Of a change.
pub fn of_change(parts: &Parts) -> Vec<Problem> {
    let amount = |name: &str| parts.get::<Patch<f64>>(name).and_then(|new| new.over(None));
    amount_problems(amount("bonus"), amount("deduction"))
}
