//! Keys, pinning and pairing that sensor and desktop share.
