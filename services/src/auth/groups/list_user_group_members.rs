//! `listUserGroupMembers`: who belongs to a department.

use std::sync::Arc;

use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::filter::ListQuery;
use workforceos_core::id::DepartmentId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{UserGroup, UserGroupMember};
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use crate::{Api, App, crud};

input! {
    /// A department.
    pub struct OfGroup {
        /// The department.
        group: DepartmentId => "groupId" Path,
    }
}

pub fn api() -> Api {
    BusinessApi::list("listUserGroupMembers")
        .on::<UserGroupMember>()
        .at("/v1/listusergroupmembers/:groupId")
        .reach(Reach::Member)
        .about("Lists the members of a department, each with the user's name, address and picture.")
        .reader(list)
}

async fn list(app: Arc<App>, ctx: Ctx, input: OfGroup, query: ListQuery) -> Result<Answer> {
    let group = app.store.get(UserGroup::def(), Some(ctx.company()), input.group.0).await?;
    if !group.is_some_and(|group| group.is_active()) {
        return Err(Error::not_found(UserGroup::def().name));
    }
    crud::page(&app, &ctx, UserGroupMember::def(), Cond::eq("groupId", input.group.0), query).await
}
