//! Rows found by their words.

use workforceos_core::objects::User;
use workforceos_core::{Cond, DataObject as _, Query, words};
use workforceos_store::Store;

use crate::database::{Fresh, NOW, committed};
use crate::objects::{company, purge, put, user};
use crate::on_both;

/// More than are named by their ids.
const MANY: u128 = 1_100;

fn named(n: u128, fullname: &str) -> User {
    User { fullname: fullname.to_owned(), ..user(company(1), n) }
}

fn query(keyword: &str) -> Query {
    let mut query = Query::of(User::def(), company(1), Cond::Words(words::of(keyword).into_iter().collect()));
    query.total = true;
    query
}

/// The names that a keyword finds, and that page, list and count agree.
async fn found(store: &Store, keyword: &str) -> Vec<String> {
    let query = query(keyword);
    let page = store.page(&query).await.expect("reads");
    assert_eq!(page.total, page.rows.len() as u64, "{keyword}");
    assert_eq!(store.count(&query).await.expect("counts"), page.total, "{keyword}");
    assert_eq!(store.select(&query).await.expect("reads").len(), page.rows.len(), "{keyword}");
    page.rows.iter().map(|row| row.record.get("fullname").as_text().unwrap_or_default().to_owned()).collect()
}

on_both!(rows_are_found_by_beginnings_of_words);
async fn rows_are_found_by_beginnings_of_words(fresh: &mut Fresh) {
    let store = &fresh.store;
    let people = [named(1, "Zoë Müller"), named(2, "Łukasz Mullins"), named(3, "Иван Петров")];
    let foreign = User { fullname: "Zoë Müller".to_owned(), ..user(company(2), 9) };
    committed(store, company(1), people.iter().map(put).collect()).await;
    committed(store, company(2), vec![put(&foreign)]).await;
    for (keyword, expected) in [
        ("mull", &["Zoë Müller", "Łukasz Mullins"][..]),
        ("MÜLLE", &["Zoë Müller"]),
        ("zoe mul", &["Zoë Müller"]),
        ("mul zoe", &["Zoë Müller"]),
        ("luk", &["Łukasz Mullins"]),
        ("ivan", &["Иван Петров"]),
        ("user2@exam", &["Łukasz Mullins"]),
        ("example.com", &["Zoë Müller", "Łukasz Mullins", "Иван Петров"]),
        ("ullins", &[]),
        ("zoe ivan", &[]),
        ("%_~'", &[]),
    ] {
        assert_eq!(found(store, keyword).await, expected, "{keyword}");
    }
}

on_both!(words_follow_their_rows);
async fn words_follow_their_rows(fresh: &mut Fresh) {
    let store = &fresh.store;
    let ann = named(1, "Ann Lee");
    let mut wed = ann.clone().touched(NOW);
    wed.fullname = "Ann Novak".to_owned();
    let wed_again = User { fullname: "Ann Nowak".to_owned(), ..wed.clone().touched(NOW) };
    committed(store, company(1), vec![put(&ann), put(&named(2, "Bob Lee"))]).await;
    // Twice in one commit: the last has the word.
    committed(store, company(1), vec![put(&wed), put(&wed_again)]).await;
    assert_eq!(found(store, "lee").await, ["Bob Lee"]);
    assert_eq!(found(store, "novak").await, [""; 0]);
    assert_eq!(found(store, "now ann").await, ["Ann Nowak"]);
    let gone = wed_again.deleted(NOW);
    committed(store, company(1), vec![put(&gone)]).await;
    assert_eq!(found(store, "nowak").await, [""; 0]);
    committed(store, company(1), vec![purge(&named(2, ""))]).await;
    assert_eq!(found(store, "lee").await, [""; 0]);
    assert_eq!(fresh.number("SELECT count(*) FROM users_word").await, 0);
}

on_both!(many_rows_are_found_as_well_as_few);
async fn many_rows_are_found_as_well_as_few(fresh: &mut Fresh) {
    let store = &fresh.store;
    let name = |n: u128| if n.is_multiple_of(100) { "Rare Common" } else { "Common" };
    committed(store, company(1), (1..=MANY).map(|n| put(&named(n, name(n)))).collect()).await;
    assert_eq!(found(store, "comm").await.len() as u128, MANY);
    assert_eq!(found(store, "comm rar").await.len() as u128, MANY / 100);
    let mut page = query("common user");
    (page.offset, page.limit) = (1_000, 70);
    let page = store.page(&page).await.expect("reads");
    assert_eq!((page.rows.len(), u128::from(page.total)), (70, MANY));
}

on_both!(words_of_another_version_are_made_anew);
async fn words_of_another_version_are_made_anew(fresh: &mut Fresh) {
    let people = (1..=1_500).map(|n| put(&named(n, "Ann Lee"))).collect();
    committed(&fresh.store, company(1), people).await;
    committed(&fresh.store, company(1), vec![put(&named(1, "Ann Lee").deleted(NOW))]).await;
    fresh.raw("DELETE FROM users_word WHERE word = 'ann'; UPDATE word_version SET version = 0").await.expect("changes");
    assert_eq!(found(&fresh.store, "ann").await.len(), 0);
    fresh.reopen().await;
    assert_eq!(found(&fresh.store, "ann").await.len(), 1_499);
    // Of this version: left alone.
    fresh.raw("DELETE FROM users_word WHERE word = 'ann'").await.expect("changes");
    fresh.reopen().await;
    assert_eq!(found(&fresh.store, "ann").await.len(), 0);
    assert_eq!(found(&fresh.store, "lee").await.len(), 1_499);
}
