//! Load on a few connections: as fast as answers come, or at a steady pace.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::TryStreamExt;
use futures_util::stream::FuturesUnordered;

use crate::figures::Samples;
use crate::http::{Answer, Connection};

/// What is sent, and what an answer must be.
pub trait Work {
    /// Writes the next request into an empty buffer; `false` if there is none any more.
    fn next(&self, request: &mut Vec<u8>) -> bool;

    /// The request is sent now.
    fn sending(&self) {}

    fn check(&self, answer: &Answer<'_>) -> Result<()>;
}

/// Every connection sends its next request when it has its answer, until there is no more work or `until` has come.
pub async fn flat_out(connections: &mut [Connection], work: &impl Work, until: Option<Instant>) -> Result<Samples> {
    each_flat_out(connections.iter_mut().map(|connection| (connection, work)), until).await
}

/// As [`flat_out`], where every connection has work of its own.
pub async fn each_flat_out<'c, W: Work + 'c>(
    pairs: impl Iterator<Item = (&'c mut Connection, &'c W)>,
    until: Option<Instant>,
) -> Result<Samples> {
    let samples = RefCell::new(Samples::begin());
    let drive = async |(connection, work): (&mut Connection, &W)| -> Result<()> {
        loop {
            let started = Instant::now();
            connection.request.clear();
            if until.is_some_and(|until| started >= until) || !work.next(&mut connection.request) {
                return Ok(());
            }
            let answer = connection.exchange().await?;
            work.check(&answer)?;
            samples.borrow_mut().add(started.elapsed());
        }
    };
    // Not a join of all: that would look at every connection whenever one of them has something.
    pairs.map(drive).collect::<FuturesUnordered<_>>().try_collect::<()>().await?;
    Ok(samples.into_inner().end())
}

/// Requests at a steady pace: each has its moment, whoever of the connections is free then. A request that was late because
/// the answers before it were is timed from its moment.
pub async fn paced(connections: &mut [Connection], work: &impl Work, per_second: f64, lasts: Duration) -> Result<Samples> {
    let count = (per_second * lasts.as_secs_f64()) as u32;
    let start = Instant::now();
    let (next, samples) = (Cell::new(0_u32), RefCell::new(Samples::begin()));
    let drive = async |connection: &mut Connection| -> Result<()> {
        loop {
            let turn = next.replace(next.get() + 1);
            let due = start + Duration::from_secs_f64(f64::from(turn) / per_second);
            connection.request.clear();
            if turn >= count || !work.next(&mut connection.request) {
                return Ok(());
            }
            let early = due > Instant::now();
            if early {
                tokio::time::sleep_until(due.into()).await;
            }
            // The timer's own rounding is not the server's doing.
            let started = if early { Instant::now() } else { due };
            work.sending();
            let answer = connection.exchange().await?;
            work.check(&answer)?;
            samples.borrow_mut().add(started.elapsed());
        }
    };
    connections.iter_mut().map(drive).collect::<FuturesUnordered<_>>().try_collect::<()>().await?;
    Ok(samples.into_inner().end())
}

/// The same request again and again.
pub struct Same {
    pub request: Vec<u8>,
    pub status: u16,
}

impl Work for Same {
    fn next(&self, request: &mut Vec<u8>) -> bool {
        request.extend_from_slice(&self.request);
        true
    }

    fn check(&self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(self.status)
    }
}
