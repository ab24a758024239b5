//! What kind of file it is.

use std::io::{self, Read, Seek, SeekFrom};

use super::{encoding::Encoding, presets::Preset};
use crate::domain::Channel;

/// How much of the file is looked at.
const HEAD: usize = 4_096;

/// The kinds of files that leads are imported from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CSV of any common export.
    Csv,
    /// LinkedIn's `Connections.csv`.
    LinkedIn,
    /// vCard 3.0 and 4.0 (RFC 2426, RFC 6350), one card or many.
    VCard,
    /// `following.js` or `follower.js` of an X archive.
    X,
    /// `friends_v2` JSON of a Facebook export.
    Facebook,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Csv, Self::LinkedIn, Self::VCard, Self::X, Self::Facebook];

    /// Its name for `--format`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::LinkedIn => "linkedin",
            Self::VCard => "vcard",
            Self::X => "x",
            Self::Facebook => "facebook",
        }
    }

    /// The format with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name.to_lowercase())
    }

    /// The channel of what stands in such a file, unless somebody says otherwise.
    pub const fn channel(self) -> Channel {
        match self {
            Self::Csv => Channel::Crm,
            Self::LinkedIn => Channel::LinkedIn,
            Self::VCard => Channel::BusinessCard,
            Self::X => Channel::X,
            Self::Facebook => Channel::Facebook,
        }
    }

    /// The format of a CSV file whose columns are those of `preset`.
    pub(super) fn of_table(preset: Option<Preset>) -> Self {
        if preset == Some(Preset::LinkedIn) { Self::LinkedIn } else { Self::Csv }
    }
}

/// The format that the file's first letters tell, from `mark` on; what nothing else tells is CSV.
pub(super) fn detect(input: &mut (impl Read + Seek), encoding: Encoding, mark: u64) -> io::Result<Format> {
    input.seek(SeekFrom::Start(mark))?;
    let mut head = Vec::new();
    input.take(HEAD as u64).read_to_end(&mut head)?;
    // Of UTF-16 every other byte is enough to know these words by.
    if matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be) {
        head.retain(|byte| *byte != 0);
    }
    let text = String::from_utf8_lossy(&head);
    let text = text.trim_start();
    let begins = |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    Ok(match () {
        () if begins("BEGIN:VCARD") => Format::VCard,
        () if begins("window.YTD.") => Format::X,
        () if begins("{") => Format::Facebook,
        () => Format::Csv,
    })
}
