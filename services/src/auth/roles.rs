//! Who may give, take and touch which role.

use workforceos_core::error::{Error, Result};
use workforceos_core::id::UserId;
use workforceos_core::objects::User;
use workforceos_core::session::{Ctx, Role};

/// Whether the caller stands above the tenant's admins: its owner, a root admin acting on a company, or the superAdmin.
fn above_admins(ctx: &Ctx) -> bool {
    match ctx.role() {
        Some(Role::SuperAdmin) => true,
        Some(Role::SaasAdmin) => !ctx.company().is_root(),
        Some(Role::TenantOwner) => ctx.is_admin(),
        _ => false,
    }
}

/// Whether there is exactly one of a role in its tenant.
pub fn is_unique(role: Role) -> bool {
    matches!(role, Role::SuperAdmin | Role::TenantOwner)
}

/// Whether the caller may give somebody a role of the tenant.
pub fn may_give(ctx: &Ctx, role: Role) -> Result<()> {
    if role.is_root() != ctx.company().is_root() {
        let level = if ctx.company().is_root() { "saasAdmin or saasUser" } else { "tenantAdmin or tenantUser" };
        return Err(Error::field("roleId", format!("must be {level} here")));
    }
    if is_unique(role) {
        return Err(Error::forbidden(format!("{} cannot be assigned", role.as_str())));
    }
    if role.is_admin() && !above_admins(ctx) {
        return Err(Error::forbidden(format!("{} is not yours to give", role.as_str())));
    }
    Ok(())
}

/// Whether the caller may change another user's role, password or existence.
pub fn may_touch(ctx: &Ctx, user: &User) -> Result<()> {
    if is_unique(user.role) {
        return Err(Error::forbidden(format!("The {} is safe from this", user.role.as_str())));
    }
    if UserId(user.meta.id) == ctx.user() {
        return Err(Error::forbidden("Not on yourself"));
    }
    if user.role.is_admin() && !above_admins(ctx) {
        return Err(Error::forbidden("Admins cannot do this to other admins"));
    }
    Ok(())
}

/// Reads a role's name, or says what is wrong with it.
pub fn read(name: &str) -> Result<Role> {
    let same = |role: &&&str| role.eq_ignore_ascii_case(name);
    let role = Role::NAMES.iter().find(same).and_then(|name| Role::parse(name));
    role.ok_or_else(|| Error::field("roleId", format!("must be one of {}", Role::NAMES.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::session::tests::{company, ctx, user};
    use workforceos_core::id::CompanyId;

    const ALL: [Role; 6] =
        [Role::SuperAdmin, Role::SaasAdmin, Role::SaasUser, Role::TenantOwner, Role::TenantAdmin, Role::TenantUser];

    fn statuses(caller: Role, on: CompanyId, check: impl Fn(&Ctx, Role) -> Result<()>) -> Vec<u16> {
        let ctx = ctx(caller, on);
        ALL.into_iter().map(|role| check(&ctx, role).map_or_else(|e| e.status.http(), |()| 200)).collect()
    }

    #[test]
    fn roles_are_given_by_those_above_them() {
        let give = |caller, on| statuses(caller, on, may_give);
        assert_eq!(give(Role::SuperAdmin, CompanyId::ROOT), [403, 200, 200, 400, 400, 400]);
        assert_eq!(give(Role::SaasAdmin, CompanyId::ROOT), [403, 403, 200, 400, 400, 400]);
        assert_eq!(give(Role::SaasAdmin, company()), [400, 400, 400, 403, 200, 200]);
        assert_eq!(give(Role::TenantOwner, company()), [400, 400, 400, 403, 200, 200]);
        assert_eq!(give(Role::TenantAdmin, company()), [400, 400, 400, 403, 403, 200]);
    }

    #[test]
    fn owners_are_safe_and_admins_are_safe_from_admins() {
        let touch = |caller, on| statuses(caller, on, |ctx, role| may_touch(ctx, &user(7, role, on)));
        assert_eq!(touch(Role::SuperAdmin, CompanyId::ROOT)[..3], [403, 200, 200]);
        assert_eq!(touch(Role::SaasAdmin, CompanyId::ROOT)[..3], [403, 403, 200]);
        assert_eq!(touch(Role::TenantOwner, company())[3..], [403, 200, 200]);
        assert_eq!(touch(Role::TenantAdmin, company())[3..], [403, 403, 200]);
        assert_eq!(touch(Role::SuperAdmin, company())[3..], [403, 200, 200]);
    }

    #[test]
    fn nobody_touches_themselves() {
        let ctx = ctx(Role::SuperAdmin, CompanyId::ROOT);
        let me = user(ctx.user().0.as_u128(), Role::SaasAdmin, CompanyId::ROOT);
        assert_eq!(may_touch(&ctx, &me).expect_err("oneself").status.http(), 403);
    }
}
