//! The sample company's subscription: active for a year, so that the demo shows what is paid for.

use serde_json::json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::objects::{
    AI_ANALYTICS, CompanySubscription, PaymentConfirmation, SubscriptionPayment, SubscriptionStatus,
};
use workforceos_core::time::Timestamp;

use super::people::{ADMIN, Staff};

pub(super) fn one(staff: &Staff, now: Timestamp) -> Changes {
    let subscription = CompanySubscription {
        meta: staff.meta(now),
        activation_date: now,
        expiry_date: Timestamp(now.0 + 365 * Timestamp::DAY),
        status: SubscriptionStatus::Active,
        subscribed_features: json!([AI_ANALYTICS]),
        last_renewed_by: None,
        currency: Some("usd".to_owned()),
        payment_status: SubscriptionPayment::Paid,
        payment_status_updated_at: Some(now),
        owner_id: staff.users[ADMIN],
        stripe_subscription_id: None,
        amount: 0,
        company_id: staff.ctx.company(),
        payment_confirmation: PaymentConfirmation::Paid,
    };
    let event = Event::audit(&staff.ctx, "companySubscription", subscription.meta.id).after(&subscription);
    // This week's insights are due at once.
    Changes::none().put(&subscription).event(event).due(Some(now))
}
