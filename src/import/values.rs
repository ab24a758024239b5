//! From the text of a cell to a value of its field, or the reason why not.

use crate::domain::{Field, LeadValues, lead::FieldType, normal};

/// Longest text, or list with one item to a line, in bytes: what changing a lead allows.
const LONGEST_TEXT: usize = 1_000;
/// Longest note, in bytes.
const LONGEST_NOTES: usize = 20_000;

/// Puts the cell's text into `values`. `region` is that of telephone numbers written without a country.
pub(super) fn put(values: &mut LeadValues, field: Field, text: &str, region: &str) -> Result<(), String> {
    match field {
        Field::Emails | Field::Phones | Field::Tags => add_items(values, field, text, region),
        Field::Notes => {
            let text = clean(text, true);
            bounded(&text, LONGEST_NOTES)?;
            values.set_text(field, text);
            Ok(())
        }
        _ => match field.kind() {
            FieldType::Money => {
                values.set_integer(field, money(text)?);
                Ok(())
            }
            FieldType::Integer => {
                values.set_integer(field, score(text)?);
                Ok(())
            }
            _ => {
                let text = clean(text, false);
                bounded(&text, LONGEST_TEXT)?;
                values.set_text(field, text);
                Ok(())
            }
        },
    }
}

/// One line, single blanks, no control characters; of notes the lines stay.
pub(super) fn clean(text: &str, keep_lines: bool) -> String {
    let line = |line: &str| {
        line.split(|letter: char| letter.is_whitespace() || letter.is_control())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    if keep_lines { text.trim().lines().map(line).collect::<Vec<_>>().join("\n") } else { line(text) }
}

fn bounded(text: &str, longest: usize) -> Result<(), String> {
    if text.len() > longest { Err(format!("longer than {longest} bytes")) } else { Ok(()) }
}

fn add_items(values: &mut LeadValues, field: Field, text: &str, region: &str) -> Result<(), String> {
    let separates = |letter: char| match field {
        Field::Emails => letter.is_whitespace() || ";,|".contains(letter),
        Field::Phones => "\n;|".contains(letter),
        _ => "\n;,|".contains(letter),
    };
    let mut items: Vec<String> = values.text(field).map(|known| known.lines().map(str::to_owned).collect()).unwrap_or_default();
    for item in text.split(separates) {
        let item = clean(item, false);
        if item.is_empty() || (field != Field::Tags && is_placeholder(&item)) {
            continue;
        }
        let normal = |item: &str| match field {
            Field::Emails => normal::email(item),
            Field::Phones => normal::phone(item),
            _ => normal::tag(item),
        };
        let item = match field {
            Field::Emails if normal::email(&item).is_none() => return Err("not an e-mail address".into()),
            Field::Phones => phone(item, region)?,
            _ => item,
        };
        if !items.iter().any(|known| normal(known) == normal(&item)) {
            items.push(item);
        }
    }
    bounded(&items.join("\n"), LONGEST_TEXT)?;
    if !items.is_empty() {
        values.set_text(field, items.join("\n"));
    }
    Ok(())
}

/// The number as written; if it was written in another region than the list's, with its country, which is lost else.
fn phone(text: String, region: &str) -> Result<String, String> {
    let normal = normal::phone_in(&text, region).ok_or("not a telephone number")?;
    Ok(if region == normal::DEFAULT_REGION || normal::phone(&text).as_ref() == Some(&normal) { text } else { normal })
}

/// What exports write into a cell that has no value.
fn is_placeholder(text: &str) -> bool {
    ["-", "--", "n/a", "na", "none", "null", "nil"].contains(&text.to_lowercase().as_str())
}

/// An amount in hundredths: `1234`, `1,234.50`, `1.234,50`, with a currency's sign or code around it.
fn money(text: &str) -> Result<i64, String> {
    let bad = || "not an amount".to_owned();
    let number: String = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '\'').collect();
    let number = number.trim_matches(|letter: char| letter.is_alphabetic() || "$€£¥".contains(letter));
    let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    if number.is_empty() || !number.chars().all(|letter| letter.is_ascii_digit() || ",.".contains(letter)) {
        return Err(bad());
    }
    let last = number.rfind([',', '.']);
    let behind = last.map_or(0, |at| number.len() - at - 1);
    let of_last = last.map_or(0, |at| number.matches(&number[at..=at]).count());
    let mixed = number.contains(',') && number.contains('.');
    let decimals = match last {
        None => None,
        // Several of one letter group thousands; so does a lone comma before three digits.
        Some(_) if of_last > 1 => None,
        Some(at) if !mixed && behind == 3 && at <= 3 && number.as_bytes()[at] == b',' => None,
        Some(at) if !mixed && behind == 3 && at <= 3 => return Err(format!("`{number}` can be read as thousands or as decimals")),
        Some(at) => Some(at),
    };
    let (whole, fraction) = decimals.map_or((number, ""), |at| (&number[..at], &number[at + 1..]));
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let cents: String = fraction.chars().chain("00".chars()).take(2).collect();
    let amount: i64 = format!("{whole}{cents}").parse().map_err(|_| bad())?;
    Ok(if negative { -amount } else { amount })
}

fn score(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let whole = text.strip_suffix(".0").or_else(|| text.strip_suffix(".00")).unwrap_or(text);
    whole.parse().ok().filter(|score| (0..=100).contains(score)).ok_or_else(|| "not a whole number from 0 to 100".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (text, cents) in [
            ("1234", 123_400),
            ("$1,234.50", 123_450),
            ("1.234,50 €", 123_450),
            ("EUR 1'234.5", 123_450),
            ("1,234", 123_400),
            ("1,234,567", 123_456_700),
            ("1234.567", 123_456),
            ("-5,5", -550),
            ("0.10", 10),
        ] {
            assert_eq!(money(text), Ok(cents), "{text}");
        }
        for text in ["", "much", "1.234", "1-2", "99999999999999999999"] {
            assert!(money(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lists_take_each_item_once() {
        let mut values = LeadValues::default();
        put(&mut values, Field::Emails, "A@b.de; a+x@b.de, c@d.ef", "US").unwrap();
        put(&mut values, Field::Emails, "n/a", "US").unwrap();
        put(&mut values, Field::Emails, "c@D.ef", "US").unwrap();
        assert_eq!(values.text(Field::Emails), Some("A@b.de\nc@d.ef"));
        assert!(put(&mut values, Field::Emails, "nobody", "US").is_err());
        put(&mut values, Field::Phones, "030 1234567", "DE").unwrap();
        put(&mut values, Field::Phones, "+1 425 489 1736", "DE").unwrap();
        assert_eq!(values.text(Field::Phones), Some("+49301234567\n+1 425 489 1736"));
    }

    #[test]
    fn texts_are_one_line() {
        let mut values = LeadValues::default();
        put(&mut values, Field::Company, " A \t B\n C\u{0} ", "US").unwrap();
        assert_eq!(values.text(Field::Company), Some("A B C"));
        put(&mut values, Field::Notes, " one \n two ", "US").unwrap();
        assert_eq!(values.text(Field::Notes), Some("one\ntwo"));
        assert!(put(&mut values, Field::City, &"x".repeat(1_001), "US").is_err());
    }
}
