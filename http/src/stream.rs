//! Live streams: first the board as the caller may see it, then every event that the caller may read.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::Stream;
use serde_json::{Map, Value as Json};
use tokio::time::{Interval, MissedTickBehavior, interval_at};
use workforceos_actors::hub::{Delivery, Subscriber, Subscription, Topics};
use workforceos_core::Dispatch;
use workforceos_core::error::{Error, Result};
use workforceos_core::objects::AI_ANALYTICS;
use workforceos_core::session::{Ctx, KeyScope, Via};
use workforceos_services::{App, board};

use crate::caller::{first, header};
use crate::request::Incoming;
use crate::server::Server;

/// How often a quiet stream shows that it is alive.
const PING: Duration = Duration::from_secs(15);

/// The board goes out in pieces of this size: a connection keeps a buffer as large as the largest piece it has sent.
pub const PIECE: usize = 4 * 1024;

/// The service whose objects a topic tells of, for API keys that are limited to some services. Alerts are about objects of
/// several: a key hears of those about its own.
const TOPIC_SERVICES: [(&str, &str); 9] = [
    ("attendance", "attendanceManagement"),
    ("schedule", "scheduleManagement"),
    ("tasks", "taskManagement"),
    ("leave", "leaveManagement"),
    ("announcements", "announcementManagement"),
    ("insights", "aiWorkforceAnalytics"),
    ("people", "employeeProfile"),
    ("payroll", "payrollReporting"),
    ("eod", "governance"),
];

/// The topics about whose objects there are alerts.
const ALERTED: [&str; 7] = ["attendance", "schedule", "tasks", "leave", "insights", "people", "eod"];

type Step<T> = Pin<Box<dyn Future<Output = T>>>;

