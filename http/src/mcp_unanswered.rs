//! How much a client of MCP's first transport may ask for without taking it: its answers wait in memory.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::mpsc::Receiver;
use futures_util::StreamExt;
use futures_util::future::poll_fn;
use rmcp::model::{ClientJsonRpcMessage, ClientNotification, RequestId, ServerJsonRpcMessage};
use workforceos_core::error::{Error, Result, Status};

/// Requests of a session that may wait for their answers.
const UNANSWERED: usize = 64;

/// The requests of a session whose answers were not taken yet.
#[derive(Clone, Default)]
pub struct Unanswered(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    asked: HashSet<RequestId>,
    /// Whether they have an answer, which waits, or get none, cannot be told before there is none left to take.
    cancelled: HashSet<RequestId>,
}

impl Unanswered {
    /// Notes what a client says, if there is room for it.
    pub fn asked(&self, message: &ClientJsonRpcMessage) -> Result<()> {
        let mut waiting = self.waiting();
        match message {
            ClientJsonRpcMessage::Request(_) if waiting.asked.len() + waiting.cancelled.len() >= UNANSWERED => {
                let message = "Read the answers first: too many requests of this session wait for theirs";
                return Err(Error::rate_limited(1, message));
            }
            ClientJsonRpcMessage::Request(request) => {
                if !waiting.asked.insert(request.id.clone()) {
                    let message = "A request with this id waits for its answer";
                    return Err(Error::new(Status::Invalid, "ValidationFailed", message));
                }
            }
            ClientJsonRpcMessage::Notification(notice) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notice.notification
                    && let Some(id) = cancelled.params.request_id.as_ref().and_then(|id| waiting.asked.take(id))
                {
                    waiting.cancelled.insert(id);
                }
            }
            ClientJsonRpcMessage::Response(_) | ClientJsonRpcMessage::Error(_) => {}
        }
        Ok(())
    }

    /// Notes what a client has taken.
    fn answered(&self, message: &ServerJsonRpcMessage) {
        let id = match message {
            ServerJsonRpcMessage::Response(response) => Some(&response.id),
            ServerJsonRpcMessage::Error(error) => error.id.as_ref(),
            ServerJsonRpcMessage::Request(_) | ServerJsonRpcMessage::Notification(_) => None,
        };
        if let Some(id) = id {
            let mut waiting = self.waiting();
            waiting.asked.remove(id);
            waiting.cancelled.remove(id);
        }
    }

    /// The next that a client takes.
    pub async fn next(&self, answers: &mut Receiver<ServerJsonRpcMessage>) -> Option<ServerJsonRpcMessage> {
        let next = poll_fn(|cx| {
            let next = answers.poll_next_unpin(cx);
            if next.is_pending() {
                self.all_taken();
            }
            next
        });
        next.await.inspect(|message| self.answered(message))
    }

    /// A client has taken all that there was.
    fn all_taken(&self) {
        self.waiting().cancelled.clear();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn so_many_requests_wait_for_their_answers() {
        let waiting = Unanswered::default();
        let message = |json: Json| serde_json::from_value::<ClientJsonRpcMessage>(json).expect("a message");
        let ping = |id: usize| waiting.asked(&message(json!({"jsonrpc": "2.0", "id": id, "method": "ping"})));
        let code = |refused: Result<()>| refused.expect_err("refused").code;
        assert_eq!((ping(0).is_ok(), &*code(ping(0))), (true, "ValidationFailed"), "one of an id at a time");
        assert!((1..UNANSWERED).all(|id| ping(id).is_ok()));
        assert_eq!(code(ping(UNANSWERED)), "RateLimited");
        let answer = serde_json::from_value(json!({"jsonrpc": "2.0", "id": 7, "result": {}})).expect("an answer");
        waiting.answered(&answer);
        assert!(ping(UNANSWERED).is_ok() && ping(UNANSWERED + 1).is_err());
        // What is cancelled may have its answer already, which waits to be taken.
        let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 8}});
        assert!(waiting.asked(&message(cancelled)).is_ok() && ping(UNANSWERED + 1).is_err());
        waiting.all_taken();
        assert!(ping(UNANSWERED + 1).is_ok() && ping(UNANSWERED + 2).is_err());
    }
}
