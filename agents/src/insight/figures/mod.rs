//! Whether a text says only what tools returned: every number in it is looked for among theirs.
//!
//! A number counts as returned if it is one of a tool's, rounded to as many places as are shown; a part of a whole may be said as a
//! percentage, minutes as hours and the other way round. Nothing else is reckoned: a sum or a difference that no tool returned is
//! refused. Dates, weeks and times belong to what was looked at. Numbers of the question may be repeated as lengths of time alone.

mod known;
mod lexer;
mod read;
mod words;

#[cfg(test)]
mod tests;

use chrono::{Datelike, NaiveDate};

use known::Figure;
pub use known::{Kind, Known, kind_of};
use lexer::{Reading, Written};
use read::{Claim, claims};

/// What a text says that no tool returned, as it says it. `asked` is the question.
pub fn unproved(text: &str, known: &Known, asked: &str) -> Vec<String> {
    let text = without_names(text, known);
    let proof = Proof { known, asked: asked_spans(asked) };
    let mut missing: Vec<String> =
        claims(&text).into_iter().filter(|said| !proof.holds(&said.claim)).map(|said| said.text).collect();
    missing.dedup();
    missing
}

/// The text without names that hold digits: `Team 7` claims nothing.
fn without_names(text: &str, known: &Known) -> String {
    let mut text = text.to_owned();
    for name in &known.names {
        let mut from = 0;
        while let Some(at) = text[from..].find(name.as_str()).map(|at| at + from) {
            let end = at + name.len();
            let touches = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '%' | '％'));
            let behind = text[end..].trim_start();
            if touches(text[..at].chars().next_back()) || touches(text[end..].chars().next()) || counted(behind) {
                from = end;
                continue;
            }
            text.replace_range(at..end, "·");
            from = at + "·".len();
        }
    }
    text
}

/// Whether what stands behind a name makes a number of its end: `Team 7 %`.
fn counted(behind: &str) -> bool {
    behind.starts_with(['%', '％', '‰'])
        || behind.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("percent"))
        || behind.starts_with("per cent")
}

/// Numbers that a question names as lengths of time, in units of so many days.
fn asked_spans(asked: &str) -> Vec<(f64, u32)> {
    let spans = claims(asked).into_iter().filter_map(|said| match said.claim {
        Claim::Span(written, days) => Some((written.readings.first()?.value, days)),
        _ => None,
    });
    spans.collect()
}

struct Proof<'k> {
    known: &'k Known,
    asked: Vec<(f64, u32)>,
}

