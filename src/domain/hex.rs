//! Digests in hexadecimal, as people compare them.

use super::Digest;

/// 64 digits in lower case.
pub fn hex(digest: &Digest) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect()
}

/// What [`hex`] wrote, in either case; `None` of anything else.
pub fn unhex(text: &str) -> Option<Digest> {
    let nibble = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(*pair.get(1)?)?)).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let digest: Digest = std::array::from_fn(|n| n as u8 * 8 + 5);
        assert_eq!(unhex(&hex(&digest)), Some(digest));
        assert_eq!(unhex(&hex(&digest).to_uppercase()), Some(digest));
        assert!([&hex(&digest)[1..], "", "zz", &format!("{}00", hex(&digest))].into_iter().all(|text| unhex(text).is_none()));
    }
}
