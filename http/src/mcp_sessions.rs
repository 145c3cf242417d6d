//! The sessions of MCP's Streamable HTTP: whose they are, and how long they live.
//!
//! A session is good for the login that opened it alone. It lives until it is ended, until its login ends, or until nobody
//! has used it for long; an open stream uses it all the time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::transport::streamable_http_server::session::SessionManager as _;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::{SessionId, UserId};
use workforceos_core::time::{Clock, Timestamp};

/// How long a session lives unused: somebody may well think overnight between two questions.
const IDLE: i64 = 12 * Timestamp::HOUR;
/// How long one may be nobody's: its client left before it was told of it, or its login has ended, perhaps by a call whose
/// answer is on its way.
const NOBODYS: i64 = Timestamp::MINUTE;
/// The most sessions of one user, over either transport.
pub const PER_USER: usize = 256;

/// A user, by one login or key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    pub user: UserId,
    pub login: SessionId,
}

pub struct Sessions {
    open: Arc<LocalSessionManager>,
    owned: Mutex<Owned>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Owned {
    by_id: HashMap<String, Owner>,
    /// Nobody's, by when they were first seen.
    strays: HashMap<String, Timestamp>,
    /// How often any of them was used.
    uses: u64,
}

struct Owner {
    who: Who,
    used: Timestamp,
    /// As which use of all it was used last.
    number: u64,
    /// Streams of what the server says by itself.
    streams: usize,
}

impl Owner {
    fn idle(&self, now: Timestamp) -> bool {
        self.streams == 0 && now.0 - self.used.0 > IDLE
    }
}

impl Sessions {
    pub fn new(clock: Arc<dyn Clock>) -> Sessions {
        let mut open = LocalSessionManager::default();
        // Ours are the ones that count: those of the transport do not know of streams, nor of users.
        open.session_config.keep_alive = None;
        Sessions { open: Arc::new(open), owned: Mutex::default(), clock }
    }

    /// What the transport works with.
    pub fn manager(&self) -> Arc<LocalSessionManager> {
        self.open.clone()
    }

    /// Uses a session. 404 for one that is not there, as for one that somebody else opened.
    pub async fn enter(&self, id: &str, who: Who) -> Result<()> {
        let now = self.clock.now();
        let theirs = {
            let mut owned = self.owned();
            owned.uses += 1;
            let number = owned.uses;
            let owner = owned.by_id.get_mut(id).filter(|owner| owner.who == who && !owner.idle(now));
            owner.map(|owner| (owner.used, owner.number) = (now, number)).is_some()
        };
        if theirs && self.open.sessions.read().await.contains_key(id) { Ok(()) } else { Err(gone()) }
    }

    /// Keeps a new session. Of a user who has too many, the one that was used least lately ends: each takes memory as long as
    /// it is open.
    pub fn opened(&self, id: &str, who: Who) {
        let surplus = {
            let mut owned = self.owned();
            owned.uses += 1;
            let owner = Owner { who, used: self.clock.now(), number: owned.uses, streams: 0 };
            owned.by_id.insert(id.to_owned(), owner);
            let theirs = || owned.by_id.iter().filter(|(_, owner)| owner.who.user == who.user);
            let over = theirs().count() > PER_USER;
            let oldest = theirs().min_by_key(|(_, owner)| (owner.streams > 0, owner.number)).filter(|_| over);
            oldest.map(|(id, _)| id.clone())
        };
        surplus.into_iter().for_each(|id| self.close(id));
    }

    /// Uses a session until it is dropped.
    pub fn hold(self: &Arc<Self>, id: &str) -> Held {
        if let Some(owner) = self.owned().by_id.get_mut(id) {
            owner.streams += 1;
        }
        Held { sessions: self.clone(), id: id.to_owned() }
    }

    /// Forgets the sessions that have ended, and ends those that are not used any more.
    pub async fn sweep(&self) {
        let now = self.clock.now();
        let over: Vec<String> = {
            let alive = self.open.sessions.read().await;
            let Owned { by_id, strays, .. } = &mut *self.owned();
            by_id.retain(|id, _| alive.contains_key(id.as_str()));
            strays.retain(|id, _| alive.contains_key(id.as_str()) && !by_id.contains_key(id));
            for id in alive.keys().filter(|id| !by_id.contains_key(&***id)) {
                strays.entry(id.to_string()).or_insert(now);
            }
            let idle = by_id.iter().filter(|(_, owner)| owner.idle(now)).map(|(id, _)| id);
            let nobodys = strays.iter().filter(|(_, seen)| now.0 - seen.0 > NOBODYS).map(|(id, _)| id);
            idle.chain(nobodys).cloned().collect()
        };
        over.into_iter().for_each(|id| self.close(id));
    }

    /// What a login has opened is nobody's from now on.
    pub fn login_ended(&self, login: SessionId) {
        self.owned().by_id.retain(|_, owner| owner.who.login != login);
    }

    pub fn count(&self) -> usize {
        self.owned().by_id.len()
    }

