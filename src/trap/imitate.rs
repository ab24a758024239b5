//! An invented lead looks like one of the leads it stands among: what groups and filters look at is a real lead's, who it is
//! follows from the secret.

use super::{Secret, secret::Plan};
use crate::domain::{Field, FieldSet, Id, LeadRecord, LeadValues, Timestamp, normal};

/// Taken over as they are.
const COPIED: [Field; 9] =
    [Field::Industry, Field::Country, Field::Stage, Field::Source, Field::Title, Field::City, Field::Tags, Field::Owner, Field::Team];

/// The fields in which an invented lead is like the one it imitates: what is found by these, it is found by, too.
pub fn alike() -> FieldSet {
    COPIED.into_iter().chain([Field::Archived]).collect()
}

/// The values of the invented lead with this id among leads like `model`. Fields that the model leaves empty stay empty, save
/// the e-mail address.
pub fn imitate(secret: &Secret, lead: Id, model: &LeadRecord, domains: &[String], at: (Timestamp, Timestamp)) -> LeadValues {
    let mut values = LeadValues::default();
    let model = &model.values;
    for field in COPIED {
        if let Some(value) = model.0.get(&field).filter(|value| value.is_some()) {
            values.0.insert(field, value.clone());
        }
    }
    let invented = secret.invent(lead);
    let mut like = |field: Field, text: &str| {
        if model.text(field).is_some() {
            values.set_text(field, text);
        }
    };
    like(Field::Company, &invented.company);
    like(Field::FirstName, invented.first_name);
    like(Field::LastName, invented.last_name);
    like(Field::Notes, secret.note(lead));
    let email = secret.email(lead, domains);
    if let Some((_, domain)) = email.as_deref().and_then(|email| email.split_once('@')) {
        like(Field::Website, &format!("https://www.{domain}"));
    }
    if let Some(reference) = model.text(Field::Reference) {
        values.set_text(Field::Reference, in_the_shape_of(secret, lead, reference));
    }
    if let Some(phone) = model.text(Field::Phones).and_then(|phones| phones.lines().next()) {
        values.set_text(Field::Phones, number_like(secret, lead, phone));
    }
    values.set_text(Field::Emails, email.unwrap_or_default());
    if let Some(value) = model.integer(Field::DealValue) {
        values.set_integer(Field::DealValue, around(secret, lead, value));
    }
    if let Some(score) = model.integer(Field::Score) {
        let shift = secret.draw(lead, "score", 21) as i64 - 10;
        values.set_integer(Field::Score, (score + shift).clamp(0, 100));
    }
    values.set_integer(Field::CreatedAt, at.0.0);
    values.set_integer(Field::UpdatedAt, at.1.0);
    values.set_integer(Field::Archived, 0);
    values
}

/// Between three quarters and five quarters of the value, as round as it is.
fn around(secret: &Secret, lead: Id, value: i64) -> i64 {
    let mut unit = 1;
    while unit <= value / 100 && value % (unit * 10) == 0 {
        unit *= 10;
    }
    let percent = 75 + secret.draw(lead, "deal value", 51) as i64;
    (value / unit).saturating_mul(percent) / 100 * unit
}

/// Digits for digits and letters for letters, the first two kept: `REF-1024` becomes `REF-7316`.
fn in_the_shape_of(secret: &Secret, lead: Id, text: &str) -> String {
    let digest = secret.digest(lead, "reference");
    let drawn = |at: usize, below: u8| digest[at % digest.len()].wrapping_add((at / digest.len()) as u8) % below;
    let like = |(at, letter): (usize, char)| match letter {
        '0'..='9' => char::from(b'0' + drawn(at, 10)),
        _ if at < 4 => letter,
        'a'..='z' => char::from(b'a' + drawn(at, 26)),
        'A'..='Z' => char::from(b'A' + drawn(at, 26)),
        other => other,
    };
    text.chars().enumerate().map(like).collect()
}

/// A number for fiction, written as `model` is where the digits fit.
fn number_like(secret: &Secret, lead: Id, model: &str) -> String {
    let (country, national) = secret.phone(lead, Plan::of(normal::phone(model).as_deref()));
    let whole = format!("{country}{national}");
    let written = model.find(['x', 'e', '#', ';']).map_or(model, |end| model[..end].trim_end());
    let digits = written.chars().filter(char::is_ascii_digit).count();
    let fitting = [&national, &whole].into_iter().find(|number| number.len() == digits);
    let Some(mut digits) = fitting.map(|number| number.chars()) else { return format!("+{whole}") };
    written.chars().map(|letter| if letter.is_ascii_digit() { digits.next().unwrap_or(letter) } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(phone: &str) -> LeadRecord {
        let mut values = LeadValues::default();
        for (field, text) in [
            (Field::Company, "Acme"),
            (Field::LastName, "Bosch"),
            (Field::Stage, "Qualified"),
            (Field::Emails, "a@acme.example"),
            (Field::Phones, phone),
            (Field::Reference, "00Q5e-0042"),
        ] {
            values.set_text(field, text);
        }
        values.set_integer(Field::DealValue, 1_200_000);
        values.set_integer(Field::Team, 12);
        LeadRecord { id: Id(1), version: 3, level: 2, compartments: 0, windows: 1, values }
    }

    #[test]
    fn it_is_somebody_else_of_the_same_kind() {
        let (secret, domains) = (Secret::new([3; 32]), ["mail.example".to_owned()]);
        let made = imitate(&secret, Id(77), &model("(425) 489-1736 x676"), &domains, (Timestamp(5), Timestamp(6)));
        assert_eq!((made.text(Field::Stage), made.integer(Field::Team)), (Some("Qualified"), Some(12)));
        assert!(made.text(Field::Emails).unwrap().ends_with("@mail.example"));
        assert!(made.text(Field::Company) != Some("Acme") && made.text(Field::FirstName).is_none() && made.text(Field::Notes).is_none());
        let phone = made.text(Field::Phones).unwrap();
        assert!(phone.starts_with('(') && phone[6..].starts_with("555-01") && phone.len() == 14, "{phone}");
        let reference = made.text(Field::Reference).unwrap();
        assert!(reference.len() == 10 && reference.as_bytes()[5] == b'-' && reference != "00Q5e-0042", "{reference}");
        let value = made.integer(Field::DealValue).unwrap();
        assert!((900_000..=1_500_000).contains(&value) && value % 1_000 == 0, "{value}");
        assert_eq!((made.integer(Field::CreatedAt), made.integer(Field::UpdatedAt)), (Some(5), Some(6)));
    }

    #[test]
    fn numbers_stay_in_the_country_and_in_the_ranges_for_fiction() {
        let (secret, domains) = (Secret::new([3; 32]), ["mail.example".to_owned()]);
        for (like, begins) in
            [("+44 20 7000 1234", "+4420794"), ("+49 30 1234567", "+493023125"), ("+33 1 40 00 00 00", "+33199"), ("+55 11 91234", "+1")]
        {
            let made = imitate(&secret, Id(5), &model(like), &domains, (Timestamp(5), Timestamp(5)));
            let number = normal::phone(made.text(Field::Phones).unwrap()).unwrap();
            assert!(number.starts_with(begins), "{like}: {number}");
        }
    }
}
