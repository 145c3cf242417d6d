//! Who calls, for which company, with which arguments: read from a request's head and body.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use actix_web::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;
use serde_json::{Map, Value as Json};
use tokio::time::timeout_at;
use workforceos_core::error::{Error, Result, Status};

/// The largest body of a call.
pub const MAX_BODY: usize = 1024 * 1024;
/// How long a body may take to arrive.
pub const BODY: Duration = Duration::from_secs(20);
/// The most room made for a body before it is there.
const ROOM: usize = 16 * 1024;
/// Name of the header and of the cookie that carry an access token.
pub const TOKEN: &str = "workforceos-access-token";

/// A request's query parameters in their order.
pub type Query = Vec<(String, String)>;

/// Splits a query string and decodes it.
pub fn query(text: &str) -> Query {
    if text.is_empty() {
        return Vec::new();
    }
    web::Query::<Query>::from_query(text).map(web::Query::into_inner).unwrap_or_default()
}

/// The first value of a query parameter.
pub fn first<'q>(query: &'q [(String, String)], name: &str) -> Option<&'q str> {
    query.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
}

/// The claimed company's codename: header, then query, then body.
pub fn company<'a>(headers: &'a HeaderMap, query: &'a [(String, String)], body: &'a Map<String, Json>) -> Option<&'a str> {
    header(headers, "mbx-company-codename")
        .or_else(|| first(query, "_company"))
        .or_else(|| body.get("_company").and_then(Json::as_str).filter(|c| !c.is_empty()))
}

/// The access token: of all places that may carry one, the first that does. What is no text there is a bad token, not none.
pub fn token<'a>(headers: &'a HeaderMap, query: &'a [(String, String)], company: Option<&str>) -> Option<&'a str> {
    first(query, "access_token")
        .or_else(|| bytes_of(headers, AUTHORIZATION.as_str()).and_then(bearer))
        .or_else(|| bytes_of(headers, TOKEN).map(as_text))
        .or_else(|| {
            let own = company.filter(|c| *c != "root")?;
            bytes_of(headers, &format!("{TOKEN}-{own}")).map(as_text)
        })
        .or_else(|| cookie(headers, &token_cookie(company.unwrap_or("root"))))
}

/// Name of the cookie that carries a tenant's token: the SaaS level's has no suffix.
pub fn token_cookie(codename: &str) -> Cow<'static, str> {
    if codename == "root" { Cow::Borrowed(TOKEN) } else { Cow::Owned(format!("{TOKEN}-{codename}")) }
}

fn bearer(value: &[u8]) -> Option<&str> {
    let (scheme, token) = value.split_at(value.iter().position(|b| *b == b' ')?);
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty()).then(|| as_text(token))
}

/// A header's bytes; an empty one counts as absent.
fn bytes_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    headers.get(name).map(|value| value.as_bytes().trim_ascii()).filter(|value| !value.is_empty())
}

/// A token's text; nothing, which is no token, where it is none.
fn as_text(token: &[u8]) -> &str {
    std::str::from_utf8(token).unwrap_or_default()
}

/// A header's text; an empty one counts as absent.
pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|v| !v.is_empty())
}

/// The `Idempotency-Key`. One that is no text is refused: ignored, it would let the same call be made twice.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>> {
    const NAME: &str = "idempotency-key";
    let is_text = headers.get(NAME).is_none_or(|value| value.to_str().is_ok());
    if is_text { Ok(header(headers, NAME)) } else { Err(Error::field("Idempotency-Key", "must be printable ASCII characters")) }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // By bytes: somebody else's cookie that is no ASCII must not hide ours.
    let pairs = headers.get_all(COOKIE).flat_map(|line| line.as_bytes().split(|b| *b == b';'));
    let mut values = pairs.filter_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    values.find(|value| !value.is_empty()).map(|value| as_text(value).trim_matches('"'))
}

/// The client's address: the connection's, or where that is a trusted proxy's, the nearest one that no such proxy has.
pub fn address(request: &HttpRequest, proxies: &[IpAddr]) -> Option<IpAddr> {
    // A socket of both families shows IPv4 addresses as IPv6 ones.
    let peer = request.peer_addr()?.ip().to_canonical();
    Some(forwarded(peer, request.headers(), proxies).unwrap_or(peer))
}

