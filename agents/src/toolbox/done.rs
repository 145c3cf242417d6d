//! What a call came to, for each of its readers: the page, the conversation's record, and the model.

use serde_json::{Map, Value as Json, json};
use workforceos_mcp::ToolOutcome;

use super::Tools;
use crate::tools::Done;

impl Tools {
    pub(super) fn done(&self, tool: &str, outcome: &ToolOutcome, page: Option<Json>) -> Done {
        let about = self.dispatch.registry.by_name(tool).and_then(|api| api.object);
        let model = self.names().hide_result(&outcome.text, about);
        if outcome.is_error {
            // What no tool is called is of no service.
            let service = self.tools.knows(tool).then(|| self.tools.service(tool));
            let failure = failed(service, tool, &outcome.text);
            let error = failure["error"].as_str().map(str::to_owned);
            return Done { success: false, page: failure.clone(), kept: failure, model, error };
        }
        let service = self.tools.service(tool);
        let told = |text: &str| {
            let result = json!({"content": [{"type": "text", "text": text}]});
            json!({"success": true, "service": service, "tool": tool, "result": result})
        };
        let kept = told(&outcome.text);
        let page = page.map_or_else(|| kept.clone(), |page| told(&page.to_string()));
        Done { success: true, page, kept, model, error: None }
    }
}

/// A failure as pages get it: in the shape of every result, and beside it what plain REST's tool layer answers.
fn failed(service: Option<&str>, tool: &str, text: &str) -> Json {
    let mut failure = serde_json::from_str::<Map<String, Json>>(text).unwrap_or_default();
    let result = json!({"content": [{"type": "text", "text": text}]});
    let error = failure.remove("message");
    let mut body = json!({"success": false, "service": service, "tool": tool, "result": result, "error": error});
    for beside in ["errCode", "status", "detail", "hint", "retryAfterSeconds", "requestId"] {
        if let Some(value) = failure.remove(beside) {
            body[beside] = value;
        }
    }
    body
}

/// Says of a call that failed that a name in it was never given.
pub fn advise(outcome: &mut ToolOutcome, unknown: &[String]) {
    if unknown.is_empty() || !matches!(outcome.status, 400 | 404) {
        return;
    }
    let Ok(Json::Object(mut failure)) = serde_json::from_str(&outcome.text) else { return };
    let before = failure.get("hint").and_then(Json::as_str).map(|hint| format!(" {hint}")).unwrap_or_default();
    let names = unknown.join(", ");
    let hint = format!("No such name was given: {names}. Use names exactly as results have shown them.{before}");
    failure.insert("hint".to_owned(), json!(hint));
    outcome.text = Json::Object(failure).to_string();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_the_shape_of_every_result() {
        let text = json!({"status": 404, "errCode": "ShiftNotFound", "message": "There is no such shift"}).to_string();
        let content = json!({"content": [{"type": "text", "text": text}]});
        let expected = json!({
            "success": false, "service": "scheduleManagement", "tool": "getShift", "result": content,
            "error": "There is no such shift", "errCode": "ShiftNotFound", "status": 404,
        });
        assert_eq!(failed(Some("scheduleManagement"), "getShift", &text), expected);
        assert_eq!(failed(None, "noTool", &text)["service"], Json::Null);
    }
}
