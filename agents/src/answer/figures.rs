//! What is counted of answers. Never what they say.

use std::time::Duration;

use super::Outcome;

/// Counts an answer as running for as long as it lives.
pub(super) struct Counted;

impl Counted {
    pub fn new() -> Counted {
        metrics::gauge!("workforceos_answers_running").increment(1);
        Counted
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("workforceos_answers_running").decrement(1);
    }
}

/// The time from an answer's start to its first text.
pub(super) fn first_text(after: Duration) {
    metrics::histogram!("workforceos_answer_first_text_seconds").record(after);
}

pub(super) fn tool_call(success: bool) {
    metrics::counter!("workforceos_answer_tool_calls_total", "success" => if success { "true" } else { "false" }).increment(1);
}

pub(super) fn failure(kind: &'static str) {
    metrics::counter!("workforceos_answer_failures_total", "kind" => kind).increment(1);
}

pub(super) fn ended(outcome: &Outcome) {
    metrics::counter!("workforceos_answers_total", "finish" => outcome.finish.as_str()).increment(1);
    metrics::counter!("workforceos_answer_tokens_total", "kind" => "prompt").increment(outcome.usage.prompt);
    metrics::counter!("workforceos_answer_tokens_total", "kind" => "completion").increment(outcome.usage.completion);
}
