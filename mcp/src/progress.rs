//! A long call's progress, told to the client that asked for it: growing, and not more often than anybody looks.

use std::time::Duration;

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use workforceos_core::Progress;

use crate::handler::Context;

/// The shortest time between two notifications.
const PACE: Duration = Duration::from_millis(100);

/// Steps done, and of how many; 0: of nobody knows how many.
type Step = (u64, u64);

/// Listens to a call's progress for its client.
pub(crate) struct Listener {
    token: ProgressToken,
    steps: watch::Receiver<Step>,
}

/// What the call tells, and who listens; nobody does unless the client has asked for it.
pub(crate) fn of(context: &Context) -> (Progress, Option<Listener>) {
    let Some(token) = context.meta.get_progress_token() else { return (Progress::default(), None) };
    let (tell, steps) = watch::channel((0, 0));
    let progress = Progress::to(move |done, all| {
        tell.send_if_modified(|latest| {
            let further = furthest(*latest, (done, all));
            let moved = further != *latest;
            *latest = further;
            moved
        });
    });
    (progress, Some(Listener { token, steps }))
}

/// A decision that runs anew begins anew: what was told stays true.
fn furthest(before: Step, now: Step) -> Step {
    if now.0 > before.0 { (now.0, now.1.max(before.1)) } else { before }
}

impl Listener {
    /// Tells the client until the call is over; resolves never. Dropping it is how it ends.
    pub async fn run(&mut self, context: &Context) {
        let mut next = Instant::now();
        while self.steps.changed().await.is_ok() {
            sleep_until(next).await;
            let step = *self.steps.borrow_and_update();
            self.send(context, step).await;
            next = Instant::now() + PACE;
        }
        std::future::pending::<()>().await;
    }

    /// The last word: all of it is done. A call that told nothing says nothing.
    pub async fn end(&mut self, context: &Context) {
        let (done, all) = *self.steps.borrow_and_update();
        if done > 0 || all > 0 {
            self.send(context, (all.max(done), all.max(done))).await;
        }
    }

    async fn send(&self, context: &Context, (done, all): Step) {
        let mut told = ProgressNotificationParam::new(self.token.clone(), done as f64);
        if all > 0 {
            told = told.with_total(all as f64);
        }
        // Whoever has left hears nothing; the call goes on as it must.
        let _ = context.peer.notify_progress(told).await;
    }
}

#[cfg(test)]
mod tests {
    use super::furthest;

    #[test]
    fn progress_never_goes_back() {
        assert_eq!(furthest((3, 10), (4, 10)), (4, 10));
        assert_eq!(furthest((3, 10), (3, 10)), (3, 10));
        assert_eq!(furthest((3, 10), (0, 10)), (3, 10), "decided anew");
        assert_eq!(furthest((3, 10), (5, 8)), (5, 10), "the total does not shrink");
        assert_eq!(furthest((0, 0), (1, 0)), (1, 0));
    }
}
