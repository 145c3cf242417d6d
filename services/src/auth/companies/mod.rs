//! Companies: their public cards, their registration, their rules.

pub mod accounts;
pub mod brief;
pub mod get_company;
pub mod get_company_policy;
pub mod get_company_profile;
pub mod register_company_owner;
pub mod register_company_user;
pub mod update_company;
pub mod update_company_policy;
