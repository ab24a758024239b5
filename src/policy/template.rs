//! The text of an agreement: Markdown whose clauses can be meant for some jurisdictions only.
//!
//! ```text
//! # Title
//! Anything before the first clause.
//! ## A clause for everybody
//! ## A clause {only US-TX DE}
//! ## A clause {not US-CA US-MN}
//! ```
//!
//! A person's text is composed for theirs. Where that is not known, clauses that are restricted are left out: what may be
//! void is never put before anybody.

use super::Refusal;

/// Longest template, in bytes.
const LONGEST: usize = 100 * 1024;
const TITLE: usize = 200;

/// A template, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    title: String,
    head: String,
    clauses: Vec<Clause>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Clause {
    heading: String,
    body: String,
    only: Vec<String>,
    not: Vec<String>,
}

impl Template {
    /// Reads a template; refused with the line that makes no sense.
    pub fn parse(source: &str) -> Result<Self, Refusal> {
        if source.len() > LONGEST {
            return Err(Refusal::bad_input(format!("An agreement has at most {LONGEST} bytes.")));
        }
        if source.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
            return Err(Refusal::bad_input("An agreement is plain text in Markdown; it holds a control character."));
        }
        let mut lines = source.lines().skip_while(|line| line.trim().is_empty());
        let title = lines.next().and_then(|line| line.strip_prefix("# ")).map(str::trim).unwrap_or_default();
        if title.is_empty() || title.chars().count() > TITLE {
            return Err(Refusal::bad_input("An agreement begins with its title: `# Title`."));
        }
        let mut template = Self { title: title.to_owned(), head: String::new(), clauses: Vec::new() };
        for line in lines {
            if let Some(heading) = line.strip_prefix("## ") {
                template.clauses.push(Clause::begin(heading)?);
            } else {
                let part = template.clauses.last_mut().map_or(&mut template.head, |clause| &mut clause.body);
                part.push_str(line.trim_end());
                part.push('\n');
            }
        }
        if template.clauses.is_empty() {
            return Err(Refusal::bad_input("An agreement has at least one clause: `## Heading`."));
        }
        Ok(template)
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The whole text for somebody of this jurisdiction, its clauses numbered from 1. The same template and jurisdiction
    /// give the same bytes always, because acceptances name their hash.
    pub fn compose(&self, jurisdiction: Option<&str>) -> String {
        let paragraph = |text: &str| match text.trim() {
            "" => String::new(),
            text => format!("\n{text}\n"),
        };
        let clauses = self.clauses.iter().filter(|clause| clause.is_for(jurisdiction)).zip(1..);
        let clauses = clauses.map(|(clause, number)| format!("\n## {number}. {}\n{}", clause.heading, paragraph(&clause.body)));
        let head = [format!("# {}\n", self.title), paragraph(&self.head)];
        head.into_iter().chain(clauses).collect()
    }
}

impl Clause {
    fn begin(heading: &str) -> Result<Self, Refusal> {
        let named = |heading: &str| Self { heading: heading.to_owned(), body: String::new(), only: Vec::new(), not: Vec::new() };
        let Some((before, marker)) = heading.trim().strip_suffix('}').and_then(|text| text.rsplit_once('{')) else {
            return Ok(named(heading.trim()));
        };
        let bad = || Refusal::bad_input(format!("The clause `{heading}`: write {{only US-TX DE}} or {{not US-CA}} behind its heading."));
        let mut words = marker.split_whitespace();
        let verb = words.next();
        let codes: Vec<String> = words.map(str::to_owned).collect();
        if codes.is_empty() || !codes.iter().all(|code| is_jurisdiction(code)) || before.trim().is_empty() {
            return Err(bad());
        }
        let clause = named(before.trim());
        match verb {
            Some("only") => Ok(Self { only: codes, ..clause }),
            Some("not") => Ok(Self { not: codes, ..clause }),
            _ => Err(bad()),
        }
    }

    fn is_for(&self, jurisdiction: Option<&str>) -> bool {
        let Some(here) = jurisdiction else {
            return self.only.is_empty() && self.not.is_empty();
        };
        // Somewhere in a country of which a part is left out may be in that part.
        let left_out = self.not.iter().any(|code| within(here, code) || within(code, here));
        (self.only.is_empty() || self.only.iter().any(|code| within(here, code))) && !left_out
    }
}

/// Whether `part` is `whole` or a part of it: `US-CA` is within `US`.
fn within(part: &str, whole: &str) -> bool {
    part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Whether this is the code of a country (ISO 3166-1 alpha-2) or of a part of one (ISO 3166-2), such as `DE` or `US-CA`.
pub fn is_jurisdiction(code: &str) -> bool {
    let (country, part) = code.split_once('-').map_or((code, None), |(country, part)| (country, Some(part)));
    let part_fits =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) && part.is_none_or(part_fits)
}

/// Whether a typed name is the name of the account: letter case and white space aside.
pub fn same_name(typed: &str, name: &str) -> bool {
    let normal = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    !normal(typed).is_empty() && normal(typed) == normal(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "# Promise\n\nIntro.  \n\n## First\nAll.\n\n## Texan {only US-TX}\nOnly there.\n## Not void {not US-CA US-MN}\nElsewhere.\n## Last\n";

    fn headings(jurisdiction: Option<&str>) -> Vec<String> {
        let text = Template::parse(SOURCE).unwrap().compose(jurisdiction);
        text.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect()
    }

    #[test]
    fn a_text_is_composed_for_its_jurisdiction() {
        assert_eq!(headings(Some("US-TX")), ["1. First", "2. Texan", "3. Not void", "4. Last"]);
        assert_eq!(headings(Some("US-CA")), ["1. First", "2. Last"]);
        assert_eq!(headings(Some("DE")), ["1. First", "2. Not void", "3. Last"]);
        // In an unknown state, or an unknown country, what may be void is left out.
        assert_eq!(headings(Some("US")), ["1. First", "2. Last"]);
        assert_eq!(headings(None), ["1. First", "2. Last"]);
        let text = Template::parse(SOURCE).unwrap().compose(None);
        assert_eq!(text, "# Promise\n\nIntro.\n\n## 1. First\n\nAll.\n\n## 2. Last\n");
        let windows = Template::parse(&SOURCE.replace('\n', "\r\n")).unwrap();
        assert_eq!(windows.compose(None), text, "line ends do not matter");
    }

    #[test]
    fn nonsense_is_refused() {
        for source in [
            "",
            "Promise\n## A\n",
            "# \n## A\n",
            "# P\n",
            "# P\n## A {only}\n",
            "# P\n## A {only Texas}\n",
            "# P\n## {not US-CA}\n",
            "# P\n## A {if DE}\n",
            "# P\n## \u{7}\n",
        ] {
            assert!(Template::parse(source).is_err(), "{source:?}");
        }
        assert!(["DE", "US-CA", "GB-SCT", "FR-75"].into_iter().all(is_jurisdiction));
        assert!(!["", "de", "USA", "US-", "US-CALI", "US-ca"].into_iter().any(is_jurisdiction));
    }

    #[test]
    fn names_are_compared_as_people_write_them() {
        assert!(same_name("  rita   ROSSI ", "Rita Rossi") && same_name("JOSÉ", "José"));
        assert!(!same_name("Rita", "Rita Rossi") && !same_name("", "") && !same_name("Rita R ossi", "Rita Rossi"));
    }
}
