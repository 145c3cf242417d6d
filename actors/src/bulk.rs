//! Changes too large for one decision, such as imports: decided part by part in one turn of the company, each part against the
//! state that will hold once those before it are written, and written wholly or not at all. Other changes of the same company
//! wait meanwhile, those of other companies do not.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::oneshot;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::previous_day;
use workforceos_store::{Due, Outcome, Turn};

use crate::actor::{Actor, absorb};
use crate::needs::{Facts, Needs};
use crate::state::State;

/// More days than these are let go while the parts move on.
const MAX_DAYS: usize = 100;

/// A change of many parts.
pub trait Bulk: Send + 'static {
    /// What its caller wants back.
    type Made: Send + 'static;

    /// What the next part's decision needs; `None` once every part is decided. Parts that look at days stand in their order: of
    /// long before a part's days nothing is known to it any more.
    fn next(&mut self) -> Option<Needs>;

    /// Decides that part. Reads of later parts may or may not find the rows of earlier ones; the state has them.
    fn part(&mut self, facts: &Facts) -> Result<Part>;

    /// What is written last; `None`: nothing at all is written, the parts neither.
    fn end(&mut self, facts: &Facts) -> Result<(Option<Changes>, Self::Made)>;
}

/// What becomes of a part.
pub enum Part {
    /// Rows and events, written with all others.
    Write(Changes),
    /// Known to the parts after it, and that is all: nothing of the change will be written.
    Suppose(Changes),
}

/// A bulk, erased.
pub(crate) trait Large: Send {
    fn next(&mut self) -> Option<Needs>;
    fn part(&mut self, facts: &Facts) -> Result<Part>;
    /// The last changes; `None`: nothing is written.
    fn end(&mut self, facts: &Facts) -> Result<Option<Changes>>;
    fn finish(self: Box<Self>, result: Result<()>);
}

pub(crate) struct TypedBulk<B: Bulk> {
    pub bulk: B,
    pub made: Option<B::Made>,
    pub reply: oneshot::Sender<Result<B::Made>>,
}

impl<B: Bulk> Large for TypedBulk<B> {
    fn next(&mut self) -> Option<Needs> {
        self.bulk.next()
    }

    fn part(&mut self, facts: &Facts) -> Result<Part> {
        self.bulk.part(facts)
    }

    fn end(&mut self, facts: &Facts) -> Result<Option<Changes>> {
        let (changes, made) = self.bulk.end(facts)?;
        self.made = Some(made);
        Ok(changes)
    }

    fn finish(self: Box<Self>, result: Result<()>) {
        let made = self.made;
        let answer = result.and_then(|()| made.ok_or_else(|| Error::internal("a change of many parts was never ended")));
        // A caller who went away does not matter: the change is made.
        let _ = self.reply.send(answer);
    }
}

impl Actor {
    /// Decides all parts and commits them.
    pub(crate) async fn bulk(&mut self, mut large: Box<dyn Large>) {
        let result = self.decide_large(large.as_mut()).await;
        if result.is_err() {
            self.state = None;
        }
        large.finish(result);
    }

    async fn decide_large(&mut self, large: &mut dyn Large) -> Result<()> {
        let mut turn = self.shared.store.turn(self.company).await?;
        self.shed();
        let now = self.shared.clock.now();
        let mut rows = HashMap::new();
        self.prepare(&mut turn, &[], &mut rows).await?;
        while let Some(needs) = guarded(|| Ok(large.next()))? {
            rows.clear();
            if let Some(state) = &mut self.state {
                make_room(state, &needs);
            }
            self.prepare(&mut turn, &[needs], &mut rows).await?;
            let part = self.decided(now, &rows, |facts| large.part(facts))?;
            let state = self.state.as_mut().ok_or_else(lost)?;
            match part {
                Part::Write(changes) => {
                    absorb(state, &mut rows, &changes)?;
                    turn.stage(changes, now).await?;
                    // The turn's place in the journal moves with its own entries.
                    state.seq = turn.seq();
                }
                Part::Suppose(changes) => absorb(state, &mut rows, &changes)?,
            }
        }
        rows.clear();
        match self.decided(now, &rows, |facts| large.end(facts))? {
            Some(changes) => self.commit_large(turn, changes, now).await,
            None => {
                // What was supposed has not come to be.
                self.state = None;
                Ok(())
            }
        }
    }

    fn decided<T>(
        &self,
        now: Timestamp,
        rows: &HashMap<uuid::Uuid, workforceos_core::object::Record>,
        decide: impl FnOnce(&Facts) -> Result<T>,
    ) -> Result<T> {
        let facts = Facts { state: self.state.as_ref().ok_or_else(lost)?, now, ids: &self.shared.ids, rows };
        guarded(|| decide(&facts))
    }

    async fn commit_large(&mut self, turn: Turn, changes: Changes, now: Timestamp) -> Result<()> {
        let state = self.state.as_mut().ok_or_else(lost)?;
        absorb(state, &mut HashMap::new(), &changes)?;
        match turn.commit(vec![changes], now, Due::Sooner(None)).await {
            Outcome::Committed(entries) => {
                let entries: Arc<[_]> = entries.iter().flat_map(|e| e.iter().cloned()).collect();
                if let Some(last) = entries.last() {
                    state.seq = last.seq;
                }
                self.shared.hub.publish(self.company, entries);
                Ok(())
            }
            Outcome::Refused { error, .. } => Err(error),
            Outcome::Failed(error) | Outcome::Unknown(error) => {
                tracing::error!(company = %self.company, %error, source = ?error.source, "the commit of a large change failed");
                Err(error)
            }
        }
    }
}

fn lost() -> Error {
    Error::internal("the company's state is not loaded")
}

/// A panic in a decision is its caller's 500, no more.
fn guarded<T>(decide: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(decide))
        .unwrap_or_else(|_| Err(Error::internal("a decision panicked; the log has its message")))
}

/// Lets go of the days long before those that come next.
fn make_room(state: &mut State, needs: &Needs) {
    let first: Option<Date> = needs.days.iter().map(|(from, _)| *from).min();
    if let Some(first) = first
        && state.days.len() > MAX_DAYS
    {
        state.forget_before(previous_day(first));
    }
}
