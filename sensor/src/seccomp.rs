//! What the sensor gives up for good: system calls that it never needs are refused by the kernel, so
//! that a defect in it cannot become more than a defect.
//!
//! Two filters. The first is put on the whole process at its start: no other program, no look into
//! other processes, no mounting, no modules, no keys, no setting of the clock, and no transmit ring
//! on a capture socket. The second is put on the thread that reads what comes from the air: no
//! socket, no sending, and no file that is opened for writing or changed.
//!
//! A refused call fails with EPERM; the program goes on. What the filter cannot see is what stands in
//! a message: that no command to send a frame is given to the kernel, the sources show (a test reads
//! them) and the counters of the interfaces prove.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};
use std::collections::BTreeMap;

/// Why a filter cannot be put on.
#[derive(Debug, thiserror::Error)]
pub enum SeccompError {
    /// The filter is for another kind of processor.
    #[error("no filter of system calls for this processor ({0})")]
    Processor(&'static str),
    /// The kernel says no, or the filter is not sound.
    #[error("the kernel takes no filter of system calls: {0}")]
    Kernel(#[from] seccompiler::Error),
}

/// Level of options of packet sockets, and the option that makes a ring to send from
/// (linux/if_packet.h). libpcap never sets it for capturing.
const SOL_PACKET: u64 = 263;
const PACKET_TX_RING: u64 = 13;

/// Refused to the whole process.
const NEVER: &[i64] = &[
    // Other programs and other processes.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    // File systems and name spaces.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    // The kernel itself.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_vhangup,
    libc::SYS_fanotify_init,
    // Asks for system calls that no filter sees.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Keys, names, the clock. Reading the clock's state (clock_adjtime) stays; to set it with that
    // call needs a right that the service does not have.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
];

/// Refused to the thread that parses. A file that is open stays usable.
const NOT_WHILE_PARSING: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_setsockopt,
    libc::SYS_openat2,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_truncate,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_kill,
    libc::SYS_ioctl,
];

/// The same under the names that only this processor has.
#[cfg(target_arch = "x86_64")]
const OLD_NAMES: &[i64] = &[
    libc::SYS_creat,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_mknod,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD_NAMES: &[i64] = &[];

/// Calls that open a file, and which of their arguments holds the flags.
#[cfg(target_arch = "x86_64")]
const OPENING: &[(i64, u8)] = &[(libc::SYS_openat, 2), (libc::SYS_open, 1)];
#[cfg(not(target_arch = "x86_64"))]
const OPENING: &[(i64, u8)] = &[(libc::SYS_openat, 2)];

/// Flags of which none may be set in a file that the parsing thread opens.
const WRITING: [i32; 4] = [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Puts the first filter on this thread and on all that it starts from now on: to be called before
/// any other thread is started.
///
/// # Errors
/// The processor or the kernel has no such filters.
pub fn confine_process() -> Result<(), SeccompError> {
    let mut rules = all(NEVER);
    let ring = SeccompRule::new(vec![equals(1, SOL_PACKET)?, equals(2, PACKET_TX_RING)?]);
    rules.insert(libc::SYS_setsockopt, vec![ring.map_err(seccompiler::Error::from)?]);
    put_on(rules)
}

/// Puts the second filter on this thread, for good.
///
/// # Errors
/// The processor or the kernel has no such filters.
pub fn confine_parser() -> Result<(), SeccompError> {
    let mut rules = all(NOT_WHILE_PARSING);
    rules.extend(all(OLD_NAMES));
    for (call, argument) in OPENING {
        let mut any = Vec::new();
        for flag in WRITING {
            let mask = u64::from(flag.unsigned_abs());
            let set = condition(*argument, SeccompCmpOp::MaskedEq(mask), mask)?;
            any.push(SeccompRule::new(vec![set]).map_err(seccompiler::Error::from)?);
        }
        rules.insert(*call, any);
    }
    put_on(rules)
}

/// Calls that are refused whatever their arguments are.
fn all(calls: &[i64]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

fn equals(argument: u8, value: u64) -> Result<SeccompCondition, SeccompError> {
    condition(argument, SeccompCmpOp::Eq, value)
}

fn condition(argument: u8, op: SeccompCmpOp, value: u64) -> Result<SeccompCondition, SeccompError> {
    let made = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value);
    Ok(made.map_err(seccompiler::Error::from)?)
}

fn put_on(rules: Rules) -> Result<(), SeccompError> {
    let name = std::env::consts::ARCH;
    let processor = name
        .try_into()
        .map_err(|_not_known: seccompiler::BackendError| SeccompError::Processor(name))?;
    // EPERM is a small positive number.
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, processor)
        .map_err(seccompiler::Error::from)?;
    let program = BpfProgram::try_from(filter).map_err(seccompiler::Error::from)?;
    Ok(seccompiler::apply_filter(&program)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{ErrorKind, Write};
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::process::{Command, Stdio};

    /// Runs `try_it` on a thread of its own, which takes the filter with it when it ends.
    fn on_a_thread<T: Send + 'static>(try_it: impl FnOnce() -> T + Send + 'static) -> T {
        std::thread::spawn(try_it).join().expect("no panic")
    }

    /// The system call with nothing but zeros as arguments: without a filter it fails otherwise.
    #[allow(unsafe_code)]
    fn error_of(call: i64) -> Option<i32> {
        // SAFETY: null pointers and zeros; every call that is tried refuses them or does nothing.
        let result = unsafe { libc::syscall(call, 0, 0, 0, 0, 0, 0) };
        (result == -1).then(|| std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
    }

    #[allow(unsafe_code)]
    fn transmit_ring_error() -> Option<i32> {
        use std::os::fd::AsRawFd;
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let zero = [0u8; 16];
        // SAFETY: the descriptor is open, and the option's value is as long as is said.
        let result = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                SOL_PACKET as i32,
                PACKET_TX_RING as i32,
                zero.as_ptr().cast(),
                zero.len() as u32,
            )
        };
        (result == -1).then(|| std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
    }

    /// What the parsing thread still has to find out.
    struct Machine {
        memory_bytes: Option<u64>,
        disk_free_bytes: Option<u64>,
        clock: pw_model::ClockSource,
    }

    fn starts_a_program() -> Result<(), ErrorKind> {
        let mut child = Command::new("/bin/true");
        child.stdin(Stdio::null()).status().map(drop).map_err(|error| error.kind())
    }

    #[test]
    fn a_confined_process_starts_nothing_and_changes_nothing_of_the_system() {
        let calls = [
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_mount,
            libc::SYS_bpf,
            libc::SYS_keyctl,
            libc::SYS_io_uring_setup,
            libc::SYS_init_module,
            libc::SYS_perf_event_open,
            libc::SYS_process_vm_readv,
            libc::SYS_setns,
        ];
        let free = on_a_thread(|| (error_of(libc::SYS_execve), transmit_ring_error()));
        assert_ne!(free.0, Some(libc::EPERM), "without a filter the kernel says something else");
        assert_ne!(free.1, Some(libc::EPERM));
        assert_eq!(on_a_thread(starts_a_program), Ok(()));
        let (errors, started, ring, bound) = on_a_thread(move || {
            confine_process().expect("a filter");
            let bound = UdpSocket::bind("127.0.0.1:0").map(|socket| {
                let to = socket.local_addr().expect("bound");
                socket.send_to(b"quic", to).expect("the link still sends")
            });
            let started = starts_a_program();
            (calls.map(error_of), started, transmit_ring_error(), bound.map_err(|e| e.kind()))
        });
        for (call, error) in calls.iter().zip(errors) {
            assert_eq!(error, Some(libc::EPERM), "system call {call}");
        }
        assert_eq!(started, Err(ErrorKind::PermissionDenied));
        assert_eq!(ring, Some(libc::EPERM));
        assert_eq!(bound, Ok(4));
        assert_eq!(on_a_thread(starts_a_program), Ok(()), "other threads are as before");
    }

    #[test]
    fn a_parser_reads_files_and_sends_and_writes_nothing_new() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let there = folder.path().join("there");
        std::fs::write(&there, "text").expect("written");
        let new = folder.path().join("new");
        let mut open = File::create(folder.path().join("open")).expect("created");
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let (read, kept, refused, machine) = on_a_thread({
            let there = there.clone();
            move || {
                confine_process().expect("a filter");
                confine_parser().expect("a second filter");
                let refused = [
                    UdpSocket::bind("127.0.0.1:0").map(drop),
                    TcpStream::connect(address).map(drop),
                    socket.send_to(b"frame", address).map(drop),
                    File::create(&new).map(drop),
                    File::options().append(true).open(&there).map(drop),
                    File::options().read(true).write(true).open(&there).map(drop),
                    std::fs::remove_file(&there),
                    std::fs::rename(&there, &new),
                    std::fs::create_dir(&new),
                ];
                let refused = refused.map(|result| result.map_err(|error| error.kind()));
                let read = std::fs::read_to_string(&there).map_err(|error| error.kind());
                let machine = Machine {
                    memory_bytes: crate::health::memory_bytes(),
                    disk_free_bytes: crate::health::disk_free_bytes(std::path::Path::new("/")),
                    clock: crate::health::system_clock().0,
                };
                (read, open.write_all(b"kept").map_err(|error| error.kind()), refused, machine)
            }
        });
        assert_eq!(read.as_deref(), Ok("text"), "the kernel's files can still be read");
        assert!(machine.memory_bytes.is_some() && machine.disk_free_bytes.is_some());
        assert_eq!(machine.clock, crate::health::system_clock().0, "the clock's state is read");
        assert_eq!(kept, Ok(()), "what was opened before can still be written");
        for (number, result) in refused.iter().enumerate() {
            assert_eq!(*result, Err(ErrorKind::PermissionDenied), "number {number}");
        }
        assert_eq!(std::fs::read_to_string(&there).expect("there"), "text");
    }
}
