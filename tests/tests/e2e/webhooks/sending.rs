//! Which events are sent to whom, how they look, and that each is sent once.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;
use workforceos_core::Timestamp;
use workforceos_tests::{Db, Hook, HookServer, on_both_databases};

use super::{Scene, deliveries, delivery_with_payload, is, made, until};
use crate::paths::{DELIVERIES, LEAVE, PROFILES, SHIFTS, WEBHOOKS};
use crate::text;

on_both_databases!(
    an_event_arrives_signed_as_the_stream_has_it,
    only_wanted_types_of_ones_own_company_from_now_on,
    secrets_are_masked_and_admins_fields_are_there,
    alerts_go_along_where_an_admin_has_them,
    after_a_rotation_both_secrets_sign_for_a_day,
    a_test_and_a_repetition_go_the_same_way,
    every_event_of_a_burst_is_sent_once,
);

/// The signature that a secret gives, worked out by another library: a JWT's is the same HMAC.
fn signature(secret: &str, hook: &Hook) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a prefix")).expect("base64");
    let signed = format!("{}.{}.{}", hook.id(), hook.header("webhook-timestamp"), hook.body);
    let mac = jsonwebtoken::crypto::sign(signed.as_bytes(), &EncodingKey::from_secret(&key), Algorithm::HS256).expect("signs");
    format!("v1,{}", STANDARD.encode(URL_SAFE_NO_PAD.decode(mac).expect("base64")))
}

async fn an_event_arrives_signed_as_the_stream_has_it(db: Db) {
    let scene = Scene::make(db).await;
    let (webhook, secret) = scene.webhook("/in?key=1", &["shift.created"]).await;
    let mut live = scene.acme.owner.stream("schedule").await;
    live.snapshot().await;
    let shift = scene.shift(1).await;
    let hook = scene.hooks.until("/in?key=1", 1).await.remove(0);
    let event = live.told().await;
    let mut expected = event.data.clone();
    (expected["id"], expected["companyId"]) = (json!(hook.id()), json!(scene.acme.id.to_string()));
    assert_eq!((hook.json(), hook.object_id()), (expected, shift));
    assert_eq!(hook.header("webhook-signature"), signature(&secret, &hook));
    assert_eq!(hook.header("webhook-timestamp"), (scene.now().0 / 1000).to_string());
    assert_eq!(hook.header("content-type"), "application/json");
    assert!(hook.header("user-agent").starts_with("WorkforceOS-Webhooks/"));

    let delivery = scene.delivery(&webhook, is("delivered")).await;
    assert_eq!((&delivery["id"], &delivery["eventType"]), (&json!(hook.id()), &json!("shift.created")));
    assert_eq!(
        (&delivery["eventSeq"], &delivery["attempts"], &delivery["lastStatus"]),
        (&event.data["seq"], &json!(1), &json!(200))
    );
    assert!(delivery["durationMs"].is_i64() && delivery["deliveredAt"].is_string() && delivery["lastError"].is_null());
    assert!(delivery["nextTryAt"].is_null() && delivery.get("payload").is_none(), "a list has no payloads: {delivery}");
    let whole = delivery_with_payload(&scene.acme.owner, hook.id()).await;
    assert_eq!((&whole["payload"], &whole["webhookDelivery"]), (&hook.json(), &delivery));
}

async fn only_wanted_types_of_ones_own_company_from_now_on(db: Db) {
    let scene = Scene::make(db).await;
    let other = scene.app.company("other", "UTC").await;
    let before = scene.shift(1).await;
    let (some, _) = scene.webhook("/some", &["leave.*", "shift.updated"]).await;
    let (all, _) = scene.webhook("/all", &["*"]).await;
    let (theirs, _) = made(&other.owner, &scene.hooks.url("/theirs"), &["*"]).await;

    let shift = scene.shift(2).await;
    let update = scene.acme.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"location": "Ward 3"})).await;
    update.ok();
    other.shift("2026-07-01", "09:00-17:00", &[]).await;
    let leave = json!({"leaveType": "annual", "startDate": "2026-08-03", "endDate": "2026-08-03"});
    let leave = text(&scene.ann.post(LEAVE, leave).await.ok()["leaveRequest"], "id");
    let kinds = |hooks: &[Hook]| hooks.iter().map(|hook| (hook.kind(), hook.object_id())).collect::<BTreeSet<_>>();
    let event = |kind: &str, id: &str| (kind.to_owned(), id.to_owned());

    let came = scene.hooks.until("/some", 2).await;
    assert_eq!(kinds(&came), [event("leave.requested", &leave), event("shift.updated", &shift)].into());
    let came = scene.hooks.until("/all", 3).await;
    let expected = [event("shift.created", &shift), event("shift.updated", &shift), event("leave.requested", &leave)];
    assert_eq!(kinds(&came), expected.into(), "and not {before}, which was there before");
    let came = scene.hooks.until("/theirs", 1).await;
    assert!(came.iter().all(|hook| hook.json()["companyId"] == other.id.to_string()) && came.len() == 1, "{came:?}");
    for (webhook, count) in [(&some, 2), (&all, 3)] {
        until(&scene.acme.owner, webhook, |all| all.iter().filter(|d| is("delivered")(d)).count() == count).await;
    }

    // Another company's are not there.
    let foreign = text(&until(&other.owner, &theirs, |all| all.len() == 1).await[0], "id");
    let owner = &scene.acme.owner;
    for (path, code) in [
        (format!("{WEBHOOKS}/{theirs}"), "WebhookNotFound"),
        (format!("{WEBHOOKS}/{theirs}/deliveries"), "WebhookNotFound"),
        (format!("{DELIVERIES}/{foreign}"), "WebhookDeliveryNotFound"),
    ] {
        owner.get(&path).await.refused(404, code);
    }
    for path in [format!("{WEBHOOKS}/{theirs}/test"), format!("{WEBHOOKS}/{theirs}/rotatesecret")] {
        owner.post(&path, json!({})).await.refused(404, "WebhookNotFound");
    }
    owner.post(&format!("{DELIVERIES}/{foreign}/redeliver"), json!({})).await.refused(404, "WebhookDeliveryNotFound");
    owner.patch(&format!("{WEBHOOKS}/{theirs}"), json!({"isEnabled": false})).await.refused(404, "WebhookNotFound");
    owner.delete(&format!("{WEBHOOKS}/{theirs}")).await.refused(404, "WebhookNotFound");
}

