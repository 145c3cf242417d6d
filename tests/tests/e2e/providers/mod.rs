//! The providers of language models against a server that speaks both wire formats. No server of ours runs here.

mod crowd;
mod faults;
mod foreign;
mod limits;
mod requests;
mod strictness;
mod tools;
mod turns;

use futures_util::StreamExt;
use serde_json::json;
use workforceos_agents::provider::{Call, Failure, Finish, Message, Piece, Providers, Request, Spec, Usage};
use workforceos_tests::Llm;
use workforceos_tests::llm::Wire;

const WIRES: [Wire; 2] = [Wire::Openai, Wire::Anthropic];

/// A provider of a wire.
fn of(llm: &Llm, wire: Wire) -> Providers {
    llm.of(wire, Llm::patience())
}

fn request(text: &str) -> Request {
    Request {
        model: "a-model".to_owned(),
        system: "You help with shifts.".to_owned(),
        messages: vec![Message::User(text.to_owned())],
        tools: vec![spec("listShifts"), spec("getShift")],
        temperature: Some(0.2),
        max_tokens: 500,
        json: false,
    }
}

fn spec(name: &str) -> Spec {
    let schema = json!({"type": "object", "properties": {"day": {"type": "string"}, "ids": {"type": "array", "items": {"type": "string"}}}});
    let schema = schema.as_object().cloned().unwrap_or_default();
    Spec { name: name.to_owned(), description: format!("Does {name}."), schema }
}

/// A whole turn.
#[derive(Debug, Default)]
struct Heard {
    pieces: Vec<Piece>,
    failure: Option<Failure>,
}

impl Heard {
    fn text(&self) -> String {
        self.pieces.iter().filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None }).collect()
    }

    fn calls(&self) -> Vec<Call> {
        self.pieces.iter().filter_map(|piece| if let Piece::Call(call) = piece { Some(call.clone()) } else { None }).collect()
    }

    fn begun(&self) -> Vec<&str> {
        self.pieces
            .iter()
            .filter_map(|piece| if let Piece::Begun { id, .. } = piece { Some(id.as_str()) } else { None })
            .collect()
    }

    #[track_caller]
    fn end(&self) -> (Finish, Usage) {
        match self.pieces.last() {
            Some(Piece::End { finish, usage }) if self.failure.is_none() => (*finish, *usage),
            _ => panic!("no end: {self:?}"),
        }
    }
}

/// Asks and listens to the end; a refusal before the first piece is the failure.
async fn hear(providers: &Providers, request: Request) -> Heard {
    let chosen = providers.choose(None, None).expect("a provider");
    let mut stream = match chosen.provider.turn(request).await {
        Ok(stream) => stream,
        Err(failure) => return Heard { failure: Some(failure), ..Heard::default() },
    };
    let mut heard = Heard::default();
    while let Some(piece) = stream.next().await {
        assert!(heard.failure.is_none() && !matches!(heard.pieces.last(), Some(Piece::End { .. })), "nothing follows the end");
        match piece {
            Ok(piece) => heard.pieces.push(piece),
            Err(failure) => heard.failure = Some(failure),
        }
    }
    heard
}
