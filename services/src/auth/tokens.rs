//! Access tokens and bucket tokens: signed, short, and worth nothing without the stored session that they name.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, SessionId, UserId};
use workforceos_core::session::Session;
use workforceos_core::time::Timestamp;

use crate::Settings;

/// How long a login lasts, in milliseconds.
pub const LIFETIME: i64 = 24 * Timestamp::HOUR;
/// How far ahead of ours the clock of the node that signed may be, in seconds.
const LEEWAY: i64 = 60;
const ISSUER: &str = "workforceos";

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Every API.
    Access,
    /// The routes of file buckets alone.
    Bucket,
}

impl Use {
    fn audience(self) -> &'static str {
        match self {
            Use::Access => "workforceos-access",
            Use::Bucket => "workforceos-bucket",
        }
    }
}

/// What a token says. Only `sub`, `sid` and `tenant` are acted upon: the role is read from the user's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    sub: Uuid,
    sid: Uuid,
    /// The company; the nil id for the SaaS level.
    tenant: Uuid,
    role: String,
    iat: i64,
    /// Never set by us; honoured where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    exp: i64,
    iss: String,
    aud: String,
}

/// The login that a valid token names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    pub session: SessionId,
    pub user: UserId,
    pub company: CompanyId,
}

/// Makes and verifies tokens, HS256 alone.
pub struct Tokens {
    sign: EncodingKey,
    /// The present secret, then the one before a rotation.
    verify: Vec<DecodingKey>,
}

impl Tokens {
    pub fn new(settings: &Settings) -> Tokens {
        Tokens::of(&settings.jwt_secret, settings.jwt_previous.as_deref())
    }

    fn of(secret: &[u8], previous: Option<&[u8]>) -> Tokens {
        let verify = std::iter::once(secret).chain(previous).map(DecodingKey::from_secret).collect();
        Tokens { sign: EncodingKey::from_secret(secret), verify }
    }

    /// A token of a login that lasts until `expires`.
    pub fn issue(&self, usage: Use, session: &Session, now: Timestamp, expires: Timestamp) -> Result<String> {
        let claims = Claims {
            sub: session.user.0,
            sid: session.id.0,
            tenant: session.company.0,
            role: session.role.as_str().to_owned(),
            iat: now.0.div_euclid(1000),
            nbf: None,
            exp: expires.0.div_euclid(1000),
            iss: ISSUER.to_owned(),
            aud: usage.audience().to_owned(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.sign).map_err(Error::internal)
    }

    /// The login that a token names; `None` if it is forged, expired, not valid yet or for another use.
    pub fn verify(&self, usage: Use, token: &str, now: Timestamp) -> Option<Named> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is judged by our clock below, which tests can move.
        validation.validate_exp = false;
        validation.set_audience(&[usage.audience()]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        let read = |key| jsonwebtoken::decode::<Claims>(token, key, &validation).ok();
        let claims = self.verify.iter().find_map(read)?.claims;
        let named = Named { session: SessionId(claims.sid), user: UserId(claims.sub), company: CompanyId(claims.tenant) };
        let now = now.0.div_euclid(1000);
        let begun = claims.nbf.unwrap_or(claims.iat).max(claims.iat) <= now.saturating_add(LEEWAY);
        (begun && claims.exp > now).then_some(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use workforceos_core::session::Role;

    const NOW: Timestamp = Timestamp(1_780_000_000_000);
    const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

    fn login() -> Session {
        Session {
            id: SessionId(Uuid::from_u128(1)),
            user: UserId(Uuid::from_u128(2)),
            company: CompanyId(Uuid::from_u128(3)),
            codename: "acme".into(),
            role: Role::TenantUser,
            email: "ann@acme.test".to_owned(),
            fullname: "Ann".to_owned(),
            avatar: None,
            needs_2fa: false,
            key: None,
            expires_at: None,
        }
    }

    fn later(millis: i64) -> Timestamp {
        Timestamp(NOW.0 + millis)
    }

    #[test]
    fn a_token_names_its_login_until_it_expires() {
        let tokens = Tokens::of(SECRET, None);
        let token = tokens.issue(Use::Access, &login(), NOW, later(LIFETIME)).expect("signed");
        let named = Named { session: login().id, user: login().user, company: login().company };
        assert_eq!(tokens.verify(Use::Access, &token, later(LIFETIME - 1000)), Some(named));
        assert_eq!(tokens.verify(Use::Access, &token, later(LIFETIME)), None, "expired");
        assert_eq!(tokens.verify(Use::Access, &token, later(-60_000)), Some(named), "clocks differ a little");
        assert_eq!(tokens.verify(Use::Access, &token, later(-61_000)), None, "from the future");
    }

    #[test]
    fn the_secret_before_a_rotation_still_verifies() {
        let old = Tokens::of(SECRET, None).issue(Use::Access, &login(), NOW, later(LIFETIME)).expect("signed");
        let next = b"another secret of thirty-two bytes or so";
        assert!(Tokens::of(next, Some(SECRET)).verify(Use::Access, &old, NOW).is_some());
        assert!(Tokens::of(next, None).verify(Use::Access, &old, NOW).is_none(), "wrong secret");
    }

    #[test]
    fn a_bucket_token_is_no_access_token() {
        let tokens = Tokens::of(SECRET, None);
        let bucket = tokens.issue(Use::Bucket, &login(), NOW, later(LIFETIME)).expect("signed");
        assert!(tokens.verify(Use::Bucket, &bucket, NOW).is_some());
        assert_eq!(tokens.verify(Use::Access, &bucket, NOW), None);
    }

    fn base64url(text: &str) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut out = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let bits = chunk.iter().fold(0u32, |bits, b| (bits << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
            (0..=chunk.len()).for_each(|i| out.push(char::from(ALPHABET[(bits >> (18 - 6 * i)) as usize & 63])));
        }
        out
    }

    #[test]
    fn forgeries_name_nobody() {
        let tokens = Tokens::of(SECRET, None);
        let good = tokens.issue(Use::Access, &login(), NOW, later(LIFETIME)).expect("signed");
        let parts: Vec<&str> = good.split('.').collect();
        let payload = json!({
            "sub": login().user.to_string(), "sid": login().id.to_string(), "tenant": Uuid::from_u128(9).to_string(),
            "role": "superAdmin", "iat": 0, "exp": later(LIFETIME).0 / 1000, "iss": ISSUER, "aud": "workforceos-access",
        });
        let other_tenant = base64url(&payload.to_string());
        let none = base64url(r#"{"alg":"none","typ":"JWT"}"#);
        let hs512 = base64url(r#"{"alg":"HS512","typ":"JWT"}"#);
        let forged = [
            String::new(),
            "x".to_owned(),
            format!("{none}.{}.", parts[1]),
            format!("{none}.{other_tenant}."),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{hs512}.{}.{}", parts[1], parts[2]),
            format!("{}.{other_tenant}.{}", parts[0], parts[2]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.", parts[0], parts[1]),
            good[..good.len() - 1].to_owned(),
            format!("{good}A"),
            Tokens::of(b"some other secret, also long enough to use", None)
                .issue(Use::Access, &login(), NOW, later(LIFETIME))
                .expect("signed"),
        ];
        for token in forged {
            assert_eq!(tokens.verify(Use::Access, &token, NOW), None, "{token}");
        }
    }
}
