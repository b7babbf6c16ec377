//! How the machine is: what the system says, `None` where it says nothing.

use pw_model::ClockSource;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Temperature of the processor in degrees Celsius.
#[must_use]
pub fn temperature_c() -> Option<f32> {
    let text = std::fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").ok()?;
    let millidegrees: f32 = text.trim().parse().ok()?;
    Some(millidegrees / 1000.0).filter(|degrees| (-100.0..=200.0).contains(degrees))
}

/// Resident memory of this process in bytes.
#[must_use]
pub fn memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Bytes that this process may still write to the file system of `path`.
#[must_use]
pub fn disk_free_bytes(path: &Path) -> Option<u64> {
    file_system(path).map(|size| size.free_bytes)
}

/// Size of a file system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileSystemSize {
    /// All.
    pub total_bytes: u64,
    /// What this process may still write.
    pub free_bytes: u64,
}

/// The file system of `path`.
#[must_use]
#[allow(unsafe_code)]
pub fn file_system(path: &Path) -> Option<FileSystemSize> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let mut answer = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: `path` ends in a zero byte and `answer` is large enough; it is read only when the
    // call has filled it.
    let answer = unsafe {
        if libc::statvfs(path.as_ptr(), answer.as_mut_ptr()) != 0 {
            return None;
        }
        answer.assume_init()
    };
    // All are 32 or 64 bits wide, depending on the machine.
    #[allow(clippy::useless_conversion)]
    let (all, free, unit) =
        (u64::from(answer.f_blocks), u64::from(answer.f_bavail), u64::from(answer.f_frsize));
    Some(FileSystemSize {
        total_bytes: all.checked_mul(unit)?,
        free_bytes: free.checked_mul(unit)?,
    })
}

/// What the kernel knows of its clock: kept by the network time protocol or not, and the most it
/// can be wrong in microseconds while it is kept.
#[must_use]
#[allow(unsafe_code)]
pub fn system_clock() -> (ClockSource, Option<u64>) {
    let mut timex = std::mem::MaybeUninit::<libc::timex>::zeroed();
    // SAFETY: all zeros is a valid timex, and says that nothing is to be set; the call only reads.
    let (state, timex) = unsafe {
        let state = libc::adjtimex(timex.as_mut_ptr());
        (state, timex.assume_init())
    };
    if state < 0 || state == libc::TIME_ERROR || timex.status & libc::STA_UNSYNC != 0 {
        return (ClockSource::System, None);
    }
    let source =
        if timex.status & libc::STA_PPSTIME != 0 { ClockSource::Pps } else { ClockSource::Ntp };
    #[allow(clippy::useless_conversion)]
    let most = i64::from(timex.maxerror);
    (source, u64::try_from(most).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_says_something() {
        assert!(memory_bytes().is_some_and(|bytes| bytes > 1 << 20));
        assert!(disk_free_bytes(Path::new("/")).is_some());
        assert_eq!(disk_free_bytes(Path::new("/no/such/folder")), None);
        let root = file_system(Path::new("/")).expect("there");
        assert!(root.total_bytes >= root.free_bytes);
        let (source, uncertainty) = system_clock();
        assert_eq!(source == ClockSource::System, uncertainty.is_none());
    }
}
