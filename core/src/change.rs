//! What a decision wants written: rows, preconditions, journal entries, effects. One commit carries all of it or nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::error::Error;
use crate::id::{CompanyId, DepartmentId, UserId};
use crate::object::{DataObject, ObjectDef, Record};
use crate::session::{Ctx, Via};
use crate::time::Timestamp;

/// How a row is written.
#[derive(Clone, Debug, PartialEq)]
pub enum RowChange {
    /// Version 1 is inserted; a later version replaces exactly the version before it, else the change fails.
    Put(Record),
    /// Removed for good, links included.
    Purge(&'static ObjectDef, Uuid),
}

impl RowChange {
    pub fn target(&self) -> (&'static ObjectDef, Uuid) {
        match self {
            RowChange::Put(record) => (record.def, record.id()),
            RowChange::Purge(def, id) => (def, *id),
        }
    }
}

/// Who may see an event. Admins and managers get the full rendering, the others the one for employees; who could see its
/// object until now is told that it is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Everybody in the company.
    #[serde(default, rename = "all", skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    #[serde(default, rename = "a", skip_serializing_if = "std::ops::Not::not")]
    pub admins: bool,
    #[serde(default, rename = "m", skip_serializing_if = "Vec::is_empty")]
    pub managers: Vec<Uuid>,
    #[serde(default, rename = "u", skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<Uuid>,
    #[serde(default, rename = "d", skip_serializing_if = "Vec::is_empty")]
    pub departments: Vec<Uuid>,
    /// Not these, of the departments.
    #[serde(default, rename = "x", skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Uuid>,
    /// Who could see the object before. The journal is searched for this name and the next.
    #[serde(default, rename = "w", skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<Audience>>,
    /// Who reaches others, or less, from now on: what their streams show begins anew.
    #[serde(default, rename = "wr", skip_serializing_if = "Vec::is_empty")]
    pub reach: Vec<Uuid>,
}

impl Audience {
    /// Nobody: an entry of the audit log alone.
    pub fn none() -> Audience {
        Audience::default()
    }

    pub fn admins() -> Audience {
        Audience { admins: true, ..Audience::default() }
    }

    pub fn everyone() -> Audience {
        Audience { all: true, admins: true, ..Audience::default() }
    }

    pub fn user(mut self, user: UserId) -> Audience {
        self.users.push(user.0);
        self
    }

    pub fn manager(mut self, manager: Option<UserId>) -> Audience {
        self.managers.extend(manager.map(|m| m.0));
        self
    }

    /// Those who could see the object before, as far as they are not in this audience, are told that it is gone.
    pub fn instead_of(mut self, mut before: Audience) -> Audience {
        // Who is left out of a department only now is found through it.
        if self.except.iter().all(|user| before.except.contains(user)) {
            before.departments.retain(|d| !self.departments.contains(d));
        }
        before.users.retain(|user| !self.users.contains(user));
        before.managers.retain(|manager| !self.managers.contains(manager));
        before.all &= !self.all;
        before.admins &= !self.admins;
        (before.before, before.reach) = (None, Vec::new());
        if before.departments.is_empty() {
            before.except.clear();
        }
        self.before = Some(Box::new(before)).filter(|before| !self.all && !before.is_none());
        self
    }

    /// Also begins anew what these people's streams show.
    pub fn reaching(mut self, people: impl IntoIterator<Item = UserId>) -> Audience {
        self.reach.extend(people.into_iter().map(|user| user.0));
        self.reach.sort_unstable();
        self.reach.dedup();
        self
    }

    /// Whether no stream is to get the event.
    pub fn is_none(&self) -> bool {
        *self == Audience { reach: self.reach.clone(), except: self.except.clone(), ..Audience::default() }
    }

    /// How a person sees the event, if at all. `departments` are the person's own.
    pub fn sees(&self, user: UserId, admin: bool, departments: &[DepartmentId]) -> Option<View> {
        let gone = || self.before.as_ref().and_then(|before| before.shows(user, admin, departments)).map(|_| View::Gone);
        self.shows(user, admin, departments).or_else(gone)
    }

    fn shows(&self, user: UserId, admin: bool, departments: &[DepartmentId]) -> Option<View> {
        if (admin && self.admins) || self.managers.contains(&user.0) {
            return Some(View::Full);
        }
        let theirs = || departments.iter().any(|d| self.departments.contains(&d.0)) && !self.except.contains(&user.0);
        (self.all || self.users.contains(&user.0) || theirs()).then_some(View::Limited)
    }

    /// Whether a person can see less than before, or other things.
    pub fn takes_from(&self, user: UserId, admin: bool, departments: &[DepartmentId]) -> bool {
        (!admin && self.reach.contains(&user.0)) || self.sees(user, admin, departments) == Some(View::Gone)
    }
}

