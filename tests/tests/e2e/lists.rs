//! The grammar of lists, and the shape of every answer.

use serde_json::{Value as Json, json};
use workforceos_tests::{Company, Db, TestApp, encoded, on_both_databases};

use crate::paths::{CHECK_IN, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    pages_and_orders,
    filters_mean_what_they_say,
    nothing_wrong_is_ignored,
    text_filters_find_what_they_contain,
    answers_have_an_envelope,
    failures_have_one_shape,
    joins_and_fields,
);

const GROUPS: &str = "/auth-api/v1/usergroups";

/// Ten shifts on ten days from 2026-06-08, a Monday.
async fn planned(app: &TestApp) -> (Company, Vec<String>) {
    let acme = app.company("acme", "America/New_York").await;
    let mut ids = Vec::new();
    for i in 0..10 {
        ids.push(acme.shift(&format!("2026-06-{:02}", 8 + i), &format!("{:02}:00-20:00", 18 - i), &[]).await);
    }
    (acme, ids)
}

fn ids(list: &Json) -> Vec<String> {
    list["shifts"].as_array().unwrap_or_else(|| panic!("shifts in {list}")).iter().map(|s| text(s, "id")).collect()
}

async fn pages_and_orders(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, planned) = planned(&app).await;
    let list = async |query: &str| acme.owner.get(&format!("{SHIFTS}?{query}")).await.ok();
    assert_eq!(ids(&list("").await), planned, "by date, then start");
    let mut walked = Vec::new();
    for page in 1..=4 {
        let body = list(&format!("pageRowCount=3&pageNumber={page}")).await;
        assert_eq!(body["paging"], json!({"pageNumber": page, "pageRowCount": 3, "totalRowCount": 10, "pageCount": 4}));
        assert_eq!(body["rowCount"], if page == 4 { 1 } else { 3 });
        walked.extend(ids(&body));
    }
    assert_eq!(walked, planned);
    let beyond = list("pageRowCount=3&pageNumber=5").await;
    assert_eq!((&beyond["rowCount"], &beyond["paging"]["totalRowCount"]), (&json!(0), &json!(10)));
    let reversed: Vec<String> = planned.iter().rev().cloned().collect();
    assert_eq!(ids(&list("sortBy=-shiftDate").await), reversed);
    assert_eq!(ids(&list("sortBy=startTime").await), reversed);
    // Ties are in the order of ids, so that pages neither repeat nor leave out.
    let mut by_id = planned.clone();
    by_id.sort();
    assert_eq!(ids(&list("sortBy=endTime,status").await), by_id);
    assert_eq!(list("pageRowCount=500").await["rowCount"], 10);
}

