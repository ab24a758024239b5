//! The access record and how it becomes durable: [`record`] is what is written, [`recorder`] writes it, many at a time,
//! before any answer leaves.

pub mod codec;
pub mod record;
pub mod render;
