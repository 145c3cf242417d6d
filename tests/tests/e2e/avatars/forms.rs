//! Uploads that are refused, and how much of them is read.

use image::ImageFormat;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use workforceos_tests::{BOUNDARY, DEADLINE, Db, TestApp, form_field, on_both_databases};

use super::{DOT, FILES, picture};

on_both_databases!(
    bad_forms_are_told_what_is_wrong,
    only_pictures_are_kept,
    too_much_is_refused,
    a_flood_is_not_read,
    a_repeated_upload_is_one,
    files_are_so_many_and_no_more
);

const MB: usize = 1024 * 1024;
const UPLOAD: &str = "/auth-api/bucket/userAvatars/upload";

fn file(bytes: &[u8]) -> Vec<u8> {
    form_field("file", "me.gif", "image/gif", bytes)
}

async fn bad_forms_are_told_what_is_wrong(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = &acme.owner;
    let forms: [&[Vec<u8>]; 5] = [
        &[],
        &[form_field("picture", "me.gif", "image/gif", DOT)],
        &[file(b"")],
        &[file(DOT), file(DOT)],
        &[file(b""), file(DOT)],
    ];
    for fields in forms {
        assert_eq!(ann.submit("userAvatars", fields).await.bad_fields(), ["file"]);
    }
    // Other fields do not matter, before or after the file.
    let note = || form_field("note", "", "text/plain", b"hello");
    ann.submit("userAvatars", &[note(), file(DOT), note()]).await.ok();
    ann.post(UPLOAD, json!({"file": "x"})).await.refused(400, "ValidationFailed");
    let whole = [file(DOT), format!("--{BOUNDARY}--\r\n").into_bytes()].concat();
    let send = async |kind: Option<&str>, body: &[u8]| {
        let request = ann.request(Method::POST, UPLOAD).body(body.to_vec());
        let request = if let Some(kind) = kind { request.header("content-type", kind) } else { request };
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("text"))
    };
    let form = format!("multipart/form-data; boundary={BOUNDARY}");
    assert_eq!(send(Some(&form), &whole).await.0, 200);
    for (kind, body) in [
        (None, &whole[..]),
        (Some("image/gif"), DOT),
        (Some("multipart/form-data"), &whole),
        (Some("multipart/form-data; boundary=other"), &whole),
        (Some(&form), &whole[..whole.len() - 30]),
        (Some(&form), b""),
    ] {
        let (status, text) = send(kind, body).await;
        assert_eq!(status, 400, "{kind:?}: {text}");
        assert!(text.contains("\"field\":\"file\""), "{kind:?}: {text}");
    }
    assert_eq!(ann.get(UPLOAD).await.status, 405);
    assert_eq!(ann.upload("nothing", "me.gif", DOT).await.status, 404);
    let leave = ann.request(Method::POST, "/leavemanagement-api/bucket/userAvatars/upload").send().await.expect("an answer");
    assert_eq!(leave.status(), 404);
    assert_eq!(ann.get(FILES).await.ok()["rowCount"], 2);
}

async fn only_pictures_are_kept(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    for other in [
        &b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"[..],
        b"<!doctype html><script>alert(1)</script>",
        b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0",
        b"x",
    ] {
        acme.owner
            .submit("userAvatars", &[form_field("file", "me.png", "image/png", other)])
            .await
            .refused(415, "UnsupportedMediaType");
    }
    let whole = picture(ImageFormat::Jpeg, 300, 300);
    for damaged in [&b"GIF89a<script>alert(1)</script>"[..], &whole[..whole.len() / 2]] {
        assert_eq!(acme.owner.upload("userAvatars", "me.gif", damaged).await.bad_fields(), ["file"]);
    }
    // A picture that is also a page is a picture alone afterwards.
    let both = [DOT, b"<script>alert(1)</script>"].concat();
    let told = acme.owner.submit("userAvatars", &[form_field("file", "page.html", "text/html", &both)]).await.ok();
    assert_eq!((&told["file"]["fileName"], &told["file"]["mimeType"]), (&json!("page.gif"), &json!("image/gif")));
    let key = format!("/auth-api/bucket/userAvatars/download/key/{}", crate::text(&told["file"], "accessKey"));
    let got = app.anonymous().request(Method::GET, &key).send().await.expect("an answer").bytes().await.expect("bytes");
    assert!(!got.windows(6).any(|part| part == b"script"));
    assert_eq!(acme.owner.get(FILES).await.ok()["rowCount"], 1);
}

