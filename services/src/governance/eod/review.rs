//! `reviewEodReport`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::EodReportId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, EodReport, EodStatus, Severity};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::me::event;
use super::rules::{Review, check_waits, reviewed, text_problem};
use super::told::{report_shape, told};
use crate::reach::manages;
use crate::{Api, App, alerts, commit, people};

input! {
    pub struct ReviewReport {
        /// The report.
        id: EodReportId => "id" Path,
        /// Approved, Rejected or Needs Revision.
        action: Review => "action" Body,
        /// What you say to it, at most 5,000 characters.
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
        .also(|_, _, parts| async move {
            let comments = parts.get::<Option<String>>("comments").flatten();
            Ok(text_problem("comments", comments.as_deref()).into_iter().collect())
        })
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: ReviewReport) -> Result<Answer> {
    Error::none_of(text_problem("comments", input.comments.as_deref()).into_iter().collect())?;
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
    if !manages(facts.state, ctx, before.user_id) {
        return Err(Error::forbidden("A report is reviewed by the direct manager of its author alone"));
    }
    check_waits(before.status)?;
    let report = reviewed(before.clone(), input.action, input.comments.clone(), ctx.user(), facts.now).touched(facts.now);
    let told_of = format!("Your end-of-day report of {}: {}.", report.report_date, report.status.as_str());
    let message = input.comments.iter().fold(told_of, |told, comments| format!("{told} {comments}"));
    let about = (EodReport::def().name, report.meta.id);
    let mut alert = alerts::alert(facts, AlertType::EodReviewed, report.user_id, Some(report.user_id), about, message);
    if report.status != EodStatus::Approved {
        alert.severity = Severity::Medium;
    }
    let settled = alerts::resolve(ctx, facts, AlertType::EodSubmitted, report.meta.id)?;
    let settled = settled.join(alerts::resolve(ctx, facts, AlertType::ApprovalDelay, report.meta.id)?);
    let event = event(facts, ctx, "eod.reviewed", &report, Some(&before));
    let changes = settled.put(&report).event(event).join(alerts::raise(ctx, &alert));
    Ok((changes, Answer::json(told(&report, name))))
}
