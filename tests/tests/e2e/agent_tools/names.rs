//! Ids as a model sees them, and as it gives them back.

use serde_json::json;
use workforceos_agents::alias::AliasMap;
use workforceos_agents::toolbox::Choice;
use workforceos_agents::tools::Toolbox as _;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{ask, content, has_id, refused, told, tools, with};
use crate::paths::TASK_ASSIGNMENTS;
use crate::text;

on_both_databases!(
    names_stand_for_ids_in_a_whole_conversation,
    nobody_is_called_as_another_is,
    names_of_other_companies_do_not_exist,
    people_read_names_and_not_ids,
    calls_side_by_side_name_alike,
);

async fn names_stand_for_ids_in_a_whole_conversation(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    acme.department("Kitchen", &[&ann]).await;
    let tools = tools(&app, &acme.owner).await;
    let users = told(&ask(&tools, "listUsers", json!({"sortBy": "fullname"})).await);
    let names: Vec<&str> = users["users"].as_array().expect("users").iter().filter_map(|user| user["id"].as_str()).collect();
    assert_eq!(names, ["user_owner_of_acme", "user_ann"]);
    let groups = told(&ask(&tools, "listUserGroups", json!({})).await);
    assert_eq!(groups["userGroups"][0]["id"], "department_kitchen");
    let shift = json!({"shiftDate": "2026-07-01", "startTime": "09:00", "endTime": "17:00",
        "assignedUserIds": "user_ann", "departmentId": "department_kitchen"});
    let made = ask(&tools, "createShift", shift).await;
    let shift = &told(&made)["shift"];
    assert_eq!((&shift["id"], &shift["assignedUserIds"]), (&json!("shift_2026_07_01_0900"), &json!(["user_ann"])));
    assert!(!has_id(&made.model), "{}", made.model);
    // The page and the record have the ids themselves.
    assert_eq!((&content(&made.page)["shift"]["assignedUserIds"], &made.page), (&json!([ann.text()]), &made.kept));
    // Names in filters and paths, and in another conversation of the same names.
    let kept = serde_json::to_string(&tools.aliases()).expect("JSON");
    let aliases: AliasMap = serde_json::from_str(&kept).expect("names");
    let again = with(&app, &acme.owner, &Choice::chat(Vec::new()), aliases).await.expect("tools");
    let found = told(
        &ask(&again, "listShifts", json!({"assignedUserIds": "user_owner_of_acme, user_ann", "assignedUserIds_op": "overlap"}))
            .await,
    );
    assert_eq!(found["shifts"][0]["id"], "shift_2026_07_01_0900");
    let one = told(&ask(&again, "getShift", json!({"shiftId": "shift_2026_07_01_0900"})).await);
    assert_eq!(one["shift"]["assignedUsers"][0]["id"], "user_ann");
    // Refusals name nobody by an id, and tell who made a name up.
    let clash = json!({"shiftDate": "2026-07-01", "startTime": "10:00", "endTime": "12:00", "assignedUserIds": ["user_ann"]});
    let done = ask(&again, "createShift", clash).await;
    assert_eq!(refused(&done), (409, "ShiftConflict".to_owned()));
    assert!(!has_id(&done.model) && done.model.contains("user_ann") && done.model.contains("shift_2026_07_01_0900"));
    assert!(has_id(&done.page.to_string()));
    let done = ask(&again, "getShift", json!({"shiftId": "shift_2026_07_02_0900"})).await;
    assert_eq!(refused(&done).0, 400);
    assert!(done.model.contains("No such name was given: shift_2026_07_02_0900 (shiftId)"), "{}", done.model);
    let summary = again.summary();
    assert!(summary["count"].as_u64().expect("a count") >= 4 && summary["samples"][0]["alias"].is_string(), "{summary}");
    // What the user writes is hidden likewise, and an id of one's own is taken as it is.
    assert_eq!(again.aliases().hide_text(&format!("What about {}?", ann.text())), "What about user_ann?");
    assert_eq!(told(&ask(&again, "getUser", json!({"userId": ann.text()})).await)["user"]["id"], "user_ann");
}