/// The rendering of an event that a person gets, the fullest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    Full,
    /// Without what employees may not read.
    Limited,
    /// Only that the object is gone, for this person.
    Gone,
}

/// One journal entry: an event for the streams, an entry of the audit log, or both.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The event's type on the streams, for example `shift.created`; `None`: audit alone.
    pub kind: Option<&'static str>,
    /// What was done: the API's name, or the timer's.
    pub action: &'static str,
    pub object: &'static str,
    pub object_id: Uuid,
    /// The object after the change, as streams and audit show it. Secrets are masked on the way in.
    pub after: Option<Record>,
    /// The object before the change, for the audit log.
    pub before: Option<Record>,
    /// More for the audit log (never secrets).
    pub extra: Option<Json>,
    /// Listed by the audit log (a plain check-in is not; a correction is).
    pub audited: bool,
    pub audience: Audience,
    pub actor: Option<UserId>,
    pub via: Via,
    pub request_id: Arc<str>,
}

impl Event {
    /// An event about `object`, seen by `audience`.
    pub fn of<T: DataObject>(ctx: &Ctx, kind: &'static str, object: &T, audience: Audience) -> Event {
        let mut event = Event::audit(ctx, T::def().name, object.meta().id);
        event.kind = Some(kind);
        event.after = Some(object.to_record());
        event.audience = audience;
        event.audited = false;
        event
    }

    /// An entry of the audit log alone.
    pub fn audit(ctx: &Ctx, object: &'static str, object_id: impl Into<Uuid>) -> Event {
        Event {
            kind: None,
            action: ctx.api,
            object,
            object_id: object_id.into(),
            after: None,
            before: None,
            extra: ctx.client.as_ref().map(|client| json!({"client": &**client})),
            audited: true,
            audience: Audience::none(),
            actor: ctx.session.as_ref().map(|s| s.user),
            via: ctx.via,
            request_id: ctx.request_id.clone(),
        }
    }

    pub fn after<T: DataObject>(mut self, object: &T) -> Event {
        self.after = Some(object.to_record());
        self
    }

    /// Also an entry of the audit log, with the values before.
    pub fn audited<T: DataObject>(mut self, before: Option<&T>) -> Event {
        self.before = before.map(T::to_record);
        self.audited = true;
        self
    }

    /// More for the audit log, beside what it has already.
    pub fn extra(mut self, extra: Json) -> Event {
        self.extra = Some(match (self.extra, extra) {
            (Some(Json::Object(mut there)), Json::Object(more)) => {
                there.extend(more);
                Json::Object(there)
            }
            (_, extra) => extra,
        });
        self
    }
}

/// How long an answer is kept for its idempotency key, in milliseconds; after that the key is free again.
pub const ANSWER_KEPT: i64 = 24 * Timestamp::HOUR;

/// A caller's promise that two calls with the same key are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The tenant on which the call was made, which is not always the one that it changes (registering a company).
    pub company: CompanyId,
    pub user: UserId,
    pub key: Arc<str>,
    /// Digest of API and arguments.
    pub fingerprint: u64,
}

impl IdempotencyKey {
    /// Why a key that came with another call before is refused.
    pub fn taken(&self) -> Error {
        Error::conflict("IdempotencyConflict", "This Idempotency-Key was used for another call")
    }
}

/// The stored answer of a call with an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq)]
pub struct Idempotency {
    pub key: IdempotencyKey,
    pub answer: Json,
    pub at: Timestamp,
}

/// An effect outside the database, carried out at least once after the commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Outbox {
    /// Stable, so that the receiving side can tell a repetition.
    pub id: Uuid,
    pub kind: &'static str,
    pub payload: Json,
}

/// A person who is erased from the journal: entries about them lose their content and keep their places in the chain. The change
/// has an entry about the user, which stays and names the erased ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    pub user: UserId,
    /// Entries about them that were found already.
    pub found: Vec<i64>,
    /// Where that search ended: it goes on in the commit.
    pub up_to: i64,
}

/// Makes the error of a unique value that is taken already.
pub type Taken = fn() -> Error;

/// What a decision wants written.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub rows: Vec<RowChange>,
    /// Rows that must still have this version, though they are not written.
    pub unchanged: Vec<(&'static ObjectDef, Uuid, i64)>,
    pub events: Vec<Event>,
    pub idempotency: Option<Idempotency>,
    pub outbox: Vec<Outbox>,
    /// Whom the journal forgets, this change's own entries aside.
    pub erasure: Option<Erasure>,
    /// When the company next has something to do by itself, as far as this change knows.
    pub due_at: Option<Timestamp>,
    /// The error if a unique constraint refuses a row; `AlreadyExists` unless set.
    pub taken: Option<Taken>,
}

impl Changes {
    pub fn none() -> Changes {
        Changes::default()
    }

