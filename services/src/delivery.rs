//! Carries out the outbox: several mails at once, those for which somebody waits first, each with its own pauses, and never all of them
//! one company's.
//!
//! At least once: a process that ends between the mail server's word and the database's leaves the mail to be sent again, under the same
//! Message-ID.

mod under_way;

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;
use workforceos_core::error::{Error, Result};
use workforceos_core::objects::EmailStatus;
use workforceos_core::time::Timestamp;
use workforceos_store::Pending;

use self::under_way::{OnItsWay, Share, UnderWay};
use crate::mail::{AT_ONCE, CODE, KIND, Post, Unsent};
use crate::{App, alerts};

const TICK: Duration = Duration::from_secs(1);
/// How many of the mails under way may be others than codes: however slow those are, there is a way for codes.
const OTHERS: usize = AT_ONCE - 2;
/// How long a claimed mail is ours, much longer than a try; after that another node, or a restarted one, takes it.
const LEASE: i64 = 2 * Timestamp::MINUTE;
/// How long it may take to write down what became of a mail before its lease is renewed, and the pause until that is tried again.
const SETTLE: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_secs(5);
/// The longest pause between two tries, and when a mail is given up.
const MAX_PAUSE: i64 = Timestamp::HOUR;
const GIVE_UP: i64 = 3 * Timestamp::DAY;

/// Sends what the outbox holds, as long as the application lives.
pub async fn deliver(app: Weak<App>) {
    let Some(settings) = app.upgrade().map(|app| app.settings.clone()) else { return };
    let post = Arc::new(Post::new(&settings));
    let mut delivery =
        Delivery { post, codes: JoinSet::new(), others: JoinSet::new(), under_way: UnderWay::default(), more: false };
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            Some(_) = delivery.codes.join_next() => if !delivery.more { continue },
            Some(_) = delivery.others.join_next() => if !delivery.more { continue },
        }
        let Some(app) = app.upgrade() else { return };
        if let Err(error) = delivery.fill(&app).await {
            tracing::warn!(%error, source = ?error.source, "the outbox could not be read");
        }
    }
}

struct Delivery {
    post: Arc<Post>,
    /// Tries that run.
    codes: JoinSet<()>,
    others: JoinSet<()>,
    under_way: UnderWay,
    /// Whether more may wait than there was room for.
    more: bool,
}

impl Delivery {
    /// Sets out with what is due, as far as there is room.
    async fn fill(&mut self, app: &Arc<App>) -> Result<()> {
        let free = AT_ONCE.saturating_sub(self.codes.len() + self.others.len());
        let codes = start(app, &self.post, CODE, free, &self.under_way, &mut self.codes).await?;
        let room = free.saturating_sub(codes.count).min(OTHERS.saturating_sub(self.others.len()));
        let others = start(app, &self.post, KIND, room, &self.under_way, &mut self.others).await?;
        let rest = room.saturating_sub(others.count);
        let alerts = start(app, &self.post, alerts::MAIL, rest, &self.under_way, &mut self.others).await?;
        self.more = codes.more || others.more || alerts.more;
        Ok(())
    }
}

/// How many mails set out, and whether more may wait.
struct Started {
    count: usize,
    more: bool,
}

/// Claims mails of a kind and sets out with them.
async fn start(
    app: &Arc<App>,
    post: &Arc<Post>,
    kind: &'static str,
    room: usize,
    under_way: &UnderWay,
    tries: &mut JoinSet<()>,
) -> Result<Started> {
    let mut started = Started { count: 0, more: false };
    while started.count < room {
        let left = room - started.count;
        let Share { most, but } = if kind == CODE { Share { most: left, but: Vec::new() } } else { under_way.share(left) };
        let now = app.clock.now();
        // What is on its way now may be there, and gone from the outbox, by the time that the claim is answered.
        let before = under_way.all();
        let claimed = app.store.claim_outbox_but(kind, now, Timestamp(now.0 + LEASE), most as u32, &but).await?;
        let count = claimed.len();
        for pending in claimed.into_iter().filter(|pending| !before.contains(&pending.id)) {
            let company = Some(pending.company).filter(|_| kind != CODE);
            let Some(on_its_way) = under_way.set_out(pending.id, company) else { continue };
            let (app, post) = (app.clone(), post.clone());
            tries.spawn(async move {
                let id = pending.id;
                if let Err(error) = carry(&app, &post, pending, on_its_way, now).await {
                    tracing::warn!(%id, %error, source = ?error.source, "an outbox entry could not be settled");
                }
            });
        }
        started.count += count;
        if count < most {
            started.more = !but.is_empty();
            return Ok(started);
        }
    }
    started.more = true;
    Ok(started)
}

