//! The heart of WorkforceOS: what a data object is, what a Business API is, and the one path by which every call runs.
//!
//! Nothing here does I/O. The store, the company actors, the services and the servers build on these types; what dispatch
//! needs from them it takes through [`dispatch::Outside`].

pub mod answer;
pub mod api;
pub mod change;
pub mod cursor;
pub mod dispatch;
pub mod error;
pub mod filter;
pub mod id;
pub mod input;
pub mod object;
pub mod objects;
pub mod openapi;
pub mod parts;
pub mod progress;
pub mod query;
pub mod registry;
pub mod session;
pub mod time;
pub mod tool;
pub mod value;
pub mod words;
pub mod zone;

pub use answer::{Answer, Row};
pub use api::{BusinessApi, Reach};
pub use change::{Audience, Changes, Event};
pub use dispatch::{Caller, Dispatch};
pub use error::{Error, Result};
pub use input::{Args, Input, Patch};
pub use object::{DataObject, Meta, ObjectDef, Record};
pub use parts::Parts;
pub use progress::Progress;
pub use query::{Cond, Query};
pub use registry::Registry;
pub use session::{Ctx, Role, Session, Via};
pub use time::{Clock, Date, Timestamp};
pub use value::Value;
