//! `getTodayBoard`: the day at a glance, for people in charge and for models that speak for them.

mod presence;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use workforceos_actors::{Facts, Needs, State};
use workforceos_core::answer::{Answer, Source};
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::objects::DayPart;
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{Zone, previous_day};
use workforceos_core::{Reach, input};

use self::presence::{Attendee, Away, Line, Presence};
use crate::people::{self, Names};
use crate::schedule::rules::check_named;
use crate::schedule::{shift_json, shift_shape};
use crate::{Api, App, commit_with, shape};

/// The most shifts, people at them, and people on leave that are listed; all are counted.
const MAX_SHIFTS: usize = 100;
const MAX_PEOPLE: usize = 400;
const MAX_AWAY: usize = 100;

input! {
    pub struct Today {
        /// Only the shifts of this department, and the leave of its members.
        department_id: Option<DepartmentId> => "departmentId" Query,
    }
}

pub fn api() -> Api {
    Api::get("getTodayBoard")
        .named("todayBoard")
        .at("/v1/todayboard")
        .reach(Reach::Own)
        .output(output)
        .about(
            "Today in the company's zone: how many are expected, overdue, present, late, left, absent, on leave or did not check out, \
             and the open places; then the shifts of today and those of yesterday still running, with names and local times. Employees \
             see themselves, managers their reports, admins all. Of very many, those who need attention are listed first (truncated).",
        )
        .handler(handle)
}

/// What the company's actor knows of the day.
struct Day {
    date: Date,
    zone: Zone,
    lines: Vec<Line>,
    away: Vec<Away>,
}

async fn handle(app: Arc<App>, ctx: Ctx, input: Today) -> Result<Answer> {
    let now = ctx.now();
    let date = ctx.tenant.zone.date(now);
    let needs = Needs { days: vec![(previous_day(date), date)], ..Needs::none() };
    let (caller, department) = (ctx.clone(), input.department_id);
    let look = move |facts: &Facts| Ok((Changes::none(), look(facts.state, &caller, now, department)?));
    let mut day = commit_with(&app, &ctx, needs, look).await?;
    let counts = counts(&day);
    let truncated = shorten(&mut day);
    let users: BTreeSet<UserId> =
        day.lines.iter().flat_map(|l| l.people.iter().map(|p| p.user)).chain(day.away.iter().map(|a| a.user)).collect();
    let names = people::names(&app, &ctx, users).await?;
    let departments = people::departments(&app, &ctx, day.lines.iter().filter_map(|l| l.shift.department_id)).await?;
    let board = json!({
        "date": day.date,
        "weekday": day.date.format("%A").to_string(),
        "time": clock(day.zone, now),
        "timezone": day.zone.name(),
        "counts": counts,
        "shifts": day.lines.iter().map(|line| line_json(day.zone, line, &names, &departments)).collect::<Json>(),
        "onLeave": day.away.iter().map(|a| json!({
            "userId": a.user.to_string(), "name": names.of(a.user), "dayPart": a.part.as_str(), "until": a.until,
        })).collect::<Json>(),
        "truncated": truncated,
    });
    Ok(Answer { source: Source::Actor, ..Answer::json(board) })
}

fn look(state: &State, ctx: &Ctx, now: Timestamp, department: Option<DepartmentId>) -> Result<Day> {
    check_named(state, &[], &[], department)?;
    let (zone, lines) = (state.zone(), presence::lines(state, ctx, now, department));
    let date = zone.date(now);
    Ok(Day { date, zone, lines, away: presence::away(state, ctx, date, department) })
}

/// By state, each person once per shift; people on leave, whether a shift names them or not, each once.
fn counts(day: &Day) -> Json {
    let mut counts: Map<String, Json> = Map::new();
    for presence in Presence::ALL {
        let people = day.lines.iter().flat_map(|line| &line.people).filter(|p| p.presence == presence).count();
        counts.insert(presence.as_str().to_owned(), json!(people));
    }
    let away: BTreeSet<UserId> = day.away.iter().map(|a| a.user).collect();
    counts.insert(Presence::OnLeave.as_str().to_owned(), json!(away.len()));
    counts.insert("openPlaces".to_owned(), json!(day.lines.iter().filter_map(|l| l.open_places).sum::<usize>()));
    counts.insert("shifts".to_owned(), json!(day.lines.len()));
    counts.into()
}

