//! Signatures that are not the server's, and headers that want them to count.

use jsonwebtoken::Algorithm;
use serde_json::json;

use super::nobodys;
use crate::identity::mint::write;

/// What a server with an asymmetric key would publish: the classic key of a forger who signs by HMAC.
const RSA_PUBLIC: &[u8] = b"-----BEGIN PUBLIC KEY-----\n\
    MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\n\
    KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n-----END PUBLIC KEY-----\n";
const EC_PUBLIC: &[u8] = b"-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf86QZ7kO\n\
    BIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n-----END PUBLIC KEY-----\n";
const FOREIGN: &[u8] = b"some other secret, also long enough to use";

nobodys!(
    alg_none => |m| m.unsigned("none", ""),
    alg_none_capitalised => |m| m.unsigned("None", ""),
    alg_none_in_capitals => |m| m.unsigned("NONE", ""),
    alg_none_in_mixed_case => |m| m.unsigned("nOnE", ""),
    alg_none_with_the_good_signature => |m| m.unsigned("none", m.part(2)),
    alg_none_without_the_last_dot => |m| m.unsigned("none", "").trim_end_matches('.').to_owned(),
    alg_empty => |m| m.unsigned("", m.part(2)),
    alg_unknown => |m| m.unsigned("HS257", m.part(2)),
    alg_in_lower_case => |m| m.headed(&json!({"alg": "hs256", "typ": "JWT"}), &m.app.settings().jwt_secret, Algorithm::HS256),
    alg_null => |m| m.headed(&json!({"alg": null, "typ": "JWT"}), &m.app.settings().jwt_secret, Algorithm::HS256),
    alg_missing => |m| m.headed(&json!({"typ": "JWT"}), &m.app.settings().jwt_secret, Algorithm::HS256),
    alg_twice => |m| {
        let head = write(r#"{"alg":"HS256","alg":"none"}"#);
        format!("{head}.{}.", m.part(1))
    },
    hs256_of_another_key => |m| m.headed(&m.header(), FOREIGN, Algorithm::HS256),
    hs256_of_an_empty_key => |m| m.headed(&m.header(), b"", Algorithm::HS256),
    hs256_of_the_journals_key => |m| m.headed(&m.header(), &m.app.settings().journal_key, Algorithm::HS256),
    hs256_of_the_secret_cut_short => |m| {
        let secret = &m.app.settings().jwt_secret;
        m.headed(&m.header(), &secret[..secret.len() - 1], Algorithm::HS256)
    },
    hs384_of_the_servers_own_secret => |m| {
        m.headed(&json!({"alg": "HS384", "typ": "JWT"}), &m.app.settings().jwt_secret, Algorithm::HS384)
    },
    hs512_of_the_servers_own_secret => |m| {
        m.headed(&json!({"alg": "HS512", "typ": "JWT"}), &m.app.settings().jwt_secret, Algorithm::HS512)
    },
    hs384_in_the_header_alone => |m| {
        m.headed(&json!({"alg": "HS384", "typ": "JWT"}), &m.app.settings().jwt_secret, Algorithm::HS256)
    },
    hs512_in_the_header_alone => |m| {
        m.headed(&json!({"alg": "HS512", "typ": "JWT"}), &m.app.settings().jwt_secret, Algorithm::HS256)
    },
    hs256_of_a_public_rsa_key => |m| m.headed(&m.header(), RSA_PUBLIC, Algorithm::HS256),
    hs256_of_a_public_ec_key => |m| m.headed(&m.header(), EC_PUBLIC, Algorithm::HS256),
    rs256_signed_with_the_public_key => |m| m.headed(&json!({"alg": "RS256", "typ": "JWT"}), RSA_PUBLIC, Algorithm::HS256),
    es256_signed_with_the_public_key => |m| m.headed(&json!({"alg": "ES256", "typ": "JWT"}), EC_PUBLIC, Algorithm::HS256),
    rs256_signed_with_the_servers_secret => |m| {
        m.headed(&json!({"alg": "RS256", "typ": "JWT"}), &m.app.settings().jwt_secret, Algorithm::HS256)
    },
    es256_signed_with_the_servers_secret => |m| {
        m.headed(&json!({"alg": "ES256", "typ": "JWT"}), &m.app.settings().jwt_secret, Algorithm::HS256)
    },
    ps256_and_eddsa_in_the_header => |m| {
        m.headed(&json!({"alg": ["PS256", "EdDSA"], "typ": "JWT"}), &m.app.settings().jwt_secret, Algorithm::HS256)
    },
    es256_with_a_signature_of_zeros => |m| {
        format!("{}.{}.{}", write(r#"{"alg":"ES256","typ":"JWT"}"#), m.part(1), "A".repeat(86))
    },
    an_empty_signature => |m| format!("{}.{}.", m.part(0), m.part(1)),
    a_signature_of_zeros => |m| format!("{}.{}.{}", m.part(0), m.part(1), "A".repeat(43)),
    the_signature_of_another_token => |m| {
        let theirs = m.bob.token.as_deref().expect("a token").rsplit('.').next().expect("a part");
        format!("{}.{}.{theirs}", m.part(0), m.part(1))
    },
    the_claims_of_another_token => |m| {
        let theirs = m.bob.token.as_deref().expect("a token").split('.').nth(1).expect("a part");
        format!("{}.{theirs}.{}", m.part(0), m.part(2))
    },
    kid_that_names_a_file => |m| {
        m.headed(&json!({"alg": "HS256", "kid": "../../../../dev/null"}), b"", Algorithm::HS256)
    },
    kid_that_is_a_query => |m| {
        m.headed(&json!({"alg": "HS256", "kid": "x' UNION SELECT 'key"}), b"key", Algorithm::HS256)
    },
    jwk_with_the_forgers_key => |m| {
        let jwk = json!({"kty": "oct", "k": write(std::str::from_utf8(FOREIGN).expect("text")), "alg": "HS256"});
        m.headed(&json!({"alg": "HS256", "jwk": jwk}), FOREIGN, Algorithm::HS256)
    },
    jwk_of_no_shape => |m| m.headed(&json!({"alg": "HS256", "jwk": 7}), &m.app.settings().jwt_secret, Algorithm::HS256),
    jku_with_the_forgers_keys => |m| {
        m.headed(&json!({"alg": "HS256", "jku": "http://127.0.0.1:1/keys.json"}), FOREIGN, Algorithm::HS256)
    },
    x5u_with_the_forgers_certificate => |m| {
        m.headed(&json!({"alg": "HS256", "x5u": "http://127.0.0.1:1/cert.pem"}), FOREIGN, Algorithm::HS256)
    },
    x5c_with_the_forgers_certificate => |m| {
        m.headed(&json!({"alg": "RS256", "x5c": ["MIIBszCCARygAwIBAgI="]}), RSA_PUBLIC, Algorithm::HS256)
    },
);