async fn filters_mean_what_they_say(db: Db) {
    let app = TestApp::start(db).await;
    let (mut acme, planned) = planned(&app).await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    for (shift, people) in [(0, vec![ann.text()]), (1, vec![ann.text(), bob.text()]), (2, vec![bob.text()])] {
        acme.owner.patch(&format!("{SHIFTS}/{}", planned[shift]), json!({"assignedUserIds": people})).await.ok();
    }
    acme.owner.patch(&format!("{SHIFTS}/{}", planned[9]), json!({"status": "cancelled"})).await.ok();
    let (a, b) = (ann.text(), bob.text());
    // It is 02:00 on the 11th in New York.
    // What is over is completed then, and its people absent.
    app.sweep_at(workforceos_tests::time::at("2026-06-11T06:00:00Z")).await;
    acme.owner.log_in().await;
    let acme = acme;
    let found = async |query: &str| {
        let list = acme.owner.get(&format!("{SHIFTS}?{query}")).await.ok();
        ids(&list).iter().map(|id| planned.iter().position(|p| p == id).expect("planned")).collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("shiftDate=2026-06-08".to_owned(), vec![0]),
        ("shiftDate=2026-06-08&shiftDate=2026-06-10".to_owned(), vec![0, 2]),
        ("shiftDate=$gte-2026-06-15".to_owned(), vec![7, 8, 9]),
        ("shiftDate=$gt-2026-06-15".to_owned(), vec![8, 9]),
        ("shiftDate=$gte-2026-06-09&shiftDate=$lt-2026-06-11".to_owned(), vec![1, 2]),
        ("shiftDate=$lte-2026-06-08".to_owned(), vec![0]),
        ("shiftDate=$today".to_owned(), vec![3]),
        ("shiftDate=$ltoday".to_owned(), vec![3]),
        ("shiftDate=$week".to_owned(), vec![0, 1, 2, 3, 4, 5, 6]),
        ("shiftDate=$lweek".to_owned(), vec![0, 1, 2, 3, 4, 5, 6]),
        ("shiftDate=$month".to_owned(), (0..10).collect()),
        ("shiftDate=$leq-2026-06-09".to_owned(), vec![1]),
        ("shiftDate=$lin-2026-06-09,2026-06-11".to_owned(), vec![1, 3]),
        ("shiftDate=null".to_owned(), vec![]),
        ("status=CANCELLED".to_owned(), vec![9]),
        ("status=cancelled&status=scheduled".to_owned(), (3..10).collect()),
        ("status=Completed".to_owned(), vec![0, 1, 2]),
        (format!("assignedUserIds={a}"), vec![0, 1]),
        (format!("assignedUserIds={a}&assignedUserIds={b}"), vec![1]),
        (format!("assignedUserIds={a}&assignedUserIds={b}&assignedUserIds_op=overlap"), vec![0, 1, 2]),
        ("assignedUserIds=null".to_owned(), (3..10).collect()),
        ("departmentId=null&shiftDate=2026-06-08".to_owned(), vec![0]),
        (format!("assignedUserIds={b}&status=completed&shiftDate=$gt-2026-06-09"), vec![2]),
        ("unknown=1&shiftDate=2026-06-08".to_owned(), vec![0]),
    ] {
        assert_eq!(found(&query).await, expected, "{query}");
    }
    let body = acme.owner.get(&format!("{SHIFTS}?status=cancelled&shiftDate=$month")).await.ok();
    assert_eq!(
        body["filters"],
        json!([{"name": "shiftDate", "values": ["$month"]}, {"name": "status", "values": ["cancelled"]}])
    );

    // Instants: a plain day is the UTC day, a local one the company's.
    app.set("2026-06-11T13:00:00Z");
    let shift = acme.shift("2026-06-11", "08:30-09:30", &[&acme.owner]).await;
    acme.owner.post(CHECK_IN, json!({"shiftId": shift, "checkInTime": "2026-06-11T12:30:00Z"})).await.ok();
    for (query, rows) in [
        ("checkInTime=2026-06-11", 1),
        ("checkInTime=$leq-2026-06-11", 1),
        ("checkInTime=$leq-2026-06-10", 0),
        ("checkInTime=$gte-2026-06-11T12:30:00Z", 1),
        ("checkInTime=$gt-2026-06-11T12:30:00Z", 0),
        ("checkInTime=$gt-2026-06-10", 1),
        ("checkInTime=$lt-2026-06-11T14:30:00%2B02:00", 0),
        ("checkInTime=$lte-2026-06-11T14:30:00%2B02:00", 1),
        ("checkInTime=null", 4),
    ] {
        assert_eq!(acme.owner.get(&format!("{RECORDS}?{query}")).await.ok()["rowCount"], rows, "{query}");
    }
}

async fn nothing_wrong_is_ignored(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    for (query, fields) in [
        ("pageNumber=0", vec!["pageNumber"]),
        ("pageNumber=x", vec!["pageNumber"]),
        ("pageRowCount=501", vec!["pageRowCount"]),
        ("pageRowCount=0", vec!["pageRowCount"]),
        ("pageRowCount=-1", vec!["pageRowCount"]),
        ("sortBy=password", vec!["sortBy"]),
        ("sortBy=shiftDate;drop", vec!["sortBy"]),
        ("sortBy=assignedUserIds", vec!["sortBy"]),
        ("fields=nothing", vec!["fields"]),
        ("getJoins=maybe", vec!["getJoins"]),
        ("shiftDate=someday", vec!["shiftDate"]),
        ("shiftDate=$gte-", vec!["shiftDate"]),
        ("shiftDate=$lin-2026-01-01,x", vec!["shiftDate"]),
        ("status=planned", vec!["status"]),
        ("departmentId=x", vec!["departmentId"]),
        ("assignedUserIds=x", vec!["assignedUserIds"]),
        ("assignedUserIds=null&assignedUserIds_op=any", vec!["assignedUserIds_op"]),
        ("pageNumber=0&pageRowCount=0&sortBy=x&shiftDate=x", vec!["pageNumber", "pageRowCount", "sortBy", "shiftDate"]),
    ] {
        assert_eq!(acme.owner.get(&format!("{SHIFTS}?{query}")).await.bad_fields(), fields, "{query}");
    }
    for query in ["sortBy=password", "fields=password", "sortBy=-PASSWORD"] {
        assert_eq!(acme.owner.get(&format!("/auth-api/v1/users?{query}")).await.bad_fields().len(), 1, "{query}");
    }
}