/// Leaves what an answer holds: of the people those first who need attention. Whether anything went.
fn shorten(day: &mut Day) -> bool {
    let (shifts, away) = (day.lines.len(), day.away.len());
    let mut order: Vec<(Presence, usize, UserId)> =
        day.lines.iter().enumerate().flat_map(|(i, l)| l.people.iter().map(move |p| (p.presence, i, p.user))).collect();
    let people = order.len();
    order.sort();
    order.truncate(MAX_PEOPLE);
    let kept: BTreeSet<(usize, UserId)> = order.iter().map(|(_, i, user)| (*i, *user)).collect();
    for (i, line) in day.lines.iter_mut().enumerate() {
        line.people.retain(|p| kept.contains(&(i, p.user)));
    }
    if shifts > MAX_SHIFTS {
        // Shifts whose people are all listed elsewhere, or not at all, say the least.
        day.lines.retain(|line| !line.people.is_empty() || line.open_places.is_some_and(|open| open > 0));
        day.lines.truncate(MAX_SHIFTS);
    }
    day.away.truncate(MAX_AWAY);
    people > MAX_PEOPLE || shifts > MAX_SHIFTS || away > MAX_AWAY
}

fn clock(zone: Zone, at: Timestamp) -> String {
    zone.local(at).format("%H:%M").to_string()
}

fn line_json(zone: Zone, line: &Line, names: &Names, departments: &Names) -> Json {
    let mut json = Json::Object(shift_json(&line.shift, departments));
    json["status"] = json!(line.shift.status.as_str());
    if let Some(open) = line.open_places {
        json["openPlaces"] = json!(open);
    }
    let mut people: Vec<&Attendee> = line.people.iter().collect();
    people.sort_by_key(|p| (p.presence, names.of(p.user).to_lowercase(), p.user));
    json["people"] = people.into_iter().map(|person| attendee_json(zone, person, names)).collect();
    json
}

fn attendee_json(zone: Zone, person: &Attendee, names: &Names) -> Json {
    let mut json = json!({"userId": person.user.to_string(), "name": names.of(person.user), "state": person.presence.as_str()});
    for (name, at) in [("checkIn", person.came), ("checkOut", person.left)] {
        if let Some(at) = at {
            json[name] = json!(clock(zone, at));
        }
    }
    if person.late_by > 0 {
        json["lateByMinutes"] = json!(person.late_by);
    }
    json
}

fn output() -> Json {
    let mut counts: BTreeMap<&str, &str> = BTreeMap::from([
        ("expected", "Not due yet."),
        ("overdue", "Should be here by now, and have not checked in."),
        ("present", "Here, came in time."),
        ("late", "Here, came late."),
        ("left", "Checked out."),
        ("missingCheckOut", "Did not check out, long after the end."),
        ("absent", "Marked absent."),
        ("onLeave", "People on approved leave today, half days included."),
    ]);
    counts.extend([("openPlaces", "Places that nobody is assigned to."), ("shifts", "Shifts of the board.")]);
    let counts: Map<String, Json> = counts.into_iter().map(|(name, about)| (name.to_owned(), shape::whole(about))).collect();
    let person = [
        ("userId", shape::id("Who.")),
        ("name", shape::text("Their full name.")),
        ("state", shape::one_of(&Presence::ALL.map(Presence::as_str), "How they stand to the shift, as counted.")),
        ("checkIn", shape::text("When they came, HH:mm local.")),
        ("checkOut", shape::text("When they left, HH:mm local.")),
        ("lateByMinutes", shape::whole("Minutes after the start; so far, of somebody who is overdue.")),
    ];
    let shift = [
        ("status", shape::text("scheduled or completed.")),
        (
            "openPlaces",
            shape::whole("Places that nobody is assigned to; left out where the caller does not see the whole shift."),
        ),
        ("people", shape::list(shape::object("Somebody.", person), "Its people within reach, who need attention first.")),
    ];
    let away = [
        ("userId", shape::id("Who.")),
        ("name", shape::text("Their full name.")),
        ("dayPart", shape::one_of(DayPart::NAMES, "Which part of today.")),
        ("until", shape::date("The last day of the leave.")),
    ];
    shape::object(
        "Today.",
        [
            ("date", shape::date("Today in the company's zone.")),
            ("weekday", shape::text("Its day of the week.")),
            ("time", shape::text("Now, HH:mm local.")),
            ("timezone", shape::text("The company's zone.")),
            ("counts", json!({"type": "object", "description": "How many; each person once per shift.", "properties": counts})),
            (
                "shifts",
                shape::list(shift_shape("A shift.", shift), "By start. Yesterday's still run, or somebody has not checked out."),
            ),
            ("onLeave", shape::list(shape::object("Somebody's leave.", away), "Who is on approved leave today.")),
            ("truncated", shape::flag("Whether there are more than are listed; counts are of all. Name a departmentId.")),
        ],
    )
}
