//! Purposes, and what roles ask of their holders.

use crate::{
    domain::{Field, FieldSet, Id},
    policy::{AgreementKind, PolicyDocument, Purpose, Refusal, Requirement, purpose, text},
};

const DESCRIPTION: usize = 500;
const PURPOSES: usize = 200;

impl PolicyDocument {
    /// Registers a purpose.
    pub fn add_purpose(&mut self, code: &str, purpose: Purpose) -> Result<(), Refusal> {
        if !purpose::is_code(code) {
            return Err(Refusal::bad_input("A purpose's code has up to 64 of A-Z, 0-9, - and _, and starts with a letter."));
        }
        if self.purposes.contains_key(code) {
            return Err(Refusal::conflict("There is a purpose with this code."));
        }
        if self.purposes.len() >= PURPOSES {
            return Err(Refusal::bad_input(format!("There are {PURPOSES} purposes, and there can be no more.")));
        }
        self.purposes.insert(code.to_owned(), sound(purpose)?);
        Ok(())
    }

    /// Changes a purpose, or retires it.
    pub fn change_purpose(&mut self, code: &str, purpose: Purpose) -> Result<(), Refusal> {
        let known = self.purposes.get_mut(code).ok_or_else(Refusal::not_found)?;
        *known = sound(purpose)?;
        Ok(())
    }

    /// Sets what a role asks for, also one that ships.
    pub fn set_requirement(&mut self, role: Id, requirement: Requirement) -> Result<(), Refusal> {
        if !self.roles.contains_key(&role.0) {
            return Err(Refusal::not_found());
        }
        if requirement.purposes.iter().any(|code| !self.purposes.contains_key(code)) {
            return Err(Refusal::bad_input("There is no such purpose."));
        }
        let asked = |kind: &AgreementKind| requirement.agreements.contains(kind);
        let requirement = Requirement {
            agreements: AgreementKind::ALL.iter().copied().filter(asked).collect(),
            purpose_required: requirement.purpose_required,
            purposes: self.purposes.keys().filter(|code| requirement.purposes.contains(code)).cloned().collect(),
        };
        self.requirements.insert(role.0, requirement);
        Ok(())
    }

    /// Whether `after` lets somebody see leads for a purpose, or without what a role asked for, that this document keeps
    /// from them.
    pub(super) fn asks_less(&self, after: &Self) -> bool {
        let wider = |(code, purpose): (&String, &Purpose)| match self.purposes.get(code) {
            Some(before) => !purpose.is_within(before),
            // Where no purpose is needed a new one opens nothing that is not open without it.
            None => {
                self.roles.keys().map(|role| self.requirement(Id(*role))).any(|asked| asked.purpose_required && asked.admits(Some(code)))
            }
        };
        let eased = |role: &i64| after.roles.contains_key(role) && !after.requirement(Id(*role)).is_within(&self.requirement(Id(*role)));
        after.purposes.iter().any(wider) || self.roles.keys().any(eased)
    }
}

/// The purpose as it will be stored: checked, fields each once and in one order.
fn sound(purpose: Purpose) -> Result<Purpose, Refusal> {
    let fields = |names: &[String]| {
        let fields = names.iter().map(|name| Field::from_name(name)).collect::<Option<FieldSet>>();
        fields.ok_or_else(|| Refusal::bad_input("There is no such field to hide or mask."))
    };
    let (hidden, masked) = (fields(&purpose.hidden)?, fields(&purpose.masked)?);
    let names = |fields: FieldSet| fields.iter().map(|field| field.name().to_owned()).collect();
    let description = text::line("The description", &purpose.description, DESCRIPTION)?;
    Ok(Purpose { description, hidden: names(hidden), masked: names(masked.minus(hidden)), ..purpose })
}
