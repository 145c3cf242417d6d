//! The sample company's pay: everybody's report of last month, most of them paid.

use chrono::{Datelike, Days};
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::UserId;
use workforceos_core::objects::PaymentStatus;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::previous_day;

use super::people::{DEPARTMENTS, Staff, crew, manager};
use crate::payroll::report::{self, Draft};
use crate::{App, commit_with};

/// Draws the reports up as the API would, all in one change.
pub(super) async fn last_month(app: &App, staff: &Staff, now: Timestamp) -> Result<()> {
    let (from, to) = month_before(staff.ctx.tenant.zone.date(now));
    let everybody = (0..DEPARTMENTS.len()).flat_map(|d| std::iter::once(manager(d)).chain(crew(d)));
    let drafts: Vec<Draft> = everybody.map(|person| draft(person, staff.users[person], from, to)).collect();
    let needs = |draft: &Draft| report::needs(staff.ctx.company(), draft.user, from, to);
    let needs = drafts.iter().map(needs).fold(Needs::none(), Needs::and);
    let ctx = staff.ctx.clone();
    let decide = move |facts: &Facts| {
        let drawn = |draft| report::draw_up(facts, &ctx, draft).map(|(changes, ..)| changes);
        let changes = drafts.iter().map(drawn).collect::<Result<Vec<_>>>()?;
        Ok((changes.into_iter().fold(Changes::none(), Changes::join), ()))
    };
    commit_with(app, &staff.ctx, needs, decide).await
}

/// One in six waits for its payment; some had a bonus.
fn draft(person: usize, user: UserId, from: Date, to: Date) -> Draft {
    let paid = !person.is_multiple_of(6);
    Draft {
        bonus: person.is_multiple_of(5).then_some(150.0),
        payment_status: paid.then_some(PaymentStatus::Paid),
        payment_date: to.checked_add_days(Days::new(1)).filter(|_| paid),
        ..Draft::of(user, from, to)
    }
}

/// The first and the last day of the month before a date's.
pub(super) fn month_before(today: Date) -> (Date, Date) {
    let last = previous_day(today.with_day(1).unwrap_or(today));
    (last.with_day(1).unwrap_or(last), last)
}
