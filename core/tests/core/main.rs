//! Tests of the core through its public face.

mod dispatching;
mod filters;
mod registering;
mod support;
