//! How rows become writes: every row is checked first, then they are written batch by batch through the company's actor.
//!
//! A row that is there already is recognised by what it says and left alone, so that an import which was cut off goes on
//! where it stopped when it is repeated.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use serde_json::json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Company, Shift, User};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::value::{Kind, Value};

use super::report::{Options, Report, What};
use super::table::{self, Bad, Cells, Column, Line};
use crate::{App, commit_with};

/// How much one commit may hold, as rows count themselves.
const MAX_WEIGHT: usize = 1_000;
/// The most dates of one batch: their days are loaded for it.
const MAX_DATES: usize = 40;
/// Up to so many changed rows an import is told to the streams row by row.
const LOUD: usize = 200;
/// How often a batch is decided anew after somebody else's change overtook it.
const TRIES: u32 = 3;

/// What is done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing is written; the file's other rows count as if they were.
    Check,
    /// The n-th time that the rows are written.
    Write(usize),
}

/// What becomes of a row.
pub struct Done {
    pub what: What,
    pub changes: Changes,
    /// A shift that the row makes.
    pub shift: Option<Shift>,
    /// A row of the same file without which this one cannot be.
    pub waits_for: Option<String>,
    /// A department that the row makes.
    pub department: Option<String>,
}

impl Done {
    pub fn new(what: What, changes: Changes) -> Done {
        Done { what, changes, shift: None, waits_for: None, department: None }
    }
}

/// Problems of one row, by column.
pub type Problems = Vec<(Option<&'static str>, String)>;

/// What decisions know of the file beside their batch.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// By date, the shifts that checked rows will make.
    pub planned: BTreeMap<Date, Vec<Shift>>,
    /// The keys of all rows that can be read.
    pub keys: HashSet<String>,
}

/// A kind of import.
pub trait Importer: 'static {
    type Row: Clone + Send + Sync + 'static;
    const COLUMNS: &'static [Column];
    const MAX_CELL: usize = Kind::MAX_STRING;
    /// How often the rows are gone through to write them: what rows say of each other comes after the rows.
    const STEPS: usize = 1;
    /// The event that stands for a long import.
    const EVENT: &'static str;

    fn read(cells: &mut Cells) -> Option<Self::Row>;
    /// What a row is known by within its file; two of one key are one too many.
    fn key(_: &Self::Row) -> Option<String> {
        None
    }
    fn date(_: &Self::Row) -> Option<Date> {
        None
    }
    /// A look at all rows before any is decided.
    fn prepare(_: &mut [Line<Self::Row>]) {}
    fn weight(row: &Self::Row) -> usize;
    /// Whose addresses a row names.
    fn emails(row: &Self::Row) -> Vec<&str>;
    /// What the decision needs beside the people named; `users`: those of them who are there.
    fn needs(ctx: &Ctx, rows: &[Line<Self::Row>], users: &[UserId]) -> Needs;
    /// What becomes of each row, in their order.
    fn decide(
        facts: &Facts,
        ctx: &Ctx,
        step: Step,
        rows: &[Line<Self::Row>],
        sheet: &Sheet,
    ) -> Result<Vec<Result<Done, Problems>>>;
}

/// Imports a file: all of it, or with [`Options::partial`] its good rows.
pub async fn run<I: Importer>(
    app: &App,
    ctx: &Ctx,
    bytes: Vec<u8>,
    options: Options,
    tell: impl Fn(u64, u64) + Send + Sync,
) -> Result<Report> {
    let read = move || table::read(bytes, I::COLUMNS, I::MAX_CELL, I::read);
    let table = tokio::task::spawn_blocking(read).await.map_err(Error::internal)??;
    let mut report = Report::of(ctx.api, &options, table.count, table.unknown);
    let mut bad = table.bad;
    let mut rows = without_twins::<I>(table.rows, &mut bad);
    I::prepare(&mut rows);
    let batches = batches::<I>(rows);
    let steps = I::STEPS as u64 + 1;
    let all = batches.iter().map(|b| b.len() as u64).sum::<u64>() * if options.dry_run { 1 } else { steps };
    let mut progress = Progress { done: 0, all, tell: &tell };

    let good = check::<I>(app, ctx, batches, &mut bad, &mut report, &mut progress).await?;
    report.take(bad);
    if options.dry_run {
        return Ok(report);
    }
    report.forget_counts();
    if report.bad_rows > 0 && !options.partial {
        let message = format!("Nothing was imported: {} of {} rows are not good", report.bad_rows, report.rows);
        return Err(Error::new(Status::Unprocessable, "ImportRefused", message).detail(report.to_json()));
    }
    let written = write::<I>(app, ctx, &good, &options, &mut report, &mut progress).await;
    // What was written is told even if not all could be.
    summarise::<I>(app, ctx, &report).await?;
    written.map_err(|error| interrupted(&report, &error))?;
    Ok(report)
}

