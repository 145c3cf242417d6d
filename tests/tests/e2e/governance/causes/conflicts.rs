//! Shifts that clash by a department or by cancelled leave are told to whoever is in charge, until they do not clash.

use serde_json::{Value as Json, json};
use workforceos_core::id::DepartmentId;
use workforceos_tests::time::at;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{Crew, crew, ever, open, resolve, until};
use crate::paths::{LEAVE, SHIFTS};
use crate::text;

on_both_databases!(
    whatever_parts_the_shifts_ends_it,
    it_is_over_with_the_shifts,
    resolved_it_is_not_told_again,
    a_day_ahead_it_is_critical
);

const KIND: &str = "shift_conflict";
const MEMBERS: &str = "/auth-api/v1/usergroupmembers";

/// Ann's own shift, her department's at that time, the department and her membership of it.
struct Clash {
    own: String,
    theirs: String,
    member: String,
}

async fn clash(crew: &Crew, date: &str) -> Clash {
    let group = crew.acme.department(&format!("crew of {date}"), &[]).await;
    let own = crew.acme.shift(date, "08:00-16:00", &[&crew.ann]).await;
    let theirs = of_department(crew, group, date).await;
    let member = json!({"groupId": group.to_string(), "userId": crew.ann.text()});
    let member = text(&crew.acme.owner.post(MEMBERS, member).await.ok()["userGroupMember"], "id");
    Clash { own, theirs, member }
}

async fn of_department(crew: &Crew, group: DepartmentId, date: &str) -> String {
    let body = json!({"shiftDate": date, "startTime": "12:00", "endTime": "20:00", "assignedDepartmentIds": [group.to_string()]});
    text(&crew.acme.owner.post(SHIFTS, body).await.ok()["shift"], "id")
}

async fn whatever_parts_the_shifts_ends_it(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let owner = &crew.acme.owner;
    // Changes that leave the clash as it is come first: they end nothing.
    let kept = clash(&crew, "2026-06-30").await;
    for n in 0..7 {
        let date = format!("2026-07-{:02}", 1 + 7 * (n % 4));
        let date = if n < 4 { date } else { format!("2026-08-{:02}", 1 + 7 * (n % 4)) };
        let Clash { own, theirs, member } = clash(&crew, &date).await;
        let alerts = until(&crew.mia, KIND, 2).await;
        let alert = alerts.iter().find(|alert| alert["related_entity_id"] == json!(member)).expect("the new one");
        assert_eq!((&alert["severity"], &alert["related_entity_type"]), (&json!("high"), &json!("userGroupMember")));
        assert!(text(alert, "message").contains(&date), "{alert}");
        let (own, theirs) = (format!("{SHIFTS}/{own}"), format!("{SHIFTS}/{theirs}"));
        match n {
            0 => owner.patch(&own, json!({"endTime": "12:00"})).await,
            1 => owner.patch(&theirs, json!({"shiftDate": format!("2026-09-{:02}", 1 + n)})).await,
            2 => owner.patch(&own, json!({"assignedUserIds": []})).await,
            3 => owner.patch(&theirs, json!({"assignedDepartmentIds": []})).await,
            4 => owner.patch(&own, json!({"status": "cancelled"})).await,
            5 => owner.delete(&theirs).await,
            _ => owner.delete(&format!("{MEMBERS}/{member}")).await,
        }
        .ok();
        let left = until(&crew.mia, KIND, 1).await;
        assert_eq!(left[0]["related_entity_id"], json!(kept.member), "after change {n}");
    }
    // Leave for that day, and the department's shift is not hers any more.
    let ask = json!({"leaveType": "annual", "startDate": "2026-06-30", "endDate": "2026-06-30"});
    let leave = text(&crew.ann.post(LEAVE, ask).await.ok()["leaveRequest"], "id");
    crew.mia.patch(&format!("{LEAVE}/{leave}"), json!({"status": "approved"})).await.ok();
    until(&crew.mia, KIND, 0).await;
    // And back: she has been given another shift meanwhile.
    crew.acme.owner.post(SHIFTS, body(&crew, "2026-06-30")).await.refused(409, "ShiftConflict");
    crew.mia.patch(&format!("{LEAVE}/{leave}"), json!({"status": "cancelled"})).await.ok();
    assert_eq!(open(&crew.acme.owner, KIND).await, Vec::<Json>::new(), "the manager's alone");
}

fn body(crew: &Crew, date: &str) -> Json {
    json!({"shiftDate": date, "startTime": "08:00", "endTime": "16:00", "assignedUserIds": [crew.ann.text()]})
}

async fn it_is_over_with_the_shifts(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    clash(&crew, "2026-06-10").await;
    until(&crew.mia, KIND, 1).await;
    app.sweep_at(at("2026-06-10T15:59:59Z")).await;
    assert_eq!(open(&crew.mia, KIND).await.len(), 1);
    app.sweep_at(at("2026-06-10T16:00:00Z")).await;
    assert_eq!(open(&crew.mia, KIND).await.len(), 0, "one of the two is over");
}

async fn resolved_it_is_not_told_again(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let Clash { own, member, .. } = clash(&crew, "2026-06-10").await;
    resolve(&crew.mia, &until(&crew.mia, KIND, 1).await[0]).await;
    crew.acme.owner.patch(&format!("{SHIFTS}/{own}"), json!({"location": "Ward 3"})).await.ok();
    // Whoever leaves and joins again makes a new cause.
    crew.acme.owner.delete(&format!("{MEMBERS}/{member}")).await.ok();
    assert_eq!(ever(&crew.mia, KIND).await, 1);
    clash(&crew, "2026-06-11").await;
    until(&crew.mia, KIND, 1).await;
    assert_eq!(ever(&crew.mia, KIND).await, 2);
}

async fn a_day_ahead_it_is_critical(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    clash(&crew, "2026-06-01").await;
    assert_eq!(until(&crew.mia, KIND, 1).await[0]["severity"], "critical");
}
