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
    fn every_reader_gets_all_that_follows_its_id_exactly_once(steps in vec(step(), 1..120), burst in prop_oneof![3 => Just(0_usize), 1 => 1_900_usize..2_600]) {
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
