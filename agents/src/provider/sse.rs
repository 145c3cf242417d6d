//! The events of an answer, as they arrive. Whatever a server sends, no more than one event is held.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use eventsource_stream::{Event, EventStream, EventStreamError};
use futures_util::stream::{BoxStream, unfold};
use futures_util::{Stream, StreamExt};

use super::Failure;

/// The longest event in bytes.
const EVENT: usize = 1024 * 1024;

/// The body as text.
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
        let reading = (Box::pin(body), Guard::default(), broken);
        let text = unfold(reading, move |(mut body, mut guard, broken)| async move {
            let text = match tokio::time::timeout(idle, body.next()).await {
                Err(_) => Err(Failure::TimedOut),
                Ok(None) => return None,
                Ok(Some(Err(error))) => Err(broken(error)),
                Ok(Some(Ok(bytes))) => guard.take(&bytes),
            };
            Some((text, (body, guard, broken)))
        });
        Events(Box::pin(EventStream::new(text.boxed())))
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

/// Turns bytes into text, and measures events.
///
/// The reader behind it keeps what it cannot read yet, without end, and stumbles over a byte order mark; so neither reaches it.
#[derive(Default)]
struct Guard {
    /// The beginning of a character whose end has not come.
    rest: Vec<u8>,
    begun: bool,
    /// Bytes of the event that is arriving.
    length: usize,
    /// Whether nothing stands in the line so far.
    blank: bool,
}

impl Guard {
    fn take(&mut self, bytes: &[u8]) -> Result<String, Failure> {
        for byte in bytes {
            self.length += 1;
            match byte {
                b'\n' if self.blank => self.length = 0,
                b'\n' => self.blank = true,
                b'\r' => {}
                _ => self.blank = false,
            }
            if self.length > EVENT {
                return Err(Failure::Malformed("an event is longer than 1 MB".to_owned()));
            }
        }
        let mut bytes = [std::mem::take(&mut self.rest).as_slice(), bytes].concat();
        if let Err(error) = std::str::from_utf8(&bytes) {
            if error.error_len().is_some() {
                return Err(Failure::Malformed("what came is not UTF-8".to_owned()));
            }
            self.rest = bytes.split_off(error.valid_up_to());
        }
        let mut text = String::from_utf8(bytes).map_err(|_| Failure::Malformed("what came is not UTF-8".to_owned()))?;
        if !self.begun && !text.is_empty() {
            self.begun = true;
            if text.starts_with('\u{feff}') {
                text.remove(0);
            }
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

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
