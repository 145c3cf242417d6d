//! Where a turn waits until the test lets it go on: no test sleeps.

use std::sync::Arc;

use tokio::sync::watch;

use crate::DEADLINE;

/// Holds up every turn that comes to it until the test opens it.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
    came: Arc<watch::Sender<usize>>,
}

impl Default for Gate {
    fn default() -> Gate {
        Gate { open: Arc::new(watch::Sender::new(false)), came: Arc::new(watch::Sender::new(0)) }
    }
}

impl Gate {
    pub fn new() -> Gate {
        Gate::default()
    }

    /// Lets everybody through, from now on.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until so many turns have come to it, counted from the beginning: what they said before has been sent.
    pub async fn reached(&self, count: usize) {
        let mut came = self.came.subscribe();
        let waiting = tokio::time::timeout(DEADLINE, came.wait_for(|came| *came >= count)).await;
        assert!(waiting.is_ok(), "{count} were to come to the gate and {} came", *self.came.borrow());
    }

    pub(super) async fn pass(&self) {
        self.came.send_modify(|came| *came += 1);
        let mut open = self.open.subscribe();
        let _ = open.wait_for(|open| *open).await;
    }
}
