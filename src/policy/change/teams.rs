//! Teams: a tree.

use super::Acting;
use crate::{
    domain::Id,
    policy::{Code, PolicyDocument, Refusal, TeamRow, text},
};

const NAME: usize = 100;

impl PolicyDocument {
    /// Adds a team below `parent`, or at the top.
    pub fn add_team(&mut self, id: Id, name: &str, parent: Option<Id>) -> Result<(), Refusal> {
        let name = self.free_team_name(name, None)?;
        if parent.is_some_and(|parent| !self.teams.contains_key(&parent.0)) {
            return Err(Refusal::bad_input("There is no such team above."));
        }
        self.teams.insert(id.0, TeamRow { name, parent: parent.map(|parent| parent.0) });
        Ok(())
    }

    /// Renames a team.
    pub fn rename_team(&mut self, id: Id, name: &str) -> Result<(), Refusal> {
        let name = self.free_team_name(name, Some(id))?;
        self.teams.get_mut(&id.0).ok_or_else(Refusal::not_found)?.name = name;
        Ok(())
    }

    /// Moves a team, with all below it, under `parent` or to the top.
    pub fn move_team(&mut self, id: Id, parent: Option<Id>) -> Result<(), Refusal> {
        if parent.is_some_and(|parent| !self.teams.contains_key(&parent.0)) {
            return Err(Refusal::bad_input("There is no such team above."));
        }
        if parent.is_some_and(|parent| self.team_and_below(id).contains(&parent)) {
            return Err(Refusal::bad_input("A team cannot be below itself."));
        }
        self.teams.get_mut(&id.0).ok_or_else(Refusal::not_found)?.parent = parent.map(|parent| parent.0);
        Ok(())
    }

    /// Removes a team that nothing uses: no team below it, no standing grant, and (`has_leads`) no lead.
    pub fn remove_team(&mut self, id: Id, has_leads: bool, acting: &Acting<'_>) -> Result<(), Refusal> {
        if !self.teams.contains_key(&id.0) {
            return Err(Refusal::not_found());
        }
        let used = |by: &str| Err(Refusal::new(Code::Conflict, format!("The team still has {by}.")));
        if self.teams.values().any(|team| team.parent == Some(id.0)) {
            return used("teams below it");
        }
        if self.standing(acting.now).any(|(_, grant)| grant.team == Some(id.0)) {
            return used("grants");
        }
        if has_leads {
            return used("leads");
        }
        self.teams.remove(&id.0);
        Ok(())
    }

    fn free_team_name(&self, name: &str, except: Option<Id>) -> Result<String, Refusal> {
        let name = text::line("A team's name", name, NAME)?;
        let taken = |(id, team): (&i64, &TeamRow)| team.name == name && except != Some(Id(*id));
        if self.teams.iter().any(taken) {
            return Err(Refusal::new(Code::Conflict, "There is a team with this name."));
        }
        Ok(name)
    }
}
