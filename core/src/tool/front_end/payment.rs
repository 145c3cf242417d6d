//! `initiatePayment`: opens the payment page for an order that waits to be paid.

use serde_json::json;
use uuid::Uuid;

use super::{Action, FrontEnd};
use crate::answer::Data;
use crate::api::{Action as Does, BusinessApi};
use crate::error::{Error, Result};
use crate::input;
use crate::input::{Args, Place};
use crate::value::{Kind, Value};
use crate::wire_enum;

wire_enum! {
    /// What can be paid.
    pub enum OrderType {
        CompanySubscription => "companySubscription",
    }
}

input! {
    /// What shall be paid.
    pub struct Order {
        /// The order: the companySubscription's id.
        order_id: Uuid => "orderId" Body,
        /// What it is (companySubscription).
        order_type: Option<OrderType> => "orderType" Body,
    }
}

/// Whether an API reads an order by its id.
pub fn reads<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> bool {
    let order = OrderType::CompanySubscription.as_str();
    let by_id = matches!(api.fields, [id] if id.place == Place::Path && id.kind == Kind::Id);
    api.action == Does::Get && by_id && api.object.is_some_and(|def| def.name == order)
}

pub async fn initiate<S: Send + Sync + 'static>(front: &FrontEnd<'_, S>, input: Order) -> Result<Action> {
    let order_type = input.order_type.unwrap_or(OrderType::CompanySubscription);
    let mut apis = front.dispatch.registry.apis().iter();
    let api = apis.find(|api| reads(api) && front.usable(api));
    let api = api.ok_or_else(|| Error::forbidden("There is nothing that you could pay for"))?;
    let mut args = Args::default();
    args.path.push((api.fields[0].name, input.order_id.to_string()));
    let answer = front.dispatch.call(front.ctx.clone(), api, args, None).await?;
    let Data::One(row) = &answer.data else { return Err(Error::internal(format!("{} answered no record", api.name))) };
    let text = |name: &str| row.record.get(name).as_text().unwrap_or_default();
    if text("paymentConfirmation") == "paid" {
        return Err(Error::conflict("InvalidState", "This order is paid already"));
    }
    let Value::Int(cents) = row.record.get("amount") else { return Err(Error::internal("an order without an amount")) };
    let amount = *cents as f64 / 100.0;
    let currency = text("currency").to_ascii_uppercase();
    let description = format!("Subscription of {}", front.ctx.tenant.codename);
    let message = format!("Nothing is charged yet: the payment of {amount:.2} {currency} is the user's to make.");
    let action = json!({
        "type": "payment", "orderId": input.order_id.to_string(), "orderType": order_type.as_str(), "serviceName": api.service,
        "amount": amount, "currency": currency, "description": description,
    });
    Ok(Action::plain(action).saying(&message))
}
