//! Reading a live stream, event by event.

use futures_util::StreamExt;
use serde_json::Value as Json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::DEADLINE;

/// One event as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub id: Option<i64>,
    /// `snapshot`, `reset` or `end`; journal events have no name.
    pub name: Option<String>,
    pub data: Json,
}

impl Seen {
    /// The journal event's type, such as `shift.created`.
    pub fn kind(&self) -> &str {
        self.data["type"].as_str().unwrap_or_default()
    }

    pub fn object_id(&self) -> &str {
        self.data["object"]["id"].as_str().unwrap_or_default()
    }

    fn is_named(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }
}

/// An open stream. Dropping it closes the connection.
pub struct Live {
    events: mpsc::UnboundedReceiver<Seen>,
    reader: JoinHandle<()>,
}

impl Live {
    /// Opens a stream of `text/event-stream`, whoever serves it.
    pub async fn open(request: reqwest::RequestBuilder) -> Live {
        let response = request.send().await.expect("the stream opens");
        let status = response.status().as_u16();
        if status != 200 {
            panic!("the stream was refused: {status} {}", response.text().await.unwrap_or_default());
        }
        let (sender, events) = mpsc::unbounded_channel();
        let reader = tokio::spawn(async move {
            let mut bytes = response.bytes_stream();
            let mut text = Vec::new();
            while let Some(Ok(chunk)) = bytes.next().await {
                text.extend_from_slice(&chunk);
                while let Some(end) = text.windows(2).position(|w| w == b"\n\n") {
                    let frame: Vec<u8> = text.drain(..end + 2).collect();
                    let frame = String::from_utf8(frame).expect("an event is UTF-8");
                    if parse(&frame).is_some_and(|seen| sender.send(seen).is_err()) {
                        return;
                    }
                }
            }
        });
        Live { events, reader }
    }

    /// The next event; `None` once the server has closed the stream.
    pub async fn next(&mut self) -> Option<Seen> {
        tokio::time::timeout(DEADLINE, self.events.recv()).await.expect("an event, or the stream's end, within the deadline")
    }

    /// What has come already. That nothing has proves little: see [`Live::next_is`].
    pub fn waiting(&mut self) -> Option<Seen> {
        self.events.try_recv().ok()
    }

    /// The next event of the journal. A stream that is opened right after somebody's reach has changed may begin anew once more,
    /// though its board is of after that.
    pub async fn told(&mut self) -> Seen {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if !event.is_named("reset") && !event.is_named("snapshot") {
                return event;
            }
        }
    }

    /// The next event of the journal is about this object: of all that happened before, the stream was told nothing more.
    pub async fn next_is(&mut self, id: impl std::fmt::Display) {
        let event = self.told().await;
        assert_eq!(event.object_id(), id.to_string(), "nothing before it: {event:?}");
    }

    /// The next event, which is the board.
    pub async fn snapshot(&mut self) -> Json {
        let first = self.next().await.expect("the stream begins");
        assert!(first.is_named("snapshot") && first.id.is_some(), "a stream begins with the board: {first:?}");
        first.data
    }

    /// The stream begins anew, since what the user may see is another now; answers the new board, past what came before it.
    pub async fn begins_anew(&mut self) -> Json {
        let mut reset = self.next().await.expect("the stream goes on");
        while reset.is_named("snapshot") {
            // Of a time before, see `told`.
            reset = self.next().await.expect("the stream goes on");
        }
        assert!(reset.is_named("reset"), "the stream begins anew: {reset:?}");
        let mut seen = self.until(|event| event.is_named("snapshot")).await;
        let board = seen.pop().expect("a board");
        assert!(seen.iter().all(|event| event.id.is_some() && event.id <= board.id), "what came before it: {seen:?}");
        board.data
    }

    /// Events up to and with the first for which `done` holds.
    pub async fn until(&mut self, done: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        let mut seen = Vec::new();
        loop {
            let Some(event) = self.next().await else { panic!("the stream ended after {seen:?}") };
            seen.push(event);
            if seen.last().is_some_and(&done) {
                return seen;
            }
        }
    }

    /// Events up to and with one about an object.
    pub async fn until_object(&mut self, id: &str) -> Vec<Seen> {
        self.until(|event| event.object_id() == id).await
    }

    /// The reason with which the server ends the stream, after whatever else comes.
    pub async fn ended(&mut self) -> String {
        while let Some(event) = self.next().await {
            if event.is_named("end") {
                assert!(self.next().await.is_none(), "nothing follows the end");
                return event.data["reason"].as_str().unwrap_or_default().to_owned();
            }
        }
        String::new()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Reads a frame; comments alone are none.
fn parse(frame: &str) -> Option<Seen> {
    let (mut id, mut name, mut data) = (None, None, String::new());
    for line in frame.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => id = value.parse().ok(),
            "event" => name = Some(value.to_owned()),
            "data" => data.push_str(value),
            _ => {}
        }
    }
    (!data.is_empty()).then(|| Seen { id, name, data: serde_json::from_str(&data).expect("an event's data is JSON") })
}
