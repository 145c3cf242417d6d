//! Tools that a page carries out, not the server: what they answer tells it what to show. The page is a person's, the answer is
//! read by a model on its way there, so each has a rendering of its own.

mod data_view;
mod payment;
mod secret;

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::answer::MASK;
use crate::api::{BusinessApi, Effect};
use crate::dispatch::Dispatch;
use crate::error::{Error, Result};
use crate::input;
use crate::input::{FieldDef, Input};
use crate::session::Ctx;
use crate::tool::args::input as read;
use crate::tool::schema::of_fields;

/// The key under which a page finds what it is to do.
const KEY: &str = "__frontendAction";

/// A front-end tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrontEndTool {
    ShowSecret,
    ShowQrCode,
    ShowList,
    ShowGallery,
    InitiatePayment,
}

/// All of them.
pub const FRONT_END: &[FrontEndTool] = &[
    FrontEndTool::ShowSecret,
    FrontEndTool::ShowQrCode,
    FrontEndTool::ShowList,
    FrontEndTool::ShowGallery,
    FrontEndTool::InitiatePayment,
];

input! {
    /// What a QR code shows.
    pub struct QrCode {
        /// What the code holds: an address, an id, a text. Not a secret.
        value: String => "value" Body .text(),
        /// Above it.
        title: Option<String> => "title" Body,
        /// Below it.
        subtitle: Option<String> => "subtitle" Body,
    }
}

/// What a front-end tool came to, for each of its readers.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// For the page of the person who is logged in, and for nobody else.
    pub page: Json,
    /// For a model: as the page's, secrets masked.
    pub model: Json,
}

impl Action {
    fn plain(action: Json) -> Action {
        Action::of(action.clone(), action)
    }

    fn of(page: Json, model: Json) -> Action {
        Action { page: json!({KEY: page}), model: json!({KEY: model}) }
    }

    /// Said beside the action.
    fn saying(mut self, message: &str) -> Action {
        self.page["message"] = json!(message);
        self.model["message"] = json!(message);
        self
    }
}

impl FrontEndTool {
    pub fn named(name: &str) -> Option<FrontEndTool> {
        FRONT_END.iter().copied().find(|tool| tool.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            FrontEndTool::ShowSecret => "showSecretFieldInFrontEnd",
            FrontEndTool::ShowQrCode => "showQrCode",
            FrontEndTool::ShowList => "showBusinessApiListInFrontEnd",
            FrontEndTool::ShowGallery => "showBusinessApiGalleryInFrontEnd",
            FrontEndTool::InitiatePayment => "initiatePayment",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            FrontEndTool::ShowSecret => "Show a secret",
            FrontEndTool::ShowQrCode => "Show a QR code",
            FrontEndTool::ShowList => "Show a list",
            FrontEndTool::ShowGallery => "Show a gallery",
            FrontEndTool::InitiatePayment => "Initiate a payment",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            FrontEndTool::ShowSecret => {
                "Shows the user a value that you read as ***. You do not get to see it. Use the record's __proxyCode, which is good for ten minutes."
            }
            FrontEndTool::ShowQrCode => "Shows the user a QR code.",
            FrontEndTool::ShowList => {
                "Shows the user the rows of a list tool as a table, which they can page through themselves."
            }
            FrontEndTool::ShowGallery => "Shows the user the rows of a list tool as cards.",
            FrontEndTool::InitiatePayment => {
                "Opens the payment page for an order that waits to be paid. Nothing is charged by it: the user pays there."
            }
        }
    }

    /// Paying is no reading, though this only begins it.
    pub fn effect(self) -> Effect {
        Effect { read_only: self != FrontEndTool::InitiatePayment, destructive: false, idempotent: true }
    }

