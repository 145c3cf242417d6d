//! Who may tell whom, and who sees what.

use serde_json::json;
use workforceos_tests::time::at;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{announce, announced, get, path, sees, titles};
use crate::paths::ANNOUNCEMENTS;
use crate::text;

on_both_databases!(
    named_people_alone_see_what_names_them,
    departments_follow_their_members,
    the_members_of_a_deleted_department_are_nobody,
    everybody_sees_what_names_nobody,
    managers_tell_their_reports_alone,
    people_see_what_is_sent_and_not_over,
    creators_see_their_own_and_admins_all,
    pages_and_totals_hold_what_one_reaches,
    lists_filter_order_and_join,
    unknown_people_and_departments_are_named,
    another_company_sees_nothing,
);

async fn named_people_alone_see_what_names_them(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann, &bob]).await.to_string();
    let to_ann = announced(&acme.owner, json!({"audienceUserIds": [ann.text()]})).await;
    assert!(sees(&ann, &to_ann).await && !sees(&bob, &to_ann).await);
    // Where people are named, departments add nobody.
    let both = announced(&acme.owner, json!({"audienceUserIds": [ann.text()], "targetDepartmentIds": [crew]})).await;
    assert!(sees(&ann, &both).await && !sees(&bob, &both).await);
    assert_eq!(
        (&both["status"], &both["status_idx"], &both["creatorId"]),
        (&json!("sent"), &json!(1), &json!(acme.owner.text()))
    );
}

async fn departments_follow_their_members(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let (crew, bar) = (acme.department("crew", &[&ann]).await.to_string(), acme.department("bar", &[]).await.to_string());
    let told = announced(&acme.owner, json!({"targetDepartmentIds": [crew, bar]})).await;
    assert!(sees(&ann, &told).await && !sees(&bob, &told).await);
    // Who joins later sees it, who leaves does not.
    let member = json!({"groupId": bar, "userId": bob.text()});
    let member = acme.owner.post("/auth-api/v1/usergroupmembers", member).await.ok()["userGroupMember"].clone();
    assert!(sees(&bob, &told).await);
    acme.owner.delete(&format!("/auth-api/v1/usergroupmembers/{}", text(&member, "id"))).await.ok();
    assert!(!sees(&bob, &told).await && sees(&ann, &told).await);
}

async fn the_members_of_a_deleted_department_are_nobody(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann]).await.to_string();
    let later = json!({"targetDepartmentIds": [crew], "sendTime": "2026-06-01T08:00:00Z"});
    let (now, later) =
        (announced(&acme.owner, json!({"targetDepartmentIds": [crew]})).await, announced(&acme.owner, later).await);
    acme.owner.delete(&format!("/auth-api/v1/usergroups/{crew}")).await.ok();
    let mut streams = [ann.stream("announcements").await, bob.stream("announcements").await];
    for live in &mut streams {
        live.snapshot().await;
    }
    // It does not become everybody's, neither what was sent nor what still is to be.
    app.sweep_at(at("2026-06-01T08:00:00Z")).await;
    assert_eq!(get(&acme.owner, &later).await["status"], "sent");
    for who in [&ann, &bob] {
        assert!(!sees(who, &now).await && !sees(who, &later).await);
    }
    let end = announced(&acme.owner, json!({"sendTime": "2026-06-01T08:00:00Z"})).await;
    for live in &mut streams {
        assert_eq!(live.told().await.object_id(), text(&end, "id"));
    }
}

async fn everybody_sees_what_names_nobody(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let told = announced(&acme.owner, json!({"audienceUserIds": [], "targetDepartmentIds": []})).await;
    // Also who comes later.
    let (bob, eve) = (acme.employee("bob").await, acme.admin("eve").await);
    for who in [&ann, &bob, &eve, &acme.owner] {
        assert!(sees(who, &told).await);
    }
}

async fn managers_tell_their_reports_alone(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob, mia) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let crew = acme.department("crew", &[&ann]).await.to_string();
    for refused in [
        json!({}),
        json!({"audienceUserIds": []}),
        json!({"targetDepartmentIds": [crew]}),
        json!({"audienceUserIds": [bob.text()]}),
        json!({"audienceUserIds": [ann.text(), bob.text()]}),
        json!({"audienceUserIds": [acme.owner.text()]}),
    ] {
        announce(&mia, refused).await.refused(403, "Forbidden");
    }
    announce(&ann, json!({"audienceUserIds": [ann.text()]})).await.refused(403, "Forbidden");
    let later = json!({"audienceUserIds": [ann.text(), mia.text()], "sendTime": "2026-06-01T08:00:00Z"});
    let told = announced(&mia, later).await;
    // A change cannot widen it, and nobody else's is theirs to change.
    for wider in [json!({"audienceUserIds": null}), json!({"audienceUserIds": [ann.text(), bob.text()]})] {
        mia.patch(&path(&told), wider).await.refused(403, "Forbidden");
    }
    mia.patch(&path(&told), json!({"title": "Mine"})).await.ok();
    acme.owner.patch(&path(&told), json!({"body": "Checked."})).await.ok();
    let owners = announced(&acme.owner, json!({"audienceUserIds": [ann.text()], "sendTime": "2026-06-01T08:00:00Z"})).await;
    let shown = announced(&acme.owner, json!({"audienceUserIds": [mia.text()]})).await;
    assert!(!sees(&mia, &owners).await && sees(&mia, &shown).await);
    for other in [&owners, &shown] {
        mia.patch(&path(other), json!({"title": "Mine"})).await.refused(404, "AnnouncementNotFound");
        mia.delete(&path(other)).await.refused(404, "AnnouncementNotFound");
    }
    ann.delete(&path(&told)).await.refused(403, "Forbidden");
    // A report who is one no more is told nothing new.
    acme.manager_of(&mia, &[&bob]).await;
    let profiles = acme.employee("kim").await;
    acme.manager_of(&profiles, &[&mia]).await;
    mia.delete(&path(&told)).await.ok();
    assert_eq!(get(&mia, &told).await["status"], "cancelled");
}

