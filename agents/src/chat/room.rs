//! Which conversations are taken, and where the ids of their events begin.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use workforceos_core::change::IdempotencyKey;
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, ConversationId, UserId};
use workforceos_services::conversations::still_written;

use crate::answer::Running;

/// The conversations of this server in which something happens.
#[derive(Default)]
pub struct Chats(Arc<Mutex<Room>>);

#[derive(Default)]
struct Room {
    taken: HashSet<Place>,
    /// Answers and the places of their questions; those that nobody has any more are forgotten in time.
    begun: HashMap<ConversationId, (Weak<Running>, u64)>,
}

/// What only one answer at a time may have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Conversation(ConversationId),
    /// A call that is made once, however often it is sent.
    Call(CompanyId, UserId, Arc<str>),
}

impl Place {
    pub(super) fn of_call(key: &IdempotencyKey) -> Place {
        Place::Call(key.company, key.user, key.key.clone())
    }
}

/// A place that is free again once this is dropped.
pub(super) struct Taken {
    room: Arc<Mutex<Room>>,
    place: Place,
}

impl Drop for Taken {
    fn drop(&mut self) {
        locked(&self.room).taken.remove(&self.place);
    }
}

impl Chats {
    /// Takes a place; 409 if it is taken.
    pub(super) fn take(&self, place: Place) -> Result<Taken> {
        if !locked(&self.0).taken.insert(place.clone()) {
            return Err(still_written());
        }
        Ok(Taken { room: self.0.clone(), place })
    }

    /// Notes after which place of its conversation an answer was begun.
    pub(super) fn begun(&self, conversation: ConversationId, running: &Arc<Running>, place: u64) {
        let mut room = locked(&self.0);
        if room.begun.len() >= room.begun.capacity() / 2 {
            room.begun.retain(|_, (running, _)| running.strong_count() > 0);
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
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_place_is_taken_once_at_a_time() {
        let chats = Chats::default();
        let place = || Place::Conversation(ConversationId(Uuid::from_u128(1)));
        let first = chats.take(place()).expect("free");
        assert_eq!(chats.take(place()).err().expect("taken").code, "AnswerRunning");
        let _other = chats.take(Place::Conversation(ConversationId(Uuid::from_u128(2)))).expect("another's");
        drop(first);
        assert!(chats.take(place()).is_ok());
    }
}
