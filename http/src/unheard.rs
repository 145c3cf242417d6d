//! Streams whose client takes nothing: given up, so that what they would bring does not wait for ever.
//!
//! The transport asks a body for more as soon as there is room for it. A body that gave something when it was asked last, and
//! was not asked since, is that of a client that does not read.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use workforceos_core::time::{Clock, Timestamp};

use crate::mcp_sessions::Held;

/// How long a client may take nothing, in milliseconds: enough for the longest list over a poor line.
const PATIENCE: i64 = 30_000;
/// How often clients are looked at.
const LOOK: Duration = Duration::from_secs(1);

thread_local! {
    /// The streams of this worker.
    static OPEN: RefCell<Vec<Weak<RefCell<Stream>>>> = const { RefCell::new(Vec::new()) };
    static LOOKING: Cell<bool> = const { Cell::new(false) };
}

struct Stream {
    /// None: given up.
    body: Option<BoxBody>,
    /// When it gave something, if it was not asked again.
    gave: Option<Timestamp>,
    clock: Arc<dyn Clock>,
}

impl Stream {
    fn is_unheard(&self) -> bool {
        self.gave.is_some_and(|gave| self.clock.now().0 - gave.0 > PATIENCE)
    }
}

/// A response's body, dropped if it streams and nobody reads it.
pub struct Heard {
    body: Body,
    /// While it streams, its session is in use.
    _held: Option<Held>,
}

enum Body {
    Whole(BoxBody),
    Stream(Rc<RefCell<Stream>>),
}

impl Heard {
    pub fn new(body: impl MessageBody + 'static, clock: &Arc<dyn Clock>, held: Option<Held>) -> Heard {
        let streams = body.size() == BodySize::Stream;
        let body = BoxBody::new(body);
        if !streams {
            return Heard { body: Body::Whole(body), _held: None };
        }
        let stream = Rc::new(RefCell::new(Stream { body: Some(body), gave: None, clock: clock.clone() }));
        OPEN.with_borrow_mut(|open| open.push(Rc::downgrade(&stream)));
        if !LOOKING.replace(true) {
            actix_web::rt::spawn(look());
        }
        Heard { body: Body::Stream(stream), _held: held }
    }
}

/// Looks at this worker's streams as long as there are any.
async fn look() {
    loop {
        tokio::time::sleep(LOOK).await;
        if !give_up() {
            LOOKING.set(false);
            return;
        }
    }
}

/// Drops the bodies of those that nobody reads; answers whether streams are left.
fn give_up() -> bool {
    let mut dropped = Vec::new();
    let left = OPEN.with_borrow_mut(|open| {
        open.retain(|stream| {
            let Some(stream) = stream.upgrade() else { return false };
            let mut stream = stream.borrow_mut();
            let unheard = stream.is_unheard();
            if unheard {
                dropped.extend(stream.body.take());
            }
            !unheard
        });
        !open.is_empty()
    });
    if !dropped.is_empty() {
        metrics::counter!("workforceos_unheard_streams_cut_total").increment(dropped.len() as u64);
        tracing::info!(streams = dropped.len(), "streams that nobody reads were cut off");
    }
    left
}

impl MessageBody for Heard {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        match &self.body {
            Body::Whole(body) => body.size(),
            Body::Stream(_) => BodySize::Stream,
        }
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        match &mut self.get_mut().body {
            Body::Whole(body) => Pin::new(body).poll_next(cx),
            Body::Stream(stream) => {
                let stream = &mut *stream.borrow_mut();
                let Some(body) = &mut stream.body else { return Poll::Ready(None) };
                let next = Pin::new(body).poll_next(cx);
                stream.gave = matches!(next, Poll::Ready(Some(_))).then(|| stream.clock.now());
                next
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use actix_web::body::BodyStream;
    use futures_channel::mpsc;
    use futures_util::future::poll_fn;
    use workforceos_core::time::ManualClock;

    use super::*;

    type Sender = mpsc::Sender<Result<Bytes, Infallible>>;

    fn stream(clock: &Arc<dyn Clock>) -> (Sender, Heard) {
        let (sender, receiver) = mpsc::channel(4);
        (sender, Heard::new(BodyStream::new(receiver), clock, None))
    }

    async fn asked(body: &mut Heard) -> Poll<Option<Bytes>> {
        poll_fn(|cx| {
            let next = Pin::new(&mut *body).poll_next(cx);
            Poll::Ready(next.map(|bytes| bytes.map(|b| b.expect("no failure"))))
        })
        .await
    }

    #[actix_web::test]
    async fn who_takes_nothing_is_given_up_and_who_waits_is_not() {
        let manual = Arc::new(ManualClock::at(Timestamp(0)));
        let clock: Arc<dyn Clock> = manual.clone();
        let (mut to_stuck, mut stuck) = stream(&clock);
        let (mut to_patient, mut patient) = stream(&clock);
        to_stuck.try_send(Ok(Bytes::from_static(b"one"))).expect("room");
        assert_eq!(asked(&mut stuck).await, Poll::Ready(Some(Bytes::from_static(b"one"))));
        assert_eq!(asked(&mut patient).await, Poll::Pending);
        manual.set(Timestamp(PATIENCE));
        assert!(give_up() && !to_stuck.is_closed(), "not yet");
        manual.set(Timestamp(PATIENCE + 1));
        assert!(give_up(), "one is left");
        assert!(to_stuck.is_closed() && !to_patient.is_closed());
        assert_eq!(asked(&mut stuck).await, Poll::Ready(None));
        to_patient.try_send(Ok(Bytes::from_static(b"two"))).expect("room");
        assert_eq!(asked(&mut patient).await, Poll::Ready(Some(Bytes::from_static(b"two"))));
        drop((stuck, patient));
        assert!(!give_up(), "none is left");
    }
}