async fn people_see_what_is_sent_and_not_over(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let mut ann = acme.employee("ann").await;
    ann.use_key().await;
    let mut owner = acme.owner.clone();
    owner.use_key().await;
    let short = announced(&owner, json!({"title": "short", "visibleUntil": "2026-06-02T06:00:00Z"})).await;
    let usual = announced(&owner, json!({"title": "usual"})).await;
    let coming = announced(&owner, json!({"title": "coming", "sendTime": "2026-06-01T07:00:00Z"})).await;
    // The policy's 90 days.
    assert_eq!(usual["visibleUntil"], "2026-08-30T06:00:00.000Z");
    assert_eq!(coming["visibleUntil"], "2026-08-30T07:00:00.000Z");
    assert!(sees(&ann, &short).await && sees(&ann, &usual).await && !sees(&ann, &coming).await);
    app.set("2026-06-02T05:59:59.999Z");
    assert!(sees(&ann, &short).await);
    app.set("2026-06-02T06:00:00Z");
    assert!(!sees(&ann, &short).await && sees(&owner, &short).await, "over for those it was for");
    app.sweep_at(at("2026-08-30T06:00:00Z")).await;
    assert!(!sees(&ann, &usual).await && sees(&ann, &coming).await);
    assert_eq!(titles(&ann, "").await, ["coming"]);
    // What is backdated is shown as long as anything else.
    owner.patch("/auth-api/v1/companypolicy", json!({"announcementDays": 2})).await.ok();
    let old = announced(&owner, json!({"title": "old", "sendTime": "2020-01-01T00:00:00Z"})).await;
    assert_eq!((&old["status"], &old["visibleUntil"]), (&json!("sent"), &json!("2026-09-01T06:00:00.000Z")));
    assert!(sees(&ann, &old).await);
    for until in ["2026-08-30T06:00:00Z", "2026-08-30T05:00:00Z"] {
        let over = announce(&owner, json!({"sendTime": "2026-08-30T06:00:00Z", "visibleUntil": until})).await;
        assert_eq!(over.bad_fields(), ["visibleUntil"]);
    }
}

async fn creators_see_their_own_and_admins_all(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia, eve) = (acme.employee("ann").await, acme.employee("mia").await, acme.admin("eve").await);
    acme.manager_of(&mia, &[&ann]).await;
    let later = json!({"audienceUserIds": [ann.text()], "sendTime": "2026-06-01T08:00:00Z"});
    let told = announced(&mia, later).await;
    assert!(sees(&mia, &told).await && sees(&eve, &told).await && !sees(&ann, &told).await);
    let gone = mia.delete(&path(&told)).await.ok()["announcement"].clone();
    assert_eq!((&gone["isActive"], &gone["status"]), (&json!(false), &json!("cancelled")));
    assert!(sees(&mia, &told).await && sees(&eve, &told).await && !sees(&ann, &told).await);
    let kept = get(&eve, &told).await;
    assert_eq!((&kept["isActive"], &kept["status"]), (&json!(true), &json!("cancelled")));
    // The root admin acts with an admin's powers.
    let root = app.super_admin().await.claiming("acme");
    assert!(sees(&root, &told).await);
}

async fn pages_and_totals_hold_what_one_reaches(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann]).await.to_string();
    for hour in 0..4 {
        let time = format!("2026-05-01T{hour:02}:00:00Z");
        for (title, more) in [
            ("all", json!({})),
            ("crew", json!({"targetDepartmentIds": [crew]})),
            ("ann", json!({"audienceUserIds": [ann.text()]})),
            ("bob", json!({"audienceUserIds": [bob.text()]})),
        ] {
            let mut more = more;
            more["title"] = json!(format!("{title}{hour}"));
            more["sendTime"] = json!(time);
            announced(&acme.owner, more).await;
        }
    }
    for (who, per_hour) in [(&ann, 3), (&bob, 2), (&acme.owner, 4)] {
        let mut seen = Vec::new();
        for page in 1..=4 {
            let listed = who.get(&format!("{ANNOUNCEMENTS}?pageRowCount={per_hour}&pageNumber={page}")).await.ok();
            assert_eq!((&listed["paging"]["totalRowCount"], &listed["paging"]["pageCount"]), (&json!(4 * per_hour), &json!(4)));
            // The newest first: a page is an hour.
            let hour = format!("2026-05-01T{:02}:00:00.000Z", 4 - page);
            for row in listed["announcements"].as_array().expect("rows") {
                assert_eq!(row["sendTime"], hour.as_str());
                seen.push(text(row, "id"));
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 4 * per_hour);
    }
}

