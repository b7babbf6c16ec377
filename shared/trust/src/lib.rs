//! Keys, pinning and pairing that sensor and desktop share, and sealing of what is kept on a disk.
//!
//! Each end has one key of its own. Pairing by a short code makes the two ends know each other's
//! key; from then on only that key is let in. There is no certificate authority, and no way to
//! switch the check off. No file, socket or clock: time is an argument, keys are text.

mod fingerprint;
mod identity;
mod pairing;
mod policy;
mod random;
mod sealing;
mod tls;

pub use fingerprint::{FingerprintError, KeyFingerprint};
pub use identity::{Identity, IdentityError, keyed_digest};
pub use pairing::{
    EXPORTER_LABEL, PAIRING_ATTEMPTS, PAIRING_WINDOW, PairingAwaiting, PairingBinding, PairingCode,
    PairingError, PairingProof, PairingRequester, PairingResponder, PairingWindow,
};
pub use policy::{FirstKey, KeyPolicy, PinnedKey, Refusal, RefusalReason};
pub use random::{RandomError, random_bytes};
pub use sealing::{SealError, SealingKey, SealingKeyError, SealingKeyId};
pub use tls::{Purpose, TlsError, client_config, server_config};
