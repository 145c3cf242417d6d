//! One company's events between journal and streams: brought into order, and the last of them kept for resumes.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use workforceos_core::id::UserId;

use super::frame::{EntryRef, Item, person_changed};

/// Entries kept in memory until those before them arrive; beyond it the journal is asked for them again.
const INBOX: usize = 4096;

/// What a company has next for its streams.
pub(super) enum Next {
    /// These, in order. `changed` names the people whose standing they changed.
    Run {
        items: Vec<Rc<Item>>,
        changed: Vec<UserId>,
    },
    /// The entries after this one are to be read from the journal.
    Gap(i64),
    Idle,
}

/// The last events, for resumes; kept while the company has subscribers.
struct Ring {
    items: VecDeque<Rc<Item>>,
    /// Every event after this one is here.
    floor: i64,
}

/// A company's place in its journal.
#[derive(Default)]
pub(super) struct Feed {
    /// The last entry taken; none before the first that this process hears of.
    head: Option<i64>,
    /// The journal is known to reach at least this far.
    known: i64,
    inbox: BTreeMap<i64, EntryRef>,
    ring: Option<Ring>,
    /// A task reads journal or people for the company; nothing is taken until it is done.
    pub working: bool,
    /// Waits for its turn in the hub's loop.
    pub queued: bool,
}

impl Feed {
    pub fn head(&self) -> Option<i64> {
        self.head
    }

    pub fn knows(&mut self, seq: i64) {
        self.known = self.known.max(seq);
    }

    /// Learns of entries without getting them.
    pub fn left_out(&mut self, first: i64, last: i64) {
        if self.head.is_none() {
            self.follow_from(first - 1);
        }
        self.knows(last);
    }

    /// Sets the place from which the company is followed, forgetting what came before.
    pub fn follow_from(&mut self, head: i64) {
        self.head = Some(head);
        self.knows(head);
        self.inbox = self.inbox.split_off(&(head + 1));
        if let Some(ring) = &mut self.ring {
            *ring = Ring { items: VecDeque::new(), floor: head };
        }
    }

    /// Forgets everything but whether the company is watched.
    pub fn forget(&mut self) {
        let watched = self.ring.is_some();
        *self = Feed { queued: self.queued, ..Feed::default() };
        self.watch(watched);
    }

    /// Begins or ends keeping events for resumes.
    pub fn watch(&mut self, watched: bool) {
        if watched && self.ring.is_none() {
            // Until the head is known, the ring holds nothing that could be relied on.
            self.ring = Some(Ring { items: VecDeque::new(), floor: self.head.unwrap_or(i64::MAX) });
        } else if !watched {
            self.ring = None;
        }
    }

    /// Takes in an entry, in any order, as often as it likes to come.
    pub fn insert(&mut self, entry: EntryRef) {
        let seq = entry.seq;
        if self.head.is_none() {
            self.follow_from(seq - 1);
        }
        if self.head >= Some(seq) {
            return;
        }
        self.knows(seq);
        self.inbox.insert(seq, entry);
        if self.inbox.len() > INBOX {
            self.inbox.pop_last();
        }
    }

    /// Up to `limit` entries in order, ending at one that changes the standing of somebody `watched`: it must be known
    /// before the entries after it are sent.
    pub fn next(&mut self, limit: usize, ring: usize, watched: impl Fn(UserId) -> bool) -> Next {
        let Some(mut head) = self.head.filter(|_| !self.working) else {
            return Next::Idle;
        };
        let (mut items, mut changed, before) = (Vec::new(), Vec::new(), head);
        while head - before < limit as i64
            && let Some(entry) = self.inbox.remove(&(head + 1))
        {
            head += 1;
            let person = person_changed(&entry);
            changed.extend(person);
            items.extend(Item::new(entry).map(Rc::new));
            if person.is_some_and(&watched) {
                break;
            }
        }
        if head > before {
            self.head = Some(head);
            self.keep(&items, ring);
            return Next::Run { items, changed };
        }
        if self.known > head { Next::Gap(head) } else { Next::Idle }
    }

    fn keep(&mut self, items: &[Rc<Item>], limit: usize) {
        let Some(ring) = &mut self.ring else { return };
        for item in items {
            ring.items.push_back(item.clone());
            if ring.items.len() > limit
                && let Some(old) = ring.items.pop_front()
            {
                ring.floor = old.entry.seq;
            }
        }
    }

    /// The events after `position` that are kept; `None` if not all of them are.
    pub fn since(&self, position: i64) -> Option<impl Iterator<Item = &Rc<Item>>> {
        let ring = self.ring.as_ref().filter(|ring| position >= ring.floor)?;
        let from = ring.items.partition_point(|item| item.entry.seq <= position);
        Some(ring.items.range(from..))
    }
}
