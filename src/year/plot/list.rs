//! The lead list that the company begins the year with, as the CSV file of some other system.

use super::{Cast, Job, Size, dice::Dice, names};

/// The first line.
const HEADER: &str = "Reference,Owner,Team,First Name,Last Name,Title,Company,Industry,City,Country,Email,Phone,Stage,Source,Notes\n";
/// Telephone numbers from here up are nobody's: North American ones of the fictional 555 exchange, area by area.
const AREAS: [u64; 12] = [202, 206, 212, 213, 303, 305, 312, 404, 415, 512, 617, 702];

/// The company that a lead with this number works for. Some companies have several leads.
pub(super) fn company(seed: u64, number: usize) -> String {
    let mut dice = Dice::of(seed, "company", [number / 2, 0]);
    format!("{} {} {}", dice.pick(&names::STEMS), dice.pick(&names::TRADES), dice.pick(&names::FORMS))
}

/// As many leads for each rep who is there from the beginning; nobody has a telephone number or an address twice.
pub fn sheet(cast: &Cast, seed: u64, size: Size, first: i64) -> String {
    let reps = cast.people.iter().filter(|person| person.job == Job::Rep && person.joins < first);
    let mut text = HEADER.to_owned();
    let mut number = 0;
    for rep in reps {
        let team = rep.team.and_then(|team| cast.teams.get(team)).copied().unwrap_or_default();
        for _ in 0..size.leads_each {
            text.push_str(&row(seed, number, &rep.name, team));
            number += 1;
        }
    }
    text
}

fn row(seed: u64, number: usize, owner: &str, team: &str) -> String {
    let mut dice = Dice::of(seed, "lead", [number, 0]);
    let (first, last) = (dice.pick(&names::FIRST), dice.pick(&names::LAST));
    let company = company(seed, number);
    let (city, country) = dice.pick(&names::PLACES);
    let domain = company.to_lowercase().replace(' ', "-");
    let email = format!("{}.{}.{number}@{domain}.example", first.to_lowercase(), last.to_lowercase());
    let area = AREAS[number / 10_000 % AREAS.len()];
    let phone = format!("+1 {area} 555 {:04}", number % 10_000);
    let [title, industry, stage, source] =
        [dice.pick(&names::TITLES), dice.pick(&names::INDUSTRIES), dice.pick(&names::STAGES), dice.pick(&names::SOURCES)];
    let month = dice.between(1, 12);
    format!(
        "L-{number:06},{owner},{team},{first},{last},{title},{company},{industry},{city},{country},{email},{phone},{stage},{source},Budget is decided in month {month}.\n"
    )
}
