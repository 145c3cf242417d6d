//! `updatePayrollReport`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::PayrollId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{PaymentStatus, PayrollReport};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Patch, Reach, input};

use super::{problems, report};
use crate::{Api, App, commit};

input! {
    pub struct Update {
        /// The report.
        payroll_report_id: PayrollId => "payrollReportId" Path,
        /// Added to the pay, at least 0; null takes it away.
        bonus: Patch<f64> => "bonus" Body,
        /// Taken from the pay, at least 0; null takes it away.
        deduction: Patch<f64> => "deduction" Body,
        /// Notes that the employee does not see; null clears them.
        notes: Patch<String> => "notes" Body,
        /// paid, unpaid, partial or pending.
        payment_status: Option<PaymentStatus> => "paymentStatus" Body,
        /// When it was paid; null clears it.
        payment_date: Patch<Date> => "paymentDate" Body,
    }
}

pub fn api() -> Api {
    Api::update("updatePayrollReport")
        .on::<PayrollReport>()
        .at("/v1/payrollReports/:payrollReportId")
        .reach(Reach::Admins)
        .about(
            "Changes bonus, deduction, notes and payment of a report. The hours and what was earned stay as they were calculated; the \
             pay follows bonus and deduction, which of a paid report stay (409 PayrollPaid) until its paymentStatus is another.",
        )
        .handler(handle)
        .also(|_, _, parts| async move { Ok(problems::of_change(&parts)) })
}

async fn handle(app: Arc<App>, ctx: Ctx, input: Update) -> Result<Answer> {
    let caller = ctx.clone();
    let needs = Needs::row::<PayrollReport>(input.payroll_report_id);
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &Update) -> Result<(Changes, Answer)> {
    let before: PayrollReport = facts.row(input.payroll_report_id)?;
    let mut report = before.clone();
    report.bonus = input.bonus.clone().over(report.bonus);
    report.deduction = input.deduction.clone().over(report.deduction);
    report.notes = input.notes.clone().over(report.notes);
    report.payment_status = input.payment_status.unwrap_or(report.payment_status);
    report.payment_date = input.payment_date.clone().over(report.payment_date);
    Error::none_of(report::amount_problems(report.bonus, report.deduction))?;
    if (report.bonus, report.deduction) != (before.bonus, before.deduction) {
        if before.payment_status == PaymentStatus::Paid && report.payment_status == PaymentStatus::Paid {
            return Err(report::paid());
        }
        report::settle(&mut report)?;
    }
    let report = report.touched(facts.now);
    let event = report::event(facts.state, ctx, "payroll.updated", &report).audited(Some(&before));
    Ok((Changes::none().put(&report).event(event), Answer::object(ctx, &report)))
}
