//! Reading whoever stands in a text that was found: CSV with any delimiter, vCards, what was copied from a spreadsheet, plain text.
//! Order and format do not matter: of each line, or card, only addresses, numbers and words count.

use crate::domain::{normal, words};

/// A line with more words is no row about one person; names in it are not looked at.
const ROW: usize = 64;
/// Digits of a telephone number: fewest and most.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=17;
/// Longest text that is looked at as one run of digits.
const RUN: usize = 64;

/// What a line, or a card, says of people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// E-mail addresses in normal form.
    pub emails: Vec<String>,
    /// Telephone numbers in normal form; what stands beside a number may have given another reading of it.
    pub phones: Vec<String>,
    /// Its words in lower case; none if there are too many for one person.
    pub words: Vec<String>,
}

/// The rows of a text; `region` is that of telephone numbers without a country.
pub fn rows<'t>(text: &'t str, region: &'t str) -> impl Iterator<Item = Row> + 't {
    Blocks { lines: text.lines() }.map(|block| row(&block, region)).filter(|row| *row != Row::default())
}

/// Lines, or what lies between `BEGIN:VCARD` and `END:VCARD`. Lines with `#` at their beginning are a file's head.
struct Blocks<'t> {
    lines: std::str::Lines<'t>,
}

impl Iterator for Blocks<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let line = self.lines.find(|line| !line.trim().is_empty() && !line.starts_with('#'))?;
        if !line.trim().eq_ignore_ascii_case("BEGIN:VCARD") {
            return Some(line.to_owned());
        }
        let mut card = String::new();
        for line in self.lines.by_ref().take_while(|line| !line.trim().eq_ignore_ascii_case("END:VCARD")) {
            // A line that begins with a blank goes on with the one before (RFC 6350 § 3.2).
            match line.strip_prefix([' ', '\t']) {
                Some(rest) => card.push_str(rest),
                None => card.extend(["\n", line]),
            }
        }
        Some(card)
    }
}

fn row(block: &str, region: &str) -> Row {
    let around = |letter: char| letter.is_whitespace() || ",;|<>()[]{}\"'`:=/\\".contains(letter);
    let addresses = block.split(around).filter(|token| token.contains('@'));
    let mut emails: Vec<String> = addresses.filter_map(|token| normal::email(token.trim_matches(['.', '!', '?', '*']))).collect();
    let mut phones: Vec<String> = runs(block).flat_map(|run| readings(run, region)).collect();
    for found in [&mut emails, &mut phones] {
        found.sort();
        found.dedup();
    }
    let named = |word: &String| word.contains(char::is_alphabetic);
    let mut words: Vec<String> = words::words(block).filter(named).take(ROW + 1).collect();
    if words.len() > ROW {
        words.clear();
    }
    words.sort();
    words.dedup();
    Row { emails, phones, words }
}

/// Stretches made of digits and what stands between the digits of a number, an extension included.
fn runs(block: &str) -> impl Iterator<Item = &str> {
    let part = |letter: char| letter.is_ascii_digit() || " +-().x#".contains(letter) || letter == '/';
    block
        .split(move |letter: char| !part(letter))
        .map(str::trim)
        .filter(|run| run.len() <= RUN && run.chars().filter(char::is_ascii_digit).count() >= *DIGITS.start())
}

/// The numbers that a run can mean: all of it, and what is left of it without its first groups (`12 425 489 1736`).
fn readings<'r>(run: &'r str, region: &'r str) -> impl Iterator<Item = String> + 'r {
    let begins = std::iter::once(0).chain(run.match_indices([' ', '+']).map(|(at, mark)| if mark == "+" { at } else { at + 1 }));
    begins.filter_map(move |begin| {
        let part = run[begin..].trim();
        let digits = part.chars().filter(char::is_ascii_digit).count();
        DIGITS.contains(&digits).then(|| normal::phone_in(part, region)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<Row> {
        rows(text, "US").collect()
    }

    #[test]
    fn formats_say_the_same() {
        let formats = [
            "Marta,Hale,Amber Freight,m.hale@mail.example,+1 (202) 555-0142",
            "\"Amber Freight\";\"Hale\";\"Marta\";\"M.Hale+list@MAIL.example\";\"202.555.0142\"",
            "12 Marta Hale  Amber Freight  <m.hale@mail.example>\t17 202-555-0142",
            "BEGIN:VCARD\nVERSION:3.0\nN:Hale;Marta;;;\nORG:Amber Frei\n ght\nEMAIL;TYPE=WORK:m.hale@mail.example\nTEL:tel:+1-202-555-0142\nEND:VCARD",
            "- m.hale@mail.example, Marta Hale (Amber Freight), phone 001 202 555 0142.",
        ];
        for format in formats {
            let rows = told(format);
            assert_eq!(rows.len(), 1, "{format}");
            assert_eq!(rows[0].emails, ["m.hale@mail.example"], "{format}");
            assert!(rows[0].phones.contains(&"+12025550142".to_owned()), "{format} {:?}", rows[0].phones);
            for word in ["marta", "hale", "amber", "freight"] {
                assert!(rows[0].words.iter().any(|known| known == word), "{word} in {format}");
            }
        }
    }

    #[test]
    fn a_head_is_no_row_and_a_book_has_no_names() {
        assert_eq!(told("# Receipt: 0a1b 3 x y\n# Exported by: Rita\n\n  \n"), []);
        assert!(told(&"word ".repeat(100)).is_empty());
        let many = format!("{} a@b.example", "word ".repeat(100));
        assert_eq!(told(&many)[0], Row { emails: vec!["a@b.example".into()], ..Row::default() });
    }

    #[test]
    fn numbers_that_are_none_are_left_out() {
        assert_eq!(told("2026-11 | 42 | 1.50 | score 7")[0].phones, Vec::<String>::new());
    }
}
