//! `getAiInsight`, `listAiInsights`: admins see all of the company; managers what is about their reports; everybody what is for
//! them, or for everybody like them.

use std::sync::Arc;

use serde_json::Value as Json;
use uuid::Uuid;
use workforceos_core::answer::{Answer, Data, Row, RowView};
use workforceos_core::error::Error;
use workforceos_core::filter::ListQuery;
use workforceos_core::object::{DataObject, Level, Record};
use workforceos_core::objects::{AiInsight, AudienceType, InsightStatus};
use workforceos_core::query::{Cond, Query, order};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, Value, input};
use workforceos_store::Found;

use super::weekly;
use crate::{Api, App, crud};

/// The most insights on a board.
const MAX_LATEST: u64 = 10;
/// What a board tells of an insight; the rest is a call away.
const ON_BOARD: &[&str] =
    &["id", "insightType", "audienceType", "audienceUserId", "applicablePeriod", "title", "summary", "aiStatus", "deliveredTime"];

input! {
    pub struct GetAiInsight {
        /// The insight.
        id: String => "id" Path,
    }
}

pub fn get() -> Api {
    Api::get("getAiInsight")
        .on::<AiInsight>()
        .at("/v1/insights/:id")
        .reach(Reach::Own)
        .about(
            "One insight with its text, chart, data and the figures behind it. Admins see every insight of the company, others \
             those that listAiInsights gives them.",
        )
        .reader(|app: Arc<App>, ctx: Ctx, input: GetAiInsight, query: ListQuery| async move {
            let id = Uuid::try_parse(input.id.trim()).map_err(|_| Error::not_found(AiInsight::def().name))?;
            Ok(with_figures(&ctx, crud::one(&app, &ctx, AiInsight::def(), id, rows(&ctx), query).await?))
        })
}

pub fn list() -> Api {
    Api::list("listAiInsights")
        .on::<AiInsight>()
        .at("/v1/insights")
        .reach(Reach::Own)
        .about(
            "Insights about the company's people and shifts, the newest first. Admins see all of them; managers those about \
             their reports (audienceType employee), what they wrote for them, those for themselves and those for all managers; \
             everybody those addressed to them and those for all employees or the whole company. applicablePeriod=2026-01-31 \
             finds those whose period contains that day.",
        )
        .reader(|app: Arc<App>, ctx: Ctx, _: (), query: ListQuery| async move {
            Ok(with_figures(&ctx, crud::page(&app, &ctx, AiInsight::def(), rows(&ctx), query).await?))
        })
}

/// Figures may tell of more people than the reader reaches. Who had them computed knows them anyway, and so does the manager for
/// whom the clock had them computed, as the job's key says: they read the whole row.
pub fn with_figures(ctx: &Ctx, mut answer: Answer) -> Answer {
    let own = |record: &Record| {
        let me = Value::Id(ctx.user().0);
        let made_for_me = || record.get("jobKey").as_text().is_some_and(|key| weekly::is_of(key, ctx.user()));
        *record.get("_owner") == me || (*record.get("audienceUserId") == me && made_for_me())
    };
    let raise = |row: &mut Row| {
        if own(&row.record) {
            row.level = Level::Admin;
        }
    };
    match &mut answer.data {
        Data::One(row) => raise(row),
        Data::Many(rows) => rows.iter_mut().for_each(raise),
        Data::Json(_) | Data::Plain(_) => {}
    }
    answer
}

/// The insights that the caller may see.
pub fn rows(ctx: &Ctx) -> Cond {
    if ctx.is_admin() {
        return Cond::TRUE;
    }
    let mut kinds = vec![AudienceType::Employee, AudienceType::Company];
    if ctx.is_manager() {
        kinds.push(AudienceType::Manager);
    }
    let kinds = kinds.into_iter().map(|kind| kind.as_str().into()).collect();
    let for_all = Cond::All(vec![Cond::IsNull("audienceUserId"), Cond::In("audienceType", kinds)]);
    let own = Cond::eq("audienceUserId", ctx.user().0);
    // What is for a report as a manager tells of people whom the caller may not reach.
    let about = Cond::eq("audienceType", AudienceType::Employee.as_str());
    let written = Cond::eq("_owner", ctx.user().0);
    let of_reports = Cond::id_in("audienceUserId", &ctx.reached_users()).and(Cond::Any(vec![about, written]));
    // What is still to be written is nothing to read.
    Cond::All(vec![Cond::IsNull("workAt"), Cond::Any(vec![own, of_reports, for_all])])
}

/// The latest delivered insights that the caller may see, for a board that is to have such.
pub fn latest(ctx: &Ctx, such: Cond) -> Query {
    let delivered = Cond::eq("aiStatus", InsightStatus::Delivered.as_str());
    let query = Query::of(AiInsight::def(), ctx.company(), such.and(rows(ctx)).and(delivered));
    Query { order: order(AiInsight::def(), "-createdAt,-id"), limit: MAX_LATEST, ..query }
}

/// An insight as a board shows it.
pub fn on_board(ctx: &Ctx, found: Found) -> Json {
    let row = Row::seen_by(ctx, found.record);
    serde_json::to_value(RowView { row: &row, fields: Some(ON_BOARD), masked: false }).unwrap_or_default()
}
