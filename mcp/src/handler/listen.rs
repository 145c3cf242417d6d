//! Hearing of changes: `resources/subscribe` in a session, `subscriptions/listen` without one.

use std::collections::BTreeMap;
use std::sync::Arc;

use rmcp::model::{ErrorData, SubscriptionFilter};
use rmcp::service::SubscriptionContext;
use workforceos_core::Error;

use super::resources::{refusal, unknown};
use super::{Context, caller, protocol_error};
use crate::fixtures;
use crate::resources::Which;
use crate::server::McpServer;
use crate::session::{Baseline, MAX_WATCHED};
use crate::subscriptions::{Reader, Watch};

pub(super) async fn subscribe<S: Send + Sync + 'static>(
    server: &McpServer<S>,
    uri: String,
    context: &Context,
) -> Result<(), ErrorData> {
    let (ctx, narrowing) = server.entered(context).await?;
    if server.fixtures.as_ref().is_some_and(|fixtures| fixtures.read(&uri).is_some()) {
        return Ok(());
    }
    let which = Which::parse(&uri).ok_or_else(|| unknown(&uri))?;
    server.readable(&ctx, &narrowing, which).await.map_err(|e| refusal(&e, &uri, context))?;
    if !server.session.watch(uri, which) {
        let message = format!("At most {MAX_WATCHED} resources are watched at once: unsubscribe from others first");
        return Err(ErrorData::invalid_params(message, None));
    }
    if server.session.has_watcher() {
        return Ok(());
    }
    let reader = Reader::Session(context.peer.clone(), Arc::downgrade(&server.session));
    // Followed before this is answered: what happens from then on is told.
    if let Some(watch) = begin(server, context, reader).await? {
        server.session.put_watcher(tokio::spawn(watch.run()));
    }
    Ok(())
}

/// What can be listened to. Whether its resources are the caller's to read is seen when there is something to tell.
pub(super) fn accepted<S: Send + Sync + 'static>(server: &McpServer<S>, requested: &SubscriptionFilter) -> SubscriptionFilter {
    let heard = server.live.as_ref().map(|live| live.heard()).unwrap_or_default();
    server.session.promise(Baseline { heard, fixtures: server.fixtures.as_ref().map(|fixtures| fixtures.changes()) });
    let mut accepted = requested.clone();
    accepted.resources_list_changed = None;
    if let Some(uris) = &mut accepted.resource_subscriptions {
        let fixture = |uri: &str| server.fixtures.as_ref().is_some_and(|fixtures| fixtures.read(uri).is_some());
        uris.retain(|uri| Which::parse(uri).is_some() || fixture(uri));
        uris.truncate(MAX_WATCHED);
    }
    accepted
}

pub(super) async fn listen<S: Send + Sync + 'static>(
    server: &McpServer<S>,
    subscription: SubscriptionContext,
) -> Result<(), ErrorData> {
    let context = subscription.request_context();
    server.entered(context).await?;
    let uris = subscription.accepted().resource_subscriptions.clone().unwrap_or_default();
    let watched: BTreeMap<String, Which> =
        uris.into_iter().filter_map(|uri| Which::parse(&uri).map(|which| (uri, which))).collect();
    let mut watch = begin(server, context, Reader::Listen(subscription.sink().clone(), watched)).await?;
    let promised = server.session.promised();
    if let (Some(watch), Some(promised), Some(live)) = (&mut watch, &promised, &server.live)
        && live.heard() != promised.heard
    {
        // The client was told before the events were followed.
        watch.missed();
    }
    let telling = async {
        match watch {
            // Ends with the login.
            Some(watch) => watch.run().await,
            None => std::future::pending().await,
        }
    };
    let of_fixtures = async {
        match promised.and_then(|promised| promised.fixtures) {
            Some(changes) => fixtures::tell(subscription.sink(), changes).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = telling => {}
        () = of_fixtures => {}
        () = subscription.cancelled() => {}
    }
    Ok(())
}

async fn begin<S: Send + Sync + 'static>(
    server: &McpServer<S>,
    context: &Context,
    reader: Reader,
) -> Result<Option<Watch<S>>, ErrorData> {
    let begun = async {
        let (caller, narrowing) = caller(context)?;
        Watch::begin(server, caller, narrowing, reader).await
    };
    begun.await.map_err(|e: Error| protocol_error(&e, context))
}
