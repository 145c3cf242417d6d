//! What a client is told beside its results: that a result was cut, and by which id the log knows a call that failed.
//!
//! In a session its client says from which level on (`logging/setLevel`); without one each request does, or is told nothing.
//! Names of tools, ids of requests and codes of errors go out, never what a call was about.
#![expect(deprecated, reason = "the revisions with sessions have logging, and clients use it")]

use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam};
use serde_json::{Value as Json, json};

use crate::handler::{Context, has_sessions};
use crate::server::ToolOutcome;
use crate::session::Session;

/// How much a message matters, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

/// Who writes.
const LOGGER: &str = "workforceos";

/// From which level on a request's client is told; `None`: nothing.
fn threshold(context: &Context, session: &Session) -> Option<Level> {
    match has_sessions(context) {
        true => Some(session.level().unwrap_or(Level::Warning)),
        false => context.meta.log_level().map(Level::of),
    }
}

/// Sends a message, if the client wants to hear of its level. One that cannot be sent is nobody's failure.
pub(crate) async fn log(context: &Context, session: &Session, level: Level, data: Json) {
    if threshold(context, session).is_some_and(|least| level >= least) {
        let message = LoggingMessageNotificationParam::new(level.on_the_wire(), data).with_logger(LOGGER);
        let _ = context.peer.notify_logging_message(message).await;
    }
}

/// What is to be said of a call that is over.
pub(crate) fn remark(tool: &str, request_id: &str, outcome: &ToolOutcome) -> Option<(Level, Json)> {
    if outcome.is_error {
        let failure: Json = serde_json::from_str(&outcome.text).unwrap_or_default();
        let (level, message) = match outcome.status {
            500.. => (Level::Error, "The tool failed"),
            _ => (Level::Info, "The tool refused the call"),
        };
        let told = json!({"message": message, "tool": tool, "errCode": failure["errCode"], "requestId": request_id});
        return Some((level, told));
    }
    // Looked for before it is read: hardly a result is cut.
    let cut = outcome.text.contains("\"truncated\":")
        && serde_json::from_str::<Json>(&outcome.text).is_ok_and(|result| result["truncated"].is_string());
    let told = || json!({"message": "The result was cut: it says how to get the rest", "tool": tool, "requestId": request_id});
    cut.then(|| (Level::Warning, told()))
}

impl Level {
    pub fn of(level: LoggingLevel) -> Level {
        match level {
            LoggingLevel::Debug => Level::Debug,
            LoggingLevel::Info => Level::Info,
            LoggingLevel::Notice => Level::Notice,
            LoggingLevel::Warning => Level::Warning,
            LoggingLevel::Error => Level::Error,
            LoggingLevel::Critical => Level::Critical,
            LoggingLevel::Alert => Level::Alert,
            LoggingLevel::Emergency => Level::Emergency,
        }
    }

    fn on_the_wire(self) -> LoggingLevel {
        match self {
            Level::Debug => LoggingLevel::Debug,
            Level::Info => LoggingLevel::Info,
            Level::Notice => LoggingLevel::Notice,
            Level::Warning => LoggingLevel::Warning,
            Level::Error => LoggingLevel::Error,
            Level::Critical => LoggingLevel::Critical,
            Level::Alert => LoggingLevel::Alert,
            Level::Emergency => LoggingLevel::Emergency,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: Json, status: u16) -> ToolOutcome {
        ToolOutcome { text: text.to_string(), structured: None, is_error: status >= 400, status }
    }

    #[test]
    fn failures_name_the_request_and_nothing_of_what_it_was_about() {
        let failed = outcome(json!({"errCode": "InternalError", "message": "salary 4000", "status": 500}), 500);
        let (level, told) = remark("getUser", "r-1", &failed).expect("a remark");
        assert_eq!(level, Level::Error);
        assert_eq!(
            told,
            json!({"message": "The tool failed", "tool": "getUser", "errCode": "InternalError", "requestId": "r-1"})
        );
        let refused = outcome(json!({"errCode": "Forbidden", "message": "not for Jane"}), 403);
        let (level, told) = remark("getUser", "r-1", &refused).expect("a remark");
        assert!(level == Level::Info && !told.to_string().contains("Jane"));
    }

    #[test]
    fn a_cut_result_is_worth_a_warning() {
        let cut = outcome(json!({"shifts": [], "truncated": "Only the first 3 rows"}), 200);
        assert_eq!(remark("listShifts", "r", &cut).map(|(level, _)| level), Some(Level::Warning));
        let whole = outcome(json!({"note": "\"truncated\": yes", "shifts": []}), 200);
        assert_eq!(remark("listShifts", "r", &whole), None);
    }
}