/// One try to send one mail, and what follows from it.
async fn carry(app: &Arc<App>, post: &Post, pending: Pending, on_its_way: OnItsWay, began: Timestamp) -> Result<()> {
    if pending.kind == alerts::MAIL {
        return carry_alerts(app, post, pending, on_its_way, began).await;
    }
    match tried(post, &pending, &pending, began).await {
        Tried::Over(_) => app.store.finish_outbox(pending.id).await,
        Tried::Again => later(app, &pending, began).await,
    }
}

/// The same of a mail of alerts, which is written now; what became of it is written down with them, behind this try.
async fn carry_alerts(app: &Arc<App>, post: &Post, pending: Pending, on_its_way: OnItsWay, began: Timestamp) -> Result<()> {
    let alerts::Mailing { mail, told } = alerts::mailing(app, &pending).await?;
    let status = match mail {
        None => EmailStatus::Dismissed,
        Some(payload) => match tried(post, &pending, &Pending { payload, ..pending.clone() }, began).await {
            Tried::Over(status) => status,
            Tried::Again => return later(app, &pending, began).await,
        },
    };
    on_its_way.arrived();
    let settling = app.clone();
    app.companies.spawn_task(async move {
        settled(&settling, &pending, &told, status, began).await;
        if let Err(error) = settling.store.finish_outbox(pending.id).await {
            tracing::warn!(id = %pending.id, %error, source = ?error.source, "a mail that was sent stays in the outbox; trying again");
        }
        drop(on_its_way);
    });
    Ok(())
}

/// Writes down what became of a mail's alerts, however long it takes: the company may be in the middle of something, or the database away.
/// The entry stays leased meanwhile: whoever has the mail must not get it again.
async fn settled(app: &App, pending: &Pending, told: &[Uuid], status: EmailStatus, began: Timestamp) {
    loop {
        let busy = |_| Err(Error::internal("the company is busy"));
        let Err(error) =
            tokio::time::timeout(SETTLE, alerts::settle(app, pending, told, status, began)).await.unwrap_or_else(busy)
        else {
            return;
        };
        tracing::warn!(id = %pending.id, %error, source = ?error.source, "what became of a mail could not be written down; trying again");
        let leased = app.store.retry_outbox(pending.id, Timestamp(app.clock.now().0 + LEASE), pending.tries).await;
        if let Err(error) = leased {
            tracing::warn!(id = %pending.id, %error, source = ?error.source, "the lease of a mail could not be renewed");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

enum Tried {
    Over(EmailStatus),
    Again,
}

/// One try; after three days there is none again.
async fn tried(post: &Post, pending: &Pending, mail: &Pending, began: Timestamp) -> Tried {
    match post.send(mail).await {
        Ok(()) => Tried::Over(EmailStatus::Sent),
        Err(Unsent::Ever(reason)) => {
            tracing::error!(id = %pending.id, kind = %pending.kind, reason, "a mail was refused for good and is given up");
            Tried::Over(EmailStatus::Failed)
        }
        Err(Unsent::Yet(reason)) if queued_at(pending).is_some_and(|at| began.0 - at > GIVE_UP) => {
            tracing::error!(id = %pending.id, kind = %pending.kind, reason, "given up after three days");
            Tried::Over(EmailStatus::Failed)
        }
        Err(Unsent::Yet(reason)) => {
            tracing::debug!(id = %pending.id, tries = pending.tries, reason, "not sent yet");
            Tried::Again
        }
    }
}

/// Another try after a pause that doubles, from when this one began.
async fn later(app: &App, pending: &Pending, began: Timestamp) -> Result<()> {
    app.store.retry_outbox(pending.id, Timestamp(began.0 + pause(pending.tries)), pending.tries + 1).await
}

fn pause(tries: i64) -> i64 {
    (5_000 << tries.clamp(0, 20)).min(MAX_PAUSE)
}

/// When an entry was queued: its id tells.
fn queued_at(pending: &Pending) -> Option<i64> {
    let (seconds, nanos) = pending.id.get_timestamp()?.to_unix();
    i64::try_from(seconds).ok().map(|s| s * 1000 + i64::from(nanos) / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value as Json;
    use workforceos_core::id::{CompanyId, IdSource};

    #[test]
    fn pauses_double_up_to_an_hour() {
        assert_eq!((pause(0), pause(1), pause(3)), (5_000, 10_000, 40_000));
        assert_eq!((pause(12), pause(1_000)), (MAX_PAUSE, MAX_PAUSE));
    }

    #[test]
    fn an_entrys_age_is_read_from_its_id() {
        let at = Timestamp(1_780_000_000_123);
        let id = IdSource::random().next(at);
        let pending = |id: Uuid| Pending { id, company: CompanyId::ROOT, kind: KIND.to_owned(), payload: Json::Null, tries: 0 };
        assert_eq!(queued_at(&pending(id)), Some(at.0));
        assert_eq!(queued_at(&pending(Uuid::nil())), None);
    }
}
