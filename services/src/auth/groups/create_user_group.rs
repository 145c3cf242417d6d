//! `createUserGroup`: a new department.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::UserGroup;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use crate::auth::avatars::{Bucket, or_default};
use crate::auth::names;
use crate::{Api, App, commit};

input! {
    /// A new department.
    pub struct NewGroup {
        /// Address of its picture; left out: a generated one.
        avatar: Option<String> => "avatar" Body,
        /// The department's name.
        name: String => "groupName" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::create("createUserGroup")
        .on::<UserGroup>()
        .at("/v1/usergroups")
        .reach(Reach::Admins)
        .about("Creates a department, without members.")
        .handler(create)
}

/// A department's name: not an empty one.
pub fn read_name(name: &str) -> Result<String> {
    let mut problems = Vec::new();
    let name = names::read_name("groupName", name, &mut problems);
    if problems.is_empty() { Ok(name) } else { Err(Error::invalid(problems)) }
}

async fn create(app: Arc<App>, ctx: Ctx, input: NewGroup) -> Result<Answer> {
    let (group_name, avatar) = (read_name(&input.name)?, names::optional(input.avatar));
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let id = facts.new_id();
        let group = UserGroup {
            meta: Meta::new(id, facts.now, Some(act.user().0)),
            group_name: group_name.clone(),
            avatar: or_default(avatar.clone(), Bucket::CompanyAvatars, id),
            company_id: act.company(),
        };
        let event = Event::audit(&act, UserGroup::def().name, group.meta.id).after(&group);
        Ok((Changes::none().put(&group).event(event), Answer::object(&act, &group)))
    };
    commit(&app, &ctx, Needs::none(), decide).await
}
