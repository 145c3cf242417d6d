//! The company actor: one loop, one mailbox, one commit in flight.
//!
//! While a commit runs the next commands gather; then they are decided in order, each against the state that will hold once
//! those before it are written, and commit together. If one of them is refused by the database, nothing of the batch is
//! written, that command's caller gets the error, and the others are decided again.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use chrono::Days;
use tokio::sync::mpsc;
use uuid::Uuid;
use workforceos_core::change::{Changes, RowChange};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::CompanyId;
use workforceos_core::object::{DataObject, ObjectDef, Record};
use workforceos_core::objects::{
    AttendanceRecord, AttendanceStatus, Company, CompanyPolicy, EmployeeProfile, LeaveRequest, PayPeriodLock, Shift, User,
    UserGroup, UserGroupMember,
};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::value::Value;
use workforceos_core::zone::{next_day, previous_day};
use workforceos_store::{Due, Outcome, Turn};

use crate::bulk::Large;
use crate::directory::Shared;
use crate::needs::{Facts, Needs};
use crate::state::State;
use crate::tasks;

/// The most commands decided together.
const MAX_BATCH: usize = 256;
/// How often a command is decided again after another node's or batch's change overtook it.
const MAX_TRIES: u32 = 4;
/// How long a company's state stays without use.
const IDLE: Duration = Duration::from_secs(300);
/// The most days that stay loaded.
const MAX_DAYS: usize = 800;
/// The most due rows that one timer pass handles.
const MAX_DUE: u64 = 500;

/// A timer's pass over what is due: what it wants written, and when it wants to look again.
pub type TimerPass = (Changes, Option<Timestamp>);

/// A command, erased.
pub(crate) trait Command: Send {
    fn needs(&self) -> &Needs;
    fn decide(&mut self, facts: &Facts) -> Result<Changes>;
    /// Set by a timer's decision: the exact time of its next pass.
    fn next_due(&self) -> Option<Option<Timestamp>> {
        None
    }
    fn finish(self: Box<Self>, result: Result<()>);
}

/// What waits in a mailbox.
pub(crate) enum Mail {
    Command(Box<dyn Command>),
    /// Decided by itself, after what came before it.
    Large(Box<dyn Large>),
}

struct Pending {
    command: Box<dyn Command>,
    tries: u32,
}

pub(crate) struct Actor {
    pub(crate) company: CompanyId,
    pub(crate) shared: Arc<Shared>,
    pub(crate) state: Option<State>,
}

impl Actor {
    pub(crate) async fn run(company: CompanyId, shared: Arc<Shared>, mut mailbox: mpsc::Receiver<Mail>) {
        let mut actor = Actor { company, shared, state: None };
        loop {
            let first = match tokio::time::timeout(IDLE, mailbox.recv()).await {
                Ok(Some(Mail::Command(command))) => command,
                Ok(Some(Mail::Large(large))) => {
                    actor.bulk(large).await;
                    continue;
                }
                Ok(None) => return,
                Err(_) => {
                    // Passivated: the mailbox stays, so that no message is lost and no company is spawned twice.
                    actor.state = None;
                    continue;
                }
            };
            let mut batch = vec![Pending { command: first, tries: 0 }];
            let mut large = None;
            while batch.len() < MAX_BATCH && large.is_none() {
                match mailbox.try_recv() {
                    Ok(Mail::Command(command)) => batch.push(Pending { command, tries: 0 }),
                    Ok(Mail::Large(after)) => large = Some(after),
                    Err(_) => break,
                }
            }
            metrics::histogram!("workforceos_batch_commands").record(batch.len() as f64);
            while !batch.is_empty() {
                batch = actor.process(batch).await;
            }
            if let Some(large) = large {
                actor.bulk(large).await;
            }
        }
    }

    /// A state that has grown too large is read anew.
    pub(crate) fn shed(&mut self) {
        if self.state.as_ref().is_some_and(|s| s.days.len() > MAX_DAYS) {
            self.state = None;
        }
    }