async fn secrets_are_masked_and_admins_fields_are_there(db: Db) {
    let scene = Scene::make(db).await;
    scene.webhook("/in", &["profile.*"]).await;
    let profile = json!({"userId": scene.ann.text(), "employmentStartDate": "2026-01-01", "position": "Nurse",
        "contractType": "permanent", "salary": 3000, "notes": "a broken leg"});
    scene.acme.owner.post(PROFILES, profile).await.ok();
    let hook = scene.hooks.until("/in", 1).await.remove(0);
    let told = &hook.json()["object"];
    assert_eq!((told["salary"].as_f64(), &told["notes"]), (Some(3000.0), &json!("***")));
    assert!(!hook.body.contains("broken"));
}

async fn alerts_go_along_where_an_admin_has_them(db: Db) {
    let scene = Scene::make(db).await;
    scene.webhook("/in", &["alert.raised"]).await;
    let (bob, mia) = (scene.acme.employee("bob").await, scene.acme.employee("mia").await);
    scene.acme.manager_of(&mia, &[&bob]).await;
    // Ann has no manager: the owner is told that she did not check out. Bob's manager is told of him.
    let shift = scene.acme.shift("2026-06-01", "06:30-07:00", &[&scene.ann, &bob]).await;
    for person in [&scene.ann, &bob] {
        person.post(crate::paths::CHECK_IN, json!({"shiftId": shift})).await.ok();
    }
    scene.app.sweep_at(workforceos_tests::time::at("2026-06-01T08:01:00Z")).await;
    let hook = scene.hooks.until("/in", 1).await.remove(0);
    assert_eq!(hook.json()["object"]["recipientUserId"], scene.acme.owner.text());
    // Whatever was to follow it would have come with it.
    scene.webhook("/after", &["shift.created"]).await;
    scene.shift(1).await;
    scene.hooks.until("/after", 1).await;
    assert_eq!(scene.hooks.to("/in").len(), 1, "what the manager was told is the manager's");
}

async fn after_a_rotation_both_secrets_sign_for_a_day(db: Db) {
    let scene = Scene::make(db).await;
    let (webhook, first) = scene.webhook("/in", &["shift.created"]).await;
    let rotate = async || {
        let rotated = scene.acme.owner.post(&format!("{WEBHOOKS}/{webhook}/rotatesecret"), json!({})).await.ok();
        assert!(rotated["webhook"]["previousSecretUntil"].is_string(), "{rotated}");
        text(&rotated, "secret")
    };
    let second = rotate().await;
    assert_ne!(first, second);
    scene.shift(1).await;
    let hook = scene.hooks.until("/in", 1).await.remove(0);
    let both = format!("{} {}", signature(&second, &hook), signature(&first, &hook));
    assert_eq!(hook.header("webhook-signature"), both);
    let third = rotate().await;
    scene.shift(2).await;
    let hook = scene.hooks.until("/in", 2).await.remove(1);
    let both = format!("{} {}", signature(&third, &hook), signature(&second, &hook));
    assert_eq!(hook.header("webhook-signature"), both, "the first is over");
    scene.later(24 * Timestamp::HOUR);
    let mut owner = scene.acme.owner.clone();
    owner.log_in().await;
    owner.post(&format!("{WEBHOOKS}/{webhook}/test"), json!({})).await.ok();
    let hook = scene.hooks.until("/in", 3).await.remove(2);
    assert_eq!(hook.header("webhook-signature"), signature(&third, &hook));
}

