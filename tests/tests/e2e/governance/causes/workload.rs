//! Who is planned for more than the weekly hours: told to the manager, once for each week, for as long as it is so.

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use workforceos_core::Clock;
use workforceos_services::auth::purge_archived;
use workforceos_tests::time::{at, plus};
use workforceos_tests::{Db, Person, TestApp, on_both_databases};

use super::super::{ALERTS, submit};
use super::{Crew, crew, ever, open, resolve, told, until};
use crate::paths::{LEAVE, SHIFTS};
use crate::text;

on_both_databases!(
    too_many_hours_are_told_once,
    what_makes_them_fewer_ends_it,
    fewer_through_a_department_ends_it,
    taken_note_of_it_is_not_told_again_before_it_was_over,
    departments_the_policy_and_files_count,
    at_once_and_across_a_restart_once,
    a_week_that_is_over_is_over,
    without_a_manager_the_owner_is_told,
    who_is_forgotten_is_in_no_alert,
);

const KIND: &str = "workload_overload";
const POLICY: &str = "/auth-api/v1/companypolicy";

/// Five days of eight hours in the week from 2026-06-08, and one more hour: the ids.
async fn too_much(crew: &Crew, who: &Person) -> Vec<String> {
    let mut shifts = full_week(crew, who).await;
    shifts.push(crew.acme.shift("2026-06-13", "08:00-09:00", &[who]).await);
    shifts
}

async fn full_week(crew: &Crew, who: &Person) -> Vec<String> {
    let mut shifts = Vec::new();
    for day in 8..13 {
        shifts.push(crew.acme.shift(&format!("2026-06-{day:02}"), "08:00-16:00", &[who]).await);
    }
    shifts
}

async fn too_many_hours_are_told_once(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let mut live = crew.mia.stream("alerts").await;
    live.snapshot().await;
    // Exactly forty hours are not too many; neither is the week before.
    full_week(&crew, &crew.ann).await;
    crew.acme.shift("2026-06-07", "08:00-18:00", &[&crew.ann]).await;
    too_much(&crew, &crew.bob).await;
    let (kind, alert) = told(&mut live).await;
    assert_eq!((kind.as_str(), &alert["relatedEntityId"]), ("alert.raised", &json!(crew.bob.text())), "{alert}");
    assert!(alert.get("subjectUserId").is_none() && alert.get("cause").is_none(), "{alert}");
    crew.acme.shift("2026-06-13", "10:00-11:30", &[&crew.bob]).await;
    crew.acme.shift("2026-06-14", "08:00-20:00", &[&crew.ann]).await;
    let (_, alert) = told(&mut live).await;
    assert_eq!((&alert["relatedEntityId"], &alert["severity"]), (&json!(crew.ann.text()), &json!("high")));
    let alerts = open(&crew.mia, KIND).await;
    assert_eq!(alerts.len(), 2, "one each: {alerts:?}");
    let wanted = "bob is planned for 41 h in the week from 2026-06-08, which is more than the weekly 40 h.";
    assert_eq!((&alerts[1]["message"], &alerts[1]["severity"]), (&json!(wanted), &json!("medium")));
    assert_eq!(alerts[1]["related_entity_type"], "user");
    // Another week is another cause.
    for day in 15..20 {
        crew.acme.shift(&format!("2026-06-{day}"), "08:00-17:00", &[&crew.bob]).await;
    }
    until(&crew.mia, KIND, 3).await;
    for other in [&crew.ann.client, &crew.bob.client, &crew.acme.owner.client] {
        assert_eq!(ever(other, KIND).await, 0);
    }
}

async fn what_makes_them_fewer_ends_it(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let owner = &crew.acme.owner;
    let shifts = too_much(&crew, &crew.ann).await;
    until(&crew.mia, KIND, 1).await;
    let [first, second, .., last] = &shifts[..] else { panic!("shifts") };
    let path = |id: &str| format!("{SHIFTS}/{id}");
    let undone: [(&str, Json, Json); 4] = [
        (last, json!({"assignedUserIds": [crew.bob.text()]}), json!({"assignedUserIds": [crew.ann.text()]})),
        (first, json!({"breakMinutes": 60}), json!({"breakMinutes": 0})),
        (last, json!({"shiftDate": "2026-06-27"}), json!({"shiftDate": "2026-06-13"})),
        (second, json!({"endTime": "15:00"}), json!({"endTime": "16:00"})),
    ];
    for (n, (shift, fewer, again)) in undone.into_iter().enumerate() {
        owner.patch(&path(shift), fewer).await.ok();
        until(&crew.mia, KIND, 0).await;
        owner.patch(&path(shift), again).await.ok();
        until(&crew.mia, KIND, 1).await;
        assert_eq!(ever(&crew.mia, KIND).await, n + 2, "a new cause is a new alert");
    }
    owner.delete(&path(last)).await.ok();
    until(&crew.mia, KIND, 0).await;
    crew.acme.shift("2026-06-13", "08:00-09:00", &[&crew.ann]).await;
    until(&crew.mia, KIND, 1).await;
    owner.patch(&path(first), json!({"status": "cancelled"})).await.ok();
    until(&crew.mia, KIND, 0).await;
    owner.patch(&path(first), json!({"status": "scheduled"})).await.ok();
    until(&crew.mia, KIND, 1).await;
    let leave = json!({"leaveType": "annual", "startDate": "2026-06-09", "endDate": "2026-06-09"});
    let leave = text(&crew.ann.post(LEAVE, leave).await.ok()["leaveRequest"], "id");
    crew.mia.patch(&format!("{LEAVE}/{leave}"), json!({"status": "approved"})).await.ok();
    until(&crew.mia, KIND, 0).await;
}

