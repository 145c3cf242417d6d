//! `listOpenShifts`: coming shifts with places left.

use std::sync::Arc;

use chrono::Days;
use uuid::Uuid;
use workforceos_actors::Needs;
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::filter::ListQuery;
use workforceos_core::object::DataObject;
use workforceos_core::objects::Shift;
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Reach, input};

use super::rest;
use crate::{Api, App, commit_with, crud};

/// How many days are looked at unless the caller says so.
const USUAL_DAYS: u64 = 28;
/// The longest range, in days.
const MAX_DAYS: i64 = 92;

input! {
    pub struct ListOpenShifts {
        /// First date (today).
        from: Option<Date> => "from" Query,
        /// Last date, at most 92 days after the first (28 days after it).
        to: Option<Date> => "to" Query,
    }
}

pub fn api() -> Api {
    Api::list("listOpenShifts")
        .on::<Shift>()
        .at("/v1/openshifts")
        .reach(Reach::Own)
        .about(
            "Coming shifts that need more people than are assigned, to be taken with claimShift: those of no department and of the \
             caller's own, for admins all. Shifts that the caller is assigned to are left out.",
        )
        .reader(|app: Arc<App>, ctx: Ctx, input: ListOpenShifts, query: ListQuery| async move {
            list(&app, &ctx, input, query).await
        })
}

async fn list(app: &App, ctx: &Ctx, input: ListOpenShifts, query: ListQuery) -> Result<Answer> {
    let from = input.from.unwrap_or_else(|| ctx.tenant.zone.date(ctx.now()));
    let to = input.to.unwrap_or_else(|| from.checked_add_days(Days::new(USUAL_DAYS)).unwrap_or(from));
    if !(0..=MAX_DAYS).contains(&(to - from).num_days()) {
        return Err(Error::field("to", format!("must be from 0 to {MAX_DAYS} days after from")));
    }
    let caller = ctx.clone();
    let needs = Needs { days: vec![(from, to)], ..Needs::none() };
    // Who is assigned hangs on departments and leave: the company's actor knows.
    let open: Vec<Uuid> = commit_with(app, ctx, needs, move |facts| {
        let (state, user) = (facts.state, caller.user());
        let shown = |s: &Shift| {
            (from..=to).contains(&s.shift_date)
                && rest::is_open(state, s, facts.now)
                && !state.is_assigned(s, user)
                && !s.is_draft
                && (caller.is_admin() || rest::is_offered(state, s, user))
        };
        Ok((Changes::none(), state.schedule.all().filter(|s| shown(s)).map(|s| s.meta.id).collect()))
    })
    .await?;
    crud::page(app, ctx, Shift::def(), Cond::id_in("id", &open), query).await
}
