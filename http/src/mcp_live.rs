//! The event hub as MCP's subscriptions follow it.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use workforceos_actors::hub::{Delivery, Frame, Subscriber, Subscription, Topics};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::CompanyId;
use workforceos_core::{Ctx, Dispatch};
use workforceos_mcp::{Following, Happened, Live, McpServer};
use workforceos_services::App;

/// The MCP server of the application; `fixtures`: with what the conformance suite asks for.
pub fn tools(dispatch: Arc<Dispatch<App>>, fixtures: bool) -> McpServer<App> {
    let events = Arc::new(Events(dispatch.state.clone()));
    let tools = workforceos_mcp::server(dispatch).with_live(events);
    if fixtures { tools.with_fixtures() } else { tools }
}

struct Events(Arc<App>);

#[async_trait]
impl Live for Events {
    async fn follow(&self, ctx: &Ctx) -> Result<Box<dyn Following>> {
        let Some(session) = &ctx.session else { return Err(Error::login_required()) };
        let company = ctx.company();
        // Subscribed before the position is read: what happens in between is told.
        let events = self.0.hub.subscribe(Subscriber {
            company,
            user: session.user,
            session: session.id.0,
            admin: ctx.is_admin(),
            departments: ctx.scope.departments.clone(),
            topics: Topics::ALL,
            after: 0,
        });
        let (position, _) = self.0.store.snapshot(company, &[]).await?;
        events.start_after(position);
        Ok(Box::new(Reader { app: self.0.clone(), company, events, lost: false }))
    }

    fn heard(&self) -> u64 {
        self.0.hub.stats().published
    }
}

struct Reader {
    app: Arc<App>,
    company: CompanyId,
    events: Subscription,
    /// The position was lost, and no new one is known yet.
    lost: bool,
}

#[async_trait]
impl Following for Reader {
    async fn next(&mut self) -> Happened {
        if self.lost {
            let Ok((position, _)) = self.app.store.snapshot(self.company, &[]).await else { return Happened::Behind };
            self.events.start_after(position);
            self.lost = false;
            return Happened::Missed;
        }
        loop {
            match self.events.next().await {
                Some(Delivery::Event(frame)) => {
                    if let Some(event) = event(&frame) {
                        return event;
                    }
                }
                Some(Delivery::Reset) => {
                    self.lost = true;
                    return Happened::Missed;
                }
                // The user sees more now, or less; events go on.
                Some(Delivery::Anew) => return Happened::Missed,
                Some(Delivery::Reached(_)) => {}
                Some(Delivery::Cut) | None => return Happened::Behind,
                Some(Delivery::Ended(_)) => return Happened::Ended,
            }
        }
    }
}

/// The event in a frame, as it goes to live streams.
fn event(frame: &Frame) -> Option<Happened> {
    let text = std::str::from_utf8(&frame.bytes).ok()?;
    let data = text.lines().find_map(|line| line.strip_prefix("data: "))?;
    let mut event: Json = serde_json::from_str(data).ok()?;
    let kind = event["type"].as_str()?.to_owned();
    Some(Happened::Event { kind, object: event["object"].take() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_its_event() {
        let bytes =
            "id: 7\ndata: {\"seq\":7,\"type\":\"shift.created\",\"at\":\"x\",\"actorId\":null,\"object\":{\"id\":\"1\"}}\n\n";
        let frame = Frame { seq: 7, bytes: bytes.into() };
        let kind = "shift.created".to_owned();
        assert_eq!(event(&frame), Some(Happened::Event { kind, object: serde_json::json!({"id": "1"}) }));
        assert_eq!(event(&Frame { seq: 7, bytes: ": ping\n\n".into() }), None);
    }
}
