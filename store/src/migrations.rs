//! The schema's migrations, embedded: they only ever go forward.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::dialect::Dialect;

/// A migration: its number, its name, and its text for each database that needs it.
struct Step(i64, &'static str, Option<&'static str>, Option<&'static str>);

macro_rules! step {
    ($number:literal, $name:literal, $file:literal) => {
        Step(
            $number,
            $name,
            Some(include_str!(concat!("../../migrations/sqlite/", $file))),
            Some(include_str!(concat!("../../migrations/postgres/", $file))),
        )
    };
}

const STEPS: &[Step] = &[
    step!(1, "initial", "0001_initial.sql"),
    step!(2, "avatars", "0002_avatars.sql"),
    step!(3, "user words", "0003_user_words.sql"),
    // SQLite has no such thing.
    Step(4, "row level security", None, Some(include_str!("../../migrations/postgres/0004_row_level_security.sql"))),
    step!(5, "identity indexes", "0005_identity_indexes.sql"),
    step!(6, "holidays", "0006_holidays.sql"),
    step!(10, "tasks", "0010_tasks.sql"),
    step!(11, "leave delays", "0011_leave_delays.sql"),
    step!(12, "payroll", "0012_payroll.sql"),
    step!(13, "announcements", "0013_announcements.sql"),
    step!(14, "shift claims", "0014_shift_claims.sql"),
    step!(15, "employee documents", "0015_employee_documents.sql"),
    step!(16, "webhooks", "0016_webhooks.sql"),
    step!(18, "withdrawals", "0018_withdrawals.sql"),
    step!(19, "swap ends", "0019_swap_ends.sql"),
    step!(20, "announcement ends", "0020_announcement_ends.sql"),
    step!(21, "task times", "0021_task_times.sql"),
    step!(22, "insights", "0022_insights.sql"),
    step!(23, "agent hub", "0023_agent_hub.sql"),
    step!(24, "conversations", "0024_conversations.sql"),
    step!(26, "audit log", "0026_audit_log.sql"),
    step!(27, "days", "0027_days.sql"),
    step!(30, "alerts", "0030_alerts.sql"),
    step!(31, "audit times", "0031_audit_times.sql"),
    step!(34, "conversation services", "0034_conversation_services.sql"),
    step!(35, "insight pages", "0035_insight_pages.sql"),
];

pub(crate) fn of(dialect: Dialect) -> Migrator {
    let migration = |Step(number, name, sqlite, postgres): &Step| {
        let text = match dialect {
            Dialect::Sqlite => *sqlite,
            Dialect::Postgres => *postgres,
        };
        Some(Migration::new(*number, Cow::Borrowed(*name), MigrationType::Simple, text?.into_sql_str(), false))
    };
    Migrator::with_migrations(STEPS.iter().filter_map(migration).collect())
}
