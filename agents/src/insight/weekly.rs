//! Insights that the clock asks for: written with the rights of whom they are for, one worker at a time for each, whichever node it is on.
//!
//! What is asked for stands in the database ([`Desk`]); this takes it up and hands it in. Where the model's provider is away, an
//! insight waits for it as long as it may be tried again, and is worded without one then.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::iter;
use futures_util::{FutureExt, StreamExt};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::time::Date;
use workforceos_core::{Error, Result};
use workforceos_services::auth;

use super::{Made, Plan, Who, begin_by_clock, generate};
use crate::Agents;

/// How often somebody looks for what is asked for.
pub const TICK: Duration = Duration::from_secs(2);
/// How many are written at a time: whoever asks for an answer now comes first.
const AT_ONCE: usize = 2;
/// How long one may take: all that are taken up at once are done before others would take them for lost.
pub const TIME: Duration = Duration::from_secs(60);

/// An insight that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Job<C> {
    /// What it is, in the log.
    pub key: String,
    pub company: CompanyId,
    /// Whose rights it is written with; `None`: those of the company's owner.
    pub user: Option<UserId>,
    pub from: Date,
    pub to: Date,
    /// Whether it is not tried again after this.
    pub last_try: bool,
    /// By which the desk knows it.
    pub claim: C,
}

/// Where insights are asked for and handed in.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    type Claim: Send + Sync + 'static;

    /// What is due, each for nobody else until its time is over.
    async fn claim(&self) -> Result<Vec<Job<Self::Claim>>>;

    /// Hands in what became of one; an error is tried again, as long as that makes sense.
    async fn finish(&self, job: &Job<Self::Claim>, made: Result<Made, String>) -> Result<()>;
}

/// Works until it is stopped.
pub async fn run<D: Desk>(agents: &Agents, desk: &D) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = round(desk, &Scribe { agents }).await {
            tracing::warn!(%error, source = ?error.source, "weekly insights could not be looked for");
        }
    }
}

/// Whoever writes an insight.
#[async_trait]
trait Writes: Send + Sync {
    /// An insight about those days, with the rights of a user of a company; `None`: of its owner. `key` names it in logs.
    async fn write(&self, key: &str, company: CompanyId, user: Option<UserId>, days: (Date, Date)) -> Result<Made>;
}

/// Writes everything that is due now.
async fn round<D: Desk>(desk: &D, writes: &dyn Writes) -> Result<()> {
    let each: Vec<_> = desk.claim().await?.into_iter().map(|job| one(desk, writes, job).boxed()).collect();
    iter(each).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    Ok(())
}

async fn one<D: Desk>(desk: &D, writes: &dyn Writes, job: Job<D::Claim>) {
    let made = match writes.write(&job.key, job.company, job.user, (job.from, job.to)).await {
        Ok(made) if made.may_succeed && !job.last_try => Err(made.note.unwrap_or_default()),
        Ok(made) => Ok(made),
        Err(error) => {
            tracing::warn!(job = job.key, company = %job.company, %error, source = ?error.source, "a weekly insight could not be made");
            Err(error.message)
        }
    };
    if let Err(error) = desk.finish(&job, made).await {
        // Its time will be over, and somebody takes it up again.
        tracing::warn!(job = job.key, company = %job.company, %error, source = ?error.source, "a weekly insight could not be handed in");
    }
}

/// The generator.
struct Scribe<'a> {
    agents: &'a Agents,
}

#[async_trait]
impl Writes for Scribe<'_> {
    async fn write(&self, key: &str, company: CompanyId, user: Option<UserId>, days: (Date, Date)) -> Result<Made> {
        let agents = self.agents;
        let nobody = || Error::forbidden("There is nobody in the company any more for whom it could be made");
        let session = auth::on_behalf_of(&agents.app, company, user).await?.ok_or_else(nobody)?;
        let who = Who::clock(session, &format!("{key}-{company}"));
        let (run, asked) = (begin_by_clock(agents, company).await?, question(days));
        // Nothing is looked up beyond the analyses: nobody asked anything.
        let plan = Plan { toolbox: None, time: run.plan.time.min(TIME), ..run.plan.clone() };
        let made = generate(&agents.dispatch, &agents.tools, &who, &asked, &plan).await;
        run.end(&asked, &made).await;
        made
    }
}

