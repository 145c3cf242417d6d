//! Several nodes on one PostgreSQL.

use std::time::Duration;

use tokio::time::timeout;
use workforceos_core::objects::User;
use workforceos_core::{Cond, DataObject as _, Query, words};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_waits_for_another_without_a_limit() {
    let Some(mut fresh) = Fresh::postgres().await else { return };
    // What guards and what makes words anew tell of the limits that hold there; so does what comes later.
    let spy = "CREATE TABLE limits (what TEXT, lock TEXT, statement TEXT);
        CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            INSERT INTO limits VALUES (TG_TABLE_NAME, current_setting('lock_timeout'), current_setting('statement_timeout'));
            RETURN NULL; END $$;
        CREATE TRIGGER tell AFTER UPDATE ON word_version EXECUTE FUNCTION tell();
        CREATE TRIGGER tell AFTER INSERT ON users EXECUTE FUNCTION tell();
        CREATE TRIGGER tell AFTER INSERT ON _sqlx_migrations EXECUTE FUNCTION tell();
        UPDATE word_version SET version = 0;
        DELETE FROM limits;
        DROP INDEX users_archived, user_session_expired, user_session_ended, verification_begun, verification_ended;
        DROP INDEX outbox_due; CREATE INDEX outbox_due ON outbox (due_at);
        DELETE FROM _sqlx_migrations WHERE version = 5";
    fresh.raw(spy).await.expect("spies");
    fresh.reopen().await;
    committed(&fresh.store, company(1), vec![put(&user(company(1), 1))]).await;
    let count = |condition: &str| format!("SELECT count(*) FROM limits WHERE {condition}");
    let unlimited = count("what IN ('word_version', '_sqlx_migrations') AND lock = '0' AND statement = '0'");
    assert_eq!(fresh.number(&unlimited).await, 2);
    assert_eq!(fresh.number(&count("what = 'users' AND lock = '10s' AND statement = '1min'")).await, 1);
    assert_eq!(fresh.number(&count("true")).await, 3);
    fresh.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_made_anew_miss_no_row_that_is_being_written() {
    let Some(fresh) = Fresh::postgres().await else { return };
    committed(&fresh.store, company(1), vec![put(&user(company(1), 1))]).await;
    fresh.raw("DELETE FROM users_word; UPDATE word_version SET version = 0").await.expect("changes");
    // Another node is about to save a change of a name, with words of its own.
    let mut writing = fresh.connection().await;
    let write = "BEGIN; UPDATE users SET fullname = 'Zora'; INSERT INTO users_word SELECT company_id, 'zora', id FROM users";
    sqlx::raw_sql(write).execute(&mut writing).await.expect("writes");
    let opening = async { fresh.second().await.expect("opens") };
    let saving = async {
        let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'users'::regclass AND NOT granted";
        while fresh.number(waits).await == 0 {
            tokio::task::yield_now().await;
        }
        sqlx::raw_sql("COMMIT").execute(&mut writing).await.expect("saves");
    };
    let (second, ()) = timeout(SOON, async { tokio::join!(opening, saving) }).await.expect("it waits for the other, and goes on");
    let by_name = Query::of(User::def(), company(1), Cond::Words(words::of("zora").into_iter().collect()));
    assert_eq!(second.count(&by_name).await.expect("counts"), 1);
    second.close().await;
    fresh.end().await;
}
