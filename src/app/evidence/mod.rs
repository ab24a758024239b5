//! The evidence file: what is true of a range is gathered from the log and the policy, told and packed. It is an export: asked
//! for by those who may read both, marked, and recorded with its hash before it leaves.

mod count;
mod gather;
mod left;
mod make;
mod order;
mod papers;
mod promised;
mod reach;
mod rules;
mod who;

pub use make::{Made, Maker, make};
pub use order::{Order, Placed, order, place, placed, take};
