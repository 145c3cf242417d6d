//! Lists of tools: fit for strict clients, small, hinted by effect, and of what one may use alone.

use serde_json::{Value as Json, json};
use workforceos_core::session::Role;
use workforceos_tests::{Client, Db, TestApp, on_both_databases};

use super::Session;
use super::lint::problems;
use crate::text;

on_both_databases!(every_list_is_for_strict_clients);

/// The most that a list may take of a model's memory, in bytes.
const MOST: usize = 100 * 1024;
const MOST_SEARCHED: usize = 4_000;

/// Everybody who sees a list of their own, and what of it they ask for.
async fn everybody(app: &TestApp) -> Vec<(&'static str, Client)> {
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia, eve) = (acme.employee("ann").await, acme.employee("mia").await, acme.admin("eve").await);
    acme.manager_of(&mia, &[&ann]).await;
    let key = async |body: Json| {
        let made = acme.owner.post("/auth-api/v1/apikeys", body).await.ok();
        acme.owner.with_token(&text(&made, "key"))
    };
    let reading = key(json!({"name": "reads", "readOnly": true})).await;
    let limited = key(json!({"name": "shifts", "services": ["scheduleManagement"]})).await;
    let root = app.super_admin().await;
    let reader = app.root_person("sam", Role::SaasUser).await.client;
    vec![
        ("owner", acme.owner.client.clone()),
        ("admin", eve.client),
        ("manager", mia.client),
        ("employee", ann.client),
        ("key that only reads", reading),
        ("key for shifts", limited),
        ("root admin on a company", root.claiming(&acme.codename)),
        ("root admin", root),
        ("reader of the SaaS level", reader),
    ]
}

#[expect(clippy::print_stdout, reason = "sizes are told")]
async fn every_list_is_for_strict_clients(db: Db) {
    let app = TestApp::start(db).await;
    for (who, client) in everybody(&app).await {
        let list = Session::open(&client, "").await.list().await;
        let tools = list["tools"].as_array().expect("tools");
        let found: Vec<String> = tools.iter().flat_map(problems).collect();
        assert!(found.is_empty(), "{who}: {found:#?}");
        let mut names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] != two[1]) && names.len() > 5, "{who}");
        let size = list.to_string().len();
        println!("{who}: {} tools, {size} bytes", tools.len());
        assert!(size <= MOST, "{who}: {size}");

        let list = Session::open(&client, "?mode=search").await.list().await;
        let tools = list["tools"].as_array().expect("tools");
        let found: Vec<String> = tools.iter().flat_map(problems).collect();
        assert!(found.is_empty() && (3..=4).contains(&tools.len()), "{who}: {found:#?}");
        let size = list.to_string().len();
        println!("{who}, searching: {size} bytes");
        assert!(size <= MOST_SEARCHED, "{who}: {size}");
    }
}

/// What can be called twice without doing more than once, though its name says that it makes something.
const SAME_AGAIN: &[&str] = &["generateShifts", "createPayrollReport", "processScheduledAnnouncements"];

/// The first word of a name.
fn verb(name: &str) -> &str {
    &name[..name.find(|c: char| c.is_ascii_uppercase()).unwrap_or(name.len())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_follow_the_effect() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let list = Session::open(&acme.owner, "").await.list().await;
    let (mut seen, mut wrong) = (0, Vec::new());
    for tool in list["tools"].as_array().expect("tools") {
        let (name, hints) = (text(tool, "name"), &tool["annotations"]);
        let hint = |hint: &str| hints[hint] == true;
        let (reads, destroys, same) = (hint("readOnlyHint"), hint("destructiveHint"), hint("idempotentHint"));
        let good = match verb(&name) {
            "get" | "list" | "search" | "show" | "currentuser" => reads && !destroys,
            "delete" => !reads && destroys && same,
            "cancel" => !reads && destroys,
            "update" | "correct" => !reads && !destroys && same,
            "create" | "generate" | "process" | "register" | "start" => {
                !reads && !destroys && same == SAME_AGAIN.contains(&name.as_str())
            }
            // Of its own kind; what only reads does not destroy.
            _ => !(reads && destroys),
        };
        seen += usize::from(!matches!(verb(&name), "import" | "check"));
        if !good {
            wrong.push(format!("{name}: {hints}"));
        }
    }
    assert!(wrong.is_empty() && seen > 90, "{seen} {wrong:#?}");
    let writing = ["processScheduledAnnouncements", "checkInAttendance", "publishShifts", "lockPayPeriod", "claimShift"];
    for tool in list["tools"].as_array().expect("tools") {
        let name = text(tool, "name");
        assert!(!writing.contains(&name.as_str()) || tool["annotations"]["readOnlyHint"] == false, "{name} writes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_narrowed() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let names = async |query: &str| Session::open(&acme.owner, query).await.names().await;
    let reading = names("?readonly=true").await;
    for gone in ["processScheduledAnnouncements", "createShift", "checkInAttendance", "initiatePayment"] {
        assert!(!reading.contains(&gone.to_owned()), "{gone}");
    }
    for kept in ["listShifts", "currentuser", "showSecretFieldInFrontEnd", "showBusinessApiListInFrontEnd"] {
        assert!(reading.contains(&kept.to_owned()), "{kept}");
    }
    assert_eq!(names("?tools=listShifts,getShift,currentuser").await, ["currentuser", "getShift", "listShifts"]);
    let own = Session::at(&acme.owner, "/leavemanagement-api/mcp", "probe").await;
    let listed = own.list().await;
    assert!(
        listed["tools"].as_array().is_some_and(|tools| tools.len() > 5
            && tools.iter().all(|t| {
                let name = text(t, "name");
                name == "currentuser" || name == "whoIsOff" || name.contains("Leave") || name.contains("Holiday")
            })),
        "{listed}"
    );
    let refused = own.call("showQrCode", json!({"value": "x"})).await;
    assert!(refused.failed && refused.json["errCode"] == "Forbidden", "{}", refused.json);
    let searching = Session::open(&acme.owner, "?mode=search").await;
    let told = text(&searching.hello, "instructions");
    assert!(told.contains("searchTools") && told.len() <= 3_000, "{told}");
    assert!(!text(&own.hello, "instructions").contains("searchTools"));
}
