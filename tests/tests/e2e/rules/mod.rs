//! The rules of shifts and attendance, one by one, through the server.

mod attendance;
mod calendar;
mod clock;
mod edges;
mod fields;
mod people;
mod purge;
mod schedule;
mod templates;
