//! Buckets of files: uploads; downloads of avatars, open to everybody, the generated ones too; and of private documents.

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde_json::Map;
use workforceos_core::Args;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::session::{Ctx, Via};
use workforceos_services::Bucket;
use workforceos_services::auth::{avatars, bucket_session};
use workforceos_services::employees::files;

use crate::caller::header;
use crate::multipart;
use crate::reply;
use crate::request::Incoming;
use crate::server::Server;

/// Whoever shows a picture may come from anywhere.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// A picture has nothing to load, nothing to run, and is no page of ours.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
/// A file never changes: another one has another id.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A request to a bucket, as its address says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask<'p> {
    Id(&'p str),
    Key(&'p str),
    /// The generated avatar: an id and `.svg`.
    Default(&'p str),
}

/// `POST …/bucket/{bucket}/upload`: a file in the field `file` of a form.
pub async fn upload(
    server: &Server,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
    bucket: Bucket,
) -> Result<HttpResponse> {
    let ctx = enter(server, request, incoming).await?;
    let about = bucket.about().and_then(|name| incoming.query.iter().find(|(n, _)| n == name)).map(|(_, value)| value.clone());
    match bucket {
        Bucket::EmployeeDocuments => files::may_upload(&server.app, &ctx, about.as_deref()).await?,
        Bucket::UserAvatars | Bucket::CompanyAvatars => avatars::may_upload(&ctx, bucket)?,
    }
    multipart::announced(request.headers(), bucket)?;
    // The place is kept until the file is stored: so many uploads are in memory at once, and no more.
    let _place = server.uploads.place(ctx.user(), ctx.company(), bucket.max_mb()).await?;
    let mut file = multipart::file(request.headers(), payload, bucket).await?;
    file.about = about.or(file.about);
    // That may have taken a minute: the login is looked at as it is now.
    let mut ctx = Ctx { api: bucket.uploading(), ..again(server, request, incoming).await? };
    if let Some(key) = header(request.headers(), "idempotency-key") {
        let body = Map::from_iter([("file".to_owned(), file.digest().into())]);
        let args = Args { path: Vec::new(), query: std::mem::take(&mut incoming.query), body, lenient: false, walk: None };
        ctx.idempotency = Some(server.dispatch.idempotency_key(&ctx, &args, key)?);
        if let Some(kept) = server.dispatch.kept(&ctx).await? {
            return Ok(reply::value(request, 200, &avatars::described(kept)));
        }
    }
    let kept = match bucket {
        Bucket::EmployeeDocuments => files::upload(&server.app, &ctx, file).await,
        Bucket::UserAvatars | Bucket::CompanyAvatars => avatars::upload(&server.app, &ctx, bucket, file).await,
    };
    let answer = match kept {
        // Two uploads with one key at once: the second finds the first one's answer.
        Err(error) if error.code == "IdempotencyConflict" => {
            server.dispatch.kept(&ctx).await?.map(avatars::described).ok_or(error)?
        }
        other => other?,
    };
    Ok(reply::value(request, 200, &answer))
}

/// As [`enter`], of the same call: it is counted once.
async fn again(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<Ctx> {
    let caller = incoming.caller(request, &Map::new(), Via::Rest);
    let ctx = match &caller.token {
        Some(token) => match bucket_session(&server.app, token).await? {
            Some(session) => server.dispatch.enter_as_uncounted(Some(session), caller).await?,
            None => incoming.enter_logged_in_uncounted(server, caller).await?,
        },
        None => return Err(Error::login_required()),
    };
    server.dispatch.with_scope(ctx).await
}

/// The context of a login, or of its token for buckets, with whom it reaches.
async fn enter(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<Ctx> {
    let ctx = logged_in(server, request, incoming).await?;
    server.dispatch.with_scope(ctx).await
}

async fn logged_in(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<Ctx> {
    let caller = incoming.caller(request, &Map::new(), Via::Rest);
    if let Some(token) = &caller.token
        && let Some(session) = bucket_session(&server.app, token).await?
    {
        incoming.logged_in_as(&session);
        return server.dispatch.enter_as(Some(session), caller).await;
    }
    incoming.enter_logged_in(server, caller).await
}

/// `GET …/bucket/employeeDocuments/download/{fileId}`: for those who reach the employee.
pub async fn private(server: &Server, request: &HttpRequest, incoming: &mut Incoming, id: &str) -> Result<HttpResponse> {
    let ctx = enter(server, request, incoming).await?;
    let file = files::download(&server.app, &ctx, id).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("private, no-store")));
    response.insert_header((CONTENT_SECURITY_POLICY, POLICY));
    response.insert_header((RESOURCE_POLICY, HeaderValue::from_static("same-site")));
    response.insert_header((X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
    response.insert_header((CONTENT_TYPE, file.mime_type.as_str()));
    // It came from somebody's disk as it is: it is saved, never opened as a page of ours.
    response.insert_header((CONTENT_DISPOSITION, disposition("attachment", &file.file_name)));
    Ok(response.body(SizedStream::new(file.size, file.bytes)))
}

/// `GET …/bucket/{bucket}/download/…` and `…/default/…`, open to everybody.
pub async fn download(
    server: &Server,
    request: &HttpRequest,
    incoming: &Incoming,
    bucket: Bucket,
    ask: Ask<'_>,
) -> Result<HttpResponse> {
    // A stored one costs a read and up to some megabytes.
    let count = || server.dispatch.outside.count_public(incoming.address, true);
    let file = match ask {
        Ask::Id(id) => {
            count()?;
            avatars::by_id(&server.app, bucket, id).await?
        }
        Ask::Key(key) => {
            count()?;
            avatars::by_key(&server.app, bucket, key).await?
        }
        Ask::Default(name) => return generated(request, name),
    };
    let etag = format!("\"{}\"", file.id);
    if is_known(request, &etag) {
        return Ok(picture(StatusCode::NOT_MODIFIED, &etag).finish());
    }
    let (size, bytes) = file.bytes(&server.app).await?;
    let mut response = picture(StatusCode::OK, &etag);
    response.insert_header((CONTENT_TYPE, file.mime_type.as_str()));
    response.insert_header((CONTENT_DISPOSITION, disposition("inline", &file.file_name)));
    Ok(response.body(SizedStream::new(size, bytes)))
}

fn generated(request: &HttpRequest, name: &str) -> Result<HttpResponse> {
    let split = name.len().checked_sub(".svg".len()).and_then(|end| name.split_at_checked(end));
    let Some(id) = split.filter(|(_, ending)| ending.eq_ignore_ascii_case(".svg")).and_then(|(id, _)| avatars::id(id)) else {
        return Err(Error::new(Status::NotFound, "NotFound", "There is nothing at this address"));
    };
    let etag = format!("\"{id}\"");
    if is_known(request, &etag) {
        return Ok(picture(StatusCode::NOT_MODIFIED, &etag).finish());
    }
    let mut response = picture(StatusCode::OK, &etag);
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")));
    Ok(response.body(avatars::drawing(id)))
}

fn picture(status: StatusCode, etag: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, FOR_EVER));
    response.insert_header((CONTENT_SECURITY_POLICY, POLICY));
    response.insert_header((RESOURCE_POLICY, HeaderValue::from_static("cross-origin")));
    response.insert_header((ETAG, etag));
    response
}

/// Whether the client has this very picture already.
fn is_known(request: &HttpRequest, etag: &str) -> bool {
    let Some(tags) = header(request.headers(), IF_NONE_MATCH.as_str()) else { return false };
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// Shown in place or not; saved under its name.
fn disposition(how: &str, file_name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    let each = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    format!("{how}; filename*=UTF-8''{}", file_name.bytes().map(each).collect::<String>())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn tags_are_compared_one_by_one() {
        let asked = |tags: &str| TestRequest::get().insert_header((IF_NONE_MATCH, tags)).to_http_request();
        for known in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(is_known(&asked(known), "\"a\""), "{known}");
        }
        for other in ["\"b\"", "a", "\"ab\""] {
            assert!(!is_known(&asked(other), "\"a\""), "{other}");
        }
        assert!(!is_known(&TestRequest::get().to_http_request(), "\"a\""));
    }

    #[test]
    fn generated_ones_are_named_by_an_id() {
        let asked = |name: &str| generated(&TestRequest::get().to_http_request(), name).map(|r| r.status().as_u16());
        assert_eq!(asked("00000000-0000-0000-0000-000000000001.svg").ok(), Some(200));
        for other in
            ["00000000-0000-0000-0000-000000000001", "x.svg", ".svg", "svg", "ä", "00000000-0000-0000-0000-000000000001.png"]
        {
            assert_eq!(asked(other).expect_err("refused").status, Status::NotFound, "{other}");
        }
    }
}
