//! The contract's leave vectors, each through the whole server.

use serde_json::{Value as Json, json};
use workforceos_core::change::{Changes, Event};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{DayPart, LeaveRequest, LeaveStatus};
use workforceos_tests::time::{at, day};
use workforceos_tests::{Company, Db, Person, Setup, TestApp, on_both_databases};

use super::{POLICY, asked, balance, change, decide, employed, figures, named};
use crate::paths::{HOLIDAYS, LEAVE, SHIFTS};
use crate::text;

on_both_databases!(requests_are_answered_as_published, approval_unassigns_as_published, states_follow_as_published);

fn vectors() -> Json {
    serde_json::from_str(include_str!("../../../fixtures/leave_vectors.json")).expect("the vectors are JSON")
}

async fn requests_are_answered_as_published(db: Db) {
    let vectors = vectors();
    let mut in_order: Vec<&Json> = vectors["vectors"].as_array().expect("a list").iter().collect();
    assert!(in_order.len() >= 7);
    in_order.sort_by_key(|v| text(v, "today"));
    let first = at(&format!("{}T08:00:00Z", text(in_order[0], "today")));
    let app = TestApp::with(db, Setup { start: first, ..Setup::default() }).await;
    for vector in in_order {
        app.set(&format!("{}T08:00:00Z", text(vector, "today")));
        let company = app.company(&text(vector, "id").to_lowercase(), "UTC").await;
        let types = json!([vector["type"], {"name": "sick", "yearlyDays": null, "carryOverDays": 0}]);
        company.owner.patch(POLICY, json!({"workdays": vector["workdays"], "leaveTypes": types})).await.ok();
        for date in vector["holidays"].as_array().expect("a list") {
            company.owner.post(HOLIDAYS, json!({"name": "Holiday", "holidayDate": date})).await.ok();
        }
        let ann = company.employee("ann").await;
        employed(&company, &ann, &text(vector, "employmentStartDate")).await;
        for existing in vector["existing"].as_array().expect("a list") {
            write(&company, &ann, existing).await;
        }
        judge(vector, &ann).await;
    }
}

/// A request of old, as it stands.
async fn write(company: &Company, who: &Person, existing: &Json) {
    let leave = LeaveRequest {
        meta: company.meta(),
        user_id: who.id,
        department_id: None,
        request_date: company.meta().created_at,
        leave_type: text(existing, "type"),
        start_date: day(&text(existing, "start")),
        end_date: day(&text(existing, "end")),
        day_part: DayPart::Full,
        reason: None,
        status: LeaveStatus::parse(&text(existing, "status")).expect("a status"),
        approver_id: None,
        approved_date: None,
        decision_note: None,
        delay_alert_at: None,
        company_id: company.id,
    };
    let event = Event::audit(&company.ctx(), LeaveRequest::def().name, leave.meta.id).after(&leave);
    company.write(Changes::none().put(&leave).event(event)).await;
}

async fn judge(vector: &Json, ann: &Person) {
    let (id, request, expected) = (&vector["id"], &vector["request"], &vector["expected"]);
    let mut body = json!({"leaveType": request["type"], "startDate": request["start"], "endDate": request["end"]});
    if !request["dayPart"].is_null() {
        body["dayPart"] = request["dayPart"].clone();
    }
    let reply = ann.post(LEAVE, body).await;
    match expected["error"].as_str() {
        Some("400") => assert_eq!(reply.bad_fields(), ["dayPart"], "{id}"),
        Some(refusal) => {
            let (status, code) = refusal.split_once(' ').expect("a status and a code");
            let told = reply.refused(status.parse().expect("a status"), code);
            if !expected["shortBy"].is_null() {
                assert_eq!(told["detail"]["year"], expected["year"], "{id}");
                assert_eq!(told["detail"]["shortBy"].as_f64(), expected["shortBy"].as_f64(), "{id}");
            }
        }
        None => {
            let cost = reply.ok()["cost"].clone();
            assert_eq!(cost["days"].as_f64(), expected["days"].as_f64(), "{id}");
            let by_year = expected["byYear"].as_object().expect("by year");
            assert_eq!(cost["byYear"].as_object().map(serde_json::Map::len), Some(by_year.len()), "{id}");
            for (year, days) in by_year {
                assert_eq!(cost["byYear"][year].as_f64(), days.as_f64(), "{id}: {year}");
            }
        }
    }
    for wanted in expected["balances"].as_array().into_iter().flatten() {
        let is = balance(ann, wanted["year"].as_i64().expect("a year")).await;
        assert_eq!(is["leaveType"], vector["type"]["name"], "{id}");
        assert_eq!(figures(&is), figures(wanted), "{id}: {is}");
    }
}

