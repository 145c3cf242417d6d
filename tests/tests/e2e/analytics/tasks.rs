//! The load of tasks: shares, due times, what is still to be done.

use serde_json::{Value as Json, json};
use workforceos_tests::time::at;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::support::{Past, ask, comparison, people, rows};
use crate::text;

on_both_databases!(tasks_are_counted_by_what_became_of_them, whoever_misses_due_times_or_gets_too_much_is_found);

async fn tasks_are_counted_by_what_became_of_them(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let mut past = Past::of(&acme);
    let of = past.assignment().await;
    let given = at("2026-05-29T08:00:00Z");
    let (hour, week) = (60, 7 * 24 * 60);
    past.task(of, &ann, given, Some(hour), Some(30)).await;
    past.task(of, &ann, given, Some(hour), Some(90)).await;
    past.task(of, &ann, given, Some(hour), None).await;
    past.task(of, &ann, given, Some(week), None).await;
    past.task(of, &ann, given, None, Some(120)).await;
    // Given before the period, and on its last day in the company's zone.
    past.task(of, &ann, at("2026-05-24T23:59:59Z"), Some(hour), None).await;
    past.task(of, &ann, at("2026-05-31T23:59:59Z"), None, None).await;
    past.write().await;
    let told = ask(&acme.owner, "analyzeTaskLoad", "from=2026-05-25&to=2026-05-31").await;
    let totals = &told["totals"];
    assert_eq!((&totals["given"], &totals["pending"], &totals["overdue"]), (&json!(6), &json!(3), &json!(1)));
    assert_eq!((&totals["completed"]["count"], &totals["medianHours"]), (&json!(3), &json!(1.5)));
    // Of the three that are due one was done in time.
    assert_eq!((&told["overall"]["count"], &told["overall"]["n"]), (&json!(2), &json!(3)));
    assert_eq!(
        told["byPerson"],
        json!({"total": 1, "rows": [{"userId": ann.text(), "fullname": "ann", "given": 6, "completed": 3, "pending": 3, "overdue": 1}]})
    );
    assert_eq!(told["tasksGiven"]["test"], json!({"tooLittleData": true, "n": 1, "needed": 2, "of": "groups"}));
    // Cancelled tasks are nobody's load.
    let tasks = ann.get("/taskmanagement-api/v1/myindividualtasks").await.ok();
    let pending =
        rows(&tasks["individualTasks"]).iter().find(|task| task["status"] == "pending" && task["dueTime"].is_null()).cloned();
    let id = text(&pending.expect("one"), "id");
    acme.owner.delete(&format!("/taskmanagement-api/v1/individualtasks/{id}")).await.ok();
    let told = ask(&acme.owner, "analyzeTaskLoad", "from=2026-05-25&to=2026-05-31").await;
    assert_eq!(told["totals"]["given"], json!(5));
}

async fn whoever_misses_due_times_or_gets_too_much_is_found(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let people = people(&acme, 6).await;
    let mut past = Past::of(&acme);
    let of = past.assignment().await;
    for n in 0..40i64 {
        for (i, person) in people.iter().enumerate() {
            // Person 4 gets three of each; person 1 misses every second, the others one of ten.
            let missed = if i == 1 { n % 2 == 0 } else { (n + i as i64) % 10 == 0 };
            for k in 0..(if i == 4 { 3 } else { 1 }) {
                let given = at("2026-04-06T08:00:00Z").plus_minutes(n * 24 * 60 + k);
                past.task(of, person, given, Some(60), Some(if missed { 120 } else { 30 })).await;
            }
        }
    }
    past.write().await;
    let told = ask(&acme.owner, "analyzeTaskLoad", "").await;
    let of = |measure: &str, direction: &str| -> Vec<String> {
        let found = rows(&told["findings"])
            .iter()
            .filter(|f| f["measure"] == measure && f["by"] == "person" && f["direction"] == direction);
        found.map(|f| text(f, "fullname")).collect()
    };
    assert_eq!(of("missedTaskRate", "higher"), ["person1"]);
    assert_eq!(of("tasksGiven", "higher"), ["person4"]);
    assert_eq!((&told["tasksGiven"]["n"], &told["sampleSize"]), (&json!(320), &json!(320)));
    let row = |told: &Json| comparison(told, "person")["rows"][0].clone();
    assert_eq!((&row(&told)["fullname"], &row(&told)["count"], &row(&told)["n"]), (&json!("person1"), &json!(20), &json!(40)));
}
