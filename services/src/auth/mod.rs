//! auth: tenants, people, departments, logins, keys and verification.

mod access;
pub mod avatars;
mod companies;
mod endings;
mod first_start;
#[cfg(test)]
mod flow_tests;
mod groups;
mod keys;
mod lines;
mod login;
pub(crate) mod names;
mod passwords;
mod permissions;
mod purge;
pub(crate) mod roles;
mod session;
mod throttle;
mod tokens;
mod users;
mod verification;
mod webhooks;

use crate::Api;

pub use avatars::Bucket;
pub(crate) use avatars::or_default as default_avatar;
pub use first_start::first_start;
pub(crate) use groups::create_user_group_member::{joined, member};
pub use login::{LoggedIn, LoginRequest, login, logout};
pub(crate) use passwords::NOBODY as NO_PASSWORD;
pub use passwords::Passwords;
pub use permissions::{permission, permissions};
pub use purge::{daily as purge_daily, purge_archived};
pub use session::{bucket_session, on_behalf_of, session};
pub use throttle::Throttle;
pub use tokens::Tokens;
pub(crate) use users::create_user::taken;
pub use verification::{Step, verification};

/// The service's Business APIs.
pub fn apis() -> Vec<Api> {
    let mut apis = vec![
        companies::brief::list(),
        companies::brief::get(),
        companies::brief::home(),
        companies::get_company::api(),
        companies::get_company_profile::api(),
        companies::accounts::get(),
        companies::accounts::list(),
        companies::register_company_owner::api(),
        companies::register_company_user::api(),
        companies::update_company::api(),
        companies::get_company_policy::api(),
        companies::update_company_policy::api(),
        users::create_user::api(),
        users::get_user::api(),
        users::list_users::api(),
        users::search_users::api(),
        users::update_user::api(),
        users::update_user_role::api(),
        users::update_user_password_by_admin::api(),
        users::delete_user::api(),
        users::update_profile::api(),
        users::update_user_password::api(),
        users::archive_profile::api(),
        groups::create_user_group::api(),
        groups::update_user_group::api(),
        groups::delete_user_group::api(),
        groups::get_user_group::api(),
        groups::list_user_groups::api(),
        groups::create_user_group_member::api(),
        groups::delete_user_group_member::api(),
        groups::list_user_group_members::api(),
        access::create_api_key::api(),
        access::list_api_keys::api(),
        access::delete_api_key::api(),
        access::list_user_sessions::api(),
        access::delete_user_session::api(),
    ];
    apis.push(crate::import::people());
    apis.extend(avatars::user_files());
    apis.extend(avatars::company_files());
    apis.extend(webhooks::apis());
    apis
}
