//! What streams to a login ends with it: at once when somebody ends the login, by the clock when it expires.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::{self, Bytes};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use workforceos_core::id::SessionId;

use crate::server::Server;

/// How often a login is looked at that nobody touches: it may have expired.
const LOOK: Duration = Duration::from_secs(15);

/// Resolves when a login is no more.
pub type LoginEnded = Pin<Box<dyn Future<Output = ()>>>;

/// Watches the login behind a token.
pub fn login_ended(server: &web::Data<Server>, token: String) -> LoginEnded {
    let server = server.clone();
    Box::pin(async move {
        // Subscribed before the first look: what ends in between is not missed.
        let mut endings = server.app.caches.endings();
        loop {
            let own = match server.dispatch.outside.session(&token).await {
                Ok(None) => return,
                Ok(Some(session)) => Some(session.id),
                // No end: the database may be away for a moment.
                Err(_) => None,
            };
            let _ = tokio::time::timeout(LOOK, concerned(&mut endings, own)).await;
        }
    })
}

/// Resolves when a login may have ended: this one, or any.
async fn concerned(endings: &mut Receiver<Option<SessionId>>, own: Option<SessionId>) {
    loop {
        match endings.recv().await {
            Ok(ended) if ended.is_some() && own.is_some() && ended != own => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// A response's body, cut off when a login ends, if one is given.
pub struct UntilLogout {
    body: BoxBody,
    ended: Option<LoginEnded>,
}

impl UntilLogout {
    pub fn new(body: impl MessageBody + 'static, ended: Option<LoginEnded>) -> UntilLogout {
        // What is there as a whole has a length that was told already.
        let streams = body.size() == BodySize::Stream;
        UntilLogout { body: BoxBody::new(body), ended: ended.filter(|_| streams) }
    }
}

impl MessageBody for UntilLogout {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        let over = this.ended.as_mut().is_some_and(|ended| ended.as_mut().poll(cx).is_ready());
        if over {
            return Poll::Ready(None);
        }
        Pin::new(&mut this.body).poll_next(cx)
    }
}
