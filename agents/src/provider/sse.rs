//! The events of an answer, as they arrive. Whatever a server sends, no more than one event is held.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use eventsource_stream::{Event, EventStream, EventStreamError};
use futures_util::stream::{self, BoxStream, unfold};
use futures_util::{Stream, StreamExt};

use super::Failure;

/// The longest event in bytes.
const EVENT: usize = 1024 * 1024;

/// The body, line by line.
type Text = BoxStream<'static, Result<String, Failure>>;

/// Reads events; dropping it closes the connection.
pub(super) struct Events(Pin<Box<EventStream<Text>>>);

impl Events {
    /// `idle`: the longest silence between two pieces of the body.
    pub fn of<E: Send + 'static>(
        body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
        idle: Duration,
        broken: impl Fn(E) -> Failure + Send + 'static,
    ) -> Events {
        let reading = (Box::pin(body), Lines::default(), broken);
        let lines = unfold(reading, move |(mut body, mut lines, broken)| async move {
            let read = match tokio::time::timeout(idle, body.next()).await {
                Err(_) => vec![Err(Failure::TimedOut)],
                Ok(None) => return None,
                Ok(Some(Err(error))) => vec![Err(broken(error))],
                Ok(Some(Ok(bytes))) => lines.take(&bytes),
            };
            Some((stream::iter(read), (body, lines, broken)))
        });
        Events(Box::pin(EventStream::new(lines.flatten().boxed())))
    }

    /// The next event; `None` at the answer's end.
    pub async fn next(&mut self) -> Result<Option<Event>, Failure> {
        match self.0.next().await {
            None => Ok(None),
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(EventStreamError::Transport(failure))) => Err(failure),
            Some(Err(_)) => Err(Failure::Malformed("what came is no event stream".to_owned())),
        }
    }
}

/// Cuts bytes into lines of text, and measures events.
///
/// The reader behind it would keep what it cannot read yet, without end, look through it again with every piece, copy what follows with every
/// line, and stumble over a byte order mark: it gets one whole line at a time.
#[derive(Default)]
struct Lines {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// Bytes of the event that is arriving.
    length: usize,
    begun: bool,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) -> Vec<Result<String, Failure>> {
        let mut lines = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.length += part.len();
            if self.length > EVENT {
                lines.push(Err(Failure::Malformed("an event is longer than 1 MB".to_owned())));
                return lines;
            }
            self.line.extend_from_slice(part);
            if !part.ends_with(b"\n") {
                break;
            }
            let Ok(mut line) = String::from_utf8(std::mem::take(&mut self.line)) else {
                lines.push(Err(Failure::Malformed("what came is not UTF-8".to_owned())));
                return lines;
            };
            if !self.begun && line.starts_with('\u{feff}') {
                line.remove(0);
            }
            self.begun = true;
            if line.trim_end_matches(['\r', '\n']).is_empty() {
                self.length = 0;
            }
            lines.push(Ok(line));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(chunks: Vec<Vec<u8>>) -> (Vec<String>, Option<Failure>) {
        let body = stream::iter(chunks.into_iter().map(|chunk| Ok::<_, String>(Bytes::from(chunk))));
        let mut events = Events::of(body, Duration::from_secs(5), Failure::Unreachable);
        let mut datas = Vec::new();
        loop {
            match events.next().await {
                Ok(Some(event)) => datas.push(event.data),
                Ok(None) => return (datas, None),
                Err(failure) => return (datas, Some(failure)),
            }
        }
    }

    #[tokio::test]
    async fn however_it_is_cut_it_says_the_same() {
        for text in [
            "data: größer 👍\n\n: still here\n\ndata: two\ndata: lines\n\n",
            "\u{feff}data: größer 👍\n\ndata: two\ndata: lines\n\n",
        ] {
            for text in [text.to_owned(), text.replace('\n', "\r\n")] {
                for size in 1..12 {
                    let chunks = text.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
                    assert_eq!(read(chunks).await, (vec!["größer 👍".to_owned(), "two\nlines".to_owned()], None), "{size}");
                }
            }
        }
    }

    #[tokio::test]
    async fn no_event_is_longer_than_the_limit() {
        let long = |size: usize| vec![b"data: first\n\ndata: ".to_vec(), vec![b'x'; size], b"\n\n".to_vec()];
        let (datas, failure) = read(long(EVENT - 100)).await;
        assert_eq!((datas.len(), failure), (2, None));
        let (datas, failure) = read(long(EVENT)).await;
        assert_eq!(datas, ["first"]);
        assert!(matches!(failure, Some(Failure::Malformed(_))), "{failure:?}");
        // Many short ones may be as long as they like together.
        let many = (0..300).map(|_| [b"data: ".to_vec(), vec![b'x'; 8_000], b"\r\n\r\n".to_vec()].concat()).collect();
        let (datas, failure) = read(many).await;
        assert_eq!((datas.len(), failure), (300, None));
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_end_it() {
        let (_, failure) = read(vec![b"data: \xff\xfe\n\n".to_vec()]).await;
        assert_eq!(failure, Some(Failure::Malformed("what came is not UTF-8".to_owned())));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_not_endless() {
        let body = stream::iter([Ok::<_, String>(Bytes::from("data: one\n\n"))]).chain(stream::pending());
        let mut events = Events::of(body, Duration::from_secs(60), Failure::Unreachable);
        assert!(matches!(events.next().await, Ok(Some(event)) if event.data == "one"));
        assert_eq!(events.next().await, Err(Failure::TimedOut));
    }
}
