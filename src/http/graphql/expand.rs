//! What a document costs once its fragments are expanded, counted without expanding them: each fragment once.
//!
//! The engine's own limits expand every spread, so that a kilobyte of fragments which spread fragments keeps it busy for
//! seconds before it refuses. Here the work is linear in the text.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use super::{
    introspection::{Census, Weight},
    scan::too_much,
};
use crate::{app::Limits, policy::Refusal};

/// What a selection set comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Size {
    selections: usize,
    aliases: usize,
    directives: usize,
    depth: usize,
    /// What it comes to if it stands below `__schema` or `__type`.
    weight: Weight,
    /// What introspection it holds comes to.
    pub(super) introspected: f64,
}

/// Counts, and how many steps that took.
#[derive(Debug)]
pub(super) struct Counter<'d> {
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    census: &'d Census,
    /// `None` while the fragment is being counted: meeting it again then is a cycle.
    known: HashMap<&'d str, Option<Size>>,
    pub(super) steps: usize,
}

/// What a document comes to, and how many steps it took to know; refused if it has too many fields at its root, or if
/// fragments spread each other in a circle.
pub(super) fn size(document: &ExecutableDocument, limits: &Limits, census: &Census) -> Result<(Size, usize), Refusal> {
    let mut counter = Counter { fragments: &document.fragments, census, known: HashMap::new(), steps: 0 };
    let mut sum = Size::default();
    for (_, operation) in document.operations.iter() {
        if operation.node.selection_set.node.items.len() > limits.root_fields {
            return Err(too_much("root_fields", limits.root_fields));
        }
        let one = counter.selection_set(&operation.node.selection_set.node)?;
        sum = sum.and(one, operation.node.directives.len());
    }
    // Fragments that nothing spreads are validated once each; a circle among them is refused here too.
    for (name, fragment) in &document.fragments {
        counter.fragment(name.as_str(), fragment)?;
    }
    Ok((sum, counter.steps))
}

/// Refuses a document that goes beyond the limits, of which `introspection` is given in leaves.
pub(super) fn check(document: &ExecutableDocument, limits: &Limits, census: &Census, introspection: f64) -> Result<usize, Refusal> {
    let (sum, steps) = size(document, limits, census)?;
    if sum.introspected > introspection {
        return Err(too_much("introspection", limits.introspection));
    }
    let bounds = [
        ("expansion", sum.selections, limits.expansion),
        ("aliases", sum.aliases, limits.aliases),
        ("directives", sum.directives, limits.directives),
        ("depth", sum.depth, limits.depth),
    ];
    match bounds.into_iter().find(|(_, size, bound)| size > bound) {
        Some((limit, _, bound)) => Err(too_much(limit, bound)),
        None => Ok(steps),
    }
}

impl Size {
    fn and(self, other: Self, directives: usize) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives).saturating_add(directives),
            depth: self.depth.max(other.depth),
            weight: self.weight.and(other.weight),
            introspected: self.introspected + other.introspected,
        }
    }
}

impl<'d> Counter<'d> {
    /// The text's nesting is bounded already, and each fragment is entered once: the recursion is too.
    fn selection_set(&mut self, set: &'d SelectionSet) -> Result<Size, Refusal> {
        let mut sum = Size::default();
        for selection in &set.items {
            self.steps += 1;
            let one = match &selection.node {
                Selection::Field(field) => {
                    let below = self.selection_set(&field.node.selection_set.node)?;
                    let name = field.node.name.node.as_str();
                    let weight = self.census.weigh(name, below.weight);
                    Size {
                        depth: below.depth + 1,
                        aliases: below.aliases.saturating_add(usize::from(field.node.alias.is_some())),
                        weight,
                        introspected: below.introspected + self.census.opened(name, weight),
                        ..below
                    }
                }
                Selection::InlineFragment(inline) => self.selection_set(&inline.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => match self.fragments.get_key_value(&spread.node.fragment_name.node) {
                    Some((name, fragment)) => self.fragment(name.as_str(), fragment)?,
                    None => Size::default(),
                },
            };
            sum = sum.and(Size { selections: one.selections.saturating_add(1), ..one }, selection.node.directives().len());
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'d str, fragment: &'d Positioned<FragmentDefinition>) -> Result<Size, Refusal> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(Refusal::bad_input("Fragments spread each other in a circle.")),
            None => {}
        }
        self.known.insert(name, None);
        let size = self.selection_set(&fragment.node.selection_set.node)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use async_graphql::parser::parse_query;

    use super::*;
    use crate::policy::Code;

    fn checked(text: &str) -> Result<usize, Refusal> {
        check(&parse_query(text).unwrap(), &Limits::default(), &Census::default(), 0.0)
    }

    #[test]
    fn a_fragment_bomb_is_refused_in_as_many_steps_as_it_has_selections() {
        let mut bomb = "{...F0}".to_owned();
        for level in 0..20 {
            write!(bomb, "fragment F{level} on Query{{...F{next} ...F{next} ...F{next}}}", next = level + 1).unwrap();
        }
        bomb.push_str("fragment F20 on Query{__typename}");
        let document = parse_query(&bomb).unwrap();
        let (size, steps) = size(&document, &Limits::default(), &Census::default()).unwrap();
        assert!(size.selections > 3_usize.pow(20) && steps <= 62, "{size:?} in {steps} steps");
        assert_eq!(checked(&bomb).unwrap_err().code, Code::TooComplex);
    }

    #[test]
    fn circles_are_refused_even_where_nothing_spreads_them() {
        for circle in ["{...A} fragment A on Query{...A}", "{x} fragment A on Query{...B} fragment B on Query{y{...A}}"] {
            assert_eq!(checked(circle).unwrap_err().code, Code::BadUserInput);
        }
    }

    #[test]
    fn aliases_directives_and_depth_count_expanded() {
        let spread = |inside: &str| format!("{{a{{...F}} b{{...F}} c{{...F}}}} fragment F on X{{{inside}}}");
        let aliases = (0..20).fold(String::new(), |text, number| format!("{text} a{number}:x"));
        let directives = "x @a @a @a @a @a @a @a @a @a @a @a @a @a @a @a @a @a";
        let deep = "x{".repeat(20) + "x" + &"}".repeat(20);
        for inside in [aliases.as_str(), directives, &deep] {
            assert_eq!(checked(&spread(inside)).unwrap_err().code, Code::TooComplex, "{inside}");
        }
        assert!(checked(&spread("x y z")).is_ok());
    }
}
