//! Where an entry says that it stands, read without the rest of it: all that the sequencer has to know of an entry.

use minicbor::Decoder;

use super::{codec::key, record::Entry};
use crate::{
    domain::{Digest, Id},
    ledger::verify::Said,
};

impl Entry {
    /// Where it says that it stands.
    pub fn said(&self) -> Said {
        let Self { epoch, rseq, previous, .. } = *self;
        Said { epoch, rseq, previous, follows: self.follows.map(|tail| (tail.epoch, tail.rseq)) }
    }
}

/// Reads the beginning of an entry; `None` if it is not one.
pub fn said(body: &[u8]) -> Option<Said> {
    let mut input = Decoder::new(body);
    let mut left = input.map().ok()??.checked_sub(4)?;
    let mut number = |expected| (input.u64().ok()? == expected).then(|| input.u64().ok())?;
    number(key::VERSION)?;
    let (epoch, rseq) = (id(number(key::EPOCH)?)?, number(key::RSEQ)?);
    let previous: Digest = (input.u64().ok()? == key::PREVIOUS).then(|| input.bytes().ok()?.try_into().ok())??;
    let mut follows = None;
    if left > 0 && input.u64().ok()? == key::FOLLOWS {
        left -= 1;
        let of_two = input.array().ok()? == Some(2);
        follows = Some((id(input.u64().ok().filter(|_| of_two)?)?, input.u64().ok()?));
    }
    // A record without anything in it is none.
    (left > 0).then_some(Said { epoch, rseq, previous, follows })
}

fn id(number: u64) -> Option<Id> {
    i64::try_from(number).ok().map(Id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{
        codec::{self, Place},
        record::Tail,
    };

    #[test]
    fn says_what_the_whole_entry_says() {
        // A record without its place: one key that an entry may have.
        let record = [&[0xa1, 0x18, 0x18][..], &[0]].concat();
        for follows in [None, Some(Tail { epoch: Id(5), rseq: 7 })] {
            let place = Place { epoch: Id(1 << 60), rseq: 300, previous: [9; 32], follows, numbers: Vec::new() };
            let body = codec::place(&place, &record);
            let expected = Said { epoch: place.epoch, rseq: 300, previous: [9; 32], follows: follows.map(|tail| (tail.epoch, tail.rseq)) };
            assert_eq!(said(&body), Some(expected));
            for end in 0..45 {
                assert_eq!(said(&body[..end]), None, "cut after {end}");
            }
        }
        assert_eq!(said(b""), None);
        assert_eq!(said(&[0xff; 100]), None);
    }
}
