//! Scalars of our own.

use async_graphql::{ID, InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::{
    domain::{Id, Timestamp},
    policy::Refusal,
};

/// A moment in UTC as RFC 3339 text, for example `2026-11-22T08:30:00Z`.
#[derive(Clone, Copy, Debug)]
pub struct DateTime(pub Timestamp);

#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Timestamp::parse(text).map(DateTime).ok_or_else(|| InputValueError::custom("not an RFC 3339 date-time")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// Reads an opaque id; what is no id names nothing that exists.
pub fn id(id: &ID) -> Result<Id, Refusal> {
    id.parse().map_err(|_| Refusal::not_found())
}

/// Writes an id.
pub fn opaque(id: Id) -> ID {
    ID(id.to_string())
}
