//! Where the journals stand, told in the log: whoever puts back an older state of the database does not reach the log, if it is kept
//! elsewhere. `workforceos audit verify --since-log` compares.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use workforceos_core::id::CompanyId;
use workforceos_core::time::Timestamp;
use workforceos_store::Stand;

use crate::App;

/// How often it is told.
const HOURLY: i64 = Timestamp::HOUR;

/// What was told of each company last.
#[derive(Default)]
pub struct Told(Mutex<HashMap<CompanyId, i64>>);

impl Told {
    /// Of those that went on since, where they stand.
    fn news(&self, stands: Vec<Stand>) -> Vec<Stand> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stands.into_iter().filter(|stand| told.insert(stand.journal.company, stand.seq) != Some(stand.seq)).collect()
    }
}

/// Tells at the start and then every hour, until the program ends.
pub async fn tell_hourly(app: Weak<App>) {
    let mut tick = tokio::time::interval(Duration::from_millis(HOURLY.unsigned_abs()));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(app) = app.upgrade() else { return };
        tell(&app).await;
    }
}

/// A line for each journal that went on since the last.
pub async fn tell(app: &Arc<App>) {
    match app.store.journal_heads().await {
        Ok(stands) => {
            for stand in app.told.news(stands) {
                let (codename, seq, chain) = (&stand.journal.codename, stand.seq, &stand.chain);
                tracing::info!("journal head {codename}:{seq}:{chain}");
            }
        }
        Err(error) => tracing::warn!(%error, source = ?error.source, "where the journals stand could not be read"),
    }
}

#[cfg(test)]
mod tests {
    use workforceos_store::Journal;

    use super::*;

    #[test]
    fn only_what_went_on_is_told_again() {
        let stand = |seq| {
            let journal = Journal { company: CompanyId::ROOT, codename: "root".to_owned() };
            Stand { journal, seq, chain: format!("c{seq}") }
        };
        let told = Told::default();
        assert_eq!(told.news(vec![stand(3)]).len(), 1);
        assert_eq!(told.news(vec![stand(3)]), []);
        assert_eq!(told.news(vec![stand(2)]).len(), 1, "one that went back is told, too");
    }
}
