//! Disables a webhook that cannot go on, and tells the admins.

use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, Webhook};
use workforceos_core::session::{Ctx, Role, Tenant};
use workforceos_core::zone::Zone;

use crate::{App, alerts, commit_with, system_ctx};

/// Disables a webhook because of its target, unless it was changed since it was seen: then that was mended, perhaps.
pub async fn of_target(app: &App, seen: &Webhook, reason: &str) -> Result<()> {
    stop(app, seen, Some(seen.meta.record_version), reason.to_owned()).await
}

/// Disables a webhook for which too much waits, whatever else was changed of it.
pub async fn of_backlog(app: &App, webhook: &Webhook, reason: String) -> Result<()> {
    stop(app, webhook, None, reason).await
}

async fn stop(app: &App, webhook: &Webhook, version: Option<i64>, reason: String) -> Result<()> {
    let (company, id) = (webhook.company_id, webhook.meta.id);
    let ctx = system_ctx(Tenant::of(company, "", Zone::UTC), app.clock.now(), "webhookDisabled");
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let is_on = |webhook: &Webhook| webhook.meta.is_active && webhook.is_enabled;
        let unchanged = |webhook: &Webhook| version.is_none_or(|version| webhook.meta.record_version == version);
        let Some(before) = facts.any::<Webhook>(id)?.filter(|webhook| is_on(webhook) && unchanged(webhook)) else {
            return Ok((Changes::none(), false));
        };
        Ok((disabled(&act, facts, &before, &reason), true))
    };
    if commit_with(app, &ctx, Needs::row::<Webhook>(id), decide).await? {
        tracing::info!(webhook = %id, company = %company, "a webhook was disabled");
    }
    Ok(())
}

fn disabled(ctx: &Ctx, facts: &Facts, before: &Webhook, reason: &str) -> Changes {
    let off =
        Webhook { is_enabled: false, disabled_reason: Some(reason.to_owned()), disabled_at: Some(facts.now), ..before.clone() };
    let off = off.touched(facts.now);
    let event = Event::audit(ctx, Webhook::def().name, off.meta.id).after(&off).audited(Some(before));
    let mut changes = Changes::none().put(&off).event(event);
    // The path may be as good as a password.
    let host = reqwest::Url::parse(&off.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let message = format!("The webhook to {host} gets no more events. {reason}. Enable it again once that is mended.");
    for admin in admins(facts) {
        let kind = AlertType::WebhookDisabled;
        let alert = alerts::alert(facts, kind, admin, None, (Webhook::def().name, off.meta.id), message.clone());
        changes = changes.join(alerts::raise(ctx, &alert));
    }
    changes
}

fn admins(facts: &Facts) -> Vec<UserId> {
    let people = &facts.state.people;
    [Role::TenantOwner, Role::TenantAdmin].into_iter().flat_map(|role| people.with_role(role)).collect()
}
