//! What a client asked to leave of the tool list: `?services=a,b`, `?readonly=true`, `?tools=x,y`, or a service's own endpoint.

use workforceos_core::BusinessApi;

/// A choice among the tools. It narrows, it never grants: reach is dispatch's business.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Names of services, each set narrowing further; none: all services.
    services: Vec<Vec<String>>,
    /// Names of tools; `None`: all.
    tools: Option<Vec<String>>,
    read_only: bool,
}

impl Narrowing {
    /// Reads an endpoint's query string. Unknown parameters are ignored; what cannot be true narrows to nothing.
    pub fn parse(query: &str) -> Narrowing {
        let mut narrowing = Narrowing::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "services" if !value.is_empty() => narrowing.services.push(names(value)),
                "tools" if !value.is_empty() => narrowing.tools = Some(names(value)),
                // Whoever names it wants it, unless they say no: erring here must not let writes through.
                "readonly" => narrowing.read_only = !matches!(value, "false" | "0"),
                _ => {}
            }
        }
        narrowing
    }

    /// Of one service only: the endpoint below its own prefix.
    pub fn within(mut self, service: &str) -> Narrowing {
        self.services.push(vec![service.to_owned()]);
        self
    }

    /// Whether a Business API is among the chosen tools.
    pub fn shows<S>(&self, api: &BusinessApi<S>) -> bool {
        let in_service = |set: &Vec<String>| set.iter().any(|s| s.eq_ignore_ascii_case(api.service));
        self.services.iter().all(in_service) && (!self.read_only || api.effect.read_only) && self.names(api.name)
    }

    /// Whether `tools` leaves a tool of this name; without `tools` it leaves every one.
    pub fn names(&self, name: &str) -> bool {
        self.tools.as_ref().is_none_or(|tools| tools.iter().any(|t| t == name))
    }
}

/// A comma list. Names need no percent-encoding, but their comma may come encoded.
fn names(value: &str) -> Vec<String> {
    let value = value.replace("%2C", ",").replace("%2c", ",");
    value.split(',').map(str::trim).filter(|n| !n.is_empty()).map(str::to_owned).collect()
}
