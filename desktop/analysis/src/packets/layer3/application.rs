//! What a segment carries: told by its content where that is distinct, else by a registered port.

use super::Transport;
use super::headers;
use serde::Serialize;

/// A protocol above TCP or UDP.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Application {
    /// DNS.
    Dns,
    /// Multicast DNS.
    Mdns,
    /// Link-local multicast name resolution.
    Llmnr,
    /// DHCP.
    Dhcp,
    /// DHCP for IPv6.
    Dhcpv6,
    /// NTP.
    Ntp,
    /// HTTP in clear.
    Http,
    /// TLS; with port 443 usually HTTPS.
    Tls,
    /// QUIC.
    Quic,
    /// SSH.
    Ssh,
    /// Simple service discovery (UPnP).
    Ssdp,
    /// NetBIOS name service.
    NetbiosName,
    /// FTP control.
    Ftp,
    /// Telnet.
    Telnet,
    /// Mail transfer.
    Smtp,
    /// POP3.
    Pop3,
    /// IMAP.
    Imap,
    /// SNMP.
    Snmp,
    /// Session initiation.
    Sip,
    /// MQTT.
    Mqtt,
    /// Windows file sharing.
    Smb,
    /// Remote desktop.
    Rdp,
}

impl Application {
    /// The name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Mdns => "mdns",
            Self::Llmnr => "llmnr",
            Self::Dhcp => "dhcp",
            Self::Dhcpv6 => "dhcpv6",
            Self::Ntp => "ntp",
            Self::Http => "http",
            Self::Tls => "tls",
            Self::Quic => "quic",
            Self::Ssh => "ssh",
            Self::Ssdp => "ssdp",
            Self::NetbiosName => "netbios_name",
            Self::Ftp => "ftp",
            Self::Telnet => "telnet",
            Self::Smtp => "smtp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
            Self::Snmp => "snmp",
            Self::Sip => "sip",
            Self::Mqtt => "mqtt",
            Self::Smb => "smb",
            Self::Rdp => "rdp",
        }
    }
}

/// What told a protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedBy {
    /// A registered port only.
    Port,
    /// What the first bytes say.
    Content,
}

/// By the content alone, of protocols whose first bytes are distinct.
pub(super) fn by_content(
    transport: Transport,
    ports: [u16; 2],
    payload: &[u8],
) -> Option<Application> {
    let on = |port: u16| ports.contains(&port);
    match transport {
        Transport::Tcp => {
            if http_message(payload).is_some() {
                Some(Application::Http)
            } else if is_tls(payload) {
                Some(Application::Tls)
            } else if payload.starts_with(b"SSH-2.0-") || payload.starts_with(b"SSH-1.") {
                Some(Application::Ssh)
            } else {
                None
            }
        }
        Transport::Udp => {
            let dns = || headers::dns(payload).is_some();
            // NTP: 48 bytes or more, version 1 to 4, mode 1 to 5 (RFC 5905, 7.3).
            let ntp = || {
                payload.len() >= 48
                    && matches!(payload[0] >> 3 & 7, 1..=4)
                    && matches!(payload[0] & 7, 1..=5)
            };
            if headers::dhcp(payload).is_some() {
                Some(Application::Dhcp)
            } else if on(5353) && dns() {
                Some(Application::Mdns)
            } else if on(5355) && dns() {
                Some(Application::Llmnr)
            } else if on(53) && dns() {
                Some(Application::Dns)
            } else if on(123) && ntp() {
                Some(Application::Ntp)
            } else if payload.starts_with(b"M-SEARCH * HTTP/1.1")
                || payload.starts_with(b"NOTIFY * HTTP/1.1")
            {
                Some(Application::Ssdp)
            } else if on(443) && is_quic(payload) {
                Some(Application::Quic)
            } else {
                None
            }
        }
        _ => None,
    }
}

