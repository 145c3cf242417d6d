//! `analyzeTaskLoad`: who gets how many tasks, what becomes of them, and what is still to be done.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_core::Reach;
use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::id::UserId;
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::{IndividualTask, TaskStatus};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;

use super::answer::{Analysis, shape_of};
use super::asked::{Asked, Question, question};
use super::figures::{rate, rate_shape, rounded};
use super::pages::{PERIOD, Pages};
use super::rates::{Unit, map, person};
use super::shape_of_person;
use super::shares::{self, Counts};
use super::stats::{Count, robust};
use crate::people::{self, Names};
use crate::{Api, App, shape};

const RATE: &str = "Missed rate: overdue, or completed after dueTime ÷ all tasks given in the period whose dueTime is over, cancelled ones \
                    left out; by the day they were due. Intervals are Wilson's, 95 %.";
const GIVEN: &str = "Tasks given in the period, cancelled ones left out; overdue are those past their due time and not completed. Hours are \
                     those from being given to being completed: median and ninetieth percentile. tasksGiven compares the people who got \
                     tasks in the period.";

pub fn api() -> Api {
    Api::get("analyzeTaskLoad")
        .named("taskLoad")
        .at("/v1/analytics/taskload")
        .reach(Reach::Own)
        .long_output(output)
        .about(
            "Who gets how many tasks and misses due times. Who got significantly more or fewer than an equal share, how many are completed, \
             pending or overdue by person, how long they take, and who, which weekday or department misses due times significantly more \
             often. Employees see themselves, managers their reports, admins all. Refuses more than 366 days.",
        )
        .handler_for(|asked: &Asked| asked.user_id, handle)
}

/// What of a task matters.
#[derive(Clone, Copy, Debug)]
struct Task {
    user: UserId,
    given: Timestamp,
    due: Option<Timestamp>,
    completed: Option<Timestamp>,
}

impl Task {
    fn of(record: &Record) -> Option<Task> {
        let time = |name: &str| match record.get(name) {
            Value::Time(at) => Some(*at),
            _ => None,
        };
        let done = record.get("status").as_text() == Some(TaskStatus::Completed.as_str());
        Some(Task {
            user: UserId(record.get("assigneeUserId").as_id()?),
            given: time("createdAt")?,
            due: time("dueTime"),
            completed: time("completedTime").filter(|_| done),
        })
    }

    fn overdue(&self, now: Timestamp) -> bool {
        self.completed.is_none() && self.due.is_some_and(|due| due < now)
    }

    /// Whether it was missed; `None` as long as it is not due.
    fn missed(&self, now: Timestamp) -> Option<bool> {
        let due = self.due.filter(|due| *due < now)?;
        Some(self.completed.is_none_or(|completed| completed > due))
    }
}

async fn handle(app: Arc<App>, ctx: Ctx, asked: Asked) -> Result<Answer> {
    let question = question(&app, &ctx, &asked).await?;
    let _place = app.analyses.take(ctx.company()).await?;
    let (tasks, now) = (read(&app, &ctx, &question).await?, ctx.now());
    let zone = ctx.tenant.zone;
    let unit = |task: &Task| Some(Unit { user: task.user, date: zone.date(task.due?), hit: task.missed(now)? });
    let units = tasks.iter().filter_map(unit).collect();
    let mut analysis = Analysis::of((&app, &ctx, &question), "missedTaskRate", RATE, units).await?;
    let loads = loads(&tasks, now);
    let names = people::names(&app, &ctx, loads.keys().copied()).await?;
    let given = given(&loads, &names);
    analysis.findings.extend(given.findings());
    let own = map([
        ("totals", totals(&tasks, now)),
        ("byPerson", by_person(&loads, &names, question.limit)),
        ("tasksGiven", given.json(question.limit)),
    ]);
    Ok(analysis.answer(own, &[GIVEN, shares::METHOD]))
}

