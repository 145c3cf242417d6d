//! Bodies that are not read to their end: the connection is closed after the answer.
//!
//! Left to itself the transport takes whatever else a client sends of a chunked body, without end, to use the connection
//! again. It closes it instead while somebody still holds the body: the response does.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

/// What may be left of a request's body.
pub struct Rest(Rc<RefCell<Inner>>);

struct Inner {
    payload: Payload,
    ended: bool,
}

/// A body to read, and a hold on what is left of it. There is none where the transport has no such habit.
pub async fn watch(request: &HttpRequest, payload: web::Payload) -> actix_web::Result<(web::Payload, Option<Rest>)> {
    let inner = payload.into_inner();
    if !matches!(inner, Payload::H1 { .. }) {
        return Ok((web::Payload::from_request(request, &mut { inner }).await?, None));
    }
    let (mut watched, rest) = watched(inner, None);
    Ok((web::Payload::from_request(request, &mut watched).await?, Some(rest)))
}

/// As [`watch`], of a request on its way to others, who read its body: all of it has to arrive in time.
pub fn watch_in_time(request: &mut ServiceRequest, time: Duration) -> Option<Rest> {
    let inner = request.take_payload();
    if matches!(inner, Payload::None) {
        return None;
    }
    let is_h1 = matches!(inner, Payload::H1 { .. });
    let (watched, rest) = watched(inner, Some(Box::pin(sleep(time))));
    request.set_payload(watched);
    is_h1.then_some(rest)
}

fn watched(payload: Payload, deadline: Option<Pin<Box<Sleep>>>) -> (Payload, Rest) {
    let shared = Rc::new(RefCell::new(Inner { payload, ended: false }));
    let payload: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(Watched { inner: shared.clone(), deadline });
    (Payload::Stream { payload }, Rest(shared))
}

struct Watched {
    inner: Rc<RefCell<Inner>>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Some(Err(PayloadError::Io(std::io::ErrorKind::TimedOut.into()))));
        }
        let mut inner = self.inner.borrow_mut();
        let next = ready!(Pin::new(&mut inner.payload).poll_next(cx));
        inner.ended = next.is_none();
        Poll::Ready(next)
    }
}

impl Rest {
    /// Lets the response hold what was not read.
    pub fn keep_in(self, response: HttpResponse) -> HttpResponse {
        if self.0.borrow().ended { response } else { response.map_body(|_, body| BoxBody::new(Holding::new(body, Some(self)))) }
    }
}

/// A response's body that holds what was not read of the request's, if anything.
pub struct Holding {
    body: BoxBody,
    _rest: Option<Rest>,
}

impl Holding {
    pub fn new(body: impl MessageBody + 'static, rest: Option<Rest>) -> Holding {
        Holding { body: BoxBody::new(body), _rest: rest.filter(|rest| !rest.0.borrow().ended) }
    }
}

impl MessageBody for Holding {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
