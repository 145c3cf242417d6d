//! Who reads and writes which fields of a profile, and one active profile per user.

use serde_json::{Value as Json, json};
use workforceos_core::object::DataObject;
use workforceos_core::objects::EmployeeProfile;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{NOTES, SALARY, Team, hired};
use crate::paths::PROFILES;
use crate::text;

on_both_databases!(
    everybody_reads_what_they_may,
    secrets_reach_no_model_and_no_journal,
    streams_show_each_what_they_may_read,
    admins_write_all_managers_notes_employees_nothing,
    what_a_profile_names_is_checked,
    a_user_has_one_active_profile,
    of_profiles_made_at_once_one_is_kept,
    the_main_department_makes_a_member,
    a_deleted_profile_is_gone_softly,
);

fn rows(body: &Json) -> Vec<Json> {
    body["employeeProfiles"].as_array().expect("profiles").clone()
}

async fn everybody_reads_what_they_may(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "Europe/Berlin").await;
    let other = Team::make(&app, "other", "UTC").await;
    let path = team.path();
    for (who, name) in [(&team.company.owner, "the owner"), (&team.eve, "an admin"), (&team.mia, "the manager")] {
        let seen = who.get(&path).await.ok()["employeeProfile"].clone();
        assert_eq!((&seen["salary"], &seen["notes"]), (&json!(SALARY), &json!(NOTES)), "{name}");
        assert_eq!((&seen["contractType"], &seen["contractType_idx"]), (&json!("permanent"), &json!(0)), "{name}");
        assert_eq!(seen["employmentStartDate"], "2020-03-01", "{name}");
        assert_eq!((&seen["user"]["fullname"], &seen["manager"]["fullname"]), (&json!("ann"), &json!("mia")), "{name}");
        let listed = rows(&who.get(&format!("{PROFILES}?userId={}", team.ann.text())).await.ok());
        assert_eq!(listed, [seen], "{name}");
    }
    let own = team.ann.get(&path).await.ok()["employeeProfile"].clone();
    let listed = rows(&team.ann.get(PROFILES).await.ok());
    assert_eq!(listed, std::slice::from_ref(&own));
    assert_eq!(own["position"], "Nurse");
    assert!(own.get("salary").is_none() && own.get("notes").is_none(), "{own}");
    // Neither by naming them nor by ordering and filtering.
    for hidden in ["salary", "notes"] {
        assert_eq!(team.ann.get(&format!("{path}?fields={hidden}")).await.bad_fields(), ["fields"]);
        assert_eq!(team.ann.get(&format!("{PROFILES}?sortBy={hidden}")).await.bad_fields(), ["sortBy"]);
        assert_eq!(rows(&team.ann.get(&format!("{PROFILES}?{hidden}=1")).await.ok()).len(), 1, "no filter at all");
    }
    assert_eq!(team.eve.get(&format!("{PROFILES}?sortBy=notes")).await.bad_fields(), ["sortBy"]);
    // Somebody else's, and another company's, is not there.
    team.bob.get(&path).await.refused(404, "EmployeeProfileNotFound");
    assert_eq!(rows(&team.bob.get(PROFILES).await.ok()), Vec::<Json>::new());
    for who in [&other.company.owner, &other.mia] {
        who.get(&path).await.refused(404, "EmployeeProfileNotFound");
        who.patch(&path, json!({"notes": "x"})).await.refused(404, "EmployeeProfileNotFound");
    }
    // A manager's own profile is the one of an employee.
    let body = hired(&team.mia, json!({"salary": SALARY, "notes": NOTES}));
    let mias = text(&team.eve.post(PROFILES, body).await.ok()["employeeProfile"], "id");
    let own = team.mia.get(&format!("{PROFILES}/{mias}")).await.ok()["employeeProfile"].clone();
    assert!(own.get("salary").is_none() && own.get("notes").is_none(), "{own}");
    for row in rows(&team.mia.get(PROFILES).await.ok()) {
        assert_eq!(row.get("salary").is_some(), row["userId"] == team.ann.text(), "{row}");
    }
}

