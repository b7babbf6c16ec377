//! By which of this machine's addresses a sensor is reached, so that a change of network is noticed
//! when it happens and not by silence.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The address of this machine from which `sensor` would be reached right now; `None` while there is
/// no route. Sends nothing: connecting a UDP socket only asks the routing table.
pub(super) fn own_address(sensor: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = match sensor {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    // Without a socket nothing is known of the route, which is what `None` says.
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(sensor).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_reached_from_loopback() {
        let sensor: SocketAddr = "127.0.0.1:47147".parse().expect("an address");
        assert_eq!(own_address(sensor), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        // A multicast group that no interface is named for has no route by itself.
        let nowhere: SocketAddr = "[fe80::1]:47147".parse().expect("an address");
        assert_eq!(own_address(nowhere), None, "a link-local address without its interface");
    }
}