    /// Writes an object: new if its version is 1, else in place of the version before.
    pub fn put<T: DataObject>(mut self, object: &T) -> Changes {
        self.rows.push(RowChange::Put(object.to_record()));
        self
    }

    /// Removes a row for good.
    pub fn purge<T: DataObject>(mut self, id: Uuid) -> Changes {
        self.rows.push(RowChange::Purge(T::def(), id));
        self
    }

    pub fn event(mut self, event: Event) -> Changes {
        self.events.push(event);
        self
    }

    pub fn due(mut self, at: Option<Timestamp>) -> Changes {
        self.due_at = match (self.due_at, at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self
    }

    pub fn taken(mut self, error: Taken) -> Changes {
        self.taken = Some(error);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.events.is_empty() && self.idempotency.is_none() && self.outbox.is_empty()
    }

    /// Everything of `other` in the same commit.
    pub fn join(mut self, other: Changes) -> Changes {
        self.rows.extend(other.rows);
        self.unchanged.extend(other.unchanged);
        self.events.extend(other.events);
        self.outbox.extend(other.outbox);
        self.idempotency = self.idempotency.or(other.idempotency);
        self.erasure = self.erasure.or(other.erasure);
        self.taken = self.taken.or(other.taken);
        self.due(other.due_at)
    }
}

/// A journal entry as committed: what streams, the audit log and other nodes read.
#[derive(Clone, Debug)]
pub struct Entry {
    pub company: CompanyId,
    /// Its place in the company's one sequence, from 1, without gaps.
    pub seq: i64,
    pub at: Timestamp,
    pub kind: Option<Arc<str>>,
    pub object: Arc<str>,
    pub object_id: Uuid,
    pub actor: Option<UserId>,
    pub audience: Audience,
    /// The object as JSON, secrets masked, as admins may read it; `null` if there is none.
    pub after: Arc<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people<const N: usize>() -> [UserId; N] {
        std::array::from_fn(|n| UserId(Uuid::from_u128(n as u128 + 1)))
    }

    #[test]
    fn who_is_left_out_is_told_that_it_is_gone() {
        let [ann, bob, mia, eve] = people();
        let before = Audience::admins().user(ann).user(bob).manager(Some(mia));
        let after = Audience::admins().user(bob).user(eve).instead_of(before.clone());
        let views = [ann, bob, mia, eve].map(|user| after.sees(user, false, &[]));
        assert_eq!(views, [Some(View::Gone), Some(View::Limited), Some(View::Gone), Some(View::Limited)]);
        assert_eq!(after.sees(ann, true, &[]), Some(View::Full), "admins see everything");
        assert_eq!(Audience::everyone().instead_of(before.clone()), Audience::everyone());
        assert_eq!(before.clone().instead_of(before.clone()), before, "nobody is left out");
    }

    #[test]
    fn departments_leave_out_who_is_excepted() {
        let [ann, bob] = people();
        let (crew, desk) = (DepartmentId(Uuid::from_u128(10)), DepartmentId(Uuid::from_u128(11)));
        let of = |departments: &[DepartmentId], except: &[UserId]| Audience {
            departments: departments.iter().map(|d| d.0).collect(),
            except: except.iter().map(|u| u.0).collect(),
            ..Audience::admins()
        };
        let (before, after) = (of(&[crew], &[]), of(&[crew], &[ann]));
        assert_eq!((after.sees(ann, false, &[crew]), after.sees(bob, false, &[crew])), (None, Some(View::Limited)));
        let left = after.clone().instead_of(before.clone());
        assert_eq!((left.sees(ann, false, &[crew]), left.sees(bob, false, &[crew])), (Some(View::Gone), Some(View::Limited)));
        // Who was left out already is told nothing, nor is who belongs to the department that comes in its place.
        let moved = of(&[desk], &[]).instead_of(after);
        assert_eq!(moved.sees(ann, false, &[crew]), None);
        assert_eq!((moved.sees(bob, false, &[crew]), moved.sees(ann, false, &[desk])), (Some(View::Gone), Some(View::Limited)));
    }

    #[test]
    fn what_is_written_is_read_again_and_short() {
        let [ann, mia] = people();
        let plain = Audience::admins().user(ann);
        assert!(!serde_json::to_string(&plain).expect("JSON").contains("\"w"));
        for audience in
            [plain.clone().instead_of(Audience::none().user(mia)), plain.reaching([mia]), Audience::none().reaching([ann])]
        {
            let text = serde_json::to_string(&audience).expect("JSON");
            assert!(text.contains("\"w"), "{text}");
            assert_eq!(serde_json::from_str::<Audience>(&text).expect("reads"), audience);
        }
        assert!(Audience::none().reaching([ann]).is_none(), "nobody gets the event");
    }
}
