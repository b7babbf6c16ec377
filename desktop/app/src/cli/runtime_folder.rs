//! A folder for `XDG_RUNTIME_DIR` in sessions that have none: without it, what draws says so on
//! standard error (libwayland, whichever display is used), between our own lines.

use std::path::PathBuf;

/// What the variable is called (XDG Base Directory Specification 0.8).
const VARIABLE: &str = "XDG_RUNTIME_DIR";

/// Says to the program started anew that the folder is its own.
const OWN: &str = "PIWARDRIVE_OWN_RUNTIME_DIR";

/// The folder that was made for this run, if one was; removed when dropped.
#[derive(Debug)]
pub(super) struct RuntimeFolder(Option<PathBuf>);

impl RuntimeFolder {
    /// Where the variable is not set, starts this program anew in the same process, with a private
    /// temporary folder for it: a program cannot safely change its own environment. Where that is not
    /// possible it goes on as it is, which costs nothing but those lines.
    pub(super) fn ensure() -> Self {
        match std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
            Some(folder) if std::env::var_os(OWN).as_ref() == Some(&folder) => {
                Self(Some(PathBuf::from(folder)))
            }
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

/// Gives back only why it did not come about.
#[cfg(all(unix, not(target_os = "macos")))]
fn start_anew() -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let program = std::env::current_exe()?;
    let folder = tempfile::Builder::new()
        .prefix("piwardrive-run-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir()?;
    let error = std::process::Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(VARIABLE, folder.path())
        .env(OWN, folder.path())
        .exec();
    folder.close()?;
    Err(error)
}

/// Other systems know no such folder.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn start_anew() -> std::io::Result<()> {
    Ok(())
}
