use serde_json::{Value as Json, json};
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{Session, stateless, ward};

on_both_databases!(people_are_completed_within_reach, things_are_completed_by_what_they_are_called);

async fn prompt(session: &Session, name: &str, argument: &str, typed: &str) -> Vec<String> {
    let reference = json!({"type": "ref/prompt", "name": name});
    values(&complete(session, reference, argument, typed).await)
}

async fn complete(session: &Session, reference: Json, argument: &str, typed: &str) -> Json {
    let params = json!({"ref": reference, "argument": {"name": argument, "value": typed}});
    session.ok("completion/complete", params).await
}

fn values(result: &Json) -> Vec<String> {
    let values = result["completion"]["values"].as_array().expect("values");
    values.iter().map(|value| value.as_str().expect("text").to_owned()).collect()
}

fn week() -> Json {
    json!({"type": "ref/resource", "uri": "workforce://users/{userId}/week{?date}"})
}

async fn people_are_completed_within_reach(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, mia, bob) = ward(&app).await;
    let other = app.company("other", "UTC").await;
    other.employee("annabel").await;
    let (owner, manager, employee) = (Session::open(&ward.owner).await, Session::open(&mia).await, Session::open(&bob).await);
    // An address takes the id; what it stands for comes beside it.
    let found = complete(&owner, week(), "userId", "an").await;
    assert_eq!(values(&found), [ann.text()]);
    assert_eq!(found["_meta"]["workforceos/labels"][ann.text()], "ann");
    assert_eq!((&found["completion"]["total"], &found["completion"]["hasMore"]), (&json!(1), &json!(false)));
    assert_eq!(values(&complete(&owner, week(), "userId", "").await).len(), 4, "everybody of the company");
    assert_eq!(values(&complete(&owner, week(), "userId", "ann").await), [ann.text()], "by the beginnings of words");
    assert_eq!(values(&complete(&owner, week(), "userId", "annabel").await), Vec::<String>::new());
    let mut reports = values(&complete(&manager, week(), "userId", "").await);
    reports.sort();
    let mut expected = [ann.text(), mia.text()];
    expected.sort();
    assert_eq!(reports, expected, "a manager's reports, and themselves");
    assert_eq!(values(&complete(&employee, week(), "userId", "").await), [bob.text()]);
    assert_eq!(values(&complete(&employee, week(), "userId", "ann").await), Vec::<String>::new());
    // A prompt takes both.
    assert_eq!(prompt(&owner, "find_cover", "absent", "ann").await, [format!("ann ({})", ann.text())]);
    let again = format!("ann ({})", ann.text());
    assert_eq!(prompt(&owner, "find_cover", "absent", &again).await, [again]);
    let later = json!({"ref": week(), "argument": {"name": "userId", "value": "ann"}});
    assert_eq!(values(&stateless(&ward.owner, "completion/complete", later).await["result"]), [ann.text()]);

    let refused = async |session: &Session, reference: Json, argument: &str| {
        session.refused("completion/complete", json!({"ref": reference, "argument": {"name": argument, "value": ""}})).await
    };
    assert_eq!(refused(&employee, json!({"type": "ref/prompt", "name": "find_cover"}), "absent").await, -32602);
    assert_eq!(refused(&owner, json!({"type": "ref/prompt", "name": "find_cover"}), "nobody").await, -32602);
    assert_eq!(refused(&owner, json!({"type": "ref/resource", "uri": "workforce://x/{userId}"}), "userId").await, -32602);
}

async fn things_are_completed_by_what_they_are_called(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, mia, _) = ward(&app).await;
    let (surgery, _) = (ward.department("Surgery", &[&ann]).await, ward.department("Night watch", &[]).await);
    let shift = ward.shift("2026-06-03", "08:00-16:00", &[&ann]).await;
    ward.shift("2026-06-04", "09:00-17:00", &[&ward.owner]).await;
    let (owner, manager) = (Session::open(&ward.owner).await, Session::open(&mia).await);
    assert_eq!(prompt(&owner, "summarise_leave", "department", "surg").await, [format!("Surgery ({surgery})")]);
    assert_eq!(prompt(&owner, "find_cover", "shift", "2026-06-03").await, [format!("2026-06-03 08:00-16:00 ({shift})")]);
    assert_eq!(prompt(&owner, "find_cover", "shift", "").await.len(), 2);
    assert_eq!(prompt(&manager, "find_cover", "shift", "").await.len(), 1, "a report's");
    assert_eq!(prompt(&owner, "write_announcement", "tone", "F").await, ["friendly", "formal"]);
    assert_eq!(prompt(&owner, "write_announcement", "about", "x").await, Vec::<String>::new());
    assert_eq!(prompt(&owner, "prepare_payroll", "periodEnd", "2026-05").await, ["2026-05-31"]);
    let weeks = prompt(&owner, "plan_next_week", "week", "").await;
    assert!(weeks.contains(&"2026-06-01".to_owned()) && weeks.contains(&"2026-06-08".to_owned()), "{weeks:?}");
    assert_eq!(prompt(&owner, "request_leave", "from", "2026-06-1").await.len(), 10);
    // No more than a client takes.
    let users: Vec<String> = (0..101).map(|n| format!("zoe{n:03}")).collect();
    for name in &users {
        ward.unseen(name).await;
    }
    let found = complete(&owner, week(), "userId", "zo").await;
    assert_eq!((values(&found).len(), &found["completion"]["total"]), (100, &json!(101)));
    assert_eq!(found["completion"]["hasMore"], true);
}
