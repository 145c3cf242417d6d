//! Bodies that are not read to their end: the connection is closed after the answer.
//!
//! Left to itself the transport takes whatever else a client sends of a chunked body, without end, to use the connection
//! again. It closes it instead while somebody still holds the body: the response does.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures_util::Stream;

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
    let shared = Rc::new(RefCell::new(Inner { payload: inner, ended: false }));
    let stream: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(Watched(shared.clone()));
    let mut watched = Payload::Stream { payload: stream };
    Ok((web::Payload::from_request(request, &mut watched).await?, Some(Rest(shared))))
}

struct Watched(Rc<RefCell<Inner>>);

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut inner = self.0.borrow_mut();
        let next = ready!(Pin::new(&mut inner.payload).poll_next(cx));
        inner.ended = next.is_none();
        Poll::Ready(next)
    }
}

impl Rest {
    /// Lets the response hold what was not read.
    pub fn keep_in(self, response: HttpResponse) -> HttpResponse {
        if self.0.borrow().ended { response } else { response.map_body(|_, body| BoxBody::new(Holding { body, _rest: self })) }
    }
}

/// A response's body that holds what was not read of the request's.
struct Holding {
    body: BoxBody,
    _rest: Rest,
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
