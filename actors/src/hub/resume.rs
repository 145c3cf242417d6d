//! Bringing a reconnected stream from its position to the present, at the pace of its reader.

use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::mpsc::error::TrySendError;
use workforceos_core::change::Entry;
use workforceos_core::error::Result;
use workforceos_core::id::CompanyId;

use super::company::Changed;
use super::frame::{EntryRef, Item, person_changed, session_ended};
use super::roster::{Phase, Sub};
use super::state::Step;
use super::subscription::Delivery;
use super::worker::{Engine, reread};
use super::{Access, SubId};

/// Entries read at a time: no more than wait for one reader anyway.
const PAGE: u32 = 250;
/// How many entries that take something from somebody are looked at; a position with more of them after it is too old.
const WITHDRAWALS: u32 = 2_000;

/// Goes on until the subscriber is live or gone. A reader that stalls holds one task and one queue, and no page.
pub(super) async fn resume(engine: Rc<Engine>, id: SubId) {
    loop {
        let step = engine.state.borrow_mut().resume(id);
        let more = match step {
            Step::Done | Step::Lost => false,
            Step::Full => has_room(&engine, id).await,
            Step::Check(..) | Step::Journal(..) => match read(&engine, id).await {
                Some((company, after, page)) => match take(&engine, id, company, after, page).await {
                    Taken::All => true,
                    Taken::UntilFull => has_room(&engine, id).await,
                    Taken::Over => false,
                },
                None => true,
            },
        };
        if !more {
            return;
        }
    }
}

/// Reads the next page of the journal, if that is still needed when the turn to read comes: of a crowd that waits, the
/// first has read enough for most of the others.
async fn read(engine: &Engine, id: SubId) -> Option<(CompanyId, i64, Result<Vec<Entry>>)> {
    let _turn = engine.reads.acquire().await;
    loop {
        let step = engine.state.borrow_mut().resume(id);
        match step {
            Step::Done | Step::Lost | Step::Full => return None,
            Step::Check(company, position) => check(engine, id, company, position).await,
            Step::Journal(company, after) => {
                let page = engine.ask("journal", |access| async move { access.journal(company, after, PAGE).await }).await;
                return Some((company, after, page));
            }
        }
    }
}

/// Waits until the reader has taken half of its queue; false if the subscriber is gone.
async fn has_room(engine: &Engine, id: SubId) -> bool {
    let queue = engine.state.borrow().roster.get(id).map(|sub| sub.queue.clone());
    match queue {
        Some(queue) => queue.reserve_many(queue.max_capacity().div_ceil(2)).await.is_ok(),
        None => false,
    }
}

/// Learns whether a position that a client names is one that the journal can go on from: it exists, and nothing was taken from
/// the subscriber since.
async fn check(engine: &Engine, id: SubId, company: CompanyId, position: i64) {
    let exists = engine.ask("position", |access| async move {
        Ok(match access.oldest(company).await? {
            Some(oldest) if position < oldest => position + 1 == oldest,
            Some(_) => access.journal(company, position - 1, 1).await?.first().is_some_and(|entry| entry.seq == position),
            None => false,
        })
    });
    let withdrawals = match exists.await {
        Ok(true) => {
            let read = |access: Arc<dyn Access>| async move { access.withdrawals(company, position, WITHDRAWALS).await };
            engine.ask("withdrawals", read).await.map(Some)
        }
        Ok(false) => Ok(None),
        Err(error) => Err(error),
    };
    let mut state = engine.state.borrow_mut();
    let Some(sub) = state.roster.get_mut(id).filter(|sub| is_at(sub, position)) else { return };
    match withdrawals {
        Ok(Some(all)) if all.len() < WITHDRAWALS as usize && !all.iter().any(|one| sub.loses_by(one)) => {
            sub.phase = Phase::Resuming { trusted: true };
        }
        Ok(_) => state.reset(id),
        Err(_) => state.end(id, Delivery::Cut),
    }
}

/// How much of a page was sent.
enum Taken {
    All,
    UntilFull,
    /// The resume is over, or another one has begun.
    Over,
}

/// Sends a page of the journal.
async fn take(engine: &Rc<Engine>, id: SubId, company: CompanyId, after: i64, page: Result<Vec<Entry>>) -> Taken {
    let page: Arc<[Entry]> = match page {
        Ok(page) if page.first().is_some_and(|entry| entry.seq == after + 1) => page.into(),
        Ok(page) if page.is_empty() && engine.state.borrow_mut().begins_at(company, after) => return Taken::All,
        // Positions before the ring that the journal no longer has.
        Ok(_) => {
            engine.state.borrow_mut().reset(id);
            return Taken::Over;
        }
        Err(_) => {
            engine.state.borrow_mut().end(id, Delivery::Cut);
            return Taken::Over;
        }
    };
    page.iter().filter_map(session_ended).for_each(|session| engine.state.borrow_mut().end_session(session));
    let mut position = after;
    for entry in EntryRef::all(&page) {
        let (seq, changed) = (entry.seq, person_changed(&entry));
        let unheard = {
            let mut state = engine.state.borrow_mut();
            let Some(sub) = state.roster.get_mut(id).filter(|sub| is_at(sub, position)) else { return Taken::Over };
            let anew = sub.who.reaches_anew(&entry);
            if anew && sub.queue.try_send(Delivery::Anew).is_err() {
                return Taken::UntilFull;
            }
            match send(sub, entry) {
                Ok(()) => sub.position = seq,
                Err(TrySendError::Full(_)) => return Taken::UntilFull,
                Err(TrySendError::Closed(_)) => return Taken::Over,
            }
            position = seq;
            let user = changed.filter(|user| *user == sub.who.user);
            user.filter(|_| state.feeds.get(&company).is_none_or(|feed| feed.working || feed.head() < Some(seq)))
        };
        // The resume is ahead of the hub: the user's new standing has not been applied yet.
        if let Some(user) = unheard {
            reread(engine.clone(), vec![(company, Changed { user, reaches: false })], None).await;
        }
    }
    Taken::All
}

/// Sends an event if the subscriber may see it as things stand now.
fn send(sub: &Sub, entry: EntryRef) -> Result<(), TrySendError<Delivery>> {
    let item = Item::new(entry);
    let read = item.and_then(|item| sub.reads(&item).map(|shown| item.frame(shown)));
    read.map_or(Ok(()), |frame| sub.queue.try_send(Delivery::Event(frame)))
}

/// Whether a resume that got to `position` is still the subscriber's own: a reset in between starts another.
fn is_at(sub: &Sub, position: i64) -> bool {
    matches!(sub.phase, Phase::Resuming { .. }) && sub.position == position
}
