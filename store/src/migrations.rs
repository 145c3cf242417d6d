//! The schema's migrations, embedded: they only ever go forward.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::dialect::Dialect;

/// Number, name, and the text for each database.
struct Step(i64, &'static str, &'static str, &'static str);

macro_rules! step {
    ($number:literal, $file:literal) => {
        Step(
            $number,
            $file,
            include_str!(concat!("../../migrations/sqlite/", $file, ".sql")),
            include_str!(concat!("../../migrations/postgres/", $file, ".sql")),
        )
    };
}

const STEPS: &[Step] = &[step!(1, "0001_initial"), step!(3, "0003_user_words"), step!(5, "0005_archived_users")];

pub(crate) fn of(dialect: Dialect) -> Migrator {
    let migration = |Step(number, file, sqlite, postgres): &Step| {
        let text = match dialect {
            Dialect::Sqlite => *sqlite,
            Dialect::Postgres => *postgres,
        };
        // Named as by the first release: without the number.
        let name = file.split_once('_').map_or(*file, |(_, name)| name);
        Migration::new(*number, Cow::Borrowed(name), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator::with_migrations(STEPS.iter().map(migration).collect())
}
