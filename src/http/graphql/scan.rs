//! What a document's text shows before it is parsed: one pass, so that nothing costly is even read.

use super::lexer::{Kind, Lexer};
use crate::{
    app::Limits,
    policy::{Code, Refusal},
};

/// Refuses a text that is too long, has too many tokens or directives, or nests too deep.
///
/// Brackets may nest three times as deep as selections: filters nest lists and objects inside of arguments.
pub(super) fn scan(text: &str, limits: &Limits) -> Result<(), Refusal> {
    if text.len() > limits.document_size {
        return Err(too_much("document_size", limits.document_size));
    }
    let (mut tokens, mut directives, mut depth) = (0, 0, 0_usize);
    for token in Lexer::new(text) {
        tokens += 1;
        match token.kind {
            Kind::Mark(b'@') => directives += 1,
            Kind::Mark(b'{' | b'(' | b'[') => depth += 1,
            Kind::Mark(b'}' | b')' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if tokens > limits.tokens {
            return Err(too_much("tokens", limits.tokens));
        }
        if directives > limits.directives {
            return Err(too_much("directives", limits.directives));
        }
        if depth > limits.depth.saturating_mul(3) {
            return Err(too_much("depth", limits.depth));
        }
    }
    Ok(())
}

/// The refusal that names the limit, so that the caller knows what to ask the operator for.
pub(super) fn too_much(limit: &str, bound: usize) -> Refusal {
    Refusal::new(Code::TooComplex, format!("The document goes beyond the limit {limit} = {bound}."))
}
