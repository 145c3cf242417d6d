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
    let _ = writeln!(text, "\nClaude Desktop (claude_desktop_config.json):\n{}", claude_desktop(&base, key));
    text
}

fn cursor(base: &str, key: &str) -> String {
    let server = json!({"url": format!("{base}/mcpbff-api/mcp"), "headers": {"Authorization": format!("Bearer {key}")}});
    format!("{:#}", json!({"mcpServers": {"workforceos": server}}))
}

/// It starts local programs only: mcp-remote carries what it says to the server.
fn claude_desktop(base: &str, key: &str) -> String {
    // Some versions split arguments at spaces; the header's value therefore comes from the environment.
    let server = json!({
        "command": "npx",
        "args": ["mcp-remote", format!("{base}/mcpbff-api/mcp"), "--header", "Authorization:${WORKFORCEOS_AUTH}"],
        "env": {"WORKFORCEOS_AUTH": format!("Bearer {key}")},
    });
    format!("{:#}", json!({"mcpServers": {"workforceos": server}}))
}
