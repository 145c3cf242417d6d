//! `verifyAuditLog`: a company's journal proved. A million entries cost some seconds of a core, so that those who ask for the same
//! journal share a proof, and the server makes few at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use workforceos_core::Reach;
use workforceos_core::answer::Answer;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::CompanyId;
use workforceos_core::session::Ctx;
use workforceos_store::Verified;

use crate::{Api, App, shape};

/// The most proofs at a time: half of the cores stay for other work.
const MOST: usize = 4;
/// How long one waits for other companies' proofs to end.
const PATIENCE: Duration = Duration::from_secs(3);
/// When to ask again, in seconds: a long journal is proved by then.
const AGAIN: u32 = 10;

pub fn api() -> Api {
    Api::get("verifyAuditLog")
        .named("auditVerification")
        .at("/v1/audit-logs/verify")
        .reach(Reach::Admins)
        .any_tenant()
        .plain()
        .output(verified_shape)
        .about(
            "Proves that nobody altered, removed or reordered entries of the company's journal: each is chained to the one before it by a \
             keyed hash. Reads all of it, and refuses (429) while too many other companies' are read.",
        )
        .handler(verify)
}

async fn verify(app: Arc<App>, ctx: Ctx, _: ()) -> Result<Answer> {
    let company = ctx.company();
    let found = app.proofs.share(company, app.store.verify(company)).await?;
    Ok(Answer::json(json!({
        "valid": found.first_bad.is_none(), "entries": found.entries, "first_bad_id": found.first_bad, "erased": found.erased,
    })))
}

fn verified_shape() -> Json {
    shape::object(
        "What was found.",
        [
            ("valid", shape::flag("Whether all of it is as it was written.")),
            (
                "entries",
                shape::whole("How many entries were proved, from the first on; those of the journal that are no audit, too."),
            ),
            ("first_bad_id", shape::or_null(shape::whole("The first that is altered, missing or out of place."))),
            ("erased", shape::whole("How many have lost their content lawfully, as another entry says.")),
        ],
    )
}

/// The proofs under way.
pub struct Proofs {
    slots: Semaphore,
    patience: Duration,
    lines: Mutex<HashMap<CompanyId, Weak<Line>>>,
    /// Moments are numbered, so that it is known what was earlier.
    moments: AtomicU64,
}

/// Those who ask for a company's proof, one after the other, with the last proof.
type Line = tokio::sync::Mutex<Option<Proof>>;

struct Proof {
    begun: u64,
    /// `None`: it failed.
    found: Option<Verified>,
}

impl Proofs {
    pub fn on_half_the_cores() -> Proofs {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Proofs::new((cores / 2).clamp(1, MOST), PATIENCE)
    }

    fn new(slots: usize, patience: Duration) -> Proofs {
        Proofs { slots: Semaphore::new(slots), patience, lines: Mutex::default(), moments: AtomicU64::default() }
    }

    /// What a proof of the company's journal finds that begins now or later, so that it covers whatever was written before. Those who
    /// ask while one runs share the next.
    async fn share(&self, company: CompanyId, walk: impl Future<Output = Result<Verified>>) -> Result<Verified> {
        let (asked, until) = (self.moment(), Instant::now() + self.patience);
        let line = self.line(company);
        let mut last = line.lock().await;
        if let Some(proof) = last.as_ref().filter(|proof| proof.begun > asked) {
            return proof.found.clone().ok_or_else(|| Error::unavailable("The journal could not be read; try again"));
        }
        let _slot = self.room(until).await?;
        let begun = self.moment();
        let found = walk.await;
        *last = Some(Proof { begun, found: found.as_ref().ok().cloned() });
        found
    }

