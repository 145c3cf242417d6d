//! agentHub: what root admins change of agents, what agents answered, and the tools that there are.

mod catalogue;
mod executions;
mod overrides;
mod running;
