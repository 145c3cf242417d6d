//! Arguments about insights.

use serde_json::{Value as Json, json};

use super::world::Side;
use crate::insights::generated;
use crate::paths::INSIGHTS;
use crate::text;

pub async fn arguments(side: &Side, api: &str) -> Option<Json> {
    let ann = side.ann.text();
    let period = json!({"from": "2026-05-25", "to": "2026-05-31"});
    Some(match api {
        "createAiInsight" => {
            json!({"insightType": "lateness", "audienceUserId": ann, "applicablePeriod": period, "details": "Four of ten came late."})
        }
        "updateAiInsight" => json!({"aiInsightId": insight(side).await, "title": "Late", "audienceUserId": ann}),
        "deleteAiInsight" => json!({"aiInsightId": insight(side).await}),
        "getAiInsight" => json!({"id": insight(side).await}),
        "listAiInsights" => json!({}),
        // Whoever saves it saves it for themselves, or for a whole audience.
        "saveInsight" => {
            json!({"title": "Late", "summary": "Four of ten.", "insightType": "lateness", "audienceType": "manager",
                "applicablePeriod": period, "details": "Four of ten came late."})
        }
        "saveAiInsight" => {
            for person in [&side.ann, &side.mia, &side.eve, &side.company.owner] {
                side.company.generated(person, generated()).await;
            }
            json!({"insightType": "lateness"})
        }
        _ => return None,
    })
}

/// An insight for the employee.
async fn insight(side: &Side) -> String {
    let body = json!({"insightType": "lateness", "audienceUserId": side.ann.text(), "details": "Four of ten came late.",
        "applicablePeriod": {"from": "2026-05-25", "to": "2026-05-31"}, "aiStatus": "delivered"});
    text(&side.company.owner.post(INSIGHTS, body).await.ok()["aiInsight"], "id")
}
