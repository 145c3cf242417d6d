//! Texts of statements with their arguments.

use crate::arg::Arg;
use crate::dialect::Dialect;

/// A statement being put together: parameters are numbered as their values are bound.
pub(crate) struct Sql {
    pub(crate) dialect: Dialect,
    pub(crate) text: String,
    pub(crate) args: Vec<Arg>,
}

impl Sql {
    pub(crate) fn new(dialect: Dialect) -> Sql {
        Sql { dialect, text: String::with_capacity(512), args: Vec::new() }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Sql {
        self.text.push_str(text);
        self
    }

    pub(crate) fn bind(&mut self, arg: Arg) -> &mut Sql {
        self.args.push(arg);
        self.dialect.parameter(&mut self.text, self.args.len());
        self
    }

    /// `(…, …)`, its length padded by repeating the last, so that few texts serve all lengths. The list must not be empty.
    pub(crate) fn bind_list(&mut self, list: Vec<Arg>) -> &mut Sql {
        let padded = padded(list.len());
        let last = list.last().cloned();
        let missing = padded - list.len();
        self.push("(");
        for (i, arg) in list.into_iter().chain(last.into_iter().cycle().take(missing)).enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.bind(arg);
        }
        self.push(")")
    }
}

/// The next power of two; longer lists the next thousand, since a statement has at most 32,766 parameters on SQLite.
fn padded(len: usize) -> usize {
    if len <= 1024 { len.next_power_of_two() } else { len.next_multiple_of(1024) }
}
