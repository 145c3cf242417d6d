//! The insights that the clock asks for, as the service keeps them.

use std::sync::Arc;

use async_trait::async_trait;
use workforceos_core::Result;
use workforceos_services::{App, insights};

use super::weekly::{Desk, Job};
use super::{Made, generated};

/// The agent under whose name they stand.
const AGENT: &str = "insightGenerator";

/// The service's desk.
pub struct AppDesk {
    app: Arc<App>,
}

impl AppDesk {
    pub fn new(app: Arc<App>) -> AppDesk {
        AppDesk { app }
    }
}

#[async_trait]
impl Desk for AppDesk {
    type Claim = insights::Job;

    async fn claim(&self) -> Result<Vec<Job<insights::Job>>> {
        let jobs = insights::claim(&self.app, self.app.clock.now()).await?;
        let job = |claim: insights::Job| Job {
            key: claim.key.clone(),
            company: claim.tenant.company,
            user: claim.manager,
            from: claim.from,
            to: claim.to,
            last_try: claim.last_try,
            claim,
        };
        Ok(jobs.into_iter().map(job).collect())
    }

    async fn finish(&self, job: &Job<insights::Job>, made: Result<Made, String>) -> Result<()> {
        let made = made.map(|made| generated(&made, AGENT));
        insights::finish(&self.app, &job.claim, made).await?;
        Ok(())
    }
}
