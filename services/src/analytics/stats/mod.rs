//! The statistics of analytics: pure functions over counts and numbers, each as SPEC §15 names it.
//!
//! Distributions come from `statrs`. What it lacks, or does not do safely for large counts and small probabilities, stands here.

pub mod benjamini_hochberg;
pub mod binomial;
pub mod chi_square;
pub mod family;
pub mod fisher;
pub mod forecast;
pub mod kruskal;
pub mod mann_kendall;
pub mod robust;
pub mod shares;
pub mod wilson;

mod tails;
#[cfg(test)]
mod vectors;

/// What a p-value, or one adjusted for many comparisons, may be at most to be called significant.
pub const ALPHA: f64 = 0.05;

/// How often something happened, of how many times it could have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub hits: u64,
    pub n: u64,
}

impl Count {
    pub fn new(hits: u64, n: u64) -> Count {
        debug_assert!(hits <= n, "{hits} of {n}");
        Count { hits, n }
    }

    pub fn add(&mut self, hit: bool) {
        self.hits += u64::from(hit);
        self.n += 1;
    }

    pub fn plus(self, other: Count) -> Count {
        Count { hits: self.hits + other.hits, n: self.n + other.n }
    }

    /// What is left of this once `part` is taken out.
    pub fn without(self, part: Count) -> Count {
        Count { hits: self.hits - part.hits, n: self.n - part.n }
    }

    pub fn rate(self) -> Option<f64> {
        (self.n > 0).then(|| self.hits as f64 / self.n as f64)
    }
}

/// There is too little to say anything: so much of what there would have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLittle {
    pub n: u64,
    pub needed: u64,
    /// What is counted: `shifts`, `weeks`, `groups`, `expectedCount` …
    pub of: &'static str,
}

impl TooLittle {
    pub fn new(n: u64, needed: u64, of: &'static str) -> TooLittle {
        TooLittle { n, needed, of }
    }
}

/// A range that holds the true value with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// A comparison's p-value, the same adjusted for all comparisons of its family, and whether that is small enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Significance {
    pub p: f64,
    pub q: f64,
}

impl Significance {
    pub fn significant(self) -> bool {
        self.q <= ALPHA
    }
}