struct Progress<'a> {
    done: u64,
    all: u64,
    tell: &'a (dyn Fn(u64, u64) + Send + Sync),
}

impl Progress<'_> {
    fn add(&mut self, rows: usize) {
        self.done += rows as u64;
        (self.tell)(self.done.min(self.all), self.all);
    }
}

/// Rows that say who or what they are about a second time are bad.
fn without_twins<I: Importer>(rows: Vec<Line<I::Row>>, bad: &mut Vec<Bad>) -> Vec<Line<I::Row>> {
    let mut seen = std::collections::HashMap::new();
    let mut kept = Vec::with_capacity(rows.len());
    for line in rows {
        let first = I::key(&line.row).map_or(line.line, |key| *seen.entry(key).or_insert(line.line));
        if first == line.line {
            kept.push(line);
        } else {
            bad.push(Bad { line: line.line, column: None, problem: format!("says the same as line {first} is about") });
        }
    }
    kept
}

/// Rows in the order of their dates, cut so that one commit stays small.
fn batches<I: Importer>(mut rows: Vec<Line<I::Row>>) -> Vec<Vec<Line<I::Row>>> {
    rows.sort_by_key(|line| (I::date(&line.row), line.line));
    let mut batches: Vec<Vec<Line<I::Row>>> = Vec::new();
    let (mut weight, mut dates) = (0, BTreeSet::new());
    for line in rows {
        weight += I::weight(&line.row);
        dates.extend(I::date(&line.row));
        match batches.last_mut().filter(|_| weight <= MAX_WEIGHT && dates.len() <= MAX_DATES) {
            Some(batch) => batch.push(line),
            None => {
                weight = I::weight(&line.row);
                dates = I::date(&line.row).into_iter().collect();
                batches.push(vec![line]);
            }
        }
    }
    batches
}

type Batch<I> = Arc<Vec<Line<<I as Importer>::Row>>>;

/// Checks every row; the good ones come back.
async fn check<I: Importer>(
    app: &App,
    ctx: &Ctx,
    batches: Vec<Vec<Line<I::Row>>>,
    bad: &mut Vec<Bad>,
    report: &mut Report,
    progress: &mut Progress<'_>,
) -> Result<Vec<Batch<I>>> {
    let keys = batches.iter().flatten().filter_map(|line| I::key(&line.row)).collect();
    let mut sheet = Arc::new(Sheet { keys, ..Sheet::default() });
    let (mut good, mut waiting, mut missing) = (Vec::new(), Vec::new(), HashSet::new());
    for batch in batches {
        let batch: Batch<I> = Arc::new(batch);
        let found = decide::<I>(app, ctx, Step::Check, &batch, &sheet, How { whole: true, quiet: true }).await?;
        progress.add(batch.len());
        let plan = Arc::make_mut(&mut sheet);
        let mut kept = Vec::with_capacity(batch.len());
        for (line, found) in batch.iter().zip(found) {
            match found {
                Ok(done) => {
                    report.department(done.department);
                    waiting.extend(done.waits_for.map(|key| (line.line, I::key(&line.row), key)));
                    done.shift.into_iter().for_each(|s| plan.planned.entry(s.shift_date).or_default().push(s));
                    kept.push((line.clone(), done.what));
                }
                Err(problems) => {
                    missing.extend(I::key(&line.row));
                    bad.extend(problems.into_iter().map(|(column, problem)| Bad { line: line.line, column, problem }));
                }
            }
        }
        good.push(kept);
        // Nights cross midnight, no more: earlier dates are done with.
        let last = batch.last().and_then(|line| I::date(&line.row)).map(workforceos_core::zone::previous_day);
        plan.planned.retain(|date, _| last.is_none_or(|last| *date >= last));
    }
    let left_out = left_out(waiting, missing);
    bad.extend(left_out.iter().map(|line| {
        let problem = "needs another row of this file that is not good".to_owned();
        Bad { line: *line, column: None, problem }
    }));
    let stays = |batch: Vec<(Line<I::Row>, What)>| {
        let kept = batch.into_iter().filter(|(line, _)| !left_out.contains(&line.line));
        let batch: Vec<_> = kept.map(|(line, what)| (report.count(what), line).1).collect();
        (!batch.is_empty()).then(|| Arc::new(batch))
    };
    Ok(good.into_iter().filter_map(stays).collect())
}

/// The lines of rows that need a bad row, directly or through others.
fn left_out(mut waiting: Vec<(u64, Option<String>, String)>, mut missing: HashSet<String>) -> HashSet<u64> {
    let mut lines = HashSet::new();
    loop {
        let (gone, stays): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, _, needed)| missing.contains(needed));
        if gone.is_empty() {
            return lines;
        }
        waiting = stays;
        for (line, key, _) in gone {
            lines.insert(line);
            missing.extend(key);
        }
    }
}

