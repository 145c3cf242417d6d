//! `showSecretFieldInFrontEnd`: a masked value, for the eyes of the user alone.

use serde_json::json;

use super::{Action, FrontEnd};
use crate::answer::{Data, MASK};
use crate::api::{Action as Does, BusinessApi};
use crate::error::{Error, Result};
use crate::input;
use crate::input::{Args, Place};
use crate::object::ObjectDef;
use crate::tool::{reference, title};
use crate::value::Kind;
use crate::wire_enum;

wire_enum! {
    /// How a page shows a value.
    pub enum RenderType {
        Text => "asText",
        Barcode => "asBarcode",
        QrCode => "asQrCode",
    }
}

input! {
    /// Which secret to show.
    pub struct Secret {
        /// The record's __proxyCode.
        proxy_code: String => "proxyCode" Body,
        /// The property that reads ***.
        field_name: String => "fieldName" Body,
        /// How it is shown (asText).
        render_type: Option<RenderType> => "renderType" Body,
    }
}

/// Whether an API reads one record that has secrets, by its id alone.
pub fn reads<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> bool {
    let by_id = matches!(api.fields, [id] if id.place == Place::Path && id.kind == Kind::Id);
    api.action == Does::Get && by_id && api.object.is_some_and(|def| def.properties.iter().any(|p| p.secret))
}

pub async fn show<S: Send + Sync + 'static>(front: &FrontEnd<'_, S>, input: Secret) -> Result<Action> {
    let stale = || Error::field("proxyCode", "is not valid (any more): read the record again and use its new __proxyCode");
    let read = reference::read(&*front.dispatch.outside, front.ctx, &input.proxy_code);
    let (object, id) = read.ok_or_else(stale)?;
    let mut apis = front.dispatch.registry.apis().iter();
    let api = apis.find(|api| reads(api) && api.object.is_some_and(|def| def.name == object) && front.usable(api));
    let api = api.ok_or_else(|| Error::forbidden(format!("You may not read a {object}")))?;
    let def = api.object.ok_or_else(stale)?;
    let property = def.property(&input.field_name).filter(|p| p.secret).ok_or_else(|| no_secret(def))?;
    // As the caller, now: what they might read when the reference was made is no matter.
    let mut args = Args::default();
    args.path.push((api.fields[0].name, id.to_string()));
    let answer = front.dispatch.call(front.ctx.clone(), api, args, None).await?;
    let Data::One(row) = &answer.data else { return Err(Error::internal(format!("{} answered no record", api.name))) };
    if property.read > row.level {
        return Err(Error::forbidden(format!("{} of this {object} is not for you", property.name)));
    }
    let value = row.record.get(property.name);
    if value.is_null() {
        return Err(Error::field("fieldName", "is not set in this record"));
    }
    let mut model = def.name.to_owned();
    if let Some(first) = model.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let action = |value: serde_json::Value| {
        json!({
            "type": "secret", "fieldName": property.name, "fieldLabel": title(property.name), "value": value,
            "renderType": input.render_type.unwrap_or(RenderType::Text).as_str(), "serviceName": def.service,
            "objectName": def.name, "modelName": model, "recordId": id.to_string(),
        })
    };
    // A page renders text, whatever the property's kind.
    let text = value.as_text().map_or_else(|| value.to_json().to_string(), str::to_owned);
    Ok(Action::of(action(json!(text)), action(json!(MASK))))
}

fn no_secret(def: &ObjectDef) -> Error {
    let secrets: Vec<&str> = def.properties.iter().filter(|p| p.secret).map(|p| p.name).collect();
    Error::field("fieldName", format!("must be a secret of {}: {}", def.name, secrets.join(", ")))
}
