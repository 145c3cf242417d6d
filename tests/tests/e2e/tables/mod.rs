//! Lists as tables: `Accept: text/csv`.

mod walks;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_core::session::Role;
use workforceos_tests::{Client, Company, Db, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, PAYROLL, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    a_list_comes_whole_in_any_order,
    filters_fields_and_joins_are_honoured,
    everybody_gets_their_reach_and_no_more,
    one_object_is_a_table_of_one_row,
    what_is_wrong_is_told_as_ever,
);

const USERS: &str = "/auth-api/v1/users";

/// A table as a spreadsheet reads it: RFC 4180, read without a library.
async fn table(client: &Client, path: &str) -> Vec<Vec<String>> {
    let response = client.request(Method::GET, path).header("accept", "text/csv").send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 200, "{path}");
    let kind = response.headers()["content-type"].to_str().expect("text").to_owned();
    assert_eq!(kind, "text/csv; charset=utf-8; header=present");
    assert!(response.headers()["content-disposition"].to_str().expect("text").starts_with("attachment; filename="));
    let text = response.text().await.expect("the whole table");
    assert!(text.ends_with("\r\n"));
    let mut rows = vec![vec![String::new()]];
    let (mut quoted, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        let row = rows.last_mut().expect("a row");
        let cell = row.last_mut().expect("a cell");
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted => {
                assert_eq!(chars.next(), Some('\n'), "lines end in CRLF");
                rows.push(vec![String::new()]);
            }
            c => cell.push(c),
        }
    }
    assert!(!quoted);
    rows.pop();
    let width = rows[0].len();
    assert!(rows.iter().all(|row| row.len() == width), "every row has every column");
    rows
}

/// The values of a column, below its name.
fn column(table: &[Vec<String>], name: &str) -> Vec<String> {
    let index = table[0].iter().position(|n| n == name).unwrap_or_else(|| panic!("a column {name} among {:?}", table[0]));
    table[1..].iter().map(|row| row[index].clone()).collect()
}

/// More people than a page holds, many of the same name, some without a picture.
async fn crowd(company: &Company, count: usize) {
    for chunk in (0..count).collect::<Vec<_>>().chunks(300) {
        let mut changes = Changes::none();
        for i in chunk {
            let user = User {
                meta: company.meta(),
                email: format!("user{i}@crowd.test"),
                password: String::new(),
                fullname: format!("Person {}", i % 7),
                avatar: (i % 3 > 0).then(|| format!("https://pictures.test/{}.png", i % 5)),
                role: Role::TenantUser,
                email_verified: i % 2 == 0,
                archive_date: None,
                company_id: company.id,
            };
            let event = Event::audit(&company.ctx(), User::def().name, user.meta.id).after(&user);
            changes = changes.put(&user).event(event);
        }
        company.write(changes).await;
    }
}

async fn a_list_comes_whole_in_any_order(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    crowd(&acme, 1_234).await;
    for order in
        ["", "fullname", "-fullname", "avatar", "-avatar", "-emailVerified,avatar", "avatar,-fullname,createdAt", "-email"]
    {
        let sort = if order.is_empty() { String::new() } else { format!("?sortBy={order}") };
        let all = table(&acme.owner, &format!("{USERS}{sort}")).await;
        assert_eq!(all.len(), 1 + 1_235, "{order}");
        let ids = column(&all, "id");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 1_235, "{order}: nobody twice");
        // In the same order as the pages have them.
        let join = if sort.is_empty() { "?" } else { "&" };
        let mut paged = Vec::new();
        for page in 1..=3 {
            let list = acme.owner.get(&format!("{USERS}{sort}{join}pageRowCount=500&pageNumber={page}")).await.ok();
            paged.extend(list["users"].as_array().expect("users").iter().map(|u| text(u, "id")));
        }
        assert_eq!(ids, paged, "{order}");
    }
    // A page that is asked for is that page.
    assert_eq!(table(&acme.owner, &format!("{USERS}?pageRowCount=10&pageNumber=2")).await.len(), 11);
    assert_eq!(table(&acme.owner, &format!("{USERS}?fullname=nobody")).await.len(), 1, "a header is always there");
}

