//! Rising numbers packed into few bytes: Golomb-Rice codes of the gaps between them.
//!
//! For random numbers that is within three hundredths of a bit of what information theory asks for, and for no list is it
//! more than the next power of two above the mean gap costs. The same list always gives the same bytes.

use super::Id;

/// The bytes are no list that [`pack`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a packed list")]
pub struct NotPacked;

/// Appends strictly rising numbers, none below `from`: nothing for none; else one byte *k*, then for each number its gap
/// (to the number before plus one, the first to `from`) as gap ≫ *k* ones, a zero and the *k* lowest bits of the gap, the
/// highest first; the last byte is filled with ones.
pub fn pack(numbers: impl ExactSizeIterator<Item = u64> + Clone, from: u64, out: &mut Vec<u8>) {
    let Some(last) = numbers.clone().last() else { return };
    let count = numbers.len() as u64;
    let k = parameter(last.wrapping_sub(from).wrapping_sub(count - 1), count);
    out.push(k as u8);
    let mut bits = Writer { out, held: 0, count: 0 };
    let mut next = from;
    for number in numbers {
        let gap = number.wrapping_sub(next);
        next = number.wrapping_add(1);
        let mut ones = gap >> k;
        while ones >= 32 {
            bits.put(0xffff_ffff, 32);
            ones -= 32;
        }
        bits.put(((1 << ones) - 1) << 1, ones as u32 + 1);
        bits.put(gap & !(u64::MAX << k), k);
    }
    let spare = (8 - bits.count % 8) % 8;
    bits.put((1 << spare) - 1, spare);
}

/// How many bytes [`pack`] appends at most for so many numbers, of which `last` is the last.
pub fn most(count: u64, from: u64, last: u64) -> usize {
    if count == 0 {
        return 0;
    }
    let sum = last.wrapping_sub(from).wrapping_sub(count - 1);
    let k = parameter(sum, count);
    // Of each gap the part above k bits is rounded down; together they are not more than the sum's.
    1 + ((sum >> k) + count * u64::from(k + 1)).div_ceil(8) as usize
}

/// The numbers that [`pack`] packed with this `from`.
pub fn unpack(bytes: &[u8], from: u64) -> Result<Vec<u64>, NotPacked> {
    let Some((k, rest)) = bytes.split_first() else { return Ok(Vec::new()) };
    let k = u32::from(*k);
    if k > 63 {
        return Err(NotPacked);
    }
    let mut numbers = Vec::with_capacity(rest.len() * 8 / (k as usize + 2) + 1);
    let mut bits = Reader { bytes: rest, at: 0 };
    let mut next = Some(from);
    while let Some(gap) = bits.gap(k)? {
        let number = next.and_then(|next| next.checked_add(gap)).ok_or(NotPacked)?;
        numbers.push(number);
        next = number.checked_add(1);
    }
    let count = numbers.len() as u64;
    match numbers.last() {
        Some(last) if k == parameter(last - from - (count - 1), count) => Ok(numbers),
        _ => Err(NotPacked),
    }
}

/// A list of ids that has its first in full: 8 bytes, the most significant first, then the others by [`pack`].
pub fn pack_ids(ids: &[Id]) -> Vec<u8> {
    let Some((first, rest)) = ids.split_first() else { return Vec::new() };
    let mut out = Vec::with_capacity(12 + rest.len() * 8);
    out.extend_from_slice(&(first.0 as u64).to_be_bytes());
    pack(rest.iter().map(|id| id.0 as u64), first.0 as u64 + 1, &mut out);
    out
}

/// The ids that [`pack_ids`] packed.
pub fn unpack_ids(bytes: &[u8]) -> Result<Vec<Id>, NotPacked> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let (first, rest) = bytes.split_first_chunk().ok_or(NotPacked)?;
    let first = u64::from_be_bytes(*first);
    let rest = unpack(rest, first.wrapping_add(1))?;
    // They rise.
    i64::try_from(rest.last().copied().unwrap_or(first)).map_err(|_| NotPacked)?;
    let mut ids = Vec::with_capacity(1 + rest.len());
    ids.push(Id(i64::try_from(first).map_err(|_| NotPacked)?));
    ids.extend(rest.into_iter().map(|number| Id(number as i64)));
    Ok(ids)
}

/// *k* for gaps that sum up to `sum`: the smallest for which (sum ≫ k) − (sum ≫ k+1) ≤ count; one bit more in each number would
/// then cost more than it saves.
fn parameter(sum: u64, count: u64) -> u32 {
    (0..63).find(|k| (sum >> k) - (sum >> (k + 1)) <= count).unwrap_or(63)
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    held: u128,
    count: u32,
}

