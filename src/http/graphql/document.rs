//! A document on its way to the engine: read, bounded, normalised. All of it takes time linear in the text, so that any
//! kilobyte is refused or ready to be executed within a fraction of a millisecond.

use async_graphql::{
    ServerError,
    parser::{self, types::ExecutableDocument},
};

use super::{
    expand,
    introspection::{Census, TOOLS, many},
    normalise, scan,
};
use crate::{
    app::Limits,
    graphql::{LeadkeepSchema, order::Shape},
    policy::Refusal,
};

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

/// What a document may cost in front of this schema.
#[derive(Clone, Debug)]
pub struct Bounds {
    limits: Limits,
    census: Census,
    /// The most that introspection may come to, in leaves.
    introspection: f64,
}

impl Bounds {
    /// Counts what the schema has, so that the limit on introspection grows with what tools have to ask for.
    pub async fn of(schema: &LeadkeepSchema, limits: &Limits) -> Self {
        let census = Census::of(schema).await;
        let tools = read(TOOLS, limits).ok().and_then(|document| expand::size(&document, limits, &census).ok());
        let introspection = tools.map_or(0.0, |(size, _)| size.introspected) * many(limits.introspection) / 100.0;
        Self { limits: limits.clone(), census, introspection }
    }
}

/// Bounds what the document costs once expanded, normalises the operation that will run (`name`, or the only one) and
/// tells the order of its answer.
pub fn bound(document: &mut ExecutableDocument, name: Option<&str>, bounds: &Bounds) -> Result<Shape, Refusal> {
    expand::check(document, &bounds.limits, &bounds.census, bounds.introspection)?;
    normalise::normalise(document, name)?;
    Ok(normalise::selected(document, name).map(|operation| Shape::of(&operation.node, document)).unwrap_or_default())
}

#[cfg(test)]
#[path = "../../../benches/documents/nasty.rs"]
mod nasty;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Code;

    async fn ours() -> (LeadkeepSchema, Bounds) {
        let limits = Limits::default();
        let schema = crate::graphql::builder().limit_depth(limits.depth).limit_complexity(limits.complexity).finish();
        let bounds = Bounds::of(&schema, &limits).await;
        (schema, bounds)
    }

    fn bounded(text: &str, bounds: &Bounds) -> Result<ExecutableDocument, Refusal> {
        let mut document = read(text, &bounds.limits).unwrap();
        bound(&mut document, None, bounds).map(|_| document)
    }

    #[tokio::test]
    async fn no_kilobyte_takes_more_steps_than_it_has_bytes() {
        let (_, bounds) = ours().await;
        let Bounds { limits, census, introspection } = &bounds;
        let mut passed = 0;
        for (name, text) in nasty::documents() {
            assert!(text.len() <= 1_024, "{name}");
            let Ok(mut document) = read(&text, limits) else { continue };
            match expand::check(&document, limits, census, *introspection) {
                Ok(steps) => assert!(steps <= text.len(), "{name}: {steps}"),
                Err(refusal) => assert_eq!(refusal.code, Code::TooComplex, "{name}"),
            }
            if bound(&mut document, None, &bounds).is_ok() {
                passed += 1;
            }
        }
        assert!(passed > 5, "the documents should not all fail for the same reason: {passed}");
    }

    #[tokio::test]
    async fn what_tools_send_is_answered() {
        let (schema, bounds) = ours().await;
        for tool in [TOOLS, nasty::PLAIN_INTROSPECTION] {
            let mut request = async_graphql::Request::new("");
            request.set_parsed_query(bounded(tool, &bounds).unwrap());
            let response = schema.execute(request).await;
            assert_eq!(response.errors, []);
            assert!(response.data.to_string().contains("AccessRecord"));
        }
    }

    #[tokio::test]
    async fn introspection_is_for_tools_and_not_for_nesting() {
        let (_, bounds) = ours().await;
        let aliased = (0..40).fold(String::new(), |text, number| format!("{text} a{number}:types{{fields{{args{{name}}}}}}"));
        let repeated = ["types{kind name} ", "types{name} ", "...{types{name}}"].map(|one| one.repeat(50));
        let refused = [aliased].into_iter().chain(repeated).map(|inside| format!("{{__schema{{{inside}}}}}"));
        for text in refused.chain(["{__schema{types{fields{type{fields{type{fields{name}}}}}}}}".to_owned()]) {
            assert_eq!(bounded(&text, &bounds).unwrap_err().code, Code::TooComplex, "{text}");
        }
        for text in ["{__schema{types{name kind}}}", "{__type(name:\"Lead\"){fields{name type{name}}}}"] {
            assert!(bounded(text, &bounds).is_ok(), "{text}");
        }
    }
}
