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
mod tests {
    use futures_util::FutureExt;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What readers and writers do, in some order.
    #[derive(Clone, Debug)]
    enum Step {
        Text(String),
        Tool(u32),
        /// Somebody begins to read after a part of what there is (in thousandths).
        Join(u64),
        /// A reader takes so many events.
        Read(usize, usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => "[a-zé日]{1,5}".prop_map(Step::Text),
            1 => any::<u32>().prop_map(Step::Tool),
            1 => (0_u64..=1_000).prop_map(Step::Join),
            2 => (any::<usize>(), 0_usize..8).prop_map(|(who, many)| Step::Read(who, many)),
        ]
    }

    /// What events tell, however the text in them is cut: text joined, tools by their number.
    fn told(events: &[Arc<Event>]) -> Vec<String> {
        let mut all: Vec<String> = vec![String::new()];
        for event in events {
            match event.data["content"].as_str() {
                Some(piece) => all.last_mut().expect("one at least").push_str(piece),
                None => all.extend([event.data.to_string(), String::new()]),
            }
        }
        all
    }

    struct Reader {
        after: u64,
        stream: BoxStream<'static, Arc<Event>>,
        read: Vec<Arc<Event>>,
    }

    proptest! {
        #[test]
        fn every_reader_gets_all_that_follows_its_id_exactly_once(steps in vec(step(), 1..120), burst in 0_usize..2_600) {
            let log = Arc::new(Log::default());
            let mut all: Vec<Arc<Event>> = Vec::new();
            let mut readers: Vec<Reader> = Vec::new();
            let add = |all: &mut Vec<Arc<Event>>, kind: &'static str, data: Json| {
                match data["content"].as_str() {
                    Some(piece) => log.text(piece),
                    None => log.event(kind, data.clone()),
                }
                all.push(Arc::new(Event { id: all.len() as u64 + 1, kind, data }));
            };
            // So many that readers from the beginning are far behind.
            for i in 0..burst {
                add(&mut all, "text", json!({"content": format!("{i} ")}));
            }
            for step in steps {
                match step {
                    Step::Text(piece) => add(&mut all, "text", json!({"content": piece})),
                    Step::Tool(number) => add(&mut all, "tool_start", json!({"tool": number})),
                    Step::Join(part) => {
                        let after = all.len() as u64 * part / 1_000;
                        readers.push(Reader { after, stream: log.events(after), read: Vec::new() });
                    }
                    Step::Read(who, many) => {
                        let count = readers.len().max(1);
                        let Some(reader) = readers.get_mut(who % count) else { continue };
                        for _ in 0..many {
                            reader.read.extend(reader.stream.next().now_or_never().flatten());
                        }
                    }
                }
            }
            log.end("done", json!({}));
            all.push(Arc::new(Event { id: all.len() as u64 + 1, kind: "done", data: json!({}) }));
            prop_assert_eq!(log.last(), all.len() as u64);
            for mut reader in readers {
                reader.read.extend(reader.stream.collect::<Vec<_>>().now_or_never().expect("it has ended"));
                prop_assert_eq!(told(&reader.read), told(&all[reader.after as usize..]));
                prop_assert!(reader.read.windows(2).all(|two| two[0].id < two[1].id));
                prop_assert_eq!(reader.read.last().map(|event| event.id), all[reader.after as usize..].last().map(|event| event.id));
                if all.len() as u64 <= KEPT {
                    prop_assert_eq!(&reader.read, &all[reader.after as usize..]);
                }
                // Whatever it had read, who comes back there gets the rest.
                let back = reader.read.get(reader.read.len() / 2).map_or(reader.after, |event| event.id);
                let rest: Vec<_> = log.events(back).collect::<Vec<_>>().now_or_never().expect("it has ended");
                prop_assert_eq!(told(&rest), told(&all[back as usize..]));
            }
        }
    }

    #[test]
    fn text_takes_little_more_than_its_letters() {
        let log = Log::default();
        (0..10_000).for_each(|_| log.text("word "));
        assert_eq!((log.bytes(), log.last()), (90_000, 10_000));
        assert_eq!(log.lock().parts.len(), 1);
    }

    #[test]
    fn an_id_of_another_answer_means_from_the_beginning() {
        let log = Arc::new(Log::default());
        log.event("start", json!({}));
        log.end("done", json!({}));
        let ids = |after| log.events(after).map(|event| event.id).collect::<Vec<_>>().now_or_never().expect("it has ended");
        assert_eq!((ids(0), ids(1), ids(2), ids(3)), (vec![1, 2], vec![2], vec![], vec![1, 2]));
    }

    #[tokio::test]
    async fn a_reader_who_waits_is_woken_by_each_event() {
        let log = Arc::new(Log::default());
        let mut reader = log.events(0);
        let waiting =
            tokio::spawn(async move { (reader.next().await.map(|event| event.id), reader.next().await.map(|event| event.id)) });
        tokio::task::yield_now().await;
        log.text("a");
        tokio::task::yield_now().await;
        log.end("done", json!({}));
        assert_eq!(waiting.await.expect("reads"), (Some(1), Some(2)));
    }
}
