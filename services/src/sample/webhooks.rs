//! Where the sample company could send its events: nothing leaves one's own machine until somebody enables it.

use serde_json::json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::objects::Webhook;
use workforceos_core::time::Timestamp;

use super::people::Staff;
use crate::webhooks::sign;

pub(super) fn one(staff: &Staff, now: Timestamp) -> Changes {
    let webhook = Webhook {
        meta: staff.meta(now),
        url: "https://hooks.example.com/babil".to_owned(),
        description: Some("Door terminals".to_owned()),
        event_types: json!(["attendance.*", "shift.updated"]),
        is_enabled: false,
        disabled_reason: Some("An admin disabled it".to_owned()),
        disabled_at: Some(now),
        secret_salt: sign::salt(),
        previous_salt: None,
        previous_secret_until: None,
        from_seq: 0,
        company_id: staff.ctx.company(),
    };
    let event = Event::audit(&staff.ctx, "webhook", webhook.meta.id).after(&webhook);
    Changes::none().put(&webhook).event(event)
}
