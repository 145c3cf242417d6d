//! All Business APIs, checked when the program starts and found by name or by route.

use std::collections::HashMap;
use std::sync::Arc;

use crate::api::{BusinessApi, Method};
use crate::input::Place;

/// A service: its name, its prefix in lower case, and its visible list of APIs.
pub struct Service<S> {
    pub name: &'static str,
    pub prefix: &'static str,
    pub apis: Vec<BusinessApi<S>>,
}

/// Why a set of declarations is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct BadDeclaration(pub String);

impl std::fmt::Display for BadDeclaration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadDeclaration {}

/// A route that matched: the API and its path parameters, decoded.
pub struct Routed<'r, S> {
    pub api: &'r Arc<BusinessApi<S>>,
    pub path: Vec<(&'static str, String)>,
}

/// Whether a path exists with another method.
pub enum NoRoute {
    NotFound,
    MethodNotAllowed,
}

pub struct Registry<S> {
    services: Vec<(&'static str, &'static str)>,
    apis: Vec<Arc<BusinessApi<S>>>,
    by_name: HashMap<&'static str, usize>,
    /// By lower-case prefix and number of segments below it: few candidates, compared one by one.
    routes: HashMap<(String, usize), Vec<Route>>,
}

/// A route's segments below its prefix, and the index of its API.
type Route = (Vec<Segment>, usize);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    Parameter(&'static str),
}

impl<S: Send + Sync + 'static> Registry<S> {
    /// Refuses duplicate names or routes, path parameters without a field, an empty `about`, a missing reach or handler.
    pub fn new(services: Vec<Service<S>>) -> Result<Registry<S>, BadDeclaration> {
        let mut registry = Registry { services: Vec::new(), apis: Vec::new(), by_name: HashMap::new(), routes: HashMap::new() };
        for service in services {
            registry.services.push((service.name, service.prefix));
            for mut api in service.apis {
                api.service = service.name;
                registry.add(api, service.prefix)?;
            }
        }
        Ok(registry)
    }

    fn add(&mut self, api: BusinessApi<S>, prefix: &str) -> Result<(), BadDeclaration> {
        let bad = |what: &str| Err(BadDeclaration(format!("{}: {what}", api.name)));
        if api.about.trim().is_empty() {
            return bad("says nothing about itself");
        }
        if api.reach.is_none() {
            return bad("states no reach");
        }
        if !api.has_handler() {
            return bad("has no handler");
        }
        if api.data_name.is_empty() {
            return bad("has no data name");
        }
        let name_fits = api.name.len() <= 48 && api.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !name_fits || self.by_name.contains_key(api.name) {
            return bad("its name is taken or no tool name");
        }
        let segments = segments(api.path);
        for segment in &segments {
            if let Segment::Parameter(name) = segment
                && !api.fields.iter().any(|f| f.name == *name && f.place == Place::Path)
            {
                return bad(&format!("its path parameter {name} is no field"));
            }
        }
        for field in api.fields.iter().filter(|f| f.place == Place::Path) {
            if !segments.contains(&Segment::Parameter(field.name)) {
                return bad(&format!("its field {} is not in its path", field.name));
            }
        }
        let index = self.apis.len();
        let bucket = self.routes.entry((prefix.to_owned(), segments.len())).or_default();
        let same = |other: &[Segment]| other.iter().zip(&segments).all(|(a, b)| a == b || both_parameters(a, b));
        if bucket.iter().any(|(other, i)| same(other) && self.apis[*i].method == api.method) {
            return bad("its route is taken");
        }
        bucket.push((segments, index));
        self.by_name.insert(api.name, index);
        self.apis.push(Arc::new(api));
        Ok(())
    }

    pub fn apis(&self) -> &[Arc<BusinessApi<S>>] {
        &self.apis
    }

    /// Service names with their prefixes.
    pub fn services(&self) -> &[(&'static str, &'static str)] {
        &self.services
    }

    pub fn prefix(&self, service: &str) -> &'static str {
        self.services.iter().find(|(name, _)| *name == service).map_or("", |(_, prefix)| prefix)
    }

    pub fn by_name(&self, name: &str) -> Option<&Arc<BusinessApi<S>>> {
        self.by_name.get(name).map(|i| &self.apis[*i])
    }

    /// Finds the API of a path below the root, whatever its case; fixed segments win over parameters.
    pub fn route(&self, method: Method, path: &str) -> Result<Routed<'_, S>, NoRoute> {
        let mut parts = path.trim_start_matches('/').split('/');
        let prefix = format!("/{}", parts.next().unwrap_or_default().to_ascii_lowercase());
        let rest: Vec<&str> = parts.filter(|p| !p.is_empty()).collect();
        let Some(bucket) = self.routes.get(&(prefix, rest.len())) else { return Err(NoRoute::NotFound) };
        let fits = |segments: &[Segment]| {
            segments.iter().zip(&rest).all(|(segment, part)| match segment {
                Segment::Fixed(text) => text.eq_ignore_ascii_case(part),
                Segment::Parameter(_) => true,
            })
        };
        let mut found: Option<&Route> = None;
        let mut other_method = false;
        for candidate in bucket.iter().filter(|(segments, _)| fits(segments)) {
            if self.apis[candidate.1].method != method {
                other_method = true;
            } else if found.is_none_or(|best| parameters(&candidate.0) < parameters(&best.0)) {
                found = Some(candidate);
            }
        }
        let Some((segments, index)) = found else {
            return Err(if other_method { NoRoute::MethodNotAllowed } else { NoRoute::NotFound });
        };
        let named = segments.iter().zip(&rest).filter_map(|(segment, part)| match segment {
            Segment::Parameter(name) => Some((*name, decode(part))),
            Segment::Fixed(_) => None,
        });
        Ok(Routed { api: &self.apis[*index], path: named.collect() })
    }
}

fn both_parameters(a: &Segment, b: &Segment) -> bool {
    matches!((a, b), (Segment::Parameter(_), Segment::Parameter(_)))
}

fn parameters(segments: &[Segment]) -> usize {
    segments.iter().filter(|s| matches!(s, Segment::Parameter(_))).count()
}

fn segments(path: &'static str) -> Vec<Segment> {
    let segment = |part: &'static str| match part.strip_prefix(':') {
        Some(name) => Segment::Parameter(name),
        None => Segment::Fixed(part.to_ascii_lowercase()),
    };
    path.split('/').filter(|p| !p.is_empty()).map(segment).collect()
}

/// Percent-decoding of one path segment; what is not valid UTF-8 stays as it was.
fn decode(part: &str) -> String {
    if !part.contains('%') {
        return part.to_owned();
    }
    let bytes = part.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| part.get(i + 1..i + 3)).flatten().and_then(|h| u8::from_str_radix(h, 16).ok());
        out.push(hex.unwrap_or(bytes[i]));
        i += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| part.to_owned())
}
