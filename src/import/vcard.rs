//! vCards, one after the other: 3.0 (RFC 2426) and 4.0 (RFC 6350), with what older programs write into them: quoted-printable,
//! parameters without names, letters of other encodings. Pictures are passed over. One card at a time is in memory.

use std::io;

use super::{
    card::Property,
    encoding::Encoding,
    item::Item,
    lines::{LONGEST, Lines},
    rejects::{Problem, Reject},
    row::{self, Draft},
};

/// Properties of bytes that are no text.
const PICTURES: &[&[u8]] = &[b"PHOTO", b"LOGO", b"SOUND", b"KEY"];

/// A file of vCards.
pub(super) struct Cards {
    lines: Lines,
    encoding: Encoding,
    region: String,
    /// How many have been read.
    read: u64,
}

/// The text of one card.
struct Card {
    /// Lines as they stand there, pictures left out.
    raw: Vec<u8>,
    /// Its properties, each on one line.
    properties: Vec<Vec<u8>>,
    fault: Option<&'static str>,
}

impl Cards {
    pub(super) fn new(lines: Lines, encoding: Encoding, region: String) -> Self {
        Self { lines, encoding, region, read: 0 }
    }

    /// The next card; `None` behind the last.
    pub(super) fn next(&mut self) -> io::Result<Option<Item>> {
        let Some((line, card)) = self.card()? else { return Ok(None) };
        self.read += 1;
        let raw = format!("\"{}\"", self.encoding.decode_lossy(&card.raw).replace('"', "\"\""));
        if let Some(reason) = card.fault {
            let problems = vec![Problem { column: None, reason: reason.into() }];
            return Ok(Some(Item::Rejected(Reject { line, problems, raw })));
        }
        let mut problems = Vec::new();
        let mut properties = Vec::new();
        for text in &card.properties {
            match Property::read(text, self.encoding) {
                Ok(property) => properties.extend(property),
                Err((name, reason)) => problems.push(Problem { column: Some(name), reason }),
            }
        }
        let mut draft = Draft::new(line, raw);
        problems.extend(super::card::fill(&mut draft, properties, &self.region));
        Ok(Some(match row::settled(draft, problems) {
            Ok(draft) => Item::Row(Box::new(draft)),
            Err(reject) => Item::Rejected(reject),
        }))
    }

    /// The lines from one BEGIN to its END, unfolded, with the number of the first.
    fn card(&mut self) -> io::Result<Option<(u64, Card)>> {
        let mut card = Card { raw: Vec::new(), properties: Vec::new(), fault: None };
        let mut start = None;
        // Whether the lines that go on belong to a picture.
        let mut picture = false;
        while let Some(line) = self.lines.next()? {
            let blank = line.bytes.iter().all(u8::is_ascii_whitespace);
            let word = line.bytes.trim_ascii();
            let begins = word.eq_ignore_ascii_case(b"BEGIN:VCARD");
            let Some(first) = start else {
                if blank {
                    continue;
                }
                start = Some(line.number);
                card.raw.extend_from_slice(&line.bytes);
                if !begins {
                    card.fault = Some("this stands outside of a card");
                    return Ok(Some((line.number, card)));
                }
                continue;
            };
            if begins {
                self.lines.put_back(vec![line]);
                card.fault = Some("the card is not closed: another one begins");
                return Ok(Some((first, card)));
            }
            let ends = word.eq_ignore_ascii_case(b"END:VCARD");
            let goes_on = matches!(line.bytes.first(), Some(b' ' | b'\t'));
            let soft = !ends && card.properties.last().is_some_and(|last| is_quoted_printable(last) && last.ends_with(b"="));
            if !goes_on && !soft && !blank {
                picture = is_picture(&line.bytes);
            }
            if picture && !ends {
                continue;
            }
            if card.raw.len() + line.bytes.len() > LONGEST || line.cut {
                card.fault = Some("the card is longer than 1 MiB");
            }
            if card.fault.is_none() {
                card.raw.push(b'\n');
                card.raw.extend_from_slice(&line.bytes);
            }
            match card.properties.last_mut() {
                _ if ends => return Ok(Some((first, card))),
                _ if card.fault.is_some() || blank => {}
                Some(last) if soft => {
                    last.pop();
                    last.extend_from_slice(&line.bytes);
                }
                Some(last) if goes_on => last.extend_from_slice(&line.bytes[1..]),
                _ => card.properties.push(line.bytes),
            }
        }
        card.fault = Some("the card is not closed");
        Ok(start.map(|first| (first, card)))
    }
}

fn is_picture(line: &[u8]) -> bool {
    let name = line.split(|byte| matches!(byte, b';' | b':')).next().unwrap_or_default();
    let name = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    PICTURES.iter().any(|picture| name.eq_ignore_ascii_case(picture))
}

