//! Business APIs over REST: arguments from path, query and body, the answer in its envelope.

use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Map;
use workforceos_core::Args;
use workforceos_core::answer::{Answer, Data, Envelope};
use workforceos_core::api::{BusinessApi, Method, Reach};
use workforceos_core::error::Result;
use workforceos_core::registry::Routed;
use workforceos_core::session::Via;
use workforceos_services::App;
use workforceos_services::bucket::MB;

use crate::caller;
use crate::csv;
use crate::multipart::Place;
use crate::reply;
use crate::request::Incoming;
use crate::server::Server;

/// Room for one object with its envelope, and for each further one of a list.
const ONE: usize = 1024;
const EACH: usize = 768;

/// Calls the API that the request's route names.
pub async fn call(
    server: &Server,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
    routed: Routed<'_, App>,
) -> Result<HttpResponse> {
    let api = routed.api;
    // Kept until the answer: so much of files is in memory at once, and no more.
    let mut place = None;
    let read = match api.method {
        Method::Get => Ok(Map::new()),
        _ => {
            let (limit, kept) = limit(server, request, incoming, api).await?;
            place = kept;
            caller::json_body_within(limit, request.headers(), payload).await
        }
    };
    let (body, bad_body) = match read {
        Ok(body) => (body, None),
        Err(error) => (Map::new(), Some(error)),
    };
    let entering = Instant::now();
    let who = incoming.caller(request, &body, Via::Rest);
    let again = who.clone();
    // A missing login is told before a bad body or an unknown company.
    let ctx = match api.reach {
        Some(Reach::Public) => incoming.enter(server, who).await?,
        _ => incoming.enter_logged_in(server, who).await?,
    };
    if let Some(error) = bad_body {
        return Err(error);
    }
    let sso_ms = millis(entering);
    let session = ctx.session.clone();
    let key = caller::idempotency_key(request.headers())?;
    let mut args = Args { path: routed.path, query: std::mem::take(&mut incoming.query), body, lenient: false, walk: None };
    if api.has_table() && csv::is_wanted(request.headers()) {
        args.walk = csv::walk(api, &args);
        return csv::Export { dispatch: server.dispatch.clone(), api: api.clone(), who: again, args }.run(ctx).await;
    }
    let answer = server.dispatch.call(ctx, api, args, key).await?;
    if api.plain {
        return Ok(reply::json(request, answer.status.unwrap_or(api.status), &answer.view(false), room(api, &answer)));
    }
    let envelope = Envelope {
        status: answer.status.unwrap_or(api.status),
        elapsed_ms: millis(incoming.started),
        sso_ms,
        data_name: api.data_name,
        method: api.method.as_str(),
        action: api.action.as_str(),
        user: session.as_ref().map(|s| s.user.to_string()),
        session: session.as_ref().map(|s| s.id.to_string()),
        request_id: &incoming.id,
        answer: &answer,
    };
    drop(place);
    Ok(reply::json(request, envelope.status, &envelope, room(api, &answer)))
}

/// The most bytes of the body: more than usual only where the API takes files, from an admin, and where there is a place for it.
async fn limit(
    server: &Server,
    request: &HttpRequest,
    incoming: &Incoming,
    api: &BusinessApi<App>,
) -> Result<(usize, Option<Place>)> {
    let Some(limit) = api.body_limit.filter(|_| caller::may_be_large(request.headers())) else {
        return Ok((caller::MAX_BODY, None));
    };
    let who = incoming.caller(request, &Map::new(), Via::Rest);
    let session = match &who.token {
        Some(token) => server.dispatch.outside.session(token).await?,
        None => None,
    };
    let Some(session) = session.filter(|session| session.role.is_admin()) else { return Ok((caller::MAX_BODY, None)) };
    let place = server.uploads.place(session.user, session.company, limit.div_ceil(MB)).await?;
    Ok((limit, Some(place)))
}

/// About how many bytes an answer takes.
fn room(api: &BusinessApi<App>, answer: &Answer) -> usize {
    match &answer.data {
        Data::Many(rows) => ONE + rows.len() * EACH,
        _ if api.is_list() => 16 * ONE,
        _ => ONE,
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
