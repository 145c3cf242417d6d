//! A company of one object and a handful of APIs, and whoever calls them.

mod front_end;
mod live;
mod loose;
mod narrowing;
mod protocol;
mod searching;
mod tools;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use workforceos_core::answer::{Data, Paging, Row, Source};
use workforceos_core::api::{BoxFuture, Reach};
use workforceos_core::dispatch::Outside;
use workforceos_core::filter::ListQuery;
use workforceos_core::id::{CompanyId, IdSource, SessionId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::registry::Service;
use workforceos_core::session::{KeyScope, Scope, Session, Tenant};
use workforceos_core::time::ManualClock;
use workforceos_core::zone::Zone;
use workforceos_core::{
    Answer, BusinessApi, Caller, Ctx, Dispatch, Error, Patch, Registry, Result, Role, Timestamp, Via, data_object, input,
};

use crate::{McpServer, Narrowing, ToolOutcome, server};

data_object! {
    /// A locker with a code.
    pub struct Locker {
        object: "locker", plural: "lockers", table: "locker", service: "lockers",
        owned_by: None, order: "-createdAt,id", joins: [],
        /// What is written on it.
        label: String => "label".filter(),
        /// What opens it.
        code: String => "code".secret(),
        /// How many shelves it has.
        shelves: i64 => "shelves".filter(),
        /// When it was last cleaned.
        cleaned_at: Option<Timestamp> => "cleanedAt".filter(),
    }
}

data_object! {
    /// What a company pays for.
    pub struct Subscription {
        object: "companySubscription", plural: "companySubscriptions", table: "subscription", service: "other",
        owned_by: None, order: "-createdAt,id", joins: [],
        /// In cents.
        amount: i64 => "amount",
        /// The currency.
        currency: Option<String> => "currency",
        /// How far the payment is.
        payment_confirmation: String => "paymentConfirmation",
    }
}

input! {
    pub struct NewLocker {
        /// What is written on it.
        label: String => "label" Body,
        /// What opens it.
        code: String => "code" Body .secret(),
        /// How many shelves it has.
        shelves: i64 => "shelves" Body,
        /// Who may open it.
        users: Patch<Vec<UserId>> => "userIds" Body,
    }
}

input! {
    pub struct Locked {
        /// The locker.
        locker_id: UserId => "lockerId" Path,
    }
}

input! {
    pub struct Ordered {
        /// The subscription.
        id: uuid::Uuid => "companySubscriptionId" Path,
    }
}

#[derive(Default)]
pub(crate) struct State {
    lockers: Vec<Locker>,
}

fn locker(ctx: &Ctx, label: String, code: String, shelves: i64) -> Locker {
    Locker { meta: Meta::new(ctx.new_id(), ctx.now(), None), label, code, shelves, cleaned_at: None }
}

async fn list(state: Arc<State>, ctx: Ctx, _: (), query: ListQuery) -> Result<Answer> {
    let page = state.lockers.iter().skip(query.offset() as usize).take(query.page_row_count as usize);
    let rows = page.map(|l| Row::seen_by(&ctx, l.to_record())).collect();
    let (page_number, page_row_count) = (query.page_number, query.page_row_count);
    let paging = Some(Paging { page_number, page_row_count, total: state.lockers.len() as u64 });
    Ok(Answer { paging, fields: query.fields, ..Answer::new(Data::Many(rows), Source::Db) })
}

async fn get(state: Arc<State>, ctx: Ctx, locked: Locked, query: ListQuery) -> Result<Answer> {
    let found = state.lockers.iter().find(|l| l.meta.id == locked.locker_id.0).ok_or_else(|| Error::not_found("locker"))?;
    let row = Row::seen_by(&ctx, found.to_record());
    Ok(Answer { fields: query.fields, ..Answer::new(Data::One(Box::new(row)), Source::Db) })
}

/// The last digit of the id says whether it is paid.
async fn subscription(_: Arc<State>, ctx: Ctx, ordered: Ordered) -> Result<Answer> {
    let paid = ordered.id.as_u128() % 2 == 1;
    let payment_confirmation = if paid { "paid" } else { "pending" }.to_owned();
    let meta = Meta { id: ordered.id, ..Meta::new(ctx.new_id(), ctx.now(), None) };
    Ok(Answer::object(&ctx, &Subscription { meta, amount: 4999, currency: Some("usd".to_owned()), payment_confirmation }))
}

async fn count(state: Arc<State>, _: Ctx, _: ()) -> Result<Answer> {
    let labels: Vec<&String> = state.lockers.iter().map(|locker| &locker.label).collect();
    Ok(Answer::json(serde_json::json!({"lockers": state.lockers.len(), "labels": labels, "accessToken": "t0ken"})))
}

fn counted() -> Json {
    serde_json::json!({"type": "object", "properties": {
        "lockers": {"type": "integer"}, "labels": {"type": "array", "items": {"type": "string"}}, "accessToken": {"type": "string"},
    }, "required": ["lockers", "labels"]})
}

async fn create(_: Arc<State>, ctx: Ctx, input: NewLocker) -> Result<Answer> {
    if input.label == "broken" {
        return Err(Error::internal("the disk is full"));
    }
    let created = locker(&ctx, input.label, input.code, input.shelves);
    Ok(Answer::object(&ctx, &created).with_secret("key", "s3cret".into()))
}

async fn delete(_: Arc<State>, _: Ctx, _: Locked) -> Result<Answer> {
    Err(Error::not_found("locker"))
}

async fn who(_: Arc<State>, ctx: Ctx, _: ()) -> Result<Answer> {
    Ok(Answer::json(serde_json::json!({"via": ctx.via.as_str(), "client": ctx.client})))
}

/// More words than a list has room for.
const MAKES: &str = "Makes. A locker has a label that is written on it and a code that opens it. It has as many shelves as it is given, and whoever \
                     is named may open it, at any time of the day and on every day of the week. In the end it may be opened.";

fn registry() -> Registry<State> {
    let lockers = vec![
        BusinessApi::list("listLockers").on::<Locker>().at("/v1/lockers").reach(Reach::Member).about("Lists.").reader(list),
        BusinessApi::get("getLocker")
            .on::<Locker>()
            .at("/v1/lockers/:lockerId")
            .reach(Reach::Member)
            .about("Reads one.")
            .reader(get),
        BusinessApi::get("countLockers")
            .named("count")
            .at("/v1/count")
            .reach(Reach::Managers)
            .output(counted)
            .about("Counts the lockers.")
            .handler(count),
        BusinessApi::create("createLocker").on::<Locker>().at("/v1/lockers").reach(Reach::Admins).about(MAKES).handler(create),
        BusinessApi::delete("deleteLocker")
            .on::<Locker>()
            .at("/v1/lockers/:lockerId")
            .reach(Reach::Admins)
            .about("Removes.")
            .handler(delete),
    ];
    let other = vec![
        BusinessApi::get("whoCalls").named("who").at("/v1/who").reach(Reach::LoggedIn).any_tenant().about("Tells.").handler(who),
        BusinessApi::act("runSweep").named("sweep").at("/v1/sweep").reach(Reach::Managers).about("Sweeps.").handler(who),
        BusinessApi::get("getCompanySubscription")
            .on::<Subscription>()
            .at("/v1/subscriptions/:companySubscriptionId")
            .reach(Reach::Admins)
            .about("Reads what the company pays for.")
            .handler(subscription),
    ];
    let service = |name, prefix, apis| Service { name, prefix, apis };
    Registry::new(vec![service("lockers", "/lockers-api", lockers), service("other", "/other-api", other)]).expect("declarations")
}

/// Tokens are the names of who carries them: owner, employee, manager, key (read only).
struct People;

fn person(token: &str) -> Option<Session> {
    let role = match token {
        "owner" | "key" => Role::TenantOwner,
        "employee" | "manager" => Role::TenantUser,
        _ => return None,
    };
    let key = (token == "key").then(|| KeyScope { read_only: true, services: Vec::new() });
    let id = |text: &str| uuid::Uuid::from_u64_pair(7, text.len() as u64);
    Some(Session {
        id: SessionId(id(token)),
        user: UserId(id(token)),
        company: CompanyId(id("acme")),
        codename: "acme".into(),
        role,
        email: format!("{token}@acme.test"),
        fullname: format!("The {token}"),
        avatar: None,
        needs_2fa: false,
        key,
        expires_at: None,
    })
}

#[async_trait]
impl Outside for People {
    async fn session(&self, token: &str) -> Result<Option<Arc<Session>>> {
        Ok(person(token).map(Arc::new))
    }

    async fn tenant(&self, codename: &str) -> Result<Option<Arc<Tenant>>> {
        let company = person("owner").expect("a person").company;
        let zone = Zone::parse("Europe/Berlin").expect("a zone");
        Ok((codename == "acme").then(|| Arc::new(Tenant::of(company, "acme", zone))))
    }

    async fn scope(&self, _: CompanyId, user: UserId) -> Result<Arc<Scope>> {
        let manages = person("manager").is_some_and(|m| m.user == user);
        let reports = if manages { vec![person("employee").expect("a person").user] } else { Vec::new() };
        Ok(Arc::new(Scope { reports, ..Scope::default() }))
    }

    async fn stored_answer(&self, _: CompanyId, _: UserId, _: &str) -> Result<Option<(u64, Json)>> {
        Ok(None)
    }

    fn digest(&self, bytes: &[u8]) -> u64 {
        bytes.len() as u64
    }

    /// No secret of anybody's, but another one for every purpose and text.
    fn seal(&self, purpose: &str, bytes: &[u8]) -> Option<[u8; 16]> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, purpose, bytes).hash(&mut hasher);
            hasher.finish().to_be_bytes()
        };
        [half(1), half(2)].concat().try_into().ok()
    }

    fn spawn(&self, task: BoxFuture<()>) {
        tokio::spawn(task);
    }
}