impl Proof<'_> {
    fn holds(&self, claim: &Claim) -> bool {
        match claim {
            Claim::Plain(written) => self.plain(written),
            Claim::Percent(written) => self.any(written, |kind, value| match kind {
                Kind::Percent => Some(value),
                Kind::Share => Some(value * 100.0),
                _ => None,
            }),
            Claim::Hours(written) => self.any(written, |kind, value| match kind {
                Kind::Minutes => Some(value / 60.0),
                Kind::Hours => Some(value),
                _ => None,
            }),
            Claim::Minutes(written) => self.any(written, |kind, value| match kind {
                Kind::Minutes => Some(value),
                Kind::Hours => Some(value * 60.0),
                _ => None,
            }),
            Claim::Times(times) => {
                let near = |f: &&Figure| f.kind == Kind::Times && (f.value - times).abs() <= 0.05 * times;
                self.known.figures.iter().find(near).is_some()
            }
            Claim::Of(part, whole) => self.of(part, whole),
            Claim::Part(part) => self.shares().any(|share| (share - part).abs() <= 0.025),
            Claim::Below(written) => {
                let below = |f: &&Figure| matches!(f.kind, Kind::Chance) && written.readings.iter().any(|r| f.value < r.value);
                let usual = written.readings.iter().any(|r| [0.1, 0.05, 0.01, 0.001, 0.0001].contains(&r.value));
                usual && self.known.figures.iter().find(below).is_some() || self.plain(written)
            }
            Claim::Chance(written) => self.any(written, |kind, value| (kind == Kind::Chance).then_some(value)),
            Claim::Observations(written) => {
                self.any(written, |kind, value| (kind == Kind::Plain && value.fract() == 0.0).then_some(value))
            }
            Claim::Rank(rank) => *rank as usize <= self.known.longest || self.plain(&Written::whole(f64::from(*rank))),
            Claim::Span(written, days) => self.span(written, *days) || self.plain(written),
            Claim::Unclear => false,
            _ => self.dated(claim),
        }
    }

    fn dated(&self, claim: &Claim) -> bool {
        let known = self.known;
        match claim {
            Claim::Day(days) => days.iter().any(|day| known.has_day(*day)),
            Claim::DayOfMonth(month, day) => {
                known.years().any(|year| NaiveDate::from_ymd_opt(year, *month, *day).is_some_and(|day| known.has_day(day)))
            }
            Claim::Month(year, month) => month_of(*year, *month).is_some_and(|(from, to)| known.touches(from, to)),
            Claim::Week(year, week) => {
                let years: Vec<i32> = year.map_or_else(|| known.years().collect(), |year| vec![year]);
                let mondays = years.into_iter().filter_map(|year| NaiveDate::from_isoywd_opt(year, *week, chrono::Weekday::Mon));
                mondays.into_iter().any(|monday| known.touches(monday, monday + chrono::Days::new(6)))
            }
            Claim::Quarter(quarter) => known.years().any(|year| {
                let ends = month_of(year, quarter * 3 - 2).zip(month_of(year, quarter * 3));
                ends.is_some_and(|((from, _), (_, to))| known.touches(from, to))
            }),
            Claim::Year(written) => {
                let year = written.integer().and_then(|year| i32::try_from(year).ok());
                year.is_some_and(|year| known.years().any(|y| y == year)) || self.plain(written)
            }
            Claim::Time(minutes) => known.times.contains(minutes) || known.times.contains(&(minutes % (24 * 60))),
            _ => false,
        }
    }

    /// A number without a unit. Parts of a whole and probabilities are no numbers of things: `0.7` is not about `1`. Minutes and hours
    /// are said without their unit only as they are.
    fn plain(&self, written: &Written) -> bool {
        let is = |f: &Figure, shown: &Reading| match f.kind {
            Kind::Share | Kind::Chance => shown.place < 1.0 && shows(shown, f.value),
            Kind::Minutes | Kind::Hours => shown.value == f.value,
            _ => shows(shown, f.value),
        };
        self.known.figures.iter().any(|f| written.readings.iter().any(|shown| is(f, shown)))
    }

    /// Whether a figure, as its kind may be said, is one of a number's readings.
    fn any(&self, written: &Written, said: impl Fn(Kind, f64) -> Option<f64>) -> bool {
        let is = |f: &Figure| said(f.kind, f.value).is_some_and(|value| written.readings.iter().any(|shown| shows(shown, value)));
        self.known.figures.iter().any(is)
    }

    fn shares(&self) -> impl Iterator<Item = f64> + '_ {
        self.known.figures.iter().filter_map(|f| match f.kind {
            Kind::Share => Some(f.value.abs()),
            Kind::Percent => Some(f.value.abs() / 100.0),
            _ => None,
        })
    }

    /// So many of so many: both stand together, or their ratio was returned.
    fn of(&self, part: &Written, whole: &Written) -> bool {
        let places = |written: &Written| -> Vec<(usize, usize)> {
            let is = |f: &&Figure| written.readings.iter().any(|shown| f.value.fract() == 0.0 && shows(shown, f.value));
            self.known.figures.iter().filter(is).map(|f| (f.place, f.above)).collect()
        };
        let (parts, wholes) = (places(part), places(whole));
        let near = |a: &(usize, usize), b: &(usize, usize)| a.0 == b.0 || a.1 == b.0 || a.0 == b.1;
        if parts.iter().any(|a| wholes.iter().any(|b| near(a, b))) {
            return true;
        }
        // `1 in 5`: what would be said of no other whole number.
        let (Some(part), Some(whole)) = (part.readings.first(), whole.readings.first()) else { return false };
        let small = whole.value <= 20.0 && whole.value > 0.0 && part.value > 0.0;
        small && self.shares().any(|share| share >= part.value / (whole.value + 0.5) && share <= part.value / (whole.value - 0.5))
    }

    /// A length of time: the question's, or that of what was looked at.
    fn span(&self, written: &Written, days: u32) -> bool {
        let Some(Reading { value, place }) = written.readings.first() else { return false };
        let asked = self.asked.iter().any(|(number, unit)| number == value && *unit == days);
        let (count, unit) = (*value, f64::from(days));
        // Months and quarters are no fixed number of days.
        let slack = if days >= 30 { unit * 0.1 } else { 0.0 };
        asked || *place == 1.0 && self.known.lengths().any(|length| (length as f64 - count * unit).abs() <= slack * count)
    }
}

/// Whether a value, rounded to the places that are shown, is what is shown. What is not nothing is never shown as nothing.
fn shows(shown: &Reading, value: f64) -> bool {
    let value = value.abs();
    if shown.value == 0.0 {
        return shown.value == value;
    }
    let scale = (value.abs() * 1e-9).max(1e-9);
    (value - shown.value).abs() <= shown.place / 2.0 + scale
}

fn month_of(year: i32, month: u32) -> Option<(NaiveDate, NaiveDate)> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    let next = if month == 12 { NaiveDate::from_ymd_opt(year + 1, 1, 1) } else { NaiveDate::from_ymd_opt(year, month + 1, 1) };
    let last = next?.pred_opt()?;
    debug_assert_eq!(last.month(), month);
    Some((first, last))
}

/// Days that a text names in full, in its order.
pub fn days(text: &str) -> Vec<NaiveDate> {
    let day = |said: read::Said| match said.claim {
        Claim::Day(days) => days.first().copied(),
        _ => None,
    };
    claims(text).into_iter().filter_map(day).collect()
}

/// First and last days of months that a text names with their year.
pub fn months(text: &str) -> Vec<(NaiveDate, NaiveDate)> {
    let month = |said: read::Said| match said.claim {
        Claim::Month(year, month) => month_of(year, month),
        _ => None,
    };
    claims(text).into_iter().filter_map(month).collect()
}

/// Lengths of time that a text says are looked at: how many, of how many days each.
pub fn spans(text: &str) -> Vec<(u32, u32)> {
    let span = |said: read::Said| match said.claim {
        Claim::Span(written, days) => written.integer().filter(|n| *n > 0).map(|n| (n, days)),
        _ => None,
    };
    claims(text).into_iter().filter_map(span).collect()
}
