//! What is done over a range of dates: what is wrong with it is told before the days are looked at.

use workforceos_actors::Needs;
use workforceos_core::Parts;
use workforceos_core::error::{Problem, Result};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;

use super::problems::{self, Named};
use crate::{App, problems_in};

/// What is asked for, as far as it can be read.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub users: Vec<UserId>,
    pub departments: Vec<DepartmentId>,
    pub main: Option<DepartmentId>,
}

impl Asked {
    /// The range, of arguments of which some cannot be read.
    pub fn of(parts: &Parts) -> Asked {
        Asked { from: parts.get("from"), to: parts.get("to"), ..Asked::default() }
    }

    pub fn named(&self) -> Named<'_> {
        Named { users: &self.users, departments: &self.departments, main: self.main }
    }

    /// Whether the range is no range, or has more than so many days.
    pub fn is_out_of_range(&self, most: i64) -> bool {
        problems::range(self.from, self.to, most).is_some()
    }

    pub async fn problems(self, app: &App, ctx: &Ctx, most: i64) -> Result<Vec<Problem>> {
        problems_in(app, ctx, Needs::none(), move |facts| {
            let range = problems::range(self.from, self.to, most);
            Ok(range.into_iter().chain(problems::unknown(facts.state, &self.named())).collect())
        })
        .await
    }
}
