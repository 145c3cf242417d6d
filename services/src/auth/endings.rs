//! Ends logins and keys in the commit that takes away what they rest on.

use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{ApiKey, UserSession};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;

/// What [`end_logins`] looks at.
pub fn needs_logins(needs: Needs, company: CompanyId, user: UserId, now: Timestamp) -> Needs {
    let of = |def, cond| Query::of(def, company, Cond::eq("userId", user.0).and(cond));
    let running = Cond::Cmp("expiresAt", Op::Gt, Value::Time(now));
    needs.and_query(of(UserSession::def(), running)).and_query(of(ApiKey::def(), Cond::TRUE))
}

/// Ends every login and every key of a user.
pub fn end_logins(ctx: &Ctx, facts: &Facts, user: UserId) -> Result<Changes> {
    let mut changes = Changes::none();
    // Other commands of the batch may have loaded other people's. What expired by itself has ended already.
    for session in facts.rows::<UserSession>()? {
        if session.user_id == user && session.expires_at > facts.now {
            changes = changes.join(end_session(ctx, facts, session).0);
        }
    }
    for key in facts.rows::<ApiKey>()? {
        if key.user_id == user {
            changes = changes.join(end_key(ctx, facts, key).0);
        }
    }
    Ok(changes)
}

/// Ends a login. Its entry, an inactive `userSession`, is what ends streams and caches on every node.
pub fn end_session(ctx: &Ctx, facts: &Facts, session: UserSession) -> (Changes, UserSession) {
    let ended = session.clone().deleted(facts.now);
    let event = Event::audit(ctx, UserSession::def().name, ended.meta.id).after(&ended).audited(Some(&session));
    (Changes::none().put(&ended).event(event), ended)
}

/// Ends an API key, as [`end_session`] does a login.
pub fn end_key(ctx: &Ctx, facts: &Facts, key: ApiKey) -> (Changes, ApiKey) {
    let ended = key.clone().deleted(facts.now);
    let event = Event::audit(ctx, ApiKey::def().name, ended.meta.id).after(&ended).audited(Some(&key));
    (Changes::none().put(&ended).event(event), ended)
}
