//! `workforceos import`: a CSV file into a company, without a server.

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::IdSource;
use workforceos_core::time::SystemClock;
use workforceos_services::App;
use workforceos_services::import::{Kind, MAX_BYTES, Options, import};
use workforceos_store::Database;

use crate::settings::{Command, Imported, Values};

/// Some rows are bad.
const BAD_ROWS: u8 = 3;

/// Imports what the command names, tells how it goes on standard error and what came of it on standard output.
pub async fn run(command: &Command, values: &Values) -> Result<ExitCode> {
    let Command::Import { what, file, company, partial, dry_run } = command else {
        return Err(Error::internal("no import was asked for"));
    };
    let bytes = read(file)?;
    // Before settings make a directory and keys where there is nothing.
    there_is_one(&values.source()?.database)?;
    let settings = values.settings(command)?;
    let app = App::open(settings, Arc::new(SystemClock), Arc::new(IdSource::random())).await.map_err(in_use)?;
    let options = Options { partial: *partial, dry_run: *dry_run };
    let progress = Progress::new();
    let imported = import(&app, company, kind(*what), bytes, options, |done, all| progress.tell(done, all)).await;
    app.stop().await;
    progress.bar.finish_and_clear();
    match imported {
        Ok(report) => {
            say(&report.to_string())?;
            Ok(if report.bad_rows > 0 { BAD_ROWS.into() } else { ExitCode::SUCCESS })
        }
        Err(error) if error.code == "ImportRefused" => {
            say(&listed(&error))?;
            Ok(BAD_ROWS.into())
        }
        Err(error) => Err(error),
    }
}

fn kind(what: Imported) -> Kind {
    match what {
        Imported::People => Kind::People,
        Imported::Shifts => Kind::Shifts,
        Imported::Attendance => Kind::Attendance,
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let cannot = |error: std::io::Error| Error::field("FILE", format!("{} cannot be read: {error}", path.display()));
    let mut bytes = Vec::new();
    // One byte more than allowed tells that there are too many.
    File::open(path).map_err(cannot)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
    Ok(bytes)
}

/// An import makes no database: a wrong DATA_DIR is told instead.
fn there_is_one(database: &Database) -> Result<()> {
    match database {
        Database::Sqlite(path) if !path.is_file() => {
            let message = format!("there is no database {}: start the server once, or name its directory", path.display());
            Err(Error::field("DATA_DIR", message))
        }
        _ => Ok(()),
    }
}

fn in_use(error: Error) -> Error {
    if error.code != "DatabaseInUse" {
        return error;
    }
    let message =
        "A server runs on this DATA_DIR: stop it first, or send the file to it (POST …/v1/import/people, docs/importing.md)";
    Error::conflict("DatabaseInUse", message)
}

/// The problems of a refused import, as people read them.
fn listed(error: &Error) -> String {
    let mut text = String::new();
    let report = error.detail.as_deref().cloned().unwrap_or_default();
    for bad in report["bad"].as_array().into_iter().flatten() {
        let column = bad["column"].as_str().map(|column| format!(", {column}")).unwrap_or_default();
        text.push_str(&format!("line {}{column}: {}\n", bad["line"], bad["problem"].as_str().unwrap_or_default()));
    }
    let (problems, told) = (report["problems"].as_u64().unwrap_or(0), report["bad"].as_array().map_or(0, Vec::len) as u64);
    if problems > told {
        text.push_str(&format!("… and {} problems more\n", problems - told));
    }
    text + &error.message
}

/// A bar on a terminal; lines, ten at most, elsewhere.
struct Progress {
    bar: ProgressBar,
    plain: bool,
    tenths: AtomicU64,
}

impl Progress {
    fn new() -> Progress {
        let bar = ProgressBar::new(0);
        // Of a template that stands in the program.
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} % {elapsed}") {
            bar.set_style(style);
        }
        Progress { bar, plain: !std::io::stderr().is_terminal(), tenths: AtomicU64::new(0) }
    }

    fn tell(&self, done: u64, all: u64) {
        self.bar.set_length(all);
        self.bar.set_position(done);
        let tenths = (10 * done).checked_div(all).unwrap_or(10);
        if self.plain && self.tenths.swap(tenths, Ordering::Relaxed) < tenths {
            // Whoever does not listen misses nothing.
            let _ = writeln!(std::io::stderr(), "workforceos import: {} %", 10 * tenths);
        }
    }
}

fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Error::internal)
}
