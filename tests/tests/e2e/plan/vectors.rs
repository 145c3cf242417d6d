//! The contract's vectors of cover and of plans, through the whole server.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_core::time::Timestamp;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Company, Db, Person, Setup, TestApp, on_both_databases};

use super::{cover, open_shift, plan};
use crate::paths::{LEAVE, SHIFTS};
use crate::text;

on_both_databases!(cover_is_found_as_published, weeks_are_filled_as_published);

fn file() -> Json {
    serde_json::from_str(include_str!("../../../fixtures/plan_expected.json")).expect("JSON")
}

async fn cover_is_found_as_published(db: Db) {
    let vector = file()["findCoverFor"].clone();
    let app = TestApp::with(db, Setup { start: at("2026-05-18T00:00:00Z"), ..Setup::default() }).await;
    let acme = app.company("acme", "Asia/Karachi").await;
    let candidates = vector["candidates"].as_object().expect("people");
    let mut people: BTreeMap<&str, Person> = BTreeMap::new();
    for name in candidates.keys() {
        people.insert(name, acme.employee(name).await);
    }
    assert!(people.values().collect::<Vec<_>>().windows(2).all(|pair| pair[0].id < pair[1].id), "ids sort as names do");
    let mia = acme.employee("mia").await;
    acme.manager_of(&mia, &people.values().collect::<Vec<_>>()).await;
    let elsewhere = |name: &str| candidates[name]["otherDepartment"] == true;
    let members: Vec<&Person> = people.iter().filter(|(name, _)| !elsewhere(name)).map(|(_, person)| person).collect();
    let department = acme.department("ward", &members).await.to_string();
    let others: Vec<&Person> = people.iter().filter(|(name, _)| elsewhere(name)).map(|(_, person)| person).collect();
    acme.department("other", &others).await;
    let wanted = &vector["shift"];
    let times = |shift: &Json| format!("{}-{}", text(shift, "start"), text(shift, "end"));
    for (name, person) in &people {
        for shift in candidates[*name]["shifts"].as_array().expect("shifts") {
            acme.shift(&text(shift, "date"), &times(shift), &[person]).await;
        }
        let (leave, date) = (&candidates[*name]["leave"], text(wanted, "date"));
        if leave["status"] == "pending" {
            let body = json!({"leaveType": "annual", "startDate": date, "endDate": date});
            person.post(LEAVE, body).await.ok();
        } else if leave.is_object() {
            let part = DayPart::parse(&text(leave, "dayPart")).expect("a part");
            acme.leave(person, day(&date), day(&date), part).await;
        }
    }
    let shift = open_shift(&acme, &department, &text(wanted, "date"), &times(wanted), 1).await;
    for who in [&acme.owner.client, &mia.client] {
        let told = cover(who, &shift, "").await;
        let id = |name: &Json| people[name.as_str().expect("a name")].text();
        let expected = vector["expected"]["ranked"].as_array().expect("a list");
        let ranked = told["ranked"].as_array().expect("a list");
        assert_eq!((ranked.len(), told["candidates"].as_u64()), (expected.len(), Some(expected.len() as u64)));
        for (i, (told, expected)) in ranked.iter().zip(expected).enumerate() {
            assert_eq!((text(told, "userId"), told["rank"].as_u64()), (id(&expected["userId"]), Some(i as u64 + 1)));
            for figure in ["pendingLeave", "weekMinutes", "minutes28", "restMinutes"] {
                assert_eq!(told[figure], expected[figure], "{figure} of {told}");
            }
        }
        let excluded = told["excluded"].as_array().expect("a list").iter();
        let of_vector = |one: &&Json| people.values().any(|p| one["userId"] == p.text());
        let told: BTreeMap<String, Json> =
            excluded.filter(of_vector).map(|e| (text(e, "userId"), e["reasons"].clone())).collect();
        let expected = vector["expected"]["excluded"].as_object().expect("reasons").iter();
        let expected: BTreeMap<String, Json> =
            expected.map(|(name, codes)| (people[name.as_str()].text(), codes.clone())).collect();
        assert_eq!(told, expected);
    }
}

/// A place of the ward's cover.
struct Slot {
    name: String,
    date: NaiveDate,
    times: String,
}

