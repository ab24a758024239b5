//! Programs from PyPI, each in a virtual environment beside the build; made when it is first asked for.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where this program of these packages is; installs them first if it is not there. If that fails, the test fails with `install`,
/// the line that does it by hand, in which FOLDER is where.
pub fn installed(name: &str, program: &str, packages: &[&str], install: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let program = folder.join("bin").join(program);
    if !program.exists() {
        let works = |command: &mut Command| command.stdout(Stdio::null()).status().is_ok_and(|status| status.success());
        let made = works(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            && works(Command::new(folder.join("bin/pip")).args(["install", "-q"]).args(packages));
        assert!(made && program.exists(), "{}", install.replace("FOLDER", &folder.display().to_string()));
    }
    program
}
