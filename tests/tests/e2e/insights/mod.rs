//! Insights: who sees which, what is stored of them, how they are delivered, and those that come every week.

mod live;
mod reach;
mod saving;
mod weekly;
mod writing;

use serde_json::{Value as Json, json};
use workforceos_core::DataObject;
use workforceos_core::objects::{Alert, AlertStatus, AlertType, AudienceType};
use workforceos_core::query::{Cond, Query};
use workforceos_services::insights::Generated;
use workforceos_tests::{Client, Company, Person, Reply, TestApp};

use crate::paths::{INSIGHTS, SEEN_INSIGHTS};
use crate::text;

/// A company with an employee, the employee's manager, and somebody else.
struct Scene {
    app: TestApp,
    acme: Company,
    ann: Person,
    mia: Person,
    zoe: Person,
}

impl Scene {
    async fn make(db: workforceos_tests::Db) -> Scene {
        let app = TestApp::start(db).await;
        let acme = app.company("acme", "Europe/Berlin").await;
        let (ann, mia, zoe) = (acme.employee("ann").await, acme.employee("mia").await, acme.employee("zoe").await);
        acme.manager_of(&mia, &[&ann]).await;
        acme.subscribe().await;
        Scene { app, acme, ann, mia, zoe }
    }

    /// Who has an alert about an insight, and whether it is open; in the order of their ids.
    async fn alerts(&self, insight: &Json) -> Vec<(String, bool)> {
        let kind = Cond::eq("alertType", AlertType::InsightDelivered.as_str());
        let rows = self.app.services().store.select(&Query::of(Alert::def(), self.acme.id, kind)).await.expect("reads");
        let alerts = rows.into_iter().map(|row| Alert::from_record(row).expect("an alert"));
        let about = alerts.filter(|alert| insight["id"] == alert.related_entity_id.to_string());
        let mut told: Vec<_> =
            about.map(|alert| (alert.recipient_user_id.to_string(), alert.status == AlertStatus::Open)).collect();
        told.sort();
        told
    }
}

/// A body that fits, with some fields of one's own choice.
fn body(more: Json) -> Json {
    let mut body = json!({"insightType": "lateness", "details": "Four of ten came late.",
        "applicablePeriod": {"from": "2026-05-25", "to": "2026-05-31"}});
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    body
}

/// Writes an insight by hand.
pub async fn write(who: &Client, more: Json) -> Reply {
    who.post(INSIGHTS, body(more)).await
}

/// The insight that came of it.
pub async fn made(who: &Client, more: Json) -> Json {
    write(who, more).await.ok()["aiInsight"].clone()
}

fn path(insight: &Json) -> String {
    format!("{INSIGHTS}/{}", text(insight, "id"))
}

async fn get(who: &Client, insight: &Json) -> Reply {
    who.get(&format!("{SEEN_INSIGHTS}/{}", text(insight, "id"))).await
}

/// Whether somebody finds it, in the list and by its id, which must agree.
async fn sees(who: &Client, insight: &Json) -> bool {
    let listed = who.get(&format!("{SEEN_INSIGHTS}?pageRowCount=500")).await.ok();
    let rows = listed["aiInsights"].as_array().expect("a list");
    assert_eq!(listed["paging"]["totalRowCount"], rows.len(), "{listed}");
    let found = rows.iter().any(|row| row["id"] == insight["id"]);
    let reply = get(who, insight).await;
    if !found {
        reply.clone().refused(404, "AiInsightNotFound");
    }
    assert_eq!(found, reply.status == 200, "{}", reply.text);
    found
}

/// What an agent made.
pub fn generated() -> Generated {
    Generated {
        insight_type: "absenteeism".to_owned(),
        audience_type: AudienceType::Manager,
        audience_user_id: None,
        applicable_period: json!({"from": "2026-05-25", "to": "2026-05-31"}),
        title: "Mondays are short".to_owned(),
        summary: "One in four is absent on Mondays.".to_owned(),
        details: "Five of twenty shifts on Mondays were missed.".to_owned(),
        suggestion: Some("Ask why.".to_owned()),
        period: Some("last week".to_owned()),
        chart: Some(json!({"kind": "bar", "values": [5, 15]})),
        data: None,
        figures: json!({"analyzeAbsenteeism": {"n": 20, "rate": 0.25}}),
        agent_name: "insightGenerator".to_owned(),
        provider: "builtin".to_owned(),
    }
}
