//! The reading end of a live stream.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;
use workforceos_core::change::Entry;
use workforceos_core::id::{CompanyId, DepartmentId, UserId};

use super::frame::Frame;
use super::worker::Command;
use super::{SubId, Topics};

/// Who wants a stream, and of what.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// The company whose events are wanted.
    pub company: CompanyId,
    pub user: UserId,
    /// The session, or the API key in place of one, with whose end the stream ends.
    pub session: Uuid,
    /// Admin of `company`.
    pub admin: bool,
    /// The user's own departments in `company`.
    pub departments: Vec<DepartmentId>,
    pub topics: Topics,
    /// Resumes after this event (`Last-Event-ID`). 0: waits for [`Subscription::start_after`].
    pub after: i64,
}

impl Subscriber {
    /// Whether by this entry the subscriber reaches others, or less; admins reach everybody all the time.
    pub(super) fn reaches_anew(&self, entry: &Entry) -> bool {
        !self.admin && entry.audience.reach.contains(&self.user.0)
    }
}

/// What a stream brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Event(Frame),
    /// The position is not in the journal (any more): send `reset` and a new snapshot, then call
    /// [`Subscription::start_after`] with the snapshot's position. Nothing comes before that.
    Reset,
    /// What the user may see is another now: send `reset` and read a new snapshot, then call [`Subscription::tell_when_at`]
    /// with its position. What comes until then, and is not told by the snapshot (an alert), is to be passed on before it.
    Anew,
    /// Everything up to this position, of which to be told was asked for, has come.
    Reached(i64),
    /// Last: the reader fell behind (or the hub could not read the journal). The client reconnects and resumes.
    Cut,
    /// Last: `logout`, `roleLost`, `userGone`, `tooMany` or `shutdown`.
    Ended(&'static str),
}

/// A live stream. Events come in the order of their sequence, each once; dropping it unsubscribes.
pub struct Subscription {
    id: SubId,
    frames: mpsc::Receiver<Delivery>,
    /// Beside the queue, so that an end overtakes what waits there. `None` once told.
    end: Option<oneshot::Receiver<Delivery>>,
    commands: mpsc::UnboundedSender<Command>,
}

impl Subscription {
    pub(super) fn new(
        id: SubId,
        frames: mpsc::Receiver<Delivery>,
        end: oneshot::Receiver<Delivery>,
        commands: mpsc::UnboundedSender<Command>,
    ) -> Subscription {
        Subscription { id, frames, end: Some(end), commands }
    }

    /// Starts the events after `seq`, the position of a snapshot read after subscribing (0: an empty journal). They are
    /// taken from ring or journal as in a resume: whatever was committed since the snapshot comes, nothing twice.
    pub fn start_after(&self, seq: i64) {
        // A hub that is gone has ended this stream already.
        let _ = self.commands.send(Command::Start(self.id, seq));
    }

    /// Asks for [`Delivery::Reached`] once everything up to `seq` has come; an event after it says the same.
    pub fn tell_when_at(&self, seq: i64) {
        let _ = self.commands.send(Command::TellWhenAt(self.id, seq));
    }

    /// The next delivery; `None` after a last one.
    pub async fn next(&mut self) -> Option<Delivery> {
        poll_fn(|cx| self.poll_delivery(cx)).await
    }

    fn poll_delivery(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let Some(end) = &mut self.end else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(told) = Pin::new(end).poll(cx) {
            self.end = None;
            self.frames.close();
            return Poll::Ready(Some(told.unwrap_or(Delivery::Cut)));
        }
        match self.frames.poll_recv(cx) {
            Poll::Ready(Some(delivery)) => Poll::Ready(Some(delivery)),
            // The sender goes together with that of the end, which wakes this task.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Stream for Subscription {
    type Item = Delivery;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        self.get_mut().poll_delivery(cx)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Leave(self.id));
    }
}
