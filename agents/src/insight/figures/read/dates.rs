//! Dates, weeks and times as they are written out.

use chrono::NaiveDate;

use super::super::lexer::{Part, Written};
use super::super::words;
use super::{Claim, Reader, year};

impl Reader<'_> {
    /// `May 12`, `May 12th, 2026`, `May 2026`.
    pub(super) fn month_first(&mut self, month: u32) -> bool {
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
    pub(super) fn day_of(&mut self, month: u32, day: u32, end: usize) {
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
    pub(super) fn weeks(&mut self) -> bool {
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

    /// `12 May`, `12th of May 2026`, `1–14 May`.
    pub(super) fn is_date(&mut self, written: &Written, end: usize) -> bool {
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
    pub(super) fn clock(&self, written: &Written, end: usize) -> Option<Claim> {
        let hour = written.integer().filter(|hour| (1..=12).contains(hour))?;
        match self.word(end)? {
            "am" => Some(Claim::Time(hour % 12 * 60)),
            "pm" => Some(Claim::Time((hour % 12 + 12) * 60)),
            _ => None,
        }
    }
}
