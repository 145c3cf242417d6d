//! `deletePayrollReport`: takes back a report of a period that was a mistake.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::PayrollId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{PaymentStatus, PayrollReport};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::report;
use crate::{Api, App, commit};

input! {
    pub struct Delete {
        /// The report.
        payroll_report_id: PayrollId => "payrollReportId" Path,
    }
}

pub fn api() -> Api {
    Api::delete("deletePayrollReport")
        .on::<PayrollReport>()
        .at("/v1/payrollReports/:payrollReportId")
        .reach(Reach::Admins)
        .about(
            "Takes back a report, such as one of a mistyped period, which would stand in the way of every report within it. The audit \
             log keeps it. Refused while it is paid, in whole or in part (409 PayrollPaid): set its paymentStatus first.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: Delete) -> Result<Answer> {
    let caller = ctx.clone();
    let needs = Needs::row::<PayrollReport>(input.payroll_report_id);
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, input.payroll_report_id)).await
}

fn decide(facts: &Facts, ctx: &Ctx, id: PayrollId) -> Result<(Changes, Answer)> {
    let before: PayrollReport = facts.row(id)?;
    if matches!(before.payment_status, PaymentStatus::Paid | PaymentStatus::Partial) {
        let message = "Money was paid by this report: it stays, unless its paymentStatus becomes unpaid or pending";
        return Err(Error::conflict("PayrollPaid", message));
    }
    let report = before.clone().deleted(facts.now);
    let event = report::event(facts.state, ctx, "payroll.deleted", &report).audited(Some(&before));
    Ok((Changes::none().put(&report).event(event), Answer::object(ctx, &report)))
}
