//! The mail server is away for a while: what was to be sent waits, and nothing is lost or sent twice.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use workforceos_core::id::UserId;
use workforceos_tests::{Client, DEADLINE, Db, PASSWORD, Person, on_both_databases};

use super::World;
use super::smtp::Smtp;
use crate::identity::{at, works};
use crate::text;

on_both_databases!(a_mail_arrives_once_the_server_is_back, a_storm_of_logins_loses_no_mail, a_mail_that_waits_survives_a_restart,);

/// More than are sent at a time.
const STORM: usize = 45;

/// An address at which a server hangs up on whoever comes, until told to stop.
struct Away {
    port: u16,
    listener: TcpListener,
}

impl Away {
    async fn begin() -> Away {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Away { port: listener.local_addr().expect("an address").port(), listener }
    }

    fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Waits for so many tries, all of which fail.
    async fn fail(&self, tries: usize) {
        for _ in 0..tries {
            let connection = tokio::time::timeout(DEADLINE, self.listener.accept()).await.expect("a try");
            drop(connection.expect("a connection"));
        }
    }

    /// The server is back.
    async fn end(self) -> Option<Smtp> {
        let port = self.port;
        drop(self.listener);
        Smtp::start(port, &[]).await
    }
}

/// Moves the clock on until so many mails have come.
async fn moving_on(world: &World, smtp: &Smtp, count: usize) {
    let arriving = async {
        while smtp.mails().len() < count {
            world.app.clock.advance_minutes(1);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let arrived = tokio::time::timeout(DEADLINE, arriving).await;
    assert!(arrived.is_ok(), "{} of {count} mails have come", smtp.mails().len());
}

async fn a_mail_arrives_once_the_server_is_back(db: Db) {
    if Smtp::start(0, &[]).await.is_none() {
        return;
    }
    let away = Away::begin().await;
    let world = World::make(db, &away.url()).await;
    world.register("ann@acme.test", "Ann").await;
    world.ask("ann@acme.test").await;
    away.fail(1).await;
    world.app.clock.advance_minutes(1);
    away.fail(1).await;
    let smtp = away.end().await.expect("there is one");
    moving_on(&world, &smtp, 1).await;
    let mail = smtp.to("ann@acme.test", 1).await;
    world.confirm(&mail).await;
}

/// Logs in, and asks for the code.
async fn log_in(world: &World, person: &Person) -> Client {
    let session = world.nobody().post(at::LOGIN, json!({"username": person.email, "password": PASSWORD})).await.ok();
    let half = world.nobody().with_token(&text(&session, "accessToken"));
    world.step(&half, "email-2factor-verification/start", json!({})).await.ok();
    half
}

async fn a_storm_of_logins_loses_no_mail(db: Db) {
    if Smtp::start(0, &[]).await.is_none() {
        return;
    }
    let away = Away::begin().await;
    let world = World::make(db, &away.url()).await;
    world.register("ann@acme.test", "Ann").await;
    world.ask("ann@acme.test").await;
    away.fail(1).await;
    let mut people: Vec<Person> = Vec::new();
    for number in 0..STORM {
        people.push(world.acme.unseen(&format!("nurse{number}")).await);
    }
    let storm = people.iter().map(|person| log_in(&world, person));
    let halves = futures_util::future::join_all(storm).await;
    let smtp = away.end().await.expect("there is one");
    moving_on(&world, &smtp, STORM + 1).await;
    world.confirm(&smtp.to("ann@acme.test", 1).await).await;
    let ids: std::collections::BTreeSet<UserId> = people.iter().map(|p| p.id).collect();
    assert_eq!(ids.len(), STORM);
    for (person, half) in people.iter().zip(&halves) {
        let mail = smtp.to(&person.email, 1).await;
        world.step(half, "email-2factor-verification/complete", json!({"secretCode": mail.code()})).await.ok();
        works(half).await;
    }
    assert_eq!(smtp.mails().len(), STORM + 1, "each once");
}

async fn a_mail_that_waits_survives_a_restart(db: Db) {
    if Smtp::start(0, &[]).await.is_none() {
        return;
    }
    let away = Away::begin().await;
    let mut world = World::make(db, &away.url()).await;
    world.register("ann@acme.test", "Ann").await;
    world.ask("ann@acme.test").await;
    away.fail(1).await;
    world.app.stop().await;
    let smtp = away.end().await.expect("there is one");
    world.app.restart().await;
    moving_on(&world, &smtp, 1).await;
    world.confirm(&smtp.to("ann@acme.test", 1).await).await;
}
