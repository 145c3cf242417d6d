//! An answer as it is written: `text/event-stream`.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::BodyStream;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::Stream;
use futures_util::stream::BoxStream;
use tokio::time::Interval;
use workforceos_agents::chat::Told;
use workforceos_core::error::{Error, Result};

use crate::caller::{first, header};
use crate::login_end::{UntilLogout, login_ended};
use crate::request::Incoming;
use crate::server::Server;
use crate::stream::{PIECE, pings};
use crate::unheard::Heard;

/// Where to go on: `Last-Event-ID`, or `lastEventId` for clients that cannot set headers; from the beginning unless said.
pub fn position(request: &HttpRequest, incoming: &Incoming) -> Result<u64> {
    let given = header(request.headers(), "last-event-id").or_else(|| first(&incoming.query, "lastEventId"));
    given.map_or(Ok(0), read_position)
}

fn read_position(text: &str) -> Result<u64> {
    text.parse().map_err(|_| Error::field("lastEventId", "must be the id of an event"))
}

/// An answer's events. Whoever takes nothing for half a minute is cut off, and resumes.
pub fn response(server: &web::Data<Server>, told: BoxStream<'static, Told>, token: Option<String>) -> HttpResponse {
    sse(server, Written::new(told, frame), token)
}

/// A stream of frames, until its login ends, if that ends it.
pub fn sse<T: 'static>(server: &web::Data<Server>, written: Written<T>, token: Option<String>) -> HttpResponse {
    let until = UntilLogout::new(BodyStream::new(written), token.map(|token| login_ended(server, token)));
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("text/event-stream")));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    response.insert_header((HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")));
    response.body(Heard::new(until, &server.dispatch.clock, None))
}

fn frame(told: &Told) -> Option<Bytes> {
    let (kind, id, data) = (told.event.kind, told.id, &told.event.data);
    Some(format!("event: {kind}\nid: {id}\ndata: {data}\n\n").into())
}

/// A stream's body: first of all a sign that it is open, then frames, and a sign of life where there are none.
pub struct Written<T> {
    told: BoxStream<'static, T>,
    /// What of it the client is told, if anything.
    frame: fn(&T) -> Option<Bytes>,
    ping: Interval,
    ready: Bytes,
}

impl<T> Written<T> {
    pub fn new(told: BoxStream<'static, T>, frame: fn(&T) -> Option<Bytes>) -> Written<T> {
        Written { told, frame, ping: pings(), ready: Bytes::from_static(b": open\n\n") }
    }
}

impl<T> Stream for Written<T> {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let written = self.get_mut();
        loop {
            if !written.ready.is_empty() {
                let piece = written.ready.split_to(written.ready.len().min(PIECE));
                return Poll::Ready(Some(Ok(piece)));
            }
            match written.told.as_mut().poll_next(cx) {
                Poll::Ready(Some(told)) => written.ready = (written.frame)(&told).unwrap_or_default(),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    ready!(written.ping.poll_tick(cx));
                    written.ready = Bytes::from_static(b": ping\n\n");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::{StreamExt, stream};
    use serde_json::json;
    use workforceos_agents::answer::Event;

    use super::*;

    #[actix_web::test]
    async fn frames_are_cut_into_pieces_and_nothing_is_lost() {
        let long = "x".repeat(3 * PIECE);
        let event = Event { id: 1, kind: "text", data: json!({"content": long}) };
        let told = stream::iter([Told { id: 1_000_001, event: Arc::new(event) }]).boxed();
        let pieces: Vec<Bytes> = Written::new(told, frame).map(|piece| piece.expect("bytes")).collect().await;
        assert_eq!(pieces[0], ": open\n\n");
        assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
        let text = String::from_utf8(pieces[1..].concat()).expect("text");
        assert_eq!(text, format!("event: text\nid: 1000001\ndata: {{\"content\":\"{long}\"}}\n\n"));
    }

    #[test]
    fn a_position_is_a_number() {
        assert_eq!(read_position("1000001").expect("a position"), 1_000_001);
        assert!(["-1", "x", "1.5", "99999999999999999999"].iter().all(|text| read_position(text).is_err()));
    }
}
