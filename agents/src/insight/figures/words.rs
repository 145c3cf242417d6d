//! Numbers that are written as words.

/// The value of a word that is a number below a hundred.
pub fn small(word: &str) -> Option<f64> {
    const WORDS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    WORDS.iter().position(|w| *w == word).map(|n| n as f64).or_else(|| tens(word))
}

pub fn tens(word: &str) -> Option<f64> {
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    TENS.iter().position(|w| *w == word).map(|n| (n + 2) as f64 * 10.0)
}

/// What a word multiplies the number before it with.
pub fn factor(word: &str) -> Option<f64> {
    Some(match word {
        "dozen" => 12.0,
        "hundred" => 100.0,
        "k" | "thousand" => 1e3,
        "m" | "mn" | "million" => 1e6,
        "bn" | "billion" => 1e9,
        _ => return None,
    })
}

/// A part of a whole, in singular or plural.
pub fn part(word: &str) -> Option<f64> {
    Some(match word.strip_suffix('s').unwrap_or(word) {
        "half" | "halve" => 0.5,
        "third" => 1.0 / 3.0,
        "quarter" | "fourth" => 0.25,
        "fifth" => 0.2,
        "sixth" => 1.0 / 6.0,
        "seventh" => 1.0 / 7.0,
        "eighth" => 0.125,
        "ninth" => 1.0 / 9.0,
        "tenth" => 0.1,
        "hundredth" => 0.01,
        _ => return None,
    })
}

/// How many times as much.
pub fn ratio(word: &str) -> Option<f64> {
    Some(match word {
        "twice" | "double" | "doubled" | "doubles" | "doubling" | "twofold" => 2.0,
        "thrice" | "triple" | "tripled" | "triples" | "tripling" | "threefold" => 3.0,
        "quadruple" | "quadrupled" | "quadruples" | "fourfold" => 4.0,
        "halved" | "halving" => 0.5,
        "tenfold" => 10.0,
        _ => return None,
    })
}

/// Says a number and does not say which; in other languages the words for halves and doubles.
pub fn vague(word: &str) -> bool {
    const WORDS: [&str; 19] = [
        "dozens",
        "hundreds",
        "thousands",
        "millions",
        "billions",
        "fold",
        "hälfte",
        "halb",
        "doppelt",
        "verdoppelt",
        "moitié",
        "double-digit",
        "mitad",
        "doble",
        "metà",
        "doppio",
        "yarısı",
        "metade",
        "tiers",
    ];
    WORDS.contains(&word)
}

pub fn month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let is = |name: &&str| *name == word || (word.len() >= 3 && word == &name[..3]) || (word == "sept" && *name == "september");
    MONTHS.iter().position(is).and_then(|i| u32::try_from(i + 1).ok())
}

/// What a number of minutes or hours is called.
pub fn is_hours(word: &str) -> bool {
    matches!(word, "hour" | "hours" | "hr" | "hrs" | "h")
}

pub fn is_minutes(word: &str) -> bool {
    matches!(word, "minute" | "minutes" | "min" | "mins")
}

/// Days in a unit of periods.
pub fn days_in(word: &str) -> Option<u32> {
    Some(match word {
        "day" | "days" => 1,
        "week" | "weeks" => 7,
        "month" | "months" => 30,
        "quarter" | "quarters" => 91,
        "year" | "years" => 365,
        _ => return None,
    })
}

pub fn is_percent(word: &str) -> bool {
    matches!(word, "percent" | "pct" | "percentage" | "pp" | "prozent" | "procent" | "percento")
}
