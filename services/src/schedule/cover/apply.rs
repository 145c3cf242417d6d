//! Writing a plan: every rule is asked again, of the company's state in that very transaction.

use std::sync::Arc;

use workforceos_actors::State;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::Shift;
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;

use super::roster;
use super::rules::{Limits, Person, Place, obstacles};
use crate::attendance::rules::check_unlocked;
use crate::reach::reaches;
use crate::schedule::{rest, rules};

/// Who is to take places in a shift, as it was when that was planned.
#[derive(Clone, Debug)]
pub struct Filled {
    pub shift: Arc<Shift>,
    pub users: Vec<UserId>,
}

/// All of them are assigned, or 409 `ConcurrentChange` and none is.
pub fn assign(state: &State, now: Timestamp, ctx: &Ctx, plan: &[Filled], allow_overtime: bool) -> Result<Changes> {
    let limits = roster::limits(state, allow_overtime);
    let mut users: Vec<UserId> = plan.iter().flat_map(|filled| filled.users.iter().copied()).collect();
    users.sort();
    users.dedup();
    // Leave that is only asked for forbids nothing.
    let mut people = roster::people(state, &users, &[]);
    let (mut changes, mut written) = (Changes::none(), Vec::new());
    for filled in plan {
        let before = state.schedule.get(ShiftId(filled.shift.meta.id));
        let same = |s: &&Arc<Shift>| {
            s.meta.record_version == filled.shift.meta.record_version && is_open(state, now, s, filled.users.len())
        };
        let before = before.filter(same).ok_or_else(|| changed("A shift was changed"))?;
        check_unlocked(state, before.shift_date)?;
        let (mut shift, place) = (Shift::clone(before), Place::of(before));
        for user in &filled.users {
            let at = users.binary_search(user).map_err(|_| Error::internal("everybody in a plan is looked at"))?;
            if !can_take(state, ctx, before, &people[at], &place, &limits) {
                return Err(changed("Somebody cannot take a shift any more"));
            }
            people[at].take(place);
            shift.assigned_user_ids.push(*user);
        }
        // The schedule's own word on it, as with every assignment.
        rules::refuse_conflicts(&rules::conflicts(state, &shift, &written))?;
        let shift = shift.touched(now);
        let event = rules::changed(state, ctx, "shift.updated", before, &shift);
        changes = changes.put(&shift).event(event);
        written.push(shift);
    }
    Ok(changes)
}

/// Whether so many places are still free.
fn is_open(state: &State, now: Timestamp, shift: &Shift, places: usize) -> bool {
    let assigned = state.assignees(shift).len();
    !shift.is_draft
        && rest::is_open(state, shift, now)
        && i64::try_from(assigned + places).is_ok_and(|all| all <= shift.needed_count)
}

fn can_take(state: &State, ctx: &Ctx, shift: &Shift, person: &Person, place: &Place, limits: &Limits) -> bool {
    state.people.role(person.user).is_some()
        && reaches(state, ctx, person.user)
        && roster::lacks(state, &roster::departments(shift), person.user).is_empty()
        && obstacles(person, place, limits).is_empty()
}

fn changed(what: &str) -> Error {
    Error::conflict("ConcurrentChange", format!("{what} while the week was planned: nothing was assigned; plan again"))
}