fn forwarded(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
    if !proxies.contains(&peer) {
        return None;
    }
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").filter_map(|line| line.to_str().ok()).collect();
    // Each proxy adds to the right what it saw; what stands further left anybody may have written.
    let nearest = lines.iter().flat_map(|line| line.split(',')).map(str::trim).rev().map(|part| part.parse::<IpAddr>().ok());
    nearest.take_while(Option::is_some).flatten().map(|ip| ip.to_canonical()).find(|ip| !proxies.contains(ip))
}

/// Reads a JSON object from a body; none at all is an empty object.
pub async fn json_body(headers: &HeaderMap, payload: web::Payload) -> Result<Map<String, Json>> {
    json_body_within(MAX_BODY, headers, payload).await
}

/// As [`json_body`], of at most so many bytes.
pub async fn json_body_within(limit: usize, headers: &HeaderMap, payload: web::Payload) -> Result<Map<String, Json>> {
    let bytes = bytes(headers, payload, limit).await?;
    parse(headers, &bytes)
}

/// Whether a body says that it is larger than ordinary ones, or does not say how large it is.
pub fn may_be_large(headers: &HeaderMap) -> bool {
    header(headers, CONTENT_LENGTH.as_str()).and_then(|n| n.parse::<usize>().ok()).is_none_or(|n| n > MAX_BODY)
}