fn is_quoted_printable(property: &[u8]) -> bool {
    let head = property.split(|byte| *byte == b':').next().unwrap_or_default();
    head.to_ascii_uppercase().windows(b"QUOTED-PRINTABLE".len()).any(|part| part == b"QUOTED-PRINTABLE")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        domain::Field,
        import::{Options, Reader},
    };

    fn read(bytes: &[u8]) -> Vec<Item> {
        let mut reader = Reader::open(Cursor::new(bytes.to_vec()), &Options::default()).unwrap();
        std::iter::from_fn(|| reader.next_row().unwrap()).collect()
    }

    fn drafts(items: &[Item]) -> Vec<&Draft> {
        let mut drafts = Vec::new();
        for item in items {
            if let Item::Row(draft) = item {
                drafts.push(&**draft);
            }
        }
        drafts
    }

    fn reasons(items: &[Item]) -> Vec<(u64, String)> {
        let reason = |item: &Item| match item {
            Item::Rejected(reject) => Some((reject.line, reject.reason())),
            _ => None,
        };
        items.iter().filter_map(reason).collect()
    }

    #[test]
    fn cards_of_every_dress() {
        let found = read(include_bytes!("../../tests/data/cards.vcf"));
        let drafts = drafts(&found);
        let text = |at: usize, field| drafts[at].values.text(field);
        assert_eq!(drafts.len(), 4, "{:?}", reasons(&found));
        assert_eq!((text(0, Field::FirstName), text(0, Field::LastName)), (Some("Karin"), Some("Lindqvist")));
        assert_eq!(text(0, Field::Emails), Some("karin@norrland.example\nkarin.home@post.example"));
        assert_eq!(text(0, Field::Phones), Some("+46 90 555 01 23"));
        assert_eq!((text(0, Field::City), text(0, Field::Country)), (Some("Umeå"), Some("Sweden")));
        assert_eq!(text(0, Field::Notes), Some("Met at the fair, hall 3\nwants a quote"));
        assert_eq!((text(0, Field::Company), text(0, Field::Title)), (Some("Norrland Timber AB"), Some("Head of Procurement")));
        assert_eq!(drafts[0].since.map(|at| at.to_string()).as_deref(), Some("2023-05-06T07:08:09Z"));
        assert!(!drafts[0].raw.contains("9j/4AAQ"), "pictures are passed over");
        assert_eq!((text(1, Field::FirstName), text(1, Field::LastName)), (Some("Jürgen"), Some("Müller")));
        assert_eq!(text(1, Field::Notes), Some("first line\nsecond line"));
        assert_eq!((text(2, Field::FirstName), text(2, Field::Emails)), (Some("Aiko"), Some("aiko@mori.example")));
        assert_eq!(text(2, Field::Phones), Some("+81-90-5550-9876 ext. 7\n+81-3-5550-1234"));
        assert_eq!(text(2, Field::Tags), Some("vip\njapan"));
        assert_eq!((text(3, Field::Company), text(3, Field::LastName)), (Some("Harbour Lights Ltd"), None));
        let told = reasons(&found);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].1.contains("EMAIL: not an e-mail address"), "{told:?}");
        assert!(told[1].1.contains("another one begins"), "{told:?}");
    }

    #[test]
    fn what_is_broken_is_told_by_its_line() {
        let found = read(b"BEGIN:VCARD\nFN:A B\nEND:VCARD\nstray\nBEGIN:VCARD\nFN:C\n");
        assert_eq!(drafts(&found).len(), 1);
        assert_eq!(reasons(&found).iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5]);
        let bad = read(b"BEGIN:VCARD\nFN;CHARSET=utf-8;ENCODING=QUOTED-PRINTABLE:=FF=FE\nEND:VCARD\n");
        assert!(reasons(&bad)[0].1.contains("UTF-8"), "{bad:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// No bytes make it panic, and every card is a draft or a reject.
        #[test]
        fn every_card_is_accounted_for(lines in proptest::collection::vec(
            proptest::sample::select(&[
                "BEGIN:VCARD", "END:VCARD", "FN:A B", "N:;;;;", "N:\\", "EMAIL;PREF=1:a@b.de", "TEL;\"x:y", " folded", "\tx", "",
                "NOTE;ENCODING=QUOTED-PRINTABLE:=C3=", "=", "PHOTO;BASE64:", "ADR:;;;\\;\\,", "x.y.Z", "TEL:tel:", "=ZZ", "REV:2", "é",
            ][..]), 0..30)) {
            let text = format!("BEGIN:VCARD\n{}", lines.join("\n"));
            let begun = text.lines().filter(|line| *line == "BEGIN:VCARD").count();
            prop_assert!(read(text.as_bytes()).len() >= begun);
        }

        #[test]
        fn any_bytes_at_all(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            read(&[b"BEGIN:VCARD\r\n".to_vec(), bytes].concat());
        }
    }
}
