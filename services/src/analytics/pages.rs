//! Rows for analyses, read page by page: what an analysis would hold beyond its bound is refused, never read whole.

use workforceos_core::cursor::Cursor;
use workforceos_core::error::{Error, Result};
use workforceos_core::object::Record;
use workforceos_core::query::{Query, order};

use super::asked::Whose;
use crate::App;

/// The most facts that one analysis looks at.
const MAX_FACTS: usize = 500_000;
/// How many rows are read at once.
const PAGE: u64 = 10_000;

/// The most that an analysis holds of something, and what can be asked for instead.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The parameter that asks for so much.
    field: &'static str,
    instead: &'static str,
}

/// Of what a period has.
pub const PERIOD: Bound = Bound { field: "from", instead: "choose a shorter period or a department" };
/// Of what so many weeks have.
pub const WEEKS: Bound = Bound { field: "weeks", instead: "choose fewer weeks or a department" };
/// Of what the people have at any time.
pub const PEOPLE: Bound = Bound { field: "departmentId", instead: "choose a department or a person" };
/// Of what is there whatever is asked.
pub const ALWAYS: Bound = Bound { field: "departmentId", instead: "so large a company has no forecast" };

impl Bound {
    /// 400 where there is more.
    pub fn check(self, count: usize, what: &str) -> Result<()> {
        if count <= MAX_FACTS {
            return Ok(());
        }
        let Bound { field, instead } = self;
        Err(Error::field(field, format!("asks for more than one analysis looks at, {MAX_FACTS} {what}: {instead}")))
    }
}

/// The rows of a query, page by page.
pub struct Pages<'a> {
    app: &'a App,
    query: Query,
    cursor: Cursor,
    over: bool,
}

impl<'a> Pages<'a> {
    /// Of few people all rows at once, found by their names; else in an order that an index has, of which each page goes on.
    pub fn of(app: &'a App, query: Query, whose: &Whose, by: &str) -> Pages<'a> {
        Pages { app, query: paged(query, whose, by), cursor: Cursor::start(), over: false }
    }

    /// The next page; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<Record>>> {
        if self.over {
            return Ok(None);
        }
        let cond = self.cursor.cond(self.query.def).and(self.query.cond.clone());
        let rows = self.app.store.select(&Query { cond, ..self.query.clone() }).await?;
        self.over = self.query.order.is_empty() || (rows.len() as u64) < self.query.limit;
        if let Some(last) = rows.last() {
            self.cursor = Cursor::after(&self.query.order, last);
        }
        Ok(Some(rows))
    }

    /// Gives each row to `keep`, which says whether it is held, as long as the bound allows.
    pub async fn each(mut self, bound: Bound, what: &str, mut keep: impl FnMut(Record) -> Result<bool>) -> Result<()> {
        let mut held = 0;
        while let Some(page) = self.next().await? {
            for record in page {
                held += usize::from(keep(record)?);
            }
            bound.check(held, what)?;
        }
        Ok(())
    }
}

fn paged(query: Query, whose: &Whose, by: &str) -> Query {
    match whose.named() {
        // One more than may be held: that there are too many is seen without the rest.
        Some(_) => Query { limit: MAX_FACTS as u64 + 1, ..query },
        None => Query { order: order(query.def, by), limit: PAGE, ..query },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;
    use workforceos_core::id::{CompanyId, UserId};
    use workforceos_core::object::DataObject;
    use workforceos_core::objects::LeaveRequest;
    use workforceos_core::query::Cond;

    use super::*;

    #[test]
    fn no_more_is_read_than_an_analysis_holds() {
        let query = || Query::of(LeaveRequest::def(), CompanyId(Uuid::from_u128(1)), Cond::TRUE);
        let one = Whose::These(BTreeSet::from([UserId(Uuid::from_u128(2))]));
        let few = paged(query(), &one, "-startDate,id");
        assert_eq!((few.limit, few.order.len()), (500_001, 0));
        let all = paged(query(), &Whose::Everybody, "-startDate,id");
        assert_eq!((all.limit, all.order.len()), (PAGE, 2));
    }

    #[test]
    fn too_much_names_what_asked_for_it() {
        assert!(PERIOD.check(MAX_FACTS, "tasks").is_ok());
        for (bound, field) in [(PERIOD, "from"), (WEEKS, "weeks"), (PEOPLE, "departmentId"), (ALWAYS, "departmentId")] {
            let refused = bound.check(MAX_FACTS + 1, "tasks").expect_err("too many");
            assert_eq!(refused.status.http(), 400);
            let detail = refused.detail.expect("a field");
            assert_eq!(detail[0]["field"], field);
            assert!(detail[0]["problem"].as_str().is_some_and(|p| p.contains("500000 tasks")), "{detail}");
        }
    }
}