/// Whoever is a member of the shift's department, before or after the change, is looked at, and nobody else has to be.
async fn fewer_through_a_department_ends_it(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let (owner, ward) = (&crew.acme.owner, crew.acme.department("ward", &[&crew.ann]).await.to_string());
    let desk = crew.acme.department("desk", &[]).await.to_string();
    full_week(&crew, &crew.ann).await;
    let body = json!({"shiftDate": "2026-06-13", "startTime": "08:00", "endTime": "09:00", "assignedDepartmentIds": [ward]});
    let shift = format!("{SHIFTS}/{}", text(&owner.post(SHIFTS, body).await.ok()["shift"], "id"));
    until(&crew.mia, KIND, 1).await;
    let undone: [(Json, Json); 3] = [
        (json!({"shiftDate": "2026-06-27"}), json!({"shiftDate": "2026-06-13"})),
        (json!({"assignedDepartmentIds": [desk]}), json!({"assignedDepartmentIds": [ward]})),
        (json!({"status": "cancelled"}), json!({"status": "scheduled"})),
    ];
    for (fewer, again) in undone {
        owner.patch(&shift, fewer).await.ok();
        until(&crew.mia, KIND, 0).await;
        owner.patch(&shift, again).await.ok();
        until(&crew.mia, KIND, 1).await;
    }
    owner.delete(&format!("/auth-api/v1/usergroups/{ward}")).await.ok();
    until(&crew.mia, KIND, 0).await;
}

async fn taken_note_of_it_is_not_told_again_before_it_was_over(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let shifts = too_much(&crew, &crew.ann).await;
    resolve(&crew.mia, &until(&crew.mia, KIND, 1).await[0]).await;
    // Still more, and whoever comes after tells that it was looked at.
    crew.acme.shift("2026-06-13", "10:00-12:00", &[&crew.ann]).await;
    too_much(&crew, &crew.bob).await;
    let alerts = until(&crew.mia, KIND, 1).await;
    assert_eq!(alerts[0]["related_entity_id"], json!(crew.bob.text()));
    for shift in &shifts[..2] {
        crew.acme.owner.delete(&format!("{SHIFTS}/{shift}")).await.ok();
    }
    let bobs = text(&alerts[0], "id");
    let others = crew.acme.owner.get(&format!("{SHIFTS}?shiftDate=2026-06-13")).await.ok();
    for shift in others["shifts"].as_array().expect("shifts").iter().filter(|s| s["assignedUserIds"] == json!([crew.bob.text()]))
    {
        crew.acme.owner.delete(&format!("{SHIFTS}/{}", text(shift, "id"))).await.ok();
    }
    until(&crew.mia, KIND, 0).await;
    crew.acme.shift("2026-06-09", "06:00-22:00", &[&crew.ann]).await;
    crew.acme.shift("2026-06-14", "08:00-16:00", &[&crew.ann]).await;
    let again = until(&crew.mia, KIND, 1).await.remove(0);
    assert_eq!(again["related_entity_id"], json!(crew.ann.text()), "it was over in between");
    assert_ne!(text(&again, "id"), bobs);
}

async fn departments_the_policy_and_files_count(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let owner = &crew.acme.owner;
    let group = crew.acme.department("crew", &[]).await;
    for day in 8..13 {
        let body = json!({"shiftDate": format!("2026-06-{day:02}"), "startTime": "08:00", "endTime": "17:00",
            "assignedDepartmentIds": [group.to_string()]});
        owner.post(SHIFTS, body).await.ok();
    }
    let member = json!({"groupId": group.to_string(), "userId": crew.ann.text()});
    let member = text(&owner.post("/auth-api/v1/usergroupmembers", member).await.ok()["userGroupMember"], "id");
    until(&crew.mia, KIND, 1).await;
    owner.patch(POLICY, json!({"weeklyHours": 45})).await.ok();
    until(&crew.mia, KIND, 0).await;
    owner.patch(POLICY, json!({"weeklyHours": 44.5})).await.ok();
    let alert = until(&crew.mia, KIND, 1).await.remove(0);
    let wanted = "ann is planned for 45 h in the week from 2026-06-08, which is more than the weekly 44 h 30 min.";
    assert_eq!(alert["message"], wanted);
    owner.delete(&format!("/auth-api/v1/usergroupmembers/{member}")).await.ok();
    until(&crew.mia, KIND, 0).await;
    // Drafts count once they are published.
    let body = json!({"shiftDate": "2026-06-22", "startTime": "00:00", "endTime": "23:00", "assignedUserIds": [crew.bob.text()],
        "isDraft": true});
    for date in ["2026-06-22", "2026-06-24"] {
        let mut body = body.clone();
        body["shiftDate"] = json!(date);
        owner.post(SHIFTS, body).await.ok();
    }
    let range = json!({"from": "2026-06-22", "to": "2026-06-28"});
    owner.post("/schedulemanagement-api/v1/shifts/publish", range).await.ok();
    assert_eq!(until(&crew.mia, KIND, 1).await[0]["related_entity_id"], json!(crew.bob.text()));
    // A file.
    let mut lines = vec!["date;start;end;people".to_owned()];
    lines.extend((6..11).map(|day| format!("2026-07-{day:02};07:00;17:00;{}", crew.ann.email)));
    owner.post("/schedulemanagement-api/v1/import/shifts", json!({"csv": lines.join("\n")})).await.ok();
    until(&crew.mia, KIND, 2).await;
}

