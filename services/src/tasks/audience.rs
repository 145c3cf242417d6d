//! Who hears of an assignment: admins, whoever gave it, the managers of its people, and its people.
//!
//! An assignment of ten thousand is a handful of entries, not ten thousand, and none of them is large. Of few people each is
//! named. Of many, departments stand for their members; the others are named in entries of bounded size, of which the first is
//! for everybody who watches from above too.

use std::collections::{BTreeSet, HashSet};

use workforceos_actors::State;
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{IndividualTask, TaskAssignment};
use workforceos_core::session::Ctx;
use workforceos_core::value::Value;

use super::rules;

/// The most people whom one entry names.
const NAMED: usize = 500;

/// Of whom an event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Of all its people: admins, giver and managers hear of it as well.
    Everybody,
    /// Of these alone.
    These,
}

/// The events about an assignment for these people. The first one is audited, with the values before, if `to` is everybody.
pub fn tell(
    state: &State,
    ctx: &Ctx,
    kind: &'static str,
    (before, after): (Option<&TaskAssignment>, &TaskAssignment),
    people: &[UserId],
    to: To,
) -> Changes {
    let mut changes = Changes::none();
    // Whoever gets the event need not read ten thousand ids in it; the audit log has them.
    let slim = after.assignee_user_ids.len() > NAMED;
    for audience in audiences(state, after, people, to) {
        let mut event = Event::of(ctx, kind, after, audience);
        if slim && let Some(record) = &mut event.after {
            record.set("assigneeUserIds", Value::Null);
        }
        if to == To::Everybody && !slim && changes.events.is_empty() {
            event = event.audited(before);
        }
        changes = changes.event(event);
    }
    if to == To::Everybody && slim {
        changes = changes.event(Event::audit(ctx, TaskAssignment::def().name, after.meta.id).after(after).audited(before));
    }
    changes
}

/// As far as the first of these events goes to those above, the managers of these people hear of it, too.
pub fn tell_managers(state: &State, mut changes: Changes, people: &[UserId]) -> Changes {
    if let Some(event) = changes.events.first_mut().filter(|event| event.audience.admins) {
        let mut managers: BTreeSet<_> = event.audience.managers.iter().copied().collect();
        managers.extend(people.iter().filter_map(|user| state.people.manager_of(*user)).map(|manager| manager.0));
        event.audience.managers = managers.into_iter().collect();
    }
    changes
}

/// The event of one person's task, seen by that person too.
pub fn of_task(state: &State, ctx: &Ctx, kind: &'static str, assignment: &TaskAssignment, task: &IndividualTask) -> Event {
    let audience = above(state, assignment, &[task.assignee_user_id]).user(task.assignee_user_id);
    Event::of(ctx, kind, task, audience)
}

fn audiences(state: &State, assignment: &TaskAssignment, people: &[UserId], to: To) -> Vec<Audience> {
    let mut first = match to {
        To::Everybody => {
            let (users, departments) = (&assignment.assignee_user_ids, &assignment.assigned_department_ids);
            let mut all = rules::recipients(state, users, departments, assignment.shift_id);
            all.extend(people);
            above(state, assignment, &all)
        }
        To::These => Audience::none(),
    };
    let mut named: Vec<UserId> = people.to_vec();
    if people.len() > NAMED && to == To::Everybody {
        first.departments = assignment.assigned_department_ids.iter().map(|d| d.0).collect();
        let covered: HashSet<UserId> = assignment.assigned_department_ids.iter().flat_map(|d| state.people.members(*d)).collect();
        let hears = |user: &UserId| {
            covered.contains(user) || first.users.contains(&user.0) || state.people.role(*user).is_some_and(|r| r.is_admin())
        };
        named.retain(|user| !hears(user));
    }
    let mut chunks = named.chunks(NAMED);
    first.users.extend(chunks.next().unwrap_or_default().iter().map(|u| u.0));
    let more = chunks.map(|chunk| chunk.iter().fold(Audience::none(), |audience, user| audience.user(*user)));
    std::iter::once(first).chain(more).filter(|audience| !audience.is_none()).collect()
}

/// Admins, the giver, and the managers of these people.
fn above(state: &State, assignment: &TaskAssignment, people: &[UserId]) -> Audience {
    let mut audience = Audience::admins();
    let managers: BTreeSet<UserId> = people.iter().filter_map(|user| state.people.manager_of(*user)).collect();
    audience.managers = managers.into_iter().chain([assignment.assigner_id]).map(|m| m.0).collect();
    audience
}
