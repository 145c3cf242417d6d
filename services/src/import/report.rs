//! What an import tells of itself.

use serde_json::{Value as Json, json};

use super::table::Bad;

/// The most problems that are told; all are counted.
const MAX_TOLD: usize = 1_000;
/// The most new departments that are named.
const MAX_NAMED: usize = 200;

/// How to import.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Import the good rows even if others are not.
    pub partial: bool,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// What became of a row, the lesser first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// It was there already.
    Skipped,
    Updated,
    Created,
}

#[derive(Clone, Debug, Default)]
pub struct Report {
    action: &'static str,
    dry_run: bool,
    partial: bool,
    pub rows: u64,
    pub created: u64,
    pub updated: u64,
    pub skipped: u64,
    /// Rows with at least one problem.
    pub bad_rows: u64,
    problems: u64,
    pub bad: Vec<Bad>,
    pub unknown_columns: Vec<String>,
    /// Departments that the file names and nobody made before.
    pub departments: Vec<String>,
}

impl Report {
    pub(super) fn of(action: &'static str, options: &Options, rows: u64, unknown_columns: Vec<String>) -> Report {
        let Options { partial, dry_run } = *options;
        Report { action, dry_run, partial, rows, unknown_columns, ..Report::default() }
    }

    pub(super) fn count(&mut self, what: What) {
        match what {
            What::Created => self.created += 1,
            What::Updated => self.updated += 1,
            What::Skipped => self.skipped += 1,
        }
    }

    pub(super) fn department(&mut self, name: Option<String>) {
        let folded = |name: &str| name.to_lowercase();
        let new = name.filter(|name| !self.departments.iter().any(|known| folded(known) == folded(name)));
        if self.departments.len() < MAX_NAMED {
            self.departments.extend(new);
        }
    }

    /// Takes up problems, in the order of their lines.
    pub(super) fn take(&mut self, mut bad: Vec<Bad>) {
        bad.sort();
        let mut lines: Vec<u64> = bad.iter().map(|b| b.line).collect();
        lines.dedup();
        self.bad_rows += lines.len() as u64;
        self.problems += bad.len() as u64;
        self.bad.extend(bad);
        self.bad.sort();
        self.bad.truncate(MAX_TOLD);
    }

    /// The figures alone: no content of any row.
    pub(super) fn counts(&self) -> Json {
        json!({
            "rows": self.rows, "created": self.created, "updated": self.updated, "skipped": self.skipped,
            "badRows": self.bad_rows, "partial": self.partial,
        })
    }

    pub fn to_json(&self) -> Json {
        let bad = |b: &Bad| json!({"line": b.line, "column": b.column, "problem": b.problem});
        json!({
            "import": self.action, "dryRun": self.dry_run, "partial": self.partial,
            "rows": self.rows, "created": self.created, "updated": self.updated, "skipped": self.skipped,
            "badRows": self.bad_rows, "problems": self.problems, "bad": self.bad.iter().map(bad).collect::<Vec<_>>(),
            "unknownColumns": self.unknown_columns, "newDepartments": self.departments,
        })
    }
}

/// The JSON Schema of [`Report::to_json`].
pub(super) fn schema() -> Json {
    let count = |about: &str| json!({"type": "integer", "description": about});
    let flag = |about: &str| json!({"type": "boolean", "description": about});
    let names = |about: &str| json!({"type": "array", "items": {"type": "string"}, "description": about});
    let bad = json!({
        "line": {"type": "integer", "description": "The line of the file, from 1."},
        "column": {"type": ["string", "null"], "description": "The column, if it is one that is wrong."},
        "problem": {"type": "string", "description": "What is wrong."},
    });
    json!({"type": "object", "properties": {
        "import": {"type": "string", "description": "The API's name."},
        "dryRun": flag("Whether it was only tried."), "partial": flag("Whether bad rows keep no others."),
        "rows": count("Rows of the file."), "created": count("Rows that made something."),
        "updated": count("Rows that changed something."), "skipped": count("Rows that are there already."),
        "badRows": count("Rows that cannot be imported."), "problems": count("What is wrong with them, in all."),
        "bad": {"type": "array", "items": {"type": "object", "properties": bad}, "description": "The first of the problems."},
        "unknownColumns": names("Columns that nobody knows, ignored."), "newDepartments": names("Departments that are made."),
    }})
}

/// For people at a terminal.
impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for Bad { line, column, problem } in &self.bad {
            match column {
                Some(column) => writeln!(f, "line {line}, {column}: {problem}")?,
                None => writeln!(f, "line {line}: {problem}")?,
            }
        }
        if self.problems > self.bad.len() as u64 {
            writeln!(f, "… and {} problems more", self.problems - self.bad.len() as u64)?;
        }
        if !self.unknown_columns.is_empty() {
            writeln!(f, "Columns that nobody knows, ignored: {}", self.unknown_columns.join(", "))?;
        }
        let would = if self.dry_run { "would be " } else { "" };
        if !self.departments.is_empty() && (self.dry_run || self.created + self.updated > 0) {
            writeln!(f, "Departments that {would}made: {}", self.departments.join(", "))?;
        }
        let Report { rows, created, updated, skipped, bad_rows, .. } = self;
        write!(f, "{rows} rows: {created} {would}created, {updated} {would}updated, {skipped} there already, {bad_rows} bad")
    }
}
