//! Time stamps of an authority (RFC 3161): the request, and what is checked of an answer. The authority's own signature is
//! checked by whoever trusts its certificate: `openssl ts -verify` takes the answer as it is.

use crate::domain::{Digest, Timestamp};

/// The media type of a request.
pub const REQUEST_MEDIA: &str = "application/timestamp-query";

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const NULL: u8 = 0x05;
const OID: u8 = 0x06;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0]`, constructed.
const CONTEXT: u8 = 0xa0;

/// 2.16.840.1.101.3.4.2.1: SHA-256.
const SHA256: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// 1.2.840.113549.1.7.2: signed data (RFC 5652).
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.9.16.1.4: what is signed is a time stamp (RFC 3161).
const TST_INFO: [u8; 11] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

/// Why an answer is no time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoStamp {
    /// It is no answer of a time stamping authority.
    #[error("the answer is no time stamp")]
    Malformed,
    /// The authority refused, with this status (RFC 3161 § 2.4.2).
    #[error("the authority refused with status {0}")]
    Refused(u64),
    /// It is a stamp of something else, or an old one.
    #[error("the time stamp is of something else than what was sent")]
    Other,
}

/// The request (DER) for a stamp over what has this SHA-256, with the authority's certificate in the answer.
pub fn request(imprint: &Digest, nonce: u64) -> Vec<u8> {
    let algorithm = element(SEQUENCE, &[element(OID, &SHA256), element(NULL, &[])].concat());
    let imprint = element(SEQUENCE, &[algorithm, element(OCTETS, imprint)].concat());
    let parts = [element(INTEGER, &[1]), imprint, element(INTEGER, &integer(nonce)), element(BOOLEAN, &[0xff])];
    element(SEQUENCE, &parts.concat())
}

/// When the authority says that it was; if this is its answer (DER) to [`request`].
pub fn read(answer: &[u8], imprint: &Digest, nonce: u64) -> Result<Timestamp, NoStamp> {
    let mut answer = Reader(Reader(answer).take(SEQUENCE)?);
    let status = number(Reader(answer.take(SEQUENCE)?).take(INTEGER)?);
    // Granted, or granted with modifications.
    if status.is_none_or(|status| status > 1) {
        return Err(NoStamp::Refused(status.unwrap_or(u64::MAX)));
    }
    let mut content = Reader(answer.take(SEQUENCE)?);
    wanted(content.take(OID)? == SIGNED_DATA)?;
    let mut signed = Reader(Reader(content.take(CONTEXT)?).take(SEQUENCE)?);
    signed.take(INTEGER)?;
    signed.take(SET)?;
    let mut encapsulated = Reader(signed.take(SEQUENCE)?);
    wanted(encapsulated.take(OID)? == TST_INFO)?;
    let mut info = Reader(Reader(Reader(encapsulated.take(CONTEXT)?).take(OCTETS)?).take(SEQUENCE)?);
    info.take(INTEGER)?;
    info.take(OID)?;
    let mut stamped = Reader(info.take(SEQUENCE)?);
    let algorithm = Reader(stamped.take(SEQUENCE)?).take(OID)?;
    let hash = stamped.take(OCTETS)?;
    info.take(INTEGER)?;
    let time = moment(info.take(GENERALIZED_TIME)?).ok_or(NoStamp::Malformed)?;
    // What is between the time and the nonce is optional and of other kinds.
    let mut found = None;
    while let Some((kind, content)) = info.next() {
        if kind == INTEGER {
            found = number(content);
        }
    }
    if algorithm == SHA256 && hash == imprint && found == Some(nonce) { Ok(time) } else { Err(NoStamp::Other) }
}

fn wanted(holds: bool) -> Result<(), NoStamp> {
    if holds { Ok(()) } else { Err(NoStamp::Malformed) }
}

/// `YYYYMMDDhhmmss[.f…]Z`.
fn moment(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').map_or((text, String::new()), |(whole, fraction)| (whole, format!(".{fraction}")));
    if whole.len() != 14 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| &whole[from..to];
    let date = format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8));
    Timestamp::parse(&format!("{date}T{}:{}:{}{fraction}Z", part(8, 10), part(10, 12), part(12, 14)))
}

/// An element of DER.
fn element(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    match content.len() {
        length @ 0..=0x7f => bytes.push(length as u8),
        length => {
            let length = (length as u64).to_be_bytes();
            let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            bytes.push(0x80 | length.len() as u8);
            bytes.extend(length);
        }
    }
    bytes.extend(content);
    bytes
}

/// The shortest two's complement of a number.
fn integer(number: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if bytes.first().is_none_or(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    bytes
}

/// What [`integer`] writes; `None` for what is below 0 or above 64 bits.
fn number(bytes: &[u8]) -> Option<u64> {
    let first = bytes.first()?;
    let bytes = if *first == 0 { &bytes[1..] } else { bytes };
    let fits = first & 0x80 == 0 && bytes.len() <= 8;
    fits.then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Elements one after another.
struct Reader<'d>(&'d [u8]);

impl<'d> Reader<'d> {
    /// The next, which must be of this kind.
    fn take(&mut self, kind: u8) -> Result<&'d [u8], NoStamp> {
        self.next().filter(|(found, _)| *found == kind).map(|(_, content)| content).ok_or(NoStamp::Malformed)
    }

    fn next(&mut self) -> Option<(u8, &'d [u8])> {
        let (kind, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = if *first < 0x80 {
            (usize::from(*first), rest)
        } else {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            // A time stamp of more than 4 GiB is none.
            (usize::try_from(number(&[&[0], length].concat()).filter(|_| (1..=4).contains(&length.len()))?).ok()?, rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*kind, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_what_openssl_makes() {
        // openssl ts -query -sha256 -digest 00…1f -cert, with its nonce.
        let imprint: Digest = std::array::from_fn(|number| number as u8);
        let head = [&[0x30, 0x43, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09][..], &SHA256, &[0x05, 0x00, 0x04, 0x20]].concat();
        let tail = [0x02, 0x08, 0x0a, 0xf9, 0x39, 0x5e, 0x6a, 0x59, 0xd9, 0xb2, 0x01, 0x01, 0xff];
        assert_eq!(request(&imprint, 0x0af9_395e_6a59_d9b2), [&head[..], &imprint, &tail].concat());
    }

    #[test]
    fn numbers_come_back() {
        for value in [0, 1, 127, 128, 255, 256, u64::MAX] {
            assert_eq!(number(&integer(value)), Some(value));
        }
        assert_eq!(number(&[]), None);
        assert_eq!(number(&[0xff]), None);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for wrong in [&[][..], &[0x30], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0x30, 0x80], &[0x30, 0x02, 0x30, 0x00], &[0xff; 64]] {
            assert_eq!(read(wrong, &[0; 32], 1), Err(NoStamp::Malformed), "{wrong:?}");
        }
        // A rejection, status 2.
        assert_eq!(read(&[0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02], &[0; 32], 1), Err(NoStamp::Refused(2)));
        assert_eq!(moment(b"20261122083000.25Z"), Timestamp::parse("2026-11-22T08:30:00.25Z"));
        assert_eq!(moment(b"2026112208300Z"), None);
    }
}
