//! Work for many companies side by side: one whose turn is taken, by an import say, keeps nobody else waiting.

use std::collections::HashMap;
use std::future::{Future, pending};

use tokio::task::{Id, JoinSet};
use workforceos_core::id::CompanyId;

/// Companies at a time.
const LANES: usize = 8;

/// What runs, at most once for a company.
#[derive(Default)]
pub struct Lanes {
    tasks: JoinSet<()>,
    busy: HashMap<Id, CompanyId>,
}

impl Lanes {
    pub fn room(&self) -> usize {
        LANES.saturating_sub(self.busy.len())
    }

    pub fn is_busy(&self, company: CompanyId) -> bool {
        self.busy.values().any(|busy| *busy == company)
    }

    pub fn start(&mut self, company: CompanyId, work: impl Future<Output = ()> + Send + 'static) {
        self.busy.insert(self.tasks.spawn(work).id(), company);
    }

    /// Lets go of what has ended.
    pub fn tidy(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.ended(ended);
        }
    }

    /// Waits until something ends; for ever if nothing runs.
    pub async fn next(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.ended(ended),
            None => pending().await,
        }
    }

    fn ended(&mut self, ended: Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "work for a company broke off");
                error.id()
            }
        };
        self.busy.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn company(n: u128) -> CompanyId {
        CompanyId(Uuid::from_u128(n))
    }

    #[tokio::test]
    async fn who_takes_long_takes_one_lane() {
        let mut lanes = Lanes::default();
        lanes.start(company(1), pending());
        for n in 2..100 {
            assert!(lanes.room() >= LANES - 1 && !lanes.is_busy(company(n)));
            lanes.start(company(n), async {});
            assert!(lanes.is_busy(company(n)));
            lanes.next().await;
        }
        assert!(lanes.is_busy(company(1)));
    }

    #[tokio::test]
    async fn what_breaks_off_makes_room() {
        let mut lanes = Lanes::default();
        lanes.start(company(1), async { panic!("on purpose") });
        lanes.next().await;
        assert_eq!((lanes.room(), lanes.is_busy(company(1))), (LANES, false));
    }
}
