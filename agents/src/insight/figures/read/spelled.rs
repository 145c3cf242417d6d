//! Numbers and parts of a whole that are written in words.

use super::super::lexer::{Part, Reading, Written};
use super::super::words;
use super::{Claim, Reader, is_unit};

impl Reader<'_> {
    /// `half`, `a third of`, `two thirds`, `half an hour`.
    pub(super) fn fraction_in_words(&mut self, word: &str) -> bool {
        let i = self.at;
        if word == "half" {
            return self.half();
        }
        let of = |reader: &Self, i: usize| reader.word(i) == Some("of");
        // `two thirds`, `one-third of`
        if let Some(count) = words::small(word).filter(|n| *n < 10.0) {
            let j = if self.symbol(i + 1) == Some('-') { i + 2 } else { i + 1 };
            let part = self.word(j).and_then(|w| words::part(w).map(|part| (part, w.ends_with('s') && w != "halves")));
            return match part {
                Some((part, plural)) if plural || part == 0.5 || of(self, j + 1) => {
                    self.say(Claim::Part(count * part), j + 1);
                    true
                }
                _ => false,
            };
        }
        if matches!(word, "a" | "one")
            && let Some(part) = self.word(i + 1).and_then(words::part)
            && of(self, i + 2)
        {
            self.say(Claim::Part(part), i + 2);
            return true;
        }
        false
    }

    pub(super) fn half(&mut self) -> bool {
        let i = self.at;
        let next = if self.symbol(i + 1) == Some('-') { i + 2 } else { i + 1 };
        if matches!(self.word(next), Some("day" | "days"))
            || matches!(self.before(i), Some("first" | "second" | "latter" | "other"))
        {
            self.at += 1;
            return true;
        }
        let article = usize::from(matches!(self.word(next), Some("an" | "a")));
        if self.word(next + article).is_some_and(words::is_hours) {
            self.say(Claim::Minutes(Written::whole(30.0)), next + article + 1);
        } else if self.word(next + article) == Some("dozen") {
            self.say(Claim::Plain(Written::whole(6.0)), next + article + 1);
        } else {
            self.say(Claim::Part(0.5), i + 1);
        }
        true
    }

    /// A number at `i`, in digits or words, with what multiplies it; and where it ends.
    pub(super) fn counts_at(&self, i: usize) -> Option<(Written, usize)> {
        let (mut written, mut end) = match self.part(i)? {
            Part::Number(written) => (written.clone(), i + 1),
            Part::Word(word) => self.spelled(i, word)?,
            _ => return None,
        };
        if let Some(factor) = self.word(end).and_then(words::factor) {
            // `5 m` are metres or minutes as well as millions: letters count only where they are glued to the number.
            if self.word(end).is_some_and(|w| w.len() > 2) || (self.glued(end) && self.word(end) != Some("m")) {
                written = written.times(factor);
                end += 1;
            }
        }
        if self.word(end) == Some("and") && self.word(end + 1) == Some("a") && self.word(end + 2) == Some("half") {
            let more = written.readings.iter().map(|r| Reading { value: r.value + 0.5, place: 0.1 });
            (written, end) = (Written { readings: more.collect() }, end + 3);
        }
        Some((written, end))
    }

    /// `twenty-five`, `one hundred and twenty`, `a dozen`. `one` alone is often no number.
    pub(super) fn spelled(&self, i: usize, word: &str) -> Option<(Written, usize)> {
        if matches!(word, "a" | "an") {
            let factor = self.word(i + 1).and_then(words::factor).filter(|_| self.word(i + 1).is_some_and(|w| w.len() > 2))?;
            return Some((Written::whole(factor), i + 2));
        }
        if word == "dozen" {
            return Some((Written::whole(12.0), i + 1));
        }
        if word == "one" && self.is_pronoun(i) {
            return None;
        }
        let mut value = words::small(word)?;
        let mut end = i + 1;
        if words::tens(word).is_some() {
            let dash = usize::from(self.symbol(end) == Some('-'));
            if let Some(ones) = self.word(end + dash).and_then(words::small).filter(|n| (1.0..10.0).contains(n)) {
                value += ones;
                end += dash + 1;
            }
        }
        if self.word(end) == Some("hundred") {
            value *= 100.0;
            end += 1;
            let and = usize::from(self.word(end) == Some("and"));
            if let Some(rest) = self.word(end + and).filter(|w| *w != "one").and_then(words::small) {
                value += rest;
                end += and + 1;
                let dash = usize::from(self.symbol(end) == Some('-'));
                if rest >= 20.0
                    && let Some(ones) = self.word(end + dash).and_then(words::small).filter(|n| (1.0..10.0).contains(n))
                {
                    value += ones;
                    end += dash + 1;
                }
            }
        }
        Some((Written::whole(value), end))
    }

    pub(super) fn is_pronoun(&self, i: usize) -> bool {
        let before = ["this", "that", "the", "each", "every", "no", "which", "another", "any", "only", "as", "some"];
        let after = [
            "of", "another", "day", "more", "by", "that", "who", "which", "place", "way", "reason", "thing", "could", "can",
            "should", "may",
        ];
        let of_many = self.word(i + 1) == Some("of") && self.counts_at(i + 2).is_none();
        let pronoun = self.before(i).is_some_and(|w| before.contains(&w)) && !self.word(i + 1).is_some_and(is_unit);
        let followed = self.word(i + 1).is_some_and(|w| w != "of" && after.contains(&w));
        of_many || pronoun || followed || self.word(i + 1).is_none() && self.symbol(i + 1) != Some('%')
    }
}
