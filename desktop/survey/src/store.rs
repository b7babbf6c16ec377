//! Files of a survey folder. Only here are sled's keys and the layout of the folder known.

mod checkpoint;
pub(crate) mod folder;
pub(crate) mod index;
pub(crate) mod segments;
