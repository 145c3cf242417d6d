//! The superAdmin and a company's owner: whatever anybody tries, they stay, and can log in.

use super::Whom::{Owner, Super};
use super::rules;

rules!(
    an_owner_does_not_archive: Owner Archive => Forbidden,
    the_super_admin_does_not_archive: Super Archive => Forbidden,
    the_super_admin_does_not_archive_by_way_of_a_company: SuperThere Archive => Forbidden,
    an_owner_does_not_delete_oneself: Owner Delete(Owner) => Forbidden,
    the_super_admin_does_not_delete_oneself: Super Delete(Super) => Forbidden,

    an_owners_role_is_safe_from_an_admin: Admin Role(Owner, "tenantAdmin") => Forbidden,
    an_owners_role_is_safe_from_a_user: User Role(Owner, "tenantUser") => Forbidden,
    an_owners_role_is_safe_from_a_manager: Manager Role(Owner, "tenantUser") => Forbidden,
    an_owners_role_is_safe_from_the_super_admin: SuperThere Role(Owner, "tenantUser") => Forbidden,
    an_owners_role_is_safe_from_a_saas_admin: SaasAdminThere Role(Owner, "tenantUser") => Forbidden,
    an_owners_role_is_safe_from_a_stranger: Stranger Role(Owner, "tenantUser") => NotFound,

    an_owners_password_is_safe_from_an_admin: Admin Password(Owner) => Forbidden,
    an_owners_password_is_safe_from_a_user: User Password(Owner) => Forbidden,
    an_owners_password_is_safe_from_a_manager: Manager Password(Owner) => Forbidden,
    an_owners_password_is_safe_from_the_super_admin: SuperThere Password(Owner) => Forbidden,
    an_owners_password_is_safe_from_a_saas_admin: SaasAdminThere Password(Owner) => Forbidden,
    an_owners_password_is_safe_from_a_stranger: Stranger Password(Owner) => NotFound,

    an_owner_is_not_deleted_by_an_admin: Admin Delete(Owner) => Forbidden,
    an_owner_is_not_deleted_by_a_user: User Delete(Owner) => Forbidden,
    an_owner_is_not_deleted_by_a_manager: Manager Delete(Owner) => Forbidden,
    an_owner_is_not_deleted_by_the_super_admin: SuperThere Delete(Owner) => Forbidden,
    an_owner_is_not_deleted_by_a_saas_admin: SaasAdminThere Delete(Owner) => Forbidden,
    an_owner_is_not_deleted_by_a_stranger: Stranger Delete(Owner) => NotFound,

    the_super_admins_role_is_safe_from_a_saas_admin: SaasAdmin Role(Super, "saasAdmin") => Forbidden,
    the_super_admins_role_is_safe_from_a_saas_user: SaasUser Role(Super, "saasUser") => Forbidden,
    the_super_admins_role_is_safe_from_an_owner: Owner Role(Super, "tenantUser") => NotFound,
    the_super_admins_password_is_safe_from_a_saas_admin: SaasAdmin Password(Super) => Forbidden,
    the_super_admins_password_is_safe_from_a_saas_user: SaasUser Password(Super) => Forbidden,
    the_super_admins_password_is_safe_from_an_owner: Owner Password(Super) => NotFound,
    the_super_admin_is_not_deleted_by_a_saas_admin: SaasAdmin Delete(Super) => Forbidden,
    the_super_admin_is_not_deleted_by_a_saas_user: SaasUser Delete(Super) => Forbidden,
    the_super_admin_is_not_deleted_by_an_owner: Owner Delete(Super) => NotFound,
    the_super_admin_is_not_there_in_a_company: SaasAdminThere Delete(Super) => NotFound,
);
