//! What companies are subscribed to.

use serde_json::json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{
    AI_ANALYTICS, CompanySubscription, InsightWeek, PaymentConfirmation, SubscriptionPayment, SubscriptionStatus,
};
use workforceos_core::query::{Cond, Query};
use workforceos_core::time::{Clock, Timestamp};
use workforceos_services::insights::{self, Generated, weekly};

use crate::company::{Company, Person};

impl Company {
    /// Subscribes the company to everything, for a month from now.
    pub async fn subscribe(&self) {
        self.subscribe_until(Timestamp(self.shared.clock.now().0 + 30 * Timestamp::DAY)).await;
    }

    /// Subscribes the company to everything, until that instant. The insights of this week are none of the test's: the next come
    /// on Monday.
    pub async fn subscribe_until(&self, at: Timestamp) {
        let now = self.shared.clock.now();
        let planned = self.shared.app().store.select(&Query::of(InsightWeek::def(), self.id, Cond::TRUE)).await.expect("reads");
        if planned.is_empty() {
            let week =
                InsightWeek { meta: self.meta(), week: weekly::name(self.zone.date(now)), asked_to: None, company_id: self.id };
            let event = Event::audit(&self.ctx(), InsightWeek::def().name, week.meta.id).after(&week);
            self.write(Changes::none().put(&week).event(event).due(Some(weekly::next(self.zone, now)))).await;
        }
        self.subscription(SubscriptionStatus::Active, &[AI_ANALYTICS], at).await;
    }

    /// Something was generated for a person, who has not saved it yet.
    pub async fn generated(&self, person: &Person, generated: Generated) {
        let (app, ctx) = (self.shared.app(), self.ctx_of(person));
        insights::remember(&app, &ctx, generated, json!(null)).await.expect("remembered");
    }

    /// Ends the company's subscription.
    pub async fn unsubscribe(&self) {
        let until = Timestamp(self.shared.clock.now().0 + 30 * Timestamp::DAY);
        self.subscription(SubscriptionStatus::Inactive, &[AI_ANALYTICS], until).await;
    }

    /// Makes the company's subscription such a one: the live one if there is one, else another.
    pub async fn subscription(&self, status: SubscriptionStatus, features: &[&str], until: Timestamp) {
        let now = self.shared.clock.now();
        let live = Cond::In("status", vec!["active".into(), "pending".into()]);
        let found = self.shared.app().store.select(&Query::of(CompanySubscription::def(), self.id, live)).await;
        let found = found.expect("reads").pop().map(|record| CompanySubscription::from_record(record).expect("a subscription"));
        let meta = found.map_or_else(|| self.meta(), |live| live.touched(now).meta);
        let paid = status != SubscriptionStatus::Pending;
        let subscription = CompanySubscription {
            meta,
            activation_date: now,
            expiry_date: until,
            status,
            subscribed_features: json!(features),
            last_renewed_by: None,
            currency: Some("usd".to_owned()),
            payment_status: if paid { SubscriptionPayment::Paid } else { SubscriptionPayment::Pending },
            payment_status_updated_at: Some(now),
            owner_id: self.owner.id,
            stripe_subscription_id: None,
            amount: 4999,
            company_id: self.id,
            payment_confirmation: if paid { PaymentConfirmation::Paid } else { PaymentConfirmation::Pending },
        };
        let event = Event::audit(&self.ctx(), CompanySubscription::def().name, subscription.meta.id).after(&subscription);
        self.write(Changes::none().put(&subscription).event(event)).await;
    }
}
