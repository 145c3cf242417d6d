//! Wakes the companies that have something due. What is due stands in the database, so that it happens after a restart
//! too, and once, whichever node wakes first.

use std::sync::Weak;
use std::time::Duration;

use crate::directory::{Shared, WeakCompanies};

const TICK: Duration = Duration::from_secs(1);

pub(crate) async fn run(shared: Weak<Shared>, companies: WeakCompanies) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (Some(shared), Some(companies)) = (shared.upgrade(), companies.upgrade()) else { return };
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