async fn filters_fields_and_joins_are_honoured(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    for location in ["=HYPERLINK(\"x\")", "Ward 3, \"east\"", "-5", "two\nlines"] {
        let body = json!({"shiftDate": "2026-06-02", "startTime": "09:00", "endTime": "17:00", "location": location});
        acme.owner.post(SHIFTS, body).await.ok();
    }
    acme.owner
        .post(
            SHIFTS,
            json!({"shiftDate": "2026-06-03", "startTime": "09:00", "endTime": "17:00",
        "assignedUserIds": [bob.text(), ann.text()]}),
        )
        .await
        .ok();
    let all = table(&acme.owner, SHIFTS).await;
    let wanted = ["id", "shiftDate", "startTime", "endTime", "startsAt", "endsAt", "location"];
    assert_eq!(all[0][..wanted.len()], wanted, "as declared");
    assert_eq!(all[0].iter().filter(|n| n.starts_with("assignedUsers.")).count(), 2);
    let places: BTreeSet<String> = column(&all, "location").into_iter().collect();
    let expected = ["'=HYPERLINK(\"x\")", "Ward 3, \"east\"", "-5", "two\nlines", ""].map(str::to_owned);
    assert_eq!(places, expected.into_iter().collect());
    let third = table(&acme.owner, &format!("{SHIFTS}?shiftDate=2026-06-03")).await;
    assert_eq!(column(&third, "assignedUserIds"), [format!("{};{}", bob.text(), ann.text())]);
    assert_eq!(column(&third, "assignedUsers.fullname"), ["bob;ann"]);
    assert_eq!(column(&third, "createdByUser.fullname"), ["Owner of acme"]);
    let narrow = table(&acme.owner, &format!("{SHIFTS}?fields=status,shiftDate&getJoins=false&sortBy=-shiftDate")).await;
    assert_eq!(narrow[0], ["id", "shiftDate", "status"]);
    assert_eq!(column(&narrow, "shiftDate")[0], "2026-06-03");
}

async fn everybody_gets_their_reach_and_no_more(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "Europe/Berlin").await, app.company("other", "Europe/Berlin").await);
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann, &mia]).await;
    for who in [&ann, &mia] {
        let body =
            json!({"shiftId": shift, "userId": who.text(), "checkInTime": "2026-06-01T06:00:00Z", "managerNote": "on time"});
        acme.owner.post(CHECK_IN, body).await.ok();
    }
    assert_eq!(table(&acme.owner, RECORDS).await.len(), 3);
    assert_eq!(table(&other.owner, RECORDS).await.len(), 1);
    let own = table(&ann, RECORDS).await;
    assert_eq!((own.len(), column(&own, "userId")), (2, vec![ann.text()]));
    assert!(!own[0].contains(&"managerNote".to_owned()), "{:?}", own[0]);
    // A manager reads the notes about reports, and none about herself.
    let managed = table(&mia, RECORDS).await;
    let notes: Vec<(String, String)> =
        column(&managed, "user.fullname").into_iter().zip(column(&managed, "managerNote")).collect();
    assert!(
        notes.contains(&("ann".to_owned(), "on time".to_owned())) && notes.contains(&("mia".to_owned(), String::new())),
        "{notes:?}"
    );
    // The names of companies are anybody's.
    let companies = table(&app.anonymous(), "/auth-api/v1/briefcompanies").await;
    assert_eq!(companies[0], ["id", "name", "codename", "fullname", "avatar"]);
}

async fn one_object_is_a_table_of_one_row(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let body =
        json!({"userId": ann.text(), "periodStart": "2026-05-01", "periodEnd": "2026-05-31", "notes": "=1+1", "bonus": 0.5});
    let report = text(&acme.owner.post(PAYROLL, body).await.ok()["payrollReport"], "id");
    let path = format!("{PAYROLL}/{report}");
    let whole = table(&acme.owner, &path).await;
    assert_eq!((whole.len(), column(&whole, "id"), column(&whole, "notes")), (2, vec![report], vec!["'=1+1".to_owned()]));
    assert_eq!(
        (column(&whole, "salaryCalculated"), column(&whole, "user.fullname")),
        (vec!["3000.5".to_owned()], vec!["ann".to_owned()])
    );
    assert_eq!(column(&whole, "breakdown"), ["[]"], "no day was worked");
    let own = table(&ann, &path).await;
    assert!(!own[0].iter().any(|n| matches!(n.as_str(), "notes" | "calculatedFrom" | "earned")), "{:?}", own[0]);
    assert_eq!(column(&table(&mia, PAYROLL).await, "notes"), ["'=1+1"]);
}

async fn what_is_wrong_is_told_as_ever(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let ask = async |client: &Client, path: &str, accept: &str| {
        let response = client.request(Method::GET, path).header("accept", accept).send().await.expect("an answer");
        (response.status().as_u16(), response.headers()["content-type"].to_str().expect("text").to_owned())
    };
    let json = "application/json".to_owned();
    assert_eq!(ask(&app.anonymous(), SHIFTS, "text/csv").await, (401, json.clone()));
    assert_eq!(ask(&ann, "/payrollreporting-api/v1/payperiodlocks", "text/csv").await, (403, json.clone()));
    assert_eq!(ask(&ann, &format!("{SHIFTS}?sortBy=nonsense"), "text/csv").await, (400, json.clone()));
    assert_eq!(ask(&ann, &format!("{SHIFTS}/01890a5d-ac96-774b-bcce-b302099a8057"), "text/csv").await, (404, json.clone()));
    // The description says which answers can be tables.
    let document = app.anonymous().get("/openapi.json").await.ok();
    let content = |method: &str, status: &str| document["paths"][SHIFTS][method]["responses"][status]["content"].clone();
    assert!(content("get", "200")["text/csv"].is_object() && content("post", "201").get("text/csv").is_none());
    // Who does not name it gets JSON.
    assert_eq!(ask(&ann, SHIFTS, "*/*").await, (200, json.clone()));
    assert_eq!(ask(&ann, SHIFTS, "application/json, text/csv;q=0.5").await, (200, json));
}
