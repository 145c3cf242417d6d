//! Today at a glance, as the day goes on.

use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Client, Db, Person, TestApp, on_both_databases};

use super::{names, open_shift};
use crate::paths::{CHECK_IN, CHECK_OUT, MARK_ABSENT, SHIFTS};
use crate::text;

on_both_databases!(
    the_board_follows_the_day,
    nights_of_yesterday_are_on_it_while_they_run,
    everybody_sees_their_own_board,
    leave_and_half_days_are_told,
    a_department_has_its_own_board,
    of_very_many_those_who_need_attention_are_listed,
);

const BOARD: &str = "/attendancemanagement-api/v1/todayboard";

async fn board(who: &Client, query: &str) -> Json {
    let told = who.get(&format!("{BOARD}?{query}")).await.ok()["todayBoard"].clone();
    super::shapes::check("getTodayBoard", &told);
    told
}

/// The counts that are not 0.
fn counts(board: &Json) -> Json {
    let counts = board["counts"].as_object().expect("counts").iter();
    counts
        .filter(|(_, count)| **count != json!(0))
        .map(|(name, count)| (name.clone(), count.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn states(shift: &Json) -> Vec<(String, String)> {
    shift["people"].as_array().expect("people").iter().map(|p| (text(p, "name"), text(p, "state"))).collect()
}

fn state(name: &str, state: &str) -> (String, String) {
    (name.to_owned(), state.to_owned())
}

async fn check_in(who: &Person, shift: &str) -> String {
    text(&who.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"], "id")
}

async fn check_out(who: &Person, record: &str) {
    who.post(CHECK_OUT, json!({"attendanceRecordId": record})).await.ok();
}

async fn the_board_follows_the_day(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let mut people = Vec::new();
    for name in ["ann", "bob", "cat", "dan"] {
        people.push(acme.employee(name).await);
    }
    let [ann, bob, cat, dan] = people.as_slice() else { panic!("four") };
    let crew = acme.department("crew", &[]).await.to_string();
    // 08:00 in Berlin is now.
    let body = json!({"shiftDate": "2026-06-01", "startTime": "09:00", "endTime": "13:00", "departmentId": crew, "location": "Hall",
        "neededCount": 5, "assignedUserIds": people.iter().map(|p| p.text()).collect::<Vec<_>>()});
    let shift = text(&acme.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    let later = acme.shift("2026-06-01", "14:00-18:00", &[ann]).await;
    acme.shift("2026-06-02", "08:00-12:00", &[ann]).await;
    let told = board(&acme.owner, "").await;
    assert_eq!(counts(&told), json!({"expected": 5, "openPlaces": 1, "shifts": 2}));
    let head = ["date", "weekday", "time", "timezone"].map(|name| text(&told, name));
    assert_eq!(head, ["2026-06-01", "Monday", "08:00", "Europe/Berlin"]);
    let first = &told["shifts"][0];
    assert_eq!(
        (text(first, "shiftId"), &first["department"], &first["location"], &first["openPlaces"]),
        (shift.clone(), &json!("crew"), &json!("Hall"), &json!(1))
    );

    app.set("2026-06-01T07:00:00Z");
    let record = check_in(ann, &shift).await;
    app.set("2026-06-01T07:12:00Z");
    check_in(bob, &shift).await;
    acme.owner.post(MARK_ABSENT, json!({"shiftId": shift, "userId": cat.text()})).await.ok();
    let told = board(&acme.owner, "").await;
    let expected = json!({"present": 1, "late": 1, "absent": 1, "overdue": 1, "expected": 1, "openPlaces": 1, "shifts": 2});
    assert_eq!(counts(&told), expected);
    let first = &told["shifts"][0];
    let attention = [state("dan", "overdue"), state("cat", "absent"), state("bob", "late"), state("ann", "present")];
    assert_eq!(states(first), attention);
    assert_eq!((&first["people"][0]["lateByMinutes"], first["people"][0].get("checkIn")), (&json!(12), None), "so far");
    assert_eq!((&first["people"][2]["checkIn"], &first["people"][2]["lateByMinutes"]), (&json!("09:12"), &json!(12)));
    assert_eq!((&first["people"][3]["checkIn"], first["people"][3].get("lateByMinutes")), (&json!("09:00"), None));

    app.set("2026-06-01T11:00:00Z");
    check_out(ann, &record).await;
    let told = board(&acme.owner, "").await;
    assert_eq!(
        states(&told["shifts"][0]),
        [state("dan", "overdue"), state("cat", "absent"), state("bob", "late"), state("ann", "left")]
    );
    assert_eq!(told["shifts"][0]["people"][3]["checkOut"], "13:00");
    // An hour after the end Bob has still not checked out, and Dan did not come at all.
    app.sweep_at(at("2026-06-01T12:00:00.001Z")).await;
    let told = board(&acme.owner, "").await;
    assert_eq!(counts(&told), json!({"missingCheckOut": 1, "absent": 2, "left": 1, "expected": 1, "shifts": 2}));
    assert_eq!(told["shifts"][0]["status"], "completed");
    assert!(told["shifts"][1]["people"][0]["name"] == "ann" && text(&told["shifts"][1], "shiftId") == later);
    assert_eq!(dan.get(BOARD).await.ok()["todayBoard"]["counts"]["absent"], 1);
}

async fn nights_of_yesterday_are_on_it_while_they_run(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let night = acme.shift("2026-06-01", "22:00-06:00", &[&ann, &bob]).await;
    let mut records = Vec::new();
    app.set("2026-06-01T20:00:00Z");
    for who in [&ann, &bob] {
        records.push(check_in(who, &night).await);
    }
    app.set("2026-06-02T03:00:00Z");
    let told = board(&acme.owner, "").await;
    assert_eq!((&told["date"], counts(&told)), (&json!("2026-06-02"), json!({"present": 2, "shifts": 1})));
    assert_eq!((&told["shifts"][0]["shiftId"], &told["shifts"][0]["shiftDate"]), (&json!(night), &json!("2026-06-01")));
    app.set("2026-06-02T04:00:00Z");
    check_out(&ann, &records[0]).await;
    // It is over; who has not checked out is still told of, and nobody else.
    let told = board(&acme.owner, "").await;
    assert_eq!((counts(&told), states(&told["shifts"][0])), (json!({"present": 1, "shifts": 1}), vec![state("bob", "present")]));
    app.set("2026-06-02T05:00:01Z");
    assert_eq!(states(&board(&acme.owner, "").await["shifts"][0]), [state("bob", "missingCheckOut")]);
    check_out(&bob, &records[1]).await;
    assert_eq!(counts(&board(&acme.owner, "").await), json!({}));
}

async fn everybody_sees_their_own_board(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (mia, ann, cat) = (acme.employee("mia").await, acme.employee("ann").await, acme.employee("catharina").await);
    let bob = acme.employee("bob").await;
    acme.manager_of(&mia, &[&ann, &bob]).await;
    let crew = acme.department("crew", &[&bob]).await.to_string();
    let wards = acme.department("ward", &[&cat]).await.to_string();
    acme.shift("2026-06-01", "09:00-17:00", &[&ann, &cat]).await;
    let own = acme.shift("2026-06-01", "18:00-20:00", &[&ann]).await;
    let open = open_shift(&acme, &crew, "2026-06-01", "20:00-23:00", 2).await;
    open_shift(&acme, &wards, "2026-06-01", "20:00-23:00", 1).await;
    acme.leave(&cat, day("2026-06-01"), day("2026-06-01"), DayPart::FirstHalf).await;
    let told = board(&acme.owner, "").await;
    assert_eq!(counts(&told), json!({"expected": 3, "openPlaces": 3, "shifts": 4, "onLeave": 1}));
    let hers = board(&mia, "").await;
    assert_eq!(counts(&hers), json!({"expected": 2, "openPlaces": 2, "shifts": 3}));
    assert!(!hers.to_string().contains("catharina") && !hers.to_string().contains(&cat.text()), "{hers}");
    assert_eq!(hers["shifts"][0].get("openPlaces"), None, "of a shift with others she learns her report's part");
    assert_eq!((&hers["shifts"][1]["shiftId"], &hers["shifts"][2]["shiftId"]), (&json!(own), &json!(open)));
    let anns = board(&ann, "").await;
    assert_eq!(counts(&anns), json!({"expected": 2, "shifts": 2}));
    assert_eq!(names(&anns["shifts"][0]["people"]), ["ann"]);
    assert_eq!(counts(&board(&cat, "").await), json!({"expected": 1, "shifts": 2, "onLeave": 1, "openPlaces": 1}));
    assert_eq!(counts(&board(&bob, "").await), json!({"shifts": 1, "openPlaces": 2}));
}

async fn leave_and_half_days_are_told(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&bob]).await.to_string();
    let body = json!({"shiftDate": "2026-06-01", "startTime": "08:00", "endTime": "16:00", "assignedUserIds": [ann.text()],
        "assignedDepartmentIds": [crew], "neededCount": 2});
    acme.owner.post(SHIFTS, body).await.ok();
    acme.leave(&ann, day("2026-06-01"), day("2026-06-01"), DayPart::FirstHalf).await;
    acme.leave(&bob, day("2026-05-28"), day("2026-06-03"), DayPart::Full).await;
    app.set("2026-06-01T10:00:00Z");
    let told = board(&acme.owner, "").await;
    // Ann is not expected before noon; Bob's leave leaves his place open.
    assert_eq!(counts(&told), json!({"expected": 1, "onLeave": 2, "openPlaces": 1, "shifts": 1}));
    let mut away: Vec<Json> = told["onLeave"].as_array().expect("people").clone();
    away.sort_by_key(|a| text(a, "name"));
    let part = |i: usize| (text(&away[i], "name"), text(&away[i], "dayPart"), text(&away[i], "until"));
    assert_eq!(part(0), ("ann".to_owned(), "firstHalf".to_owned(), "2026-06-01".to_owned()));
    assert_eq!(part(1), ("bob".to_owned(), "full".to_owned(), "2026-06-03".to_owned()));
    app.set("2026-06-01T12:05:00.001Z");
    assert_eq!(counts(&board(&acme.owner, "").await), json!({"overdue": 1, "onLeave": 2, "openPlaces": 1, "shifts": 1}));
}

async fn a_department_has_its_own_board(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let other = app.company("other", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann]).await.to_string();
    let body = |more: Json| json!({"shiftDate": "2026-06-01", "startTime": "08:00", "endTime": "16:00", "departmentId": more});
    acme.owner.post(SHIFTS, body(json!(crew))).await.ok();
    acme.shift("2026-06-01", "09:00-17:00", &[&bob]).await;
    acme.leave(&bob, day("2026-06-01"), day("2026-06-01"), DayPart::SecondHalf).await;
    assert_eq!(counts(&board(&acme.owner, "").await), json!({"expected": 1, "openPlaces": 1, "shifts": 2, "onLeave": 1}));
    assert_eq!(counts(&board(&acme.owner, &format!("departmentId={crew}")).await), json!({"openPlaces": 1, "shifts": 1}));
    let foreign = other.department("crew", &[]).await;
    assert_eq!(acme.owner.get(&format!("{BOARD}?departmentId={foreign}")).await.bad_fields(), ["departmentId"]);
    // Drafts and cancelled shifts are no part of the day.
    let mut draft = body(Json::Null);
    draft["draft"] = json!(true);
    acme.owner.post(SHIFTS, draft).await.ok();
    let cancelled = acme.shift("2026-06-01", "08:00-16:00", &[]).await;
    acme.owner.patch(&format!("{SHIFTS}/{cancelled}"), json!({"status": "cancelled"})).await.ok();
    assert_eq!(board(&acme.owner, "").await["counts"]["shifts"], 2);
}

async fn of_very_many_those_who_need_attention_are_listed(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let mut people = Vec::new();
    for i in 0..405 {
        people.push(acme.unseen(&format!("p{i:03}")).await);
    }
    let crew = acme.department("crew", &people.iter().collect::<Vec<_>>()).await.to_string();
    let body = json!({"shiftDate": "2026-06-01", "startTime": "08:00", "endTime": "16:00", "assignedDepartmentIds": [crew]});
    let shift = text(&acme.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    acme.owner.post(MARK_ABSENT, json!({"shiftId": shift, "userId": people[404].text()})).await.ok();
    let told = board(&acme.owner, "").await;
    assert_eq!((counts(&told), &told["truncated"]), (json!({"expected": 404, "absent": 1, "shifts": 1}), &json!(true)));
    let listed = states(&told["shifts"][0]);
    assert_eq!((listed.len(), &listed[0]), (400, &state("p404", "absent")));
}
