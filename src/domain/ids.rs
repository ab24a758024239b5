//! Ids: 63 bits, ordered by time of making, told to the outside as 13 opaque letters.
//!
//! The upper 41 bits are milliseconds since 2020-01-01T00:00:00Z, the lower 22 random. An id says nothing of how many
//! others there are, fits a 64-bit column of both back ends, and costs 9 bytes in an access record.

use std::{fmt, str::FromStr, sync::Mutex};

use super::clock::{Clock, Random, Timestamp, random_bytes};

const EPOCH_2020_MS: i64 = 1_577_836_800_000;
const RANDOM_BITS: u32 = 22;
/// Crockford's base 32 in lower case: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LETTERS: usize = 13;

/// The id of anything that has one: lead, person, app, team, role, grant, session, request, epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub i64);

impl Id {
    /// The 13 letters, without an allocation.
    pub fn letters(self) -> [u8; LETTERS] {
        let mut out = [b'0'; LETTERS];
        let mut rest = self.0 as u64;
        for slot in out.iter_mut().rev() {
            *slot = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        out
    }

    /// The millisecond it was made in.
    pub const fn made_at(self) -> Timestamp {
        Timestamp(((self.0 >> RANDOM_BITS) + EPOCH_2020_MS) * 1_000)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.letters().iter().try_for_each(|letter| fmt::Write::write_char(f, char::from(*letter)))
    }
}

/// The text was not the 13 letters of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.len() != LETTERS {
            return Err(NotAnId);
        }
        let mut value: u64 = 0;
        for byte in text.bytes() {
            let digit = ALPHABET.iter().position(|letter| *letter == byte).ok_or(NotAnId)?;
            value = value.checked_mul(32).ok_or(NotAnId)? | digit as u64;
        }
        i64::try_from(value).map(Id).map_err(|_| NotAnId)
    }
}

/// Makes ids that rise within this process and collide with another's only by a chance of 2⁻²² per shared millisecond.
#[derive(Debug, Default)]
pub struct IdMaker {
    last: Mutex<i64>,
}

impl IdMaker {
    /// The next id.
    pub fn next(&self, clock: &dyn Clock, random: &dyn Random) -> Id {
        let noise = u32::from_le_bytes(random_bytes(random));
        let millis = (clock.now().0 / 1_000 - EPOCH_2020_MS).max(0);
        let fresh = (millis << RANDOM_BITS) | i64::from(noise >> (32 - RANDOM_BITS));
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = fresh.max(*last + 1 + i64::from(noise & 0xff));
        Id(*last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_back() {
        for value in [0, 1, 31, 32, 1 << 40, i64::MAX] {
            assert_eq!(Id(value).to_string().parse(), Ok(Id(value)));
        }
        for wrong in ["", "0", "zzzzzzzzzzzzz", "000000000000I", "00000000000000"] {
            assert_eq!(wrong.parse::<Id>(), Err(NotAnId), "{wrong}");
        }
    }
}
