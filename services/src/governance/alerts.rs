//! Alerts as their recipients see them: `listAlerts`, `resolveAlert`.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::AlertId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Alert, AlertStatus, AlertType, EmailStatus, Severity};
use workforceos_core::query::{Cond, Query, order};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use crate::{Api, App, alerts, commit, shape};

/// The most alerts of a list.
const NEWEST: u64 = 100;

input! {
    pub struct Which {
        /// OPEN or RESOLVED alone; both unless said otherwise.
        status: Option<AlertStatus> => "status" Query,
    }
}

pub fn list() -> Api {
    Api::list("listAlerts")
        .named("alerts")
        .at("/v1/alerts")
        .reach(Reach::Member)
        .any_tenant()
        .plain()
        .output(|| shape::list(alert_shape(), "Your newest alerts."))
        .about("Your own alerts, the newest 100 first: open and resolved ones, or those of a status.")
        .handler(newest)
}

async fn newest(app: Arc<App>, ctx: Ctx, input: Which) -> Result<Answer> {
    let status = input.status.map_or(Cond::TRUE, |status| Cond::eq("status", status.as_str()));
    let own = Query::of(Alert::def(), ctx.company(), Cond::eq("recipientUserId", ctx.user().0).and(status));
    let query = Query { order: order(Alert::def(), "-createdAt,-id"), limit: NEWEST, ..own };
    let found = app.store.select(&query).await?.into_iter().map(Alert::from_record);
    Ok(Answer::json(found.map(|alert| alert.map(|alert| told(&alert))).collect::<Result<_>>()?))
}

input! {
    pub struct Resolve {
        /// The alert.
        id: AlertId => "id" Path,
    }
}

pub fn resolve() -> Api {
    Api::update("resolveAlert")
        .named("alert")
        .at("/v1/alerts/:id/resolve")
        .reach(Reach::Member)
        .any_tenant()
        .plain()
        .output(alert_shape)
        .about("Resolves one of your own alerts. One that is resolved already stays as it is.")
        .handler(settle)
}

async fn settle(app: Arc<App>, ctx: Ctx, input: Resolve) -> Result<Answer> {
    let act = ctx.clone();
    commit(&app, &ctx, Needs::row::<Alert>(input.id), move |facts| decide(facts, &act, input.id)).await
}

fn decide(facts: &Facts, ctx: &Ctx, id: AlertId) -> Result<(Changes, Answer)> {
    let alert: Alert = facts.any(id)?.filter(|alert: &Alert| alert.meta.is_active).ok_or_else(|| Error::not_found("alert"))?;
    if alert.recipient_user_id != ctx.user() {
        return Err(Error::forbidden("An alert is resolved by whom it is for"));
    }
    if alert.status == AlertStatus::Resolved {
        return Ok((Changes::none(), Answer::json(told(&alert))));
    }
    let (changes, alert) = alerts::acknowledged(ctx, facts, alert);
    Ok((changes, Answer::json(told(&alert))))
}

fn told(alert: &Alert) -> Json {
    json!({
        "id": alert.meta.id.to_string(), "alert_type": alert.alert_type.as_str(), "severity": alert.severity.as_str(),
        "recipient_user_id": alert.recipient_user_id.to_string(), "related_entity_type": alert.related_entity_type,
        "related_entity_id": alert.related_entity_id.to_string(), "email_status": alert.email_status.as_str(),
        "status": alert.status.as_str(), "title": alert.title, "message": alert.message,
        "created_at": alert.meta.created_at.to_string(), "resolved_at": alert.resolved_at.map(|at| at.to_string()),
    })
}

fn alert_shape() -> Json {
    shape::object(
        "An alert.",
        [
            ("id", shape::id("The alert.")),
            ("alert_type", shape::one_of(AlertType::NAMES, "What it is about.")),
            ("severity", shape::one_of(Severity::NAMES, "How pressing it is.")),
            ("recipient_user_id", shape::id("Who should look.")),
            ("related_entity_type", shape::text("The kind of object that it is about.")),
            ("related_entity_id", shape::id("That object.")),
            ("email_status", shape::one_of(EmailStatus::NAMES, "What became of its e-mail.")),
            ("status", shape::one_of(AlertStatus::NAMES, "OPEN or RESOLVED.")),
            ("title", shape::text("One line.")),
            ("message", shape::text("A sentence or two.")),
            ("created_at", shape::instant("When it was raised.")),
            ("resolved_at", shape::or_null(shape::instant("When it was resolved; null while it is open."))),
        ],
    )
}
