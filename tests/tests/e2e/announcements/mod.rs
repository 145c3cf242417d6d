//! The rules of announcements, one by one, through the server.

mod audience;
mod changes;
mod safety;
mod sending;

use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Reply};

use crate::paths::ANNOUNCEMENTS;
use crate::text;

/// The instant at which every test begins.
const NOW: &str = "2026-06-01T06:00:00Z";

/// Announces with some fields of one's own choice.
async fn announce(who: &Client, more: Json) -> Reply {
    let mut body = json!({"title": "News", "body": "There is news.", "sendTime": NOW});
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    who.post(ANNOUNCEMENTS, body).await
}

/// The announcement that came of it.
async fn announced(who: &Client, more: Json) -> Json {
    announce(who, more).await.ok()["announcement"].clone()
}

fn path(announcement: &Json) -> String {
    format!("{ANNOUNCEMENTS}/{}", text(announcement, "id"))
}

async fn get(who: &Client, announcement: &Json) -> Json {
    who.get(&path(announcement)).await.ok()["announcement"].clone()
}

/// The titles of a list, with its total, which must agree where the page holds all.
async fn titles(who: &Client, query: &str) -> Vec<String> {
    let listed = who.get(&format!("{ANNOUNCEMENTS}?{query}")).await.ok();
    let titles: Vec<String> = listed["announcements"].as_array().expect("a list").iter().map(|a| text(a, "title")).collect();
    if !query.contains("pageRowCount") {
        assert_eq!(listed["paging"]["totalRowCount"], titles.len(), "{listed}");
    }
    titles
}

/// Whether somebody finds it, in the list and by its id, which must agree.
async fn sees(who: &Client, announcement: &Json) -> bool {
    let listed = who.get(&format!("{ANNOUNCEMENTS}?pageRowCount=500")).await.ok();
    let listed = listed["announcements"].as_array().expect("a list").iter().any(|a| a["id"] == announcement["id"]);
    let reply = who.get(&path(announcement)).await;
    if !listed {
        reply.clone().refused(404, "AnnouncementNotFound");
    }
    assert_eq!(listed, reply.status == 200, "{}", reply.text);
    listed
}
