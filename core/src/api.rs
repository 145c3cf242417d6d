//! A Business API, declared once: REST route, MCP tool, agent tool, permission and schema are projections of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::answer::Answer;
use crate::error::{Error, Problem, Result};
use crate::filter::ListQuery;
use crate::id::UserId;
use crate::input::{Args, FieldDef, Input, Problems};
use crate::object::{DataObject, ObjectDef};
use crate::parts::Parts;
use crate::session::Ctx;

pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// What a call does to its object: the envelope's `action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Create,
    Get,
    List,
    Update,
    Delete,
}

impl Action {
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Get => "get",
            Action::List => "list",
            Action::Update => "update",
            Action::Delete => "delete",
        }
    }
}

/// Who may call an API, and about whose rows. Stated once; dispatch, lists, permissions and the tests' matrix follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anybody, logged in or not.
    Public,
    /// Anybody logged in, on whichever tenant.
    LoggedIn,
    /// Every member of the company, about the whole company.
    Member,
    /// Every member: an employee about themselves, a manager about their reports too, an admin about everybody.
    Own,
    /// Managers about their reports, admins about everybody.
    Managers,
    /// Admins of the tenant.
    Admins,
    /// The SaaS level's roles.
    Root,
    /// The SaaS level's admins, on whichever tenant they act.
    RootAdmins,
}

impl Reach {
    /// For people: who may call.
    pub fn describe(self) -> &'static str {
        match self {
            Reach::Public => "No login needed.",
            Reach::LoggedIn => "Any logged-in user.",
            Reach::Member => "Any member of the company.",
            Reach::Own => "Employees for themselves, managers for their direct reports, admins for everybody.",
            Reach::Managers => "Managers for their direct reports, admins for everybody.",
            Reach::Admins => "Admins only.",
            Reach::Root => "Roles of the SaaS level only.",
            Reach::RootAdmins => "Admins of the SaaS level only.",
        }
    }
}

/// On which tenants an API exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Companies only: on the SaaS level there is nothing to act on (404 `CompanyNotFound`).
    Company,
    /// Companies and the SaaS level.
    AnyTenant,
}

/// What a call does to the world, for tools: by effect, not by verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    pub read_only: bool,
    pub destructive: bool,
    pub idempotent: bool,
}

/// A call whose arguments are read: what it is about, and how to run it.
pub struct Call<S> {
    /// The user named in a parameter, if another than the caller.
    pub subject: Option<UserId>,
    pub run: Run<S>,
}

type Run<S> = Box<dyn FnOnce(Arc<S>, Ctx) -> BoxFuture<Result<Answer>> + Send>;

type Prepare<S> = Box<dyn Fn(&Ctx, &Args) -> Result<Call<S>, Vec<Problem>> + Send + Sync>;
type Also<S> = Box<dyn Fn(Arc<S>, Ctx, Parts) -> BoxFuture<Result<Vec<Problem>>> + Send + Sync>;
type SubjectOf<I> = fn(&I) -> Option<UserId>;

/// A registered API over the services' state `S`.
pub struct BusinessApi<S> {
    pub name: &'static str,
    /// Set by the registry.
    pub service: &'static str,
    pub method: Method,
    pub path: &'static str,
    pub action: Action,
    pub status: u16,
    pub data_name: &'static str,
    pub object: Option<&'static ObjectDef>,
    pub about: &'static str,
    pub reach: Option<Reach>,
    pub on: On,
    pub fields: &'static [FieldDef],
    /// Beside the object's own filters.
    pub effect: Effect,
    /// Names that the answer may carry beside its data.
    pub extra: &'static [&'static str],
    /// An API key cannot call it (keys, passwords, roles).
    pub no_keys: bool,
    /// Answers its data alone, without an envelope, and fails in governance's shape.
    pub plain: bool,
    /// What the company has to be subscribed to.
    pub feature: Option<&'static str>,
    /// The most bytes of a body, if more than usual.
    pub body_limit: Option<usize>,
    /// The schema of the data that it answers, where that is no data object.
    pub output: Option<fn() -> Json>,
    /// Whether that schema stands in OpenAPI alone: lists of tools would be too long with it.
    pub output_unlisted: bool,
    /// The schemas of what it answers beyond the object's properties, by name.
    pub carries: Option<fn() -> Json>,
    prepare: Option<Prepare<S>>,
    also: Option<Also<S>>,
}