/// A body's bytes, as long as they are not too many and come in time.
pub async fn bytes(headers: &HeaderMap, mut payload: web::Payload, limit: usize) -> Result<web::BytesMut> {
    let announced = header(headers, CONTENT_LENGTH.as_str()).and_then(|n| n.parse::<usize>().ok());
    if announced.is_some_and(|n| n > limit) {
        return Err(too_large(limit));
    }
    // What is announced is not there yet: room grows with what arrives, and all of it has to arrive in time.
    let mut body = web::BytesMut::with_capacity(announced.unwrap_or(0).min(ROOM));
    // A file may take longer than a form.
    let deadline = tokio::time::Instant::now() + if limit > MAX_BODY { 6 * BODY } else { BODY };
    while let Some(chunk) =
        timeout_at(deadline, payload.next()).await.map_err(|_| malformed("The body took too long to arrive"))?
    {
        let chunk = chunk.map_err(|_| malformed("The body did not arrive whole"))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Json>> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    if let Some(kind) = header(headers, CONTENT_TYPE.as_str())
        && !is_json(kind)
    {
        return Err(Error::new(Status::UnsupportedMedia, "UnsupportedMediaType", "Send the body as application/json"));
    }
    serde_json::from_slice(body).map_err(|e| malformed(&format!("The body is no JSON object: {e}")))
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

fn malformed(message: &str) -> Error {
    Error::new(Status::Invalid, "ValidationFailed", message)
}

fn too_large(limit: usize) -> Error {
    Error::new(Status::TooLarge, "PayloadTooLarge", format!("A body may have {} KiB at most", limit / 1024))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use serde_json::json;

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("name");
            map.append(name, HeaderValue::from_str(value).expect("value"));
        }
        map
    }

    #[test]
    fn tokens_are_found_in_their_order() {
        let mut pairs = vec![
            ("cookie", "a=b; workforceos-access-token=root-cookie; workforceos-access-token-acme=acme-cookie"),
            ("workforceos-access-token-acme", "acme-header"),
            ("workforceos-access-token", "header"),
            ("authorization", "bearer  bearer-token"),
        ];
        let from_query = query("x=1&access_token=from%2Dquery");
        let found = |pairs: &[_], query: &[_]| token(&headers(pairs), query, Some("acme")).map(str::to_owned);
        assert_eq!(found(&pairs, &from_query).as_deref(), Some("from-query"));
        for expected in ["bearer-token", "header", "acme-header", "acme-cookie"] {
            assert_eq!(found(&pairs, &[]).as_deref(), Some(expected));
            pairs.pop();
        }
    }

    #[test]
    fn without_a_claim_the_cookie_without_suffix_counts() {
        let all = headers(&[("cookie", "workforceos-access-token-acme=acme; workforceos-access-token=plain")]);
        assert_eq!(token(&all, &[], None), Some("plain"));
        assert_eq!(token(&all, &[], Some("root")), Some("plain"));
        assert_eq!(token(&all, &[], Some("acme")), Some("acme"));
        assert_eq!(token(&all, &[], Some("other")), None);
        assert_eq!(token(&headers(&[("authorization", "Basic abc")]), &[], None), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_a_bad_token_and_hide_no_other_cookie() {
        let mut map = headers(&[("workforceos-access-token", "good")]);
        map.insert(AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xff\xfe").expect("a value"));
        assert_eq!(token(&map, &[], None), Some(""));
        let mut map = HeaderMap::new();
        map.insert(COOKIE, HeaderValue::from_bytes(b"name=J\xc3\xbcrgen\xff; workforceos-access-token=good").expect("a value"));
        assert_eq!(token(&map, &[], None), Some("good"));
    }

    #[test]
    fn a_key_that_is_no_text_is_not_passed_over() {
        let mut map = headers(&[("idempotency-key", " k1 ")]);
        assert_eq!(idempotency_key(&map).expect("a key"), Some("k1"));
        map.insert(HeaderName::from_static("idempotency-key"), HeaderValue::from_bytes(b"Sch\xc3\xb6n").expect("a value"));
        assert_eq!(idempotency_key(&map).expect_err("refused").status, Status::Invalid);
        assert_eq!(idempotency_key(&headers(&[])).expect("none"), None);
    }

    #[test]
    fn a_company_is_claimed_by_header_then_query_then_body() {
        let Json::Object(body) = json!({"_company": "body"}) else { panic!("an object") };
        let in_query = query("_company=query");
        assert_eq!(company(&headers(&[("mbx-company-codename", "header")]), &in_query, &body), Some("header"));
        assert_eq!(company(&headers(&[]), &in_query, &body), Some("query"));
        assert_eq!(company(&headers(&[]), &[], &body), Some("body"));
        assert_eq!(company(&headers(&[]), &[], &Map::new()), None);
    }

    #[test]
    fn bodies_are_json_objects_or_nothing() {
        let json = headers(&[("content-type", "application/json; charset=utf-8")]);
        assert_eq!(parse(&json, b"").expect("empty").len(), 0);
        assert_eq!(parse(&json, b"{\"a\":1}").expect("object")["a"], 1);
        assert_eq!(parse(&headers(&[]), b"{}").expect("no type").len(), 0);
        for bad in [&b"{"[..], b"[]", b"1", b"{\"a\":1}x", b"\xff"] {
            assert_eq!(parse(&json, bad).expect_err("malformed").status.http(), 400);
        }
        let form = headers(&[("content-type", "application/x-www-form-urlencoded")]);
        assert_eq!(parse(&form, b"a=1").expect_err("a form").status.http(), 415);
    }

    #[test]
    fn a_trusted_proxy_alone_is_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let (proxy, client) = (ip("10.0.0.1"), ip("203.0.113.9"));
        let found = |value: &str| forwarded(proxy, &headers(&[("x-forwarded-for", value)]), &[proxy, ip("10.0.0.2")]);
        assert_eq!(found("198.51.100.7, 203.0.113.9, 10.0.0.2"), Some(client));
        assert_eq!(found("203.0.113.9"), Some(client));
        assert_eq!(found("203.0.113.9, nonsense"), None);
        assert_eq!(found("203.0.113.9, ::ffff:10.0.0.2"), Some(client), "IPv4 by another name");
        assert_eq!(forwarded(client, &headers(&[("x-forwarded-for", "198.51.100.7")]), &[proxy]), None);
    }

    #[test]
    fn queries_keep_repeated_names() {
        assert_eq!(query("a=1&a=2&b=%C3%A4+x"), [("a", "1"), ("a", "2"), ("b", "ä x")].map(|(n, v)| (n.into(), v.into())));
        assert!(query("").is_empty());
    }
}