async fn a_test_and_a_repetition_go_the_same_way(db: Db) {
    let scene = Scene::make(db).await;
    let (webhook, secret) = scene.webhook("/in", &["leave.*"]).await;
    let owner = &scene.acme.owner;
    let queued = owner.post(&format!("{WEBHOOKS}/{webhook}/test"), json!({})).await.ok()["webhookDelivery"].clone();
    assert_eq!((&queued["state"], &queued["eventType"]), (&json!("pending"), &json!("webhook.test")));
    let hook = scene.hooks.until("/in", 1).await.remove(0);
    assert_eq!((hook.id(), hook.kind().as_str()), (text(&queued, "id").as_str(), "webhook.test"));
    assert_eq!((&hook.json()["object"], &hook.json()["seq"]), (&json!({"webhookId": webhook}), &json!(null)));
    assert_eq!(hook.json()["actorId"], owner.text());
    assert_eq!(hook.header("webhook-signature"), signature(&secret, &hook));
    let first = scene.delivery(&webhook, is("delivered")).await;
    let again = owner.post(&format!("{DELIVERIES}/{}/redeliver", hook.id()), json!({})).await.ok()["webhookDelivery"].clone();
    assert_eq!((&again["state"], &again["attempts"], &again["deliveredAt"]), (&json!("pending"), &json!(0), &json!(null)));
    let hooks = scene.hooks.until("/in", 2).await;
    assert_eq!((hooks[0].id(), &hooks[0].body), (hooks[1].id(), &hooks[1].body));
    let second = scene.delivery(&webhook, is("delivered")).await;
    assert_eq!(deliveries(owner, &webhook).await.len(), 1, "{first} became {second}");
}

async fn every_event_of_a_burst_is_sent_once(db: Db) {
    let scene = Scene::make(db).await;
    let (one, _) = scene.webhook("/one", &["shift.*"]).await;
    let (two, _) = scene.webhook("/two", &["shift.created"]).await;
    let days: Vec<u32> = (1..=28).collect();
    let made: BTreeSet<String> =
        futures_util::future::join_all(days.iter().map(|day| scene.shift(*day))).await.into_iter().collect();
    for (webhook, path) in [(&one, "/one"), (&two, "/two")] {
        let all = until(&scene.acme.owner, webhook, |all| all.len() == 28 && all.iter().all(is("delivered"))).await;
        assert!(all.iter().all(|delivery| delivery["attempts"] == 1), "{all:?}");
        let came = scene.hooks.to(path);
        assert_eq!((came.len(), came.iter().map(Hook::object_id).collect::<BTreeSet<_>>()), (28, made.clone()));
    }
}

/// Two servers on one database share the work: nothing is lost, nothing sent twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_send_each_event_once() {
    if !Db::Postgres.is_here() {
        return;
    }
    let scene = Scene::make(Db::Postgres).await;
    let twin = scene.app.twin().await;
    let (webhook, _) = scene.webhook("/in", &["shift.created"]).await;
    let owner = scene.acme.owner.at(&twin);
    let mut made = BTreeSet::new();
    for day in 1..=20 {
        let who = if day % 2 == 0 { &scene.acme.owner.client } else { &owner };
        let body = json!({"shiftDate": format!("2026-07-{day:02}"), "startTime": "09:00", "endTime": "17:00"});
        made.insert(text(&who.post(SHIFTS, body).await.ok()["shift"], "id"));
    }
    let all = until(&owner, &webhook, |all| all.len() == 20 && all.iter().all(is("delivered"))).await;
    assert!(all.iter().all(|delivery| delivery["attempts"] == 1), "{all:?}");
    let came = scene.hooks.to("/in");
    assert_eq!((came.len(), came.iter().map(Hook::object_id).collect::<BTreeSet<_>>()), (20, made));
}

/// What waits for a target that takes its time holds up nobody: not another company, not another target, not the mail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_target_holds_up_nobody() {
    let mail = workforceos_tests::MailServer::start().await;
    let mut scene = Scene::make(Db::Sqlite).await;
    let url = mail.url.clone();
    scene.app.restart_with(|settings| settings.smtp_url = Some(url)).await;
    let other = scene.app.company("other", "UTC").await;
    let slow = HookServer::start().await;
    for n in 0..6 {
        made(&scene.acme.owner, &slow.url(&format!("/slow{n}")), &["shift.created"]).await;
    }
    for day in 1..=10 {
        scene.shift(day).await;
    }
    // As many as one company may have under way.
    let full = async {
        while slow.held().0 < 16 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(workforceos_tests::DEADLINE, full).await.expect("sixteen are under way");
    made(&other.owner, &scene.hooks.url("/fast"), &["shift.created"]).await;
    for day in 1..=10 {
        other.shift(&format!("2026-07-{day:02}"), "09:00-17:00", &[]).await;
    }
    scene.hooks.until("/fast", 10).await;
    let start = "/auth-api/verification-services/password-reset-by-email/start";
    scene.app.anonymous().claiming("acme").post(start, json!({"email": scene.acme.owner.email})).await.ok();
    mail.until(|seen| seen.mails.len() == 1).await;
    let (now, most) = slow.held();
    assert!(now <= 16 && most.iter().all(|most| *most <= 4), "{now} {most:?}");
}
