//! What people say for what the tools are called by. Both sides as [`words`] leaves them.

use crate::search::words;

/// What is said (up to three words), and the words of tools that it means.
const TABLE: &[(&str, &str)] = &[
    ("absence", "leave absent"),
    ("absent", "attendance"),
    ("add", "create"),
    ("admin", "role update"),
    ("assign", "create update"),
    ("badge in", "check in attendance"),
    ("balance", "leave"),
    ("bank holiday", "holiday"),
    ("begin work", "check in attendance"),
    ("book", "create"),
    ("broadcast", "announcement"),
    ("calendar", "shift"),
    ("cards", "gallery"),
    ("change", "update"),
    ("chore", "task"),
    ("clock in", "check in attendance"),
    ("clock out", "check out attendance"),
    ("colleague", "user"),
    ("configuration", "policy"),
    ("contract", "document"),
    ("cover", "open shift claim"),
    ("coworker", "user"),
    ("day off", "leave"),
    ("days off", "leave"),
    ("department", "user group"),
    ("device", "session"),
    ("edit", "update"),
    ("employee", "user profile"),
    ("end of shift", "check out"),
    ("exchange", "swap"),
    ("file", "document"),
    ("find", "list search get"),
    ("finish work", "check out attendance"),
    ("fire", "delete user"),
    ("fix", "correct update"),
    ("free shift", "open shift"),
    ("grace period", "policy"),
    ("hire", "create user profile"),
    ("hours worked", "attendance payroll"),
    ("job title", "profile"),
    ("how many", "list get"),
    ("into", "member"),
    ("join", "create member"),
    ("late", "list attendance record"),
    ("make", "create"),
    ("member", "user group"),
    ("memo", "announcement"),
    ("message", "announcement"),
    ("modify", "update"),
    ("money", "payroll"),
    ("new", "create"),
    ("news", "announcement"),
    ("no show", "absent"),
    ("notice", "announcement"),
    ("notify", "announcement create"),
    ("on duty", "shift attendance"),
    ("on leave", "leave"),
    ("onboard", "create user profile"),
    ("organisation", "company"),
    ("organization", "company"),
    ("overtime", "policy payroll"),
    ("paid", "payroll"),
    ("pay", "payroll"),
    ("payslip", "payroll"),
    ("people", "user"),
    ("permission", "role"),
    ("person", "user"),
    ("photo", "avatar"),
    ("pick up", "claim"),
    ("picture", "avatar"),
    ("post", "announcement create"),
    ("promote", "role update user"),
    ("pto", "leave"),
    ("public holiday", "holiday"),
    ("punch", "check attendance"),
    ("punch in", "check in attendance"),
    ("punch out", "check out attendance"),
    ("put", "create"),
    ("qr", "code"),
    ("remove", "delete"),
    ("request", "create"),
    ("reset password", "update password"),
    ("resign", "archive profile"),
    ("rename", "update"),
    ("rota", "shift"),
    ("roster", "shift"),
    ("salary", "payroll profile"),
    ("schedule", "shift"),
    ("see", "list get"),
    ("send", "create"),
    ("setting", "policy"),
    ("show", "list get show"),
    ("sick", "leave absent"),
    ("sign in", "check in attendance"),
    ("sign out", "check out attendance"),
    ("staff", "user"),
    ("start work", "check in attendance"),
    ("stop work", "check out attendance"),
    ("switch", "swap"),
    ("table", "list"),
    ("team", "user group member"),
    ("time off", "leave"),
    ("timesheet", "attendance"),
    ("timetable", "shift"),
    ("to do", "task"),
    ("todo", "task"),
    ("token", "key"),
    ("trade", "swap"),
    ("vacation", "leave"),
    ("view", "list get"),
    ("visa", "document"),
    ("wage", "payroll"),
    ("warn", "announcement"),
    ("which", "list"),
    ("who", "list"),
    ("who am i", "current user"),
    ("who is off", "leave"),
    ("work pattern", "shift template"),
    ("worker", "user"),
    ("working", "shift attendance"),
];

/// The words that mean what was said.
pub(crate) fn of(said: &[String]) -> Vec<String> {
    let mut meant = Vec::new();
    for (phrase, means) in TABLE {
        let phrase = words(phrase);
        if said.windows(phrase.len()).any(|window| window == phrase) {
            meant.extend(words(means));
        }
    }
    meant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_mean_what_tools_are_called_by() {
        assert_eq!(of(&words("I want to clock in")), ["check", "in", "attendance"]);
        assert_eq!(of(&words("vacations left")), ["leave"]);
        assert!(of(&words("xyz")).is_empty());
    }
}
