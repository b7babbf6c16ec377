//! Faults: where bytes contradict the format they should follow, and why.

/// Which part of the bytes a fault lies in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Layer {
    /// The header that the receiver put before the frame: radiotap, PPI, Prism, AVS.
    Radio,
    /// The 802.11 header.
    Header,
    /// Fixed fields of a management or control frame.
    Body,
    /// An element.
    Element,
    /// LLC, EAPOL and what a data frame carries in clear.
    Payload,
}

impl Layer {
    /// The name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Radio => "radio header",
            Self::Header => "802.11 header",
            Self::Body => "frame body",
            Self::Element => "element",
            Self::Payload => "payload",
        }
    }
}

/// One contradiction, located.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fault {
    /// Byte offset from the start of the captured bytes.
    pub offset: u32,
    /// Which layer.
    pub layer: Layer,
    /// What is wrong, in one phrase.
    pub reason: &'static str,
}

/// How many faults of one frame are kept with their place; further ones are only counted.
pub const MAX_FAULTS: usize = 4;

/// The faults of one frame, in the order found, without allocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Faults {
    kept: [Option<Fault>; MAX_FAULTS],
    count: u32,
}

impl Faults {
    /// Adds a fault; the fifth and later ones are only counted.
    #[inline]
    pub fn add(&mut self, offset: usize, layer: Layer, reason: &'static str) {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        let slot = usize::try_from(self.count).ok().and_then(|at| self.kept.get_mut(at));
        if let Some(slot) = slot {
            *slot = Some(Fault { offset, layer, reason });
        }
        self.count = self.count.saturating_add(1);
    }

    /// The faults that were kept.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.kept.iter().flatten()
    }

    /// How many there were, also those not kept.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// True when there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_beyond_the_kept_ones_are_counted() {
        let mut faults = Faults::default();
        for at in 0..10 {
            faults.add(at, Layer::Element, "cut short");
        }
        assert_eq!(faults.count(), 10);
        assert_eq!(faults.iter().count(), MAX_FAULTS);
        assert_eq!(faults.iter().next().map(|fault| fault.offset), Some(0));
    }
}
