//! One company's events between journal and streams: brought into order, and the last of them kept for resumes.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use uuid::Uuid;
use workforceos_core::id::UserId;

use super::frame::{EntryRef, Item, person_changed};

/// Entries kept in memory until those before them arrive; beyond it the journal is asked for them again.
const INBOX: usize = 4096;

/// What a company has next for its streams.
pub(super) enum Next {
    /// These, in order, and whose standing they changed.
    Run {
        items: Vec<Rc<Item>>,
        changed: Vec<Changed>,
    },
    /// The entries after this one are to be read from the journal.
    Gap(i64),
    Idle,
}

/// A person whose standing an entry changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Changed {
    pub user: UserId,
    /// Whom the person reaches is changed for sure.
    pub reaches: bool,
}

impl Changed {
    pub fn by(entry: &EntryRef) -> impl Iterator<Item = Changed> + '_ {
        let person = person_changed(entry).map(|user| Changed { user, reaches: false });
        let reach = entry.audience.reach.iter().map(|user| Changed { user: UserId(*user), reaches: true });
        reach.chain(person)
    }
}

/// The last events, for resumes; kept while the company has subscribers.
struct Ring {
    items: VecDeque<Rc<Item>>,
    /// Who reaches others since which entry, of those after the floor.
    reaches: VecDeque<(i64, Uuid)>,
    /// Every event after this one is here.
    floor: i64,
}

impl Ring {
    /// With nothing of what is at or before `floor`.
    fn empty(floor: i64) -> Ring {
        Ring { items: VecDeque::new(), reaches: VecDeque::new(), floor }
    }
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
            *ring = Ring::empty(head);
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
            self.ring = Some(Ring::empty(self.head.unwrap_or(i64::MAX)));
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
            let seen = changed.len();
            changed.extend(Changed::by(&entry));
            let stop = changed[seen..].iter().any(|change| watched(change.user));
            if let Some(kept) = &mut self.ring {
                kept.reaches.extend(entry.audience.reach.iter().map(|user| (head, *user)));
            }
            items.extend(Item::new(entry).map(Rc::new));
            if stop {
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
        while ring.reaches.len() > limit
            && let Some((seq, _)) = ring.reaches.pop_front()
        {
            ring.floor = ring.floor.max(seq);
        }
        while ring.reaches.front().is_some_and(|(seq, _)| *seq <= ring.floor) {
            ring.reaches.pop_front();
        }
    }

    /// Whether an entry that is kept, after `position`, changed whom a user reaches.
    pub fn reaches_anew(&self, user: UserId, position: i64) -> bool {
        let after = |(seq, reaching): &(i64, Uuid)| *seq > position && *reaching == user.0;
        self.ring.as_ref().is_some_and(|ring| ring.reaches.iter().rev().any(after))
    }

    /// The events after `position` that are kept; `None` if not all of them are.
    pub fn since(&self, position: i64) -> Option<impl Iterator<Item = &Rc<Item>> + Clone> {
        let ring = self.ring.as_ref().filter(|ring| position >= ring.floor)?;
        let from = ring.items.partition_point(|item| item.entry.seq <= position);
        Some(ring.items.range(from..))
    }
}