    /// Decides and commits a batch; answers what is settled and gives back what has to be decided again.
    async fn process(&mut self, batch: Vec<Pending>) -> Vec<Pending> {
        let mut turn = match self.shared.store.turn(self.company).await {
            Ok(turn) => turn,
            Err(error) => return fail_all(batch, &error),
        };
        self.shed();
        let mut rows = HashMap::new();
        // Decisions may be sent between threads but not shared: what they need is taken out before anything is awaited.
        let needs: Vec<Needs> = batch.iter().map(|pending| pending.command.needs().clone()).collect();
        if let Err(error) = self.prepare(&mut turn, &needs, &mut rows).await {
            self.state = None;
            return fail_all(batch, &error);
        }
        let Some(mut state) = self.state.take() else { return batch };
        let now = self.shared.clock.now();
        let mut settled = Vec::with_capacity(batch.len());
        let mut changes = Vec::with_capacity(batch.len());
        let mut due = Due::Sooner(None);
        for mut pending in batch {
            let facts = Facts { state: &state, now, ids: &self.shared.ids, rows: &rows };
            match decide(pending.command.as_mut(), &facts) {
                // Its caller is told once the first of the two is written, and finds the answer kept for both.
                Ok(change) if changes.iter().any(|earlier| same_key(earlier, &change)) => {
                    let error = Error::conflict("IdempotencyConflict", "This Idempotency-Key is in use already");
                    settled.push((pending, Err(error)));
                }
                Ok(change) => {
                    due = match (pending.command.next_due(), due) {
                        (Some(exactly), _) if changes.iter().all(Changes::is_empty) => Due::Exactly(exactly),
                        // What the pass looked at was read before the changes ahead of it: it looks again.
                        (Some(_), _) => Due::Exactly(Some(now)),
                        // Decided after a timer's pass: that pass did not know of it.
                        (None, Due::Exactly(at)) => Due::Exactly(earlier(at, change.due_at)),
                        (None, sooner) => sooner,
                    };
                    match absorb(&mut state, &mut rows, &change) {
                        Ok(()) => {
                            changes.push(change);
                            settled.push((pending, Ok(changes.len() - 1)));
                        }
                        Err(error) => return self.give_up(pending, settled, &error),
                    }
                }
                Err(error) => settled.push((pending, Err(error))),
            }
        }
        let only_read = changes.iter().all(Changes::is_empty) && matches!(due, Due::Sooner(None));
        if only_read {
            self.state = Some(state);
            settled.into_iter().for_each(|(pending, result)| pending.command.finish(result.map(|_| ())));
            return Vec::new();
        }
        let outcome = turn.commit(changes, now, due).await;
        self.settle(state, settled, outcome)
    }

    /// A decision whose rows do not fit their declarations: a fault of the program, confined to its caller.
    fn give_up(&mut self, pending: Pending, settled: Vec<(Pending, Result<usize>)>, error: &Error) -> Vec<Pending> {
        self.state = None;
        tracing::error!(company = %self.company, %error, "a decision made rows that do not fit");
        pending.command.finish(Err(again(error)));
        settled.into_iter().map(|(pending, _)| pending).collect()
    }

    fn settle(&mut self, mut state: State, settled: Vec<(Pending, Result<usize>)>, outcome: Outcome) -> Vec<Pending> {
        match outcome {
            Outcome::Committed(entries) => {
                let entries: Arc<[_]> = entries.iter().flat_map(|e| e.iter().cloned()).collect();
                if let Some(last) = entries.last() {
                    state.seq = last.seq;
                }
                self.state = Some(state);
                self.shared.hub.publish(self.company, entries);
                settled.into_iter().for_each(|(pending, result)| pending.command.finish(result.map(|_| ())));
                Vec::new()
            }
            Outcome::Refused { index, error } => self.refused(settled, index, error),
            Outcome::Failed(error) | Outcome::Unknown(error) => {
                tracing::error!(company = %self.company, %error, source = ?error.source, "a commit failed");
                fail_all(settled.into_iter().map(|(pending, _)| pending).collect(), &error)
            }
        }
    }

    /// One command was refused by the database: it gets the error (or another try), all others are decided again.
    fn refused(&mut self, settled: Vec<(Pending, Result<usize>)>, index: usize, error: Error) -> Vec<Pending> {
        let mut left = Vec::with_capacity(settled.len());
        let mut error = Some(error);
        for (mut pending, result) in settled {
            if result.as_ref().is_ok_and(|i| *i == index)
                && let Some(error) = error.take()
            {
                pending.tries += 1;
                if error.code != "ConcurrentChange" || pending.tries >= MAX_TRIES {
                    pending.command.finish(Err(error));
                    continue;
                }
            }
            left.push(pending);
        }
        left
    }

