//! The program as its users start it.

use std::process::{Command, Output};

fn workforceos(args: &[&str]) -> Output {
    let dir = std::env::temp_dir().join(format!("workforceos-cli-{}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_workforceos"));
    command.args(args).env_clear().env("DATA_DIR", dir);
    command.output().expect("the program starts")
}

#[test]
fn help_names_every_setting() {
    let out = workforceos(&["--help"]);
    let text = String::from_utf8(out.stdout).expect("text");
    assert!(out.status.success(), "{text}");
    for setting in [
        "HOST",
        "PORT",
        "DATA_DIR",
        "DATABASE_URL",
        "APP_ENV",
        "JWT_SECRET",
        "SMTP_URL",
        "MAIL_FROM",
        "RATE_LIMIT",
        "PUBLIC_RATE_LIMIT",
        "FRONTEND_URL",
        "LOG",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_MODEL",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_MODEL",
    ] {
        assert!(text.contains(setting), "{setting} is missing from:\n{text}");
    }
}

#[test]
fn help_shows_no_key() {
    let bin = env!("CARGO_BIN_EXE_workforceos");
    let keys = [("OPENAI_API_KEY", "sk-s3cret"), ("ANTHROPIC_API_KEY", "sk-ant-s3cret")];
    let out = Command::new(bin).arg("--help").env_clear().envs(keys).output().expect("the program starts");
    assert!(out.status.success() && !String::from_utf8_lossy(&out.stdout).contains("s3cret"), "{out:?}");
}

#[test]
fn the_openapi_document_is_printed() {
    let out = workforceos(&["openapi"]);
    let document: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"].as_object().is_some_and(|p| p.len() > 20));
}

#[test]
fn bad_settings_are_refused_by_name() {
    let bin = env!("CARGO_BIN_EXE_workforceos");
    let out = Command::new(bin).env_clear().env("DEFAULT_TIMEZONE", "Mars/Olympus").output().expect("the program starts");
    assert!(!out.status.success());
    assert!(String::from_utf8_lossy(&out.stderr).contains("DEFAULT_TIMEZONE"), "{out:?}");
    let out = Command::new(bin).env_clear().env("APP_ENV", "production").output().expect("the program starts");
    assert!(!out.status.success());
    assert!(String::from_utf8_lossy(&out.stderr).contains("JWT_SECRET"), "{out:?}");
    let mail = [("SMTP_URL", "http://bot:s3cret@mail.test"), ("MAIL_FROM", "nobody")];
    let out = Command::new(bin).env_clear().envs(mail).output().expect("the program starts");
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && told.contains("SMTP_URL") && told.contains("MAIL_FROM"), "{out:?}");
    assert!(!told.contains("s3cret"), "a password is never shown: {told}");
    let models = [
        ("OPENAI_API_KEY", "s3cret s3cret"),
        ("OPENAI_BASE_URL", "llm.test"),
        ("ANTHROPIC_BASE_URL", "https://me:s3cret@llm.test"),
    ];
    let out = Command::new(bin).env_clear().envs(models).output().expect("the program starts");
    let told = String::from_utf8_lossy(&out.stderr);
    let named = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"];
    assert!(!out.status.success() && named.iter().all(|setting| told.contains(setting)), "{out:?}");
    assert!(!told.contains("s3cret"), "a key is never shown: {told}");
    let out = Command::new(bin).env_clear().env("CORS_ORIGINS", "https://app.acme.test,*").output().expect("the program starts");
    assert!(!out.status.success() && String::from_utf8_lossy(&out.stderr).contains("CORS_ORIGINS"), "{out:?}");
}
