//! Every kind of ending, on the node where it happens and on another one.

use serde_json::json;
use workforceos_tests::{Db, PASSWORD};

use super::{ALL, KEY, LOGIN, Over, World, ends};
use crate::identity::at;
use crate::text;

/// Three tests for each kind of ending: on both databases, and seen from another node.
macro_rules! endings {
    ($($name:ident ($over:expr) => $act:expr),+ $(,)?) => { $(
        mod $name {
            use super::*;

            async fn happens(db: Db, twin: bool) {
                ends(db, twin, $over, $act).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                happens(Db::Sqlite, false).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if Db::Postgres.is_here() {
                    happens(Db::Postgres, false).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_another_node() {
                if Db::Postgres.is_here() {
                    happens(Db::Postgres, true).await;
                }
            }
        }
    )+ };
}

const NEW: &str = "an entirely new one";
const RESET: &str = "/auth-api/verification-services/password-reset-by-email";

endings!(
    a_role_change(ALL) => async |w: &World| {
        w.acme.owner.patch(&w.ann_at("/auth-api/v1/userrole"), json!({"roleId": "tenantAdmin"})).await.ok();
    },
    a_role_change_by_a_root_admin(ALL) => async |w: &World| {
        let root = w.app.super_admin().await.claiming("acme");
        root.patch(&w.ann_at("/auth-api/v1/userrole"), json!({"roleId": "tenantAdmin"})).await.ok();
    },
    a_password_change_of_ones_own(ALL) => async |w: &World| {
        let body = json!({"oldPassword": PASSWORD, "newPassword": NEW});
        w.ann.patch("/auth-api/v1/profile/password", body).await.ok();
    },
    a_password_change_by_an_admin(ALL) => async |w: &World| {
        w.acme.owner.patch(&w.ann_at("/auth-api/v1/userpasswordbyadmin"), json!({"password": NEW})).await.ok();
    },
    a_password_reset_by_mail(ALL) => async |w: &World| {
        let nobody = w.app.anonymous().claiming("acme");
        let started = nobody.post(&format!("{RESET}/start"), json!({"email": w.ann.email})).await.ok();
        let body = json!({"email": w.ann.email, "secretCode": text(&started, "secretCode"), "password": NEW});
        nobody.post(&format!("{RESET}/complete"), body).await.ok();
    },
    archiving(ALL) => async |w: &World| {
        w.ann.delete(at::PROFILE).await.ok();
    },
    deletion(ALL) => async |w: &World| {
        w.acme.owner.delete(&w.ann_at(at::USERS)).await.ok();
    },
    logout(LOGIN) => async |w: &World| {
        w.ann.post(at::LOGOUT, json!({})).await.ok();
    },
    a_login_deleted_by_oneself(LOGIN) => async |w: &World| {
        w.again.delete(&format!("{}/{}", at::SESSIONS, w.login_id().await)).await.ok();
    },
    a_login_deleted_by_an_admin(LOGIN) => async |w: &World| {
        w.acme.owner.delete(&format!("{}/{}", at::SESSIONS, w.login_id().await)).await.ok();
    },
    a_key_deleted_by_oneself(KEY) => async |w: &World| {
        w.ann.delete(&format!("{}/{}", at::KEYS, w.key_id)).await.ok();
    },
    a_key_deleted_by_itself(KEY) => async |w: &World| {
        w.robot.delete(&format!("{}/{}", at::KEYS, w.key_id)).await.ok();
    },
    a_key_deleted_by_an_admin(KEY) => async |w: &World| {
        w.acme.owner.delete(&format!("{}/{}", at::KEYS, w.key_id)).await.ok();
    },
    nothing(Over { login: false, other_login: false, key: false }) => async |w: &World| {
        w.robot.post(at::LOGOUT, json!({})).await.ok();
        w.ann.patch(at::PROFILE, json!({"fullname": "Ann the Nurse"})).await.ok();
        w.acme.owner.patch(&w.ann_at("/auth-api/v1/userrole"), json!({"roleId": "tenantUser"})).await.ok();
    },
);