async fn approval_unassigns_as_published(db: Db) {
    let app = TestApp::start(db).await;
    let vectors = vectors();
    let (vector, expected) = (&vectors["approval"], &vectors["approval"]["expected"]);
    let ward = app.company("ward", "Europe/Berlin").await;
    let (u1, u2) = (ward.employee("u1").await, ward.employee("u2").await);
    let crew = ward.department("d1", &[&u1, &u2]).await.to_string();
    let id_of = |name: &str| if name == "u1" { u1.text() } else { u2.text() };
    let mut ids: Vec<(String, String)> = Vec::new();
    for planned in vector["shifts"].as_array().expect("a list") {
        let users: Vec<String> =
            planned["assignedUserIds"].as_array().expect("users").iter().map(|u| id_of(u.as_str().expect("a name"))).collect();
        let departments = if planned["assignedDepartmentIds"].is_null() { json!([]) } else { json!([crew]) };
        let body = json!({"shiftDate": planned["shiftDate"], "startTime": planned["startTime"], "endTime": planned["endTime"],
            "assignedUserIds": users, "assignedDepartmentIds": departments});
        // The cancelled one stands where another is: it was planned, and called off.
        let shift = text(&ward.owner.post(SHIFTS, body).await.ok()["shift"], "id");
        if planned["status"] == "cancelled" {
            ward.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"status": "cancelled"})).await.ok();
        }
        ids.push((text(planned, "id"), shift));
    }
    let id = |name: &str| ids.iter().find(|(n, _)| n == name).expect("a shift").1.clone();
    let versions = |names: Vec<String>| {
        let (owner, ids) = (ward.owner.clone(), names.iter().map(|n| id(n)).collect::<Vec<_>>());
        async move {
            let mut shifts = Vec::new();
            for id in ids {
                shifts.push(owner.get(&format!("{SHIFTS}/{id}")).await.ok()["shift"].clone());
            }
            shifts
        }
    };
    let names =
        |list: &Json| list.as_array().expect("a list").iter().map(|n| n.as_str().expect("a name").to_owned()).collect::<Vec<_>>();
    let untouched = versions(names(&expected["untouched"])).await;

    let leave = asked(&u1, &text(&vector["leave"], "start"), &text(&vector["leave"], "end")).await;
    let approved = decide(&ward.owner, &leave, "approved").await.ok();
    let unassigned: Vec<String> = names(&expected["unassignedShifts"]).iter().map(|n| id(n)).collect();
    assert_eq!(approved["unassignedShiftIds"], json!(unassigned));
    assert_eq!(named(&ward, &id("s2")).await, [u2.text()]);
    assert_eq!(versions(names(&expected["untouched"])).await, untouched);
    // Through the department s3 is u2's alone.
    app.set("2026-06-16T20:00:00Z");
    let check_in = async |who: &Person| {
        let mut who = who.clone();
        who.log_in().await;
        who.post(crate::paths::CHECK_IN, json!({"shiftId": id("s3")})).await
    };
    check_in(&u1).await.refused(409, "InvalidState");
    // Cancelling gives back what comes through the department, and nothing else.
    let mut owner = ward.owner.clone();
    owner.log_in().await;
    change(&owner, &leave, json!({"status": "cancelled"})).await.ok();
    let s2 = owner.get(&format!("{SHIFTS}/{}", id("s2"))).await.ok()["shift"]["assignedUserIds"].clone();
    assert_eq!(s2, json!([u2.text()]));
    check_in(&u1).await.ok();
    check_in(&u2).await.ok();
}

async fn states_follow_as_published(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let vectors = vectors();
    for (i, transition) in vectors["transitions"].as_array().expect("a list").iter().enumerate() {
        let (from, to) = (transition[0].as_str().expect("a state"), transition[1].as_str().expect("a state"));
        let date = format!("2026-07-{:02}", i + 1);
        let id = asked(&ann, &date, &date).await;
        if from != "pending" {
            decide(&mia, &id, from).await.ok();
        }
        let before = ann.get(&format!("{LEAVE}/{id}?getJoins=false")).await.ok()["leaveRequest"].clone();
        let reply = decide(&mia, &id, to).await;
        match transition[2].as_bool() {
            Some(true) => assert_eq!(reply.ok()["leaveRequest"]["status"], to, "{transition}"),
            Some(false) => drop(reply.refused(409, "InvalidState")),
            None => {
                assert_eq!(reply.ok()["leaveRequest"]["recordVersion"], before["recordVersion"], "{transition}: nothing happens");
            }
        }
    }
}
