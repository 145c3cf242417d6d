//! The addresses of resources.

use workforceos_core::id::UserId;
use workforceos_core::time::{Date, parse_date};

/// The templates that clients fill in.
pub const USER_WEEK: &str = "workforce://users/{userId}/week{?date}";
/// The variables of [`USER_WEEK`].
pub const USER: &str = "userId";
pub const DATE: &str = "date";

/// A resource, as its address names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Today's attendance board.
    Board,
    /// The company's rules.
    Policy,
    /// A week of a person, the caller if none is named; the week of the date, this week if none is named.
    Week { user: Option<UserId>, date: Option<Date> },
}

impl Which {
    /// Reads an address; `None` if it is no resource's. Nothing is skipped over: a typing error must not read something else.
    pub fn parse(uri: &str) -> Option<Which> {
        let rest = uri.strip_prefix("workforce://")?;
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let date = match query {
            None => None,
            // As a client writes the optional part of the template without a date.
            Some("") => None,
            Some(query) => {
                let text = query.strip_prefix("date=")?;
                // Only a date as it is written everywhere else.
                Some(parse_date(text).filter(|date| date.to_string() == text)?)
            }
        };
        match path.split('/').collect::<Vec<_>>().as_slice() {
            ["board", "today"] if query.is_none() => Some(Which::Board),
            ["company", "policy"] if query.is_none() => Some(Which::Policy),
            ["me", "week"] => Some(Which::Week { user: None, date }),
            ["users", user, "week"] => Some(Which::Week { user: Some(user.parse().ok().map(UserId)?), date }),
            _ => None,
        }
    }

    /// The address in its one spelling.
    pub fn uri(&self) -> String {
        match self {
            Which::Board => "workforce://board/today".to_owned(),
            Which::Policy => "workforce://company/policy".to_owned(),
            Which::Week { user, date } => {
                let whose = user.map_or_else(|| "me".to_owned(), |user| format!("users/{user}"));
                let date = date.map(|date| format!("?date={date}")).unwrap_or_default();
                format!("workforce://{whose}/week{date}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JANE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    #[test]
    fn an_address_names_one_resource() {
        let week = |user: bool, date: Option<&str>| Which::Week {
            user: user.then(|| UserId(JANE.parse().expect("an id"))),
            date: date.map(|d| parse_date(d).expect("a date")),
        };
        let good = [
            ("workforce://board/today".to_owned(), Which::Board),
            ("workforce://company/policy".to_owned(), Which::Policy),
            ("workforce://me/week".to_owned(), week(false, None)),
            ("workforce://me/week?date=2026-02-28".to_owned(), week(false, Some("2026-02-28"))),
            (format!("workforce://users/{JANE}/week"), week(true, None)),
            (format!("workforce://users/{JANE}/week?date=2026-02-28"), week(true, Some("2026-02-28"))),
        ];
        for (uri, which) in good {
            assert_eq!(Which::parse(&uri), Some(which), "{uri}");
            assert_eq!(which.uri(), uri);
        }
        assert_eq!(Which::parse(&format!("workforce://users/{JANE}/week?")), Some(week(true, None)));
        let bad = [
            "",
            "workforce://",
            "workforce://board",
            "workforce://board/today/",
            "workforce://board/today?date=2026-02-28",
            "workforce://me/week?date=2026-02-30",
            "workforce://me/week?date=2026-02-28T00:00:00Z",
            "workforce://me/week?day=2026-02-28",
            "workforce://users/jane/week",
            "workforce://users/{userId}/week",
            "http://board/today",
            "test://static-text",
        ];
        for uri in bad {
            assert_eq!(Which::parse(uri), None, "{uri}");
        }
    }
}