async fn text_filters_find_what_they_contain(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let names = [
        "Kitchen",
        "kitchen 2",
        "100%",
        "1000",
        "a_b",
        "axb",
        "back\\slash",
        "it's",
        "double \"quotes\"",
        "Übung",
        "übung zwei",
        "ΑΘΗΝΑ",
        "αθηνα",
        "café",
        "CAFÉ",
        "[a-z]+",
        "(a|b)",
        "semi;colon",
        "-- comment",
        "$1",
        "?",
        "東京",
        "null",
        "Null and void",
    ];
    for name in names {
        acme.owner.post(GROUPS, json!({"groupName": name})).await.ok();
    }
    let fold = |text: &str| text.to_lowercase();
    for wanted in [
        "kitchen",
        "KITCHEN",
        "%",
        "_",
        "a_b",
        "\\",
        "'",
        "\"",
        "übung",
        "ÜBUNG",
        "αθήνα",
        "ΑΘΗΝΑ",
        "é",
        "É",
        "[a-z]",
        "(a|b)",
        ";",
        "--",
        "$1",
        "?",
        "京",
        "' OR '1'='1",
        "%' OR 1=1 --",
        ".*",
        "null and",
        "zzz",
    ] {
        let mut expected: Vec<&str> = names.into_iter().filter(|n| fold(n).contains(&fold(wanted))).collect();
        expected.sort_unstable();
        let body = acme.owner.get(&format!("{GROUPS}?groupName={}", encoded(wanted))).await.ok();
        let mut found: Vec<String> = body["userGroups"]
            .as_array()
            .unwrap_or_else(|| panic!("{wanted}: {body}"))
            .iter()
            .map(|g| text(g, "groupName"))
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{wanted}");
    }
    let several = acme.owner.get(&format!("{GROUPS}?groupName=1000&groupName=kitchen%202")).await.ok();
    assert_eq!(several["rowCount"], 2);
}

async fn answers_have_an_envelope(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let request = acme.owner.request(reqwest::Method::POST, SHIFTS).header("x-request-id", "trace-7");
    let sent = json!({"shiftDate": "2026-06-10", "startTime": "09:00", "endTime": "17:00", "assignedUserIds": [ann.text()]});
    let response = request.json(&sent).send().await.expect("an answer");
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["x-request-id"], "trace-7");
    let body: Json = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
    for (name, value) in [
        ("status", json!("OK")),
        ("statusCode", json!(201)),
        ("source", json!("actor")),
        ("cacheKey", Json::Null),
        ("userId", json!(acme.owner.text())),
        ("requestId", json!("trace-7")),
        ("dataName", json!("shift")),
        ("method", json!("POST")),
        ("action", json!("create")),
        ("rowCount", json!(1)),
    ] {
        assert_eq!(body[name], value, "{name}");
    }
    assert!(
        body["elapsedMs"].is_u64() && body["ssoTime"].is_u64() && body["appVersion"].is_string() && body["sessionId"].is_string()
    );
    assert!(body.get("paging").is_none() && body.get("filters").is_none());
    let shift = &body["shift"];
    for (name, value) in [
        ("isActive", json!(true)),
        ("recordVersion", json!(1)),
        ("createdAt", json!("2026-06-01T06:00:00.000Z")),
        ("_owner", json!(acme.owner.text())),
        ("status", json!("scheduled")),
        ("status_idx", json!(0)),
        ("shiftDate", json!("2026-06-10")),
        ("startsAt", json!("2026-06-10T09:00:00.000Z")),
        ("location", Json::Null),
        ("shiftTemplateId", Json::Null),
        ("companyId", json!(acme.id.to_string())),
    ] {
        assert_eq!(shift[name], value, "{name}");
    }
    let list = acme.owner.get(SHIFTS).await.ok();
    assert_eq!((&list["dataName"], &list["action"], &list["method"]), (&json!("shifts"), &json!("list"), &json!("GET")));
    assert_eq!((&list["filters"], &list["uiPermissions"]), (&json!([]), &json!([])));
    assert!(list["requestId"].as_str().is_some_and(|id| id != "trace-7"));
    // Paths in whatever case, the camel-case prefix too.
    let path = format!("/scheduleManagement-api/V1/Shifts/{}", text(shift, "id"));
    assert_eq!(ann.get(&path).await.ok()["shift"]["id"], shift["id"]);
}

