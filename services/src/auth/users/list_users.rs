//! `listUsers`: the users within the caller's reach.

use workforceos_core::api::Reach;
use workforceos_core::objects::User;

use crate::{Api, crud};

pub fn api() -> Api {
    crud::list::<User>("listUsers", crud::own_rows::<User>)
        .at("/v1/users")
        .reach(Reach::Managers)
        .any_tenant()
        .about("Lists the users of the tenant: all of them for admins, their direct reports and themselves for managers.")
}
