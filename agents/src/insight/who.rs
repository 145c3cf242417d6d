//! For whom an insight is made: with whose rights everything is read.

use std::sync::Arc;

use workforceos_core::session::{Ctx, Session, Via};
use workforceos_core::{Caller, Dispatch, Error, Result};
use workforceos_services::App;

use super::template::AUDIENCES;

/// Somebody with whose rights the tools are called. Each call enters dispatch anew: what was taken from them in between is gone.
#[derive(Clone)]
pub enum Who {
    /// Whoever asks, by their token.
    Login(Caller),
    /// A user for whom the server works by the clock. It only reads.
    Clock(Arc<Session>, Caller),
}

impl Who {
    /// Whoever asks.
    pub fn login(caller: Caller) -> Who {
        Who::Login(Caller { via: Via::Agent, ..caller })
    }

    /// The user of a session that the server made ([`workforceos_services::auth::on_behalf_of`]).
    pub fn clock(session: Session, request_id: &str) -> Who {
        let company = Some(session.codename.to_string());
        let caller = Caller { token: None, company, via: Via::Timer, client: None, address: None, request_id: request_id.into() };
        Who::Clock(Arc::new(session), caller)
    }

    /// Their context as of now, with whom they reach. What belongs to one insight counts as one call.
    pub async fn enter(&self, dispatch: &Dispatch<App>) -> Result<Ctx> {
        let ctx = match self {
            Who::Login(caller) => dispatch.enter_uncounted(caller.clone()).await?,
            Who::Clock(session, caller) => dispatch.enter_as_uncounted(Some(session.clone()), caller.clone()).await?,
        };
        if ctx.session.is_none() {
            return Err(Error::login_required());
        }
        ctx.second_factor_done()?;
        dispatch.with_scope(ctx).await
    }
}

/// The audiences of which some do not reach everybody of whom somebody's figures are: an admin's are of the whole company, a
/// manager's of the manager's reports, an employee's of nobody else.
pub fn nameless(ctx: &Ctx) -> &'static [&'static str] {
    match (ctx.is_admin(), ctx.is_manager()) {
        (true, _) => &["manager", "employee", "company"],
        (_, true) => &["employee", "company"],
        _ => &[],
    }
}

/// For whom somebody may have insights made, the fitting one first.
pub fn audiences(ctx: &Ctx) -> Vec<&'static str> {
    match (ctx.is_admin(), ctx.is_manager()) {
        (true, _) => AUDIENCES.to_vec(),
        (_, true) => vec!["manager", "employee"],
        _ => vec!["employee"],
    }
}