async fn failures_have_one_shape(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let missing = acme.owner.get(&format!("{SHIFTS}/01890a5d-ac96-774b-bcce-b302099a8057")).await.refused(404, "ShiftNotFound");
    assert_eq!((&missing["result"], &missing["status"]), (&json!("ERR"), &json!(404)));
    assert!(missing["message"].is_string() && missing["date"] == "2026-06-01T06:00:00.000Z");
    let nothing = acme.owner.get("/schedulemanagement-api/v1/nothing").await;
    assert_eq!((nothing.status, &nothing.body["result"]), (404, &json!("ERR")));
    assert_eq!(acme.owner.post("/auth-api/v1/companies", json!({})).await.status, 405);
    acme.owner.claiming("nowhere").get(SHIFTS).await.refused(404, "CompanyNotFound");
    let other = app.company("other", "UTC").await;
    acme.owner.claiming("other").get(SHIFTS).await.refused(403, "TenantMismatch");
    assert_eq!(other.owner.get(SHIFTS).await.ok()["rowCount"], 0);
    let request =
        |kind: &str, body: String| acme.owner.request(reqwest::Method::POST, SHIFTS).header("content-type", kind).body(body);
    for (kind, body, status, code) in [
        ("application/json", "{".to_owned(), 400, "ValidationFailed"),
        ("application/json", "[]".to_owned(), 400, "ValidationFailed"),
        ("text/plain", "x".to_owned(), 415, "UnsupportedMediaType"),
        ("application/json", format!("{{\"location\":\"{}\"}}", "x".repeat(2 << 20)), 413, "PayloadTooLarge"),
    ] {
        let response = request(kind, body).send().await.expect("an answer");
        let (told, body) = (response.status().as_u16(), response.text().await.expect("a body"));
        let body: Json = serde_json::from_str(&body).expect("JSON");
        assert_eq!(told, status, "{kind}: {body}");
        if status != 400 {
            assert_eq!(body["errCode"], code);
        }
    }
}

async fn joins_and_fields(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann]).await;
    let sent = json!({"shiftDate": "2026-06-10", "startTime": "09:00", "endTime": "17:00",
        "assignedUserIds": [bob.text(), ann.text()], "departmentId": crew.to_string()});
    let id = text(&acme.owner.post(SHIFTS, sent).await.ok()["shift"], "id");
    for shift in [
        acme.owner.get(&format!("{SHIFTS}/{id}")).await.ok()["shift"].clone(),
        acme.owner.get(SHIFTS).await.ok()["shifts"][0].clone(),
    ] {
        let joined: Vec<&Json> = shift["assignedUsers"].as_array().expect("people").iter().map(|u| &u["id"]).collect();
        assert_eq!(joined, [&json!(bob.text()), &json!(ann.text())], "in the order of the ids");
        assert_eq!(shift["assignedUsers"][0]["fullname"], "bob");
        assert!(shift["assignedUsers"][0].get("password").is_none());
        assert_eq!((&shift["department"]["id"], &shift["department"]["groupName"]), (&json!(crew.to_string()), &json!("crew")));
        assert_eq!(shift["assignedDepartments"], json!([]));
        assert_eq!(shift["createdByUser"]["id"], acme.owner.text());
    }
    let bare = acme.owner.get(&format!("{SHIFTS}/{id}?getJoins=false")).await.ok()["shift"].clone();
    assert!(bare.get("assignedUsers").is_none() && bare.get("department").is_none());
    let few = acme.owner.get(&format!("{SHIFTS}?fields=shiftDate,status&getJoins=false")).await.ok()["shifts"][0].clone();
    let mut names: Vec<&String> = few.as_object().expect("an object").keys().collect();
    names.sort();
    assert_eq!(names, ["id", "shiftDate", "status", "status_idx"]);
}
