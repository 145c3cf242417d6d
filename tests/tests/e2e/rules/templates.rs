//! Templates and the shifts that they generate.

use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Company, Db, Setup, TestApp, on_both_databases};

use crate::paths::{SHIFTS, TEMPLATES};
use crate::text;

on_both_databases!(
    templates_generate_once_per_date,
    conflicting_dates_are_left_out,
    dates_whose_times_do_not_exist_are_skipped,
    bad_templates_and_ranges_are_refused,
);

async fn template(company: &Company, times: &str, rule: &str) -> String {
    let (start, end) = times.split_once('-').expect("two times");
    let body = json!({"name": "Early", "startTime": start, "endTime": end, "recurrenceRule": rule, "breakMinutes": 30, "neededCount": 2});
    text(&company.owner.post(TEMPLATES, body).await.ok()["shiftTemplate"], "id")
}

fn dates(shifts: &Json) -> Vec<String> {
    shifts.as_array().unwrap_or_else(|| panic!("a list: {shifts}")).iter().map(|s| text(s, "shiftDate")).collect()
}

async fn templates_generate_once_per_date(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let template = template(&acme, "06:00-14:00", "FREQ=WEEKLY;BYDAY=MO,WE,FR").await;
    let path = format!("{TEMPLATES}/{template}/generate");
    let week = json!({"from": "2026-06-08", "to": "2026-06-14", "assignedUserIds": [ann.text()]});

    let mut dry = week.clone();
    dry["dryRun"] = json!(true);
    let answer = acme.owner.post(&path, dry).await;
    assert_eq!(answer.status, 200);
    assert_eq!(dates(&answer.ok()["shifts"]), ["2026-06-08", "2026-06-10", "2026-06-12"]);
    assert_eq!(acme.owner.get(SHIFTS).await.ok()["rowCount"], 0, "a dry run writes nothing");

    let answer = acme.owner.post(&path, week).await;
    assert_eq!(answer.status, 201);
    let body = answer.ok();
    assert_eq!(dates(&body["shifts"]), ["2026-06-08", "2026-06-10", "2026-06-12"]);
    assert_eq!((&body["skipped"], &body["conflicts"]), (&json!([]), &json!([])));
    let shift = &body["shifts"][0];
    assert_eq!(
        (&shift["shiftTemplateId"], &shift["breakMinutes"], &shift["neededCount"]),
        (&json!(template), &json!(30), &json!(2))
    );
    assert_eq!(shift["assignedUserIds"], json!([ann.text()]));
    assert_eq!(acme.owner.get(SHIFTS).await.ok()["rowCount"], 3);

    // A longer range: what is there is skipped.
    let body = acme.owner.post(&path, json!({"from": "2026-06-10", "to": "2026-06-17"})).await.ok();
    assert_eq!(body["skipped"], json!(["2026-06-10", "2026-06-12"]));
    assert_eq!(dates(&body["shifts"]), ["2026-06-15", "2026-06-17"]);
    // A deleted shift makes room for another one.
    acme.owner.delete(&format!("{SHIFTS}/{}", text(shift, "id"))).await.ok();
    let body = acme.owner.post(&path, json!({"from": "2026-06-08", "to": "2026-06-08"})).await.ok();
    assert_eq!(dates(&body["shifts"]), ["2026-06-08"]);
    // The template's changes and end leave its shifts alone.
    acme.owner.patch(&format!("{TEMPLATES}/{template}"), json!({"startTime": "07:00"})).await.ok();
    acme.owner.delete(&format!("{TEMPLATES}/{template}")).await.ok();
    acme.owner.post(&path, json!({"from": "2026-07-01", "to": "2026-07-31"})).await.refused(404, "ShiftTemplateNotFound");
    let listed = acme.owner.get(&format!("{SHIFTS}?shiftTemplateId={template}")).await.ok();
    assert_eq!(listed["rowCount"], 5);
    assert!(listed["shifts"].as_array().expect("shifts").iter().all(|s| s["startTime"] == "06:00"));
}

async fn conflicting_dates_are_left_out(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let busy = acme.shift("2026-06-09", "13:00-15:00", &[&ann]).await;
    acme.leave(&bob, day("2026-06-11"), day("2026-06-11"), DayPart::Full).await;
    let template = template(&acme, "06:00-14:00", "FREQ=DAILY").await;
    let body = json!({"from": "2026-06-08", "to": "2026-06-12", "assignedUserIds": [ann.text(), bob.text()]});
    let body = acme.owner.post(&format!("{TEMPLATES}/{template}/generate"), body).await.ok();
    assert_eq!(dates(&body["shifts"]), ["2026-06-08", "2026-06-10", "2026-06-12"]);
    let conflicts = body["conflicts"].as_array().expect("a list");
    assert_eq!(conflicts.iter().map(|c| text(c, "date")).collect::<Vec<_>>(), ["2026-06-09", "2026-06-11"]);
    assert_eq!(conflicts[0]["conflicts"][0]["id"], busy.as_str());
    assert_eq!(conflicts[1]["conflicts"][0]["kind"], "leave");
    // Nights of a daily rule end when the next one begins, at the earliest: a rule that overlaps itself conflicts with itself.
    let nights = self::template(&acme, "23:00-22:59", "FREQ=DAILY").await;
    let body = json!({"from": "2026-07-01", "to": "2026-07-03", "assignedUserIds": [ann.text()]});
    assert_eq!(acme.owner.post(&format!("{TEMPLATES}/{nights}/generate"), body).await.ok()["rowCount"], 3);
}

