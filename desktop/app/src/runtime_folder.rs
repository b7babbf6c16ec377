//! A folder for `XDG_RUNTIME_DIR` in sessions that have none: without it, what draws says so on
//! standard error (libwayland, whichever display is used), between our own lines.

use std::path::PathBuf;

/// What the variable is called (XDG Base Directory Specification 0.8).
const VARIABLE: &str = "XDG_RUNTIME_DIR";

/// Says to the program started anew, by its process number, that the folder is its own; its children
/// have other numbers.
const OWN: &str = "PIWARDRIVE_OWN_RUNTIME_DIR";

/// The folder that was made for this run, if one was; removed when dropped.
#[derive(Debug)]
pub struct RuntimeFolder(Option<PathBuf>);

impl RuntimeFolder {
    /// Where the variable is not set, starts this program anew in the same process, with a private
    /// temporary folder for it: a program cannot safely change its own environment. Where that is not
    /// possible it goes on as it is, which costs nothing but those lines. The folder that the system
    /// made for this user is taken, where there is one. A program that is killed leaves its own behind.
    pub fn ensure() -> Self {
        match std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
            Some(folder) if is_own() => Self(Some(PathBuf::from(folder))),
            Some(_) => Self(None),
            None => {
                if let Err(error) = start_anew() {
                    tracing::debug!("no folder for {VARIABLE}: {error}");
                }
                Self(None)
            }
        }
    }
}

impl Drop for RuntimeFolder {
    fn drop(&mut self) {
        if let Some(folder) = &self.0
            && let Err(error) = std::fs::remove_dir_all(folder)
        {
            tracing::debug!("{}: {error}", folder.display());
        }
    }
}

/// True when the folder that the variable names was made for this run.
fn is_own() -> bool {
    std::env::var_os(OWN).is_some_and(|own| own == *std::process::id().to_string())
}

/// Keeps the folder of this run from a program that may outlive it.
pub(crate) fn keep_from(command: &mut std::process::Command) {
    if is_own() {
        command.env_remove(VARIABLE).env_remove(OWN);
    }
}

/// Gives back only why it did not come about.
#[cfg(all(unix, not(target_os = "macos")))]
fn start_anew() -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let program = std::env::current_exe()?;
    let mut anew = std::process::Command::new(program);
    anew.args(std::env::args_os().skip(1));
    let user = std::fs::metadata("/proc/self")?.uid();
    let systems = PathBuf::from(format!("/run/user/{user}"));
    if std::fs::metadata(&systems).is_ok_and(|found| found.is_dir() && found.uid() == user) {
        return Err(anew.env(VARIABLE, systems).exec());
    }
    let folder = tempfile::Builder::new()
        .prefix("piwardrive-run-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir()?;
    // The process stays the same one, and so does its number.
    let own = std::process::id().to_string();
    let error = anew.env(VARIABLE, folder.path()).env(OWN, own).exec();
    folder.close()?;
    Err(error)
}

/// Other systems know no such folder.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn start_anew() -> std::io::Result<()> {
    Ok(())
}
