use super::*;

#[test]
fn prefixes_are_known_in_any_case() {
    assert_eq!(service("employeeProfile-api"), Some("employeeProfile"));
    assert_eq!(service("EMPLOYEEPROFILE-API"), Some("employeeProfile"));
    assert_eq!(service("McpBff-api"), Some(ALL));
    for no in ["nothing-api", "-api", "auth", "", "ä-api", "authapi"] {
        assert_eq!(service(no), None, "{no}");
    }
}

#[test]
fn own_routes_are_described_and_what_is_described_is_there() {
    let registry = workforceos_services::registry().expect("sound");
    let document = crate::openapi::document(&registry);
    let paths = document["paths"].as_object().expect("paths");
    let mut found = Vec::new();
    for (path, operations) in paths {
        for method in operations.as_object().expect("operations").keys() {
            let wanted = [Method::Get, Method::Post, Method::Patch, Method::Delete].into_iter();
            let wanted = wanted.clone().find(|m| m.as_str().eq_ignore_ascii_case(method)).expect("a method");
            if registry.route(wanted, path).is_ok() {
                continue;
            }
            // The place of a bucket's name takes those of the enum.
            let (at, own) = own(&path.replace("{bucket}", "userAvatars")).map(|(at, own)| (at, format!("{own:?}"))).expect(path);
            assert!(at == wanted || wanted == Method::Delete, "{method} {path}");
            found.push(own.split('(').next().unwrap_or_default().to_owned());
        }
    }
    found.sort();
    found.dedup();
    let all = [
        "Assistant",
        "AuditExport",
        "Calendar",
        "CallTool",
        "Chat",
        "CurrentUser",
        "Download",
        "Health",
        "Insight",
        "InsightChart",
        "InsightStream",
        "Login",
        "Logout",
        "Permission",
        "Permissions",
        "Private",
        "Ready",
        "RefreshTools",
        "Stream",
        "Tools",
        "ToolsOf",
        "ToolsStatus",
        "Upload",
        "Verification",
    ];
    assert_eq!(found, all, "all but the metrics and the document itself");
}

#[test]
fn own_routes_are_found_with_their_method() {
    assert_eq!(own("/health"), Some((Method::Get, Own::Health)));
    assert_eq!(own("/Health/Ready/"), Some((Method::Get, Own::Ready)));
    assert_eq!(own("/api/v1/audit-logs/export"), Some((Method::Get, Own::AuditExport)));
    assert_eq!(own("/leaveManagement-api/currentUser"), Some((Method::Get, Own::CurrentUser)));
    assert_eq!(own("/auth-api/permissions/auth.getUser"), Some((Method::Get, Own::Permission("auth.getUser"))));
    assert_eq!(own("/auth-api/login"), Some((Method::Post, Own::Login)));
    assert_eq!(own("/mcpbff-api/api/tools/service/taskManagement"), Some((Method::Get, Own::ToolsOf("taskManagement"))));
    let insight = Own::Insight("workforceInsightGenerator");
    assert_eq!(own("/agentHub-api/agents/workforceInsightGenerator"), Some((Method::Post, insight)));
    let stream = Own::InsightStream("insightGenerator");
    assert_eq!(own("/aiWorkforceAnalytics-api/ai-insight/generate/stream"), Some((Method::Post, stream)));
    assert_eq!(own("/aiworkforceanalytics-api/v1/insights/aB/chart.svg"), Some((Method::Get, Own::InsightChart("aB"))));
    let key = Own::Download(Bucket::CompanyAvatars, bucket::Ask::Key("aB"));
    assert_eq!(own("/Auth-api/bucket/COMPANYAVATARS/download/Key/aB"), Some((Method::Get, key)));
    assert_eq!(own("/auth-api/bucket/useravatars/upload"), Some((Method::Post, Own::Upload(Bucket::UserAvatars))));
    assert_eq!(own("/employeeProfile-api/bucket/employeeDocuments/download/aB"), Some((Method::Get, Own::Private("aB"))));
    assert_eq!(own("/employeeprofile-api/bucket/employeedocuments/download/key/aB"), None);
    assert_eq!(own("/auth-api/bucket/employeeDocuments/upload"), None);
    assert_eq!(own("/auth-api/bucket/nothing/upload"), None);
    assert_eq!(own("/leavemanagement-api/bucket/userAvatars/upload"), None);
    assert_eq!(own("/.well-known/oauth-authorization-server"), None);
    assert_eq!(own("/nothing-api/currentuser"), None);
    assert_eq!(own("/mcpbff-api/api/chat"), Some((Method::Post, Own::Chat(chat::Route::Ask))));
    assert_eq!(own("/McpBff-api/API/chat/Stream/aB"), Some((Method::Get, Own::Chat(chat::Route::Resume("aB")))));
    assert_eq!(own("/mcpbff-api/api/chat/conversations/aB"), Some((Method::Get, Own::Chat(chat::Route::Conversation("aB")))));
    assert_eq!(own("/mcpbff-api/api/chat/conversations/aB/more"), None);
    assert_eq!(own("/agentHub-api/agents/workforceAssistant/stream"), Some((Method::Post, Own::Assistant(true))));
    assert_eq!(own("/"), None);
}
