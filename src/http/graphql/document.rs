//! A document on its way to the engine: read, bounded, normalised. All of it takes time linear in the text, so that any
//! kilobyte is refused or ready to be executed within a fraction of a millisecond.

use async_graphql::{
    ServerError,
    parser::{self, types::ExecutableDocument},
};

use super::{expand, normalise, scan};
use crate::{app::Limits, graphql::order::Shape, policy::Refusal};

/// Why a document is not executed.
#[derive(Debug)]
pub enum Unfit {
    /// It goes beyond a limit.
    Refused(Refusal),
    /// It is not GraphQL.
    Unreadable(ServerError),
}

/// Parses a text that stays within the lexical limits.
pub fn read(text: &str, limits: &Limits) -> Result<ExecutableDocument, Unfit> {
    scan::scan(text, limits).map_err(Unfit::Refused)?;
    parser::parse_query(text).map_err(|error| Unfit::Unreadable(error.into()))
}

/// Bounds what the document costs once expanded, normalises the operation that will run (`name`, or the only one) and
/// tells the order of its answer.
pub fn bound(document: &mut ExecutableDocument, name: Option<&str>, limits: &Limits) -> Result<Shape, Refusal> {
    expand::check(document, limits)?;
    normalise::normalise(document, name)?;
    Ok(normalise::selected(document, name).map(|operation| Shape::of(&operation.node, document)).unwrap_or_default())
}

#[cfg(test)]
#[path = "../../../benches/documents/nasty.rs"]
mod nasty;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kilobyte_takes_more_steps_than_it_has_bytes() {
        let limits = Limits::default();
        let mut bounded = 0;
        for (name, text) in nasty::documents() {
            assert!(text.len() <= 1_024, "{name}");
            let Ok(mut document) = read(&text, &limits) else { continue };
            match expand::check(&document, &limits) {
                Ok(steps) => assert!(steps <= text.len(), "{name}: {steps}"),
                Err(refusal) => assert_eq!(refusal.code, crate::policy::Code::TooComplex, "{name}"),
            }
            if bound(&mut document, None, &limits).is_ok() {
                bounded += 1;
            }
        }
        assert!(bounded > 5, "the documents should not all fail for the same reason: {bounded}");
    }
}
