//! A file that appears only when it is complete: written beside its place, then moved there.

use super::ExchangeError;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file under way. Dropped before [`NewFile::finish`], it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct NewFile {
    target: PathBuf,
    partial: PathBuf,
    file: Option<BufWriter<File>>,
}

impl NewFile {
    /// Begins a file that will be at `target`, in place of what is there.
    ///
    /// # Errors
    /// `target` is a folder, or its folder cannot be written.
    pub(crate) fn create(target: &Path) -> Result<Self, ExchangeError> {
        if target.is_dir() {
            return Err(ExchangeError::IsAFolder { path: target.to_owned() });
        }
        // A link stays a link: what it points to is replaced.
        let target = &target.canonicalize().unwrap_or_else(|_new| target.to_owned());
        if target.exists() && !target.is_file() {
            let reason = "it is no ordinary file, and would be replaced by one";
            let source = io::Error::new(io::ErrorKind::InvalidInput, reason);
            return Err(ExchangeError::Write { path: target.clone(), source });
        }
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".{}.part", std::process::id()));
        let partial = target.with_file_name(name);
        let file = File::create(&partial)
            .map_err(|source| ExchangeError::Write { path: target.to_owned(), source })?;
        Ok(Self { target: target.to_owned(), partial, file: Some(BufWriter::new(file)) })
    }

    /// Makes the file durable and moves it to its place.
    ///
    /// # Errors
    /// The disk is full, or the system refused.
    pub(crate) fn finish(mut self) -> Result<(), ExchangeError> {
        let failed = |source| ExchangeError::Write { path: self.target.clone(), source };
        if let Some(file) = self.file.take() {
            let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
            file.sync_all().map_err(failed)?;
        }
        fs::rename(&self.partial, &self.target).map_err(failed)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.file {
            Some(file) => file.write(bytes),
            None => Err(io::Error::other("the file is finished")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        drop(self.file.take());
        // After `finish` it is not there any more; else there is nobody left to tell.
        drop(fs::remove_file(&self.partial));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.csv");
        let mut file = NewFile::create(&path).expect("writable");
        file.write_all(b"half").expect("writable");
        assert!(!path.exists());
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 0);
        let mut file = NewFile::create(&path).expect("writable");
        file.write_all(b"whole").expect("writable");
        file.finish().expect("writable");
        assert_eq!(fs::read(&path).expect("there"), b"whole");
        assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 1);
        assert!(NewFile::create(folder.path()).is_err());
    }
    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_device_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real.csv"), folder.path().join("link.csv"));
        fs::write(&real, "old").expect("writable");
        std::os::unix::fs::symlink(&real, &link).expect("writable");
        let mut file = NewFile::create(&link).expect("writable");
        file.write_all(b"new").expect("writable");
        file.finish().expect("writable");
        assert!(link.symlink_metadata().expect("there").is_symlink());
        assert_eq!(fs::read(&real).expect("there"), b"new");
        // A socket stands for every device: a file in its place would be a loss.
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("writable");
        let error = NewFile::create(&socket).expect_err("no ordinary file");
        assert!(error.to_string().contains("no ordinary file"), "{error}");
    }
}
