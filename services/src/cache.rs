//! What calls look up again and again: sessions, scopes, tenants. An entry is good as long as nothing about its company's
//! people or logins was written; on PostgreSQL nothing is taken from here while other nodes' notices do not arrive.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use moka::sync::Cache;
use tokio::sync::broadcast;
use workforceos_core::change::Entry;
use workforceos_core::id::{CompanyId, SessionId, UserId};
use workforceos_core::session::{Scope, Session, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_store::Store;

const SESSIONS: u64 = 100_000;
const SCOPES: u64 = 100_000;
const TENANTS: u64 = 10_000;
const UNKNOWN_KEYS: u64 = 10_000;
/// How long a key that nobody has is remembered.
const UNKNOWN: i64 = 5_000;
/// Ended logins that a listener may be behind.
const ENDINGS: usize = 1024;

/// A cached value with the epoch of its company at the time of reading.
#[derive(Clone)]
struct Dated<T> {
    company: CompanyId,
    epoch: u64,
    value: T,
}

pub struct Caches {
    store: Store,
    epochs: RwLock<HashMap<CompanyId, u64>>,
    /// Counts the times at which entries of any company may have been missed.
    losses: AtomicU64,
    /// Logins and keys as they end; nothing stands for those that may have been missed.
    endings: broadcast::Sender<Option<SessionId>>,
    sessions: Cache<String, Dated<Arc<Session>>>,
    scopes: Cache<(CompanyId, UserId), Dated<Arc<Scope>>>,
    tenants: Cache<String, Dated<Arc<Tenant>>>,
    /// Digests of keys that nobody has, and until when that is taken for granted.
    unknown_keys: Cache<String, Timestamp>,
}

impl Caches {
    pub fn new(store: Store) -> Caches {
        Caches {
            store,
            epochs: RwLock::default(),
            losses: AtomicU64::new(0),
            endings: broadcast::Sender::new(ENDINGS),
            sessions: Cache::new(SESSIONS),
            scopes: Cache::new(SCOPES),
            tenants: Cache::new(TENANTS),
            unknown_keys: Cache::new(UNKNOWN_KEYS),
        }
    }

    /// The company's epoch: read it before the database, hand it in with what was read.
    pub fn epoch(&self, company: CompanyId) -> u64 {
        let own = self.epochs.read().unwrap_or_else(PoisonError::into_inner).get(&company).copied().unwrap_or_default();
        own + self.losses.load(Ordering::SeqCst)
    }

    /// Entries may have been missed: nothing from before is good any more.
    pub fn lost(&self) {
        self.losses.fetch_add(1, Ordering::SeqCst);
        // Nobody may be listening.
        let _ = self.endings.send(None);
    }

    /// Logins and keys from now on, as they end on whichever node; `None`: any of them may have.
    pub fn endings(&self) -> broadcast::Receiver<Option<SessionId>> {
        self.endings.subscribe()
    }

    /// Every committed entry comes by, before its caller has the answer.
    pub fn notice(&self, entry: &Entry) {
        let stale = match &*entry.object {
            "user" | "userGroup" | "userGroupMember" | "employeeProfile" | "company" | "companySubscription" => true,
            // A new login changes nothing for the others; one that ends or gets its second factor does.
            "userSession" | "apiKey" => {
                !(entry.after.contains("\"isActive\":true") && entry.after.contains("\"recordVersion\":1,"))
            }
            _ => false,
        };
        if stale {
            *self.epochs.write().unwrap_or_else(PoisonError::into_inner).entry(entry.company).or_default() += 1;
            if matches!(&*entry.object, "userSession" | "apiKey") && entry.after.contains("\"isActive\":false") {
                let _ = self.endings.send(Some(SessionId(entry.object_id)));
            }
        }
    }

    fn fresh<T>(&self, dated: Dated<T>) -> Option<T> {
        (self.store.listening() && dated.epoch == self.epoch(dated.company)).then_some(dated.value)
    }

    pub fn session(&self, token: &str) -> Option<Arc<Session>> {
        self.sessions.get(token).and_then(|dated| self.fresh(dated))
    }

    pub fn keep_session(&self, token: &str, epoch: u64, session: &Arc<Session>) {
        self.sessions.insert(token.to_owned(), Dated { company: session.company, epoch, value: session.clone() });
    }

    /// Whether a key was nobody's just now.
    pub fn is_unknown_key(&self, digest: &str, now: Timestamp) -> bool {
        self.unknown_keys.get(digest).is_some_and(|until| now < until)
    }

    /// A key is nobody's. (Only the server makes keys: none comes to be that was asked for before.)
    pub fn keep_unknown_key(&self, digest: String, now: Timestamp) {
        self.unknown_keys.insert(digest, Timestamp(now.0 + UNKNOWN));
    }

    pub fn scope(&self, company: CompanyId, user: UserId) -> Option<Arc<Scope>> {
        self.scopes.get(&(company, user)).and_then(|dated| self.fresh(dated))
    }

    pub fn keep_scope(&self, company: CompanyId, user: UserId, epoch: u64, scope: &Arc<Scope>) {
        self.scopes.insert((company, user), Dated { company, epoch, value: scope.clone() });
    }

    pub fn tenant(&self, codename: &str) -> Option<Arc<Tenant>> {
        self.tenants.get(codename).and_then(|dated| self.fresh(dated))
    }

    pub fn keep_tenant(&self, epoch: u64, tenant: &Arc<Tenant>) {
        let dated = Dated { company: tenant.company, epoch, value: tenant.clone() };
        self.tenants.insert(tenant.codename.to_string(), dated);
    }
}
