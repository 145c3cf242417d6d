//! Who waits for whom: a bounded queue of several lines that take turns, so that a long line makes only itself wait.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use workforceos_core::id::UserId;
use workforceos_core::session::Ctx;

use crate::limits::site;

/// The most that may wait in one line.
const LINE: usize = 64;
/// The most that may wait in all lines of a kind.
const WAITING: usize = 256;
/// Kinds of lines; they take turns as well.
const KINDS: usize = 3;

/// A line: who waits in the same one waits for those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// Logins from one address, or one IPv6 site.
    Login(Option<IpAddr>),
    /// Registrations and forgotten passwords from one address, or one IPv6 site.
    Newcomer(Option<IpAddr>),
    /// A user who is logged in.
    User(UserId),
    /// The program itself.
    Own,
}

impl Line {
    pub fn login(address: Option<IpAddr>) -> Line {
        Line::Login(address.map(site))
    }

    /// The line of a caller who does not log in: the user's, or that of an address without one.
    pub fn of(ctx: &Ctx) -> Line {
        match &ctx.session {
            Some(session) => Line::User(session.user),
            None => Line::Newcomer(ctx.address.map(site)),
        }
    }

    fn kind(self) -> usize {
        match self {
            Line::Login(_) => 0,
            Line::Newcomer(_) => 1,
            Line::User(_) | Line::Own => 2,
        }
    }
}

/// What waits. Dropping an item refuses it.
pub struct Lines<T> {
    kinds: [Ring<T>; KINDS],
    /// The kind whose turn it is.
    turn: usize,
}

/// The lines of one kind, in the order of their turns.
struct Ring<T> {
    lines: HashMap<Line, VecDeque<T>>,
    order: VecDeque<Line>,
    waiting: usize,
}

impl<T> Lines<T> {
    pub fn new() -> Lines<T> {
        let ring = || Ring { lines: HashMap::new(), order: VecDeque::new(), waiting: 0 };
        Lines { kinds: std::array::from_fn(|_| ring()), turn: 0 }
    }

    /// Puts an item at the end of its line, or gives back the one for which there is no room: the last of the longest line.
    pub fn push(&mut self, line: Line, item: T) -> Option<T> {
        let ring = &mut self.kinds[line.kind()];
        let own = ring.lines.get(&line).map_or(0, VecDeque::len);
        if own >= LINE {
            return Some(item);
        }
        let mut left_out = None;
        if ring.waiting >= WAITING {
            let Some(longest) = ring.longest().filter(|(_, length)| *length > own + 1) else { return Some(item) };
            left_out = ring.lines.get_mut(&longest.0).and_then(VecDeque::pop_back);
            ring.waiting -= 1;
        }
        let waiting = ring.lines.entry(line).or_default();
        if waiting.is_empty() {
            ring.order.push_back(line);
        }
        waiting.push_back(item);
        ring.waiting += 1;
        left_out
    }

    /// The next one: of the next line of the next kind in which somebody waits.
    pub fn pop(&mut self) -> Option<T> {
        for _ in 0..KINDS {
            let ring = &mut self.kinds[self.turn];
            self.turn = (self.turn + 1) % KINDS;
            if let Some(item) = ring.pop() {
                return Some(item);
            }
        }
        None
    }
}

impl<T> Ring<T> {
    fn longest(&self) -> Option<(Line, usize)> {
        self.lines.iter().map(|(line, waiting)| (*line, waiting.len())).max_by_key(|(_, length)| *length)
    }

    fn pop(&mut self) -> Option<T> {
        let line = self.order.pop_front()?;
        let waiting = self.lines.get_mut(&line)?;
        let item = waiting.pop_front()?;
        self.waiting -= 1;
        if waiting.is_empty() {
            self.lines.remove(&line);
        } else {
            self.order.push_back(line);
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u16) -> Line {
        let [high, low] = last.to_be_bytes();
        Line::login(Some(IpAddr::from([10, 0, high, low])))
    }

    fn rest(mut lines: Lines<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(move || lines.pop()).collect()
    }

    #[test]
    fn an_ipv6_site_is_one_line() {
        let of = |address: &str| Line::login(address.parse().ok());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:2:2::1"));
        assert_ne!(of("203.0.113.9"), of("203.0.113.10"));
    }

    #[test]
    fn lines_take_turns() {
        let mut lines = Lines::new();
        for item in ["a1", "a2", "a3", "a4"] {
            assert!(lines.push(address(1), item).is_none());
        }
        assert!(lines.push(address(2), "b1").is_none() && lines.push(address(3), "c1").is_none());
        assert!(lines.push(address(2), "b2").is_none());
        assert_eq!(rest(lines), ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
    }

    #[test]
    fn who_is_logged_in_and_who_registers_do_not_wait_behind_logins() {
        let mut lines = Lines::new();
        for (n, item) in ["l1", "l2", "l3", "l4"].into_iter().enumerate() {
            lines.push(address(n as u16), item);
        }
        lines.push(Line::Newcomer(None), "registers");
        lines.push(Line::User(UserId(uuid::Uuid::nil())), "changes");
        assert_eq!(rest(lines), ["l1", "registers", "changes", "l2", "l3", "l4"]);
    }

    #[test]
    fn a_line_is_bounded() {
        let mut lines = Lines::new();
        for n in 0..LINE {
            assert_eq!(lines.push(address(1), n), None);
        }
        assert_eq!(lines.push(address(1), LINE), Some(LINE), "refused");
        assert_eq!(lines.push(address(2), LINE), None, "others are not");
    }

    #[test]
    fn a_newcomer_takes_the_place_of_the_last_in_the_longest_line() {
        let mut lines = Lines::new();
        let flooding = (WAITING / LINE) as u16;
        for line in 0..flooding {
            for n in 0..LINE {
                assert_eq!(lines.push(address(line), (line, n)), None);
            }
        }
        let left_out = lines.push(address(99), (99, 0)).expect("there is no room");
        assert_eq!(left_out.1, LINE - 1, "the last of a long line");
        assert_eq!(lines.push(Line::Newcomer(None), (100, 0)), None, "the other kinds have room of their own");
        let served: Vec<_> = std::iter::from_fn(|| lines.pop()).collect();
        assert_eq!(served.len(), WAITING + 1, "no more than bounded");
        assert!(served.iter().position(|item| *item == (99, 0)).is_some_and(|turn| turn <= usize::from(flooding) + 1));
        assert!(!served.contains(&left_out));
    }

    #[test]
    fn as_many_lines_as_places_leave_no_room() {
        let mut lines = Lines::new();
        for line in 0..WAITING as u16 {
            assert_eq!(lines.push(address(line), line), None);
        }
        assert_eq!(lines.push(address(9_999), 9_999), Some(9_999));
        lines.pop();
        assert_eq!(lines.push(address(9_999), 9_999), None, "a place is free again");
        assert!(lines.kinds[0].order.len() == WAITING && lines.kinds[0].lines.len() == WAITING, "nothing is left behind");
    }
}