/// Writes the good rows, batch by batch.
async fn write<I: Importer>(
    app: &App,
    ctx: &Ctx,
    batches: &[Batch<I>],
    options: &Options,
    report: &mut Report,
    progress: &mut Progress<'_>,
) -> Result<()> {
    let how = How { whole: !options.partial, quiet: batches.iter().map(|b| b.len()).sum::<usize>() > LOUD };
    report.quiet = how.quiet;
    let sheet = Arc::new(Sheet::default());
    let mut whats: BTreeMap<u64, What> = BTreeMap::new();
    let mut failed = Ok(());
    'steps: for step in 0..I::STEPS {
        for batch in batches {
            let found = match decide::<I>(app, ctx, Step::Write(step), batch, &sheet, how).await {
                Ok(found) => found,
                Err(error) => {
                    failed = Err(error);
                    break 'steps;
                }
            };
            progress.add(batch.len());
            let stop = how.whole && found.iter().any(Result::is_err);
            let mut late = Vec::new();
            for (line, found) in batch.iter().zip(found) {
                match found {
                    Ok(_) if stop => {}
                    Ok(done) => {
                        let what = whats.entry(line.line).or_insert(done.what);
                        *what = (*what).max(done.what);
                    }
                    Err(problems) => {
                        late.extend(problems.into_iter().map(|(column, problem)| Bad { line: line.line, column, problem }));
                    }
                }
            }
            report.take(late);
            if stop {
                let message = "rows that were good when they were checked are not any more";
                failed = Err(Error::conflict("ConcurrentChange", message));
                break 'steps;
            }
        }
    }
    whats.into_values().for_each(|what| report.count(what));
    failed
}

/// How a batch is written.
#[derive(Clone, Copy)]
struct How {
    /// Nothing of it unless all of it can be.
    whole: bool,
    /// For the audit log alone.
    quiet: bool,
}

/// Decides one batch; with a [`Step::Write`] its good rows are committed together.
async fn decide<I: Importer>(
    app: &App,
    ctx: &Ctx,
    step: Step,
    batch: &Batch<I>,
    sheet: &Arc<Sheet>,
    how: How,
) -> Result<Vec<Result<Done, Problems>>> {
    let mut tries = 0;
    loop {
        tries += 1;
        let named = named::<I>(ctx, batch);
        let users: Vec<UserId> = app.store.select(&named).await?.iter().map(|user| UserId(user.id())).collect();
        let needs = I::needs(ctx, batch, &users).and_query(named);
        let (act, rows, sheet) = (ctx.clone(), batch.clone(), sheet.clone());
        let decide = move |facts: &Facts| {
            let mut found = I::decide(facts, &act, step, &rows, &sheet)?;
            let mut changes = Changes::none();
            for done in found.iter_mut().flatten() {
                changes = changes.join(std::mem::take(&mut done.changes));
            }
            if step == Step::Check || (how.whole && found.iter().any(Result::is_err)) {
                return Ok((Changes::none(), found));
            }
            if how.quiet {
                changes.events.iter_mut().for_each(hush);
            }
            Ok((changes, found))
        };
        match commit_with(app, ctx, needs, decide).await {
            Err(error) if error.status == Status::Conflict && tries < TRIES => {}
            other => return other,
        }
    }
}

/// The users whom a batch names by their addresses.
fn named<I: Importer>(ctx: &Ctx, batch: &[Line<I::Row>]) -> Query {
    let emails: BTreeSet<&str> = batch.iter().flat_map(|line| I::emails(&line.row)).collect();
    let emails = emails.into_iter().map(|email| Value::Text(email.to_owned())).collect();
    Query::of(User::def(), ctx.company(), Cond::In("email", emails))
}

/// The audit log keeps each row of a long import; streams are told of all of them at once.
fn hush(event: &mut Event) {
    event.kind = None;
    event.audited = true;
    event.audience = Audience { reach: std::mem::take(&mut event.audience.reach), ..Audience::none() };
}

/// One entry for the whole import, and where rows were not told one by one the event that says to look again.
async fn summarise<I: Importer>(app: &App, ctx: &Ctx, report: &Report) -> Result<()> {
    if report.created + report.updated == 0 {
        return Ok(());
    }
    let (act, counts, quiet) = (ctx.clone(), report.counts(), report.quiet);
    let decide = move |_: &Facts| {
        let mut event = Event::audit(&act, Company::def().name, act.company()).extra(json!({"import": counts}));
        if quiet {
            event.kind = Some(I::EVENT);
            event.audience = Audience::everyone();
        }
        Ok((Changes::none().event(event), ()))
    };
    commit_with(app, ctx, Needs::none(), decide).await
}

fn interrupted(report: &Report, error: &Error) -> Error {
    let written = report.created + report.updated;
    let message = format!(
        "The import stopped after {written} rows were written: {}. Import the same file again: it goes on where it stopped",
        error.message
    );
    Error { status: error.status, ..Error::conflict("ImportInterrupted", message).detail(report.to_json()) }
}
