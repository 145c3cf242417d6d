//! The five places where a token may stand, and which of them counts.

use reqwest::{Method, RequestBuilder};
use workforceos_tests::Reply;

use crate::identity::mint::Mint;
use crate::identity::{at, no_login_found};

/// In the order in which they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Query,
    Bearer,
    Header,
    OwnHeader,
    Cookie,
}

const PLACES: [Place; 5] = [Place::Query, Place::Bearer, Place::Header, Place::OwnHeader, Place::Cookie];

fn put(request: RequestBuilder, place: Place, token: &str) -> RequestBuilder {
    match place {
        Place::Query => unreachable!("a query is part of the address"),
        Place::Bearer => request.bearer_auth(token),
        Place::Header => request.header("workforceos-access-token", token),
        Place::OwnHeader => request.header("workforceos-access-token-acme", token),
        Place::Cookie => request.header("cookie", format!("a=b; workforceos-access-token-acme={token}; c=d")),
    }
}

/// Asks who one is with tokens in several places, claiming the company.
async fn asked(m: &Mint, tokens: &[(Place, &str)]) -> Reply {
    let (query, others): (Vec<_>, Vec<_>) = tokens.iter().partition(|(place, _)| *place == Place::Query);
    let query = query.first().map(|(_, token)| format!("?access_token={token}")).unwrap_or_default();
    let request = m.app.anonymous().claiming("acme").request(Method::GET, &format!("{}{query}", at::CURRENT_USER));
    let request = others.into_iter().fold(request, |request, (place, token)| put(request, place, token));
    Reply::of(request, format!("{tokens:?}")).await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_found_in_each_place() {
    let m = Mint::make().await;
    for place in PLACES {
        let session = asked(&m, &[(place, m.good())]).await.ok();
        assert_eq!(session["userId"], m.ann.text(), "{place:?}");
        assert_eq!(session["accessToken"], m.good(), "{place:?}");
    }
    no_login_found(&asked(&m, &[]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_token_in_any_place_is_nobodys() {
    let m = Mint::make().await;
    let bad = m.unsigned("none", "");
    for place in PLACES {
        no_login_found(&asked(&m, &[(place, &bad)]).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_found_is_used_though_it_is_bad() {
    let m = Mint::make().await;
    for first in PLACES {
        for later in PLACES.into_iter().filter(|later| *later > first) {
            no_login_found(&asked(&m, &[(first, "bad"), (later, m.good())]).await);
            asked(&m, &[(first, m.good()), (later, "bad")]).await.ok();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_good_ones_the_first_is_who_one_is() {
    let m = Mint::make().await;
    let bob = m.bob.token.as_deref().expect("a token");
    for first in PLACES {
        for later in PLACES.into_iter().filter(|later| *later > first) {
            let session = asked(&m, &[(later, m.good()), (first, bob)]).await.ok();
            assert_eq!(session["userId"], m.bob.text(), "{first:?} before {later:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_place_is_none() {
    let m = Mint::make().await;
    for first in PLACES.into_iter().filter(|place| *place != Place::Cookie) {
        asked(&m, &[(first, ""), (Place::Cookie, m.good())]).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_text_is_found_and_bad() {
    let m = Mint::make().await;
    for (name, value) in [
        ("authorization", &b"Bearer \xff\xfe"[..]),
        ("workforceos-access-token", b"\xff\xfe"),
        ("workforceos-access-token-acme", b"\xff\xfe"),
    ] {
        let request = m.app.anonymous().claiming("acme").request(Method::GET, at::CURRENT_USER);
        let value = reqwest::header::HeaderValue::from_bytes(value).expect("a value");
        let request = put(request.header(name, value), Place::Cookie, m.good());
        no_login_found(&Reply::of(request, name).await.expect("an answer"));
    }
    // Another site's cookie of whatever bytes is no token at all.
    let request = m.app.anonymous().claiming("acme").request(Method::GET, at::CURRENT_USER);
    let cookies = [b"name=J\xfcrgen; workforceos-access-token-acme=", m.good().as_bytes()].concat();
    let value = reqwest::header::HeaderValue::from_bytes(&cookies).expect("a value");
    Reply::of(request.header("cookie", value), "a cookie").await.expect("an answer").ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_companys_header_and_cookie_count_for_that_company_alone() {
    let m = Mint::make().await;
    for place in [Place::OwnHeader, Place::Cookie] {
        for claim in [None, Some("root"), Some("other")] {
            let mut nobody = m.app.anonymous();
            nobody.claim = claim.map(str::to_owned);
            let request = put(nobody.request(Method::GET, at::CURRENT_USER), place, m.good());
            no_login_found(&Reply::of(request, format!("{place:?} claiming {claim:?}")).await.expect("an answer"));
        }
    }
    let root = m.app.super_admin().await.token.expect("a token");
    let cookie = format!("workforceos-access-token={root}; workforceos-access-token-acme={}", m.good());
    for (claim, who) in [(None, "root"), (Some("root"), "root"), (Some("acme"), "acme")] {
        let mut nobody = m.app.anonymous();
        nobody.claim = claim.map(str::to_owned);
        let request = nobody.request(Method::GET, at::CURRENT_USER).header("cookie", &cookie);
        assert_eq!(Reply::of(request, "cookies").await.expect("an answer").ok()["companyCodename"], who);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_schemes_carry_no_token() {
    let m = Mint::make().await;
    for scheme in ["Basic", "Digest", "Token", "Bearer:", "JWT"] {
        let request = m.app.anonymous().request(Method::GET, at::CURRENT_USER);
        let request = request.header("authorization", format!("{scheme} {}", m.good()));
        no_login_found(&Reply::of(request, scheme).await.expect("an answer"));
    }
    for scheme in ["bearer", "BEARER", "Bearer "] {
        let request = m.app.anonymous().request(Method::GET, at::CURRENT_USER);
        let request = request.header("authorization", format!("{scheme} {}", m.good()));
        Reply::of(request, scheme).await.expect("an answer").ok();
    }
}