async fn secrets_reach_no_model_and_no_journal(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    team.eve.patch(&team.path(), json!({"notes": format!("{NOTES} again")})).await.ok();
    let id = json!({"employeeProfileId": team.profile});
    for (who, sees_salary) in [(&team.eve, true), (&team.mia, true), (&team.ann, false)] {
        for (tool, args) in [("getEmployeeProfile", id.clone()), ("listEmployeeProfiles", json!({}))] {
            let told = who.tool(tool, args).await;
            assert_eq!(told.status, 200, "{}", told.text);
            assert!(!told.text.contains(NOTES), "{tool}: {}", told.text);
            assert_eq!(told.text.contains("4321.5"), sees_salary, "{tool}: {}", told.text);
            assert_eq!(told.text.contains("***"), sees_salary, "{tool}: {}", told.text);
        }
    }
    // A mask written back changes nothing.
    let args = json!({"employeeProfileId": team.profile, "notes": "***", "position": "Head nurse"});
    let told = team.eve.tool("updateEmployeeProfile", args).await;
    assert!(told.status == 200 && !told.text.contains(NOTES), "{}", told.text);
    let kept = team.eve.get(&team.path()).await.ok()["employeeProfile"].clone();
    assert_eq!((&kept["notes"], &kept["position"]), (&json!(format!("{NOTES} again")), &json!("Head nurse")));
    // What is audited and streamed knows that there are notes, and not which.
    let journal = app.services().store.journal(team.company.id, 0, 1_000).await.expect("the journal");
    let about: Vec<_> = journal.iter().filter(|entry| &*entry.object == "employeeProfile").collect();
    assert_eq!(about.len(), 3);
    assert!(about.iter().all(|entry| entry.after.contains("\"notes\":\"***\"") && !entry.after.contains(NOTES)));
}

async fn streams_show_each_what_they_may_read(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let mut lives = Vec::new();
    for who in [&team.eve, &team.mia, &team.ann, &team.bob] {
        let mut live = who.stream("people").await;
        live.snapshot().await;
        lives.push(live);
    }
    team.eve.patch(&team.path(), json!({"position": "Head nurse"})).await.ok();
    team.eve.delete(&team.path()).await.ok();
    let bobs = text(&team.eve.post(PROFILES, hired(&team.bob, json!({"notes": NOTES}))).await.ok()["employeeProfile"], "id");
    for (i, live) in lives.iter_mut().enumerate() {
        // Bob sees his own alone; the manager and Ann do not see Bob's.
        if i == 3 {
            let event = live.told().await;
            assert_eq!((event.kind(), event.object_id()), ("profile.created", bobs.as_str()));
            assert!(event.data["object"].get("notes").is_none());
            continue;
        }
        for kind in ["profile.updated", "profile.deleted"] {
            let event = live.told().await;
            let object = &event.data["object"];
            assert_eq!((event.kind(), event.object_id()), (kind, team.profile.as_str()));
            assert_eq!(object["position"], "Head nurse");
            match i {
                2 => assert!(object.get("salary").is_none() && object.get("notes").is_none(), "{object}"),
                _ => assert_eq!((&object["salary"], &object["notes"]), (&json!(SALARY), &json!("***"))),
            }
        }
    }
    // The manager of nobody any more begins anew.
    lives[1].begins_anew().await;
    let mias = text(&team.eve.post(PROFILES, hired(&team.mia, json!({}))).await.ok()["employeeProfile"], "id");
    let anns = text(&team.eve.post(PROFILES, hired(&team.ann, json!({}))).await.ok()["employeeProfile"], "id");
    lives[1].next_is(mias).await;
    lives[2].next_is(anns).await;
}