async fn lists_filter_order_and_join(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, eve) = (acme.employee("ann").await, acme.admin("eve").await);
    let (crew, bar) = (acme.department("crew", &[&ann]).await.to_string(), acme.department("bar", &[]).await.to_string());
    announced(&acme.owner, json!({"title": "Crew only", "targetDepartmentIds": [bar, crew], "sendTime": "2026-05-01T10:00:00Z"}))
        .await;
    announced(&eve, json!({"title": "Bar only", "targetDepartmentIds": [bar], "sendTime": "2026-05-02T10:00:00Z"})).await;
    announced(&eve, json!({"title": "Coming", "sendTime": "2026-06-02T10:00:00Z"})).await;
    let owner = &acme.owner;
    assert_eq!(titles(owner, "").await, ["Coming", "Bar only", "Crew only"]);
    assert_eq!(titles(owner, "sortBy=title").await, ["Bar only", "Coming", "Crew only"]);
    assert_eq!(titles(owner, &format!("targetDepartmentIds={crew}")).await, ["Crew only"]);
    assert_eq!(titles(owner, &format!("targetDepartmentIds={bar}")).await, ["Bar only", "Crew only"]);
    assert_eq!(titles(owner, "targetDepartmentIds=null").await, ["Coming"]);
    assert_eq!(titles(owner, &format!("creatorId={}", eve.text())).await, ["Coming", "Bar only"]);
    assert_eq!(titles(owner, "title=ONLY&status=sent").await, ["Bar only", "Crew only"]);
    assert_eq!(titles(owner, "sendTime=2026-05-02").await, ["Bar only"]);
    assert_eq!(titles(owner, "status=Scheduled").await, ["Coming"]);
    // A filter adds nothing to one's reach.
    assert_eq!(titles(&ann, &format!("targetDepartmentIds={bar}")).await, ["Crew only"]);
    let row = owner.get(&format!("{ANNOUNCEMENTS}?title=crew")).await.ok()["announcements"][0].clone();
    let joined = (&row["creator"], &row["departments"]);
    let creator =
        json!({"id": owner.text(), "email": owner.email, "fullname": "Owner of acme", "avatar": row["creator"]["avatar"]});
    let departments = json!([{"id": bar, "groupName": "bar", "avatar": null}, {"id": crew, "groupName": "crew", "avatar": null}]);
    assert_eq!(joined, (&creator, &departments));
    assert_eq!(get(&ann, &row).await["departments"], departments);
    assert!(owner.get(&format!("{ANNOUNCEMENTS}?getJoins=false")).await.ok()["announcements"][0].get("creator").is_none());
}

async fn unknown_people_and_departments_are_named(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let other = app.company("other", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let theirs = other.department("theirs", &[]).await.to_string();
    let bad = json!({"title": " ", "body": "<script>x</script>", "audienceUserIds": [ann.text(), other.owner.text()],
        "targetDepartmentIds": [theirs], "visibleUntil": "2026-05-01T00:00:00Z"});
    let named = announce(&acme.owner, bad).await.bad_fields();
    assert_eq!(named, ["title"], "what cannot be read at all is told first");
    let bad = json!({"title": "\u{200}\u{1}".repeat(150), "body": "<script>x</script>", "targetDepartmentIds": [theirs],
        "audienceUserIds": [ann.text(), other.owner.text()], "visibleUntil": "2026-05-01T00:00:00Z"});
    let named = announce(&acme.owner, bad).await.bad_fields();
    assert_eq!(named, ["title", "body", "audienceUserIds", "targetDepartmentIds", "visibleUntil"]);
    announce(&mia, json!({"audienceUserIds": [other.owner.text()]})).await.refused(400, "ValidationFailed");
    // Whom it names already may have gone since.
    let told = announced(&acme.owner, json!({"audienceUserIds": [ann.text()], "sendTime": "2026-06-02T08:00:00Z"})).await;
    acme.owner.delete(&format!("/auth-api/v1/users/{}", ann.text())).await.ok();
    acme.owner.patch(&path(&told), json!({"title": "Still"})).await.ok();
    assert_eq!(announce(&acme.owner, json!({"audienceUserIds": [ann.text()]})).await.bad_fields(), ["audienceUserIds"]);
}

async fn another_company_sees_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let told = announced(&acme.owner, json!({})).await;
    assert!(!sees(&other.owner, &told).await);
    other.owner.patch(&path(&told), json!({"title": "x"})).await.refused(404, "AnnouncementNotFound");
    other.owner.delete(&path(&told)).await.refused(404, "AnnouncementNotFound");
}
