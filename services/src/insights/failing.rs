//! Companies whose jobs could not be taken up: they are left alone for a while, so that theirs are not in the way of all others.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use workforceos_core::id::CompanyId;
use workforceos_core::query::{Cond, Op};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;

/// How long a company is left alone.
const PAUSE: i64 = Timestamp::MINUTE;
/// The most companies that are left alone: where more fail, it is not for their sake.
const MOST: usize = 200;

/// Until when which company is left alone; each process sees for itself.
#[derive(Default)]
pub struct Failing(Mutex<BTreeMap<CompanyId, Timestamp>>);

impl Failing {
    /// Leaves a company alone from now on.
    pub fn add(&self, company: CompanyId, now: Timestamp) {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.retain(|_, until| *until > now);
        if until.len() < MOST {
            until.insert(company, Timestamp(now.0 + PAUSE));
        }
    }

    /// Whether a company is left alone now.
    pub fn has(&self, company: CompanyId, now: Timestamp) -> bool {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(&company).is_some_and(|until| *until > now)
    }

    /// Rows of all other companies.
    pub fn others(&self, now: Timestamp) -> Cond {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_not = |company: &CompanyId| {
            let compared = |op| Cond::Cmp("companyId", op, Value::Id(company.0));
            Cond::Any(vec![compared(Op::Lt), compared(Op::Gt)])
        };
        Cond::All(until.iter().filter(|(_, until)| **until > now).map(|(company, _)| is_not(company)).collect())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn who_fails_is_left_alone_for_a_minute() {
        let (one, two) = (CompanyId(Uuid::from_u128(1)), CompanyId(Uuid::from_u128(2)));
        let failing = Failing::default();
        assert_eq!(failing.others(Timestamp(0)), Cond::TRUE);
        failing.add(one, Timestamp(0));
        let last = Timestamp(PAUSE - 1);
        assert!(failing.has(one, last) && !failing.has(two, last) && !failing.has(one, Timestamp(PAUSE)));
        assert!(matches!(failing.others(last), Cond::All(list) if list.len() == 1));
        assert_eq!(failing.others(Timestamp(PAUSE)), Cond::TRUE, "it is tried again");
    }
}
