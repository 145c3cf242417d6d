//! Tool calls that wait until the user says yes or no.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use workforceos_core::error::{Error, Result};

/// How long a call waits for its approval.
pub const APPROVAL: Duration = Duration::from_secs(600);

/// The approvals that an answer asked for, by id; none if answered.
#[derive(Default)]
pub(super) struct Approvals(Mutex<HashMap<String, Option<oneshot::Sender<bool>>>>);

impl Approvals {
    /// A new approval, and where its answer will come.
    pub fn ask(&self) -> (String, oneshot::Receiver<bool>) {
        // Of no order and not to be guessed: whoever knows it has read it.
        let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string();
        let (sender, receiver) = oneshot::channel();
        self.lock().insert(id.clone(), Some(sender));
        (id, receiver)
    }

    pub fn has(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// # Errors
    /// 404 if nothing waits under that id, 409 if it was answered, or came too late.
    pub fn answer(&self, id: &str, yes: bool) -> Result<()> {
        let mut all = self.lock();
        let waiting = all.get_mut(id).ok_or_else(unknown)?;
        let over = || Error::conflict("ApprovalAnswered", "That call was approved or declined already, or waits no longer");
        waiting.take().ok_or_else(over)?.send(yes).map_err(|_| over())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Option<oneshot::Sender<bool>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn unknown() -> Error {
    Error::not_found("approval")
}
