//! `getUserGroup`: one department.

use std::sync::Arc;

use workforceos_core::BusinessApi;
use workforceos_core::api::Reach;
use workforceos_core::filter::ListQuery;
use workforceos_core::object::DataObject;
use workforceos_core::objects::UserGroup;
use workforceos_core::session::Ctx;

use super::ByGroup;
use crate::{Api, App, crud};

pub fn api() -> Api {
    BusinessApi::get("getUserGroup")
        .on::<UserGroup>()
        .at("/v1/usergroups/:userGroupId")
        .reach(Reach::Member)
        .about("Returns a department of the company.")
        .reader(|app: Arc<App>, ctx: Ctx, input: ByGroup, query: ListQuery| async move {
            crud::one(&app, &ctx, UserGroup::def(), input.group.0, crud::all_rows(&ctx), query).await
        })
}
