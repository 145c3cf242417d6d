//! What a token claims: altered under the old signature, or wrong under the server's own.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::nobodys;
use crate::identity::mint::Mint;
use crate::identity::{at, works};
use crate::paths::RECORDS;
use crate::text;

const HOUR: i64 = 60 * 60;

/// Ann's claims as text, with something before the closing brace: a way to say things twice.
fn twice(m: &Mint, name: &str, value: &Json, first: bool) -> String {
    let claims = m.claims().to_string();
    let payload = match first {
        true => format!("{{\"{name}\":{value},{}", &claims[1..]),
        false => format!("{},\"{name}\":{value}}}", &claims[..claims.len() - 1]),
    };
    m.signed(&payload)
}

nobodys!(
    sub_altered => |m| m.altered("sub", json!(m.bob.text())),
    sid_altered => |m| m.altered("sid", json!(Uuid::from_u128(1))),
    tenant_altered => |m| m.altered("tenant", json!(m.other.id.to_string())),
    tenant_altered_to_the_root => |m| m.altered("tenant", json!(Uuid::nil())),
    role_raised => |m| m.altered("role", json!("superAdmin")),
    exp_prolonged => |m| m.altered("exp", json!(m.now() + 1000 * HOUR)),
    iat_altered => |m| m.altered("iat", json!(m.now() - 1)),
    a_claim_added => |m| m.altered("admin", json!(true)),

    without_sub => |m| m.signed_without("sub"),
    without_sid => |m| m.signed_without("sid"),
    without_tenant => |m| m.signed_without("tenant"),
    without_role => |m| m.signed_without("role"),
    without_iat => |m| m.signed_without("iat"),
    without_exp => |m| m.signed_without("exp"),
    without_issuer => |m| m.signed_without("iss"),
    without_audience => |m| m.signed_without("aud"),
    without_any_claim => |m| m.signed("{}"),

    sub_a_number => |m| m.signed_with("sub", json!(7)),
    sub_null => |m| m.signed_with("sub", Json::Null),
    sub_no_id => |m| m.signed_with("sub", json!("ann")),
    sid_a_list => |m| m.signed_with("sid", json!([m.login()])),
    sid_an_object => |m| m.signed_with("sid", json!({"$ne": null})),
    tenant_null => |m| m.signed_with("tenant", Json::Null),
    tenant_a_codename => |m| m.signed_with("tenant", json!("acme")),
    role_a_list => |m| m.signed_with("role", json!(["superAdmin"])),
    exp_a_text => |m| m.signed_with("exp", json!((m.now() + HOUR).to_string())),
    exp_true => |m| m.signed_with("exp", json!(true)),
    exp_beyond_all_numbers => |m| {
        let claims = m.claims();
        m.signed(&claims.to_string().replace(&claims["exp"].to_string(), "99999999999999999999999999"))
    },
    iat_a_text => |m| m.signed_with("iat", json!("yesterday")),
    nbf_a_text => |m| m.signed_with("nbf", json!("yesterday")),
    a_payload_that_is_a_list => |m| m.signed(&format!("[{}]", m.claims())),
    a_payload_that_is_a_text => |m| m.signed("\"ann\""),
    a_payload_that_is_no_json => |m| m.signed("ann"),

    expired => |m| m.signed_with("exp", json!(m.now() - 1)),
    expired_this_second => |m| m.signed_with("exp", json!(m.now())),
    exp_zero => |m| m.signed_with("exp", json!(0)),
    exp_negative => |m| m.signed_with("exp", json!(-1)),
    exp_the_smallest_number => |m| m.signed_with("exp", json!(i64::MIN)),
    not_valid_yet => |m| m.signed_with("nbf", json!(m.now() + HOUR)),
    issued_in_the_future => |m| m.signed_with("iat", json!(m.now() + HOUR)),
    issued_at_the_end_of_time => |m| m.signed_with("iat", json!(i64::MAX)),
    of_another_issuer => |m| m.signed_with("iss", json!("somebody")),
    for_another_audience => |m| m.signed_with("aud", json!("somebody")),
    for_several_audiences => |m| m.signed_with("aud", json!(["workforceos-access", "workforceos-bucket"])),
    a_bucket_token => |m| text(&m.again, "userBucketToken"),

    of_a_login_that_never_was => |m| m.signed_with("sid", json!(Uuid::from_u128(1))),
    of_the_nil_login => |m| m.signed_with("sid", json!(Uuid::nil())),
    of_somebody_elses_login => |m| m.signed_with("sub", json!(m.bob.text())),
    of_a_user_in_place_of_a_login => |m| m.signed_with("sid", json!(m.ann.text())),
    of_a_login_with_another_companys_claim => |m| m.signed_with("tenant", json!(m.other.id.to_string())),
    of_a_login_with_the_roots_claim => |m| m.signed_with("tenant", json!(Uuid::nil())),
    of_a_foreign_owner_with_our_claim => |m| {
        let theirs = crate::identity::mint::read(m.other.owner.token.as_deref().expect("a token").split('.').nth(1).expect("a part"));
        let mut claims = theirs;
        claims["tenant"] = json!(m.acme.id.to_string());
        m.signed(&claims.to_string())
    },

    sub_twice => |m| twice(m, "sub", &json!(m.bob.text()), false),
    sub_twice_the_good_one_last => |m| twice(m, "sub", &json!(m.bob.text()), true),
    sid_twice => |m| twice(m, "sid", &json!(Uuid::from_u128(1)), true),
    tenant_twice => |m| twice(m, "tenant", &json!(m.other.id.to_string()), true),
    exp_twice => |m| twice(m, "exp", &json!(m.now() + 1000 * HOUR), false),
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_claims_minted_anew_are_good() {
    let m = Mint::make().await;
    // What the cases above differ from: if this were refused, they would prove nothing.
    works(&m.ann.with_token(&m.signed(&m.claims().to_string()))).await;
    works(&m.ann.with_token(&m.signed_with("nbf", json!(m.now())))).await;
    works(&m.ann.with_token(&m.signed_with("anything", json!("else")))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_is_read_from_the_user_not_from_the_token() {
    let m = Mint::make().await;
    for role in ["tenantOwner", "superAdmin", "nobody"] {
        let raised = m.ann.with_token(&m.signed_with("role", json!(role)));
        assert_eq!(raised.get(at::CURRENT_USER).await.ok()["roleId"], "tenantUser");
        raised.get(at::USERS).await.refused(403, "Forbidden");
        raised.claiming("other").get(RECORDS).await.refused(403, "TenantMismatch");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prolonged_token_ends_with_its_login() {
    let m = Mint::make().await;
    let long = m.signed_with("exp", json!(m.now() + 1000 * HOUR));
    works(&m.ann.with_token(&long)).await;
    m.app.clock.advance_minutes(24 * 60);
    super::super::is_nobodys(&m.app, &long).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_tenants_token_is_a_mismatch() {
    let m = Mint::make().await;
    let stranger = m.other.owner.claiming("acme");
    for path in [RECORDS, at::USERS, at::CURRENT_USER, at::STREAM, at::MCP, "/auth-api/permissions", "/mcpbff-api/api/tools"] {
        stranger.get(path).await.refused(403, "TenantMismatch");
    }
    stranger.tool("listUsers", json!({})).await.refused(403, "TenantMismatch");
    m.ann.claiming("root").get(at::CURRENT_USER).await.refused(403, "TenantMismatch");
    // The claim counts wherever it stands.
    let mut unclaimed = m.other.owner.client.clone();
    unclaimed.claim = None;
    unclaimed.get(&format!("{RECORDS}?_company=acme")).await.refused(403, "TenantMismatch");
    let body = json!({"_company": "acme", "fullname": "x"});
    unclaimed.patch(at::PROFILE, body).await.refused(403, "TenantMismatch");
    // A token that is bad as well is nobody's first of all.
    let bad = stranger.with_token("x");
    bad.get(RECORDS).await.refused(401, "LoginRequired");
    bad.claiming("nowhere").get(RECORDS).await.refused(401, "LoginRequired");
    stranger.claiming("nowhere").get(RECORDS).await.refused(404, "CompanyNotFound");
}
