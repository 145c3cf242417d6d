//! A table is walked as the client takes it, while rows come and go and logins end.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use workforceos_core::answer::{Data, Walked};
use workforceos_core::change::{Changes, Event};
use workforceos_core::cursor::Cursor;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Shift, ShiftStatus, User};
use workforceos_core::session::Via;
use workforceos_core::{Args, Caller};
use workforceos_tests::time::{at, day};
use workforceos_tests::{Company, Db, TestApp, on_both_databases};

use super::{USERS, column, crowd, table};
use crate::paths::SHIFTS;

on_both_databases!(a_table_follows_the_client_and_ends_with_the_login, rows_that_come_and_go_neither_repeat_nor_hide_others,);

/// Rows so wide that a table of a few thousand fits no buffer on the way.
async fn wide_crowd(company: &Company, count: usize) {
    let wide = "x".repeat(990);
    for chunk in (0..count).collect::<Vec<_>>().chunks(500) {
        let mut changes = Changes::none();
        for i in chunk {
            let shift = Shift {
                meta: company.meta(),
                shift_date: day("2026-06-01") + chrono::Duration::days((*i % 500) as i64),
                start_time: wide.clone(),
                end_time: wide.clone(),
                starts_at: at("2026-06-01T07:00:00Z"),
                ends_at: at("2026-06-01T15:00:00Z"),
                location: Some(wide.clone()),
                department_id: None,
                assigned_user_ids: Vec::new(),
                assigned_department_ids: Vec::new(),
                is_draft: false,
                status: ShiftStatus::Completed,
                break_minutes: 0,
                needed_count: 1,
                shift_template_id: None,
                created_by: company.owner.id,
                company_id: company.id,
            };
            changes = changes.put(&shift);
        }
        let event = Event::audit(&company.ctx(), "company", company.id);
        company.write(changes.event(event)).await;
    }
}

async fn a_table_follows_the_client_and_ends_with_the_login(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    wide_crowd(&acme, 8_000).await;
    let eve = acme.admin("eve").await;
    let open = async || eve.request(Method::GET, SHIFTS).header("accept", "text/csv").send().await.expect("an answer");
    let mut whole = open().await;
    let mut lines = 0;
    while let Some(bytes) = whole.chunk().await.expect("the whole table") {
        lines += bytes.iter().filter(|b| **b == b'\n').count();
    }
    assert_eq!(lines, 8_001);
    // Who has not taken the rest when the login ends does not get it, and is told that it is not whole.
    let mut cut = open().await;
    cut.chunk().await.expect("a beginning");
    eve.post("/auth-api/logout", json!({})).await.ok();
    let ended = loop {
        match cut.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break "whole",
            Err(_) => break "cut",
        }
    };
    assert_eq!(ended, "cut");
}

async fn rows_that_come_and_go_neither_repeat_nor_hide_others(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    crowd(&acme, 1_100).await;
    let dispatch = workforceos_services::dispatch(app.services()).expect("declared well");
    let api = dispatch.registry.by_name("listUsers").expect("there").clone();
    for (i, order) in ["fullname", "-fullname", "-avatar"].into_iter().enumerate() {
        let mut args = Args { walk: Some(Cursor::start()), ..Args::default() };
        args.query.push(("sortBy".to_owned(), order.to_owned()));
        let before: BTreeSet<String> =
            column(&table(&acme.owner, &format!("{USERS}?sortBy={order}")).await, "id").into_iter().collect();
        let mut seen: Vec<String> = Vec::new();
        let mut gone = BTreeSet::new();
        loop {
            let who = Caller {
                token: acme.owner.token.clone(),
                company: None,
                via: Via::Rest,
                client: None,
                address: None,
                request_id: "walk".into(),
            };
            let ctx = dispatch.enter(who).await.expect("enters");
            let answer = dispatch.call(ctx, &api, args.clone(), None).await.expect("a page");
            let Data::Many(rows) = &answer.data else { panic!("rows") };
            seen.extend(rows.iter().map(|row| row.record.id().to_string()));
            // Some of the first page go, and others come before and behind.
            if gone.is_empty() {
                for row in rows.iter().filter(|row| row.record.id() != acme.owner.id.0).step_by(3) {
                    let user = User::from_record(row.record.clone()).expect("a user").deleted(acme.ctx().now());
                    gone.insert(user.meta.id.to_string());
                    let event = Event::audit(&acme.ctx(), User::def().name, user.meta.id).after(&user);
                    acme.write(Changes::none().put(&user).event(event)).await;
                }
                for name in ["aaa", "zzz"] {
                    acme.unseen(&format!("{name}{i}")).await;
                }
            }
            match answer.walked {
                Walked::On(cursor) => args.walk = Some(cursor),
                Walked::End => break,
                Walked::Not => panic!("the list walks"),
            }
        }
        let distinct: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(distinct.len(), seen.len(), "{order}: nobody twice");
        assert!(gone.len() > 100 && before.is_subset(&distinct), "{order}: everybody who was there at the start");
    }
}
