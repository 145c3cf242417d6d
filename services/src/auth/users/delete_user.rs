//! `deleteUser`: somebody leaves the tenant.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs, TaskNeed};
use workforceos_core::BusinessApi;
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{User, UserGroupMember};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;

use super::ByUser;
use crate::auth::endings::{end_logins, needs_logins};
use crate::auth::groups::delete_user_group_member;
use crate::auth::roles;
use crate::schedule::swap_endings;
use crate::{Api, App, commit, tasks};

pub fn api() -> Api {
    BusinessApi::delete("deleteUser")
        .on::<User>()
        .at("/v1/users/:userId")
        .reach(Reach::Admins)
        .any_tenant()
        .about(
            "Deletes a user, ends the user's logins and keys and the memberships of departments, and cancels the user's pending tasks \
             and requests to change shifts. What the user did stays. Not for owners, oneself, or among admins.",
        )
        .handler(delete)
}

async fn delete(app: Arc<App>, ctx: Ctx, input: ByUser) -> Result<Answer> {
    let id = input.user;
    let memberships = Query::of(UserGroupMember::def(), ctx.company(), Cond::eq("userId", id.0));
    let needs = needs_logins(Needs::row::<User>(id).and_query(memberships), ctx.company(), id, ctx.now());
    let needs = needs.and(Needs::tasks(TaskNeed::User(id))).and(swap_endings::of_person(ctx.company(), id));
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let before = facts.row::<User>(id)?;
        roles::may_touch(&act, &before)?;
        let gone = before.clone().deleted(facts.now);
        let mut event = Event::audit(&act, User::def().name, id).after(&gone).audited(Some(&before));
        event.audience = Audience::none().reaching(facts.state.people.manager_of(id));
        let changes = Changes::none().put(&gone).event(event).join(end_logins(&act, facts, id)?);
        let changes = changes.join(tasks::leave(facts, &act, id)?).join(swap_endings::leave(facts, &act, id)?);
        Ok((changes.join(leave_groups(&act, facts, id)?), Answer::object(&act, &gone)))
    };
    commit(&app, &ctx, needs, decide).await
}

fn leave_groups(ctx: &Ctx, facts: &Facts, user: UserId) -> Result<Changes> {
    let mut changes = Changes::none();
    for member in facts.rows::<UserGroupMember>()?.into_iter().filter(|m| m.user_id == user) {
        let gone = member.clone().deleted(facts.now);
        changes = changes.join(delete_user_group_member::left(facts, ctx, &member, &gone));
    }
    Ok(changes)
}
