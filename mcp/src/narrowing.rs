//! What a client asked to leave of the tool list: `?services=a,b`, `?readonly=true`, `?tools=x,y`, or a service's own endpoint;
//! and whether it wants to search what is left (`?mode=search`).

use workforceos_core::BusinessApi;
use workforceos_core::tool::FrontEndTool;

use crate::finder::NO_SERVICE;

/// A choice among the tools. It narrows, it never grants: reach is dispatch's business.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Names of services, each set narrowing further; none: all services.
    services: Vec<Vec<String>>,
    /// Names of tools; `None`: all.
    tools: Option<Vec<String>>,
    /// Names of services whose tools are left out.
    without: Vec<String>,
    read_only: bool,
    no_front_end: bool,
    search: bool,
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
                "mode" => narrowing.search = value.eq_ignore_ascii_case("search"),
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

    /// Without the tools of these services.
    pub fn without(mut self, services: impl IntoIterator<Item = String>) -> Narrowing {
        self.without.extend(services);
        self
    }

    /// These tools alone, of those that were chosen before.
    pub fn only(mut self, tools: impl IntoIterator<Item = String>) -> Narrowing {
        let tools = tools.into_iter().filter(|name| self.names(name)).collect();
        self.tools = Some(tools);
        self
    }

    /// Those that only read.
    pub fn reading(self) -> Narrowing {
        Narrowing { read_only: true, ..self }
    }

    /// Without those that a page carries out: for where there is none.
    pub fn without_front_end(self) -> Narrowing {
        Narrowing { no_front_end: true, ..self }
    }

    /// The tools are searched instead of listed.
    pub fn searching(self) -> Narrowing {
        Narrowing { search: true, ..self }
    }

    /// Whether a Business API is among the chosen tools.
    pub fn shows<S>(&self, api: &BusinessApi<S>) -> bool {
        self.serves(api) && self.names(api.name)
    }

    /// Whether a Business API may be used on the way, though it need not be named.
    pub(crate) fn serves<S>(&self, api: &BusinessApi<S>) -> bool {
        self.in_service(api.service) && (!self.read_only || api.effect.read_only)
    }

    /// Whether a front-end tool is among the chosen ones: they belong to no service.
    pub(crate) fn shows_front_end(&self, tool: FrontEndTool) -> bool {
        !self.no_front_end
            && self.in_service(NO_SERVICE)
            && (!self.read_only || tool.effect().read_only)
            && self.names(tool.name())
    }

    fn in_service(&self, service: &str) -> bool {
        let left_out = self.without.iter().any(|s| s.eq_ignore_ascii_case(service));
        !left_out && self.services.iter().all(|set| set.iter().any(|s| s.eq_ignore_ascii_case(service)))
    }

    /// Whether tools are searched instead of listed.
    pub fn searches(&self) -> bool {
        self.search
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
