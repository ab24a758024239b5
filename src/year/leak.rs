//! The list that was found outside: a part of what the thief was shown, in another order and another format.

use super::plot::Dice;

/// How many of a hundred rows are in it, at least and at most.
const PART: (i64, i64) = (55, 90);

/// Somebody as the thief has them: what was hidden or masked is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) company: String,
    pub(super) email: String,
    pub(super) phone: String,
}

/// The list as somebody found it.
pub(super) fn written(seed: u64, mut rows: Vec<Row>) -> String {
    let mut dice = Dice::of(seed, "leak", [0, 0]);
    dice.shuffle(&mut rows);
    let part = dice.between(PART.0, PART.1) as usize;
    rows.truncate((rows.len() * part).div_ceil(100));
    let format = dice.below(3);
    let mut text = String::from(match format {
        0 => "Name;Company;Mail;Tel\n",
        1 => "company,full_name,telephone,e_mail\n",
        _ => "",
    });
    for row in &rows {
        let Row { first_name, last_name, company, email, phone } = row;
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        let line = match format {
            0 => format!("{last_name}, {first_name};{};{email};{phone}\n", company.to_uppercase()),
            1 => format!("{company},{first_name} {last_name},{digits},{}\n", email.to_uppercase()),
            _ => format!("{}\t{first_name}\t{email}\t{company}\t{digits}\n", last_name.to_uppercase()),
        };
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_in_another_order_and_format() {
        let row = |number: usize| Row {
            first_name: format!("First{number}"),
            last_name: format!("Last{number}"),
            company: "Amber Foods Ltd".into(),
            email: format!("lead{number}@amber.example"),
            phone: format!("+1 202 555 {number:04}"),
        };
        let rows: Vec<Row> = (0..200).map(row).collect();
        let mut formats = std::collections::HashSet::new();
        for seed in 0..20 {
            let text = written(seed, rows.clone());
            assert_eq!(text, written(seed, rows.clone()));
            let heads = usize::from(!text.starts_with("LAST"));
            let found: Vec<usize> =
                (0..200).filter(|number| text.to_lowercase().contains(&format!("lead{number}@amber.example"))).collect();
            assert!((110..=180).contains(&found.len()) && text.lines().count() == found.len() + heads, "{} of {text}", found.len());
            formats.insert(text.chars().next());
        }
        assert_eq!(formats.len(), 3);
    }
}