    pub fn fields(self) -> &'static [FieldDef] {
        match self {
            FrontEndTool::ShowSecret => secret::Secret::FIELDS,
            FrontEndTool::ShowQrCode => QrCode::FIELDS,
            FrontEndTool::ShowList | FrontEndTool::ShowGallery => data_view::View::FIELDS,
            FrontEndTool::InitiatePayment => payment::Order::FIELDS,
        }
    }

    pub fn input_schema(self) -> Map<String, Json> {
        of_fields(self.fields(), usize::MAX)
    }

    pub fn output_schema(self) -> Map<String, Json> {
        let text = || json!({"type": "string"});
        let mut action = Map::new();
        let names: &[&str] = match self {
            FrontEndTool::ShowSecret => {
                &["type", "fieldName", "fieldLabel", "value", "renderType", "serviceName", "objectName", "modelName", "recordId"]
            }
            FrontEndTool::ShowQrCode => &["type", "value", "title", "subtitle"],
            FrontEndTool::ShowList | FrontEndTool::ShowGallery => {
                &["type", "viewType", "title", "serviceName", "apiName", "routePath", "httpMethod", "queryParams", "columns"]
            }
            FrontEndTool::InitiatePayment => {
                &["type", "orderId", "orderType", "serviceName", "amount", "currency", "description"]
            }
        };
        for name in names {
            let schema = match *name {
                "amount" => json!({"type": "number"}),
                "queryParams" => json!({"type": "object"}),
                "columns" => json!({"type": "array", "items": {"type": "object"}}),
                _ => text(),
            };
            action.insert((*name).to_owned(), schema);
        }
        let action = json!({"type": "object", "properties": action, "required": names});
        let mut out = Map::new();
        out.insert("type".to_owned(), json!("object"));
        let mut properties = json!({KEY: action});
        if self == FrontEndTool::InitiatePayment {
            properties["message"] = text();
        }
        out.insert("properties".to_owned(), properties);
        out.insert("required".to_owned(), json!([KEY]));
        out
    }
}

/// Front-end tools for one caller.
pub struct FrontEnd<'a, S> {
    pub dispatch: &'a Dispatch<S>,
    /// With its scope.
    pub ctx: &'a Ctx,
    /// The APIs that the caller's connection was not narrowed away from.
    pub serves: &'a (dyn Fn(&BusinessApi<S>) -> bool + Send + Sync),
}

impl<S: Send + Sync + 'static> FrontEnd<'_, S> {
    /// Whether there is anything that the caller could use a tool for.
    pub fn useful(&self, tool: FrontEndTool) -> bool {
        let mut usable = self.dispatch.registry.apis().iter().filter(|api| self.usable(api));
        let key = self.ctx.session.as_ref().and_then(|session| session.key.as_ref());
        match tool {
            FrontEndTool::ShowSecret => usable.any(|api| secret::reads(api)),
            FrontEndTool::ShowQrCode => true,
            FrontEndTool::ShowList | FrontEndTool::ShowGallery => usable.any(|api| data_view::shows(api)),
            FrontEndTool::InitiatePayment => key.is_none_or(|key| !key.read_only) && usable.any(|api| payment::reads(api)),
        }
    }

    /// Carries a tool out, as far as the server has a part in it. Whatever it reads it reads as the caller, by dispatch.
    pub async fn call(&self, tool: FrontEndTool, arguments: Map<String, Json>) -> Result<Action> {
        if self.ctx.session.is_none() {
            return Err(Error::login_required());
        }
        self.ctx.second_factor_done()?;
        if !self.useful(tool) {
            return Err(Error::forbidden(format!("There is nothing that you could use {} for", tool.name())));
        }
        match tool {
            FrontEndTool::ShowSecret => secret::show(self, read(arguments)?).await,
            FrontEndTool::ShowQrCode => qr_code(read(arguments)?),
            FrontEndTool::ShowList => data_view::show(self, "grid", read(arguments)?),
            FrontEndTool::ShowGallery => data_view::show(self, "gallery", read(arguments)?),
            FrontEndTool::InitiatePayment => payment::initiate(self, read(arguments)?).await,
        }
    }

    fn usable(&self, api: &BusinessApi<S>) -> bool {
        (self.serves)(api) && self.dispatch.allowed(self.ctx, api).is_ok()
    }

    fn api(&self, name: &str) -> Option<&Arc<BusinessApi<S>>> {
        self.dispatch.registry.by_name(name).filter(|api| self.usable(api))
    }
}

fn qr_code(code: QrCode) -> Result<Action> {
    if code.value.trim() == MASK {
        return Err(Error::field("value", "is a mask: showSecretFieldInFrontEnd shows secrets, as QR codes too"));
    }
    let (title, subtitle) = (code.title.unwrap_or_default(), code.subtitle.unwrap_or_default());
    Ok(Action::plain(json!({"type": "qrcode", "value": code.value, "title": title, "subtitle": subtitle})))
}
