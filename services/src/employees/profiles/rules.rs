//! The rules of profiles, as pure functions of a company's people.

use std::collections::HashSet;

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
    let manager = profile.manager_id.filter(|m| before.is_none_or(|b| b.manager_id != Some(*m)));
    if let Some(problem) = manager.and_then(|manager| bad_manager(people, profile.user_id, manager)) {
        problems.push(Problem::new("managerId", problem));
    }
    problems
}

fn bad_manager(people: &People, user: UserId, manager: UserId) -> Option<String> {
    if manager == user {
        return Some("is the employee: nobody manages themselves".to_owned());
    }
    if people.role(manager).is_none() {
        return Some("is no active user of the company".to_owned());
    }
    let circle = circle(people, user, manager)?;
    let links: Vec<String> = circle.iter().map(UserId::to_string).collect();
    Some(format!("is managed by the employee already, directly or through others: {} is managed by {user}", links.join(" by ")))
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
