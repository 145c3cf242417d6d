//! Whose reach over others hangs on who belongs to a department.

use workforceos_actors::state::People;
use workforceos_core::change::Audience;
use workforceos_core::id::{DepartmentId, UserId};

/// The most people whom one entry names.
const NAMED: usize = 500;

/// When somebody joins or leaves a department: the person sees what is the department's or does not any more, and so does a
/// manager who reaches all of its members only with that person, or only without.
pub fn membership_reach(people: &People, department: DepartmentId, user: UserId) -> Audience {
    let others = || people.members(department).filter(|member| *member != user);
    let reaches = |manager: UserId, who: UserId| who == manager || people.manager_of(who) == Some(manager);
    let changes = |manager: &UserId| {
        let of_others = others().all(|other| reaches(*manager, other));
        of_others && (reaches(*manager, user) != others().next().is_some())
    };
    let first = others().next();
    let managers = [people.manager_of(user), first, first.and_then(|first| people.manager_of(first))];
    let managers = managers.into_iter().flatten().filter(changes).filter(|manager| people.is_manager(*manager));
    Audience::none().reaching(managers.chain([user]))
}

/// When a department is no more, each of its members, and a manager who reached them all; in pieces.
pub fn department_reach(people: &People, department: DepartmentId) -> Vec<Audience> {
    let mut all: Vec<UserId> = people.members(department).collect();
    all.extend(all.first().and_then(|first| people.manager_of(*first)));
    all.chunks(NAMED).map(|chunk| Audience::none().reaching(chunk.iter().copied())).collect()
}
