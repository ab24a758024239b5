//! Roles that admins define beside the built-in ones.

use super::Acting;
use crate::{
    domain::{Field, Id},
    policy::{Code, Level, Permission, Permissions, PolicyDocument, Refusal, RoleDefinition, WindowTemplate, text},
};

const NAME: usize = 64;
const DESCRIPTION: usize = 500;
const WINDOWS: usize = 8;

impl PolicyDocument {
    /// Adds a role.
    pub fn add_role(&mut self, id: Id, role: RoleDefinition) -> Result<(), Refusal> {
        let role = self.sound_role(role, None)?;
        self.roles.insert(id.0, role);
        Ok(())
    }

    /// Changes a role. Nobody changes a role of their own; while somebody holds it, only the operator changes what it
    /// allows.
    pub fn change_role(&mut self, id: Id, role: RoleDefinition, acting: &Acting<'_>) -> Result<(), Refusal> {
        self.custom_role(id)?;
        let own = |by: Id| self.standing(acting.now).any(|(_, grant)| grant.subject == by.0 && grant.role == id.0);
        if acting.by.is_some_and(own) {
            return Err(Refusal::forbidden("You hold this role; another admin must change it."));
        }
        let role = self.sound_role(role, Some(id))?;
        let allows = |role: &RoleDefinition| (role.permissions.clone(), role.windows.clone(), role.quotas);
        let held = self.standing(acting.now).any(|(_, grant)| grant.role == id.0);
        if acting.by.is_some() && held && self.roles.get(&id.0).is_none_or(|before| allows(before) != allows(&role)) {
            // What a grant gives was approved by two; one alone must not make it give more.
            return Err(Refusal::new(Code::Conflict, "Somebody holds this role; define another one and have it granted instead."));
        }
        let mut after = self.clone();
        after.roles.insert(id.0, role);
        self.settle(after, acting)
    }

    /// Removes a role that nobody holds or waits for.
    pub fn remove_role(&mut self, id: Id, acting: &Acting<'_>) -> Result<(), Refusal> {
        self.custom_role(id)?;
        if self.standing(acting.now).any(|(_, grant)| grant.role == id.0) {
            return Err(Refusal::new(Code::Conflict, "The role still has grants."));
        }
        self.roles.remove(&id.0);
        self.requirements.remove(&id.0);
        Ok(())
    }

    fn custom_role(&self, id: Id) -> Result<(), Refusal> {
        match self.roles.get(&id.0) {
            None => Err(Refusal::not_found()),
            Some(role) if role.built_in => Err(Refusal::forbidden("A built-in role cannot be changed; define one of your own.")),
            Some(_) => Ok(()),
        }
    }

    /// The role as it will be stored: checked, lists without repetition and in one order.
    fn sound_role(&self, role: RoleDefinition, except: Option<Id>) -> Result<RoleDefinition, Refusal> {
        if !text::is_code(&role.name, NAME, char::is_ascii_lowercase) {
            return Err(Refusal::bad_input("A role's name has up to 64 of a-z, 0-9, - and _, and starts with a letter."));
        }
        if self.role_named(&role.name).is_some_and(|(id, _)| Some(id) != except) {
            return Err(Refusal::new(Code::Conflict, "There is a role with this name."));
        }
        let description = text::line("The description", &role.description, DESCRIPTION)?;
        let named = role.permissions.iter().map(|name| Permission::from_name(name)).collect::<Option<Permissions>>();
        let permissions = named.ok_or_else(|| Refusal::bad_input("There is no such permission."))?;
        if role.windows.len() > WINDOWS {
            return Err(Refusal::bad_input("A role can have 8 windows, not more."));
        }
        let windows = role.windows.into_iter().map(|window| self.sound_window(window)).collect::<Result<Vec<_>, _>>()?;
        let permissions = permissions.iter().map(|permission| permission.name().to_owned()).collect();
        let role = RoleDefinition { description, built_in: false, permissions, windows, ..role };
        if role.manages() && role.reviews() {
            return Err(Refusal::bad_input("A role cannot manage and review: duties are separate."));
        }
        if role.manages() && role.traps() {
            return Err(Refusal::bad_input("A role cannot manage and keep the trap: duties are separate."));
        }
        if (role.manages() || role.reviews() || role.traps()) && !role.windows.is_empty() {
            return Err(Refusal::bad_input("A role that manages, reviews or keeps the trap cannot open windows onto leads."));
        }
        Ok(role)
    }

    fn sound_window(&self, window: WindowTemplate) -> Result<WindowTemplate, Refusal> {
        if Level::from_name(&window.level).is_none() || self.compartment_bits(&window.compartments).is_none() {
            return Err(Refusal::bad_input("There is no such level or compartment."));
        }
        let masked = window.masked.iter().map(|name| Field::from_name(name)).collect::<Option<crate::domain::FieldSet>>();
        let masked = masked.ok_or_else(|| Refusal::bad_input("There is no such field to mask."))?;
        let masked = masked.iter().map(|field| field.name().to_owned()).collect();
        Ok(WindowTemplate { compartments: self.in_order(&window.compartments), masked, ..window })
    }
}
