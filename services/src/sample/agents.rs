//! What people of the sample company have asked the assistant.

use serde_json::json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AgentExecution, AgentType, ExecutionSource, ExecutionStatus};
use workforceos_core::time::Timestamp;

use super::people::{ADMIN, Staff, employee, manager};

/// A question and its answer, how many tools that took, and how many seconds.
type Asked = (&'static str, Result<&'static str, &'static str>, i64, i64);

const OF_ADMIN: Asked = (
    "Write a short, friendly reminder to wear name badges.",
    Ok(
        "Please remember to wear your name badge while you are on duty. Our guests like to know whom they are talking to. Thank you!",
    ),
    0,
    4,
);
const OF_MANAGER: Asked = ("Plan the whole next year for my department.", Err("The answer took longer than 30 s"), 9, 30);
const OF_EMPLOYEE: Asked = (
    "How do I change a shift with a colleague?",
    Ok("Ask for it under your shift: choose the colleague and one of their shifts. Your manager decides."),
    1,
    6,
);

pub(super) fn answers(staff: &Staff, now: Timestamp) -> Changes {
    let all = [(ADMIN, OF_ADMIN, 26), (manager(1), OF_MANAGER, 7), (employee(1), OF_EMPLOYEE, 2)];
    all.into_iter().fold(Changes::none(), |changes, (person, asked, hours)| {
        let row = answer(staff, staff.users[person], asked, Timestamp(now.0 - hours * Timestamp::HOUR));
        let event = Event { audited: false, ..Event::audit(&staff.ctx, AgentExecution::def().name, row.meta.id) };
        changes.put(&row).event(event)
    })
}

fn answer(staff: &Staff, user: UserId, (prompt, told, tools, seconds): Asked, at: Timestamp) -> AgentExecution {
    let mut meta = staff.meta(at);
    meta.owner = Some(user.0);
    let (read, written) = (900 + 1_400 * tools, told.map_or(120, |text| text.len() as i64 / 4));
    AgentExecution {
        meta,
        agent_name: "workforceAssistant".to_owned(),
        agent_type: AgentType::Design,
        source: ExecutionSource::Rest,
        user_id: Some(user),
        input: Some(json!({"prompt": prompt})),
        output: told.ok().map(|text| json!({"response": text})),
        tool_calls: Some(tools),
        token_usage: Some(json!({"prompt": read, "completion": written, "total": read + written})),
        duration_ms: Some(seconds * 1_000 + 140),
        status: if told.is_ok() { ExecutionStatus::Success } else { ExecutionStatus::Timeout },
        error: told.err().map(str::to_owned),
        company_id: staff.ctx.company(),
    }
}
