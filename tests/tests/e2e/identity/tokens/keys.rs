//! API keys that are none, or none any more.

use serde_json::json;
use workforceos_tests::{Client, PASSWORD};

use crate::identity::mint::Mint;
use crate::identity::{at, is_nobodys, works};
use crate::paths::RECORDS;
use crate::text;

/// Ann's new key, which works.
async fn key(m: &Mint) -> (String, String) {
    let made = m.ann.post(at::KEYS, json!({"name": "robot"})).await.ok();
    let key = text(&made, "key");
    works(&m.ann.with_token(&key)).await;
    (key, text(&made["apiKey"], "id"))
}

/// The checksum of a key, worked out anew: CRC-32 in base 62.
fn checksum(body: &str) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut crc = u32::MAX;
    for byte in body.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let crc = !crc;
    (0..6).rev().map(|place| char::from(DIGITS[(crc / 62u32.pow(place) % 62) as usize])).collect()
}

/// A test for each way to alter a key.
macro_rules! no_keys {
    ($($name:ident => $alter:expr),+ $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let m = Mint::make().await;
            let (key, id) = key(&m).await;
            let alter: fn(&str, &str) -> String = $alter;
            is_nobodys(&m.app, &alter(&key, &id)).await;
            works(&m.ann.with_token(&key)).await;
        }
    )+ };
}

no_keys!(
    a_wrong_checksum => |key, _| {
        let (body, sum) = key.split_at(key.len() - 6);
        format!("{body}{}", if sum.starts_with('0') { sum.replacen('0', "1", 1) } else { format!("0{}", &sum[1..]) })
    },
    a_right_checksum_of_a_key_that_never_was => |key, _| {
        let body = format!("sk_mbx_{}", "A".repeat(key.len() - "sk_mbx_".len() - 6));
        assert_eq!(checksum(&key[..key.len() - 6]), key[key.len() - 6..], "this is how checksums are made");
        format!("{body}{}", checksum(&body))
    },
    truncated_by_one => |key, _| key[..key.len() - 1].to_owned(),
    truncated_to_what_is_shown => |key, _| key[..12].to_owned(),
    the_prefix_alone => |_, _| "sk_mbx_".to_owned(),
    one_character_more => |key, _| format!("{key}0"),
    of_another_prefix => |key, _| key.replacen("sk_mbx_", "sk_live_", 1),
    of_another_prefix_with_its_checksum => |key, _| {
        let body = key[..key.len() - 6].replacen("sk_mbx_", "pk_mbx_", 1);
        format!("{body}{}", checksum(&body))
    },
    without_its_prefix => |key, _| key["sk_mbx_".len()..].to_owned(),
    prefix_in_capitals => |key, _| key.replacen("sk_mbx_", "SK_MBX_", 1),
    in_lower_case => |key, _| {
        let lower = key.to_ascii_lowercase();
        assert_ne!(lower, key, "forty random characters are hardly all small");
        lower
    },
    with_a_wildcard => |key, _| format!("{}%", &key[..key.len() - 1]),
    with_non_ascii => |key, _| format!("{}ä", &key[..key.len() - 2]),
    a_keys_id => |_, id| id.to_owned(),
    a_huge_key => |key, _| format!("{key}{}", "0".repeat(64 * 1024)),
    a_key_and_a_token_in_one => |key, _| format!("{key}.{key}.{key}"),
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_key() {
    let m = Mint::make().await;
    let (key, id) = key(&m).await;
    let (other, _) = self::key(&m).await;
    m.ann.delete(&format!("{}/{id}", at::KEYS)).await.ok();
    is_nobodys(&m.app, &key).await;
    works(&m.ann.with_token(&other)).await;
    works(&m.ann).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_key() {
    let m = Mint::make().await;
    let made = m.ann.post(at::KEYS, json!({"name": "brief", "expiresAt": "2026-06-01T07:00:00Z"})).await.ok();
    let key = text(&made, "key");
    m.app.set("2026-06-01T06:59:59Z");
    works(&m.ann.with_token(&key)).await;
    m.app.set("2026-06-01T07:00:00Z");
    is_nobodys(&m.app, &key).await;
    works(&m.ann).await;
}

/// A key ends with its user.
async fn ends_with(act: impl AsyncFnOnce(&Mint)) {
    let m = Mint::make().await;
    let (key, _) = key(&m).await;
    act(&m).await;
    is_nobodys(&m.app, &key).await;
    is_nobodys(&m.app, m.good()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_an_archived_user() {
    ends_with(async |m| _ = m.ann.delete(at::PROFILE).await.ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_an_archived_user_does_not_come_back_with_the_user() {
    let m = Mint::make().await;
    let (key, _) = key(&m).await;
    m.ann.delete(at::PROFILE).await.ok();
    let mut back = m.ann.clone();
    back.log_in().await;
    works(&back).await;
    is_nobodys(&m.app, &key).await;
    is_nobodys(&m.app, m.good()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_a_deleted_user() {
    ends_with(async |m| _ = m.acme.owner.delete(&format!("{}/{}", at::USERS, m.ann.text())).await.ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_a_user_whose_role_changed() {
    ends_with(async |m| {
        let path = format!("/auth-api/v1/userrole/{}", m.ann.text());
        m.acme.owner.patch(&path, json!({"roleId": "tenantAdmin"})).await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_a_user_whose_password_changed() {
    ends_with(async |m| {
        let body = json!({"oldPassword": PASSWORD, "newPassword": "an entirely new one"});
        m.ann.patch("/auth-api/v1/profile/password", body).await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_a_foreign_company() {
    let m = Mint::make().await;
    let made = m.other.owner.post(at::KEYS, json!({"name": "robot"})).await.ok();
    let robot: Client = m.other.owner.with_token(&text(&made, "key"));
    robot.get(RECORDS).await.ok();
    robot.claiming("acme").get(RECORDS).await.refused(403, "TenantMismatch");
}
