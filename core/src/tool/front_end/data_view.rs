//! `showBusinessApiListInFrontEnd`, `showBusinessApiGalleryInFrontEnd`: a list that the page reads by itself, as the user.

use serde_json::{Map, Value as Json, json};

use super::{Action, FrontEnd};
use crate::api::{BusinessApi, Method};
use crate::error::{Error, Problem, Result};
use crate::input;
use crate::input::{Args, Place};
use crate::object::{Join, ObjectDef, Property};
use crate::session::Ctx;
use crate::tool::{near, query_params, title};
use crate::value::Kind;

/// The columns of a view where none are named.
const COLUMNS: usize = 8;

input! {
    /// What to show.
    pub struct View {
        /// The list tool whose rows are shown.
        api_name: String => "apiName" Body,
        /// Above the view.
        title: Option<String> => "title" Body,
        /// The list tool's arguments.
        query_params: Option<Json> => "queryParams" Body,
        /// Names of the properties to show, in this order; left out: the most telling.
        columns: Option<Json> => "columns" Body .kind(Kind::Strings),
    }
}

/// Whether a page can show an API's rows.
pub fn shows<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> bool {
    // Ids stand in an address as they are.
    let by_ids = api.fields.iter().all(|field| field.place != Place::Path || field.kind == Kind::Id);
    api.is_list() && api.method == Method::Get && api.effect.read_only && by_ids
}

pub fn show<S: Send + Sync + 'static>(front: &FrontEnd<'_, S>, view_type: &str, input: View) -> Result<Action> {
    let api = front.api(&input.api_name).filter(|api| shows(api)).ok_or_else(|| unknown(front, &input.api_name))?;
    let def = api.object.ok_or_else(|| unknown(front, &input.api_name))?;
    let wanted = input.query_params.as_ref().and_then(Json::as_object).cloned().unwrap_or_default();
    let params = query_params(api, wanted).map_err(within)?;
    // Read as the page's own call will be, so that a wrong filter is told here, to who can mend it.
    api.prepare(front.ctx, &Args::tool(params.clone())).map_err(within)?;
    let columns = match input.columns.as_ref().and_then(Json::as_array).filter(|names| !names.is_empty()) {
        Some(names) => named(def, front.ctx, names)?,
        None => telling(def, front.ctx, view_type == "gallery"),
    };
    let (route, params) = route(front.dispatch.registry.prefix(api.service), api, params);
    Ok(Action::plain(json!({
        "type": "dataView", "viewType": view_type, "title": input.title.unwrap_or_else(|| title(def.plural)),
        "serviceName": api.service, "apiName": api.name, "routePath": route, "httpMethod": api.method.as_str(),
        "queryParams": params, "columns": columns,
    })))
}

fn unknown<S: Send + Sync + 'static>(front: &FrontEnd<'_, S>, name: &str) -> Error {
    let lists = front.dispatch.registry.apis().iter().filter(|api| shows(api) && front.usable(api)).map(|api| api.name);
    let meant = near(name, lists);
    let problem = match meant.is_empty() {
        true => "must be a list tool that you may use".to_owned(),
        false => format!("must be a list tool that you may use; did you mean {}?", meant.join(", ")),
    };
    Error::field("apiName", problem)
}

/// What is wrong with the list's arguments is wrong with `queryParams`.
fn within(error: Error) -> Error {
    let Some(Json::Array(problems)) = error.detail.as_deref() else { return error };
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let each = |p: &Json| Problem::new(format!("queryParams.{}", text(&p["field"])), text(&p["problem"]));
    Error::invalid(problems.iter().map(each).collect())
}

/// The address with its path parameters, and what is left for the query.
fn route<S>(prefix: &str, api: &BusinessApi<S>, mut params: Map<String, Json>) -> (String, Map<String, Json>) {
    let mut path = format!("{prefix}{}", api.path);
    for field in api.fields.iter().filter(|field| field.place == Place::Path) {
        if let Some(Json::String(value)) = params.remove(field.name) {
            path = path.replace(&format!(":{}", field.name), &value);
        }
    }
    (path, params)
}

/// Whether the caller may read a property of some rows, and a page may show it.
fn readable(property: &Property, ctx: &Ctx) -> bool {
    property.read <= ctx.highest_level() && !property.secret
}

fn named(def: &'static ObjectDef, ctx: &Ctx, names: &[Json]) -> Result<Vec<Json>> {
    let (mut columns, mut bad) = (Vec::new(), Vec::new());
    for name in names.iter().filter_map(Json::as_str) {
        let (first, inner) = name.split_once('.').map_or((name, None), |(first, inner)| (first, Some(inner)));
        let of_join = def.join(first).filter(|join| inner.is_none_or(|inner| join.fields.contains(&inner)));
        let property = def.property(name).filter(|p| readable(p, ctx));
        let computed = def.computed.iter().find(|c| c.name == name);
        match (property, computed, of_join) {
            (Some(property), ..) => columns.push(column(name, property.kind, &title(name))),
            (_, Some(computed), _) => columns.push(column(name, computed.kind, &title(name))),
            (.., Some(join)) if inner.is_some() => columns.push(json!({"field": name, "label": title(join.name)})),
            (.., Some(join)) => columns.push(joined(def, join)),
            _ => bad.push(name.chars().take(40).collect::<String>()),
        }
    }
    match bad.is_empty() {
        true => Ok(columns),
        false => Err(Error::field("columns", format!("{} has no readable property {}", def.name, bad.join(", ")))),
    }
}

/// What tells people most: names instead of ids, no bookkeeping, no long texts.
fn telling(def: &'static ObjectDef, ctx: &Ctx, pictures: bool) -> Vec<Json> {
    let mut columns = Vec::new();
    for property in def.properties.iter().filter(|p| readable(p, ctx) && p.name != "companyId") {
        let join = def.joins.iter().find(|join| join.property == property.name);
        match (join, property.kind) {
            (Some(join), _) => columns.push(joined(def, join)),
            (None, Kind::Id | Kind::Ids(_) | Kind::Text | Kind::File | Kind::Object | Kind::Objects) => {}
            (None, _) if property.name == "avatar" && !pictures => {}
            (None, kind) => columns.push(column(property.name, kind, &title(property.name))),
        }
        if columns.len() == COLUMNS {
            break;
        }
    }
    columns
}

/// An embedded object by what it is called; several as a list.
fn joined(def: &'static ObjectDef, join: &Join) -> Json {
    let label = title(join.name);
    let many = def.property(join.property).is_some_and(|p| matches!(p.kind, Kind::Ids(_)));
    if many {
        return json!({"field": join.name, "label": label, "format": "list"});
    }
    let called = join.fields.iter().find(|f| matches!(**f, "fullname" | "groupName" | "name" | "title")).or(join.fields.first());
    let field = called.map_or_else(|| join.name.to_owned(), |field| format!("{}.{field}", join.name));
    json!({"field": field, "label": label})
}

fn column(field: &str, kind: Kind, label: &str) -> Json {
    let format = match kind {
        _ if field == "avatar" => "image",
        Kind::Date => "date",
        Kind::Instant => "datetime",
        Kind::Boolean => "boolean",
        Kind::Integer | Kind::Double => "number",
        Kind::Enum(_) => "enum",
        Kind::Ids(_) | Kind::Strings | Kind::Integers => "list",
        _ => return json!({"field": field, "label": label}),
    };
    json!({"field": field, "label": label, "format": format})
}
