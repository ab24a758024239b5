//! Uploaded files (https://github.com/jaydenseric/graphql-multipart-request-spec): spooled by the HTTP layer, named by
//! variables of the type `Upload`.

use std::{path::PathBuf, sync::Arc};

use async_graphql::{Context, InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::policy::Refusal;

/// How the value of a variable names the n-th file of its request.
const PREFIX: &str = "upload:";

/// One file that came with the request; it vanishes with it.
#[derive(Debug)]
pub struct UploadedFile {
    /// The name the caller gave it; only for people to read.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// The spooled bytes.
    pub file: tempfile::NamedTempFile,
}

impl UploadedFile {
    /// Where its bytes are.
    pub fn path(&self) -> PathBuf {
        self.file.path().to_owned()
    }
}

/// The files of one request, part of its data.
#[derive(Clone, Debug)]
pub struct Uploads(pub Arc<Vec<UploadedFile>>);

impl Uploads {
    /// The value that a variable naming the file with this number has.
    pub fn value(number: usize) -> String {
        format!("{PREFIX}{number}")
    }
}

/// A file in a multipart request (https://github.com/jaydenseric/graphql-multipart-request-spec).
#[derive(Clone, Copy, Debug)]
pub struct Upload(usize);

#[Scalar]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::String(text) => text.strip_prefix(PREFIX).and_then(|number| number.parse().ok()),
            _ => None,
        };
        number.map(Self).ok_or_else(|| InputValueError::custom("send the file as a part of a multipart/form-data request"))
    }

    fn to_value(&self) -> Value {
        Value::String(Uploads::value(self.0))
    }
}

impl Upload {
    /// The files of this request and the number of this one among them; hold the first as long as the file is read.
    pub fn find(self, ctx: &Context<'_>) -> Result<(Uploads, usize), Refusal> {
        let uploads = ctx.data_opt::<Uploads>().filter(|uploads| self.0 < uploads.0.len());
        uploads.map(|uploads| (uploads.clone(), self.0)).ok_or_else(|| Refusal::bad_input("No file came with the request."))
    }
}
