//! `reviewEodReport`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::EodReportId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, EodReport, EodStatus, Severity};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input, wire_enum};

use super::me::event;
use super::rules::check_waits;
use super::told::{report_shape, told};
use crate::reach::manages;
use crate::{Api, App, alerts, commit, people};

/// The most characters of a comment.
const COMMENTS: usize = 5_000;

wire_enum! {
    /// What a manager makes of a report.
    pub enum Review {
        Approved => "Approved",
        Rejected => "Rejected",
        NeedsRevision => "Needs Revision",
    }
}

input! {
    pub struct ReviewReport {
        /// The report.
        id: EodReportId => "id" Path,
        /// Approved, Rejected or Needs Revision.
        action: Review => "action" Body,
        /// What you say to it.
        comments: Option<String> => "comments" Body .text(),
    }
}

pub fn api() -> Api {
    Api::act("reviewEodReport")
        .named("eodReport")
        .at("/v1/eod/:id/review")
        .reach(Reach::Managers)
        .plain()
        .output(report_shape)
        .about(
            "Reviews a submitted end-of-day report; only the direct manager of whose day it was. Refused (409) unless it waits for \
             approval. With Needs Revision it goes back to its author, who can submit it again.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: ReviewReport) -> Result<Answer> {
    if input.comments.as_ref().is_some_and(|text| text.chars().count() > COMMENTS) {
        return Err(Problem::new("comments", format!("must have at most {COMMENTS} characters")).into());
    }
    let record =
        app.store.get(EodReport::def(), Some(ctx.company()), input.id.0).await?.ok_or_else(|| Error::not_found("eodReport"))?;
    let author = EodReport::from_record(record)?.user_id;
    let names = people::names(&app, &ctx, [author]).await?;
    let (act, name) = (ctx.clone(), names.of(author).to_owned());
    let about = |kind| alerts::open(ctx.company(), kind, input.id.0);
    let needs =
        Needs::row::<EodReport>(input.id).and_query(about(AlertType::EodSubmitted)).and_query(about(AlertType::ApprovalDelay));
    commit(&app, &ctx, needs, move |facts| decide(facts, &act, &input, &name)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &ReviewReport, name: &str) -> Result<(Changes, Answer)> {
    let before: EodReport = facts.row(input.id)?;
    let seen = ctx.is_admin() && before.submitted_at.is_some();
    match () {
        () if manages(facts.state, ctx, before.user_id) => {}
        // Admins see it, and it is not theirs to decide.
        () if seen => return Err(Error::forbidden("A report is reviewed by the direct manager of its author alone")),
        () => return Err(Error::not_found("eodReport")),
    }
    check_waits(before.status)?;
    let status = match input.action {
        Review::Approved => EodStatus::Approved,
        Review::Rejected => EodStatus::Rejected,
        Review::NeedsRevision => EodStatus::NeedsRevision,
    };
    let report = EodReport {
        status,
        manager_comments: input.comments.clone(),
        reviewed_by: Some(ctx.user()),
        reviewed_at: Some(facts.now),
        ..before.clone()
    }
    .touched(facts.now);
    let message = match &input.comments {
        Some(comments) => format!("Your end-of-day report of {}: {}. {comments}", report.report_date, status.as_str()),
        None => format!("Your end-of-day report of {}: {}.", report.report_date, status.as_str()),
    };
    let about = (EodReport::def().name, report.meta.id);
    let mut alert = alerts::alert(facts, AlertType::EodReviewed, report.user_id, Some(report.user_id), about, message);
    if status != EodStatus::Approved {
        alert.severity = Severity::Medium;
    }
    let settled = alerts::resolve(ctx, facts, AlertType::EodSubmitted, report.meta.id)?;
    let settled = settled.join(alerts::resolve(ctx, facts, AlertType::ApprovalDelay, report.meta.id)?);
    let event = event(facts, ctx, "eod.reviewed", &report, Some(&before));
    let changes = settled.put(&report).event(event).join(alerts::raise(ctx, &alert));
    Ok((changes, Answer::json(told(&report, name))))
}
