//! The hub's state: subscribers and companies, and the sending itself. All of it is synchronous and on one thread.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::mpsc::error::TrySendError;
use uuid::Uuid;
use workforceos_core::change::{Entry, View};
use workforceos_core::id::{CompanyId, UserId};

use super::company::{Feed, Next};
use super::frame::{EntryRef, Item, session_ended};
use super::roster::{Phase, Roster, Sub};
use super::subscription::Delivery;
use super::{Counters, HubSettings, Person, SubId};

/// Entries sent in one go: a subscriber behind on several is woken once for all of them.
const RUN: usize = 64;
/// How many ended sessions and changed people are remembered for subscriptions that were decided on before.
const RECENT: usize = 1024;

/// The last few of something.
struct Recent<T>(VecDeque<T>);

impl<T: PartialEq> Recent<T> {
    fn push(&mut self, one: T) {
        if self.0.contains(&one) {
            return;
        }
        if self.0.len() >= RECENT {
            self.0.pop_front();
        }
        self.0.push_back(one);
    }
}

/// Where a resuming subscriber stands.
pub(super) enum Step {
    /// Live, ended, or held: nothing to resume.
    Done,
    /// Its queue is full: go on when it has room.
    Full,
    /// The ring does not reach back to this position.
    Journal(CompanyId, i64),
    /// Something was taken from it since.
    Lost,
    /// Only the journal knows whether this position exists.
    Check(CompanyId, i64),
}

/// Everything that the hub's thread owns.
pub(super) struct State {
    settings: HubSettings,
    counters: Arc<Counters>,
    pub roster: Roster,
    pub feeds: HashMap<CompanyId, Feed>,
    ended: Recent<Uuid>,
    changed: Recent<UserId>,
    /// Who waits for which position of a company.
    arrivals: HashMap<CompanyId, Vec<(i64, SubId)>>,
    /// Companies with something to send, in turn.
    ready: Vec<CompanyId>,
}

impl State {
    pub fn new(settings: HubSettings, counters: Arc<Counters>) -> State {
        let (ended, changed) = (Recent(VecDeque::new()), Recent(VecDeque::new()));
        let (roster, feeds) = (Roster::default(), HashMap::new());
        counters.subscribers.store(0, Relaxed);
        State { settings, counters, roster, feeds, ended, changed, arrivals: HashMap::new(), ready: Vec::new() }
    }

    /// Takes in a commit, or a page of the journal. Sessions end at once, whatever still waits to be sent.
    pub fn take_in(&mut self, company: CompanyId, entries: &Arc<[Entry]>) {
        for session in entries.iter().filter_map(session_ended) {
            self.end_session(session);
        }
        let feed = self.feeds.entry(company).or_default();
        EntryRef::all(entries).for_each(|entry| feed.insert(entry));
        self.queue(company);
    }

    /// Gives a company its turn.
    pub fn queue(&mut self, company: CompanyId) {
        let feed = self.feeds.entry(company).or_default();
        if !feed.queued {
            feed.queued = true;
            self.ready.push(company);
        }
    }

    pub fn take_ready(&mut self) -> Vec<CompanyId> {
        std::mem::take(&mut self.ready)
    }

    pub fn is_idle(&self) -> bool {
        self.ready.is_empty()
    }

    pub fn next(&mut self, company: CompanyId) -> Next {
        let feed = self.feeds.entry(company).or_default();
        feed.queued = false;
        let next = feed.next(RUN, self.settings.ring, |user| self.roster.has_user(user));
        if let Next::Run { changed, .. } = &next {
            changed.iter().for_each(|change| self.changed.push(change.user));
        }
        next
    }

    /// Adds a subscriber, for whom the user's oldest goes if there are too many. True if its standing in the company may be out of
    /// date already.
    pub fn add(&mut self, sub: Sub) -> bool {
        if self.ended.0.contains(&sub.who.session) {
            let _ = sub.end.send(Delivery::Ended("logout"));
            return false;
        }
        let (company, user) = (sub.who.company, sub.who.user);
        self.make_room(user);
        self.roster.add(sub);
        self.feeds.entry(company).or_default().watch(true);
        self.count();
        self.changed.0.contains(&user)
    }

    /// Whoever opens more and more, and leaves them open, takes memory and connections from nobody else.
    fn make_room(&mut self, user: UserId) {
        let oldest = self.roster.of_user(user).map(|sub| sub.id).min();
        if let Some(oldest) = oldest
            && self.roster.of_user(user).count() >= self.settings.per_user
        {
            self.end(oldest, Delivery::Ended("tooMany"));
        }
    }

