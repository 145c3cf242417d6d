//! Rates of groups compared: whether all have one rate, then each against the rest, adjusted for how many they are.

use super::chi_square::{self, ChiSquare, EXPECTED};
use super::{Count, Significance, TooLittle, benjamini_hochberg, fisher};

/// Which groups are compared one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Those in which 5 hits and 5 misses are expected: those that the test of all looks at.
    Expected,
    /// Those with at least so many.
    AtLeast(u64),
}

/// A group against the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    pub count: Count,
    pub rest: Count,
    pub outcome: Result<Significance, TooLittle>,
}

impl Compared {
    /// Whether the group's rate is above that of the rest.
    pub fn is_higher(&self) -> bool {
        self.count.rate() > self.rest.rate()
    }

    pub fn significant(&self) -> bool {
        self.outcome.is_ok_and(Significance::significant)
    }
}

/// All groups of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Whether all have one rate (Pearson).
    pub test: Result<ChiSquare, TooLittle>,
    /// In the order given.
    pub groups: Vec<Compared>,
}

/// Compares groups that share nothing. Each against all others together, by Fisher's test, with Benjamini and Hochberg's
/// adjustment over those compared.
pub fn compare(counts: &[Count], rule: Rule) -> Family {
    let all = counts.iter().fold(Count::default(), |sum, c| sum.plus(*c));
    let large = chi_square::large_enough(counts);
    let kept = large.iter().fold(Count::default(), |sum, i| sum.plus(counts[*i]));
    let rest = |count: Count| all.without(count);
    let reason = |index: usize| -> Option<TooLittle> {
        let count = counts[index];
        if rest(count).n == 0 {
            return Some(TooLittle::new(1, 2, "groups"));
        }
        match rule {
            Rule::AtLeast(needed) => (count.n < needed).then(|| TooLittle::new(count.n, needed, "observations")),
            Rule::Expected if large.contains(&index) => None,
            // Of itself and those that were large enough: what it would need to be one of them.
            Rule::Expected => {
                Some(TooLittle::new(chi_square::expected(count, kept.plus(count)) as u64, EXPECTED, "expectedCount"))
            }
        }
    };
    let reasons: Vec<Option<TooLittle>> = (0..counts.len()).map(reason).collect();
    let compared: Vec<usize> = (0..counts.len()).filter(|i| reasons[*i].is_none()).collect();
    let p: Vec<f64> = compared.iter().map(|i| fisher::two_sided(counts[*i], rest(counts[*i]))).collect();
    let q = benjamini_hochberg::adjusted(&p);
    let mut outcomes = compared.into_iter().zip(p.into_iter().zip(q)).peekable();
    let mut groups = Vec::with_capacity(counts.len());
    for (index, (count, reason)) in counts.iter().zip(reasons).enumerate() {
        let outcome = match outcomes.next_if(|(i, _)| *i == index) {
            Some((_, (p, q))) => Ok(Significance { p, q }),
            None => Err(reason.unwrap_or(TooLittle::new(0, 1, "observations"))),
        };
        groups.push(Compared { count: *count, rest: rest(*count), outcome });
    }
    let tested: Vec<Count> = match rule {
        Rule::AtLeast(needed) => counts.iter().copied().filter(|count| count.n >= needed).collect(),
        Rule::Expected => counts.to_vec(),
    };
    Family { test: chi_square::same_rate(&tested), groups }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_groups_are_the_rest_of_others_but_not_compared() {
        let counts = [Count::new(30, 200), Count::new(10, 200), Count::new(1, 3)];
        let family = compare(&counts, Rule::Expected);
        assert_eq!(family.test.map(|t| t.df), Ok(1));
        assert_eq!(family.groups[2].outcome, Err(TooLittle::new(0, 5, "expectedCount")));
        assert_eq!(family.groups[0].rest, Count::new(11, 203));
        assert!(family.groups[0].significant() && family.groups[0].is_higher());
        assert!(family.groups[1].significant() && !family.groups[1].is_higher());
    }

    #[test]
    fn people_are_compared_from_twenty_on() {
        let counts = [Count::new(9, 20), Count::new(1, 19), Count::new(5, 200)];
        let family = compare(&counts, Rule::AtLeast(20));
        assert!(family.groups[0].significant());
        assert_eq!(family.groups[1].outcome, Err(TooLittle::new(19, 20, "observations")));
        // The test of all needs more: one group is left.
        assert_eq!(family.test, Err(TooLittle::new(1, 2, "groups")));
    }

    #[test]
    fn who_is_alone_is_compared_with_nobody() {
        let family = compare(&[Count::new(9, 99)], Rule::AtLeast(20));
        assert_eq!(family.groups[0].outcome, Err(TooLittle::new(1, 2, "groups")));
        assert!(compare(&[], Rule::Expected).groups.is_empty());
    }
}
