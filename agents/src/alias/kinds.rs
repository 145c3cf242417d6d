//! What an id is the id of: from the declared data objects, and from the names of properties for the rest.

use std::collections::HashMap;
use std::sync::LazyLock;

use workforceos_core::object::ObjectDef;
use workforceos_core::objects;

/// Of ids in running text, of which nothing says what they are of.
pub const UNKNOWN: &str = "id";
/// The longest kind.
const LONGEST: usize = 16;

/// Objects that people call otherwise than they are declared.
const CALLED: &[(&str, &str)] = &[
    ("userGroup", "department"),
    ("userGroupMember", "member"),
    ("userSession", "session"),
    ("apiKey", "key"),
    ("individualTask", "task"),
    ("taskAssignment", "assignment"),
    ("leaveRequest", "leave"),
    ("attendanceRecord", "attendance"),
    ("employeeProfile", "profile"),
    ("employeeDocument", "document"),
    ("employeeDocumentsFile", "file"),
    ("userAvatarsFile", "file"),
    ("companyAvatarsFile", "file"),
    ("shiftTemplate", "template"),
    ("shiftSwap", "swap"),
    ("payrollReport", "payroll"),
    ("payPeriodLock", "lock"),
    ("webhookDelivery", "delivery"),
    ("aiInsight", "insight"),
    ("companySubscription", "subscription"),
];

/// What people are called in the names of properties.
const PEOPLE: &[&str] = &[
    "manager",
    "approver",
    "colleague",
    "assignee",
    "assigner",
    "assignedby",
    "owner",
    "requester",
    "decider",
    "creator",
    "createdby",
    "updatedby",
    "recipient",
    "reviewer",
    "actor",
    "sender",
    "employee",
];

struct Kinds {
    /// By the folded name of an object, its plural, or a join to it.
    records: HashMap<String, &'static ObjectDef>,
    /// By the folded name of a property that a join follows.
    properties: HashMap<String, &'static ObjectDef>,
}

static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
    let (mut records, mut properties) = (HashMap::new(), HashMap::new());
    for def in objects::all() {
        for join in def.joins {
            records.insert(folded(join.name), (join.target)());
            properties.insert(folded(join.property), (join.target)());
        }
    }
    // What an object is called counts more than what a join to it is.
    for def in objects::all() {
        records.insert(folded(def.name.trim_start_matches("sys_")), def);
        records.insert(folded(def.plural.trim_start_matches("sys_")), def);
    }
    Kinds { records, properties }
});

/// A name without what people, models and layers write differently.
pub fn folded(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

/// The object whose records stand under a name: `shifts`, `employeeProfile`, `assignedUsers`.
pub fn records(name: &str) -> Option<&'static ObjectDef> {
    KINDS.records.get(&folded(name.trim_start_matches("sys_"))).copied()
}

/// What an object's ids are called.
pub fn of(def: &ObjectDef) -> String {
    let name = def.name.trim_start_matches("sys_");
    let called = CALLED.iter().find(|(declared, _)| *declared == name);
    called.map_or_else(|| short(name), |(_, called)| (*called).to_owned())
}

/// Whether a property holds ids, by its name.
pub fn is_id(name: &str) -> bool {
    let camel = name.ends_with("Id") || name.ends_with("Ids") || name.ends_with("_id") || name.ends_with("_ids");
    let bare = ["id", "ids", "_owner"].contains(&name) || KINDS.properties.contains_key(&folded(name));
    camel || bare
}

/// What the ids of a property are of, by its name alone.
pub fn of_property(name: &str) -> Option<String> {
    let whole = folded(name);
    if let Some(def) = KINDS.properties.get(&whole) {
        return Some(of(def));
    }
    let base = whole.strip_suffix("ids").or_else(|| whole.strip_suffix("id")).unwrap_or(&whole);
    if base.is_empty() {
        return None;
    }
    if PEOPLE.iter().any(|person| base.ends_with(person)) {
        return Some("user".to_owned());
    }
    if base == "tenant" {
        return Some("company".to_owned());
    }
    if ["department", "departments", "group"].iter().any(|end| base.ends_with(end)) {
        return Some("department".to_owned());
    }
    let named = objects::all().into_iter().filter(|def| base.ends_with(&folded(def.name.trim_start_matches("sys_"))));
    if let Some(def) = named.max_by_key(|def| def.name.len()) {
        return Some(of(def));
    }
    if let Some((_, called)) = CALLED.iter().find(|(_, called)| base.ends_with(called)) {
        return Some((*called).to_owned());
    }
    // `planId`: named after nothing that is declared.
    let cut = ["Ids", "Id", "_ids", "_id"].iter().find_map(|end| name.strip_suffix(end))?;
    let own = cut.starts_with(|c: char| c.is_ascii_alphabetic()) && cut.len() <= LONGEST;
    (own && cut.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then(|| short(cut))
}

/// A declared name as part of an alias: lower case, words apart.
fn short(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out.truncate(LONGEST);
    out.trim_matches('_').to_owned()
}
