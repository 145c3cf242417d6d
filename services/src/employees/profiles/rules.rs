//! The rules of profiles, as pure functions of a company's people.

use std::collections::{HashMap, HashSet};

use workforceos_actors::Facts;
use workforceos_actors::state::People;
use workforceos_core::change::{Audience, Changes};
use workforceos_core::error::{Error, Problem};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::objects::EmployeeProfile;
use workforceos_core::session::Ctx;

use crate::auth;

/// What is wrong with a profile as it is to be. What it names is looked at only where it is named anew: the department or the
/// manager of old may be gone.
pub fn problems(people: &People, profile: &EmployeeProfile, before: Option<&EmployeeProfile>) -> Vec<Problem> {
    let mut problems = problems_apart(people, profile, before);
    if problems.iter().all(|problem| problem.field != "managerId")
        && let Some(manager) = newly_named(profile, before)
        && let Some(circle) = circle(people, profile.user_id, manager)
    {
        let (links, user): (Vec<String>, _) = (circle.iter().map(UserId::to_string).collect(), profile.user_id);
        let links = links.join(" by ");
        let problem = format!("is managed by the employee already, directly or through others: {links} is managed by {user}");
        problems.push(Problem::new("managerId", problem));
    }
    problems
}

fn newly_named(profile: &EmployeeProfile, before: Option<&EmployeeProfile>) -> Option<UserId> {
    profile.manager_id.filter(|m| before.is_none_or(|b| b.manager_id != Some(*m)))
}

/// As [`problems`], apart from circles of managers: whoever writes many profiles at once looks for them among all
/// ([`in_circles`]).
pub fn problems_apart(people: &People, profile: &EmployeeProfile, before: Option<&EmployeeProfile>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if before.is_none() && people.role(profile.user_id).is_none() {
        problems.push(Problem::new("userId", "is no active user of the company"));
    }
    if profile.position.is_empty() {
        problems.push(Problem::new("position", "must not be empty"));
    }
    if profile.salary.is_some_and(|salary| salary < 0.0) {
        problems.push(Problem::new("salary", "must not be negative"));
    }
    let department = profile.department_id.filter(|d| before.is_none_or(|b| b.department_id != Some(*d)));
    if department.is_some_and(|department| !people.has_department(department)) {
        problems.push(Problem::new("departmentId", "is no department of the company"));
    }
    let bad = newly_named(profile, before).and_then(|manager| bad_manager(people, profile.user_id, manager));
    if let Some(problem) = bad {
        problems.push(Problem::new("managerId", problem));
    }
    problems
}

fn bad_manager(people: &People, user: UserId, manager: UserId) -> Option<&'static str> {
    if manager == user {
        return Some("is the employee: nobody manages themselves");
    }
    people.role(manager).is_none().then_some("is no active user of the company")
}

/// Of people who are to get these managers, those who would then manage themselves through others. Nobody is looked at twice,
/// however long the chains are.
pub fn in_circles(people: &People, plan: &HashMap<UserId, UserId>) -> HashSet<UserId> {
    let manager_of = |user: UserId| plan.get(&user).copied().or_else(|| people.named_manager(user));
    let (mut seen, mut found) = (HashSet::new(), HashSet::new());
    for start in plan.keys() {
        let (mut chain, mut at) = (Vec::new(), Some(*start));
        while let Some(user) = at.filter(|user| seen.insert(*user)) {
            chain.push(user);
            at = manager_of(user);
        }
        // Where the chain meets itself there is a circle; where it meets an earlier one, that has been dealt with.
        let closes = at.and_then(|user| chain.iter().position(|c| *c == user));
        found.extend(chain.drain(closes.unwrap_or(chain.len())..));
    }
    found.retain(|user| plan.contains_key(user));
    found
}

/// Who manages whom from `manager` up to `user`, if it leads there.
fn circle(people: &People, user: UserId, manager: UserId) -> Option<Vec<UserId>> {
    let (mut chain, mut known, mut at) = (vec![manager], HashSet::from([manager]), manager);
    while let Some(next) = people.named_manager(at) {
        if next == user {
            return Some(chain);
        }
        if !known.insert(next) {
            return None;
        }
        chain.push(next);
        at = next;
    }
    None
}

/// Who may see an event about a profile: admins and the manager whole, the employee as far as employees may. Where it names
/// another manager than before, that one reaches the employee's rows from now on, and the one before no longer.
pub fn audience(before: Option<&EmployeeProfile>, after: &EmployeeProfile) -> Audience {
    let of = |profile: &EmployeeProfile| Audience::admins().manager(profile.manager_id).user(profile.user_id);
    let (was, is) = (before.and_then(|b| b.manager_id), after.manager_id.filter(|_| after.meta.is_active));
    // Whoever saw a deleted profile until now sees it go.
    let audience = if after.meta.is_active { of(after).instead_of(before.map(of).unwrap_or_default()) } else { of(after) };
    if was == is { audience } else { audience.reaching(was.into_iter().chain(is)) }
}

/// The main department makes its employee a member.
pub fn membership(facts: &Facts, ctx: &Ctx, department: Option<DepartmentId>, user: UserId) -> Changes {
    let people = &facts.state.people;
    match department {
        Some(department)
            if people.has_department(department) && people.role(user).is_some() && !people.is_member(department, user) =>
        {
            auth::joined(facts, ctx, department, user).1
        }
        _ => Changes::none(),
    }
}

pub fn taken() -> Error {
    Error::conflict("AlreadyExists", "The user has an active profile already")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(links: &[(u128, u128)]) -> HashMap<UserId, UserId> {
        links
            .iter()
            .map(|(user, manager)| (UserId(uuid::Uuid::from_u128(*user)), UserId(uuid::Uuid::from_u128(*manager))))
            .collect()
    }

    fn circles(links: &[(u128, u128)]) -> Vec<u128> {
        let mut found: Vec<u128> = in_circles(&People::default(), &plan(links)).into_iter().map(|u| u.0.as_u128()).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn circles_are_found_wherever_the_look_begins() {
        assert_eq!(circles(&[(1, 2), (2, 3), (4, 3)]), [0; 0]);
        assert_eq!(circles(&[(1, 2), (2, 3), (3, 1), (4, 1), (5, 4), (6, 7)]), [1, 2, 3], "who hangs on a circle is not in it");
        assert_eq!(circles(&[(1, 2), (2, 1), (3, 4), (4, 3)]), [1, 2, 3, 4]);
        let long: Vec<(u128, u128)> = (0..100_000).map(|n| (n, n + 1)).collect();
        assert_eq!(circles(&long), [0; 0], "a chain is walked once");
        let round: Vec<(u128, u128)> = (0..100_000).map(|n| (n, (n + 1) % 100_000)).collect();
        assert_eq!(circles(&round).len(), 100_000);
    }
}
