//! What to do about a failure, in a sentence, derived from the registry: which tool finds an id, what to read, how long to wait.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::api::{Action, BusinessApi};
use crate::error::{Error, Status};
use crate::input::FieldDef;
use crate::object::ObjectDef;
use crate::registry::Registry;
use crate::value::Kind;

/// The most fields that a hint speaks of.
const FIELDS: usize = 3;

/// What to do about a failure of a tool. `usable` says which tools the caller has.
pub fn hint<S: Send + Sync + 'static>(
    registry: &Registry<S>,
    api: Option<&BusinessApi<S>>,
    error: &Error,
    usable: &dyn Fn(&BusinessApi<S>) -> bool,
) -> Option<String> {
    let tools = Tools { registry, usable };
    let changes = api.is_some_and(|api| !api.effect.read_only);
    match error.status {
        Status::NotFound if error.code == "CompanyNotFound" => None,
        Status::NotFound => {
            let object = error.code.strip_suffix("NotFound")?;
            let list = tools.list_of(|def| def.name.trim_start_matches("sys_").eq_ignore_ascii_case(object))?;
            Some(format!("{list} finds those that this user can reach."))
        }
        Status::Conflict => {
            let get = api?.object.and_then(|def| tools.get_of(def))?;
            Some(format!("{get} tells the present state."))
        }
        Status::Unavailable if changes => Some(format!("{} Look first whether the change was made.", wait(error))),
        Status::Internal if changes => {
            Some("The fault is the server's. Look whether the change was made before trying again.".to_owned())
        }
        Status::Invalid => tools.of_fields(api?, error.detail.as_deref()?),
        _ => plain_hint(error),
    }
}

/// What to do about a failure, whichever tool had it.
pub fn plain_hint(error: &Error) -> Option<String> {
    match error.status {
        Status::Unauthenticated => {
            Some("This connection's login or API key is not valid (any more): it takes a new one.".to_owned())
        }
        Status::Forbidden if error.code == "Forbidden" => {
            Some("This user may not do that: tell them, do not try another way.".to_owned())
        }
        Status::Forbidden if error.code == "SubscriptionRequired" => {
            Some("No other tool gets around it: tell the user that the company's admins can subscribe.".to_owned())
        }
        Status::RateLimited | Status::Unavailable => Some(wait(error)),
        _ => None,
    }
}

fn wait(error: &Error) -> String {
    format!("Wait {} seconds, then make the same call again.", error.retry_after.unwrap_or(1))
}

/// The tools that a hint may name.
struct Tools<'a, S> {
    registry: &'a Registry<S>,
    usable: &'a dyn Fn(&BusinessApi<S>) -> bool,
}

impl<S: Send + Sync + 'static> Tools<'_, S> {
    fn usable(&self) -> impl Iterator<Item = &Arc<BusinessApi<S>>> {
        self.registry.apis().iter().filter(|api| (self.usable)(api))
    }

    /// The tool that lists an object; one that is called so goes before others.
    fn list_of(&self, is: impl Fn(&ObjectDef) -> bool) -> Option<&'static str> {
        let lists = || self.usable().filter(|api| api.is_list() && api.effect.read_only && api.object.is_some_and(&is));
        let plain = |api: &&Arc<BusinessApi<S>>| {
            api.name.strip_prefix("list").is_some_and(|name| api.object.is_some_and(|def| def.plural.eq_ignore_ascii_case(name)))
        };
        lists().find(plain).or_else(|| lists().next()).map(|api| api.name)
    }

    fn get_of(&self, def: &'static ObjectDef) -> Option<&'static str> {
        self.usable().find(|api| api.action == Action::Get && api.object == Some(def)).map(|api| api.name)
    }

    /// Where the ids of bad fields are found.
    fn of_fields(&self, api: &BusinessApi<S>, detail: &Json) -> Option<String> {
        let bad = detail.as_array()?.iter().filter_map(|problem| problem["field"].as_str());
        let mut told = Vec::new();
        for name in bad {
            let kind = api.fields.iter().find(|field| field.name == name).map(|field: &FieldDef| field.kind);
            let kind = kind.or_else(|| api.object.and_then(|def| def.property(name)).map(|property| property.kind));
            if matches!(kind, Some(Kind::Id | Kind::Ids(_)))
                && let Some(list) = self.finds(name)
                && told.len() < FIELDS
            {
                told.push(format!("{name}: ids are found with {list}"));
            }
        }
        (!told.is_empty()).then(|| format!("{}.", told.join("; ")))
    }

    /// The tool that finds what a field such as `colleagueShiftId` names.
    fn finds(&self, field: &str) -> Option<&'static str> {
        let base = field.trim_end_matches("Ids").trim_end_matches("Id").to_ascii_lowercase();
        let base = match base.as_str() {
            "manager" | "approver" | "colleague" | "assignee" | "assigner" | "owner" => "user",
            name if name.ends_with("department") || name.ends_with("departments") => "usergroup",
            "group" => "usergroup",
            name => name,
        };
        let objects = self.registry.apis().iter().filter_map(|api| api.object);
        let named = objects.filter(|def| base.ends_with(&def.name.to_ascii_lowercase())).max_by_key(|def| def.name.len())?;
        self.list_of(|def| def == named)
    }
}
