//! What is sent: the event as the live stream has it for admins.

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::time::Timestamp;
use workforceos_store::Store;

/// Which delivery it is the body of.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub id: Uuid,
    pub company: CompanyId,
    pub webhook: Uuid,
    pub kind: &'a str,
    /// `None`: a test.
    pub seq: Option<i64>,
    pub made_at: Timestamp,
    pub made_by: Option<UserId>,
}

/// The body, the same at every try; `None` if the event's content was erased since. It is read from the journal each time: there is
/// no other copy of what it says about people, and what the journal forgets is not sent any more.
pub async fn of(store: &Store, about: About<'_>) -> Result<Option<String>> {
    let Some(seq) = about.seq else {
        let object = json!({"webhookId": about.webhook});
        return Ok(Some(body(&about, about.made_at, about.made_by, &object.to_string())));
    };
    let event = store.event_text(about.company, seq).await?;
    Ok(event.map(|event| body(&about, event.at, event.actor, &event.object)))
}

fn body(about: &About<'_>, at: Timestamp, actor: Option<UserId>, object: &str) -> String {
    let (kind, seq) = (Json::from(about.kind), Json::from(about.seq));
    let actor = actor.map_or(Json::Null, |actor| Json::from(actor.to_string()));
    let (id, company) = (about.id, about.company);
    format!(
        "{{\"id\":\"{id}\",\"type\":{kind},\"companyId\":\"{company}\",\"seq\":{seq},\"at\":\"{at}\",\"actorId\":{actor},\"object\":{object}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json() {
        let about = About {
            id: Uuid::from_u128(1),
            company: CompanyId(Uuid::from_u128(2)),
            webhook: Uuid::from_u128(3),
            kind: "shift.created",
            seq: Some(7),
            made_at: Timestamp(0),
            made_by: None,
        };
        let text = body(&about, Timestamp(1_780_000_000_000), Some(UserId(Uuid::from_u128(4))), r#"{"id":"x"}"#);
        let json: Json = serde_json::from_str(&text).expect("JSON");
        let expected = json!({
            "id": Uuid::from_u128(1), "type": "shift.created", "companyId": Uuid::from_u128(2), "seq": 7,
            "at": "2026-05-28T20:26:40.000Z", "actorId": Uuid::from_u128(4), "object": {"id": "x"},
        });
        assert_eq!(json, expected);
        let test = body(&About { seq: None, ..about }, Timestamp(0), None, "null");
        let json: Json = serde_json::from_str(&test).expect("JSON");
        assert_eq!((&json["seq"], &json["actorId"], &json["object"]), (&Json::Null, &Json::Null, &Json::Null));
    }
}