/// By a registered port (IANA service names and port numbers).
pub(super) fn by_port(transport: Transport, ports: [u16; 2]) -> Option<Application> {
    ports.iter().find_map(|port| {
        Some(match (transport, port) {
            (Transport::Tcp | Transport::Udp, 53) => Application::Dns,
            (Transport::Udp, 67 | 68) => Application::Dhcp,
            (Transport::Udp, 123) => Application::Ntp,
            (Transport::Udp, 137) => Application::NetbiosName,
            (Transport::Udp, 161 | 162) => Application::Snmp,
            (Transport::Udp, 443) => Application::Quic,
            (Transport::Udp, 546 | 547) => Application::Dhcpv6,
            (Transport::Udp, 1900) => Application::Ssdp,
            (Transport::Udp, 5353) => Application::Mdns,
            (Transport::Udp, 5355) => Application::Llmnr,
            (Transport::Tcp | Transport::Udp, 5060) => Application::Sip,
            (Transport::Tcp, 21) => Application::Ftp,
            (Transport::Tcp, 22) => Application::Ssh,
            (Transport::Tcp, 23) => Application::Telnet,
            (Transport::Tcp, 25 | 587) => Application::Smtp,
            (Transport::Tcp, 80 | 8080) => Application::Http,
            (Transport::Tcp, 110) => Application::Pop3,
            (Transport::Tcp, 143) => Application::Imap,
            (Transport::Tcp, 443 | 853 | 993 | 995) => Application::Tls,
            (Transport::Tcp, 445) => Application::Smb,
            (Transport::Tcp, 1883) => Application::Mqtt,
            (Transport::Tcp, 3389) => Application::Rdp,
            _ => return None,
        })
    })
}

/// Whether a segment begins an HTTP/1 message: `request` or `response` (RFC 9112, 2.1).
pub(super) fn http_message(payload: &[u8]) -> Option<&'static str> {
    const METHODS: [&[u8]; 9] = [
        b"GET ",
        b"POST ",
        b"HEAD ",
        b"PUT ",
        b"DELETE ",
        b"OPTIONS ",
        b"PATCH ",
        b"CONNECT ",
        b"TRACE ",
    ];
    if payload.starts_with(b"HTTP/1.1 ") || payload.starts_with(b"HTTP/1.0 ") {
        return Some("response");
    }
    let is_request = METHODS.iter().any(|method| payload.starts_with(method));
    // A first line that is cut by the segment's end is one as well.
    let line = payload.split(|byte| *byte == b'\r').next().unwrap_or(payload);
    let sound = line.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    let complete =
        line.len() == payload.len() || line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0");
    (is_request && sound && complete).then_some("request")
}

/// A TLS record of version 3.0 to 3.4 with a handshake, of which a client's or server's hello, or with
/// another content type (RFC 8446, 5.1).
fn is_tls(payload: &[u8]) -> bool {
    let Some([kind, 3, 0..=4, high, low]) = payload.first_chunk::<5>() else { return false };
    let length = u16::from_be_bytes([*high, *low]);
    if !(1..=16_640).contains(&length) {
        return false;
    }
    match kind {
        20 => length == 1,
        21 => matches!(length, 2 | 18..=64),
        22 => matches!(payload.get(5), Some(1 | 2 | 11 | 12 | 14 | 16)),
        _ => false,
    }
}

/// True for a segment that begins a TLS client hello.
pub(super) fn is_client_hello(payload: &[u8]) -> bool {
    is_tls(payload) && payload.first() == Some(&22) && payload.get(5) == Some(&1)
}

/// A long header of a known version, with connection identifiers of legal length (RFC 9000, 17.2;
/// RFC 9369).
fn is_quic(payload: &[u8]) -> bool {
    let Some([first, v0, v1, v2, v3, length]) = payload.first_chunk::<6>() else { return false };
    let version = u32::from_be_bytes([*v0, *v1, *v2, *v3]);
    first & 0x80 != 0
        && matches!(version, 0 | 1 | 0x6b33_43cf | 0xff00_001d..=0xff00_0022)
        && *length <= 20
}
