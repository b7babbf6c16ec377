//! Bytes from the air to meaning: capture files, radiotap, IEEE 802.11.
