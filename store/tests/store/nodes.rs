//! Several nodes on one PostgreSQL.

use std::time::Duration;

use tokio::time::timeout;
use workforceos_core::Cond;
use workforceos_core::objects::User;
use workforceos_store::Moved;

use crate::database::{Fresh, committed};
use crate::objects::{company, put, query, user};

const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_take_turns_on_one_company() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let second = fresh.second().await.expect("opens");
    let mut tasks = Vec::new();
    for (node, store) in [fresh.store.clone(), second.clone()].into_iter().enumerate() {
        tasks.push(tokio::spawn(async move {
            let mut seqs = Vec::new();
            for i in 0..40 {
                let new = user(company(1), 1000 * node as u128 + i);
                seqs.extend(committed(&store, company(1), vec![put(&new)]).await.iter().map(|e| e.seq));
            }
            seqs
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.expect("runs"));
    }
    all.sort_unstable();
    assert_eq!(all, (1..=80).collect::<Vec<i64>>());
    assert_eq!(second.verify(company(1)).await.expect("verifies").first_bad, None);
    second.close().await;
    fresh.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_hears_of_the_others_commits_alone() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let second = fresh.second().await.expect("opens");
    let (mut first_hears, mut second_hears) = (fresh.store.listen(), second.listen());
    committed(&fresh.store, company(1), vec![put(&user(company(1), 1))]).await;
    let heard = timeout(SOON, second_hears.recv()).await.expect("soon").expect("open");
    assert_eq!(heard, Moved { company: company(1), from: 0, seq: 1 });
    committed(&second, company(1), vec![put(&user(company(1), 2)), put(&user(company(1), 3))]).await;
    let heard = timeout(SOON, first_hears.recv()).await.expect("soon").expect("open");
    assert_eq!(heard, Moved { company: company(1), from: 1, seq: 3 });
    // What is heard first is the other's next commit, nothing of one's own.
    committed(&fresh.store, company(2), vec![put(&user(company(2), 4))]).await;
    committed(&second, company(3), vec![put(&user(company(3), 5))]).await;
    let heard = timeout(SOON, first_hears.recv()).await.expect("soon").expect("open");
    assert_eq!(heard, Moved { company: company(3), from: 0, seq: 1 });
    assert!(fresh.store.listening() && second.listening());
    second.close().await;
    fresh.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_listener_says_so_and_catches_up() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let second = fresh.second().await.expect("opens");
    let mut hears = fresh.store.listen();
    // Every connection of both nodes that does nothing but listen.
    let kill =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    fresh.raw(kill).await.expect("kills");
    let down = async {
        while fresh.store.listening() {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, down).await.expect("notices");
    committed(&second, company(1), vec![put(&user(company(1), 1))]).await;
    let heard = timeout(SOON, hears.recv()).await.expect("soon").expect("open");
    assert_eq!(heard, Moved { company: company(1), from: 0, seq: 1 });
    let up = async {
        while !fresh.store.listening() {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, up).await.expect("is back");
    second.close().await;
    fresh.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_follow_the_other_nodes_commits() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let second = fresh.second().await.expect("opens");
    let mut list = query::<User>(company(1), Cond::TRUE);
    (list.limit, list.total) = (2, true);
    committed(&fresh.store, company(1), (0..5).map(|n| put(&user(company(1), n))).collect()).await;
    for (extra, cached) in [(0, false), (0, true), (1, false), (0, true)] {
        if extra > 0 {
            committed(&second, company(1), vec![put(&user(company(1), 50))]).await;
        }
        let page = fresh.store.page(&list).await.expect("reads");
        assert_eq!(page.total_cached, cached);
        assert_eq!(page.total, second.count(&list).await.expect("counts"));
    }
    second.close().await;
    fresh.end().await;
}