    /// Room for another proof; 429 if until then there is none.
    pub async fn room(&self, until: Instant) -> Result<SemaphorePermit<'_>> {
        let busy = |_| Error::rate_limited(AGAIN, "The journals of other companies are being proved; try again in a moment");
        timeout_at(until, self.slots.acquire()).await.map_err(busy)?.map_err(Error::internal)
    }

    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    /// The company's line, which is gone with the last who stands in it.
    fn line(&self, company: CompanyId) -> Arc<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|_, line| line.strong_count() > 0);
        let known = lines.get(&company).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let new = Arc::new(Line::default());
            lines.insert(company, Arc::downgrade(&new));
            new
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use uuid::Uuid;

    use super::*;

    const ACME: CompanyId = CompanyId(Uuid::from_u128(1));
    const OTHER: CompanyId = CompanyId(Uuid::from_u128(2));
    const LONG: Duration = Duration::from_secs(60);

    /// Walks that count how many have begun, and end once they may.
    struct Walks {
        begun: AtomicU64,
        gate: Semaphore,
    }

    impl Walks {
        fn new() -> Walks {
            Walks { begun: AtomicU64::new(0), gate: Semaphore::new(0) }
        }

        /// Finds as many entries as walks have begun.
        async fn walk(&self) -> Result<Verified> {
            let entries = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            self.gate.acquire().await.expect("open").forget();
            Ok(Verified { entries, chain: String::new(), erased: 0, first_bad: None })
        }
    }

    fn entries(found: Result<Verified>) -> u64 {
        found.expect("a proof").entries
    }

    #[tokio::test]
    async fn those_who_ask_while_a_proof_runs_share_the_next() {
        let (proofs, walks) = (Proofs::new(1, LONG), Walks::new());
        let mut first = Box::pin(proofs.share(ACME, walks.walk()));
        assert!(futures_util::poll!(&mut first).is_pending(), "it runs");
        let mut others: Vec<_> = (0..20).map(|_| Box::pin(proofs.share(ACME, walks.walk()))).collect();
        for other in &mut others {
            assert!(futures_util::poll!(other).is_pending(), "what began before is not what they get");
        }
        walks.gate.add_permits(2);
        assert_eq!(entries(first.await), 1);
        assert!(join_all(others).await.into_iter().all(|found| entries(found) == 2));
        assert_eq!(walks.begun.load(Ordering::SeqCst), 2, "twenty shared one");
        // Nothing is kept: who asks later gets a new one.
        walks.gate.add_permits(1);
        assert_eq!(entries(proofs.share(ACME, walks.walk()).await), 3);
    }

    #[tokio::test]
    async fn who_goes_away_holds_up_nobody() {
        let (proofs, walks) = (Proofs::new(1, LONG), Walks::new());
        let mut first = Box::pin(proofs.share(ACME, walks.walk()));
        assert!(futures_util::poll!(&mut first).is_pending());
        let mut second = Box::pin(proofs.share(ACME, walks.walk()));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        walks.gate.add_permits(1);
        assert_eq!(entries(second.await), 2);
    }

    #[tokio::test]
    async fn a_proof_that_fails_is_not_made_again_for_each() {
        let proofs = Proofs::new(1, LONG);
        let (walks, fails) = (Walks::new(), AtomicU64::new(0));
        let failing = async || {
            fails.fetch_add(1, Ordering::SeqCst);
            Err(Error::unavailable("gone"))
        };
        let mut first = Box::pin(proofs.share(ACME, walks.walk()));
        assert!(futures_util::poll!(&mut first).is_pending());
        let others: Vec<_> = (0..5).map(|_| proofs.share(ACME, failing())).collect();
        let mut others = Box::pin(join_all(others));
        assert!(futures_util::poll!(&mut others).is_pending());
        walks.gate.add_permits(1);
        assert_eq!(entries(first.await), 1);
        assert!(others.await.into_iter().all(|found| found.expect_err("failed").status.http() == 503));
        assert_eq!(fails.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_busy_server_says_when_to_ask_again() {
        let (proofs, walks) = (Proofs::new(1, Duration::ZERO), Walks::new());
        let mut first = Box::pin(proofs.share(ACME, walks.walk()));
        assert!(futures_util::poll!(&mut first).is_pending());
        let refused = proofs.share(OTHER, walks.walk()).await.expect_err("no room");
        assert_eq!((refused.status.http(), refused.retry_after), (429, Some(AGAIN)));
        // Whoever waits for the same company's needs no room of their own.
        let mut second = Box::pin(proofs.share(ACME, walks.walk()));
        assert!(futures_util::poll!(&mut second).is_pending());
        walks.gate.add_permits(2);
        assert_eq!((entries(first.await), entries(second.await)), (1, 2));
        assert_eq!(proofs.lines.lock().expect("unpoisoned").values().filter(|line| line.strong_count() > 0).count(), 0);
    }
}
