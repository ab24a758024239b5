//! Passwords on the command line: from standard input, or made and shown once; never from an argument, which every
//! user of the machine could read.

use std::io::{self, BufRead};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use leadkeep::domain::{Random, clock::random_bytes};

use super::{Failure, output};

/// The first line of standard input.
pub(crate) fn from_stdin() -> Result<String, Failure> {
    if io::IsTerminal::is_terminal(&io::stdin()) {
        output::note("Type the password and press Enter (it is shown):");
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| Failure::failed(format!("standard input: {error}")))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Failure::usage("no password on standard input"));
    }
    Ok(password.to_owned())
}

/// 120 random bits as 20 letters.
pub(crate) fn generate(random: &dyn Random) -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<15>(random))
}
