use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_core::time::parse_date;
use workforceos_tests::{Client, Db, TestApp, on_both_databases};

use super::{BOARD, MCP, MY_WEEK, POLICY, Session, content, names, stateless, ward, week_of};
use crate::paths::CHECK_IN;

on_both_databases!(
    resources_are_read_as_the_caller,
    a_week_is_a_persons_own,
    narrowed_connections_have_fewer_resources,
    both_eras_read_resources,
    nothing_secret_is_read,
);

fn count(json: &Json, list: &str) -> usize {
    json[list].as_array().map_or(0, Vec::len)
}

async fn resources_are_read_as_the_caller(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, mia, bob) = ward(&app).await;
    let early = ward.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    ward.shift("2026-06-01", "09:00-17:00", &[&bob]).await;
    let night = ward.shift("2026-05-31", "22:00-09:00", &[&ward.owner]).await;
    ward.shift("2026-05-31", "10:00-12:00", &[&ann]).await;
    ward.shift("2026-06-02", "08:00-16:00", &[&ann]).await;
    ann.post(CHECK_IN, json!({"shiftId": early})).await.ok();

    let (owner, employee) = (Session::open(&ward.owner).await, Session::open(&bob).await);
    let listed = employee.ok("resources/list", json!({})).await;
    assert_eq!(names(&listed["resources"]), ["board", "my-week", "policy"]);
    for resource in listed["resources"].as_array().expect("a list") {
        assert!(resource["title"].is_string() && resource["mimeType"] == "application/json", "{resource}");
        assert_eq!(resource["annotations"]["audience"], json!(["user", "assistant"]));
        assert!(resource["annotations"]["priority"].as_f64().is_some_and(|p| (0.0..=1.0).contains(&p)));
    }
    let policy = &listed["resources"][2];
    assert!(policy["annotations"]["lastModified"].is_string(), "{policy}");
    let text = employee.ok("resources/read", json!({"uri": POLICY})).await["contents"][0]["text"].as_str().map(str::len);
    assert_eq!(policy["size"].as_u64(), text.map(|len| len as u64));
    assert_eq!(employee.read(POLICY).await["policy"]["graceMinutes"], 5);

    let board = owner.read(BOARD).await;
    assert_eq!((&board["date"], &board["timezone"]), (&json!("2026-06-01"), &json!("Europe/Berlin")));
    let shifts: Vec<&str> = board["shifts"].as_array().expect("shifts").iter().filter_map(|s| s["id"].as_str()).collect();
    assert!(
        shifts.len() == 3 && shifts.contains(&&*early) && shifts.contains(&&*night),
        "today's and those still running: {board}"
    );
    assert_eq!(board["attendanceRecords"][0]["shiftId"], early.as_str());
    let board = employee.read(BOARD).await;
    assert_eq!((count(&board, "shifts"), count(&board, "attendanceRecords")), (1, 0), "bob sees his own: {board}");
    let board = Session::open(&mia).await.read(BOARD).await;
    assert_eq!((count(&board, "shifts"), count(&board, "attendanceRecords")), (1, 1), "mia sees ann's: {board}");
}

async fn a_week_is_a_persons_own(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, mia, bob) = ward(&app).await;
    ward.department("Ward 3", &[&ann, &bob]).await;
    let group = crate::text(&ward.owner.get("/auth-api/v1/usergroups").await.ok()["userGroups"][0], "id");
    let body = json!({"shiftDate": "2026-06-03", "startTime": "08:00", "endTime": "12:00", "assignedDepartmentIds": [group]});
    ward.owner.post(crate::paths::SHIFTS, body).await.ok();
    let monday = ward.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    ward.shift("2026-06-08", "08:00-16:00", &[&ann]).await;
    ward.shift("2026-06-02", "08:00-16:00", &[&ward.owner]).await;
    let day = parse_date("2026-06-05").expect("a date");
    ward.leave(&ann, day, day, DayPart::Full).await;
    ann.post(CHECK_IN, json!({"shiftId": monday})).await.ok();

    let owner = Session::open(&ward.owner).await;
    let week = owner.read(&week_of(&ann)).await;
    assert_eq!(
        (&week["from"], &week["to"], &week["user"]["fullname"]),
        (&json!("2026-06-01"), &json!("2026-06-07"), &json!("ann"))
    );
    assert_eq!((count(&week, "shifts"), count(&week, "attendanceRecords"), count(&week, "leaveRequests")), (2, 1, 1), "{week}");
    assert_eq!(week["shifts"][0]["shiftDate"], "2026-06-01");
    let next = owner.read(&format!("{}?date=2026-06-10", week_of(&ann))).await;
    assert_eq!((count(&next, "shifts"), &next["from"]), (1, &json!("2026-06-08")));
    // An admin's own week is no one else's.
    assert_eq!(count(&owner.read(MY_WEEK).await, "shifts"), 1);
    assert_eq!(Session::open(&ann).await.read(MY_WEEK).await["shifts"], week["shifts"]);
    // The department's shift is also bob's, who is not mia's report.
    let manager = Session::open(&mia).await.read(&week_of(&ann)).await;
    assert_eq!(manager["shifts"], json!([week["shifts"][0]]));
    assert_eq!(manager["attendanceRecords"], week["attendanceRecords"]);

    // What is not there and what is not for the caller look alike.
    let other = app.company("other", "UTC").await;
    let employee = Session::open(&bob).await;
    let nobody = "workforce://users/01890a5d-ac96-774b-bcce-b302099a8057/week".to_owned();
    for (session, uri) in
        [(&employee, week_of(&ann)), (&owner, week_of(&other.owner)), (&owner, nobody), (&owner, "workforce://x".into())]
    {
        let answer = session.ask("resources/read", json!({"uri": uri})).await;
        assert_eq!((answer["error"]["code"].as_i64(), &answer["error"]["data"]["uri"]), (Some(-32002), &json!(uri)), "{answer}");
        assert_eq!(session.refused("resources/subscribe", json!({"uri": uri})).await, -32002);
    }
    let listed = employee.ok("resources/templates/list", json!({})).await;
    assert_eq!(listed["resourceTemplates"][0]["uriTemplate"], "workforce://users/{userId}/week{?date}");
}

