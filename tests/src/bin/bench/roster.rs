//! Who logs in, and who checks in when.

use std::cell::Cell;

use anyhow::Result;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use workforceos_core::id::CompanyId;
use workforceos_core::id::{SessionId, ShiftId, UserId};
use workforceos_core::objects::User;
use workforceos_core::time::Timestamp;

use crate::company::Staffed;
use crate::http::{self, Answer};
use crate::load::Work;
use crate::server::JWT_SECRET;

const CHECK_IN: &str = "/attendancemanagement-api/v1/check-in";
/// Length of `{"shiftId":"…"}`.
const BODY: usize = 50;

/// A user with a login.
#[derive(Clone, Debug)]
pub struct Login {
    pub user: UserId,
    pub email: String,
    company: CompanyId,
    session: SessionId,
    role: &'static str,
    expires_at: Timestamp,
}

impl Login {
    pub fn new(user: &User, session: SessionId, expires_at: Timestamp) -> Login {
        let (id, email) = (UserId(user.meta.id), user.email.clone());
        Login { user: id, email, company: user.company_id, session, role: user.role.as_str(), expires_at }
    }

    /// The access token that the server would have given out for this login.
    pub fn token(&self) -> Result<String> {
        let exp = self.expires_at.0 / 1000;
        let claims = json!({
            "sub": self.user.0, "sid": self.session.0, "tenant": self.company.0, "role": self.role,
            "iat": exp - 24 * 3600, "exp": exp, "iss": "workforceos", "aud": "workforceos-access",
        });
        let key = EncodingKey::from_secret(JWT_SECRET.as_bytes());
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)?)
    }
}

/// Check-ins that are still to be made, each by another person or for another shift, with each person's own token. Wave
/// after wave: a person's check-ins lie as far apart as can be.
pub struct CheckIns {
    /// Heads of the requests, by person.
    heads: Vec<Vec<u8>>,
    /// Person and shift.
    plan: Vec<(u32, ShiftId)>,
    next: Cell<usize>,
    end: Cell<usize>,
}

impl CheckIns {
    /// Of all these companies in turn.
    pub fn of(companies: &[Staffed]) -> Result<CheckIns> {
        let mut heads = Vec::new();
        let mut firsts = Vec::with_capacity(companies.len());
        for company in companies {
            firsts.push(heads.len());
            for login in &company.people {
                let bearer = format!("authorization: Bearer {}\r\n", login.token()?);
                heads.push(http::post(CHECK_IN, &bearer, BODY));
            }
        }
        let waves = companies.iter().map(|c| c.shifts.len()).max().unwrap_or_default();
        let most = companies.iter().map(|c| c.people.len()).max().unwrap_or_default();
        let mut plan = Vec::new();
        for wave in 0..waves {
            for person in 0..most {
                for (company, first) in companies.iter().zip(&firsts) {
                    let shift = company.shifts.get(wave).and_then(|shifts| shifts.get(person / company.crew));
                    if let Some(shift) = shift.filter(|_| person < company.people.len()) {
                        plan.push(((first + person) as u32, *shift));
                    }
                }
            }
        }
        Ok(CheckIns { end: Cell::new(plan.len()), heads, plan, next: Cell::new(0) })
    }

    /// Every `nth` check-in is of the one plan, all others of the other.
    pub fn mixed(nth: usize, one: CheckIns, others: CheckIns) -> CheckIns {
        let shift = one.heads.len() as u32;
        let mut heads = one.heads;
        heads.extend(others.heads);
        let others: Vec<_> = others.plan.into_iter().map(|(person, to)| (person + shift, to)).collect();
        let mut plan = Vec::new();
        for (first, rest) in one.plan.into_iter().zip(others.chunks(nth - 1)) {
            plan.push(first);
            plan.extend_from_slice(rest);
        }
        CheckIns { end: Cell::new(plan.len()), heads, plan, next: Cell::new(0) }
    }

    /// The next `count` only, until told otherwise.
    pub fn allow(&self, count: usize) {
        self.end.set((self.next.get() + count).min(self.plan.len()));
    }

    pub fn allow_all(&self) {
        self.end.set(self.plan.len());
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        self.plan.len() - self.next.get()
    }
}

impl Work for CheckIns {
    fn next(&self, request: &mut Vec<u8>) -> bool {
        let at = self.next.get();
        let Some((person, shift)) = self.plan.get(at).filter(|_| at < self.end.get()) else { return false };
        self.next.set(at + 1);
        request.extend_from_slice(&self.heads[*person as usize]);
        request.extend_from_slice(br#"{"shiftId":""#);
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        request.extend_from_slice(shift.0.hyphenated().encode_lower(&mut text).as_bytes());
        request.extend_from_slice(br#""}"#);
        true
    }

    fn check(&self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(201)
    }
}