    /// Ends a subscription for whatever reason.
    pub fn end(&mut self, id: SubId, last: Delivery) {
        let Some(sub) = self.roster.remove(id) else { return };
        if last == Delivery::Cut {
            self.counters.cut.fetch_add(1, Relaxed);
        }
        let company = sub.who.company;
        let _ = sub.end.send(last);
        if !self.roster.is_watched(company)
            && let Some(feed) = self.feeds.get_mut(&company)
        {
            feed.watch(false);
        }
        self.count();
    }

    /// Unsubscribes whoever has gone by itself.
    pub fn leave(&mut self, id: SubId) {
        self.end(id, Delivery::Ended("left"));
    }

    pub fn end_session(&mut self, session: Uuid) {
        self.ended.push(session);
        for id in self.roster.of_session(session) {
            self.end(id, Delivery::Ended("logout"));
        }
    }

    pub fn end_all(&mut self, last: &Delivery) {
        for id in self.roster.ids() {
            self.end(id, last.clone());
        }
    }

    /// Applies a person's standing as just read to their streams of one company. Those begin anew with a snapshot where it is
    /// another one, or `reaches` others than before: what they show may be too much, and too little.
    pub fn stand(&mut self, company: CompanyId, user: UserId, person: Option<&Person>, reaches: bool) {
        let known = |s: &Sub| Person { admin: s.who.admin, departments: s.who.departments.clone() };
        let subs: Vec<(SubId, Person)> =
            self.roster.of_user(user).filter(|s| s.who.company == company).map(|s| (s.id, known(s))).collect();
        for (id, mut was) in subs {
            let Some(person) = person else {
                self.end(id, Delivery::Ended("userGone"));
                continue;
            };
            if was.admin && !person.admin {
                self.end(id, Delivery::Ended("roleLost"));
                continue;
            }
            let mut is = person.clone();
            is.departments.sort();
            was.departments.sort();
            self.roster.update(id, person);
            // Admins see everything, whomever they manage.
            if is != was || (reaches && !is.admin) {
                self.begin_anew(id);
            }
        }
    }

    /// Sends a subscriber back to a new snapshot. One that is about to name a position anyway is let do so.
    pub fn reset(&mut self, id: SubId) {
        let Some(sub) = self.roster.get_mut(id).filter(|sub| sub.phase != Phase::Held) else { return };
        sub.phase = Phase::Held;
        if sub.queue.try_send(Delivery::Reset).is_err() {
            self.end(id, Delivery::Cut);
        }
    }

    /// Has a subscriber read a new snapshot while its events go on. Of one that reads its snapshot just now nobody knows whether
    /// it is of before.
    pub fn begin_anew(&mut self, id: SubId) {
        let Some(sub) = self.roster.get_mut(id) else { return };
        if sub.phase == Phase::Held {
            sub.stale = true;
        } else if sub.queue.try_send(Delivery::Anew).is_err() {
            self.end(id, Delivery::Cut);
        }
    }

    /// Goes on from the position of a snapshot.
    pub fn start(&mut self, id: SubId, seq: i64) {
        let Some(sub) = self.roster.get_mut(id).filter(|sub| sub.phase == Phase::Held) else { return };
        (sub.phase, sub.position) = (Phase::Resuming { trusted: true }, seq);
        if std::mem::take(&mut sub.stale) {
            self.begin_anew(id);
        }
    }

    /// Tells a subscriber once everything up to `seq` was sent.
    pub fn tell_when_at(&mut self, id: SubId, seq: i64) {
        let Some(company) = self.roster.get(id).map(|sub| sub.who.company) else { return };
        self.arrivals.entry(company).or_default().push((seq, id));
        // The commit is known to whoever read the snapshot, perhaps not here.
        self.feeds.entry(company).or_default().knows(seq);
        self.tell_arrivals(company);
        self.queue(company);
    }

    /// Tells those who wait for a position that it is reached. Who is back at a snapshot waits no longer.
    pub fn tell_arrivals(&mut self, company: CompanyId) {
        let Some(waiting) = self.arrivals.remove(&company) else { return };
        let head = self.feeds.get(&company).and_then(Feed::head);
        let mut left = Vec::new();
        for (seq, id) in waiting {
            match self.roster.get(id).map(|sub| (sub.phase, sub.queue.clone())) {
                Some((Phase::Live, queue)) if head >= Some(seq) => {
                    if queue.try_send(Delivery::Reached(seq)).is_err() {
                        self.end(id, Delivery::Cut);
                    }
                }
                Some((Phase::Live | Phase::Resuming { .. }, _)) => left.push((seq, id)),
                Some((Phase::Held, _)) | None => {}
            }
        }
        if !left.is_empty() {
            self.arrivals.insert(company, left);
        }
    }

