//! What a text claims in numbers: every one of them, and what it says that it is.

mod dates;
mod spelled;

use chrono::NaiveDate;

use super::lexer::{Part, Placed, Written, parts};
use super::words;

/// A number that a text says.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    Plain(Written),
    Percent(Written),
    Hours(Written),
    Minutes(Written),
    /// How many times as much.
    Times(f64),
    /// So many of so many.
    Of(Written, Written),
    /// About such a part of a whole: `half`.
    Part(f64),
    /// A day, each way to read it.
    Day(Vec<NaiveDate>),
    /// A month and a day of it.
    DayOfMonth(u32, u32),
    Month(i32, u32),
    Week(Option<i32>, u32),
    Quarter(u32),
    /// A year, or a number that looks like one.
    Year(Written),
    /// Minutes since midnight.
    Time(u32),
    /// A place in an order.
    Rank(u32),
    /// A length of time that is looked at, in units of so many days.
    Span(Written, u32),
    /// Smaller than this.
    Below(Written),
    /// Said to be how probable chance is: `p = 0.03`.
    Chance(Written),
    /// Said to be a number of observations: `n = 240`.
    Observations(Written),
    /// What cannot be read, and so not be proved.
    Unclear,
}

/// A claim and how the text puts it.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub claim: Claim,
    pub text: String,
}

/// Everything that a text says in numbers.
pub fn claims(text: &str) -> Vec<Said> {
    let parts = parts(text);
    let mut reader = Reader { text, parts: &parts, at: 0, item: 1, said: Vec::new() };
    while reader.at < parts.len() {
        let from = reader.at;
        reader.step();
        reader.at = reader.at.max(from + 1);
    }
    reader.said
}

/// What stands after a number and says what it counts.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Percent,
    Hours,
    Minutes,
    Days(u32),
}

struct Reader<'t> {
    text: &'t str,
    parts: &'t [Placed],
    at: usize,
    /// The next number of a numbered list.
    item: u32,
    said: Vec<Said>,
}

