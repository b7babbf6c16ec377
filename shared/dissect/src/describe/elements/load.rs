//! How busy the network says it is: BSS load.

use super::{Key, Known};
use crate::fields::{Reader, Walk, fields};
use crate::ieee80211::elements::id;

fields! {
    Element => FIELDS;
    /// Stations associated with the sender.
    STATIONS: unsigned("wlan.qbss.scount", "Stations").clause("802.11-2020, 9.4.2.27");
    /// Share of time the medium is busy, in 255ths.
    UTILISATION: unsigned("wlan.qbss.cu", "Channel utilisation").unit("/255").clause("802.11-2020, 9.4.2.27");
    /// Admission capacity that is left.
    ADMISSION_CAPACITY: unsigned("wlan.qbss.adc", "Available admission capacity").unit("32 µs/s").clause("802.11-2020, 9.4.2.27");
}

pub(super) static ELEMENTS: &[Known] =
    &[Known { key: Key::Id(id::BSS_LOAD), name: "BSS load", describe: bss_load }];

fn bss_load(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &STATIONS)?;
    walk.u8(reader, &UTILISATION)?;
    walk.u16(reader, &ADMISSION_CAPACITY)?;
    Some(())
}
