//! A text as words, numbers and the forms in which dates and times are written.

use chrono::NaiveDate;

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Lower case.
    Word(String),
    Number(Written),
    Day(NaiveDate),
    /// A day whose order of day and month is not said: each way that it can be read.
    EitherDay(Vec<NaiveDate>),
    /// A year and a month.
    Month(i32, u32),
    /// A year, if it is named, and an ISO week.
    Week(Option<i32>, u32),
    /// Minutes since midnight.
    Time(u32),
    /// Letters and digits in one: a name, or an attempt to hide a number.
    Code(String),
    /// A number that cannot be read as one.
    Odd(String),
    Symbol(char),
}

/// A part and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub part: Part,
    pub start: usize,
    pub end: usize,
    /// Whether nothing but space is before it in its line.
    pub first: bool,
}

/// A number as it is written, in each way in which it can be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub readings: Vec<Reading>,
}

/// A value and the size of its last shown place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    pub value: f64,
    pub place: f64,
}

impl Written {
    pub fn whole(value: f64) -> Written {
        Written { readings: vec![Reading { value, place: 1.0 }] }
    }

    /// The number, if it can only be a whole one.
    pub fn integer(&self) -> Option<u32> {
        match self.readings.as_slice() {
            [one] if one.place == 1.0 && (0.0..1e6).contains(&one.value) => Some(one.value as u32),
            _ => None,
        }
    }

    pub fn times(&self, factor: f64) -> Written {
        let each = self.readings.iter().map(|r| Reading { value: r.value * factor, place: r.place * factor });
        Written { readings: each.collect() }
    }
}

/// What may stand between the groups of a number's digits.
const GAPS: [char; 6] = [' ', '\u{a0}', '\u{202f}', '\u{2009}', '\'', '’'];
/// The zeros of the digits that others write.
const ZEROS: [char; 10] = ['٠', '۰', '०', '০', '੦', '૦', '௦', '๐', '０', '߀'];

/// A digit in whatever script.
fn digit(c: char) -> Option<char> {
    if c.is_ascii_digit() {
        return Some(c);
    }
    let of = |zero: &char| (c as u32).checked_sub(*zero as u32).filter(|d| *d < 10).and_then(|d| char::from_digit(d, 10));
    ZEROS.iter().find_map(of)
}

fn fraction(c: char) -> Option<f64> {
    Some(match c {
        '½' => 0.5,
        '¼' => 0.25,
        '¾' => 0.75,
        '⅓' => 1.0 / 3.0,
        '⅔' => 2.0 / 3.0,
        '⅕' => 0.2,
        '⅛' => 0.125,
        _ => return None,
    })
}

struct Text {
    /// With digits of any script as ASCII ones.
    chars: Vec<char>,
    /// Where each char begins, and the end.
    at: Vec<usize>,
}

impl Text {
    fn get(&self, i: usize) -> Option<char> {
        self.chars.get(i).copied()
    }

    fn is_digit(&self, i: usize) -> bool {
        self.get(i).is_some_and(|c| c.is_ascii_digit())
    }

    /// How many digits stand from `i` on.
    fn digits(&self, i: usize) -> usize {
        (i..).take_while(|j| self.is_digit(*j)).count()
    }

    fn number(&self, i: usize, n: usize) -> u32 {
        self.chars[i..i + n].iter().filter_map(|c| c.to_digit(10)).fold(0u32, |all, d| all.saturating_mul(10).saturating_add(d))
    }
}

/// Splits a text; nothing that holds a digit is passed over.
pub fn parts(text: &str) -> Vec<Placed> {
    let (chars, mut at): (Vec<char>, Vec<usize>) = text.char_indices().map(|(i, c)| (digit(c).unwrap_or(c), i)).unzip();
    at.push(text.len());
    let text = Text { chars, at };
    let (mut found, mut i, mut first) = (Vec::new(), 0, true);
    while let Some(c) = text.get(i) {
        if c.is_whitespace() {
            first |= c == '\n';
            i += 1;
            continue;
        }
        let (part, length) = part(&text, i);
        found.push(Placed { part, start: text.at[i], end: text.at[i + length], first });
        i += length;
        first = false;
    }
    found
}