async fn admins_write_all_managers_notes_employees_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let path = team.path();
    let all = json!({"employmentStartDate": "2021-01-01T08:00:00Z", "position": " Head nurse ", "contractType": "contract",
        "salary": 5000, "departmentId": null, "managerId": null, "notes": "moved"});
    let changed = team.eve.patch(&path, all.clone()).await.ok()["employeeProfile"].clone();
    let told = (&changed["employmentStartDate"], &changed["position"], &changed["salary"], &changed["managerId"]);
    assert_eq!(told, (&json!("2021-01-01"), &json!("Head nurse"), &json!(5000), &json!(null)));
    // Mia manages her no more, and then again.
    team.mia.patch(&path, json!({"notes": "x"})).await.refused(404, "EmployeeProfileNotFound");
    team.eve.patch(&path, json!({"managerId": team.mia.text()})).await.ok();
    let noted = team.mia.patch(&path, json!({"notes": "calm under pressure"})).await.ok();
    assert_eq!(noted["employeeProfile"]["notes"], "calm under pressure");
    let named = |body: Json| body["detail"].as_array().expect("fields").iter().map(|f| text(f, "field")).collect::<Vec<_>>();
    let fields = ["employmentStartDate", "position", "contractType", "salary", "departmentId", "managerId"];
    assert_eq!(named(team.mia.patch(&path, all.clone()).await.refused(403, "Forbidden")), fields);
    let own = named(team.ann.patch(&path, all.clone()).await.refused(403, "Forbidden"));
    assert_eq!((&own[..6], own[6].as_str()), (&fields.map(str::to_owned)[..], "notes"));
    team.ann.patch(&path, json!({})).await.refused(403, "Forbidden");
    team.bob.patch(&path, all).await.refused(404, "EmployeeProfileNotFound");
    let still = team.eve.get(&path).await.ok()["employeeProfile"].clone();
    assert_eq!((&still["position"], &still["notes"]), (&json!("Head nurse"), &json!("calm under pressure")));
    // A manager's own profile is written by admins alone.
    let mias = text(&team.eve.post(PROFILES, hired(&team.mia, json!({}))).await.ok()["employeeProfile"], "id");
    let told = team.mia.patch(&format!("{PROFILES}/{mias}"), json!({"notes": "the best"})).await;
    assert_eq!(named(told.refused(403, "Forbidden")), ["notes"]);
    for who in [&team.mia, &team.ann] {
        who.post(PROFILES, hired(&team.bob, json!({}))).await.refused(403, "Forbidden");
        who.delete(&path).await.refused(403, "Forbidden");
    }
    // Before and after are in the journal.
    let journal = app.services().store.journal(team.company.id, 0, 1_000).await.expect("the journal");
    let actors: Vec<_> = journal.iter().filter(|e| e.kind.as_deref() == Some("profile.updated")).map(|e| e.actor).collect();
    assert_eq!(actors, [Some(team.eve.id), Some(team.eve.id), Some(team.mia.id)]);
}

async fn what_a_profile_names_is_checked(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let other = Team::make(&app, "other", "UTC").await;
    let gone = team.company.employee("gone").await;
    gone.delete("/auth-api/v1/profile").await.ok();
    let nothing = "00000000-0000-7000-8000-000000000000";
    for user in [nothing, &other.bob.text(), &gone.text()] {
        let mut body = hired(&team.bob, json!({}));
        body["userId"] = json!(user);
        assert_eq!(team.eve.post(PROFILES, body).await.bad_fields(), ["userId"], "{user}");
    }
    for manager in [nothing, &other.bob.text(), &gone.text(), &team.bob.text()] {
        let told = team.eve.post(PROFILES, hired(&team.bob, json!({"managerId": manager}))).await;
        assert_eq!(told.bad_fields(), ["managerId"], "{manager}");
    }
    let foreign = other.company.department("crew", &[]).await.to_string();
    let bad = json!({"managerId": nothing, "departmentId": foreign, "salary": -1, "position": "x"});
    let told = team.eve.post(PROFILES, hired(&team.bob, bad.clone())).await.bad_fields();
    assert_eq!(told, ["salary", "departmentId", "managerId"]);
    let mut told = team.eve.patch(&team.path(), bad).await.bad_fields();
    told.sort();
    assert_eq!(told, ["departmentId", "managerId", "salary"]);
    assert_eq!(team.eve.patch(&team.path(), json!({"position": "  "})).await.bad_fields(), ["position"]);
    assert_eq!(team.eve.patch(&team.path(), json!({"managerId": team.ann.text()})).await.bad_fields(), ["managerId"]);

    // Nobody comes to manage themselves through others: ann by mia, mia by bob, bob by ann.
    let mias = hired(&team.mia, json!({"managerId": team.bob.text()}));
    team.eve.post(PROFILES, mias).await.ok();
    let refused = team.eve.post(PROFILES, hired(&team.bob, json!({"managerId": team.ann.text()}))).await;
    let body = refused.refused(400, "ValidationFailed");
    let (problem, found) = (text(&body["detail"][0], "problem"), [&team.ann, &team.mia, &team.bob].map(|p| p.text()));
    assert_eq!(body["detail"][0]["field"], "managerId");
    assert!(found.iter().all(|id| problem.contains(id)), "{problem}");
    // As a change, too; and the way out of it.
    let bobs = text(&team.eve.post(PROFILES, hired(&team.bob, json!({}))).await.ok()["employeeProfile"], "id");
    let bobs = format!("{PROFILES}/{bobs}");
    assert_eq!(team.eve.patch(&bobs, json!({"managerId": team.mia.text()})).await.bad_fields(), ["managerId"]);
    team.eve.patch(&team.path(), json!({"managerId": null})).await.ok();
    team.eve.patch(&bobs, json!({"managerId": team.ann.text()})).await.ok();
}

