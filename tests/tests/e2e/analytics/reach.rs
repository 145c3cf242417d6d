//! Whose figures somebody sees: one's own, one's reports', the company's; never another company's.

use serde_json::{Value as Json, json};
use workforceos_tests::time::day;
use workforceos_tests::{Client, Db, TestApp, on_both_databases};

use super::support::{Past, address, ask, of_department, rows, workdays};

on_both_databases!(figures_are_of_the_callers_reach_alone);

const RATES: [&str; 5] = ["analyzeAttendance", "analyzeAbsenteeism", "analyzeLateness", "analyzeOvertime", "analyzeTaskLoad"];
const MANAGERS: [&str; 2] = ["predictStaffing", "detectShiftAnomalies"];

async fn refused(who: &Client, api: &str, query: &str) {
    who.get(&format!("{}?{query}", address(api).0)).await.refused(403, "Forbidden");
}

async fn figures_are_of_the_callers_reach_alone(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let other = super::support::company(&app, "other", "UTC").await;
    let (mia, ann, bob) = (acme.employee("mia").await, acme.employee("annabelle").await, acme.employee("bobinsky").await);
    let (cat, eve) = (acme.employee("catharina").await, other.employee("evelyn").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    let (ward, cellar) = (acme.department("Ward", &[&ann, &bob]).await, acme.department("Cellar", &[&cat]).await);
    let theirs = other.department("Abroad", &[&eve]).await;
    for (company, people) in [(&acme, vec![&ann, &bob, &cat]), (&other, vec![&eve])] {
        let mut past = Past::of(company);
        let assignment = past.assignment().await;
        for (i, date) in workdays(day("2026-03-09"), 12).into_iter().enumerate() {
            let shift = past.planned(date, "09:00-17:00", &people);
            let shift = if company.id == acme.id { of_department(shift, cellar) } else { shift };
            past.add(&shift).await;
            for (n, person) in people.iter().enumerate() {
                if (i + n).is_multiple_of(6) {
                    past.absent(&shift, person).await;
                } else {
                    // Once each of them stays all night.
                    past.came(&shift, person, (i % 9) as i64, if i == 21 + n { 600 } else { (i % 7) as i64 }).await;
                }
                past.task(assignment, person, shift.starts_at, Some(60), i.is_multiple_of(2).then_some(30)).await;
            }
        }
        past.write().await;
    }
    let sample = |told: &Json| told["sampleSize"].as_u64().expect("a size");
    for api in RATES {
        let all = ask(&acme.owner, api, "").await;
        let team = ask(&mia, api, "").await;
        let own = ask(&ann, api, "").await;
        let (a, b) = (
            ask(&acme.owner, api, &format!("userId={}", ann.text())).await,
            ask(&mia, api, &format!("userId={}", bob.text())).await,
        );
        assert_eq!((&all["people"], &team["people"], &own["people"]), (&json!(3), &json!(2), &json!(1)), "{api}");
        assert_eq!((sample(&a), sample(&a) + sample(&b)), (sample(&own), sample(&team)), "{api}");
        assert!(sample(&all) > sample(&team), "{api}");
        for (told, names) in
            [(&team, ["catharina", "evelyn", "Abroad", "Cellar"]), (&own, ["bobinsky", "catharina", "evelyn", "Cellar"])]
        {
            let text = told.to_string();
            assert!(names.iter().all(|name| !text.contains(name)), "{api}: {text}");
            assert!(!text.contains(&cat.text()), "{api}");
        }
        // Somebody out of reach is refused; of their department there is nothing to see.
        for who in [&mia.client, &ann.client] {
            refused(who, api, &format!("userId={}", cat.text())).await;
            assert_eq!(sample(&ask(who, api, &format!("departmentId={cellar}")).await), 0, "{api}");
        }
        assert_eq!(sample(&ask(&mia, api, &format!("departmentId={ward}")).await), sample(&team), "{api}");
        // A manager is nobody's report: of themselves there is nothing here.
        assert_eq!(sample(&ask(&mia, api, &format!("userId={}", mia.text())).await), 0, "{api}");
        // Another company's people and departments are not known.
        for (field, id) in [("userId", eve.text()), ("departmentId", theirs.to_string())] {
            assert_eq!(acme.owner.get(&format!("{}?{field}={id}", address(api).0)).await.bad_fields(), [field], "{api}");
        }
        assert!(!all.to_string().contains("evelyn"), "{api}");
    }
    for api in MANAGERS {
        refused(&ann, api, "").await;
        let (all, team) = (ask(&acme.owner, api, "").await, ask(&mia, api, "").await);
        assert!(!team.to_string().contains("catharina") && !team.to_string().contains(&cat.text()), "{api}");
        assert!(!all.to_string().contains("evelyn"), "{api}");
    }
    let nine = |told: &Json| rows(&told["hours"])[0]["headcount"].clone();
    let (all, team) = (ask(&acme.owner, "predictStaffing", "").await, ask(&mia, "predictStaffing", "").await);
    assert_eq!((nine(&all), nine(&team)), (json!(3.0), json!(2.0)), "a manager's are of their reports");
    let nights = |told: &Json| -> Vec<String> {
        let worked = rows(&told["anomalies"]).iter().filter(|row| row["figure"] == "workedVsPlanned");
        let mut names: Vec<String> = worked.map(|row| crate::text(row, "fullname")).collect();
        names.sort();
        names
    };
    let (all, team) = (ask(&acme.owner, "detectShiftAnomalies", "").await, ask(&mia, "detectShiftAnomalies", "").await);
    assert_eq!(nights(&all), ["annabelle", "bobinsky", "catharina"]);
    assert_eq!(nights(&team), ["annabelle", "bobinsky"]);
}