async fn narrowed_connections_have_fewer_resources(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, ..) = ward(&app).await;
    let at = async |who: &Client, path: &str| {
        let session = Session::open_at(who, path).await;
        let listed = session.ok("resources/list", json!({})).await;
        (names(&listed["resources"]).join(","), session)
    };
    let (listed, session) = at(&ann, "/schedulemanagement-api/mcp").await;
    assert_eq!(listed, "my-week");
    assert_eq!(session.refused("resources/read", json!({"uri": BOARD})).await, -32002);
    let week = session.read(MY_WEEK).await;
    assert!(week.get("shifts").is_some() && week.get("attendanceRecords").is_none() && week.get("leaveRequests").is_none());
    let (listed, session) = at(&ann, "/attendancemanagement-api/mcp").await;
    assert_eq!(listed, "board");
    let board = session.read(BOARD).await;
    assert!(board.get("attendanceRecords").is_some() && board.get("shifts").is_none(), "{board}");
    assert_eq!(count(&session.ok("resources/templates/list", json!({})).await, "resourceTemplates"), 0);
    assert_eq!(at(&ann, &format!("{MCP}?services=leaveManagement")).await.0, "");
    assert_eq!(at(&ann, &format!("{MCP}?services=auth,scheduleManagement")).await.0, "my-week,policy");
    // A limited key as well.
    let body = json!({"name": "limited", "readOnly": true, "services": ["attendanceManagement"]});
    let key = crate::text(&ward.owner.post("/auth-api/v1/apikeys", body).await.ok(), "key");
    assert_eq!(at(&ward.owner.with_token(&key), MCP).await.0, "board");
}

async fn both_eras_read_resources(db: Db) {
    let app = TestApp::start(db).await;
    let (_, ann, ..) = ward(&app).await;
    let told = stateless(&ann, "server/discover", json!({})).await["result"].take();
    let can = &told["capabilities"];
    assert!(can["resources"]["subscribe"] == true && can["resources"].get("listChanged").is_none(), "{can}");
    assert!(
        can["prompts"].is_object() && can["completions"].is_object() && can["logging"].is_object() && can["tools"].is_object()
    );
    let who = &told["_meta"]["io.modelcontextprotocol/serverInfo"];
    assert!(
        who["title"] == "WorkforceOS" && who["icons"][0]["src"].as_str().is_some_and(|src| src.starts_with("data:image/svg"))
    );

    let listed = stateless(&ann, "resources/list", json!({})).await["result"].take();
    assert_eq!(names(&listed["resources"]), ["board", "my-week", "policy"]);
    let read = stateless(&ann, "resources/read", json!({"uri": POLICY})).await["result"].take();
    assert_eq!(content(&read)["policy"]["dailyHours"], 8.0);
    assert_eq!((&read["resultType"], &read["cacheScope"]), (&json!("complete"), &json!("private")));
    // The later era has its own code.
    let refused = stateless(&ann, "resources/read", json!({"uri": "workforce://x"})).await;
    assert_eq!((refused["error"]["code"].as_i64(), &refused["error"]["data"]["uri"]), (Some(-32602), &json!("workforce://x")));
    let gone = stateless(&ann, "resources/subscribe", json!({"uri": BOARD})).await;
    assert_eq!(gone["error"]["code"], -32601);
}

async fn nothing_secret_is_read(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, ..) = ward(&app).await;
    let early = ward.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let body = json!({"userId": ann.text(), "shiftId": early, "absenceReason": "a private matter", "managerNote": "kept quiet"});
    ward.owner.post(crate::paths::MARK_ABSENT, body).await.ok();
    for who in [&ward.owner, &ann] {
        let session = Session::open(who).await;
        for uri in [BOARD.to_owned(), week_of(&ann)] {
            let text = session.read(&uri).await.to_string();
            assert!(text.contains("absent") && !text.contains("private matter") && !text.contains("kept quiet"), "{text}");
            assert!(!text.contains("password") && !text.contains("sk_mbx"), "{text}");
        }
    }
}
