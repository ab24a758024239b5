//! From the header line to what each column means. A column that nothing names is left out and reported.

use super::{
    presets::{self, Preset},
    target::{Column, Target},
};
use crate::domain::Field;

/// Names of the three columns a rejects file has before those of the file it came from.
pub const REJECT_COLUMNS: [&str; 3] = ["Rejected line", "Rejected column", "Rejected reason"];

/// Reads `Email 1=email`: the column's name, and the target's behind the last `=`.
pub fn parse_mapping(text: &str) -> Result<(String, Target), String> {
    let (column, target) = text.rsplit_once('=').ok_or_else(|| format!("`{text}` is not COLUMN=FIELD"))?;
    let known = Target::from_name(target).ok_or_else(|| format!("`{}` is no field to import into", target.trim()))?;
    Ok((column.trim().to_owned(), known))
}

/// `LastName`, `last_name`, ` Last  Name ` → `last name`.
pub(super) fn normal_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    let mut before = ' ';
    for letter in name.trim().trim_start_matches('\u{feff}').chars() {
        if letter.is_alphanumeric() {
            let hump = letter.is_uppercase() && before.is_lowercase();
            if !normal.is_empty() && (hump || !before.is_alphanumeric()) {
                normal.push(' ');
            }
            normal.extend(letter.to_lowercase());
        }
        before = letter;
    }
    normal
}

/// What the columns mean: as mapped, else as the preset has it, else by their names.
pub(super) fn resolve(
    names: &[String],
    preset: Option<Preset>,
    mapping: &[(String, Target)],
) -> Result<(Option<Preset>, Vec<Column>), String> {
    let normal: Vec<String> = names.iter().map(|name| normal_name(name)).collect();
    for (mapped, _) in mapping {
        if !normal.contains(&normal_name(mapped)) {
            return Err(format!("there is no column `{mapped}`; the file has {}", quoted(names)));
        }
    }
    let preset = preset.or_else(|| Preset::detect(&normal));
    let mut columns: Vec<Column> = Vec::with_capacity(names.len());
    for (name, normal) in names.iter().zip(&normal) {
        let rejected = REJECT_COLUMNS.iter().any(|known| normal_name(known) == *normal);
        let mapped = mapping.iter().find(|(mapped, _)| normal_name(mapped) == *normal).map(|(_, target)| *target);
        let meant = if rejected { Target::Ignored } else { presets::meaning(preset, normal).unwrap_or(Target::Unknown) };
        columns.push(Column { name: name.trim().to_owned(), target: mapped.unwrap_or(meant), note: None });
    }
    settle(&mut columns, mapping)?;
    if !columns.iter().any(|column| column.target.identifies()) {
        return Err(format!(
            "no column says who the leads are (name, company, e-mail or telephone); the file has {}; name them with --map COLUMN=FIELD",
            quoted(names)
        ));
    }
    Ok((preset, columns))
}

/// Leaves each field that takes one column the one that was mapped, else the first.
fn settle(columns: &mut [Column], mapping: &[(String, Target)]) -> Result<(), String> {
    let is_mapped = |column: &Column| mapping.iter().any(|(name, _)| normal_name(name) == normal_name(&column.name));
    for position in 0..columns.len() {
        let target = columns[position].target;
        if target.takes_several() {
            continue;
        }
        let rivals: Vec<usize> = (0..columns.len()).filter(|other| columns[*other].target == target).collect();
        let chosen: Vec<usize> = rivals.iter().copied().filter(|rival| is_mapped(&columns[*rival])).collect();
        if chosen.len() > 1 {
            return Err(format!("two columns are mapped to `{}`", target.name()));
        }
        let winner = chosen.first().or(rivals.first()).copied();
        for rival in rivals.into_iter().filter(|rival| Some(*rival) != winner) {
            columns[rival].target = Target::Unknown;
            columns[rival].note = Some("another column has that meaning already");
        }
    }
    // A full name beside its parts says nothing new.
    let has = |field| columns.iter().any(|column| column.target == Target::Field(field));
    if has(Field::LastName) {
        for column in columns.iter_mut().filter(|column| column.target == Target::FullName) {
            column.target = Target::Unknown;
            column.note = Some("first and last name have columns of their own");
        }
    }
    Ok(())
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{}`", name.trim())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(header: &str, mapping: &[&str]) -> Result<Vec<&'static str>, String> {
        let names: Vec<String> = header.split(',').map(str::to_owned).collect();
        let mapping: Vec<_> = mapping.iter().map(|text| parse_mapping(text).unwrap()).collect();
        resolve(&names, None, &mapping).map(|(_, columns)| columns.iter().map(|column| column.target.name()).collect())
    }

    #[test]
    fn names_in_every_dress() {
        for name in ["LastName", "last_name", " Last  Name ", "\u{feff}LAST NAME", "Last-Name"] {
            assert_eq!(normal_name(name), "last name", "{name}");
        }
        assert_eq!(normal_name("Company / Account"), "company account");
    }

    #[test]
    fn common_headers() {
        assert_eq!(targets("id, name , email ", &[]).unwrap(), ["reference", "name", "emails"]);
        assert_eq!(
            targets("First Name,Last Name,Name,Email 1,Email 2,Shoe size", &[]).unwrap(),
            ["firstName", "lastName", "-", "emails", "emails", "-"]
        );
        assert_eq!(targets("Company,Firma", &[]).unwrap(), ["company", "-"]);
    }

    #[test]
    fn mapping_wins_and_is_checked() {
        assert_eq!(targets("Company,Kunde", &["Kunde=company"]).unwrap(), ["-", "company"]);
        assert_eq!(targets("Email 1,name", &["Email 1=-"]).unwrap(), ["-", "name"]);
        assert!(targets("Company", &["Kunde=company"]).unwrap_err().contains("no column `Kunde`"));
        assert!(targets("A,B", &["A=company", "B=company"]).is_err());
        assert!(targets("a,b", &[]).unwrap_err().contains("--map"));
        assert!(parse_mapping("A=createdAt").is_err());
    }

    #[test]
    fn presets_are_told_by_their_columns() {
        let detect = |header: &str| {
            let names: Vec<String> = header.split(',').map(normal_name).collect();
            Preset::detect(&names).map(Preset::name)
        };
        assert_eq!(detect("Index,Account Id,Lead Owner,First Name,Deal Stage"), Some("datablist"));
        assert_eq!(detect("Record ID,First Name,Last Name,Email,Lifecycle Stage"), Some("hubspot"));
        assert_eq!(detect("Id,IsDeleted,LastName,Company,LeadSource,Status,OwnerId"), Some("salesforce"));
        assert_eq!(detect("Lead Owner,First Name,Last Name,Company / Account,Lead Status"), Some("salesforce"));
        assert_eq!(detect("First Name,Non Primary E-mails,Primary Address City"), Some("suitecrm"));
        assert_eq!(detect("id,name"), None);
    }
}