impl Reader<'_> {
    fn part(&self, i: usize) -> Option<&Part> {
        self.parts.get(i).map(|p| &p.part)
    }

    fn word(&self, i: usize) -> Option<&str> {
        match self.part(i) {
            Some(Part::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn symbol(&self, i: usize) -> Option<char> {
        match self.part(i) {
            Some(Part::Symbol(c)) => Some(*c),
            _ => None,
        }
    }

    /// The word before `i`, if it is one.
    fn before(&self, i: usize) -> Option<&str> {
        i.checked_sub(1).and_then(|i| self.word(i))
    }

    /// Whether nothing parts `i` from what is before it.
    fn glued(&self, i: usize) -> bool {
        i > 0 && i < self.parts.len() && self.parts[i - 1].end == self.parts[i].start
    }

    /// Says a claim made of the parts from here up to `end`.
    fn say(&mut self, claim: Claim, end: usize) {
        let (start, last) = (self.parts[self.at].start, self.parts[end - 1].end);
        self.said.push(Said { claim, text: self.text[start..last].to_owned() });
        self.at = end;
    }

    fn step(&mut self) {
        let i = self.at;
        match self.parts[i].part.clone() {
            Part::Day(day) => self.say(Claim::Day(vec![day]), i + 1),
            Part::EitherDay(days) => self.say(Claim::Day(days), i + 1),
            Part::Month(year, month) => self.say(Claim::Month(year, month), i + 1),
            Part::Week(year, week) => self.say(Claim::Week(year, week), i + 1),
            Part::Time(minutes) => self.say(Claim::Time(minutes), i + 1),
            Part::Odd(_) => self.say(Claim::Unclear, i + 1),
            Part::Code(code) => self.code(&code),
            Part::Symbol(_) => self.at += 1,
            Part::Number(_) => self.number(),
            Part::Word(word) => self.in_words(&word),
        }
    }

    fn code(&mut self, code: &str) {
        let quarter = code.strip_prefix('q').and_then(|n| n.parse().ok()).filter(|n| (1..=4).contains(n));
        let claim = quarter.map_or(Claim::Unclear, Claim::Quarter);
        self.say(claim, self.at + 1);
    }

    fn in_words(&mut self, word: &str) {
        let i = self.at;
        if let Some(month) = words::month(word)
            && self.month_first(month)
        {
            return;
        }
        if matches!(word, "week" | "weeks" | "kw" | "cw") && self.weeks() {
            return;
        }
        if words::vague(word) {
            return self.say(Claim::Unclear, i + 1);
        }
        if let Some(times) = words::ratio(word) {
            return self.say(Claim::Times(times), i + 1);
        }
        if self.fraction_in_words(word) {
            return;
        }
        if self.counts_at(i).is_some() { self.number() } else { self.at += 1 }
    }

    /// What the number that ends before `end` counts, and where that ends.
    fn unit(&self, end: usize) -> Option<(Unit, usize)> {
        if matches!(self.symbol(end), Some('%' | '％')) {
            return Some((Unit::Percent, end + 1));
        }
        let dash = usize::from(self.symbol(end) == Some('-'));
        let word = self.word(end + dash)?;
        let next = end + dash + 1;
        match word {
            "per" if dash == 0 && self.word(next) == Some("cent") => Some((Unit::Percent, next + 1)),
            word if words::is_percent(word) => Some((Unit::Percent, next)),
            word if words::is_hours(word) => Some((Unit::Hours, next)),
            word if words::is_minutes(word) => Some((Unit::Minutes, next)),
            word => words::days_in(word).map(|days| (Unit::Days(days), next)),
        }
    }

    fn ranges(&self, i: usize) -> bool {
        matches!(self.symbol(i), Some('–' | '—' | '-' | '−' | '…')) || matches!(self.word(i), Some("to" | "until" | "through"))
    }

    fn ordinal(&self, i: usize) -> bool {
        self.glued(i) && matches!(self.word(i), Some("st" | "nd" | "rd" | "th"))
    }

    fn number(&mut self) {
        let i = self.at;
        let Some((written, end)) = self.counts_at(i) else {
            self.at += 1;
            return;
        };
        if self.is_list_marker(&written, end) || self.is_confidence(&written, end) || self.is_date(&written, end) {
            return;
        }
        if self.ordinal(end) {
            let claim = written.integer().map_or(Claim::Unclear, Claim::Rank);
            return self.say(claim, end + 1);
        }
        if let Some(half) = self.clock(&written, end) {
            return self.say(half, end + 1);
        }
        // `10–15 %`: what stands behind the second holds for both.
        let beyond = self.ranges(end).then(|| self.counts_at(end + 1)).flatten();
        let between = self.word(end) == Some("and") && self.before(i) == Some("between");
        let beyond = beyond.or_else(|| between.then(|| self.counts_at(end + 1)).flatten());
        let unit = self.unit(end).or_else(|| beyond.as_ref().and_then(|(_, far)| self.unit(*far).map(|(unit, _)| (unit, end))));
        let of = if unit.is_none() && beyond.is_none() { self.share(&written, end) } else { None };
        if let Some((claim, end)) = of {
            return self.say(claim, end);
        }
        self.counted(written, end, unit);
    }

    /// A number and its unit.
    fn counted(&mut self, written: Written, end: usize, unit: Option<(Unit, usize)>) {
        let equals = self.at.checked_sub(1).filter(|i| self.symbol(*i) == Some('=')).and_then(|i| self.before(i));
        let below = matches!(self.at.checked_sub(1).and_then(|i| self.symbol(i)), Some('<' | '≤'));
        match unit {
            Some((Unit::Percent, end)) => self.say(Claim::Percent(written), end),
            Some((Unit::Hours, next)) => {
                // `2 h 30 min`
                if let Some((minutes, far)) = self.counts_at(next)
                    && let (Some(hours), Some(minutes)) = (written.integer(), minutes.integer().filter(|m| *m < 60))
                    && self.word(far).is_some_and(words::is_minutes)
                {
                    return self.say(Claim::Minutes(Written::whole(f64::from(hours * 60 + minutes))), far + 1);
                }
                self.say(Claim::Hours(written), next);
            }
            Some((Unit::Minutes, end)) => self.say(Claim::Minutes(written), end),
            Some((Unit::Days(days), next)) => {
                let looked_at = [
                    "last",
                    "past",
                    "previous",
                    "preceding",
                    "next",
                    "coming",
                    "following",
                    "recent",
                    "over",
                    "during",
                    "within",
                    "these",
                    "those",
                ];
                let hyphen = self.symbol(end) == Some('-') && self.word(next).is_some();
                let span = hyphen || self.before(self.at).is_some_and(|w| looked_at.contains(&w));
                let claim = if span { Claim::Span(written, days) } else { Claim::Plain(written) };
                self.say(claim, next);
            }
            // As some languages write it.
            None if self.at > 0 && self.symbol(self.at - 1) == Some('%') && self.glued(self.at) => {
                self.say(Claim::Percent(written), end)
            }
            None if below => self.say(Claim::Below(written), end),
            None if matches!(equals, Some("p" | "q")) => self.say(Claim::Chance(written), end),
            None if equals == Some("n") => self.say(Claim::Observations(written), end),
            None if written.integer().is_some_and(year) => self.say(Claim::Year(written), end),
            None => self.say(Claim::Plain(written), end),
        }
    }

    /// `1.` or `2)` before an item of a list.
    fn is_list_marker(&mut self, written: &Written, end: usize) -> bool {
        let marker = self.parts[self.at].first
            && written.integer() == Some(self.item)
            && matches!(self.symbol(end), Some('.' | ')'))
            && self.glued(end)
            && end + 1 < self.parts.len()
            && !self.glued(end + 1);
        if marker {
            self.item += 1;
            self.at = end + 1;
        }
        marker
    }

    /// `95 % confidence`: the method's, not a result.
    fn is_confidence(&mut self, written: &Written, end: usize) -> bool {
        let Some((Unit::Percent, after)) = self.unit(end) else { return false };
        let near =
            |i: usize| self.word(i).is_some_and(|w| matches!(w, "confidence" | "interval" | "intervals" | "ci" | "wilson"));
        let found = written.integer() == Some(95) && ((after..after + 2).any(near) || self.at.checked_sub(1).is_some_and(near));
        if found {
            self.at = after;
        }
        found
    }

    /// `3 of the 40`, `1 in 5`, `3/40`.
    fn share(&self, written: &Written, end: usize) -> Option<(Claim, usize)> {
        let mut next = match (self.symbol(end), self.word(end)) {
            (Some('/'), _) | (_, Some("of" | "in")) => end + 1,
            (_, Some("out")) if self.word(end + 1) == Some("of") => end + 2,
            _ => return None,
        };
        let ratio = self.word(end) == Some("in");
        while !ratio && matches!(self.word(next), Some("the" | "all" | "their" | "our" | "its" | "every")) {
            next += 1;
        }
        let (whole, far) = self.counts_at(next)?;
        let dated = whole.integer().is_some_and(year) || self.is_month_or_unit(far);
        let larger = whole.readings.first().zip(written.readings.first()).is_some_and(|(w, p)| w.value >= p.value);
        if ratio && (dated || !larger) || !ratio && matches!(self.unit(far), Some((Unit::Percent, _))) {
            return None;
        }
        Some((Claim::Of(written.clone(), whole), far))
    }

    fn is_month_or_unit(&self, i: usize) -> bool {
        self.word(i).is_some_and(|w| words::month(w).is_some() || words::days_in(w).is_some())
    }
}

fn is_unit(word: &str) -> bool {
    words::is_hours(word) || words::is_minutes(word) || words::days_in(word).is_some() || words::factor(word).is_some()
}

fn year(number: u32) -> bool {
    (1900..=2100).contains(&number)
}
