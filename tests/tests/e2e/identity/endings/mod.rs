//! What ends a login or a key, ends all that lives off it: at once, on every node, and nobody else's.

mod kinds;
mod others;
mod presence;

use serde_json::json;
use workforceos_tests::{Company, Db, Person, TestApp};

use self::presence::Presence;
use crate::identity::at;
use crate::text;

/// Ann, logged in twice and with a key, and Bob beside her, on a server that may have a twin.
pub struct World {
    pub app: TestApp,
    twin: Option<TestApp>,
    pub acme: Company,
    pub ann: Person,
    pub again: Person,
    pub robot: Person,
    pub key_id: String,
    bob: Person,
}

/// Which of Ann's three are over.
#[derive(Clone, Copy)]
pub struct Over {
    pub login: bool,
    pub other_login: bool,
    pub key: bool,
}

/// All that Ann has.
pub const ALL: Over = Over { login: true, other_login: true, key: true };
pub const LOGIN: Over = Over { login: true, other_login: false, key: false };
pub const KEY: Over = Over { login: false, other_login: false, key: true };

impl World {
    async fn make(db: Db, twin: bool) -> World {
        let app = TestApp::start(db).await;
        let acme = app.company("acme", "UTC").await;
        let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
        let mut again = ann.clone();
        again.log_in().await;
        let made = ann.post(at::KEYS, json!({"name": "robot"})).await.ok();
        let robot = Person { client: ann.with_token(&text(&made, "key")), ..ann.clone() };
        let twin = if twin { Some(app.twin().await) } else { None };
        World { app, twin, acme, ann, again, robot, key_id: text(&made["apiKey"], "id"), bob }
    }

    /// Where people are; what is done to them is done on the first server.
    fn seen_from(&self) -> &TestApp {
        self.twin.as_ref().unwrap_or(&self.app)
    }

    /// The id of Ann's first login.
    pub async fn login_id(&self) -> String {
        text(&self.ann.get(at::CURRENT_USER).await.ok(), "sessionId")
    }

    pub fn ann_at(&self, path: &str) -> String {
        format!("{path}/{}", self.ann.text())
    }
}

/// Lets everybody be there, does something, and sees who is still there.
pub async fn ends(db: Db, twin: bool, over: Over, act: impl AsyncFnOnce(&World)) {
    let world = World::make(db, twin).await;
    let server = world.seen_from();
    let mut anns = Vec::new();
    for who in [&world.ann, &world.again, &world.robot] {
        anns.push(Presence::of(&who.at(server)).await);
    }
    let mut bob = Presence::of(&world.bob.at(server)).await;
    act(&world).await;
    let over = [over.login, over.other_login, over.key];
    let mut left = Vec::new();
    for (presence, over) in anns.into_iter().zip(over) {
        if over {
            presence.ends_now(server).await;
        } else {
            left.push(presence);
        }
    }
    let mut people = vec![&world.bob];
    people.extend((!left.is_empty()).then_some(&world.ann));
    let shift = world.acme.shift("2026-06-05", "08:00-16:00", &people).await;
    bob.goes_on(&shift).await;
    for mut presence in left {
        presence.goes_on(&shift).await;
    }
}