async fn dates_whose_times_do_not_exist_are_skipped(db: Db) {
    let app = TestApp::with(db, Setup { start: at("2026-03-20T00:00:00Z"), ..Setup::default() }).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let template = template(&acme, "02:00-03:00", "FREQ=DAILY").await;
    let body = json!({"from": "2026-03-28", "to": "2026-03-30"});
    let body = acme.owner.post(&format!("{TEMPLATES}/{template}/generate"), body).await.ok();
    assert_eq!(dates(&body["shifts"]), ["2026-03-28", "2026-03-30"]);
    assert_eq!(body["skipped"], json!(["2026-03-29"]));
    // A night over the change keeps its wall-clock times and loses an hour.
    let nights = self::template(&acme, "22:00-06:00", "FREQ=DAILY").await;
    let body = json!({"from": "2026-03-27", "to": "2026-03-29"});
    let body = acme.owner.post(&format!("{TEMPLATES}/{nights}/generate"), body).await.ok();
    let minutes: Vec<i64> = body["shifts"]
        .as_array()
        .expect("shifts")
        .iter()
        .map(|s| at(&text(s, "endsAt")).minutes_since(at(&text(s, "startsAt"))))
        .collect();
    assert_eq!(minutes, [480, 420, 480]);
}

async fn bad_templates_and_ranges_are_refused(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let whole = json!({"name": "Early", "startTime": "06:00", "endTime": "14:00", "recurrenceRule": "FREQ=DAILY"});
    for (name, value) in [
        ("name", json!(" ")),
        ("startTime", json!("6")),
        ("endTime", json!("06:00")),
        ("recurrenceRule", json!("every day")),
        ("recurrenceRule", json!("FREQ=HOURLY")),
        ("recurrenceRule", json!("FREQ=DAILY;INTERVAL=0")),
        ("recurrenceRule", json!("FREQ=DAILY;COUNT=0")),
        ("departmentId", json!("01890a5d-ac96-774b-bcce-b302099a8057")),
        ("breakMinutes", json!(480)),
        ("neededCount", json!(-1)),
    ] {
        let mut body = whole.clone();
        body[name] = value.clone();
        assert_eq!(acme.owner.post(TEMPLATES, body).await.bad_fields(), [name], "{name} = {value}");
    }
    // Rules that mean little or begin long ago are no burden.
    for (rule, dates) in [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 0),
        ("DTSTART:20200101\nRRULE:FREQ=DAILY;INTERVAL=365;BYMONTH=13", -1),
        ("DTSTART:19000101\nRRULE:FREQ=DAILY", 2),
        // Nobody plans for then; expanding up to there would keep others waiting.
        ("DTSTART:99980101\nRRULE:FREQ=DAILY", -1),
        ("FREQ=MONTHLY;BYDAY=-1TU;BYSETPOS=1", 0),
    ] {
        let body = json!({"name": "Rare", "startTime": "01:00", "endTime": "02:00", "recurrenceRule": rule});
        let made = acme.owner.post(TEMPLATES, body).await;
        if dates < 0 {
            assert_eq!(made.bad_fields(), ["recurrenceRule"], "{rule}");
            continue;
        }
        let path = format!("{TEMPLATES}/{}/generate", text(&made.ok()["shiftTemplate"], "id"));
        let body = acme.owner.post(&path, json!({"from": "2026-06-10", "to": "2026-06-11"})).await.ok();
        assert_eq!(body["rowCount"], dates, "{rule}");
    }
    let template = template(&acme, "06:00-14:00", "FREQ=DAILY").await;
    let path = format!("{TEMPLATES}/{template}/generate");
    for (from, to) in [("2026-06-10", "2026-06-09"), ("2026-06-10", "2027-06-30")] {
        assert_eq!(acme.owner.post(&path, json!({"from": from, "to": to})).await.bad_fields(), ["to"]);
    }
    // Managers read templates, employees do not.
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    assert_eq!(mia.get(TEMPLATES).await.ok()["rowCount"], 4);
    mia.post(TEMPLATES, whole).await.refused(403, "Forbidden");
    ann.get(TEMPLATES).await.refused(403, "Forbidden");
}
