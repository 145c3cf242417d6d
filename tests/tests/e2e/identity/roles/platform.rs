//! On the SaaS level: the one superAdmin, its admins, and those who read company accounts.

use serde_json::json;
use workforceos_core::session::Role;
use workforceos_tests::{Db, TestApp};

use super::Whom::{Oneself, SaasAdmin, SaasUser, Super, User};
use super::rules;
use crate::identity::at;

rules!(
    the_super_admin_makes_a_saas_admin: Super Create(Some("saasAdmin")) => Done,
    the_super_admin_makes_a_saas_user: Super Create(Some("saasUser")) => Done,
    without_a_role_a_saas_user_is_made: Super Create(None) => Done,
    there_is_no_second_super_admin: Super Create(Some("superAdmin")) => Forbidden,
    the_super_admin_makes_no_tenant_user_in_root: Super Create(Some("tenantUser")) => WrongRole,
    the_super_admin_makes_no_owner_in_root: Super Create(Some("tenantOwner")) => WrongRole,
    a_saas_admin_makes_a_saas_user: SaasAdmin Create(Some("saasUser")) => Done,
    a_saas_admin_makes_no_saas_admin: SaasAdmin Create(Some("saasAdmin")) => Forbidden,
    a_saas_admin_makes_no_super_admin: SaasAdmin Create(Some("superAdmin")) => Forbidden,
    a_saas_admin_makes_no_tenant_admin_in_root: SaasAdmin Create(Some("tenantAdmin")) => WrongRole,
    a_saas_user_makes_nobody: SaasUser Create(None) => Forbidden,

    the_super_admin_raises_a_saas_user: Super Role(SaasUser, "saasAdmin") => Done,
    the_super_admin_lowers_a_saas_admin: Super Role(SaasAdmin, "saasUser") => Done,
    the_super_admin_gives_nobody_the_own_role: Super Role(SaasAdmin, "superAdmin") => Forbidden,
    the_super_admin_gives_no_role_of_a_company: Super Role(SaasUser, "tenantAdmin") => WrongRole,
    the_super_admin_does_not_step_down: Super Role(Oneself, "saasUser") => Forbidden,
    a_saas_admin_raises_no_saas_user: SaasAdmin Role(SaasUser, "saasAdmin") => Forbidden,
    a_saas_admin_lowers_no_saas_admin: SaasAdmin Role(SaasAdmin, "saasUser") => Forbidden,
    a_saas_admin_does_not_raise_oneself: SaasAdmin Role(Oneself, "superAdmin") => Forbidden,
    a_saas_admin_does_not_lower_oneself: SaasAdmin Role(Oneself, "saasUser") => Forbidden,
    a_saas_admin_lowers_not_the_super_admin: SaasAdmin Role(Super, "saasUser") => Forbidden,
    a_saas_user_does_not_raise_oneself: SaasUser Role(Oneself, "saasAdmin") => Forbidden,

    the_super_admin_resets_a_saas_admin: Super Password(SaasAdmin) => Done,
    the_super_admin_does_not_reset_oneself: Super Password(Oneself) => Forbidden,
    a_saas_admin_resets_a_saas_user: SaasAdmin Password(SaasUser) => Done,
    a_saas_admin_resets_no_saas_admin: SaasAdmin Password(SaasAdmin) => Forbidden,
    a_saas_user_resets_nobody: SaasUser Password(SaasUser) => Forbidden,

    the_super_admin_deletes_a_saas_admin: Super Delete(SaasAdmin) => Done,
    a_saas_admin_deletes_a_saas_user: SaasAdmin Delete(SaasUser) => Done,
    a_saas_admin_deletes_no_saas_admin: SaasAdmin Delete(SaasAdmin) => Forbidden,
    a_saas_admin_does_not_delete_oneself: SaasAdmin Delete(Oneself) => Forbidden,
    a_saas_user_deletes_nobody: SaasUser Delete(SaasUser) => Forbidden,

    a_saas_admin_archives_oneself: SaasAdmin Archive => Done,
    a_saas_user_archives_oneself: SaasUser Archive => Done,
    a_saas_user_changes_the_own_profile_and_no_more: SaasUser Profile => Done,
    in_root_a_companys_user_is_not_there: Super Role(User, "saasUser") => NotFound,
    in_root_a_companys_user_is_not_there_to_delete: SaasAdmin Delete(User) => NotFound,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saas_user_reads_company_accounts_only() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let sue = app.root_person("sue", Role::SaasUser).await;
    let accounts = "/auth-api/v1/companyaccounts";
    let listed = sue.get(accounts).await.ok();
    assert_eq!((&listed["rowCount"], &listed["companies"][0]["codename"]), (&json!(1), &json!("acme")));
    sue.get(&format!("{accounts}/{}", acme.id)).await.ok();
    for path in [at::USERS, "/auth-api/v1/usergroups", "/auth-api/v1/searchusers?keyword=own", "/auth-api/v1/companypolicy"] {
        sue.get(path).await.refused(403, "Forbidden");
        sue.claiming("acme").get(path).await.refused(403, "TenantMismatch");
    }
    sue.claiming("acme").get(accounts).await.refused(403, "TenantMismatch");
    let account = format!("/auth-api/v1/companies/{}", acme.id);
    sue.patch(&account, json!({"name": "Sue's"})).await.refused(403, "Forbidden");
    sue.claiming("acme").patch(&account, json!({"name": "Sue's"})).await.refused(403, "TenantMismatch");
    // Nobody of a company sees the accounts.
    acme.owner.get(accounts).await.refused(403, "Forbidden");
}
