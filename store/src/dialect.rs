//! Where the two databases differ.

use std::borrow::Cow;
use std::fmt::Write as _;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use workforceos_core::{Error, Result};

/// The SQL that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// The schema's migrations, oldest first; they only ever go forward.
    pub(crate) fn migrations(self) -> Migrator {
        let (initial, avatars) = match self {
            Dialect::Sqlite => (
                include_str!("../../migrations/sqlite/0001_initial.sql"),
                include_str!("../../migrations/sqlite/0002_avatars.sql"),
            ),
            Dialect::Postgres => (
                include_str!("../../migrations/postgres/0001_initial.sql"),
                include_str!("../../migrations/postgres/0002_avatars.sql"),
            ),
        };
        let migration = |version, name: &'static str, text: &'static str| {
            Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, text.into_sql_str(), false)
        };
        Migrator::with_migrations(vec![migration(1, "initial", initial), migration(2, "avatars", avatars)])
    }

    /// The `n`th parameter of a statement, counted from 1. Parameters must stand in the order of their numbers: SQLite's
    /// are anonymous, since it looks numbered ones up in a list, which makes a statement of a thousand slow.
    pub(crate) fn parameter(self, text: &mut String, n: usize) {
        match self {
            Dialect::Sqlite => text.push('?'),
            // Writing to a string cannot fail.
            Dialect::Postgres => drop(write!(text, "${n}")),
        }
    }

    /// Where nulls stand: last in ascending order, first in descending order.
    pub(crate) fn null_order(self, descending: bool) -> &'static str {
        match (self, descending) {
            (Dialect::Sqlite, false) => " NULLS LAST",
            (Dialect::Sqlite, true) => " NULLS FIRST",
            // PostgreSQL's default.
            (Dialect::Postgres, _) => "",
        }
    }

    /// The condition that `column` contains the text bound next, whatever its case, and what to bind.
    ///
    /// SQLite folds the case of ASCII letters alone, hence a regular expression wherever the text has others. PostgreSQL
    /// folds by the database's locale. Letters whose case changes their number (`ß`, `İ`) match only as written.
    pub(crate) fn contains(self, column: &str, text: &str) -> (String, &'static str, String) {
        match self {
            Dialect::Sqlite if text.is_ascii() => (format!("{column} LIKE "), " ESCAPE '\\'", like_pattern(text)),
            Dialect::Sqlite => (format!("{column} REGEXP "), "", format!("(?is){}", literal_regex(text))),
            Dialect::Postgres => {
                (format!("lower({column} COLLATE \"default\") LIKE lower("), " COLLATE \"default\")", like_pattern(text))
            }
        }
    }

    /// The text under `key` of a JSON column.
    pub(crate) fn json_text(self, column: &str, key: &str) -> String {
        match self {
            Dialect::Sqlite => format!("json_extract({column}, '$.{key}')"),
            Dialect::Postgres => format!("({column}::jsonb ->> '{key}')"),
        }
    }

    /// Makes a subquery skip the rows that another node is just claiming.
    pub(crate) fn skip_locked(self) -> &'static str {
        match self {
            Dialect::Sqlite => "",
            Dialect::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }
}

fn like_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn literal_regex(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// What a database error means to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A unique value is taken.
    Taken,
    /// A row is named that is not there.
    Missing,
    /// The statement or its values are wrong: a fault of the program.
    Wrong,
    /// There is no room left.
    Full,
    /// Somebody else holds what is needed.
    Busy,
    /// The database or the way to it is broken.
    Broken,
}

pub(crate) fn meaning(error: &sqlx::Error) -> Meaning {
    use sqlx::error::ErrorKind;
    let Some(database) = error.as_database_error() else {
        return match error {
            sqlx::Error::Encode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Meaning::Wrong,
            sqlx::Error::PoolTimedOut => Meaning::Busy,
            _ => Meaning::Broken,
        };
    };
    match database.kind() {
        ErrorKind::UniqueViolation => return Meaning::Taken,
        ErrorKind::ForeignKeyViolation => return Meaning::Missing,
        ErrorKind::NotNullViolation | ErrorKind::CheckViolation | ErrorKind::ExclusionViolation => return Meaning::Wrong,
        _ => {}
    }
    let code = database.code().unwrap_or_default();
    if database.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        // The lowest byte of an extended result code is the primary one.
        return match code.parse::<u32>().unwrap_or(0) & 0xff {
            13 => Meaning::Full,
            5 | 6 => Meaning::Busy,
            1 | 18 | 19 | 20 | 25 => Meaning::Wrong,
            _ => Meaning::Broken,
        };
    }
    match code.get(..2).unwrap_or_default() {
        "53" if code == "53100" => Meaning::Full,
        "40" | "55" => Meaning::Busy,
        "57" if code == "57014" => Meaning::Busy,
        "21" | "22" | "23" | "42" | "P0" => Meaning::Wrong,
        _ => Meaning::Broken,
    }
}

/// The error that a caller sees when the database could not do it at all.
pub(crate) fn trouble(error: sqlx::Error) -> Error {
    let message = match meaning(&error) {
        Meaning::Full => "The disk is full: nothing can be saved until there is room again",
        Meaning::Busy => "The database is busy: try again in a moment",
        Meaning::Broken => "The database cannot be reached: try again in a moment",
        Meaning::Taken | Meaning::Missing | Meaning::Wrong => return Error::internal(error),
    };
    Error::unavailable(message).because(error)
}

/// Turns a result of sqlx into ours.
pub(crate) trait Ours<T> {
    fn ours(self) -> Result<T>;
}

impl<T> Ours<T> for Result<T, sqlx::Error> {
    fn ours(self) -> Result<T> {
        self.map_err(trouble)
    }
}