fn part(text: &Text, i: usize) -> (Part, usize) {
    let c = text.chars[i];
    if c.is_ascii_digit() {
        return dated(text, i).unwrap_or_else(|| number(text, i));
    }
    if let Some(value) = fraction(c) {
        return (Part::Number(Written { readings: vec![Reading { value, place: 0.01 }] }), 1);
    }
    if c.is_alphabetic() {
        return word(text, i);
    }
    if c.is_numeric() {
        return (Part::Odd(c.to_string()), 1);
    }
    (Part::Symbol(c), 1)
}

/// Letters; with digits among them a code.
fn word(text: &Text, i: usize) -> (Part, usize) {
    let inside = |j: usize| match text.get(j) {
        Some(c) if c.is_alphabetic() || c.is_ascii_digit() || c.is_numeric() => true,
        Some('\'' | '’') => text.get(j + 1).is_some_and(char::is_alphabetic),
        _ => false,
    };
    let length = (i..).take_while(|j| inside(*j)).count();
    let word: String = text.chars[i..i + length].iter().collect::<String>().to_lowercase();
    if !word.chars().any(char::is_numeric) {
        return (Part::Word(word), length);
    }
    let week = word.strip_prefix("kw").or_else(|| word.strip_prefix('w')).and_then(|n| n.parse().ok());
    match week.filter(|week| (1..=53).contains(week)) {
        Some(week) => (Part::Week(None, week), length),
        None => (Part::Code(word), length),
    }
}

/// A date, week or time that begins with a digit.
fn dated(text: &Text, i: usize) -> Option<(Part, usize)> {
    let n = text.digits(i);
    let separator = text.get(i + n)?;
    let next = i + n + 1;
    let m = text.digits(next);
    match (n, separator) {
        (4, '-') => {
            let year = i32::try_from(text.number(i, 4)).ok()?;
            if matches!(text.get(next), Some('W' | 'w')) && text.digits(next + 1) == 2 {
                let week = text.number(next + 1, 2);
                return (1..=53).contains(&week).then_some((Part::Week(Some(year), week), 8));
            }
            let month = (m == 2 && (1..=12).contains(&text.number(next, 2))).then(|| text.number(next, 2))?;
            if text.get(next + 2) == Some('-') && text.digits(next + 3) == 2 {
                let day = NaiveDate::from_ymd_opt(year, month, text.number(next + 3, 2))?;
                return Some((Part::Day(day), 10));
            }
            Some((Part::Month(year, month), 7))
        }
        (1 | 2, ':') if m == 2 => {
            let (hour, minute) = (text.number(i, n), text.number(next, 2));
            let seconds = if text.get(next + 2) == Some(':') && text.digits(next + 3) == 2 { 3 } else { 0 };
            (hour <= 24 && minute < 60).then_some((Part::Time(hour * 60 + minute), n + 3 + seconds))
        }
        (1 | 2, '.' | '/') if matches!(m, 1 | 2) && text.get(next + m) == Some(separator) => {
            let (third, k) = (next + m + 1, text.digits(next + m + 1));
            let year = match k {
                4 => text.number(third, 4),
                2 => 2000 + text.number(third, 2),
                _ => return None,
            };
            let (a, b, year) = (text.number(i, n), text.number(next, m), i32::try_from(year).ok()?);
            let ways = [(a, b), (b, a)].into_iter().filter_map(|(day, month)| NaiveDate::from_ymd_opt(year, month, day));
            let ways: Vec<NaiveDate> = ways.collect();
            (!ways.is_empty()).then_some((Part::EitherDay(ways), n + m + k + 2))
        }
        _ => None,
    }
}

/// A number with what groups and parts its digits.
fn number(text: &Text, i: usize) -> (Part, usize) {
    let mut end = i + text.digits(i);
    while let Some(c) = text.get(end) {
        let n = text.digits(end + 1);
        let goes_on = match c {
            '.' | ',' => n > 0,
            // A space groups only where three digits follow, and only after at most three.
            gap if GAPS.contains(&gap) => n == 3 && grouped(text, i, end),
            _ => false,
        };
        if !goes_on {
            break;
        }
        end += 1 + n;
    }
    let written: String = text.chars[i..end].iter().collect();
    let length = end - i;
    match readings(&written) {
        readings if readings.is_empty() => (Part::Odd(written), length),
        mut readings => {
            // `2½`
            let more = text.get(end).and_then(fraction);
            if let Some(more) = more {
                readings.iter_mut().for_each(|r| *r = Reading { value: r.value + more, place: 0.01 });
            }
            (Part::Number(Written { readings }), length + usize::from(more.is_some()))
        }
    }
}

