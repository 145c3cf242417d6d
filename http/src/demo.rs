//! What `workforceos demo` tells: who can log in, and how to connect an AI tool.

use std::fmt::Write;

use serde_json::json;
use workforceos_services::sample::SampleLogins;

use crate::Running;

/// Addresses, logins and settings to paste, as text.
pub fn introduction(running: &Running, logins: &SampleLogins) -> String {
    let base = format!("http://{}", running.addr);
    let mut text = format!("\nThe sample company is {}. Logins of it (e-mail, password):\n", logins.codename);
    for (what, email, password) in &logins.logins {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {email:<32} {password:<20} {what}");
    }
    let settings = &running.app.settings;
    let password = running.app.first_password().or(settings.super_admin_password.as_deref());
    let (email, password) = (&settings.super_admin_email, password.unwrap_or("(shown at the first start)"));
    let _ = writeln!(text, "  {email:<32} {password:<20} superAdmin; with the company {} claimed its owner", logins.codename);
    let key = &logins.api_key;
    let _ = writeln!(text, "\nAPI key of its administrator, good until the next start of the demo:\n  {key}");
    let _ = writeln!(text, "\nTry it:\n  curl -H 'Authorization: Bearer {key}' \\\n    {base}/schedulemanagement-api/v1/shifts");
    let _ = writeln!(text, "\nCursor (.cursor/mcp.json):\n{}", cursor(&base, key));
    let _ = writeln!(text, "\nClaude Code:\n  {}", claude_code(&base, key));
    let _ = writeln!(text, "\nClaude Desktop (claude_desktop_config.json):\n{}", claude_desktop(&base, key));
    let _ =
        writeln!(text, "\nOther tools, keys that may do less, and what to do when it does not work: docs/connect-ai-tools.md");
    text
}

fn cursor(base: &str, key: &str) -> String {
    let server = json!({"url": format!("{base}/mcpbff-api/mcp"), "headers": {"Authorization": format!("Bearer {key}")}});
    format!("{:#}", json!({"mcpServers": {"workforceos": server}}))
}

fn claude_code(base: &str, key: &str) -> String {
    format!("claude mcp add --transport http workforceos {base}/mcpbff-api/mcp --header 'Authorization: Bearer {key}'")
}

/// It starts local programs only: mcp-remote carries what it says to the server.
fn claude_desktop(base: &str, key: &str) -> String {
    // Some versions split arguments at spaces; the header's value therefore comes from the environment.
    let server = json!({
        "command": "npx",
        // Nobody is there to be asked whether it may be installed.
        "args": ["-y", "mcp-remote", format!("{base}/mcpbff-api/mcp"), "--header", "Authorization:${WORKFORCEOS_AUTH}"],
        "env": {"WORKFORCEOS_AUTH": format!("Bearer {key}")},
    });
    format!("{:#}", json!({"mcpServers": {"workforceos": server}}))
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;

    /// The JSON blocks of a page.
    fn blocks(page: &str) -> Vec<Json> {
        let parts = page.split("```json\n").skip(1).filter_map(|part| part.split_once("```"));
        parts.map(|(json, _)| serde_json::from_str(json).expect("JSON")).collect()
    }

    #[test]
    fn what_is_printed_is_what_the_pages_say() {
        let (base, key) = ("http://127.0.0.1:3000", "sk_mbx_…");
        for page in [include_str!("../../README.md"), include_str!("../../docs/connect-ai-tools.md")] {
            let said = blocks(page);
            for printed in [cursor(base, key), claude_desktop(base, key)] {
                let printed = serde_json::from_str(&printed).expect("JSON");
                assert!(said.contains(&printed), "{printed:#}");
            }
            assert!(page.contains(&claude_code(base, key)), "{}", claude_code(base, key));
        }
    }
}
