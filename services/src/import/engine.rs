//! How rows become writes: all of them are decided in one turn of the company, part by part, each part by the rules of the APIs
//! on the state that will hold once those before it are written. Either every row is written then, in one commit, or none.
//!
//! A row that is there already is recognised by what it says and left alone, so that a file can be imported again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::watch;
use workforceos_actors::{Bulk, Facts, Needs, Part};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Idempotency};
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::value::{Kind, Value};

use super::record;
use super::report::{Options, Report, What};
use super::table::{self, Bad, Cells, Column, Line};
use crate::{App, alerts};

/// How much one part may hold, as rows count themselves.
const MAX_WEIGHT: usize = 1_000;
/// The most dates of one part: their days are loaded for it.
const MAX_DATES: usize = 40;
/// Up to so many rows an import is told to the streams, and named by the audit log, row by row.
const LOUD: usize = 200;
/// How often good rows are gone through anew without the bad ones that were found among them.
const TRIES: u32 = 5;

/// What becomes of a row.
pub struct Done {
    pub what: What,
    pub changes: Changes,
    /// A row of the same file without which this one cannot be.
    pub waits_for: Option<String>,
    /// A department that the row makes.
    pub department: Option<String>,
}

impl Done {
    pub fn new(what: What, changes: Changes) -> Done {
        Done { what, changes, waits_for: None, department: None }
    }
}

/// Problems of one row, by column.
pub type Problems = Vec<(Option<&'static str>, String)>;

/// A kind of import, and what it knows beside the part that is being decided.
pub trait Importer: Send + 'static {
    type Row: Clone + Send + Sync + 'static;
    const COLUMNS: &'static [Column];
    const MAX_CELL: usize = Kind::MAX_STRING;
    /// How often the rows are gone through: what rows say of each other comes after the rows.
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

    /// Begins an import of these rows.
    fn begin(rows: &[Line<Self::Row>]) -> Self;
    fn needs(&mut self, ctx: &Ctx, step: usize, rows: &[Line<Self::Row>]) -> Needs;
    /// What becomes of each row, in their order.
    fn decide(&mut self, facts: &Facts, ctx: &Ctx, step: usize, rows: &[Line<Self::Row>]) -> Result<Vec<Result<Done, Problems>>>;
}

/// Imports a file: all of it, or with [`Options::partial`] its good rows.
pub async fn run<I: Importer>(
    app: &App,
    ctx: &Ctx,
    bytes: Vec<u8>,
    options: Options,
    tell: impl Fn(u64, u64) + Send + Sync,
) -> Result<Report> {
    let read = move || {
        let mut table = table::read(bytes, I::COLUMNS, I::MAX_CELL, I::read)?;
        table.rows = without_twins::<I>(table.rows, &mut table.bad);
        I::prepare(&mut table.rows);
        table.rows.sort_by_key(|line| (I::date(&line.row), line.line));
        Ok::<_, Error>(table)
    };
    let table = tokio::task::spawn_blocking(read).await.map_err(Error::internal)??;
    let report = Report::of(ctx.api, &options, table.count, table.unknown);
    let (mut rows, mut bad, mut done) = (table.rows, table.bad, 0);
    for _ in 0..TRIES {
        let writes = !options.dry_run && (bad.is_empty() || options.partial);
        let mut told = report.clone();
        told.take(bad.clone());
        let all = done + rows.len() as u64 * I::STEPS as u64;
        let (progress, mut heard) = watch::channel(0_u64);
        let run = Run::<I> { mails: app.settings.smtp_url.is_some(), ..Run::new(ctx, rows, told, writes, progress) };
        let running = app.companies.bulk(ctx.company(), run);
        tokio::pin!(running);
        let ran = loop {
            tokio::select! {
                ran = &mut running => break ran?,
                Ok(()) = heard.changed() => tell((done + *heard.borrow()).min(all), all),
            }
        };
        let Ran { rows: good, report: told, bad: found, whats } = ran;
        if found.is_empty() && (writes || options.dry_run) {
            return Ok(told);
        }
        done = all;
        let lines: HashSet<u64> = found.iter().map(|b| b.line).collect();
        bad.extend(found);
        rows = good.into_iter().filter(|line| !lines.contains(&line.line)).collect();
        if options.dry_run {
            let mut would = report;
            would.departments = told.departments;
            would.take(bad);
            rows.iter().for_each(|line| would.count(whats.get(&line.line).copied().unwrap_or(What::Skipped)));
            return Ok(would);
        }
        if !options.partial {
            let mut told = report;
            told.take(bad);
            let message = format!("Nothing was imported: {} of {} rows are not good", told.bad_rows, told.rows);
            return Err(Error::new(Status::Unprocessable, "ImportRefused", message).detail(told.to_json()));
        }
    }
    Err(Error::conflict(
        "ConcurrentChange",
        "Nothing was imported: without its bad rows the file has ever new ones; import it again",
    ))
}