impl<S: Send + Sync + 'static> BusinessApi<S> {
    fn new(name: &'static str, action: Action, method: Method, status: u16) -> BusinessApi<S> {
        let read_only = matches!(action, Action::Get | Action::List);
        let effect = Effect { read_only, destructive: action == Action::Delete, idempotent: action != Action::Create };
        BusinessApi {
            name,
            service: "",
            method,
            path: "",
            action,
            status,
            data_name: "",
            object: None,
            about: "",
            reach: None,
            on: On::Company,
            fields: &[],
            effect,
            extra: &[],
            no_keys: false,
            plain: false,
            feature: None,
            body_limit: None,
            output: None,
            output_unlisted: false,
            carries: None,
            prepare: None,
            also: None,
        }
    }

    pub fn create(name: &'static str) -> BusinessApi<S> {
        BusinessApi::new(name, Action::Create, Method::Post, 201)
    }

    pub fn get(name: &'static str) -> BusinessApi<S> {
        BusinessApi::new(name, Action::Get, Method::Get, 200)
    }

    pub fn list(name: &'static str) -> BusinessApi<S> {
        BusinessApi::new(name, Action::List, Method::Get, 200)
    }

    pub fn update(name: &'static str) -> BusinessApi<S> {
        BusinessApi::new(name, Action::Update, Method::Patch, 200)
    }

    pub fn delete(name: &'static str) -> BusinessApi<S> {
        BusinessApi::new(name, Action::Delete, Method::Delete, 200)
    }

    /// An action that is neither of the five: POST, answers 200.
    pub fn act(name: &'static str) -> BusinessApi<S> {
        let mut api = BusinessApi::new(name, Action::Update, Method::Post, 200);
        api.effect.idempotent = false;
        api
    }

    /// The object that it is about: data name, joins, filters, schema.
    pub fn on<T: DataObject>(mut self) -> BusinessApi<S> {
        self.object = Some(T::def());
        self.data_name = if self.action == Action::List { T::def().plural } else { T::def().name };
        self
    }

    pub fn at(mut self, path: &'static str) -> BusinessApi<S> {
        self.path = path;
        self
    }

    pub fn reach(mut self, reach: Reach) -> BusinessApi<S> {
        self.reach = Some(reach);
        self
    }

    pub fn about(mut self, about: &'static str) -> BusinessApi<S> {
        self.about = about;
        self
    }

    pub fn named(mut self, data_name: &'static str) -> BusinessApi<S> {
        self.data_name = data_name;
        self
    }

    pub fn any_tenant(mut self) -> BusinessApi<S> {
        self.on = On::AnyTenant;
        self
    }

    pub fn extra(mut self, names: &'static [&'static str]) -> BusinessApi<S> {
        self.extra = names;
        self
    }

    /// API keys cannot call it.
    pub fn no_keys(mut self) -> BusinessApi<S> {
        self.no_keys = true;
        self
    }

    /// Over REST it answers its data alone, without an envelope, and fails in governance's shape.
    pub fn plain(mut self) -> BusinessApi<S> {
        self.plain = true;
        self
    }

    /// Only for companies whose subscription has this feature.
    pub fn feature(mut self, feature: &'static str) -> BusinessApi<S> {
        self.feature = Some(feature);
        self
    }

    /// Bodies may have so many bytes, if the caller is logged in.
    pub fn body_limit(mut self, bytes: usize) -> BusinessApi<S> {
        self.body_limit = Some(bytes);
        self
    }

    /// What it answers has a shape of its own, with this JSON Schema: one `type` each, arrays with `items`, no references.
    pub fn output(mut self, schema: fn() -> Json) -> BusinessApi<S> {
        self.output = Some(schema);
        self
    }

    /// As [`BusinessApi::output`], of a shape too long for lists of tools: it is in OpenAPI alone.
    pub fn long_output(mut self, schema: fn() -> Json) -> BusinessApi<S> {
        self.output_unlisted = true;
        self.output(schema)
    }

    /// What it answers has more than its object's properties, with these JSON Schemas by name: names of [`BusinessApi::extra`]
    /// are those beside the data, the others inside of each object.
    pub fn carries(mut self, schemas: fn() -> Json) -> BusinessApi<S> {
        self.carries = Some(schemas);
        self
    }

    pub fn destructive(mut self) -> BusinessApi<S> {
        self.effect.destructive = true;
        self
    }

    /// Whether `getJoins`, `fields` and for lists filters, order and paging apply.
    pub fn is_list(&self) -> bool {
        self.action == Action::List && self.object.is_some()
    }

    /// Whether what it answers can also be had as a table: objects that are read, one or many.
    pub fn has_table(&self) -> bool {
        matches!(self.action, Action::Get | Action::List) && self.object.is_some()
    }

    /// The code that runs it.
    pub fn handler<I, F, Fut>(self, handler: F) -> BusinessApi<S>
    where
        I: Input,
        F: Fn(Arc<S>, Ctx, I) -> Fut + Send + Sync + Clone + 'static,
        Fut: Future<Output = Result<Answer>> + Send + 'static,
    {
        self.handler_for(|_| None, handler)
    }

    /// As [`BusinessApi::handler`], for APIs one of whose parameters may name another user.
    pub fn handler_for<I, F, Fut>(mut self, subject: SubjectOf<I>, handler: F) -> BusinessApi<S>
    where
        I: Input,
        F: Fn(Arc<S>, Ctx, I) -> Fut + Send + Sync + Clone + 'static,
        Fut: Future<Output = Result<Answer>> + Send + 'static,
    {
        self.fields = I::FIELDS;
        let patch = self.method == Method::Patch;
        self.prepare = Some(Box::new(move |_, args| {
            let mut problems = Problems::default();
            if patch {
                problems.refuse_nulls(args, I::FIELDS);
            }
            let input = I::read(args, &mut problems);
            let (Some(input), true) = (input, problems.0.is_empty()) else { return Err(problems.0) };
            let (subject, handler) = (subject(&input), handler.clone());
            Ok(Call { subject, run: Box::new(move |state, ctx| Box::pin(handler(state, ctx, input))) })
        }));
        self
    }

    /// The code of a get or a list: it also receives filters, order, page, joins and fields as asked for.
    pub fn reader<I, F, Fut>(mut self, handler: F) -> BusinessApi<S>
    where
        I: Input,
        F: Fn(Arc<S>, Ctx, I, ListQuery) -> Fut + Send + Sync + Clone + 'static,
        Fut: Future<Output = Result<Answer>> + Send + 'static,
    {
        self.fields = I::FIELDS;
        let (def, list) = (self.object, self.action == Action::List);
        self.prepare = Some(Box::new(move |ctx, args| {
            let mut problems = Problems::default();
            let input = I::read(args, &mut problems);
            let query = ListQuery::read(def, list, ctx, args, I::FIELDS, &mut problems);
            let (Some(input), true) = (input, problems.0.is_empty()) else { return Err(problems.0) };
            let handler = handler.clone();
            Ok(Call { subject: None, run: Box::new(move |state, ctx| Box::pin(handler(state, ctx, input, query))) })
        }));
        self
    }

    /// What breaks the API's rules among arguments of which some cannot be read: they are refused together.
    pub fn also<F, Fut>(mut self, find: F) -> BusinessApi<S>
    where
        F: Fn(Arc<S>, Ctx, Parts) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<Problem>>> + Send + 'static,
    {
        self.also = Some(Box::new(move |state, ctx, parts| Box::pin(find(state, ctx, parts))));
        self
    }

    pub fn has_handler(&self) -> bool {
        self.prepare.is_some()
    }

    /// Reads every argument; every one that cannot be read is named at once.
    pub fn prepare(&self, ctx: &Ctx, args: &Args) -> Result<Call<S>> {
        self.read(ctx, args)?.map_err(Error::invalid)
    }

    fn read(&self, ctx: &Ctx, args: &Args) -> Result<Result<Call<S>, Vec<Problem>>> {
        let missing = || Error::internal(format!("{} has no handler", self.name));
        Ok(self.prepare.as_ref().ok_or_else(missing)?(ctx, args))
    }

    /// As [`BusinessApi::prepare`]; what breaks the API's rules is named along with what cannot be read.
    pub async fn prepare_by_its_rules(&self, state: &Arc<S>, ctx: &Ctx, args: &Args) -> Result<Call<S>> {
        let mut problems = match self.read(ctx, args)? {
            Ok(call) => return Ok(call),
            Err(problems) => problems,
        };
        if let Some(also) = &self.also {
            // Where the rules cannot be asked, what cannot be read is reason enough.
            let more = also(state.clone(), ctx.clone(), Parts::new(args, self.fields)).await.unwrap_or_default();
            let told = |problem: &Problem| problems.iter().any(|p| p.field == problem.field);
            let more: Vec<Problem> = more.into_iter().filter(|problem| !told(problem)).collect();
            problems.extend(more);
        }
        Err(Error::invalid(problems))
    }
}