impl Writer<'_> {
    fn put(&mut self, value: u64, bits: u32) {
        self.held = self.held << bits | u128::from(value);
        self.count += bits;
        while self.count >= 8 {
            self.count -= 8;
            self.out.push((self.held >> self.count) as u8);
        }
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    /// The next bit.
    at: usize,
}

impl Reader<'_> {
    /// The bits from here on, as many as there are up to 56, at the upper end; the rest are ones.
    fn window(&self) -> u64 {
        let mut window = [0xff; 8];
        let rest = &self.bytes[self.at / 8..];
        let length = rest.len().min(8);
        window[..length].copy_from_slice(&rest[..length]);
        let shift = self.at % 8;
        (u64::from_be_bytes(window) << shift) | !(u64::MAX << shift)
    }

    /// The next gap, of which the lower `k` bits follow the zero; `None` at the end.
    fn gap(&mut self, k: u32) -> Result<Option<u64>, NotPacked> {
        // Nearly always it lies in eight bytes.
        if let Some(bytes) = self.bytes.get(self.at / 8..).and_then(<[u8]>::first_chunk) {
            let window = u64::from_be_bytes(*bytes) << (self.at % 8);
            let ones = window.leading_ones();
            if ones + 1 + k <= 56 {
                self.at += (ones + 1 + k) as usize;
                let low = (window << (ones + 1)).checked_shr(64 - k).unwrap_or(0);
                return Ok(Some(u64::from(ones) << k | low));
            }
        }
        let Some(ones) = self.ones()? else { return Ok(None) };
        let low = self.take(k)?;
        ones.checked_mul(1 << k).and_then(|high| high.checked_add(low)).map(Some).ok_or(NotPacked)
    }

    fn left(&self) -> usize {
        self.bytes.len() * 8 - self.at
    }

    /// How many ones stand before the next zero, which is taken as well; `None` at the end.
    fn ones(&mut self) -> Result<Option<u64>, NotPacked> {
        let mut ones = 0;
        loop {
            let run = (self.window().leading_ones() as usize).min(56).min(self.left());
            ones += run as u64;
            self.at += run;
            if self.left() == 0 {
                // What fills the last byte is less than a byte.
                return if ones < 8 { Ok(None) } else { Err(NotPacked) };
            }
            if run < 56 {
                self.at += 1;
                return Ok(Some(ones));
            }
        }
    }

    fn take(&mut self, bits: u32) -> Result<u64, NotPacked> {
        if self.left() < bits as usize {
            return Err(NotPacked);
        }
        let mut value = 0;
        let mut wanted = bits;
        while wanted > 0 {
            let now = wanted.min(56);
            value = value << now | self.window() >> (64 - now);
            self.at += now as usize;
            wanted -= now;
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_can_be_unpacked(numbers in btree_set(prop_oneof![any::<u64>(), 0..900_u64, 1 << 62..(1_u64 << 62) + 90_000], 0..200), below in 0..5_u64) {
            let from = numbers.first().copied().unwrap_or_default().saturating_sub(below);
            let mut bytes = Vec::new();
            pack(numbers.iter().copied().collect::<Vec<_>>().into_iter(), from, &mut bytes);
            prop_assert!(bytes.len() <= most(numbers.len() as u64, from, numbers.last().copied().unwrap_or_default()));
            prop_assert_eq!(unpack(&bytes, from), Ok(numbers.into_iter().collect::<Vec<_>>()));
        }

        #[test]
        fn there_is_one_way_to_pack_a_list(bytes in proptest::collection::vec(any::<u8>(), 0..40), k in 0..9_u8) {
            for bytes in [bytes.clone(), [&[k], &bytes[..]].concat()] {
                if let Ok(numbers) = unpack(&bytes, 7) {
                    let mut again = Vec::new();
                    pack(numbers.into_iter(), 7, &mut again);
                    prop_assert_eq!(again, bytes);
                }
            }
        }
    }

    /// docs/access-record.md shows this list.
    #[test]
    fn the_example_of_the_document() {
        let bytes = pack_ids(&[5, 6, 8, 100].map(Id));
        assert_eq!(bytes, [0, 0, 0, 0, 0, 0, 0, 5, 4, 0x00, 0x7e, 0xbf]);
        assert_eq!(unpack_ids(&bytes), Ok([5, 6, 8, 100].map(Id).to_vec()));
    }
}