async fn a_user_has_one_active_profile(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let told = team.eve.post(PROFILES, hired(&team.ann, json!({}))).await.refused(409, "AlreadyExists");
    assert_eq!(told["detail"]["employeeProfileId"], team.profile.as_str());
    team.eve.delete(&team.path()).await.ok();
    let next = team.eve.post(PROFILES, hired(&team.ann, json!({}))).await.ok();
    assert_ne!(next["employeeProfile"]["id"], team.profile.as_str());
}

async fn of_profiles_made_at_once_one_is_kept(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let makes = (0..24).map(|i| {
        let (eve, body) = (team.eve.client.clone(), hired(&team.bob, json!({"position": format!("Nurse {i}")})));
        async move { eve.post(PROFILES, body).await }
    });
    let told = futures_util::future::join_all(makes).await;
    assert_eq!(told.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in told.into_iter().filter(|reply| reply.status != 201) {
        reply.refused(409, "AlreadyExists");
    }
    let kept = rows(&team.eve.get(&format!("{PROFILES}?userId={}", team.bob.text())).await.ok());
    assert_eq!(kept.len(), 1);
    // Of two who would manage each other, one is.
    let (ann, bob) = (team.path(), format!("{PROFILES}/{}", text(&kept[0], "id")));
    let (a, b) = tokio::join!(
        team.eve.patch(&ann, json!({"managerId": team.bob.text()})),
        team.company.owner.patch(&bob, json!({"managerId": team.ann.text()})),
    );
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{} {}", a.text, b.text);
}

async fn the_main_department_makes_a_member(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let (crew, desk) = (team.company.department("crew", &[]).await, team.company.department("desk", &[]).await);
    let members = async |group: &str| {
        let told = team.eve.get(&format!("/auth-api/v1/listusergroupmembers/{group}")).await.ok();
        told["userGroupMembers"].as_array().expect("members").iter().map(|m| text(m, "userId")).collect::<Vec<_>>()
    };
    let (crew, desk) = (crew.to_string(), desk.to_string());
    let body = hired(&team.bob, json!({"departmentId": crew}));
    let made = team.eve.post(PROFILES, body).await.ok()["employeeProfile"].clone();
    let bobs = format!("{PROFILES}/{}", text(&made, "id"));
    assert_eq!(members(&crew).await, [team.bob.text()]);
    let joined = team.eve.get(&bobs).await.ok();
    assert_eq!(joined["employeeProfile"]["department"]["groupName"], "crew");
    // Again: a pair stands once. Another one: both stay.
    team.eve.patch(&bobs, json!({"departmentId": crew})).await.ok();
    team.eve.patch(&bobs, json!({"departmentId": desk})).await.ok();
    team.eve.patch(&bobs, json!({"departmentId": null})).await.ok();
    assert_eq!((members(&crew).await, members(&desk).await), (vec![team.bob.text()], vec![team.bob.text()]));
}

async fn a_deleted_profile_is_gone_softly(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let document = team.document("permit", None).await;
    let gone = team.eve.delete(&team.path()).await.ok()["employeeProfile"].clone();
    assert_eq!((&gone["isActive"], &gone["recordVersion"]), (&json!(false), &json!(2)));
    for who in [&team.eve, &team.mia, &team.ann] {
        who.get(&team.path()).await.refused(404, "EmployeeProfileNotFound");
        who.get(&format!("{}/{document}", crate::paths::DOCUMENTS)).await.refused(404, "EmployeeDocumentNotFound");
    }
    team.eve.delete(&team.path()).await.refused(404, "EmployeeProfileNotFound");
    team.eve.patch(&team.path(), json!({"notes": "x"})).await.refused(404, "EmployeeProfileNotFound");
    let kept = app.services().store.owned(EmployeeProfile::def(), team.company.id, team.ann.id).await.expect("reads");
    assert_eq!(kept.len(), 1, "the row stays");
}
