//! `deleteUserGroupMember`: somebody leaves a department.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::MemberId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::UserGroupMember;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use super::reach;
use crate::{Api, App, commit};

input! {
    /// A membership.
    pub struct ByMember {
        /// The membership (not the user).
        member: MemberId => "userGroupMemberId" Path,
    }
}

pub fn api() -> Api {
    BusinessApi::delete("deleteUserGroupMember")
        .on::<UserGroupMember>()
        .at("/v1/usergroupmembers/:userGroupMemberId")
        .reach(Reach::Admins)
        .about("Takes a user out of a department; the department's coming shifts are no longer assigned to the user through it.")
        .handler(delete)
}

async fn delete(app: Arc<App>, ctx: Ctx, input: ByMember) -> Result<Answer> {
    let (act, id) = (ctx.clone(), input.member);
    let decide = move |facts: &Facts| {
        let before = facts.row::<UserGroupMember>(id)?;
        let gone = before.clone().deleted(facts.now);
        Ok((left(facts, &act, &before, &gone), Answer::object(&act, &gone)))
    };
    commit(&app, &ctx, Needs::row::<UserGroupMember>(id), decide).await
}

/// What it means that a user left a department.
pub fn left(facts: &Facts, ctx: &Ctx, before: &UserGroupMember, gone: &UserGroupMember) -> Changes {
    let mut event = Event::audit(ctx, UserGroupMember::def().name, gone.meta.id).after(gone).audited(Some(before));
    event.audience = reach::membership_reach(&facts.state.people, gone.group_id, gone.user_id);
    Changes::none().put(gone).event(event)
}
