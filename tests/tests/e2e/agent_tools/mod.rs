//! What a model may do and read: the tools of an answer, called as a script would have a model call them.

mod front_end;
mod injection;
mod lists;
mod logins;
mod names;

use serde_json::{Map, Value as Json, json};
use workforceos_agents::Agents;
use workforceos_agents::alias::{AliasMap, Holds};
use workforceos_agents::provider::{Call, Providers};
use workforceos_agents::toolbox::{Choice, Tools};
use workforceos_agents::tools::{Done, Toolbox as _};
use workforceos_core::session::Via;
use workforceos_core::{Caller, Result};
use workforceos_tests::{Client, TestApp};

/// What agents of a server work with.
pub fn agents(app: &TestApp) -> Agents {
    let dispatch = workforceos_services::dispatch(app.services()).expect("the declarations are sound");
    Agents::new(dispatch.clone(), workforceos_mcp::server(dispatch), Providers::default())
}

/// Somebody who is about to be answered, as the edge knows them.
pub fn caller(client: &Client) -> Caller {
    let (token, company) = (client.token.clone(), client.claim.clone());
    Caller { token, company, via: Via::Rest, client: None, address: None, request_id: "an answer".into() }
}

/// The tools of a conversation that begins.
pub async fn tools(app: &TestApp, client: &Client) -> Tools {
    with(app, client, &Choice::chat(Vec::new()), AliasMap::default()).await.expect("tools")
}

pub async fn with(app: &TestApp, client: &Client, choice: &Choice, aliases: AliasMap) -> Result<Tools> {
    Tools::new(&agents(app), caller(client), choice, aliases).await
}

/// What becomes of a call that a model writes, by the steps that every answer takes.
pub async fn ask(tools: &Tools, name: &str, arguments: Json) -> Done {
    let call = tools.meant(&Call { id: "call_1".to_owned(), name: name.to_owned(), arguments: arguments.to_string() });
    match tools.arguments(&call) {
        Ok(arguments) => tools.call(&call.name, arguments).await,
        Err(done) => *done,
    }
}

/// The result of a success, as the model reads it.
#[track_caller]
pub fn told(done: &Done) -> Json {
    assert!(done.success && done.error.is_none(), "{done:?}");
    serde_json::from_str(&done.model).expect("JSON")
}

/// The JSON within what a page or a record is given.
#[track_caller]
pub fn content(result: &Json) -> Json {
    let text = result["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("text in {result}"));
    serde_json::from_str(text).expect("JSON")
}

/// A failure: its status and code, as page, record and model are told alike.
#[track_caller]
pub fn refused(done: &Done) -> (u16, String) {
    assert!(!done.success && done.error.is_some(), "{done:?}");
    let model: Json = serde_json::from_str(&done.model).expect("JSON");
    assert_eq!((&done.page["success"], &done.page["errCode"]), (&json!(false), &model["errCode"]));
    assert_eq!((done.page["error"].as_str(), &done.page), (done.error.as_deref(), &done.kept));
    let status = model["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
    (status, crate::text(&model, "errCode"))
}

/// What a model reads with every name turned back.
pub fn revealed(tools: &Tools, model: &Json) -> Json {
    let mut whole = Map::from_iter([("whole".to_owned(), model.clone())]);
    tools.aliases().reveal(&mut whole, |_| Holds::Ids);
    whole.remove("whole").unwrap_or_default()
}

/// Whether an id stands somewhere in a text.
pub fn has_id(text: &str) -> bool {
    let fits = |window: &[u8]| {
        window.iter().enumerate().all(|(at, b)| if [8, 13, 18, 23].contains(&at) { *b == b'-' } else { b.is_ascii_hexdigit() })
    };
    text.as_bytes().windows(36).any(fits)
}
