//! What is stored is harmless, whoever reads it by whichever door.

use serde_json::json;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{announce, announced, get, path};

on_both_databases!(stored_text_is_harmless, text_has_its_limits);

/// Classics of stored XSS; the whole list is tested beside the code.
const ATTACKS: &[(&str, &str)] = &[
    ("<p>hi</p><script>alert(1)</script>", "<p>hi</p>"),
    ("<img src=x onerror=alert(1)>hi", "hi"),
    ("<a href=\"jav&#x09;ascript:alert(1)\" onclick=alert(1)>hi</a>", "<a rel=\"noopener noreferrer nofollow\">hi</a>"),
    ("<a href=https://acme.test>hi</a>", "<a href=\"https://acme.test\" rel=\"noopener noreferrer nofollow\">hi</a>"),
    ("<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>hi", "hi"),
    (
        "hi<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "hi<table></table>",
    ),
    ("[hi](javascript:alert(1))", "[hi]\\(javascript:alert(1))"),
    ("![hi](https://evil.test/pixel.png)", "\\![hi](https://evil.test/pixel.png)"),
    ("hi <javascript:alert(1)>", "hi &lt;javascript:alert(1)>"),
    ("**hi** > 2, a < b & c", "**hi** > 2, a < b & c"),
    ("> hi\n>\n> - [rota](https://acme.test/rota)", "> hi\n>\n> - [rota](https://acme.test/rota)"),
];

async fn stored_text_is_harmless(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let mut live = ann.stream("announcements").await;
    live.snapshot().await;
    let draft = announced(&acme.owner, json!({"sendTime": "2026-07-01T00:00:00Z"})).await;
    for (sent, kept) in ATTACKS {
        let told = announced(&acme.owner, json!({"title": format!("T {sent}"), "body": sent})).await;
        assert_eq!(told["body"], *kept, "{sent}");
        assert_eq!(get(&ann, &told).await["body"], *kept);
        let event = live.told().await;
        assert_eq!(event.data["object"]["body"], *kept);
        let title = told["title"].as_str().expect("a title");
        assert!(
            !title.match_indices('<').any(|(i, _)| title[i + 1..].starts_with(|c: char| c.is_alphabetic() || c == '/')),
            "{title}"
        );
        let changed = acme.owner.patch(&path(&draft), json!({"body": sent})).await.ok()["announcement"].clone();
        assert_eq!(changed["body"], *kept);
        // What was read can be written back.
        let again = acme.owner.patch(&path(&draft), json!({"body": changed["body"], "title": told["title"]})).await.ok();
        assert_eq!((&again["announcement"]["body"], &again["announcement"]["title"]), (&json!(kept), &told["title"]));
        let listed = ann.tool("listAnnouncements", json!({"fields": "body"})).await.ok().to_string();
        for live in ["<script", "onerror", "<svg", "](javascript"] {
            assert!(!listed.contains(live), "{listed}");
        }
    }
}

async fn text_has_its_limits(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    announced(&acme.owner, json!({"title": "ü".repeat(200), "body": "ü".repeat(20_000)})).await;
    for (field, text) in [
        ("title", "ü".repeat(201)),
        ("title", " \u{9}".to_owned()),
        ("body", "ü".repeat(20_001)),
        // Safe it would be longer than what can be read back.
        ("body", "x<y ".repeat(5_000)),
        ("body", "<script>alert(1)</script><!-- x -->".to_owned()),
        ("body", " ".to_owned()),
    ] {
        assert_eq!(announce(&acme.owner, json!({field: text})).await.bad_fields(), [field], "{}", text.len());
    }
}
