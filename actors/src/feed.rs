//! Brings other nodes' commits to this node's hub.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;
use workforceos_core::id::CompanyId;

use crate::directory::Shared;

/// Entries read at once.
const PAGE: u32 = 500;

/// Follows the store's notices until the store is closed. The hub drops what it has already and fills what is missing.
pub(crate) async fn follow(shared: Arc<Shared>) {
    let mut moved = shared.store.listen();
    let mut seen: HashMap<CompanyId, i64> = HashMap::new();
    loop {
        let notice = match moved.recv().await {
            Ok(notice) => notice,
            // Notices were lost; the next one of each company brings its whole gap.
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        let mut after = seen.get(&notice.company).copied().unwrap_or(notice.seq - 1);
        while after < notice.seq {
            match shared.store.journal(notice.company, after, PAGE).await {
                Ok(entries) => {
                    let Some(last) = entries.last().map(|e| e.seq) else { break };
                    shared.hub.publish(notice.company, entries.into());
                    after = last;
                }
                Err(error) => {
                    tracing::warn!(%error, source = ?error.source, "could not read another node's entries; trying with the next notice");
                    break;
                }
            }
        }
        seen.insert(notice.company, after);
    }
}
