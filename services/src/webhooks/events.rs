//! The types of events, and what a webhook may want of them.

use serde_json::{Value as Json, json};
use workforceos_core::change::Audience;

/// Every type of event that the live streams know, alerts among them.
pub const TYPES: &[&str] = &[
    "alert.raised",
    "alert.resolved",
    "announcement.cancelled",
    "announcement.scheduled",
    "announcement.sent",
    "attendance.checkedIn",
    "attendance.checkedOut",
    "attendance.corrected",
    "attendance.imported",
    "attendance.markedAbsent",
    "eod.generated",
    "eod.reviewed",
    "eod.submitted",
    "holiday.created",
    "holiday.deleted",
    "insight.created",
    "insight.deleted",
    "insight.delivered",
    "insight.updated",
    "leave.approved",
    "leave.cancelled",
    "leave.rejected",
    "leave.requested",
    "leave.updated",
    "payroll.created",
    "payroll.deleted",
    "payroll.locked",
    "payroll.unlocked",
    "payroll.updated",
    "policy.updated",
    "profile.created",
    "profile.deleted",
    "profile.updated",
    "shift.completed",
    "shift.created",
    "shift.deleted",
    "shift.imported",
    "shift.swapCancelled",
    "shift.swapDecided",
    "shift.swapRequested",
    "shift.updated",
    "task.assigned",
    "task.cancelled",
    "task.completed",
    "task.reopened",
    "task.updated",
    "user.imported",
];

/// What `testWebhook` sends: it is no event of the journal, and nobody asks for it.
pub const TEST: &str = "webhook.test";

/// The most types that a webhook names.
const MAX_NAMED: usize = 100;

/// What a webhook wants, each once; else what is wrong with it.
pub fn read(list: &Json) -> Result<Json, String> {
    let named: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::trim).collect();
    if named.is_empty() || named.len() > MAX_NAMED {
        return Err(format!("must name 1 to {MAX_NAMED} event types"));
    }
    let mut wanted: Vec<&str> = Vec::new();
    for name in named {
        if !is_known(name) {
            return Err(format!("{name} is no event type: write one such as shift.created, a family such as attendance.*, or *"));
        }
        if !wanted.contains(&name) {
            wanted.push(name);
        }
    }
    Ok(json!(wanted))
}

fn is_known(name: &str) -> bool {
    match name.strip_suffix(".*") {
        _ if name == "*" => true,
        Some(family) => TYPES.iter().any(|kind| family_of(kind) == family),
        None => TYPES.contains(&name),
    }
}

fn family_of(kind: &str) -> &str {
    kind.split('.').next().unwrap_or(kind)
}

/// Whether a webhook wants events of a type.
pub fn wants(wanted: &Json, kind: &str) -> bool {
    let fits =
        |name: &str| name == "*" || name == kind || name.strip_suffix(".*").is_some_and(|family| family == family_of(kind));
    wanted.as_array().into_iter().flatten().filter_map(Json::as_str).any(fits)
}

/// Whether admins of the company see an event. Alerts are for one person each: admins see those of their own, whom
/// `is_admin` tells.
pub fn admins_see(kind: &str, audience: &Audience, is_admin: impl Fn(uuid::Uuid) -> bool) -> bool {
    audience.admins || audience.all || (is_alert(kind) && audience.users.iter().any(|user| is_admin(*user)))
}

pub fn is_alert(kind: &str) -> bool {
    family_of(kind) == "alert"
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use uuid::Uuid;
    use workforceos_core::id::UserId;

    #[test]
    fn types_families_and_everything_can_be_wanted() {
        let list = json!(["shift.created", " attendance.* ", "shift.created", "eod.*"]);
        let wanted = read(&list).expect("known");
        assert_eq!(wanted, json!(["shift.created", "attendance.*", "eod.*"]));
        for (kind, expected) in [
            ("shift.created", true),
            ("shift.updated", false),
            ("attendance.checkedIn", true),
            ("attendances.checkedIn", false),
            ("eod.submitted", true),
            ("leave.requested", false),
        ] {
            assert_eq!(wants(&wanted, kind), expected, "{kind}");
        }
        assert!(wants(&json!(["*"]), "novelty.born"));
    }

    #[test]
    fn what_is_no_type_is_named() {
        for bad in
            ["", "shift", "shift.", "shift.created.*", "Shift.created", "novelty.*", "**", ".*", "webhook.test", "*.created"]
        {
            let problem = read(&json!(["leave.*", bad])).expect_err(bad);
            assert!(problem.starts_with(&format!("{bad} is no event type")), "{problem}");
        }
        assert!(read(&json!([])).is_err() && read(&json!(vec!["*"; 101])).is_err());
    }

    #[test]
    fn alerts_are_for_webhooks_where_an_admin_has_them() {
        let (admin, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let to = |user| Audience::none().user(UserId(user));
        let is_admin = |user| user == admin;
        assert!(admins_see("alert.raised", &to(admin), is_admin) && !admins_see("alert.raised", &to(other), is_admin));
        assert!(!admins_see("task.assigned", &to(admin), is_admin), "the admins' own entry of that event tells it");
        assert!(admins_see("shift.created", &Audience::admins(), |_| false));
        assert!(admins_see("holiday.created", &Audience::everyone(), |_| false));
    }

    /// The types that services write, found in their source: a new one must be known here.
    #[test]
    fn every_type_that_is_written_is_known() {
        let mut found = Vec::new();
        look(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path(), &mut found);
        let families: Vec<&str> = TYPES.iter().map(|kind| family_of(kind)).collect();
        let event = |text: &&String| {
            let (family, rest) = text.split_once('.').unwrap_or_default();
            families.contains(&family) && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphabetic())
        };
        let unknown: Vec<&String> = found.iter().filter(event).filter(|text| !is_known(text)).collect();
        assert!(unknown.is_empty(), "event types that webhooks do not know: {unknown:?}");
        assert!(found.iter().filter(event).count() > 50, "the source was read");
    }

    /// A family and, by commas, its types: `- leave.requested, updated; holiday.created`.
    #[test]
    fn the_page_for_receivers_lists_them_all() {
        let page = include_str!("../../../docs/webhooks.md");
        let (_, list) = page.split_once("those of the live stream:\n\n").expect("a list");
        let lines = list.lines().map_while(|line| line.strip_prefix("- ")).flat_map(|line| line.split("; "));
        let mut told: Vec<String> = lines
            .filter_map(|part| part.split(" (").next()?.split_once('.'))
            .flat_map(|(family, kinds)| kinds.split(", ").map(move |kind| format!("{family}.{kind}")))
            .collect();
        told.sort();
        assert_eq!(told, TYPES);
    }

    /// Every quoted text of the services' source up to its tests, this module's own list aside.
    fn look(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if entry.is_dir() && name != "tests" && name != "webhooks" {
                look(&entry, found);
            } else if name.ends_with(".rs") {
                let text = std::fs::read_to_string(&entry).expect("source");
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                found.extend(code.split('"').skip(1).step_by(2).map(str::to_owned));
            }
        }
    }
}
