//! Times measured, and what is quoted of them.

use std::time::{Duration, Instant};

use crate::machine::{Cpu, Meter};

/// The times of one round, in microseconds.
#[derive(Clone, Debug)]
pub struct Samples {
    started: Instant,
    pub took: Duration,
    micros: Vec<u32>,
}

impl Samples {
    pub fn begin() -> Samples {
        Samples { started: Instant::now(), took: Duration::ZERO, micros: Vec::new() }
    }

    pub fn add(&mut self, took: Duration) {
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub fn extend(&mut self, micros: impl IntoIterator<Item = u32>) {
        self.micros.extend(micros);
    }

    /// Ends the round: what is quoted needs its samples in order.
    pub fn end(mut self) -> Samples {
        self.took = self.started.elapsed();
        self.micros.sort_unstable();
        self
    }

    pub fn len(&self) -> usize {
        self.micros.len()
    }

    /// Milliseconds that so large a part of the samples took at most.
    pub fn quantile(&self, part: f64) -> f64 {
        let last = self.micros.len().saturating_sub(1);
        let at = ((self.micros.len() as f64 * part).ceil() as usize).saturating_sub(1).min(last);
        f64::from(self.micros.get(at).copied().unwrap_or_default()) / 1000.0
    }

    pub fn rate(&self) -> f64 {
        self.micros.len() as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }
}

/// A figure of several rounds: the median is quoted.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Spread {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |i: usize| sorted.get(i).copied().unwrap_or_default();
        let (half, last) = (sorted.len() / 2, sorted.len().saturating_sub(1));
        let median = if sorted.len() % 2 == 1 { at(half) } else { (at(half.saturating_sub(1)) + at(half)) / 2.0 };
        Spread { median, min: at(0), max: at(last) }
    }
}

/// The rounds of one measurement, and what they cost.
pub struct Measured {
    pub rounds: Vec<Samples>,
    /// Processor time of all rounds.
    pub cpu: Cpu,
}

impl Measured {
    /// Runs the rounds, one after the other.
    pub async fn rounds<F>(server: u32, count: usize, mut round: F) -> anyhow::Result<Measured>
    where
        F: AsyncFnMut() -> anyhow::Result<Samples>,
    {
        let meter = Meter::start(server)?;
        let mut rounds = Vec::with_capacity(count);
        for _ in 0..count {
            rounds.push(round().await?);
        }
        Ok(Measured { rounds, cpu: meter.read()? })
    }

    pub fn rate(&self) -> Spread {
        Spread::of(self.rounds.iter().map(Samples::rate))
    }

    pub fn quantile(&self, part: f64) -> Spread {
        Spread::of(self.rounds.iter().map(|round| round.quantile(part)))
    }

    /// The worst of all rounds.
    pub fn worst(&self) -> f64 {
        self.quantile(1.0).max
    }

    /// Samples in all rounds.
    pub fn len(&self) -> usize {
        self.rounds.iter().map(Samples::len).sum()
    }

    /// Microseconds of the server's processor time for each sample.
    pub fn server_micros_each(&self) -> f64 {
        self.cpu.server * 1e6 / self.len().max(1) as f64
    }
}
