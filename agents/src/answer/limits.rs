//! What cuts an answer off while it waits for something.

use std::future::Future;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::provider::Failure;

/// Why an answer ends before the model has finished.
#[derive(Debug)]
pub(super) enum Cut {
    /// By its user, or with the server.
    Stopped,
    Timeout,
    /// Its tokens are used up.
    Budget,
    /// There is no provider to ask.
    NotConfigured,
    Failed(Failure),
    /// The provider withheld the rest.
    Withheld,
    Panicked,
}

impl From<Failure> for Cut {
    fn from(failure: Failure) -> Cut {
        Cut::Failed(failure)
    }
}

/// When an answer is to end, whatever it waits for.
pub(super) struct Limits {
    pub stop: CancellationToken,
    pub deadline: Instant,
}

impl Limits {
    /// What a future comes to, unless the answer is cut off first.
    pub async fn within<T>(&self, future: impl Future<Output = T>) -> Result<T, Cut> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Cut::Stopped),
            () = sleep_until(self.deadline) => Err(Cut::Timeout),
            value = future => Ok(value),
        }
    }
}
