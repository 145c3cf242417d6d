//! Which crate may use which: each only those before it, and none what its layer must not know.

use anyhow::{Context, Result};
use serde_json::Value;

/// From the bottom up: a crate may use only those before it.
const ORDER: [&str; 9] = [
    "workforceos-core",
    "workforceos-store",
    "workforceos-actors",
    "workforceos-services",
    "workforceos-mcp",
    "workforceos-agents",
    "workforceos-http",
    "workforceos-tests",
    "xtask",
];

/// Packages from outside that a crate must not use; a trailing `*` stands for any ending.
const FORBIDDEN: [(&str, &[&str]); 8] = [
    ("workforceos-core", &["actix*", "sqlx*", "rmcp*", "tokio", "reqwest"]),
    ("workforceos-store", &["actix*", "rmcp*"]),
    ("workforceos-actors", &["actix-web*", "rmcp*", "sqlx*"]),
    ("workforceos-services", &["actix-web*", "rmcp*", "sqlx*"]),
    ("workforceos-mcp", &["actix-web*", "rmcp-actix-web", "sqlx*"]),
    ("workforceos-agents", &["actix-web*", "rmcp-actix-web", "sqlx*"]),
    ("workforceos-tests", &["actix-web*"]),
    ("xtask", &["actix-web*"]),
];

/// One sentence for each edge that must not be, from the answer of `cargo metadata --no-deps`.
///
/// Development dependencies may bring in any crate from outside, since they do not ship, but
/// must keep the order of our own crates.
pub fn violations(metadata: &Value) -> Result<Vec<String>> {
    let packages = metadata["packages"].as_array();
    let mut found = Vec::new();
    for package in packages.context("cargo metadata has no packages")? {
        let name = text(package, "name")?;
        let Some(rank) = rank(name) else {
            found.push(format!("{name} has no place in the order of crates yet"));
            continue;
        };
        let dependencies = package["dependencies"].as_array();
        for dependency in dependencies.context("a package has no dependencies field")? {
            let used = text(dependency, "name")?;
            if !dependency["path"].is_null() {
                if self::rank(used).is_none_or(|other| other >= rank) {
                    found.push(format!("{name} must not use {used}: the edge goes up"));
                }
            } else if dependency["kind"] != "dev" && is_forbidden(name, used) {
                found.push(format!("{name} must not use {used}: not known in its layer"));
            }
        }
    }
    Ok(found)
}

fn rank(name: &str) -> Option<usize> {
    ORDER.iter().position(|known| *known == name)
}

fn is_forbidden(name: &str, used: &str) -> bool {
    let rules = FORBIDDEN.iter().filter(|(owner, _)| *owner == name);
    rules.flat_map(|(_, patterns)| *patterns).any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => used.starts_with(beginning),
        None => used == *pattern,
    })
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key].as_str().with_context(|| format!("cargo metadata: an entry has no {key}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workspace::Workspace;

    #[test]
    fn the_real_workspace_keeps_the_order() {
        let workspace = Workspace::load().unwrap();
        assert_eq!(violations(&workspace.metadata).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn edges_down_and_known_crates_are_fine() {
        assert_eq!(check("workforceos-http", ours("workforceos-core")), None);
        assert_eq!(check("workforceos-mcp", ours("workforceos-services")), None);
        assert_eq!(check("workforceos-http", external("actix-web")), None);
        assert_eq!(check("workforceos-http", external("rmcp-actix-web")), None);
        assert_eq!(check("workforceos-store", external("sqlx")), None);
        assert_eq!(check("workforceos-actors", external("actix")), None);
        assert_eq!(check("workforceos-mcp", external("rmcp")), None);
        assert_eq!(check("workforceos-core", external("tokio-stream")), None);
    }

    #[test]
    fn an_edge_up_is_found() {
        assert_eq!(
            check("workforceos-store", ours("workforceos-actors")).as_deref(),
            Some("workforceos-store must not use workforceos-actors: the edge goes up")
        );
        assert!(check("workforceos-core", ours("xtask")).is_some());
        assert!(check("workforceos-core", ours("somewhere-else")).is_some());
    }

    #[test]
    fn an_edge_up_is_found_in_development_dependencies() {
        let mut edge = ours("workforceos-tests");
        edge["kind"] = json!("dev");
        assert!(check("workforceos-core", edge).is_some());
    }

    #[test]
    fn a_forbidden_crate_is_found() {
        for (package, used) in [
            ("workforceos-core", "tokio"),
            ("workforceos-core", "actix-rt"),
            ("workforceos-store", "actix"),
            ("workforceos-actors", "sqlx"),
            ("workforceos-services", "rmcp"),
            ("workforceos-mcp", "rmcp-actix-web"),
            ("workforceos-tests", "actix-web"),
        ] {
            let found = check(package, external(used));
            assert!(found.is_some(), "{package} uses {used}");
        }
    }

    #[test]
    fn a_build_dependency_counts_and_a_development_dependency_does_not() {
        let mut edge = external("tokio");
        edge["kind"] = json!("build");
        assert!(check("workforceos-core", edge.clone()).is_some());
        edge["kind"] = json!("dev");
        assert_eq!(check("workforceos-core", edge), None);
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        assert!(check("workforceos-payments", ours("workforceos-core")).is_some());
    }

    /// The only violation of a workspace with one package that has one dependency.
    fn check(package: &str, dependency: Value) -> Option<String> {
        let metadata = json!({"packages": [{"name": package, "dependencies": [dependency]}]});
        let mut found = violations(&metadata).unwrap();
        assert!(found.len() <= 1, "{found:?}");
        found.pop()
    }

    fn ours(name: &str) -> Value {
        json!({"name": name, "kind": null, "path": format!("/somewhere/{name}")})
    }

    fn external(name: &str) -> Value {
        json!({"name": name, "kind": null})
    }
}