async fn too_much_is_refused(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    // Bytes behind a picture count as much as the picture.
    let padded = |size: usize| [DOT, &vec![0; size - DOT.len()]].concat();
    acme.owner.upload("userAvatars", "me.gif", &padded(5 * MB)).await.ok();
    acme.owner.upload("userAvatars", "me.gif", &padded(5 * MB + 1)).await.refused(413, "PayloadTooLarge");
    let others = form_field("note", "", "text/plain", &vec![b'x'; 5 * MB + 65 * 1024]);
    acme.owner.submit("userAvatars", &[others, file(DOT)]).await.refused(413, "PayloadTooLarge");
    assert_eq!(acme.owner.get(FILES).await.ok()["rowCount"], 1);
}

/// Sends the head of an upload whose body is so long, or chunked.
pub async fn begin(app: &TestApp, token: Option<&str>, length: Option<usize>) -> TcpStream {
    let base = app.base();
    let address = base.strip_prefix("http://").expect("an address");
    let body = length.map_or("transfer-encoding: chunked".to_owned(), |length| format!("content-length: {length}"));
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!(
        "POST {UPLOAD} HTTP/1.1\r\nhost: {address}\r\n{token}{body}\r\n\
         content-type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream
}

/// Opens an upload that would go on for ever, sends `sent` bytes of its file, and answers all that comes back until the server
/// closes the connection.
async fn flood(app: &TestApp, token: Option<&str>, length: Option<usize>, sent: usize) -> String {
    let (mut from, mut to) = begin(app, token, length).await.into_split();
    let first = form_field("file", "me.gif", "image/gif", &vec![0; sent]);
    let piece = match length {
        Some(_) => first,
        None => [format!("{:x}\r\n", first.len()).as_bytes(), &first, b"\r\n"].concat(),
    };
    // The server may have enough before it has all.
    let sender = tokio::spawn(async move {
        let _ = to.write_all(&piece).await;
        to
    });
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    let reading = async {
        while let Ok(n @ 1..) = from.read(&mut buffer).await {
            answer.extend_from_slice(&buffer[..n]);
        }
    };
    tokio::time::timeout(DEADLINE, reading).await.expect("the server ends it");
    drop(sender.await.expect("it sends"));
    String::from_utf8_lossy(&answer).into_owned()
}

async fn a_flood_is_not_read(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let token = acme.owner.token.as_deref();
    let floods = [
        // Without an end, and with one that is far away though not too far for one file.
        (token, None, 6 * MB, "413", "PayloadTooLarge"),
        (token, Some(5 * MB + 60 * 1024), 5 * MB + 1, "413", "PayloadTooLarge"),
        // What is said to be too much is not waited for.
        (token, Some(5 * 1024 * MB), 0, "413", "PayloadTooLarge"),
        (None, None, 0, "401", "LoginRequired"),
    ];
    for (token, length, sent, status, code) in floods {
        let answer = flood(&app, token, length, sent).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(code), "{length:?}: {answer}");
    }
    assert_eq!(acme.owner.get(FILES).await.ok()["rowCount"], 0);
    acme.owner.upload("userAvatars", "me.gif", DOT).await.ok();
}

async fn a_repeated_upload_is_one(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let once = acme.owner.with_key("k");
    let (first, second) = tokio::join!(once.upload("userAvatars", "me.gif", DOT), once.upload("userAvatars", "me.gif", DOT));
    let first = first.ok();
    assert_eq!(first, second.ok());
    assert_eq!(once.upload("userAvatars", "me.gif", DOT).await.ok(), first);
    once.upload("userAvatars", "other.gif", DOT).await.refused(409, "IdempotencyConflict");
    let padded = [DOT, b"\0"].concat();
    once.upload("userAvatars", "me.gif", &padded).await.refused(409, "IdempotencyConflict");
    once.upload("companyAvatars", "me.gif", DOT).await.refused(409, "IdempotencyConflict");
    assert_eq!(acme.owner.get(FILES).await.ok()["rowCount"], 1);
}

async fn files_are_so_many_and_no_more(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let mut first = String::new();
    for _ in 0..20 {
        first = crate::text(&ann.upload("userAvatars", "me.gif", DOT).await.ok()["file"], "id");
    }
    ann.upload("userAvatars", "me.gif", DOT).await.refused(409, "TooManyFiles");
    bob.upload("userAvatars", "me.gif", DOT).await.ok();
    ann.delete(&format!("{FILES}/{first}")).await.ok();
    ann.upload("userAvatars", "me.gif", DOT).await.ok();
}