/// What the clock asks.
fn question((from, to): (Date, Date)) -> String {
    format!("What stood out in the week from {from} to {to}?")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;
    use uuid::Uuid;
    use workforceos_core::time::parse_date;

    use super::super::{BUILTIN, Insight, period};
    use super::*;
    use crate::provider::Usage;

    fn job(key: &str, last_try: bool) -> Job<()> {
        let day = |text: &str| parse_date(text).expect("a day");
        let (from, to) = (day("2026-05-25"), day("2026-05-31"));
        Job { key: key.to_owned(), company: CompanyId(Uuid::from_u128(1)), user: None, from, to, last_try, claim: () }
    }

    fn made(provider: &'static str, may_succeed: bool) -> Made {
        let insight = Insight {
            title: "Mondays".to_owned(),
            summary: "Well.".to_owned(),
            insight_type: "absenteeism".to_owned(),
            audience_type: "admin".to_owned(),
            chart: None,
            data: None,
            suggestion: None,
            period: String::new(),
        };
        let day = parse_date("2026-05-25").expect("a day");
        let note = may_succeed.then(|| "The AI provider cannot be reached".to_owned());
        let (origin, figures, usage) = (json!({}), json!({}), Usage::default());
        Made { insight, provider, origin, figures, period: (day, day), usage, tool_calls: 0, note, may_succeed }
    }

    #[derive(Default)]
    struct Tray {
        due: Mutex<Vec<Job<()>>>,
        done: Mutex<Vec<(String, Result<String, String>)>>,
    }

    #[async_trait]
    impl Desk for Tray {
        type Claim = ();

        async fn claim(&self) -> Result<Vec<Job<()>>> {
            Ok(std::mem::take(&mut self.due.lock().expect("the tray")))
        }

        async fn finish(&self, job: &Job<Self::Claim>, made: Result<Made, String>) -> Result<()> {
            let what = made.map(|made| made.provider.to_owned());
            self.done.lock().expect("the tray").push((job.key.clone(), what));
            Ok(())
        }
    }

    /// Writes as the job's name says.
    #[derive(Default)]
    struct Hand {
        running: AtomicUsize,
        most: AtomicUsize,
    }

    #[async_trait]
    impl Writes for Hand {
        async fn write(&self, key: &str, _: CompanyId, _: Option<UserId>, _: (Date, Date)) -> Result<Made> {
            self.most.fetch_max(self.running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.running.fetch_sub(1, Ordering::SeqCst);
            match key {
                // Written badly: trying again would be no better.
                "wrong" => Ok(made(BUILTIN, false)),
                "refused" => Err(Error::forbidden("no")),
                "first" | "last" => Ok(made(BUILTIN, true)),
                _ => Ok(made("openai", false)),
            }
        }
    }

    #[tokio::test]
    async fn an_insight_waits_for_its_provider_as_long_as_it_may() {
        let tray = Tray::default();
        let due = [("first", false), ("last", true), ("wrong", false), ("fine", false), ("refused", true)];
        *tray.due.lock().expect("the tray") = due.map(|(key, last_try)| job(key, last_try)).to_vec();
        round(&tray, &Hand::default()).await.expect("a round");
        let done = tray.done.lock().expect("the tray");
        let of = |key: &str| done.iter().find(|(k, _)| k == key).map(|(_, what)| what.clone()).expect("handed in");
        assert_eq!(of("first"), Err("The AI provider cannot be reached".to_owned()));
        assert_eq!((of("last"), of("wrong")), (Ok(BUILTIN.to_owned()), Ok(BUILTIN.to_owned())));
        assert_eq!((of("fine"), of("refused")), (Ok("openai".to_owned()), Err("no".to_owned())));
    }

    #[tokio::test]
    async fn two_are_written_at_a_time() {
        let (tray, hand) = (Tray::default(), Hand::default());
        *tray.due.lock().expect("the tray") = (0..9).map(|i| job(&i.to_string(), false)).collect();
        round(&tray, &hand).await.expect("a round");
        assert_eq!((hand.most.load(Ordering::SeqCst), tray.done.lock().expect("the tray").len()), (AT_ONCE, 9));
    }

    #[test]
    fn the_week_is_what_is_analysed() {
        let job = job("weekly", false);
        let days = (job.from, job.to);
        assert_eq!(period::asked(&question(days), parse_date("2026-06-01").expect("a day")), Some(days));
    }
}
