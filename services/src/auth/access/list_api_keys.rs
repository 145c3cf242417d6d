//! `listApiKeys`: the keys that exist, without what opens anything.

use workforceos_core::api::Reach;
use workforceos_core::objects::ApiKey;

use super::own_or_admin;
use crate::{Api, crud};

pub fn api() -> Api {
    crud::list::<ApiKey>("listApiKeys", own_or_admin)
        .at("/v1/apikeys")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .about("Lists one's own API keys (admins: all of the tenant) with their first characters, limits and expiry.")
}
