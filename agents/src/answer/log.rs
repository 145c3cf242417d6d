//! The events of one answer, for readers that come, fall behind, leave and come back.
//!
//! Pieces of text that follow each other are kept as one text with the place of each piece in it, a few bytes per piece. A reader
//! holds a position and nothing else, so that a slow one costs nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::{Value as Json, json};
use tokio::sync::watch;

use super::Event;

/// How far a reader may be behind and still get every piece of text as an event of its own. What is further back comes joined, with
/// the id of the last piece in it.
pub const KEPT: u64 = 2_000;

/// The events of one answer.
pub struct Log {
    kept: Mutex<Kept>,
    news: watch::Sender<()>,
}

#[derive(Default)]
struct Kept {
    parts: Vec<Part>,
    /// The id of the newest event.
    last: u64,
    ended: bool,
    bytes: usize,
}

enum Part {
    /// Pieces of text with the ids from `first` on, and where each ends.
    Text {
        first: u64,
        text: String,
        ends: Vec<u32>,
    },
    Other(Arc<Event>),
}

impl Part {
    fn last(&self) -> u64 {
        match self {
            Part::Text { first, ends, .. } => first + ends.len() as u64 - 1,
            Part::Other(event) => event.id,
        }
    }
}

/// What a reader finds after its position.
enum Next {
    Event(Arc<Event>),
    Nothing,
    End,
}

impl Default for Log {
    fn default() -> Log {
        Log { kept: Mutex::default(), news: watch::Sender::new(()) }
    }
}

impl Log {
    /// Adds a piece of text.
    pub fn text(&self, piece: &str) {
        self.add(|kept| {
            kept.bytes += piece.len() + size_of::<u32>();
            if let Some(Part::Text { text, ends, .. }) = kept.parts.last_mut() {
                text.push_str(piece);
                ends.push(text.len() as u32);
            } else {
                kept.parts.push(Part::Text { first: kept.last + 1, text: piece.to_owned(), ends: vec![piece.len() as u32] });
            }
        });
    }

    /// Adds an event that is no text.
    pub fn event(&self, kind: &'static str, data: Json) {
        self.add(|kept| kept.push(kind, data));
    }

    /// Adds the last event.
    pub fn end(&self, kind: &'static str, data: Json) {
        self.add(|kept| {
            kept.push(kind, data);
            kept.ended = true;
        });
    }

    pub fn ended(&self) -> bool {
        self.lock().ended
    }

    /// The id of the newest event.
    pub fn last(&self) -> u64 {
        self.lock().last
    }

    /// About how many bytes the events take.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// The events after an id, those to come included. An id that this answer has not reached is another answer's: then all of them.
    pub fn events(self: &Arc<Log>, after: u64) -> BoxStream<'static, Arc<Event>> {
        let after = if after > self.last() { 0 } else { after };
        let reader = (self.clone(), self.news.subscribe(), after);
        stream::unfold(reader, |(log, mut news, after)| async move {
            loop {
                news.borrow_and_update();
                match log.next(after) {
                    Next::Event(event) => {
                        let id = event.id;
                        return Some((event, (log, news, id)));
                    }
                    Next::End => return None,
                    Next::Nothing => news.changed().await.ok()?,
                }
            }
        })
        .boxed()
    }

    fn next(&self, after: u64) -> Next {
        let kept = self.lock();
        if after >= kept.last {
            return if kept.ended { Next::End } else { Next::Nothing };
        }
        let part = &kept.parts[kept.parts.partition_point(|part| part.last() <= after)];
        Next::Event(match part {
            Part::Other(event) => event.clone(),
            Part::Text { first, text, ends } => {
                let far = kept.last - after > KEPT;
                let to = if far { part.last().min(kept.last - KEPT) } else { after + 1 };
                let place = |id: u64| if id < *first { 0 } else { ends[(id - first) as usize] as usize };
                Arc::new(Event { id: to, kind: "text", data: json!({"content": &text[place(after)..place(to)]}) })
            }
        })
    }

    fn add(&self, change: impl FnOnce(&mut Kept)) {
        let mut kept = self.lock();
        if !kept.ended {
            change(&mut kept);
            kept.last += 1;
        }
        drop(kept);
        self.news.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, kind: &'static str, data: Json) {
        self.bytes += size(&data);
        self.parts.push(Part::Other(Arc::new(Event { id: self.last + 1, kind, data })));
    }
}

/// The bytes of a value as JSON, without writing it anywhere.
pub(super) fn size(value: &Json) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Writing into a number cannot fail, and neither can JSON that is one already.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

#[cfg(test)]
mod tests;
