//! Brings other nodes' commits to this node's hub.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use workforceos_store::Moved;

use crate::directory::Shared;

/// Entries read at once.
const PAGE: u32 = 500;
/// The longest wait between two tries to read the journal.
const PATIENCE: Duration = Duration::from_secs(5);

/// Follows the store's notices until the store is closed. The hub drops what it has already and fills what is missing. As
/// long as something is not read, nothing is taken from caches that hang on it.
pub(crate) async fn follow(shared: Arc<Shared>) {
    let mut moved = shared.store.listen();
    loop {
        match moved.recv().await {
            Ok(notice) => bring(&shared, notice).await,
            // Whose notices were lost is not known: everything that was cached may be stale.
            Err(RecvError::Lagged(_)) => shared.hub.lost(),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Publishes what a company's journal has after what this node knew.
async fn bring(shared: &Shared, notice: Moved) {
    let mut after = notice.from;
    let mut pause = Duration::from_millis(50);
    while after < notice.seq {
        match shared.store.journal(notice.company, after, PAGE).await {
            Ok(entries) => {
                let Some(last) = entries.last().map(|e| e.seq) else { return };
                shared.hub.publish(notice.company, entries.into());
                after = last;
            }
            Err(error) => {
                shared.hub.lost();
                tracing::warn!(%error, source = ?error.source, "could not read another node's entries; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PATIENCE);
            }
        }
    }
}
