//! Imports: people, shifts and attendance from CSV files, over the APIs and from the command line.

mod attendance;
mod cells;
mod engine;
mod local;
mod people;
mod record;
mod report;
mod shifts;
mod table;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use workforceos_core::answer::Answer;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::CompanyId;
use workforceos_core::session::Ctx;
use workforceos_core::value::Kind as FieldKind;
use workforceos_core::{Reach, input};

use crate::{Api, App};

pub use local::import;
pub use report::{Options, Report};
pub use table::MAX_BYTES;

/// What can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    People,
    Shifts,
    Attendance,
}

impl Kind {
    /// The API that imports it: what the journal calls it.
    pub fn api(self) -> &'static str {
        match self {
            Kind::People => "importPeople",
            Kind::Shifts => "importShifts",
            Kind::Attendance => "importAttendance",
        }
    }
}

input! {
    pub struct Import {
        /// The file's text: CSV with a header, separated by commas or semicolons; at most 25 MB and 100,000 rows.
        csv: String => "csv" Body .kind(FieldKind::File),
        /// Import the good rows even if others are not (false: nothing at all then).
        partial: Option<bool> => "partial" Body,
        /// Only say what would happen; nothing is written.
        dry_run: Option<bool> => "dryRun" Body,
    }
}

/// `importPeople`.
pub fn people() -> Api {
    api(Kind::People).at("/v1/import/people").about(
        "Imports people from a CSV file with the columns email, fullname and, if wanted, role, department (made if missing), position, \
         employmentStartDate, contractType, salary, manager (an e-mail address). New people have no password: they reset it; no mail is \
         sent. Who is there already keeps name and role; department and profile are brought up to date. A bad row means that nothing \
         is written (422 ImportRefused, with lines and columns), unless partial is true. All rows are written in one commit. Over MCP \
         a file may have 1 MiB: send larger ones over REST.",
    )
}

/// `importShifts`.
pub fn shifts() -> Api {
    api(Kind::Shifts).at("/v1/import/shifts").about(
        "Imports shifts from a CSV file with the columns date, start, end and, if wanted, people (e-mail addresses, separated by ;), \
         departments (names, separated by ;), location, breakMinutes, neededCount. The rules of createShift hold. A shift that is \
         there word for word is skipped. A bad row means that nothing is written (422 ImportRefused, with lines and columns), unless \
         partial is true. All rows are written in one commit. Over MCP a file may have 1 MiB: send larger ones over REST.",
    )
}

/// `importAttendance`.
pub fn attendance() -> Api {
    api(Kind::Attendance).at("/v1/import/attendance").about(
        "Imports attendance from a CSV file with the columns date, email, shiftStart and, if wanted, checkIn, checkOut, status, \
         absenceReason. Times are the company's local ones. One record per person and shift: one that says the same is skipped, an \
         absence that the system noted by itself is corrected. A bad row means that nothing is written (422 ImportRefused, with \
         lines and columns), unless partial is true. All rows are written in one commit. Over MCP a file may have 1 MiB: send larger \
         ones over REST.",
    )
}

fn api(kind: Kind) -> Api {
    let mut api = Api::act(kind.api())
        .named("import")
        .reach(Reach::Admins)
        .output(report::schema)
        .body_limit(FieldKind::MAX_FILE + FieldKind::MAX_FILE / 4)
        .handler(move |app: Arc<App>, ctx: Ctx, input: Import| handle(app, ctx, kind, input));
    api.effect.idempotent = true;
    api
}

async fn handle(app: Arc<App>, ctx: Ctx, kind: Kind, input: Import) -> Result<Answer> {
    let options = Options { partial: input.partial == Some(true), dry_run: input.dry_run == Some(true) };
    let progress = ctx.progress.clone();
    let tell = move |done, all| progress.tell(done, all);
    let report = run(&app, &ctx, kind, input.csv.into_bytes(), options, tell).await?;
    let answer = Answer::json(report.to_json());
    if ctx.idempotency.is_none() || !options.dry_run {
        return Ok(answer);
    }
    // What was imported has kept its answer in the same commit.
    let kept = answer.clone();
    crate::commit(&app, &ctx, workforceos_actors::Needs::none(), move |_| Ok((Default::default(), kept.clone()))).await
}

/// Imports a file as the caller. One at a time in a company; `tell` hears how many steps of how many are done.
pub async fn run(
    app: &App,
    ctx: &Ctx,
    kind: Kind,
    bytes: Vec<u8>,
    options: Options,
    tell: impl Fn(u64, u64) + Send + Sync,
) -> Result<Report> {
    let _running = app.imports.begin(ctx.company())?;
    match kind {
        Kind::People => engine::run::<people::People>(app, ctx, bytes, options, tell).await,
        Kind::Shifts => engine::run::<shifts::Shifts>(app, ctx, bytes, options, tell).await,
        Kind::Attendance => engine::run::<attendance::Attendance>(app, ctx, bytes, options, tell).await,
    }
}

/// The imports that run on this node: one in a company, and few in all, as each holds its whole file.
#[derive(Default)]
pub struct Imports(Mutex<HashSet<CompanyId>>);

/// The most imports at once.
const MAX_RUNNING: usize = 4;

struct Running<'a> {
    imports: &'a Imports,
    company: CompanyId,
}

impl Imports {
    fn begin(&self, company: CompanyId) -> Result<Running<'_>> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains(&company) {
            return Err(Error::conflict("ImportRunning", "Another import of this company runs: wait for its end"));
        }
        if running.len() >= MAX_RUNNING {
            return Err(Error::rate_limited(5, "Too many imports run at once; try again"));
        }
        running.insert(company);
        Ok(Running { imports: self, company })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.imports.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.company);
    }
}
