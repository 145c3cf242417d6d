//! What a text claims in numbers: every one of them, and what it says that it is.

use chrono::NaiveDate;

use super::lexer::{Part, Placed, Reading, Written, parts};
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

    /// `May 12`, `May 12th, 2026`, `May 2026`.
    fn month_first(&mut self, month: u32) -> bool {
        let i = self.at;
        let Some(Part::Number(written)) = self.part(i + 1) else { return false };
        let Some(number) = written.integer() else { return false };
        if year(number) {
            self.say(Claim::Month(number as i32, month), i + 2);
            return true;
        }
        if !(1..=31).contains(&number) {
            return false;
        }
        let end = if self.ordinal(i + 2) { i + 3 } else { i + 2 };
        self.day_of(month, number, end);
        // `May 3–9`
        if self.ranges(self.at)
            && self.glued(self.at)
            && let Some(Part::Number(written)) = self.part(self.at + 1)
            && let Some(day) = written.integer().filter(|day| (1..=31).contains(day))
        {
            self.at += 1;
            self.day_of(month, day, self.at + 1);
        }
        true
    }

    /// A day of a month, with the year behind it if there is one.
    fn day_of(&mut self, month: u32, day: u32, end: usize) {
        let comma = usize::from(self.symbol(end) == Some(','));
        let year = match self.part(end + comma) {
            Some(Part::Number(written)) => written.integer().filter(|n| year(*n)),
            _ => None,
        };
        let whole = year.and_then(|year| NaiveDate::from_ymd_opt(year as i32, month, day));
        match (year, whole) {
            (Some(_), Some(day)) => self.say(Claim::Day(vec![day]), end + comma + 1),
            (Some(_), None) => self.say(Claim::Unclear, end + comma + 1),
            (None, _) => self.say(Claim::DayOfMonth(month, day), end),
        }
    }

    /// `week 21`, `weeks 21 and 22`; not `this week 12 people`.
    fn weeks(&mut self) -> bool {
        let i = self.at;
        let counted = ["this", "last", "next", "per", "a", "each", "every", "that", "one", "the", "past", "previous"];
        if self.before(i).is_some_and(|word| counted.contains(&word)) {
            return false;
        }
        let week = |reader: &Self, i: usize| match reader.part(i) {
            Some(Part::Number(written)) => written.integer().filter(|n| (1..=53).contains(n)),
            _ => None,
        };
        let Some(first) = week(self, i + 1) else { return false };
        self.say(Claim::Week(None, first), i + 2);
        let plural = matches!(self.part(i), Some(Part::Word(word)) if word == "weeks");
        while plural
            && (self.ranges(self.at) || matches!(self.word(self.at), Some("and" | "or")) || self.symbol(self.at) == Some(','))
        {
            let Some(next) = week(self, self.at + 1) else { break };
            self.at += 1;
            self.say(Claim::Week(None, next), self.at + 1);
        }
        true
    }

    /// `half`, `a third of`, `two thirds`, `half an hour`.
    fn fraction_in_words(&mut self, word: &str) -> bool {
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

    fn half(&mut self) -> bool {
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
    fn counts_at(&self, i: usize) -> Option<(Written, usize)> {
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
    fn spelled(&self, i: usize, word: &str) -> Option<(Written, usize)> {
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

    fn is_pronoun(&self, i: usize) -> bool {
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

    /// `12 May`, `12th of May 2026`, `1–14 May`.
    fn is_date(&mut self, written: &Written, end: usize) -> bool {
        let Some(day) = written.integer().filter(|day| (1..=31).contains(day)) else { return false };
        let skip = |reader: &Self, i: usize| i + usize::from(reader.ordinal(i));
        let month_at = |reader: &Self, i: usize| {
            let i = i + usize::from(reader.word(i) == Some("of"));
            reader.word(i).and_then(words::month).map(|month| (month, i + 1))
        };
        let after = skip(self, end);
        if let Some((month, end)) = month_at(self, after) {
            // `may` is a verb more often than a month.
            if self.word(end - 1) == Some("may")
                && self.word(end).is_some_and(|w| matches!(w, "be" | "have" | "need" | "want" | "not"))
            {
                return false;
            }
            self.day_of(month, day, end);
            return true;
        }
        if self.ranges(after)
            && let Some(Part::Number(second)) = self.part(after + 1)
            && second.integer().is_some_and(|d| (1..=31).contains(&d))
            && let Some((month, _)) = month_at(self, skip(self, after + 2))
        {
            self.say(Claim::DayOfMonth(month, day), after);
            return true;
        }
        false
    }

    /// `9 am`, `5pm`.
    fn clock(&self, written: &Written, end: usize) -> Option<Claim> {
        let hour = written.integer().filter(|hour| (1..=12).contains(hour))?;
        match self.word(end)? {
            "am" => Some(Claim::Time(hour % 12 * 60)),
            "pm" => Some(Claim::Time((hour % 12 + 12) * 60)),
            _ => None,
        }
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
