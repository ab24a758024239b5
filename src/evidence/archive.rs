//! The ZIP: files in the order they come, with the same time and mode each, deflated at one level; and a list of their
//! SHA-256, in the form that `sha256sum -c` reads.

use std::{
    fmt::Write as _,
    io::{self, Read, Seek, Write},
};

use sha2::{Digest as _, Sha256};
use zip::{CompressionMethod, DateTime, ZipWriter, result::ZipError, write::SimpleFileOptions};

use crate::domain::hex;

/// The name of the list of hashes, the last file.
const SUMS: &str = "SHA256SUMS";
/// How hard it is compressed; another level would be other bytes.
const LEVEL: i64 = 6;

/// Why it could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The place it is written to failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The format did not take it.
    #[error(transparent)]
    Zip(#[from] ZipError),
}

/// A ZIP being written.
#[derive(Debug)]
pub struct Archive<W: Write + Seek> {
    zip: ZipWriter<W>,
    /// Of the file being written.
    current: Option<(String, Sha256)>,
    sums: String,
}

impl<W: Write + Seek> Archive<W> {
    /// An empty one.
    pub fn new(out: W) -> Self {
        Self { zip: ZipWriter::new(out), current: None, sums: String::new() }
    }

    /// Begins a file; what is written next goes into it.
    pub fn begin(&mut self, name: &str) -> Result<(), ArchiveError> {
        self.end();
        // 1980-01-01, the first moment the format knows: nothing of when it was made. Large, because nobody knows beforehand.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(true);
        self.zip.start_file(name, options)?;
        self.current = Some((name.to_owned(), Sha256::new()));
        Ok(())
    }

    /// A whole file.
    pub fn file(&mut self, name: &str, content: &[u8]) -> Result<(), ArchiveError> {
        self.begin(name)?;
        Ok(self.write_all(content)?)
    }

    /// A file that is read from somewhere.
    pub fn copy(&mut self, name: &str, from: &mut impl Read) -> Result<(), ArchiveError> {
        self.begin(name)?;
        io::copy(from, self)?;
        Ok(())
    }

    /// Writes the list of hashes and the end.
    pub fn finish(mut self) -> Result<W, ArchiveError> {
        self.end();
        let sums = std::mem::take(&mut self.sums);
        self.file(SUMS, sums.as_bytes())?;
        Ok(self.zip.finish()?)
    }

    fn end(&mut self) {
        if let Some((name, hash)) = self.current.take() {
            // Writing to a string does not fail.
            let _ = writeln!(self.sums, "{}  {name}", hex(&hash.finalize().into()));
        }
    }
}

impl<W: Write + Seek> Write for Archive<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.zip.write(bytes)?;
        if let Some((_, hash)) = &mut self.current {
            hash.update(&bytes[..written]);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.flush()
    }
}