/// Whether the digits from `i` to `end` can be followed by another group: the last of them has three, the first one to three.
fn grouped(text: &Text, i: usize, end: usize) -> bool {
    let head = text.digits(i);
    head <= 3 && (i + head == end || text.chars[..end].iter().rev().take_while(|c| c.is_ascii_digit()).count() == 3)
}

/// Each way to read a number: `1,234` is one thousand or more than one.
fn readings(written: &str) -> Vec<Reading> {
    let plain: String = written.chars().filter(|c| !GAPS.contains(c)).collect();
    let mut found: Vec<Reading> = Vec::new();
    for (decimal, group) in [('.', ','), (',', '.')] {
        let (whole, rest) = match plain.rsplit_once(decimal) {
            Some((whole, rest)) => (whole, Some(rest)),
            None => (plain.as_str(), None),
        };
        if whole.contains(decimal) || rest.is_some_and(|rest| rest.contains(group)) {
            continue;
        }
        let mut groups = whole.split(group);
        let head = groups.next().unwrap_or_default();
        let rest_of: Vec<&str> = groups.collect();
        let well = rest_of.is_empty() || ((1..=3).contains(&head.len()) && rest_of.iter().all(|g| g.len() == 3));
        let text = format!("{head}{}.{}", rest_of.concat(), rest.unwrap_or("0"));
        if let (true, Ok(value)) = (well, text.parse::<f64>()) {
            let places = i32::try_from(rest.map_or(0, str::len)).unwrap_or(i32::MAX);
            let reading = Reading { value, place: 10f64.powi(-places) };
            if !found.contains(&reading) {
                found.push(reading);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<f64> {
        let all = parts(text).into_iter().filter_map(|p| match p.part {
            Part::Number(w) => Some(w.readings),
            _ => None,
        });
        all.flatten().map(|r| r.value).collect()
    }

    #[test]
    fn numbers_are_read_in_every_form() {
        assert_eq!(values("12.5"), [12.5]);
        assert_eq!(values("12,5 %"), [12.5]);
        assert_eq!(values("1,234"), [1234.0, 1.234]);
        assert_eq!(values("1.234,5 and 1,234.5"), [1234.5, 1234.5]);
        assert_eq!(values("1 234 567"), [1_234_567.0]);
        assert_eq!(values("1\u{202f}234 and 1’234"), [1234.0, 1234.0]);
        assert_eq!(values("2026 100"), [2026.0, 100.0]);
        assert_eq!(values("٣٧ and ３７"), [37.0, 37.0]);
        assert_eq!(values("2½ or ½"), [2.5, 0.5]);
        assert_eq!(values("5, 6."), [5.0, 6.0]);
    }

    #[test]
    fn dates_weeks_and_times_are_told_from_numbers() {
        let parts = |text: &str| parts(text).into_iter().map(|p| p.part).collect::<Vec<_>>();
        let day = NaiveDate::from_ymd_opt(2026, 5, 12).expect("a day");
        assert_eq!(parts("2026-05-12"), [Part::Day(day)]);
        assert_eq!(parts("2026-05"), [Part::Month(2026, 5)]);
        assert_eq!(parts("2026-W21 W21"), [Part::Week(Some(2026), 21), Part::Week(None, 21)]);
        assert_eq!(parts("09:30"), [Part::Time(570)]);
        let other = NaiveDate::from_ymd_opt(2026, 12, 5).expect("a day");
        assert_eq!(parts("12.05.2026"), [Part::EitherDay(vec![day, other])]);
        assert_eq!(parts("B12"), [Part::Code("b12".to_owned())]);
        assert_eq!(parts("Ⅳ ④"), [Part::Code("ⅳ".to_owned()), Part::Odd("④".to_owned())]);
    }
}
