//! `createUserGroupMember`: somebody joins a department.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{User, UserGroup, UserGroupMember};
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use super::reach;
use crate::{Api, App, alerts, commit, schedule};

input! {
    /// A new member of a department.
    pub struct NewGroupMember {
        /// The department.
        group: DepartmentId => "groupId" Body,
        /// The user who joins it.
        user: UserId => "userId" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::create("createUserGroupMember")
        .on::<UserGroupMember>()
        .at("/v1/usergroupmembers")
        .reach(Reach::Admins)
        .about(
            "Adds a user to a department, which also assigns the user to the department's coming shifts; overlaps are reported as an alert. Refuses a pair that exists, and \
             users or departments that are not active ones of the company.",
        )
        .handler(create)
}

async fn create(app: Arc<App>, ctx: Ctx, input: NewGroupMember) -> Result<Answer> {
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        check(facts, input.group, input.user)?;
        let (member, changes) = joined(facts, &act, input.group, input.user);
        Ok((changes.taken(taken), Answer::object(&act, &member)))
    };
    let needs = Needs { future: true, ..Needs::default() }.and_row::<User>(input.user).and_row::<UserGroup>(input.group);
    commit(&app, &ctx, needs, decide).await
}

/// What it means that a user joins a department. Wants the days of all coming shifts loaded, and the rows of both for their names.
pub fn joined(facts: &Facts, ctx: &Ctx, group: DepartmentId, user: UserId) -> (UserGroupMember, Changes) {
    let (member, changes) = member(facts, ctx, group, user);
    let changes = changes.join(clashes(facts, ctx, &member));
    (member, changes)
}

/// A new membership, without a look at the shifts that it assigns to.
pub fn member(facts: &Facts, ctx: &Ctx, group: DepartmentId, user: UserId) -> (UserGroupMember, Changes) {
    let member = UserGroupMember {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        group_id: group,
        user_id: user,
        owner_id: ctx.user(),
        company_id: ctx.company(),
    };
    let mut event = Event::audit(ctx, UserGroupMember::def().name, member.meta.id).after(&member);
    event.audience = reach::membership_reach(&facts.state.people, group, user);
    let changes = Changes::none().put(&member).event(event);
    (member, changes)
}

/// Joining a department assigns to its coming shifts; where the user has another one at that time, somebody has to know.
fn clashes(facts: &Facts, ctx: &Ctx, member: &UserGroupMember) -> Changes {
    let clashes = schedule::membership_clashes(facts.state, member.group_id, member.user_id, facts.now);
    let schedule = &facts.state.schedule;
    let pairs = clashes.iter().filter_map(|(one, other)| Some((&**schedule.get(*one)?, &**schedule.get(*other)?)));
    let pairs: Vec<_> = pairs.collect();
    if pairs.is_empty() {
        return Changes::none();
    }
    let message = alerts::clash_of_member(facts, member, &pairs);
    let about = (UserGroupMember::def().name, member.meta.id);
    alerts::raise(ctx, &alerts::conflict(facts, member.user_id, about, message, &pairs))
}

fn check(facts: &Facts, group: DepartmentId, user: UserId) -> Result<()> {
    let people = &facts.state.people;
    let mut problems = Vec::new();
    if !people.has_department(group) {
        problems.push(Problem::new("groupId", "is no department of the company"));
    }
    if people.role(user).is_none() {
        problems.push(Problem::new("userId", "is no active user of the company"));
    }
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    if people.is_member(group, user) { Err(taken()) } else { Ok(()) }
}

fn taken() -> Error {
    Error::conflict("AlreadyExists", "The user belongs to this department already")
}
