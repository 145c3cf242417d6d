//! Wakes the companies that have something due. What is due stands in the database, so that it happens after a restart
//! too, and once, whichever node wakes first.

use std::sync::Weak;
use std::time::Duration;

use workforceos_core::change::ANSWER_KEPT;
use workforceos_core::error::Result;
use workforceos_core::time::Timestamp;

use crate::directory::{Shared, WeakCompanies};

const TICK: Duration = Duration::from_secs(1);
/// Ticks between two looks for what is kept for a time only.
const TIDY: u64 = 600;
/// Passes of one look at most; what is left then waits for the next.
const PASSES: u32 = 20;
/// How long a login's or a code's row outlives it: as long as anybody may still ask what became of it.
const OVER: i64 = 2 * Timestamp::DAY;
/// How long answers of agents are kept.
const ANSWERS: i64 = 90 * Timestamp::DAY;

/// Removes what is kept for a time only.
pub(crate) async fn tidy(shared: &Shared) {
    let now = shared.clock.now().0;
    if let Err(error) = shared.store.forget_before(Timestamp(now - ANSWER_KEPT)).await {
        tracing::warn!(%error, source = ?error.source, "could not forget old idempotency keys; trying again");
    }
    in_passes("old logins and codes", || shared.store.tidy_before(Timestamp(now - OVER))).await;
    in_passes("old answers of agents", || shared.store.forget_answers_before(Timestamp(now - ANSWERS))).await;
}

/// Removes a bounded number at a time, as long as there may be more.
async fn in_passes<F: Future<Output = Result<(u64, bool)>>>(what: &str, remove: impl Fn() -> F) {
    for _ in 0..PASSES {
        match remove().await {
            // Others write between two passes.
            Ok((_, true)) => tokio::task::yield_now().await,
            Ok((_, false)) => break,
            Err(error) => {
                tracing::warn!(%error, source = ?error.source, "could not remove {what}; trying again");
                break;
            }
        }
    }
}

pub(crate) async fn run(shared: Weak<Shared>, companies: WeakCompanies) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for tick in 0_u64.. {
        ticks.tick().await;
        let (Some(shared), Some(companies)) = (shared.upgrade(), companies.upgrade()) else { return };
        if tick.is_multiple_of(TIDY) {
            tidy(&shared).await;
        }
        match shared.store.due_companies(shared.clock.now(), 200).await {
            Ok(due) => {
                for company in due {
                    if let Err(error) = companies.sweep(company).await {
                        tracing::warn!(%company, %error, source = ?error.source, "a company's timers failed; trying again");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, source = ?error.source, "could not ask what is due; trying again"),
        }
    }
}
