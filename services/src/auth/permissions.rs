//! What a caller may do, as the front end asks for it.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};
use workforceos_core::dispatch::Dispatch;
use workforceos_core::session::Ctx;

use crate::{Api, App};

/// Services at whose prefix the permissions of all services are listed.
const OF_ALL: &[&str] = &["auth", "mcpbff"];

/// One entry per Business API that the caller may call: of one service, or of all where auth or mcpbff is asked. `ctx` has
/// its scope.
pub fn permissions(dispatch: &Dispatch<App>, ctx: &Ctx, service: &str) -> Vec<Json> {
    let all = OF_ALL.contains(&service);
    let wanted = |api: &&std::sync::Arc<Api>| (all || api.service == service) && dispatch.allowed(ctx, api).is_ok();
    dispatch.registry.apis().iter().filter(wanted).map(|api| entry(ctx, &format!("{}.{}", api.service, api.name))).collect()
}

/// Whether the caller has one permission, named `service.apiName`. An unknown one nobody has.
pub fn permission(dispatch: &Dispatch<App>, ctx: &Ctx, name: &str) -> Json {
    let (service, api) = name.split_once('.').unwrap_or_default();
    let api = dispatch.registry.by_name(api).filter(|api| api.service == service);
    let can = api.is_some_and(|api| dispatch.allowed(ctx, api).is_ok());
    json!({"canDo": can, "exceptions": []})
}

fn entry(ctx: &Ctx, name: &str) -> Json {
    json!({
        "id": stable_id(name).to_string(), "permissionName": name, "roleId": ctx.role().map(|r| r.as_str()),
        "subjectUserId": null, "subjectUserGroupId": null, "objectId": null, "canDo": true,
        "tenantCodename": &*ctx.tenant.codename,
    })
}

/// The same id for the same permission, at every answer.
fn stable_id(name: &str) -> Uuid {
    let digest = Sha256::digest(name.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_permissions_are_stable_and_differ() {
        assert_eq!(stable_id("auth.getUser"), stable_id("auth.getUser"));
        assert_ne!(stable_id("auth.getUser"), stable_id("auth.listUsers"));
        assert_eq!(stable_id("auth.getUser").get_version_num(), 8);
    }
}
