//! Real QUIC on loopback.
