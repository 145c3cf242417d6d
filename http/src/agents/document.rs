//! The insight agents' part of the OpenAPI document.

use serde_json::{Value as Json, json};

use super::Question;
use crate::openapi::{answering, idempotency_key, of_type, operation, parameter};
use crate::sent;

/// Path, method and operation of each route.
pub fn operations() -> [(&'static str, &'static str, Json); 5] {
    let analytics = "Makes one insight from the computed analytics that the caller may use, as the caller: worded by a model where one is \
                     configured and what it writes holds against the figures, else by the server. Needs the subscription's aiAnalytics.";
    let hub = "As generateInsight, by the other insight agent.";
    let id = json!({"parameters": [parameter("id", "path", true, json!({"type": "string"}), "The insight's id.")]});
    let about = "An insight's chart as a picture, for those who may read the insight; 404 if it has none.";
    [
        ("/aiworkforceanalytics-api/ai-insight/generate", "post", whole("generateInsight", analytics)),
        ("/aiworkforceanalytics-api/ai-insight/generate/stream", "post", streamed("streamInsight")),
        ("/agenthub-api/agents/workforceInsightGenerator", "post", whole("generateWorkforceInsight", hub)),
        ("/agenthub-api/agents/workforceInsightGenerator/stream", "post", streamed("streamWorkforceInsight")),
        (
            "/aiworkforceanalytics-api/v1/insights/{id}/chart.svg",
            "get",
            of_type(operation("insightChart", "Chart of an insight", about, id), "image/svg+xml"),
        ),
    ]
}

fn whole(id: &str, about: &str) -> Json {
    let text = |about: &str| json!({"type": "string", "description": about});
    let data = json!({"type": "object", "properties": {
        "response": text("The insight as JSON: {title, summary, insightType, audienceType, chart?, data?, suggestion?, period}."),
        "conversationId": text("What came with the question."),
        "provider": text("Who served the model: openai or anthropic; builtin: worded by the server from the figures alone."),
    }});
    answering(operation(id, "Generate an insight", about, asked()), json!({"success": {"type": "boolean"}, "data": data}))
}

fn streamed(id: &str) -> Json {
    let about = "The same as text/event-stream: `chunk {content}`…, then `complete {}`, or `error {message}`. Nothing goes out before all \
                 of it was checked; who leaves ends the work.";
    of_type(operation(id, "Generate an insight, streamed", about, asked()), "text/event-stream")
}

fn asked() -> Json {
    let mut asked = sent::described::<Question>();
    asked["parameters"] = json!([idempotency_key("The insight is made once")]);
    asked
}