/// `GET /realtime-api/v1/stream`.
pub async fn open(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<HttpResponse> {
    let caller = incoming.caller(request, &Map::new(), Via::Rest);
    let ctx = incoming.enter_logged_in(server, caller).await?;
    let ctx = server.member(ctx, "openStream", &[]).await?;
    let subscriber = subscriber(&ctx, incoming, position(request, incoming)?)?;
    let resuming = subscriber.after > 0;
    // Subscribed before the board is read: what happens in between is told after it.
    let events = server.app.hub.subscribe(subscriber);
    let mut live = Live { ctx, dispatch: server.dispatch.clone(), events, ping: pings(), state: State::Open(None) };
    if !resuming {
        let snapshot = snapshot(live.ctx.clone(), live.dispatch.clone()).await?;
        live.begin(snapshot);
    } else {
        live.state = State::Open(Some(Bytes::from_static(b": resumed\n\n")));
    }
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("text/event-stream")));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")));
    response.insert_header((HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")));
    Ok(response.streaming(live))
}

/// Who the stream is for; 400 for an unknown topic.
fn subscriber(ctx: &Ctx, incoming: &Incoming, after: i64) -> Result<Subscriber> {
    let Some(session) = &ctx.session else { return Err(Error::login_required()) };
    let asked = first(&incoming.query, "topics").unwrap_or_default();
    let unknown = |name: String| Error::field("topics", format!("{name} is no topic"));
    let mut topics = Topics::parse(asked).map_err(unknown)?;
    if let Some(key) = session.key.as_ref().filter(|key| !key.services.is_empty()) {
        topics = within(key, asked)?;
    }
    let insights = Topics::of("insight.delivered");
    if let Err(refused) = ctx.needs_feature(AI_ANALYTICS) {
        if asked.split(',').any(|name| name.trim() == "insights") {
            return Err(refused);
        }
        // What is told from now on is told while the company is subscribed, what a resume goes back to may not be.
        if after > 0 {
            topics = topics.without(insights);
        }
    }
    Ok(Subscriber {
        company: ctx.tenant.company,
        user: session.user,
        session: session.id.0,
        admin: ctx.is_admin(),
        departments: ctx.scope.departments.clone(),
        topics,
        after,
    })
}

/// Of the topics asked for (none: of all), those that a limited key may hear of.
fn within(key: &KeyScope, asked: &str) -> Result<Topics> {
    let wanted: Vec<&str> = asked.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let wanted = |topic: &str| wanted.is_empty() || wanted.contains(&topic);
    let own = TOPIC_SERVICES.iter().filter(|(_, service)| key.services.iter().any(|s| s == service));
    let own: Vec<&str> = own.map(|(topic, _)| *topic).collect();
    let mut open: Vec<&str> = own.iter().copied().filter(|topic| wanted(topic)).collect();
    if wanted("alerts") && own.iter().any(|topic| ALERTED.contains(topic)) {
        open.push("alerts");
    }
    if open.is_empty() {
        return Err(Error::forbidden("This API key has no access to any of these topics"));
    }
    let known = |names: &[&str]| Topics::parse(&names.join(",")).map_err(Error::internal);
    Ok(known(&open)?.with_alerts_about(known(&own)?))
}

/// Where to resume: `Last-Event-ID`, or `lastEventId` for clients that cannot set headers.
fn position(request: &HttpRequest, incoming: &Incoming) -> Result<i64> {
    let given = header(request.headers(), "last-event-id").or_else(|| first(&incoming.query, "lastEventId"));
    let Some(text) = given else { return Ok(0) };
    let position = text.parse::<i64>().ok().filter(|seq| *seq >= 0);
    position.ok_or_else(|| Error::field("lastEventId", "must be the id of an event"))
}

pub fn pings() -> Interval {
    let mut ping = interval_at(tokio::time::Instant::now() + PING, PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping
}

/// The board and its position. Boxed: an idle stream keeps no room for it.
fn snapshot(ctx: Ctx, dispatch: Arc<Dispatch<App>>) -> Step<Result<(i64, Json)>> {
    Box::pin(async move {
        // The reach may have changed since the stream was opened.
        let ctx = dispatch.with_scope(ctx).await?;
        board::snapshot(&dispatch.state, &ctx).await
    })
}

enum State {
    /// Delivers what comes, first of all what is ready.
    Open(Option<Bytes>),
    /// Reads the board anew: the position was lost, or (`going_on`) the user may see other things than before.
    Renewing {
        board: Step<Result<(i64, Json)>>,
        going_on: bool,
    },
    /// Has the board of a position, and delivers what comes before it.
    Arriving(i64, Box<Json>),
    Ended,
}

/// A stream's body.
struct Live {
    ctx: Ctx,
    dispatch: Arc<Dispatch<App>>,
    events: Subscription,
    ping: Interval,
    state: State,
}

impl Live {
    /// Shows the board, after which the events from its position on follow.
    fn begin(&mut self, (seq, board): (i64, Json)) {
        self.state = State::Open(Some(shown(seq, &board).into()));
        self.events.start_after(seq);
    }

    fn renew(&mut self, going_on: bool) {
        self.state = State::Renewing { board: snapshot(self.ctx.clone(), self.dispatch.clone()), going_on };
    }

    fn end(&mut self, reason: &str) -> Bytes {
        self.state = State::Ended;
        format!("event: end\ndata: {{\"reason\":\"{reason}\"}}\n\n").into()
    }

    fn login_expired(&self) -> bool {
        let end = self.ctx.session.as_ref().and_then(|s| s.expires_at);
        end.is_some_and(|end| end <= self.ctx.now())
    }

    /// The next thing to be sent while events come; `None` where the state has changed instead.
    fn poll_events(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Poll::Ready(delivery) = Pin::new(&mut self.events).poll_next(cx) else {
            ready!(self.ping.poll_tick(cx));
            // A stream must not outlive its login; the hub hears of logouts only.
            let expired = self.login_expired();
            return Poll::Ready(Some(if expired { self.end("logout") } else { Bytes::from_static(b": ping\n\n") }));
        };
        const RESET: Bytes = Bytes::from_static(b"event: reset\ndata: {}\n\n");
        Poll::Ready(match delivery {
            Some(Delivery::Event(frame)) => match &self.state {
                State::Arriving(seq, _) if *seq < frame.seq => {
                    self.arrive(&frame.bytes);
                    None
                }
                _ => Some(frame.bytes),
            },
            Some(Delivery::Reached(at)) => {
                if matches!(&self.state, State::Arriving(seq, _) if *seq == at) {
                    self.arrive(&[]);
                }
                None
            }
            // The board just read may be of before, and nobody has seen it.
            Some(Delivery::Anew) => {
                let told = matches!(self.state, State::Arriving(..));
                self.renew(true);
                (!told).then_some(RESET)
            }
            Some(Delivery::Reset) => {
                self.renew(false);
                Some(RESET)
            }
            Some(Delivery::Ended(reason)) => Some(self.end(reason)),
            Some(Delivery::Cut) | None => {
                self.state = State::Ended;
                None
            }
        })
    }

    /// Shows the board at its place, and what follows it.
    fn arrive(&mut self, next: &[u8]) {
        if let State::Arriving(seq, board) = &self.state {
            let mut bytes = shown(*seq, board).into_bytes();
            bytes.extend_from_slice(next);
            self.state = State::Open(Some(bytes.into()));
        }
    }
}

fn shown(seq: i64, board: &Json) -> String {
    format!("event: snapshot\nid: {seq}\ndata: {board}\n\n")
}

impl Stream for Live {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let live = self.get_mut();
        loop {
            match &mut live.state {
                State::Ended => return Poll::Ready(None),
                State::Open(ready @ Some(_)) => {
                    let mut bytes = ready.take().unwrap_or_default();
                    let piece = bytes.split_to(bytes.len().min(PIECE));
                    *ready = Some(bytes).filter(|rest| !rest.is_empty());
                    return Poll::Ready(Some(Ok(piece)));
                }
                State::Open(None) | State::Arriving(..) => {
                    if let Some(bytes) = ready!(live.poll_events(cx)) {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                State::Renewing { board, going_on } => match ready!(board.as_mut().poll(cx)) {
                    Ok((seq, board)) if *going_on => {
                        live.events.tell_when_at(seq);
                        live.state = State::Arriving(seq, Box::new(board));
                    }
                    Ok(board) => live.begin(board),
                    Err(error) => {
                        // The client reconnects and is told what is wrong by a status.
                        tracing::warn!(requestId = &*live.ctx.request_id, %error, source = ?error.source, "a stream lost its board");
                        live.state = State::Ended;
                    }
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limited_key_hears_of_its_services_only() {
        let key = KeyScope { read_only: true, services: vec!["leaveManagement".to_owned(), "attendanceManagement".to_owned()] };
        let topics = |names: &str| Topics::parse(names).expect("topics");
        let own = topics("attendance,leave");
        assert_eq!(within(&key, "").expect("open"), topics("attendance,leave,alerts").with_alerts_about(own));
        assert_eq!(within(&key, "leave, tasks").expect("open"), topics("leave"));
        assert_eq!(within(&key, "tasks, alerts").expect("open"), topics("alerts").with_alerts_about(own));
        assert_eq!(within(&key, "tasks").expect_err("closed").status.http(), 403);
        let payroll = KeyScope { read_only: true, services: vec!["payrollReporting".to_owned()] };
        assert_eq!(within(&payroll, "").expect("open"), topics("payroll"));
        assert_eq!(within(&payroll, "alerts").expect_err("nothing to be alerted of").status.http(), 403);
    }
}