async fn at_once_and_across_a_restart_once(db: Db) {
    let mut app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let planned = (8..15).flat_map(|day| [(day, "06:00-12:00"), (day, "12:00-18:00")]);
    let planned = planned.map(|(day, times)| {
        let crew = &crew;
        async move { crew.acme.shift(&format!("2026-06-{day:02}"), times, &[&crew.ann]).await }
    });
    join_all(planned).await;
    until(&crew.mia, KIND, 1).await;
    // What was decided before the server went is looked at when it is back.
    too_much(&crew, &crew.bob).await;
    app.restart().await;
    let alerts = until(&crew.mia, KIND, 2).await;
    app.restart().await;
    crew.acme.shift("2026-06-14", "19:00-20:00", &[&crew.bob]).await;
    crew.acme.shift("2026-06-20", "00:00-23:00", &[&crew.bob]).await;
    crew.acme.shift("2026-06-18", "00:00-23:00", &[&crew.bob]).await;
    let now = until(&crew.mia, KIND, 3).await;
    assert!(alerts.iter().all(|alert| now.contains(alert)), "no more of what was told: {now:?}");
}

async fn a_week_that_is_over_is_over(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    too_much(&crew, &crew.ann).await;
    until(&crew.mia, KIND, 1).await;
    app.sweep_at(at("2026-06-14T23:59:59Z")).await;
    assert_eq!(open(&crew.mia, KIND).await.len(), 1);
    app.sweep_at(at("2026-06-15T00:00:00Z")).await;
    assert_eq!(open(&crew.mia, KIND).await.len(), 0);
    // Nothing is told of it afterwards, but of the week to come.
    crew.acme.owner.patch(POLICY, json!({"weeklyHours": 10})).await.ok();
    crew.acme.shift("2026-06-15", "08:00-20:00", &[&crew.bob]).await;
    assert_eq!(until(&crew.mia, KIND, 1).await[0]["related_entity_id"], json!(crew.bob.text()));
}

async fn without_a_manager_the_owner_is_told(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let foreign = app.company("other", "UTC").await;
    too_much(&crew, &crew.mia).await;
    let alert = until(&crew.acme.owner, KIND, 1).await.remove(0);
    assert_eq!(alert["related_entity_id"], json!(crew.mia.text()));
    // The owner is nobody's to manage: they hear of their own.
    for day in 8..13 {
        crew.acme.shift(&format!("2026-06-{day:02}"), "08:00-18:00", &[&crew.acme.owner]).await;
    }
    until(&crew.acme.owner, KIND, 2).await;
    assert_eq!((ever(&crew.mia, KIND).await, ever(&foreign.owner, KIND).await), (0, 0));
}

async fn who_is_forgotten_is_in_no_alert(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let mut eve = crew.acme.employee("evangeline").await;
    crew.acme.manager_of(&crew.mia, &[&eve]).await;
    too_much(&crew, &eve).await;
    submit(&eve).await.ok();
    let alert = until(&crew.mia, KIND, 1).await.remove(0);
    until(&crew.mia, "eod_submitted", 1).await;
    eve.log_in().await;
    eve.delete("/auth-api/v1/profile").await.ok();
    // Archived, there is nothing to plan for them.
    until(&crew.mia, KIND, 0).await;
    until(&crew.mia, "eod_submitted", 0).await;
    assert!(alert["message"].to_string().contains("evangeline"), "{alert}");
    app.clock.set(plus(app.clock.now(), 31 * 24 * 60));
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 1);
    assert_eq!(crew.mia.get(ALERTS).await.ok(), json!([]));
    for entry in app.services().store.journal(crew.acme.id, 0, 10_000).await.expect("reads") {
        assert!(!entry.after.contains("evangeline"), "{}: {}", entry.seq, entry.after);
    }
    let verified = app.services().store.verify(crew.acme.id).await.expect("verifies");
    assert_eq!((verified.first_bad, verified.erased > 0), (None, true), "{verified:?}");
}
