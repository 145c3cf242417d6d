//! Who is subscribed, found by company, role, user, department and session.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;
use workforceos_core::change::{Audience, Entry, View};
use workforceos_core::id::{CompanyId, DepartmentId, UserId};
use workforceos_core::object::Level;

use super::frame::{Item, Shown};
use super::subscription::{Delivery, Subscriber};
use super::{Person, SubId};

/// How far a subscriber is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waits for its position, before the first snapshot or after a reset.
    Held,
    /// Gets what came after its position from ring or journal, at its own pace. `trusted`: the position is known to exist.
    Resuming { trusted: bool },
    /// Gets events as they are committed.
    Live,
}

/// One subscriber, as the hub keeps it.
pub(super) struct Sub {
    pub id: SubId,
    pub who: Subscriber,
    pub phase: Phase,
    /// The snapshot that a held subscriber reads may be out of date already.
    pub stale: bool,
    /// Everything up to here was sent, or was not for this subscriber.
    pub position: i64,
    pub queue: mpsc::Sender<Delivery>,
    pub end: oneshot::Sender<Delivery>,
}

impl Sub {
    /// What the subscriber reads of an entry, if it gets it at all: by topic and audience, one entry at a time.
    pub fn reads(&self, item: &Item) -> Option<Shown> {
        let view = item.entry.audience.sees(self.who.user, self.who.admin, &self.who.departments)?;
        self.who.topics.meets(item.topic).then(|| self.shown(view))
    }

    pub fn shown(&self, view: View) -> Shown {
        match view {
            View::Full if self.who.admin => Shown::At(Level::Admin),
            View::Full => Shown::At(Level::Manager),
            View::Limited => Shown::At(Level::Employee),
            View::Gone => Shown::Gone,
        }
    }

    /// Whether since this entry the subscriber may see less, or other things.
    pub fn loses_by(&self, audience: &Audience) -> bool {
        audience.takes_from(self.who.user, self.who.admin, &self.who.departments)
    }
}

/// The subscribers of one company, by what an audience names.
#[derive(Default)]
struct Members {
    all: HashSet<SubId>,
    admins: HashSet<SubId>,
    departments: HashMap<Uuid, HashSet<SubId>>,
}

/// All subscribers of the process.
#[derive(Default)]
pub(super) struct Roster {
    subs: HashMap<SubId, Sub>,
    companies: HashMap<CompanyId, Members>,
    users: HashMap<UserId, HashSet<SubId>>,
    sessions: HashMap<Uuid, HashSet<SubId>>,
}

impl Roster {
    pub fn len(&self) -> usize {
        self.subs.len()
    }

    pub fn get(&self, id: SubId) -> Option<&Sub> {
        self.subs.get(&id)
    }

    pub fn get_mut(&mut self, id: SubId) -> Option<&mut Sub> {
        self.subs.get_mut(&id)
    }

    pub fn add(&mut self, sub: Sub) {
        let (id, who) = (sub.id, &sub.who);
        let members = self.companies.entry(who.company).or_default();
        members.all.insert(id);
        members.stand(id, who.admin, &who.departments);
        self.users.entry(who.user).or_default().insert(id);
        self.sessions.entry(who.session).or_default().insert(id);
        self.subs.insert(id, sub);
    }

    pub fn remove(&mut self, id: SubId) -> Option<Sub> {
        let sub = self.subs.remove(&id)?;
        if let Some(members) = self.companies.get_mut(&sub.who.company) {
            members.all.remove(&id);
            members.fall(id, &sub.who.departments);
            if members.all.is_empty() {
                self.companies.remove(&sub.who.company);
            }
        }
        take(&mut self.users, &sub.who.user, id);
        take(&mut self.sessions, &sub.who.session, id);
        Some(sub)
    }

    /// The same subscriber with another standing in the company.
    pub fn update(&mut self, id: SubId, person: &Person) {
        let Some(sub) = self.subs.get_mut(&id) else { return };
        let members = self.companies.entry(sub.who.company).or_default();
        members.fall(id, &sub.who.departments);
        members.stand(id, person.admin, &person.departments);
        sub.who.admin = person.admin;
        sub.who.departments.clone_from(&person.departments);
    }

    pub fn is_watched(&self, company: CompanyId) -> bool {
        self.companies.contains_key(&company)
    }

    pub fn of_company(&self, company: CompanyId) -> Vec<SubId> {
        self.companies.get(&company).map(|m| m.all.iter().copied().collect()).unwrap_or_default()
    }

    pub fn of_session(&self, session: Uuid) -> Vec<SubId> {
        self.sessions.get(&session).map(|ids| ids.iter().copied().collect()).unwrap_or_default()
    }

    pub fn of_user(&self, user: UserId) -> impl Iterator<Item = &Sub> {
        self.users.get(&user).into_iter().flatten().filter_map(|id| self.subs.get(id))
    }

    pub fn has_user(&self, user: UserId) -> bool {
        self.users.contains_key(&user)
    }

    pub fn ids(&self) -> Vec<SubId> {
        self.subs.keys().copied().collect()
    }

    /// Whom an entry reaches, some perhaps twice: the same people that [`Audience::sees`] finds, without asking everybody.
    pub fn reached(&self, entry: &Entry, mut found: impl FnMut(SubId, View)) {
        let Some(members) = self.companies.get(&entry.company) else { return };
        self.among(members, entry.company, &entry.audience, &mut found);
        if let Some(before) = &entry.audience.before {
            self.among(members, entry.company, before, &mut |id, _| found(id, View::Gone));
        }
    }

    fn among(&self, members: &Members, company: CompanyId, audience: &Audience, found: &mut impl FnMut(SubId, View)) {
        let Audience { all, admins, managers, users, departments, except, .. } = audience;
        if *admins {
            members.admins.iter().for_each(|id| found(*id, View::Full));
        }
        for (ids, view) in [(managers, View::Full), (users, View::Limited)] {
            for sub in ids.iter().flat_map(|id| self.of_user(UserId(*id))).filter(|sub| sub.who.company == company) {
                found(sub.id, view);
            }
        }
        if *all {
            members.all.iter().for_each(|id| found(*id, View::Limited));
        }
        for id in departments.iter().filter_map(|d| members.departments.get(d)).flatten() {
            let left_out = || self.subs.get(id).is_some_and(|sub| except.contains(&sub.who.user.0));
            if except.is_empty() || !left_out() {
                found(*id, View::Limited);
            }
        }
    }
}

impl Members {
    fn stand(&mut self, id: SubId, admin: bool, departments: &[DepartmentId]) {
        if admin {
            self.admins.insert(id);
        }
        for department in departments {
            self.departments.entry(department.0).or_default().insert(id);
        }
    }

    fn fall(&mut self, id: SubId, departments: &[DepartmentId]) {
        self.admins.remove(&id);
        for department in departments {
            take(&mut self.departments, &department.0, id);
        }
    }
}

/// Removes from a map of sets, leaving no empty set behind.
fn take<K: Eq + Hash>(map: &mut HashMap<K, HashSet<SubId>>, key: &K, id: SubId) {
    if let Some(ids) = map.get_mut(key) {
        ids.remove(&id);
        if ids.is_empty() {
            map.remove(key);
        }
    }
}
