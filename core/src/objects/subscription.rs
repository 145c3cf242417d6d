//! What companies subscribe to.

use serde_json::Value as Json;

use crate::id::{CompanyId, UserId};
use crate::time::Timestamp;
use crate::value::Kind;
use crate::{data_object, wire_enum};

/// The feature of insights, analytics and the agents that write them.
pub const AI_ANALYTICS: &str = "aiAnalytics";

wire_enum! {
    /// Whether a subscription is good. Pending and active ones are live: a company has one of those at most.
    pub enum SubscriptionStatus {
        Active => "active",
        Inactive => "inactive",
        Pending => "pending",
        Expired => "expired",
    }
}

wire_enum! {
    /// What became of a subscription's payment.
    pub enum SubscriptionPayment {
        Pending => "pending",
        Paid => "paid",
        Failed => "failed",
        Canceled => "canceled",
    }
}

wire_enum! {
    /// How far the payment is confirmed by who carries it out.
    pub enum PaymentConfirmation {
        Pending => "pending",
        Processing => "processing",
        Paid => "paid",
        Canceled => "canceled",
    }
}

// Whoever makes one active lets the company's clock look at once (`Changes::due`): the insights of its week are due.
data_object! {
    /// A company's subscription to paid features.
    pub struct CompanySubscription {
        object: "companySubscription", plural: "companySubscriptions", table: "company_subscription",
        service: "subscriptionManagement",
        owned_by: None, order: "-createdAt,id",
        joins: [],
        /// Since when it is good.
        activation_date: Timestamp => "activationDate".filter(),
        /// When it ends: from this instant on it is good for nothing.
        expiry_date: Timestamp => "expiryDate".filter(),
        /// active, inactive, pending or expired.
        status: SubscriptionStatus => "status".filter(),
        /// What it is good for, for example aiAnalytics.
        subscribed_features: Json => "subscribedFeatures".kind(Kind::Strings),
        /// Who renewed it last.
        last_renewed_by: Option<UserId> => "lastRenewedBy",
        /// The currency of the amount, for example usd.
        currency: Option<String> => "currency",
        /// pending, paid, failed or canceled.
        payment_status: SubscriptionPayment => "paymentStatus".filter(),
        /// When that changed last.
        payment_status_updated_at: Option<Timestamp> => "paymentStatusUpdatedAt",
        /// Who subscribed and pays.
        owner_id: UserId => "ownerId",
        /// What Stripe calls it.
        stripe_subscription_id: Option<String> => "stripeSubscriptionId",
        /// What it costs, in cents.
        amount: i64 => "amount",
        /// The company.
        company_id: CompanyId => "companyId".filter(),
        /// pending, processing, paid or canceled.
        payment_confirmation: PaymentConfirmation => "paymentConfirmation".filter(),
    }
}

impl CompanySubscription {
    /// The features that it names.
    pub fn features(&self) -> Vec<String> {
        let named = self.subscribed_features.as_array().into_iter().flatten();
        named.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }
}
