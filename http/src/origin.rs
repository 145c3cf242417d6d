//! Which pages may speak to MCP: a page whose name was rebound to this machine must not.

use actix_web::http::header::{HeaderMap, ORIGIN};
use workforceos_core::error::{Error, Result, Status};

/// Refuses pages of the web that are neither on this machine nor listed. Programs send no origin, and desktop applications
/// one of a scheme of their own, which no page of the web has.
pub fn check(headers: &HeaderMap, listed: &[String]) -> Result<()> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    if origin.to_str().is_ok_and(|origin| allowed(origin.trim(), listed)) {
        return Ok(());
    }
    let message = "Pages of this origin may not use MCP: CORS_ORIGINS lists those that may";
    Err(Error::new(Status::Forbidden, "OriginNotAllowed", message))
}

fn allowed(origin: &str, listed: &[String]) -> bool {
    if listed.iter().any(|one| one.trim().trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        return true;
    }
    // A page that hides where it is from sends `null`.
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return true;
    }
    let (host, port) = match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
        Some(at) => (&authority[..at], &authority[at + 1..]),
        None => (authority, ""),
    };
    let here = host.eq_ignore_ascii_case("localhost") || ["127.0.0.1", "[::1]"].contains(&host);
    here && port.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_on_this_machine_listed_ones_and_applications_pass() {
        let listed = ["https://app.acme.test/".to_owned()];
        for good in [
            "http://localhost",
            "http://localhost:6274",
            "https://LOCALHOST:1",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "https://app.acme.test",
            "vscode-file://vscode-app",
        ] {
            assert!(allowed(good, &listed), "{good}");
        }
        for bad in [
            "null",
            "",
            "http://evil.test",
            "https://app.acme.test.evil.test",
            "http://app.acme.test",
            "http://localhost.evil.test",
            "http://127.0.0.1.evil.test:80",
            "http://[::1].evil.test]",
            "HTTP://evil.test",
            "https://evil.test/localhost",
        ] {
            assert!(!allowed(bad, &listed), "{bad}");
        }
    }
}
