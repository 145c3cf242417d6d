//! Which conversations and calls are taken, and where the ids of their events begin.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;
use workforceos_core::change::IdempotencyKey;
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, ConversationId, UserId};
use workforceos_services::conversations::still_written;

use super::Talk;
use crate::answer::Running;

/// The conversations and calls of this server in which something happens.
#[derive(Default)]
pub struct Chats(Arc<Mutex<Room>>);

#[derive(Default)]
struct Room {
    /// Conversations in which somebody asks at the moment.
    asking: HashSet<ConversationId>,
    /// Calls with an `Idempotency-Key` that are being answered.
    calls: HashMap<Call, Taken>,
    /// Answers and the places of their questions; those that nobody has any more are forgotten in time.
    begun: HashMap<ConversationId, (Weak<Running>, u64)>,
}

/// Whose call it is, and by which key.
type Call = (CompanyId, UserId, Arc<str>);

struct Taken {
    /// Of the call's arguments.
    fingerprint: u64,
    /// The answer, once it has begun. Closed where the call came to nothing.
    talk: watch::Receiver<Option<Arc<Talk>>>,
}

/// A conversation in which nobody else asks until this is dropped.
pub(super) struct Asking {
    room: Arc<Mutex<Room>>,
    conversation: ConversationId,
}

impl Drop for Asking {
    fn drop(&mut self) {
        locked(&self.room).asking.remove(&self.conversation);
    }
}

/// What becomes of a call with an `Idempotency-Key`.
pub enum Called {
    /// It is to be answered, unless an answer is kept: nobody else does while this lives.
    Mine(Mine),
    /// The same call, sent before, is being answered.
    Answered(Arc<Talk>),
}

/// A call that nobody else answers until this is dropped.
pub struct Mine {
    room: Arc<Mutex<Room>>,
    call: Call,
    talk: watch::Sender<Option<Arc<Talk>>>,
}

impl Mine {
    /// Whoever sends the call again gets this answer.
    pub(super) fn begun(&self, talk: &Arc<Talk>) {
        self.talk.send_replace(Some(talk.clone()));
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        locked(&self.room).calls.remove(&self.call);
    }
}

impl Chats {
    /// Takes a conversation to ask in; 409 if somebody asks in it.
    pub(super) fn ask_in(&self, conversation: ConversationId) -> Result<Asking> {
        if !locked(&self.0).asking.insert(conversation) {
            return Err(still_written());
        }
        Ok(Asking { room: self.0.clone(), conversation })
    }

    /// Takes a call, so that it is answered once however often it is sent. Where it is taken, waits until its answer has begun, or
    /// until it came to nothing and is free again. 409 if the key is another call's.
    pub async fn call(&self, key: &IdempotencyKey) -> Result<Called> {
        loop {
            let mut talk = match self.take(key)? {
                Ok(mine) => return Ok(Called::Mine(mine)),
                Err(talk) => talk,
            };
            let begun = talk.wait_for(Option::is_some).await.ok().and_then(|talk| talk.clone());
            if let Some(talk) = begun {
                return Ok(Called::Answered(talk));
            }
        }
    }

    fn take(&self, key: &IdempotencyKey) -> Result<Result<Mine, watch::Receiver<Option<Arc<Talk>>>>> {
        let mut room = locked(&self.0);
        let call = (key.company, key.user, key.key.clone());
        match room.calls.get(&call) {
            Some(taken) if taken.fingerprint != key.fingerprint => Err(key.taken()),
            Some(taken) => Ok(Err(taken.talk.clone())),
            None => {
                let (talk, begun) = watch::channel(None);
                room.calls.insert(call.clone(), Taken { fingerprint: key.fingerprint, talk: begun });
                Ok(Ok(Mine { room: self.0.clone(), call, talk }))
            }
        }
    }

    /// Notes after which place of its conversation an answer was begun.
    pub(super) fn begun(&self, conversation: ConversationId, running: &Arc<Running>, place: u64) {
        let mut room = locked(&self.0);
        if room.begun.len() == room.begun.capacity() {
            room.begun.retain(|_, (running, _)| running.strong_count() > 0);
            // Looked through again once as many have come as there are now.
            let left = room.begun.len();
            room.begun.reserve(left + 1);
        }
        room.begun.insert(conversation, (Arc::downgrade(running), place));
    }

    /// After which place of its conversation an answer was begun.
    pub(super) fn place(&self, conversation: ConversationId, running: &Arc<Running>) -> Option<u64> {
        let room = locked(&self.0);
        let (begun, place) = room.begun.get(&conversation)?;
        (begun.as_ptr() == Arc::as_ptr(running)).then_some(*place)
    }
}

fn locked(room: &Mutex<Room>) -> MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    fn key(fingerprint: u64) -> IdempotencyKey {
        let (company, user) = (CompanyId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        IdempotencyKey { company, user, key: "k".into(), fingerprint }
    }

    fn mine(called: Called) -> Mine {
        match called {
            Called::Mine(mine) => mine,
            Called::Answered(_) => panic!("nobody answers it"),
        }
    }

    #[test]
    fn a_conversation_is_asked_in_once_at_a_time() {
        let chats = Chats::default();
        let conversation = |number| ConversationId(Uuid::from_u128(number));
        let first = chats.ask_in(conversation(1)).expect("free");
        assert_eq!(chats.ask_in(conversation(1)).err().expect("taken").code, "AnswerRunning");
        let _other = chats.ask_in(conversation(2)).expect("another's");
        drop(first);
        assert!(chats.ask_in(conversation(1)).is_ok());
    }

    #[tokio::test]
    async fn a_call_that_came_to_nothing_is_the_next_ones() {
        let chats = Arc::new(Chats::default());
        let first = mine(chats.call(&key(7)).await.expect("free"));
        assert_eq!(chats.call(&key(8)).await.err().expect("another call").code, "IdempotencyConflict");
        let same = key(7);
        let mut again = [0; 3].map(|_| Box::pin(chats.call(&same)));
        for waits in &mut again {
            assert!(waits.now_or_never().is_none(), "it waits for the first");
        }
        drop(first);
        let [second, third, _] = again;
        let second = mine(second.await.expect("free again"));
        let mut third = third;
        assert!((&mut third).now_or_never().is_none(), "one at a time");
        drop(second);
        mine(third.await.expect("free again"));
        assert!(locked(&chats.0).calls.is_empty(), "nothing is left of it");
    }
}