    /// Sends entries of one company, in order, to all who may see them: each subscriber gets all of its own in one go.
    pub fn send(&mut self, items: &[Rc<Item>]) {
        let mut sends: Vec<(SubId, usize, View)> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            self.roster.reached(&item.entry, |id, view| sends.push((id, at, view)));
        }
        // Found twice, one gets the fuller rendering, which sorts first.
        sends.sort_unstable();
        sends.dedup_by_key(|(id, at, _)| (*id, *at));
        let mut woken = 0;
        for own in sends.chunk_by(|a, b| a.0 == b.0) {
            woken += usize::from(self.send_to(items, own));
            if woken == self.settings.burst.max(1) {
                woken = 0;
                self.pause();
            }
        }
    }

    /// Queues one subscriber's share; whether it was woken.
    fn send_to(&mut self, items: &[Rc<Item>], own: &[(SubId, usize, View)]) -> bool {
        let id = own[0].0;
        let Some(sub) = self.roster.get_mut(id).filter(|sub| sub.phase == Phase::Live) else {
            return false;
        };
        let mut woken = false;
        for (_, at, view) in own {
            let item = &items[*at];
            if item.entry.seq <= sub.position || !sub.who.topics.meets(item.topic) {
                continue;
            }
            let sent = sub.queue.try_send(Delivery::Event(item.frame(sub.shown(*view))));
            if let Err(refused) = sent {
                match refused {
                    TrySendError::Full(_) => self.end(id, Delivery::Cut),
                    TrySendError::Closed(_) => self.leave(id),
                }
                return true;
            }
            sub.position = item.entry.seq;
            woken = true;
        }
        woken
    }

    /// Gives the processor to those just woken. Blocking is the point: this thread has nothing more urgent to do, and
    /// the runtime's own timers are too coarse.
    fn pause(&self) {
        if self.settings.pause.is_zero() {
            std::thread::yield_now();
        } else {
            std::thread::sleep(self.settings.pause);
        }
    }

    /// Brings a resuming subscriber as far as ring and queue allow.
    pub fn resume(&mut self, id: SubId) -> Step {
        match self.go_on(id) {
            Step::Lost => {
                self.reset(id);
                Step::Done
            }
            Step::Done => {
                if let Some(company) = self.roster.get(id).map(|sub| sub.who.company) {
                    self.tell_arrivals(company);
                }
                Step::Done
            }
            step => step,
        }
    }

    fn go_on(&mut self, id: SubId) -> Step {
        let Some(sub) = self.roster.get_mut(id) else { return Step::Done };
        let Phase::Resuming { trusted } = sub.phase else { return Step::Done };
        let (company, position) = (sub.who.company, sub.position);
        let feed = self.feeds.entry(company).or_default();
        let unheard = if trusted { Step::Journal(company, position) } else { Step::Check(company, position) };
        let Some(head) = feed.head() else { return unheard };
        if position > head && trusted {
            // The journal is further than what has been heard: what follows `position` will come live.
            sub.phase = Phase::Live;
            feed.knows(position);
            self.queue(company);
            return Step::Done;
        }
        let Some(items) = feed.since(position).filter(|_| position <= head) else { return unheard };
        // What was the subscriber's then and is not any more is not told now, nor what came before it went.
        let anew = !sub.who.admin && feed.reaches_anew(sub.who.user, position);
        if !trusted && (anew || items.clone().any(|item| sub.loses_by(&item.entry.audience))) {
            return Step::Lost;
        }
        if anew && sub.queue.try_send(Delivery::Anew).is_err() {
            return Step::Full;
        }
        for item in items {
            if let Some(shown) = sub.reads(item)
                && let Err(refused) = sub.queue.try_send(Delivery::Event(item.frame(shown)))
            {
                return if matches!(refused, TrySendError::Full(_)) { Step::Full } else { Step::Done };
            }
            sub.position = item.entry.seq;
        }
        sub.position = head;
        sub.phase = Phase::Live;
        Step::Done
    }

    /// Follows a company from the end of its journal, unless it is followed from this position or one before it already.
    pub fn begins_at(&mut self, company: CompanyId, end: i64) -> bool {
        let feed = self.feeds.entry(company).or_default();
        if feed.head().is_none() {
            feed.follow_from(end);
        }
        feed.head() <= Some(end)
    }

    fn count(&self) {
        self.counters.subscribers.store(self.roster.len(), Relaxed);
    }
}
