//! Webhooks: a company's events, sent signed to where it wants them (`docs/webhooks.md`).
//!
//! Nothing of it happens in a company's commits. [`plan`] reads the journal behind a position that is kept per company and makes
//! deliveries of it, in one transaction with the position; [`carry`] claims those that are due and sends them. Both run on every node.

pub mod address;
mod backoff;
mod body;
mod carry;
pub mod events;
mod plan;
pub mod sign;
mod stop;
mod target;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::Notify;
use workforceos_core::change::Entry;
use workforceos_core::id::CompanyId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Webhook, WebhookDelivery};
use workforceos_core::time::Timestamp;

pub use body::{About, of as body_of};
pub use carry::run as carry;
pub use plan::run as plan;
use sign::Secrets;

/// How long a delivery is tried.
pub const TRIED_FOR: i64 = 3 * Timestamp::DAY;
/// How long deliveries are kept.
const KEPT_FOR: i64 = 30 * Timestamp::DAY;
/// The most deliveries of a webhook that may wait: one more disables it.
const MAX_WAITING: i64 = 10_000;

/// What wakes the two workers, and the key of the secrets. Copies are the same.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

struct Inner {
    secrets: Secrets,
    /// Companies with webhooks that are on.
    known: RwLock<HashSet<CompanyId>>,
    /// Those whose journal has something new.
    news: Mutex<HashSet<CompanyId>>,
    /// A webhook was changed: what waits for it may have to end.
    changed: AtomicBool,
    planning: Notify,
    sending: Notify,
}

impl Webhooks {
    pub fn new(journal_key: &[u8; 32]) -> Webhooks {
        Webhooks(Arc::new(Inner {
            secrets: Secrets::new(journal_key),
            known: RwLock::default(),
            news: Mutex::default(),
            changed: AtomicBool::new(true),
            planning: Notify::new(),
            sending: Notify::new(),
        }))
    }

    pub fn secrets(&self) -> &Secrets {
        &self.0.secrets
    }

    /// Every committed entry comes by: it costs next to nothing where the company has no webhooks.
    pub fn notice(&self, entry: &Entry) {
        if &*entry.object == Webhook::def().name {
            self.news(entry.company);
            self.0.known.write().unwrap_or_else(PoisonError::into_inner).insert(entry.company);
            self.0.changed.store(true, Ordering::SeqCst);
        } else if &*entry.object == WebhookDelivery::def().name {
            self.0.sending.notify_one();
        } else if entry.kind.is_some() && self.0.known.read().unwrap_or_else(PoisonError::into_inner).contains(&entry.company) {
            self.news(entry.company);
        }
    }

    fn news(&self, company: CompanyId) {
        self.0.news.lock().unwrap_or_else(PoisonError::into_inner).insert(company);
        self.0.planning.notify_one();
    }

    /// Lets the sender look at once for what is due, as it does every second by itself.
    pub fn look(&self) {
        self.0.sending.notify_one();
    }

    fn take_news(&self) -> HashSet<CompanyId> {
        std::mem::take(&mut *self.0.news.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts companies by, to be looked at the next time.
    fn put_by(&self, companies: impl IntoIterator<Item = CompanyId>) {
        self.0.news.lock().unwrap_or_else(PoisonError::into_inner).extend(companies);
    }

    /// Whose webhooks are on, as the database says. Companies with news may have got theirs since it was asked.
    fn know(&self, companies: HashSet<CompanyId>) {
        let news = self.0.news.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|company| news.contains(company));
        known.extend(companies);
    }
}