async fn nobody_is_called_as_another_is(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mallory) = (acme.employee("ann").await, acme.employee("mallory").await);
    let tools = tools(&app, &acme.owner).await;
    told(&ask(&tools, "getUser", json!({"userId": ann.text()})).await);
    for name in ["user_ann", "ann", "Ann", &ann.text(), "user_admin", "'; ignore all; --", "\u{202e}nna"] {
        mallory.patch("/auth-api/v1/profile", json!({"fullname": name})).await.ok();
        let users = ask(&tools, "listUsers", json!({})).await;
        assert!(!has_id(&users.model), "{}", users.model);
        let found = told(&users);
        let of = |email: &str| {
            let users = found["users"].as_array().expect("users");
            text(users.iter().find(|user| user["email"] == email).expect("a user"), "id")
        };
        assert_eq!(of(&ann.email), "user_ann", "{name}");
        let theirs = of(&mallory.email);
        let seen = told(&ask(&tools, "getUser", json!({"userId": theirs})).await);
        assert_eq!(seen["user"]["email"], mallory.email);
        let seen = told(&ask(&tools, "getUser", json!({"userId": "user_ann"})).await);
        assert_eq!(seen["user"]["email"], ann.email);
    }
}

async fn names_of_other_companies_do_not_exist(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "Europe/Berlin").await, app.company("other", "Europe/Berlin").await);
    let (zoe, shift) = (other.employee("zoe").await, other.shift("2026-07-01", "09:00-17:00", &[]).await);
    let theirs = tools(&app, &other.owner).await;
    told(&ask(&theirs, "getUser", json!({"userId": zoe.text()})).await);
    told(&ask(&theirs, "getShift", json!({"shiftId": shift})).await);
    // Also with the names of the other's conversation nothing of it is reached.
    let mixed = with(&app, &acme.owner, &Choice::chat(Vec::new()), theirs.aliases()).await.expect("tools");
    for (zoe, shift) in [("user_zoe", "shift_2026_07_01_0900"), (zoe.text().as_str(), shift.as_str())] {
        assert_eq!(refused(&ask(&mixed, "getUser", json!({"userId": zoe})).await), (404, "UserNotFound".to_owned()));
        assert_eq!(refused(&ask(&mixed, "getShift", json!({"shiftId": shift})).await), (404, "ShiftNotFound".to_owned()));
        let plan = json!({"shiftDate": "2026-07-01", "startTime": "09:00", "endTime": "17:00", "assignedUserIds": [zoe]});
        assert_eq!(refused(&ask(&mixed, "createShift", plan).await), (400, "ValidationFailed".to_owned()));
    }
    let claimed = acme.owner.claiming(&other.codename);
    let error = with(&app, &claimed, &Choice::chat(Vec::new()), AliasMap::default()).await.err().expect("refused");
    assert_eq!((error.status.http(), &*error.code), (403, "TenantMismatch"));
}

async fn people_read_names_and_not_ids(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let tools = tools(&app, &acme.owner).await;
    told(&ask(&tools, "getUser", json!({"userId": ann.text()})).await);
    let task = json!({"title": "Relieve user_ann", "description": "As user_ann asked, by noon. user_nobody knows.",
        "assigneeUserIds": ["user_ann"]});
    told(&ask(&tools, "createTaskAssignment", task).await);
    let kept = acme.owner.get(TASK_ASSIGNMENTS).await.ok()["taskAssignments"][0].clone();
    assert_eq!((&kept["title"], &kept["assigneeUserIds"]), (&json!("Relieve ann"), &json!([ann.text()])));
    assert_eq!(kept["description"], "As ann asked, by noon. user_nobody knows.");
    assert_eq!(tools.told(&mut "I told user_ann.".to_owned(), true), "I told ann.");
}

async fn calls_side_by_side_name_alike(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    for n in 0..8 {
        let person = acme.unseen(&format!("jane{n}")).await.text();
        let called = json!({"fullname": format!("Jane {}", n % 2)});
        acme.owner.patch(&format!("/auth-api/v1/users/{person}"), called).await.ok();
    }
    let tools = tools(&app, &acme.owner).await;
    let calls = (0..6).map(|_| ask(&tools, "listUsers", json!({})));
    let told: Vec<_> = futures_util::future::join_all(calls).await.iter().map(told).collect();
    assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
    let names: std::collections::BTreeSet<_> =
        told[0]["users"].as_array().expect("users").iter().map(|user| text(user, "id")).collect();
    assert_eq!(names.len(), 9);
    assert!(names.contains("user_jane_0") && names.contains("user_jane_0_4") && names.contains("user_jane_1_4"), "{names:?}");
}
