//! The mail server is away for a while: what was to be sent waits, and nothing is lost or sent twice.

use std::time::Duration;

use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use workforceos_core::id::UserId;
use workforceos_tests::{Client, DEADLINE, Db, PASSWORD, Person, on_both_databases};

use super::World;
use super::smtp::Smtp;
use crate::identity::{at, works};
use crate::text;

on_both_databases!(a_mail_arrives_once_the_server_is_back, a_storm_of_logins_loses_no_mail, a_mail_that_waits_survives_a_restart,);

/// More than are sent at a time.
const STORM: usize = 45;

/// An address at which a server hangs up on whoever comes, until it is back.
struct Away {
    port: u16,
    tries: watch::Receiver<usize>,
    /// Where it is once it is back.
    back: watch::Sender<Option<u16>>,
}

impl Away {
    async fn begin() -> Away {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let ((counted, tries), (back, there)) = (watch::channel(0), watch::channel(None));
        // The address stays ours: one that is given up somebody else may take.
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let there = *there.borrow();
                match there {
                    Some(port) => drop(tokio::spawn(pass(connection, port))),
                    None => counted.send_modify(|tries| *tries += 1),
                }
            }
        });
        Away { port, tries, back }
    }

    fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Moves the clock on until so many tries have failed in all.
    async fn fail(&mut self, world: &World, count: usize) {
        tokio::select! {
            tried = timeout(DEADLINE, self.tries.wait_for(|tries| *tries >= count)) => drop(tried.expect("a try")),
            () = time_goes_by(world) => unreachable!("time does not end"),
        }
    }

    /// The server is back.
    async fn end(self) -> Option<Smtp> {
        let smtp = Smtp::start(&[]).await?;
        self.back.send_replace(Some(smtp.port));
        Some(smtp)
    }
}

async fn pass(mut client: TcpStream, port: u16) -> std::io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

async fn time_goes_by(world: &World) {
    loop {
        world.app.clock.advance_minutes(1);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Moves the clock on until so many mails have come.
async fn moving_on(world: &World, smtp: &Smtp, count: usize) {
    let arriving = async {
        while smtp.mails().len() < count {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        arrived = timeout(DEADLINE, arriving) => assert!(arrived.is_ok(), "{} of {count} mails have come", smtp.mails().len()),
        () = time_goes_by(world) => unreachable!("time does not end"),
    }
}

async fn a_mail_arrives_once_the_server_is_back(db: Db) {
    if Smtp::start(&[]).await.is_none() {
        return;
    }
    let mut away = Away::begin().await;
    let world = World::make(db, &away.url()).await;
    world.register("ann@acme.test", "Ann").await;
    world.ask("ann@acme.test").await;
    away.fail(&world, 2).await;
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
    if Smtp::start(&[]).await.is_none() {
        return;
    }
    let mut away = Away::begin().await;
    let world = World::make(db, &away.url()).await;
    world.register("ann@acme.test", "Ann").await;
    world.ask("ann@acme.test").await;
    away.fail(&world, 1).await;
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
    if Smtp::start(&[]).await.is_none() {
        return;
    }
    let mut away = Away::begin().await;
    let mut world = World::make(db, &away.url()).await;
    world.register("ann@acme.test", "Ann").await;
    world.ask("ann@acme.test").await;
    away.fail(&world, 1).await;
    world.app.stop().await;
    let smtp = away.end().await.expect("there is one");
    world.app.restart().await;
    moving_on(&world, &smtp, 1).await;
    world.confirm(&smtp.to("ann@acme.test", 1).await).await;
}
