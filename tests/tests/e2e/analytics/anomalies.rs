//! Single shifts unlike comparable ones.

use serde_json::{Value as Json, json};
use workforceos_tests::time::day;
use workforceos_tests::{Db, Person, TestApp, on_both_databases};

use super::support::{Past, ask, of_template, people, rows, workdays};
use crate::paths::TEMPLATES;
use crate::text;

on_both_databases!(one_absurd_shift_is_found);

async fn one_absurd_shift_is_found(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "Europe/Berlin").await;
    let people = people(&acme, 4).await;
    let there: Vec<&Person> = people.iter().collect();
    let body = json!({"name": "Early", "startTime": "06:00", "endTime": "14:00", "recurrenceRule": "FREQ=DAILY"});
    let template = text(&acme.owner.post(TEMPLATES, body).await.ok()["shiftTemplate"], "id");
    let mut past = Past::of(&acme);
    let (mut absurd, mut alone) = (String::new(), String::new());
    for (i, date) in workdays(day("2026-03-09"), 12).into_iter().enumerate() {
        let shift = of_template(past.planned(date, "06:00-14:00", &there), &template);
        past.add(&shift).await;
        for (n, person) in people.iter().enumerate() {
            match (i, n) {
                // Somebody forgot to check out until the next morning.
                (30, 2) => {
                    absurd = shift.meta.id.to_string();
                    past.came(&shift, person, 0, 900).await;
                }
                // On one day one comes alone.
                (41, 1..) => {
                    alone = shift.meta.id.to_string();
                    past.absent(&shift, person).await;
                }
                _ => past.came(&shift, person, ((i + n) % 5) as i64, ((i * 3 + n) % 9) as i64).await,
            }
        }
    }
    past.write().await;
    let told = ask(&acme.owner, "detectShiftAnomalies", "from=2026-03-09").await;
    let found: Vec<(String, String)> =
        rows(&told["anomalies"]).iter().map(|row| (text(row, "figure"), text(row, "shiftId"))).collect();
    assert_eq!(found, [("workedVsPlanned".to_owned(), absurd.clone()), ("staffing".to_owned(), alone)], "{told:#}");
    let first = &told["anomalies"][0];
    assert_eq!(
        (&first["userId"], &first["fullname"], &first["value"]),
        (&json!(people[2].text()), &json!("person2"), &json!(900.0))
    );
    assert_eq!(told["anomalies"][1]["value"], json!(1.0));
    // The score by the letter.
    let group = rows(&told["groups"]).iter().find(|group| group["figure"] == "workedVsPlanned").expect("a group");
    let number = |json: &Json| json.as_f64().expect("a number");
    let score = 0.6745 * (900.0 - number(&group["median"])) / number(&group["mad"]);
    assert!((number(&first["score"]) - score).abs() < 1e-4 && score > 3.5);
    assert_eq!((&group["templateName"], &group["n"], &group["anomalies"]), (&json!("Early"), &json!(237), &json!(1)));
    // They are findings, too, with what they differ from.
    let finding = &told["findings"][0];
    assert_eq!(
        (&finding["by"], &finding["measure"], &finding["shiftId"]),
        (&json!("shift"), &json!("workedVsPlanned"), &json!(absurd))
    );
    assert_eq!((&finding["comparedWith"], &finding["direction"]), (&group["median"], &json!("higher")));
    // Nineteen shifts are too few to tell.
    let few = ask(&acme.owner, "detectShiftAnomalies", "from=2026-03-09&to=2026-04-02").await;
    assert_eq!(few["anomalies"], json!([]));
    let staffing = rows(&few["groups"]).iter().find(|group| group["figure"] == "staffing").expect("a group");
    assert_eq!(
        (&staffing["tooLittleData"], &staffing["n"], &staffing["needed"], &staffing["of"]),
        (&json!(true), &json!(19), &json!(20), &json!("values"))
    );
    assert_eq!(few.get("tooLittleData"), None, "there are arrivals enough");
    // Who has left is not named; what happened stays.
    acme.owner.delete(&format!("/auth-api/v1/users/{}", people[2].text())).await.ok();
    let told = ask(&acme.owner, "detectShiftAnomalies", "from=2026-03-09").await;
    assert_eq!((&told["anomalies"][0]["shiftId"], &told["anomalies"][0]["value"]), (&json!(absurd), &json!(900.0)));
    assert!(!told.to_string().contains(&people[2].text()) && !told.to_string().contains("person2"), "{told}");
}