    /// Brings the state to the company's sequence and loads what the batch needs.
    pub(crate) async fn prepare(&mut self, turn: &mut Turn, batch: &[Needs], rows: &mut HashMap<Uuid, Record>) -> Result<()> {
        if let Some(state) = &mut self.state
            && state.seq != turn.seq()
            && !catch_up(state, turn).await?
        {
            self.state = None;
        }
        let state = match &mut self.state {
            Some(state) => state,
            none => none.insert(load(self.company, turn).await?),
        };
        state.tasks.shed();
        for needs in batch {
            for (def, id) in &needs.rows {
                if !rows.contains_key(id)
                    && let Some(record) = turn.get(def, *id).await?
                {
                    rows.insert(*id, record);
                }
            }
            select(turn, &needs.queries, rows).await?;
            for follow in &needs.follow {
                let queries = follow(rows);
                select(turn, &queries, rows).await?;
            }
            let mut days = days_of(state, needs, turn, self.shared.clock.now()).await?;
            days.extend(tasks::load(state, turn, &needs.tasks, rows).await?);
            load_days(state, turn, days).await?;
        }
        Ok(())
    }
}

async fn select(turn: &mut Turn, queries: &[Query], rows: &mut HashMap<Uuid, Record>) -> Result<()> {
    for query in queries {
        for record in turn.select(query).await? {
            rows.entry(record.id()).or_insert(record);
        }
    }
    Ok(())
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Whether two changes were asked for with the same idempotency key.
fn same_key(a: &Changes, b: &Changes) -> bool {
    match (&a.idempotency, &b.idempotency) {
        (Some(a), Some(b)) => (a.key.company, a.key.user, &a.key.key) == (b.key.company, b.key.user, &b.key.key),
        _ => false,
    }
}

/// An error for one more caller: the cause stays with the log.
fn again(error: &Error) -> Error {
    let copy = Error::new(error.status, error.code.clone(), error.message.clone());
    Error { retry_after: error.retry_after, detail: error.detail.clone(), ..copy }
}

fn fail_all(batch: Vec<Pending>, error: &Error) -> Vec<Pending> {
    batch.into_iter().for_each(|pending| pending.command.finish(Err(again(error))));
    Vec::new()
}

/// Runs a decision; a panic in it is that caller's 500, no more.
fn decide(command: &mut dyn Command, facts: &Facts) -> Result<Changes> {
    catch_unwind(AssertUnwindSafe(|| command.decide(facts)))
        .unwrap_or_else(|_| Err(Error::internal("a decision panicked; the log has its message")))
}

/// The state and the loaded rows as they will be once a change is written.
pub(crate) fn absorb(state: &mut State, rows: &mut HashMap<Uuid, Record>, changes: &Changes) -> Result<()> {
    for change in &changes.rows {
        match change {
            RowChange::Put(record) => {
                state.absorb(record)?;
                rows.insert(record.id(), record.clone());
            }
            RowChange::Purge(_, id) => {
                rows.remove(id);
            }
        }
    }
    Ok(())
}

/// Re-reads the rows that the journal names since the state's sequence, of what the state holds; `false` if they are too many.
async fn catch_up(state: &mut State, turn: &mut Turn) -> Result<bool> {
    let Some(touched) = turn.touched_since(state.seq, 1_000, State::holds).await? else { return Ok(false) };
    let mut by_object: HashMap<&str, (&'static ObjectDef, Vec<Uuid>)> = HashMap::new();
    for (def, id) in touched {
        by_object.entry(def.name).or_insert((def, Vec::new())).1.push(id);
    }
    for (def, ids) in by_object.into_values() {
        let mut records = turn.get_many(def, &ids).await?;
        // Of two rows for one thing (left and joined again) the active one has the last word.
        records.sort_by_key(|r| (r.is_active(), r.id()));
        for record in &records {
            state.apply(record)?;
        }
    }
    state.seq = turn.seq();
    Ok(true)
}

/// What every decision may look at: the company, its policy and its people. Days come as they are needed.
async fn load(company: CompanyId, turn: &mut Turn) -> Result<State> {
    let mut state = State::empty(company, turn.seq());
    if turn.is_new() {
        return Ok(state);
    }
    let people = [User::def(), UserGroup::def(), UserGroupMember::def(), EmployeeProfile::def()];
    for def in [Company::def(), CompanyPolicy::def(), PayPeriodLock::def()].into_iter().chain(people) {
        turn.each(def, |record| state.apply(record)).await?;
    }
    Ok(state)
}

/// The days that a decision needs, as ranges.
async fn days_of(state: &State, needs: &Needs, turn: &mut Turn, now: Timestamp) -> Result<Vec<(Date, Date)>> {
    let mut days = needs.days.clone();
    let around = |date: Date| (previous_day(date), next_day(date));
    if let Some(id) = needs.attendance
        && state.attendance.get(id).is_none()
        && let Some(record) = turn.get(AttendanceRecord::def(), id.0).await?
    {
        days.push(around(AttendanceRecord::from_record(record)?.shift_date));
    }
    if let Some(id) = needs.shift {
        if let Some(shift) = state.schedule.get(id) {
            days.push(around(shift.shift_date));
        } else if let Some(record) = turn.get(Shift::def(), id.0).await? {
            days.push(around(Shift::from_record(record)?.shift_date));
        }
    }
    if needs.future {
        let running = Cond::Cmp("endsAt", Op::Gt, Value::Time(now)).and(scheduled());
        days.extend(dates_of(turn, Query::of(Shift::def(), state.company_id, running)).await?.map(around));
    }
    if needs.due {
        days.extend(due_days(state, turn, now).await?.into_iter().map(around));
    }
    Ok(days)
}

fn scheduled() -> Cond {
    Cond::eq("status", workforceos_core::objects::ShiftStatus::Scheduled.as_str())
}

async fn dates_of(turn: &mut Turn, query: Query) -> Result<impl Iterator<Item = Date> + use<>> {
    let mut dates = std::collections::BTreeSet::new();
    for record in turn.select(&query).await? {
        if let Value::Date(date) = record.get("shiftDate") {
            dates.insert(*date);
        }
    }
    Ok(dates.into_iter())
}

/// The days of shifts whose time is up, of records still open, and of the next shift to end.
async fn due_days(state: &State, turn: &mut Turn, now: Timestamp) -> Result<Vec<Date>> {
    let ended = now.plus_minutes(-state.policy.auto_absent_minutes);
    // Drafts wait for whoever publishes them, not for the clock.
    let published = || scheduled().and(Cond::eq("isDraft", false));
    let mut overdue =
        Query::of(Shift::def(), state.company_id, Cond::Cmp("endsAt", Op::Lte, Value::Time(ended)).and(published()));
    overdue.order = workforceos_core::query::order(Shift::def(), "endsAt,id");
    // One more than a pass handles: it tells that there is more.
    overdue.limit = MAX_DUE + 1;
    let mut next = overdue.clone();
    next.cond = Cond::Cmp("endsAt", Op::Gt, Value::Time(ended)).and(published());
    next.limit = 1;
    let here = [AttendanceStatus::Pending, AttendanceStatus::Late].map(|s| Value::Text(s.as_str().to_owned()));
    let open = Cond::All(vec![Cond::In("status", here.to_vec()), Cond::IsNull("checkOutTime"), Cond::IsNull("checkoutAlertAt")]);
    let mut open = Query::of(AttendanceRecord::def(), state.company_id, open);
    open.order = workforceos_core::query::order(AttendanceRecord::def(), "shiftDate,id");
    open.limit = MAX_DUE;
    let mut days: Vec<Date> = Vec::new();
    for query in [overdue, next, open] {
        days.extend(dates_of(turn, query).await?);
    }
    Ok(days)
}

/// Loads the days that are not here yet, run by run.
async fn load_days(state: &mut State, turn: &mut Turn, wanted: Vec<(Date, Date)>) -> Result<()> {
    let mut missing = std::collections::BTreeSet::new();
    for (from, to) in wanted {
        missing.extend(from.iter_days().take_while(|d| *d <= to).filter(|d| !state.days.contains(d)));
    }
    let mut missing = missing.into_iter().peekable();
    while let Some(from) = missing.next() {
        let mut to = from;
        while let Some(next) = missing.next_if(|d| Some(*d) == to.checked_add_days(Days::new(1))) {
            to = next;
        }
        load_run(state, turn, from, to).await?;
    }
    Ok(())
}

async fn load_run(state: &mut State, turn: &mut Turn, from: Date, to: Date) -> Result<()> {
    let within = |property| {
        Cond::All(vec![Cond::Cmp(property, Op::Gte, Value::Date(from)), Cond::Cmp(property, Op::Lte, Value::Date(to))])
    };
    let approved = Cond::All(vec![
        Cond::eq("status", workforceos_core::objects::LeaveStatus::Approved.as_str()),
        Cond::Cmp("startDate", Op::Lte, Value::Date(to)),
        Cond::Cmp("endDate", Op::Gte, Value::Date(from)),
    ]);
    let reads =
        [(Shift::def(), within("shiftDate")), (AttendanceRecord::def(), within("shiftDate")), (LeaveRequest::def(), approved)];
    state.days.extend(from.iter_days().take_while(|d| *d <= to));
    for (def, cond) in reads {
        for record in turn.select(&Query::of(def, state.company_id, cond)).await? {
            state.apply(&record)?;
        }
    }
    Ok(())
}
