//! A TAP interface that looks to libpcap like a radio in monitor mode.
//!
//! Its link type is set to `ARPHRD_IEEE80211_RADIOTAP` (803), which libpcap shows as DLT 127.
//! Frames written to it are captured by whoever listens on it. Needs CAP_NET_ADMIN.

use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::process::Command;

/// `ARPHRD_IEEE80211_RADIOTAP` of linux/if_arp.h.
const ARPHRD_IEEE80211_RADIOTAP: libc::c_int = 803;

/// The interface; gone when dropped.
#[derive(Debug)]
pub struct Tap {
    device: File,
    /// Name of the interface.
    pub name: String,
}

impl Tap {
    /// Creates the interface and brings it up.
    ///
    /// # Errors
    /// The system does not allow it: no `/dev/net/tun`, or not root.
    pub fn create(name: &str) -> Result<Self> {
        ensure!(name.len() < libc::IFNAMSIZ, "an interface name has at most 15 characters");
        let device =
            File::options().read(true).write(true).open("/dev/net/tun").context("/dev/net/tun")?;
        let mut request = [0u8; 40];
        request[..name.len()].copy_from_slice(name.as_bytes());
        let flags = (libc::IFF_TAP | libc::IFF_NO_PI) as u16;
        request[libc::IFNAMSIZ..libc::IFNAMSIZ + 2].copy_from_slice(&flags.to_ne_bytes());
        // SAFETY: TUNSETIFF reads and writes one `struct ifreq` of 40 bytes, which `request` is.
        #[allow(unsafe_code)]
        let made =
            unsafe { libc::ioctl(device.as_raw_fd(), libc::TUNSETIFF, request.as_mut_ptr()) };
        ensure!(made == 0, "TUNSETIFF: {}", std::io::Error::last_os_error());
        // SAFETY: TUNSETLINK takes its argument by value; the interface is down, as it must be.
        #[allow(unsafe_code)]
        let linked =
            unsafe { libc::ioctl(device.as_raw_fd(), libc::TUNSETLINK, ARPHRD_IEEE80211_RADIOTAP) };
        ensure!(linked == 0, "TUNSETLINK: {}", std::io::Error::last_os_error());
        let status = Command::new("ip").args(["link", "set", name, "up"]).status().context("ip")?;
        ensure!(status.success(), "ip link set {name} up failed");
        Ok(Self { device, name: name.to_owned() })
    }

    /// Sends one datagram out through the interface, as another program on the machine might, and
    /// takes it: the kernel then counts one packet more as sent.
    ///
    /// # Errors
    /// The system does not allow it.
    pub fn send_through(&mut self) -> Result<()> {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.set_broadcast(true)?;
        // SAFETY: the descriptor is open, and the name is as long as is said.
        #[allow(unsafe_code)]
        let bound = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_BINDTODEVICE,
                self.name.as_ptr().cast(),
                self.name.len() as libc::socklen_t,
            )
        };
        ensure!(bound == 0, "SO_BINDTODEVICE: {}", std::io::Error::last_os_error());
        socket.send_to(b"sent", "255.255.255.255:9")?;
        let mut packet = [0; 2048];
        ensure!(self.device.read(&mut packet)? > 0, "nothing went out");
        Ok(())
    }

    /// Delivers one radiotap frame to whoever listens.
    ///
    /// # Errors
    /// The interface refuses it, for example when it is larger than its MTU.
    pub fn deliver(&mut self, frame: &[u8]) -> Result<()> {
        self.device.write_all(frame)?;
        Ok(())
    }
}