/// Rows that say who or what they are about a second time are bad.
fn without_twins<I: Importer>(rows: Vec<Line<I::Row>>, bad: &mut Vec<Bad>) -> Vec<Line<I::Row>> {
    let mut seen = HashMap::new();
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

/// Where parts begin and end, so that none is large; rows stand in the order of their dates.
fn parts<I: Importer>(rows: &[Line<I::Row>]) -> Vec<std::ops::Range<usize>> {
    let mut parts: Vec<std::ops::Range<usize>> = Vec::new();
    let (mut weight, mut dates) = (0, BTreeSet::new());
    for (at, line) in rows.iter().enumerate() {
        weight += I::weight(&line.row);
        dates.extend(I::date(&line.row));
        match parts.last_mut().filter(|_| weight <= MAX_WEIGHT && dates.len() <= MAX_DATES) {
            Some(part) => part.end = at + 1,
            None => {
                weight = I::weight(&line.row);
                dates = I::date(&line.row).into_iter().collect();
                parts.push(at..at + 1);
            }
        }
    }
    parts
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

/// One going through of all rows.
struct Run<I: Importer> {
    kind: I,
    ctx: Ctx,
    rows: Arc<Vec<Line<I::Row>>>,
    parts: Vec<std::ops::Range<usize>>,
    /// Parts decided so far, over all steps.
    at: usize,
    /// Whether they are written, if all are good.
    writes: bool,
    /// For the audit log alone.
    quiet: bool,
    /// Whether alerts are mailed.
    mails: bool,
    report: Report,
    bad: Vec<Bad>,
    whats: BTreeMap<u64, What>,
    waiting: Vec<(u64, Option<String>, String)>,
    progress: watch::Sender<u64>,
}

/// What came of it.
struct Ran<I: Importer> {
    rows: Vec<Line<I::Row>>,
    report: Report,
    /// What is wrong with rows, if anything is: then nothing was written.
    bad: Vec<Bad>,
    whats: BTreeMap<u64, What>,
}

impl<I: Importer> Run<I> {
    fn new(ctx: &Ctx, rows: Vec<Line<I::Row>>, report: Report, writes: bool, progress: watch::Sender<u64>) -> Run<I> {
        Run {
            kind: I::begin(&rows),
            ctx: ctx.clone(),
            parts: parts::<I>(&rows),
            at: 0,
            writes,
            quiet: rows.len() > LOUD,
            mails: false,
            rows: Arc::new(rows),
            report,
            bad: Vec::new(),
            whats: BTreeMap::new(),
            waiting: Vec::new(),
            progress,
        }
    }

    fn now(&self) -> Option<(usize, std::ops::Range<usize>)> {
        let step = self.at.checked_div(self.parts.len()).filter(|step| *step < I::STEPS)?;
        Some((step, self.parts[self.at % self.parts.len()].clone()))
    }

    /// What is wrong with rows, those included that need such a row.
    fn all_bad(&mut self) -> Vec<Bad> {
        let mut bad = std::mem::take(&mut self.bad);
        let lines: HashSet<u64> = bad.iter().map(|b| b.line).collect();
        let missing = self.rows.iter().filter(|line| lines.contains(&line.line)).filter_map(|line| I::key(&line.row)).collect();
        let waiting = std::mem::take(&mut self.waiting).into_iter().filter(|(line, ..)| !lines.contains(line)).collect();
        bad.extend(left_out(waiting, missing).into_iter().map(|line| {
            let problem = "needs another row of this file that is not good".to_owned();
            Bad { line, column: None, problem }
        }));
        bad
    }
}

impl<I: Importer> Bulk for Run<I> {
    type Made = Ran<I>;

    fn next(&mut self) -> Option<Needs> {
        let (step, part) = self.now()?;
        Some(self.kind.needs(&self.ctx, step, &self.rows[part]))
    }

    fn part(&mut self, facts: &Facts) -> Result<Part> {
        let (step, part) = self.now().ok_or_else(|| Error::internal("all parts are decided"))?;
        let rows = &self.rows.clone()[part];
        let found = self.kind.decide(facts, &self.ctx, step, rows)?;
        let mut dones = Vec::with_capacity(rows.len());
        for (line, found) in rows.iter().zip(found) {
            match found {
                Ok(mut done) => {
                    if self.mails {
                        alerts::queue(&mut done.changes, facts.now);
                    }
                    self.report.department(done.department.clone());
                    self.waiting.extend(done.waits_for.clone().map(|key| (line.line, I::key(&line.row), key)));
                    let what = self.whats.entry(line.line).or_insert(done.what);
                    *what = (*what).max(done.what);
                    dones.push((*what, done.changes));
                }
                Err(problems) => {
                    let bad = |(column, problem)| Bad { line: line.line, column, problem };
                    self.bad.extend(problems.into_iter().map(bad));
                }
            }
        }
        self.at += 1;
        // Nobody has to listen.
        self.progress.send_modify(|done| *done += rows.len() as u64);
        if self.writes && self.bad.is_empty() {
            Ok(Part::Write(record::part(&self.ctx, dones, self.quiet)))
        } else {
            let all = dones.into_iter().fold(Changes::none(), |all, (_, changes)| all.join(changes));
            Ok(Part::Suppose(Changes { events: Vec::new(), ..all }))
        }
    }

    fn end(&mut self, facts: &Facts) -> Result<(Option<Changes>, Ran<I>)> {
        let bad = self.all_bad();
        let mut report = std::mem::take(&mut self.report);
        let rows = std::mem::take(&mut self.rows);
        let whats = std::mem::take(&mut self.whats);
        let mut changes = None;
        if bad.is_empty() {
            whats.values().for_each(|what| report.count(*what));
            let all = record::whole(&self.ctx, &report, self.quiet, I::EVENT);
            let answer = Answer::json(report.to_json()).to_stored();
            let kept = self.ctx.idempotency.clone().map(|key| Idempotency { key, answer, at: facts.now });
            changes = self.writes.then_some(Changes { idempotency: kept, ..all });
        }
        let rows = Arc::try_unwrap(rows).unwrap_or_else(|shared| Vec::clone(&shared));
        Ok((changes, Ran { rows, report, bad, whats }))
    }
}

/// The users of these addresses.
pub fn named<'e>(ctx: &Ctx, emails: impl Iterator<Item = &'e str>) -> Query {
    let emails: BTreeSet<&str> = emails.collect();
    let emails = emails.into_iter().map(|email| Value::Text(email.to_owned())).collect();
    Query::of(User::def(), ctx.company(), Cond::In("email", emails))
}