/// A server over `count` lockers, whose labels have `width` characters.
pub(crate) fn server_of(count: usize, width: usize) -> McpServer<State> {
    server_with(count, width).0
}

/// As [`server_of`], with its clock.
pub(crate) fn server_with(count: usize, width: usize) -> (McpServer<State>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-06-15T22:05:00Z").expect("an instant")));
    let ids = Arc::new(IdSource::seeded(1));
    let now = Timestamp(0);
    let new = |i: usize| Locker {
        meta: Meta::new(ids.next(now), now, None),
        label: format!("{i:0width$}"),
        code: format!("code-{i}"),
        shelves: 3,
        cleaned_at: None,
    };
    let state = Arc::new(State { lockers: (0..count).map(new).collect() });
    let dispatch = Dispatch { registry: registry(), state, outside: Arc::new(People), clock: clock.clone(), ids };
    (server(Arc::new(dispatch)), clock)
}

pub(crate) fn caller(token: &str) -> Caller {
    Caller { token: Some(token.to_owned()), company: None, via: Via::Mcp, client: None, address: None, request_id: "r-1".into() }
}

pub(crate) async fn ctx(server: &McpServer<State>, token: &str) -> Ctx {
    server.dispatch.enter(caller(token)).await.expect("enters")
}

pub(crate) async fn names(server: &McpServer<State>, token: &str, narrowing: &str) -> Vec<String> {
    let tools = server.tools_for(ctx(server, token).await, &Narrowing::parse(narrowing)).await.expect("a list");
    tools.into_iter().map(|t| t.name.into_owned()).collect()
}

pub(crate) async fn call(server: &McpServer<State>, token: &str, name: &str, arguments: Json) -> (ToolOutcome, Json) {
    call_in(server, token, "", name, arguments).await
}

/// As [`call`], by a connection that is narrowed so.
pub(crate) async fn call_in(
    server: &McpServer<State>,
    token: &str,
    narrowing: &str,
    name: &str,
    arguments: Json,
) -> (ToolOutcome, Json) {
    let arguments: Map<String, Json> = arguments.as_object().cloned().unwrap_or_default();
    let outcome = server.call(ctx(server, token).await, &Narrowing::parse(narrowing), name, arguments).await;
    let json = serde_json::from_str(&outcome.text).expect("JSON");
    (outcome, json)
}