    fn close(&self, id: String) {
        self.owned().by_id.remove(&id);
        let open = self.open.clone();
        // Not awaited: a session is told in its turn, and one that is stuck has none.
        tokio::spawn(async move {
            // One that has ended meanwhile is what was wanted.
            let _ = open.close_session(&id.as_str().into()).await;
        });
    }

    fn owned(&self) -> MutexGuard<'_, Owned> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client is told to whom a session is unknown; by the status it knows that it has to begin anew.
pub fn gone() -> Error {
    Error::new(Status::NotFound, "SessionNotFound", "There is no such session: initialize a new one")
}

/// An open stream's hold on its session.
pub struct Held {
    sessions: Arc<Sessions>,
    id: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        let now = self.sessions.clock.now();
        if let Some(owner) = self.sessions.owned().by_id.get_mut(&self.id) {
            owner.streams = owner.streams.saturating_sub(1);
            owner.used = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use workforceos_core::time::ManualClock;

    use super::*;

    fn who(user: u128, login: u128) -> Who {
        Who { user: UserId(uuid::Uuid::from_u128(user)), login: SessionId(uuid::Uuid::from_u128(login)) }
    }

    async fn open(sessions: &Sessions, who: Who) -> String {
        let (id, transport) = sessions.open.create_session().await.expect("a session");
        // Its worker waits for an introduction that does not come.
        std::mem::forget(transport);
        sessions.opened(&id, who);
        id.to_string()
    }

    async fn is_there(sessions: &Sessions, id: &str, who: Who) -> bool {
        sessions.enter(id, who).await.is_ok()
    }

    #[tokio::test]
    async fn a_session_is_its_logins_alone() {
        let sessions = Sessions::new(Arc::new(ManualClock::at(Timestamp(0))));
        let id = open(&sessions, who(1, 1)).await;
        assert!(is_there(&sessions, &id, who(1, 1)).await);
        for other in [who(1, 2), who(2, 1), who(2, 2)] {
            assert!(!is_there(&sessions, &id, other).await);
        }
        assert!(!is_there(&sessions, "another", who(1, 1)).await);
        sessions.login_ended(SessionId(uuid::Uuid::from_u128(1)));
        assert!(!is_there(&sessions, &id, who(1, 1)).await);
    }

    #[tokio::test]
    async fn one_session_too_many_ends_the_users_least_used() {
        let sessions = Arc::new(Sessions::new(Arc::new(ManualClock::at(Timestamp(0)))));
        let other = open(&sessions, who(2, 0)).await;
        let mut ids = Vec::new();
        for login in 0..PER_USER {
            ids.push(open(&sessions, who(1, login as u128)).await);
        }
        // The first is used again, and somebody listens on the second: the third has to go.
        assert!(is_there(&sessions, &ids[0], who(1, 0)).await);
        let held = sessions.hold(&ids[1]);
        let last = open(&sessions, who(1, 0)).await;
        assert!(!is_there(&sessions, &ids[2], who(1, 2)).await);
        for (id, who) in [(&other, who(2, 0)), (&ids[0], who(1, 0)), (&ids[1], who(1, 1)), (&last, who(1, 0))] {
            assert!(is_there(&sessions, id, who).await);
        }
        drop(held);
        assert_eq!(sessions.count(), PER_USER + 1);
    }

    #[tokio::test]
    async fn what_is_nobodys_ends() {
        let clock = Arc::new(ManualClock::at(Timestamp(0)));
        let sessions = Sessions::new(clock.clone());
        let id = open(&sessions, who(1, 1)).await;
        let (_, transport) = sessions.open.create_session().await.expect("a session");
        std::mem::forget(transport);
        for at in [0, NOBODYS, NOBODYS + 1] {
            assert_eq!(sessions.open.sessions.read().await.len(), 2, "before {at}");
            clock.set(Timestamp(at));
            sessions.sweep().await;
        }
        // It is ended by a task of its own.
        while sessions.open.sessions.read().await.len() == 2 {
            tokio::task::yield_now().await;
        }
        assert!(is_there(&sessions, &id, who(1, 1)).await);
    }

    #[tokio::test]
    async fn what_nobody_uses_ends_and_what_somebody_listens_to_does_not() {
        let clock = Arc::new(ManualClock::at(Timestamp(0)));
        let sessions = Arc::new(Sessions::new(clock.clone()));
        let (idle, heard) = (open(&sessions, who(1, 1)).await, open(&sessions, who(1, 1)).await);
        let held = sessions.hold(&heard);
        clock.set(Timestamp(IDLE));
        assert!(is_there(&sessions, &idle, who(1, 1)).await, "just in time");
        clock.set(Timestamp(2 * IDLE + 1));
        assert!(!is_there(&sessions, &idle, who(1, 1)).await);
        assert!(is_there(&sessions, &heard, who(1, 1)).await);
        sessions.sweep().await;
        assert_eq!(sessions.count(), 1);
        // From the end of its stream on it is as any other.
        clock.set(Timestamp(4 * IDLE));
        drop(held);
        clock.set(Timestamp(5 * IDLE + 1));
        sessions.sweep().await;
        assert_eq!(sessions.count(), 0);
    }
}
