//! Approved leave, which explains absences.

use std::collections::BTreeMap;

use workforceos_core::error::Result;
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{DayPart, LeaveRequest, LeaveStatus};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;

use super::asked::{Period, Whose};
use super::pages::{Bound, Pages};
use crate::App;

/// Approved leave by person.
#[derive(Clone, Debug, Default)]
pub struct Away(BTreeMap<UserId, Vec<(Date, Date, DayPart)>>);

impl Away {
    /// The approved leave that falls into a period.
    pub async fn read(app: &App, ctx: &Ctx, whose: &Whose, period: Period, bound: Bound) -> Result<Away> {
        let mut away = Away::default();
        approved(app, ctx, (whose, period, bound), |r| {
            away.0.entry(r.user_id).or_default().push((r.start_date, r.end_date, r.day_part));
        })
        .await?;
        Ok(away)
    }

    /// Whether somebody was on leave for a day or a part of it.
    pub fn any(&self, user: UserId, date: Date) -> bool {
        self.0.get(&user).is_some_and(|leave| leave.iter().any(|(from, to, _)| (*from..=*to).contains(&date)))
    }

    /// Whether somebody was on leave for a whole day, in one piece or in two halves.
    pub fn all_day(&self, user: UserId, date: Date) -> bool {
        let has =
            |part| self.0.get(&user).is_some_and(|l| l.iter().any(|(from, to, p)| (*from..=*to).contains(&date) && *p == part));
        has(DayPart::Full) || (has(DayPart::FirstHalf) && has(DayPart::SecondHalf))
    }
}

/// Gives each approved request that falls into a period to `take`.
pub async fn approved(
    app: &App,
    ctx: &Ctx,
    (whose, period, bound): (&Whose, Period, Bound),
    mut take: impl FnMut(LeaveRequest),
) -> Result<()> {
    let overlapping = Cond::Cmp("startDate", Op::Lte, period.to.into()).and(Cond::Cmp("endDate", Op::Gte, period.from.into()));
    let cond = overlapping.and(Cond::eq("status", LeaveStatus::Approved.as_str())).and(whose.cond("userId"));
    let pages = Pages::of(app, Query::of(LeaveRequest::def(), ctx.company(), cond), whose, "-startDate,id");
    let keep = |record| {
        let request = LeaveRequest::from_record(record)?;
        let kept = whose.includes(request.user_id);
        if kept {
            take(request);
        }
        Ok(kept)
    };
    pages.each(bound, "requests for leave", keep).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_opposite_halves_are_a_day() {
        let user = UserId(uuid::Uuid::from_u128(1));
        let day = |d: u32| Date::from_ymd_opt(2026, 6, d).expect("a date");
        let away = Away(BTreeMap::from([(
            user,
            vec![
                (day(1), day(3), DayPart::Full),
                (day(5), day(5), DayPart::FirstHalf),
                (day(5), day(5), DayPart::SecondHalf),
                (day(8), day(8), DayPart::FirstHalf),
            ],
        )]));
        let off: Vec<bool> = [1, 3, 4, 5, 8].into_iter().map(|d| away.all_day(user, day(d))).collect();
        assert_eq!(off, [true, true, false, true, false]);
        assert!(!away.all_day(UserId(uuid::Uuid::from_u128(2)), day(1)));
    }
}
