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
    /// The furthest the client was told: each word must be further than the one before.
    told: u64,
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
    (progress, Some(Listener { token, steps, told: 0 }))
}

/// A decision that runs anew begins anew: what was told stays true.
fn furthest(before: Step, now: Step) -> Step {
    if now.0 > before.0 { (now.0, now.1.max(before.1)) } else { before }
}

/// Whether a step is worth a word on the way: the last one of all is the call's end to tell, once.
fn on_the_way(told: u64, (done, all): Step) -> bool {
    done > told && (all == 0 || done < all)
}

/// What is left to say when the call has succeeded.
fn at_the_end(told: u64, (done, all): Step) -> Option<Step> {
    let all = all.max(done);
    (all > told).then_some((all, all))
}

impl Listener {
    /// Tells the client until the call is over; resolves never. Dropping it is how it ends.
    pub async fn run(&mut self, context: &Context) {
        let mut next = Instant::now();
        while self.steps.changed().await.is_ok() {
            sleep_until(next).await;
            let step = *self.steps.borrow_and_update();
            if on_the_way(self.told, step) {
                self.send(context, step).await;
                next = Instant::now() + PACE;
            }
        }
        std::future::pending::<()>().await;
    }

    /// The last word: all of it is done. A call that told nothing says nothing.
    pub async fn end(&mut self, context: &Context) {
        let step = *self.steps.borrow_and_update();
        if let Some(step) = at_the_end(self.told, step) {
            self.send(context, step).await;
        }
    }

    async fn send(&mut self, context: &Context, (done, all): Step) {
        self.told = done;
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
    use super::{at_the_end, furthest, on_the_way};

    #[test]
    fn progress_never_goes_back() {
        assert_eq!(furthest((3, 10), (4, 10)), (4, 10));
        assert_eq!(furthest((3, 10), (3, 10)), (3, 10));
        assert_eq!(furthest((3, 10), (0, 10)), (3, 10), "decided anew");
        assert_eq!(furthest((3, 10), (5, 8)), (5, 10), "the total does not shrink");
        assert_eq!(furthest((0, 0), (1, 0)), (1, 0));
    }

    #[test]
    fn nothing_is_told_twice() {
        assert!(on_the_way(0, (1, 10)) && !on_the_way(1, (1, 10)));
        assert!(!on_the_way(9, (10, 10)), "a call that takes its time after the last step");
        assert_eq!(at_the_end(9, (10, 10)), Some((10, 10)));
        assert_eq!(at_the_end(0, (0, 10)), Some((10, 10)), "over before anybody looked");
        assert!(on_the_way(1, (2, 0)), "nobody knows of how many");
        assert_eq!(at_the_end(2, (2, 0)), None);
        assert_eq!(at_the_end(0, (0, 0)), None, "a call that tells nothing");
    }
}
