//! `updateUserGroup`: a department's name and picture.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::DepartmentId;
use workforceos_core::input::Patch;
use workforceos_core::object::DataObject;
use workforceos_core::objects::UserGroup;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use super::create_user_group::read_name;
use crate::auth::avatars::{self, Bucket};
use crate::{Api, App, commit};

input! {
    /// What changes of a department.
    pub struct GroupChange {
        /// The department.
        group: DepartmentId => "userGroupId" Path,
        /// Its name.
        name: Option<String> => "groupName" Body,
        /// Address of its picture; null brings the generated one back.
        avatar: Patch<String> => "avatar" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::update("updateUserGroup")
        .on::<UserGroup>()
        .at("/v1/usergroups/:userGroupId")
        .reach(Reach::Admins)
        .about("Changes a department's name and picture.")
        .handler(update)
}

async fn update(app: Arc<App>, ctx: Ctx, input: GroupChange) -> Result<Answer> {
    let (id, name) = (input.group, input.name.as_deref().map(read_name).transpose()?);
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let before = facts.row::<UserGroup>(id)?;
        let avatar = avatars::over(input.avatar.clone(), &before.avatar, Bucket::CompanyAvatars, id.0);
        let group_name = name.clone().unwrap_or_else(|| before.group_name.clone());
        let after = UserGroup { group_name, avatar, ..before.clone() }.touched(facts.now);
        let event = Event::audit(&act, UserGroup::def().name, id).after(&after).audited(Some(&before));
        Ok((Changes::none().put(&after).event(event), Answer::object(&act, &after)))
    };
    commit(&app, &ctx, Needs::row::<UserGroup>(id), decide).await
}