/// The tasks given in the period, page by page.
async fn read(app: &App, ctx: &Ctx, question: &Question) -> Result<Vec<Task>> {
    let (from, until) = question.period.instants(ctx.tenant.zone);
    let given = Cond::All(vec![
        Cond::Cmp("createdAt", Op::Gte, Value::Time(from)),
        Cond::Cmp("createdAt", Op::Lt, Value::Time(until)),
        Cond::In("status", [TaskStatus::Pending, TaskStatus::Completed].map(|s| Value::Text(s.as_str().to_owned())).to_vec()),
    ]);
    let given = given.and(question.whose.cond("assigneeUserId"));
    let query = Query::of(IndividualTask::def(), ctx.company(), given);
    let mut tasks = Vec::new();
    let keep = |record| {
        let task = Task::of(&record).filter(|task| question.whose.includes(task.user));
        tasks.extend(task);
        Ok(task.is_some())
    };
    Pages::of(app, query, &question.whose, "createdAt,id").each(PERIOD, "tasks", keep).await?;
    Ok(tasks)
}

/// A person's tasks.
#[derive(Clone, Copy, Default)]
struct Load {
    given: u64,
    completed: u64,
    pending: u64,
    overdue: u64,
}

fn loads(tasks: &[Task], now: Timestamp) -> BTreeMap<UserId, Load> {
    let mut loads: BTreeMap<UserId, Load> = BTreeMap::new();
    for task in tasks {
        let load = loads.entry(task.user).or_default();
        load.given += 1;
        load.completed += u64::from(task.completed.is_some());
        load.pending += u64::from(task.completed.is_none());
        load.overdue += u64::from(task.overdue(now));
    }
    loads
}

fn given(loads: &BTreeMap<UserId, Load>, names: &Names) -> Counts {
    let here = loads.iter().filter(|(user, _)| !names.of(**user).is_empty());
    let groups = here.map(|(user, load)| (person(names, *user), load.given)).collect();
    Counts { measure: "tasksGiven", by: "person", groups }
}

/// Those with most to do first.
fn by_person(loads: &BTreeMap<UserId, Load>, names: &Names, limit: usize) -> Json {
    let mut rows: Vec<(&UserId, &Load)> = loads.iter().filter(|(user, _)| !names.of(**user).is_empty()).collect();
    rows.sort_by_key(|(user, load)| (std::cmp::Reverse((load.pending, load.given)), **user));
    let row = |(user, load): &(&UserId, &Load)| {
        let mut row = json!({
            "given": load.given, "completed": load.completed, "pending": load.pending, "overdue": load.overdue,
        });
        for (name, value) in person(names, **user) {
            row[name] = value;
        }
        row
    };
    json!({"total": rows.len(), "rows": rows.iter().take(limit).map(row).collect::<Json>()})
}

fn totals(tasks: &[Task], now: Timestamp) -> Json {
    let mut completed = Count::default();
    tasks.iter().for_each(|task| completed.add(task.completed.is_some()));
    let hours: Vec<f64> = tasks.iter().filter_map(|t| Some(t.completed?.minutes_since(t.given) as f64 / 60.0)).collect();
    let mut json = json!({
        "given": tasks.len(), "completed": rate(completed), "pending": tasks.iter().filter(|t| t.completed.is_none()).count(),
        "overdue": tasks.iter().filter(|task| task.overdue(now)).count(),
    });
    for (name, value) in [("medianHours", robust::median(&hours)), ("ninetiethHours", robust::quantile(&hours, 0.9))] {
        if let Some(value) = value {
            json[name] = rounded(value);
        }
    }
    json
}

fn output() -> Json {
    let totals = [
        ("given", shape::whole("Tasks given, cancelled ones left out.")),
        ("completed", rate_shape("Of them completed.")),
        ("pending", shape::whole("Still to be done.")),
        ("overdue", shape::whole("Of these past their due time.")),
        ("medianHours", shape::number("Hours from being given to being completed, the median.")),
        ("ninetiethHours", shape::number("Nine of ten take no longer.")),
    ];
    let load = [
        ("given", shape::whole("Tasks given.")),
        ("completed", shape::whole("Of them completed.")),
        ("pending", shape::whole("Still to be done.")),
        ("overdue", shape::whole("Of these past their due time.")),
    ];
    let people = [
        ("total", shape::whole("People there are.")),
        ("rows", shape::list(shape_of_person("A person.", load), "Those with most to do first.")),
    ];
    shape_of(
        "Tasks.",
        "Missed, of tasks that were due.",
        [
            ("totals", shape::object("In all.", totals)),
            ("byPerson", shape::object("By person.", people)),
            ("tasksGiven", shares::shape("Whether tasks fall evenly on people.")),
        ],
    )
}
