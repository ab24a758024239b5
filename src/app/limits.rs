//! What one request may cost at most. Each is a setting under `limits`.

use serde::{Deserialize, Serialize};

/// Bounds of one request; whatever goes beyond is refused with `TOO_COMPLEX` or the fitting HTTP status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request body.
    pub body_size: usize,
    /// Bytes of a request body, or of a query string, of somebody who has not signed in.
    pub anonymous_body_size: usize,
    /// Bytes of one uploaded file.
    pub upload_size: u64,
    /// Files in one request.
    pub upload_files: usize,
    /// Requests with files at once; further ones wait for `request_time`, then they are turned away.
    pub uploads: usize,
    /// Milliseconds for taking in the files of a request, and as many again for what is done with them.
    pub upload_time: u64,
    /// Milliseconds that may pass without anything of an upload arriving.
    pub upload_stall: u64,
    /// Bytes of one GraphQL document.
    pub document_size: usize,
    /// Lexical tokens of a document.
    pub tokens: usize,
    /// Nesting of selections, with fragments expanded; also of brackets in the text.
    pub depth: usize,
    /// Cost of a document: fields, those of lists times the rows asked for.
    pub complexity: usize,
    /// Aliases in a document, with fragments expanded.
    pub aliases: usize,
    /// Directives in a document, with fragments expanded.
    pub directives: usize,
    /// Selections of a document once every fragment is expanded.
    pub expansion: usize,
    /// Introspection in percent of what tools ask for at most.
    pub introspection: usize,
    /// Fields at the root of an operation.
    pub root_fields: usize,
    /// Operations in one batch.
    pub batch: usize,
    /// Rows of one page.
    pub page_size: u32,
    /// Milliseconds for the body of a request, and as many for its turn and for a query.
    pub request_time: u64,
    /// Milliseconds for a change.
    pub change_time: u64,
    /// Evidence files being made at once; further ones wait for `request_time`, then they are turned away.
    pub evidence_files: usize,
    /// Milliseconds for making an evidence file.
    pub evidence_time: u64,
    /// Requests being answered at once; further ones wait.
    pub concurrency: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_size: 256 * 1024,
            anonymous_body_size: 1024,
            upload_size: 1024 * 1024 * 1024,
            upload_files: 4,
            uploads: 4,
            upload_time: 900_000,
            upload_stall: 10_000,
            document_size: 64 * 1024,
            tokens: 4_000,
            depth: 18,
            complexity: 50_000,
            aliases: 50,
            directives: 50,
            expansion: 2_000,
            introspection: 105,
            root_fields: 20,
            batch: 10,
            page_size: 500,
            request_time: 30_000,
            change_time: 60_000,
            evidence_files: 1,
            evidence_time: 900_000,
            concurrency: 512,
        }
    }
}
