//! `createPayrollReport`.

use std::sync::Arc;

use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::id::UserId;
use workforceos_core::objects::{PaymentStatus, PayrollReport};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Reach, input};

use super::problems;
use super::report::{self, Draft};
use crate::{Api, App, commit};

input! {
    pub struct Create {
        /// Whose report it is.
        user_id: UserId => "userId" Body,
        /// The first day, company-local.
        period_start: Date => "periodStart" Body,
        /// The last day, at most 366 days on.
        period_end: Date => "periodEnd" Body,
        /// Added to the pay, at least 0.
        bonus: Option<f64> => "bonus" Body,
        /// Taken from the pay, at least 0.
        deduction: Option<f64> => "deduction" Body,
        /// Notes that the employee does not see.
        notes: Option<String> => "notes" Body,
        /// pending unless given.
        payment_status: Option<PaymentStatus> => "paymentStatus" Body,
        /// When it was paid.
        payment_date: Option<Date> => "paymentDate" Body,
        /// Whether a report that is paid is calculated anew all the same.
        recalculate: Option<bool> => "recalculate" Body,
    }
}

pub fn api() -> Api {
    let mut api = Api::create("createPayrollReport")
        .on::<PayrollReport>()
        .at("/v1/payrollreports")
        .reach(Reach::Admins)
        .about(
            "Calculates what a user worked and earned in a period from attendance, approved leave, holidays, the profile's salary and \
             the policy of now. Done again for the same period it recalculates and answers 200; what is left out then stays. Refused \
             for a period that overlaps another of the user's (409 PeriodOverlap), for a paid report without recalculate \
             (409 PayrollPaid) and for a user without a profile (409 ProfileMissing).",
        )
        .handler(handle)
        .also(problems::of_new);
    api.effect.idempotent = true;
    api
}

async fn handle(app: Arc<App>, ctx: Ctx, input: Create) -> Result<Answer> {
    let draft = Draft {
        user: input.user_id,
        from: input.period_start,
        to: input.period_end,
        bonus: input.bonus,
        deduction: input.deduction,
        notes: input.notes,
        payment_status: input.payment_status,
        payment_date: input.payment_date,
        recalculate: input.recalculate.unwrap_or(false),
    };
    let (caller, needs) = (ctx.clone(), report::needs(ctx.company(), draft.user, draft.from, draft.to));
    commit(&app, &ctx, needs, move |facts| {
        let (changes, report, new) = report::draw_up(facts, &caller, &draft)?;
        let answer = Answer::object(&caller, &report);
        Ok((changes, Answer { status: (!new).then_some(200), ..answer }))
    })
    .await
}
