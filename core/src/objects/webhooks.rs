//! Webhooks: where a company's events are sent, and each sending.

use serde_json::Value as Json;

use crate::id::{CompanyId, WebhookId};
use crate::object::Level;
use crate::time::Timestamp;
use crate::value::Kind;
use crate::{data_object, wire_enum};

data_object! {
    /// An address of another system to which a company's events are sent, signed.
    pub struct Webhook {
        object: "webhook", plural: "webhooks", table: "webhook", service: "auth",
        owned_by: None, order: "-createdAt,id",
        joins: [],
        /// Where events are sent.
        url: String => "url".filter(),
        /// What it is for.
        description: Option<String> => "description",
        /// Which events: their types, a family such as attendance.*, or * for all.
        event_types: Json => "eventTypes".kind(Kind::Strings),
        /// Whether events are sent.
        is_enabled: bool => "isEnabled".filter(),
        /// Why it was disabled; null while it is enabled.
        disabled_reason: Option<String> => "disabledReason",
        /// When it was disabled.
        disabled_at: Option<Timestamp> => "disabledAt",
        /// What the signing secret is derived from, with a key that is not in the database; never in an answer.
        secret_salt: String => "secretSalt".read(Level::Nobody),
        /// The same of the secret before.
        previous_salt: Option<String> => "previousSalt".read(Level::Nobody),
        /// Until when the secret before signs too, after a rotation.
        previous_secret_until: Option<Timestamp> => "previousSecretUntil",
        /// Events after this place in the company's sequence are its own.
        from_seq: i64 => "fromSeq".read(Level::Nobody),
        /// The company.
        company_id: CompanyId => "companyId",
    }
}

wire_enum! {
    /// What became of a delivery.
    pub enum DeliveryState {
        Pending => "pending",
        Delivered => "delivered",
        Failed => "failed",
    }
}

data_object! {
    /// One event on its way to one webhook. Kept for 30 days.
    pub struct WebhookDelivery {
        object: "webhookDelivery", plural: "webhookDeliveries", table: "webhook_delivery", service: "auth",
        owned_by: None, order: "-createdAt,id",
        joins: [],
        /// The webhook.
        webhook_id: WebhookId => "webhookId".filter(),
        /// The event's type.
        event_type: String => "eventType".filter(),
        /// The event's place in the company's sequence; null for webhook.test.
        event_seq: Option<i64> => "eventSeq".filter(),
        /// pending, delivered or failed.
        state: DeliveryState => "state".filter(),
        /// How often it was tried, one that runs included.
        attempts: i64 => "attempts",
        /// When it is tried next; null once it is settled.
        next_try_at: Option<Timestamp> => "nextTryAt",
        /// Until when it is tried.
        retry_until: Timestamp => "retryUntil",
        /// When the last try began.
        last_try_at: Option<Timestamp> => "lastTryAt",
        /// The HTTP status that the last try was answered with, if it was.
        last_status: Option<i64> => "lastStatus",
        /// Why the last try failed.
        last_error: Option<String> => "lastError",
        /// How many milliseconds the last try took.
        duration_ms: Option<i64> => "durationMs",
        /// When it was delivered.
        delivered_at: Option<Timestamp> => "deliveredAt",
        /// The company.
        company_id: CompanyId => "companyId",
    }
}
