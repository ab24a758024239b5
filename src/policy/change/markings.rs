//! Compartments, the markings of fields, what every answer says.

use crate::{
    domain::Field,
    policy::{Code, Marking, PolicyDocument, Refusal, document::MarkingText, text},
};

const CODE: usize = 32;
const NOTICE: usize = 2_000;

impl PolicyDocument {
    /// Adds a compartment; it can never be removed, because leads keep its bit.
    pub fn add_compartment(&mut self, code: &str) -> Result<(), Refusal> {
        if !text::is_code(code, CODE, char::is_ascii_uppercase) {
            return Err(Refusal::bad_input("A compartment's code has up to 32 of A-Z, 0-9, - and _, and starts with a letter."));
        }
        if self.compartments.iter().any(|known| known == code) {
            return Err(Refusal::new(Code::Conflict, "There is a compartment with this code."));
        }
        if self.compartments.len() >= Marking::COMPARTMENTS {
            return Err(Refusal::bad_input("There are 63 compartments, and there can be no more."));
        }
        self.compartments.push(code.to_owned());
        Ok(())
    }

    /// Sets the company-wide marking of a field.
    pub fn set_field_marking(&mut self, field: Field, marking: MarkingText) -> Result<(), Refusal> {
        let marking = self.known_marking(marking)?;
        self.field_markings.insert(field.name().to_owned(), marking);
        Ok(())
    }

    /// Sets the marking of a lead that comes in without one.
    pub fn set_default_lead_marking(&mut self, marking: MarkingText) -> Result<(), Refusal> {
        self.default_lead_marking = Some(self.known_marking(marking)?);
        Ok(())
    }

    /// Sets the notice that goes out with every answer.
    pub fn set_notice(&mut self, notice: &str) -> Result<(), Refusal> {
        self.notice = text::line("The notice", notice, NOTICE)?;
        Ok(())
    }

    /// Sets the reminder of confidentiality that goes out with the first leads of a day and session.
    pub fn set_reminder(&mut self, reminder: &str) -> Result<(), Refusal> {
        self.reminder = text::line("The reminder", reminder, NOTICE)?;
        Ok(())
    }

    /// The marking with its compartments each once and in the order of their bits, so that equal markings are equal texts.
    fn known_marking(&self, marking: MarkingText) -> Result<MarkingText, Refusal> {
        if self.marking(&marking).is_none() {
            return Err(Refusal::bad_input("There is no such level or compartment."));
        }
        Ok(MarkingText { level: marking.level, compartments: self.in_order(&marking.compartments) })
    }

    pub(super) fn in_order(&self, codes: &[String]) -> Vec<String> {
        self.compartments.iter().filter(|code| codes.contains(code)).cloned().collect()
    }
}
