//! `listUserGroups`: the company's departments.

use workforceos_core::api::Reach;
use workforceos_core::objects::UserGroup;

use crate::{Api, crud};

pub fn api() -> Api {
    crud::list::<UserGroup>("listUserGroups", crud::all_rows)
        .at("/v1/usergroups")
        .reach(Reach::Member)
        .about("Lists the departments of the company.")
}