async fn weeks_are_filled_as_published(db: Db) {
    let app = TestApp::with(db, Setup { start: at("2009-12-28T08:00:00Z"), ..Setup::default() }).await;
    let roster: Json = serde_json::from_str(include_str!("../../../fixtures/ward_roster.json")).expect("JSON");
    let weeks = file()["weeks"].as_array().expect("weeks").clone();
    assert_eq!(weeks.len(), 3);
    for (i, week) in weeks.iter().enumerate() {
        check_week(&app, &format!("ward{i}"), &roster, week).await;
    }
}

fn slots(roster: &Json, monday: NaiveDate) -> Vec<Slot> {
    let mut slots = Vec::new();
    for date in monday.iter_days().take(7) {
        let cover = &roster["cover"][if date.weekday().number_from_monday() > 5 { "weekend" } else { "weekday" }];
        for kind in ["D", "E", "L", "N"] {
            let time = |i: usize| roster["shiftTypes"][kind][i].as_str().expect("a time");
            for number in 1..=cover[kind].as_u64().expect("a number") {
                slots.push(Slot { name: format!("{date}-{kind}{number}"), date, times: format!("{}-{}", time(0), time(1)) });
            }
        }
    }
    slots
}

/// Each week alone, in a company of its own: nothing is rostered before it.
async fn check_week(app: &TestApp, name: &str, roster: &Json, week: &Json) {
    let company = app.company(name, "Europe/Berlin").await;
    let head = company.unseen("head").await;
    let mut nurses = Vec::new();
    for i in 0..roster["employees"].as_array().expect("employees").len() {
        nurses.push(company.unseen(&format!("nurse{i}")).await);
    }
    company.manager_of(&head, &nurses.iter().collect::<Vec<_>>()).await;
    let ward = company.department("ward", &nurses.iter().collect::<Vec<_>>()).await.to_string();
    for (i, nurse) in nurses.iter().enumerate() {
        for date in roster["dayOffRequests"][i.to_string()].as_array().into_iter().flatten() {
            let date = day(date.as_str().expect("a date"));
            company.leave(nurse, date, date, DayPart::Full).await;
        }
    }
    let monday = text(week, "week");
    let slots = slots(roster, day(&monday));
    let mut names = BTreeMap::new();
    for slot in &slots {
        names.insert(open_shift(&company, &ward, &slot.date.to_string(), &slot.times, 1).await, slot.name.clone());
    }
    let dry = plan(&company.owner, &ward, &monday, json!({})).await;
    assert_eq!((&dry["dryRun"], &dry["places"]), (&json!(true), &week["slots"]));
    let made = plan(&company.owner, &ward, &monday, json!({"dryRun": false, "planId": dry["planId"]})).await;
    assert_eq!((&made["filled"], &made["filled"]), (&week["maxFillable"], &week["greedy_constrained"]), "{monday}");
    let mut unfilled: Vec<&str> =
        made["unfilled"].as_array().expect("shifts").iter().map(|s| names[&text(s, "shiftId")].as_str()).collect();
    unfilled.sort_unstable();
    let expected: Vec<&str> = week["unfilled"].as_array().expect("names").iter().filter_map(Json::as_str).collect();
    assert_eq!(unfilled, expected, "{monday}");
    check_rules(&company, &nurses, roster, week).await;
}

/// What was written breaks none of the rules.
async fn check_rules(company: &Company, nurses: &[Person], roster: &Json, week: &Json) {
    let written = company.owner.get(&format!("{SHIFTS}?pageRowCount=100")).await.ok()["shifts"].clone();
    let mut filled = 0;
    for (i, nurse) in nurses.iter().enumerate() {
        let has = |shift: &&Json| shift["assignedUserIds"].as_array().is_some_and(|ids| ids.contains(&json!(nurse.text())));
        let own: Vec<&Json> = written.as_array().expect("shifts").iter().filter(has).collect();
        let mut spans: Vec<(Timestamp, Timestamp)> =
            own.iter().map(|s| (at(&text(s, "startsAt")), at(&text(s, "endsAt")))).collect();
        spans.sort();
        assert!(spans.windows(2).all(|pair| pair[1].0.0 - pair[0].1.0 >= 11 * Timestamp::HOUR), "nurse {i} rests");
        assert!(spans.iter().map(|(from, to)| to.minutes_since(*from)).sum::<i64>() <= 40 * 60, "nurse {i}'s week");
        let off = roster["dayOffRequests"][i.to_string()].as_array().expect("dates");
        assert!(own.iter().all(|shift| !off.contains(&shift["shiftDate"])), "nurse {i} is off");
        filled += own.len();
    }
    assert_eq!(week["maxFillable"], filled);
}
