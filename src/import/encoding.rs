//! Which bytes mean which letters: a byte order mark decides, else what the whole file is valid as.

use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How many bytes are looked at together.
const BLOCK: usize = 64 * 1024;

/// The encoding of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, least significant byte first.
    Utf16Le,
    /// UTF-16, most significant byte first.
    Utf16Be,
    /// Windows-1252, which contains Latin-1's letters.
    Windows1252,
}

impl Encoding {
    /// Its name, as reports and `--encoding` have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Windows1252 => "Windows-1252",
        }
    }

    /// The encoding with this name or one of its usual labels (WHATWG Encoding Standard § 4.2).
    pub fn from_name(name: &str) -> Option<Self> {
        let found = encoding_rs::Encoding::for_label(name.trim().as_bytes())?;
        [(encoding_rs::UTF_8, Self::Utf8), (UTF_16LE, Self::Utf16Le), (UTF_16BE, Self::Utf16Be), (WINDOWS_1252, Self::Windows1252)]
            .into_iter()
            .find_map(|(known, encoding)| (known == found).then_some(encoding))
    }

    /// The text of a cell's bytes, which are UTF-8 unless the file is Windows-1252; `None` if they are not valid.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Windows1252 => Some(WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()),
            _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
        }
    }

    /// The same with U+FFFD for what is not valid.
    pub fn decode_lossy(self, bytes: &[u8]) -> String {
        self.decode(bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// What a look at the whole file found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// How to read it.
    pub encoding: Encoding,
    /// Bytes of the byte order mark.
    pub mark: u64,
    /// Whether it is a ZIP archive, which is what a workbook is.
    pub archive: bool,
}

/// Looks at the whole file and goes back to its start.
///
/// Without a byte order mark: UTF-16 if every other byte of the head is zero; UTF-8 if all of it is valid or most of
/// what is not ASCII is (the broken rows are rejected one by one then); else Windows-1252.
pub fn detect(input: &mut (impl Read + Seek)) -> io::Result<Found> {
    input.seek(SeekFrom::Start(0))?;
    let mut block = vec![0; BLOCK];
    let mut held = fill(input, &mut block)?;
    let start = &block[..held];
    let archive = start.starts_with(b"PK\x03\x04");
    let by_mark = match start {
        [0xEF, 0xBB, 0xBF, ..] => Some((Encoding::Utf8, 3)),
        [0xFF, 0xFE, ..] => Some((Encoding::Utf16Le, 2)),
        [0xFE, 0xFF, ..] => Some((Encoding::Utf16Be, 2)),
        _ => zeros(start).map(|encoding| (encoding, 0)),
    };
    let (encoding, mark) = if let Some(found) = by_mark {
        found
    } else {
        let (mut sound, mut broken) = (0_u64, 0_u64);
        loop {
            let rest = judge(&block[..held], &mut sound, &mut broken);
            block.copy_within(held - rest..held, 0);
            let more = fill(input, &mut block[rest..])?;
            if more == 0 {
                broken += rest as u64;
                break;
            }
            held = rest + more;
        }
        (if broken == 0 || sound > broken { Encoding::Utf8 } else { Encoding::Windows1252 }, 0)
    };
    input.seek(SeekFrom::Start(0))?;
    Ok(Found { encoding, mark, archive })
}

/// Counts letters of several bytes and bytes that belong to none; returns how many at the end are the start of one.
fn judge(mut bytes: &[u8], sound: &mut u64, broken: &mut u64) -> usize {
    loop {
        let (valid, error) = match std::str::from_utf8(bytes) {
            Ok(_) => (bytes.len(), None),
            Err(error) => (error.valid_up_to(), Some(error)),
        };
        *sound += bytes[..valid].iter().filter(|byte| **byte >= 0xC0).count() as u64;
        bytes = &bytes[valid..];
        match error.map(|error| error.error_len()) {
            None => return 0,
            Some(None) => return bytes.len(),
            Some(Some(length)) => {
                *broken += 1;
                bytes = &bytes[length..];
            }
        }
    }
}

fn zeros(head: &[u8]) -> Option<Encoding> {
    let pairs = head.chunks_exact(2).take(200);
    let (count, low, high) = pairs.fold((0, 0, 0), |(count, low, high), pair| {
        (count + 1, low + usize::from(pair[0] == 0 && pair[1] != 0), high + usize::from(pair[1] == 0 && pair[0] != 0))
    });
    match () {
        () if count >= 4 && high * 10 >= count * 9 => Some(Encoding::Utf16Le),
        () if count >= 4 && low * 10 >= count * 9 => Some(Encoding::Utf16Be),
        () => None,
    }
}

fn fill(input: &mut impl Read, mut buffer: &mut [u8]) -> io::Result<usize> {
    let mut total = 0;
    while !buffer.is_empty() {
        let got = match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if got == 0 {
            break;
        }
        total += got;
        buffer = &mut buffer[got..];
    }
    Ok(total)
}

/// UTF-16 read as UTF-8; what is not valid becomes U+FFFD, which the row it stands in is rejected for.
pub(super) struct Utf16<R> {
    input: R,
    decoder: Decoder,
    bytes: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Utf16<R> {
    pub(super) fn new(input: R, encoding: Encoding) -> Self {
        let decoder = if encoding == Encoding::Utf16Be { UTF_16BE } else { UTF_16LE }.new_decoder_without_bom_handling();
        Self { input, decoder, bytes: vec![0; BLOCK], text: Vec::new(), given: 0, ended: false }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            let got = fill(&mut self.input, &mut self.bytes)?;
            self.ended = got < self.bytes.len();
            let room = self.decoder.max_utf8_buffer_length(got).unwrap_or(4 * BLOCK);
            self.text.resize(room, 0);
            let (result, _, written, _) = self.decoder.decode_to_utf8(&self.bytes[..got], &mut self.text, self.ended);
            debug_assert_eq!(result, CoderResult::InputEmpty);
            self.text.truncate(written);
            self.given = 0;
        }
        let rest = &self.text[self.given..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn found(bytes: &[u8]) -> Encoding {
        detect(&mut Cursor::new(bytes)).unwrap().encoding
    }

    #[test]
    fn marks_and_validity_decide() {
        assert_eq!(found(b""), Encoding::Utf8);
        assert_eq!(found(b"plain"), Encoding::Utf8);
        assert_eq!(found("Zürich".as_bytes()), Encoding::Utf8);
        assert_eq!(found(b"Z\xFCrich"), Encoding::Windows1252);
        assert_eq!(found(b"\xFF\xFEa\0"), Encoding::Utf16Le);
        assert_eq!(found(b"a\0b\0c\0d\0e\0"), Encoding::Utf16Le);
        assert_eq!(found(b"\0a\0b\0c\0d\0e"), Encoding::Utf16Be);
        // One damaged letter among many sound ones: the row is at fault, not the file.
        assert_eq!(
            found("Zürich Köln Genève \u{fc}".as_bytes().iter().chain(b"\xFC ").copied().collect::<Vec<_>>().as_slice()),
            Encoding::Utf8
        );
    }

    #[test]
    fn letters_across_blocks_stay_whole() {
        let mut text = "a".repeat(BLOCK - 1);
        text.push('é');
        text.push_str(&"b".repeat(BLOCK));
        assert_eq!(found(text.as_bytes()), Encoding::Utf8);
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut back = String::new();
        Utf16::new(Cursor::new(wide), Encoding::Utf16Le).read_to_string(&mut back).unwrap();
        assert_eq!(back, text);
    }

    #[test]
    fn names() {
        assert_eq!(Encoding::from_name("latin1"), Some(Encoding::Windows1252));
        assert_eq!(Encoding::from_name("utf8"), Some(Encoding::Utf8));
        assert_eq!(Encoding::from_name("klingon"), None);
    }
}
