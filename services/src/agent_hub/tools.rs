//! What every Business API is as a tool.

use std::sync::LazyLock;

use serde_json::Value as Json;
use workforceos_core::api::Reach;
use workforceos_core::objects::ToolEffect;
use workforceos_core::tool;

use crate::Api;

/// A Business API as the catalogue has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// `service:apiName`.
    pub name: String,
    pub service: &'static str,
    pub about: &'static str,
    /// JSON Schema of its arguments.
    pub parameters: Json,
    pub reach: Reach,
    pub effect: ToolEffect,
}

static TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| {
    let registry = crate::registry().expect("the program has started with these declarations");
    registry.apis().iter().map(|api| tool_of(api)).collect()
});

/// Every Business API of every service.
pub fn tools() -> &'static [Tool] {
    &TOOLS
}

fn tool_of(api: &Api) -> Tool {
    let effect = match api.effect {
        effect if effect.read_only => ToolEffect::Reads,
        effect if effect.destructive => ToolEffect::Deletes,
        _ => ToolEffect::Changes,
    };
    Tool {
        name: format!("{}:{}", api.service, api.name),
        service: api.service,
        about: api.about,
        parameters: Json::Object(tool::input_schema(api, usize::MAX)),
        reach: api.reach.unwrap_or(Reach::Admins),
        effect,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_api_is_a_tool_with_its_effect() {
        let registry = crate::registry().expect("declared well");
        assert_eq!(tools().len(), registry.apis().len());
        let of = |name: &str| tools().iter().find(|tool| tool.name == name).expect("a tool");
        assert_eq!(of("scheduleManagement:listShifts").effect, ToolEffect::Reads);
        assert_eq!(of("scheduleManagement:createShift").effect, ToolEffect::Changes);
        let delete = of("scheduleManagement:deleteShift");
        assert_eq!((delete.effect, delete.reach), (ToolEffect::Deletes, Reach::Admins));
        assert_eq!(delete.parameters["required"], serde_json::json!(["shiftId"]));
    }
}
