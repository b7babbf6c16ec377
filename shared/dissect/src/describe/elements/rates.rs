//! Legacy operation: rates, channel of the DSSS and IBSS parameter sets, TIM, ERP.

use super::{Bits, Known, bits, element_fields, only_named};
use crate::fields::{Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2020, 9.4.2.3" {
        RATE: hex("wlan.supported_rates", "Supported rate", 2).names(rate_name);
    }
    fields "802.11-2020, 9.4.2.12" {
        EXTENDED_RATE: hex("wlan.extended_supported_rates", "Extended supported rate", 2).names(rate_name);
    }
    fields "802.11-2020, 9.4.2.4" {
        CHANNEL: unsigned("wlan.ds.current_channel", "Current channel")
            .read(|packet| {
                let element = packet.frame.elements()?.find_id(id::DSSS)?;
                element.body.first().map(|number| Value::Unsigned(u64::from(*number)))
            });
    }
    fields "802.11-2020, 9.4.2.5" {
        DTIM_COUNT: unsigned("wlan.tim.dtim_count", "DTIM count").unit("beacons");
        DTIM_PERIOD: unsigned("wlan.tim.dtim_period", "DTIM period").unit("beacons");
        BITMAP_CONTROL: hex("wlan.tim.bmapctl", "Bitmap control", 2);
        PARTIAL_BITMAP: bytes("wlan.tim.partial_virtual_bitmap", "Partial virtual bitmap");
        ASSOCIATION: unsigned("wlan.tim.aid", "Traffic for association identifier");
    }
    fields "802.11-2020, 9.4.2.6" {
        ATIM_WINDOW: unsigned("wlan.ibss.atim_windows", "ATIM window").unit("TU");
    }
    fields "802.11-2020, 9.4.2.11" {
        ERP: hex("wlan.erp_info", "ERP information", 2);
    }
    layout BITMAP_BITS "802.11-2020, 9.4.2.5" {
        0, 1: flag("wlan.tim.bmapctl.multicast", "Group traffic buffered");
        1, 7: unsigned("wlan.tim.bmapctl.offset", "Bitmap offset");
    }
    layout ERP_BITS "802.11-2020, 9.4.2.11" {
        0, 1: flag("wlan.erp_info.erp_present", "Non-ERP station present");
        1, 1: flag("wlan.erp_info.use_protection", "Use protection");
        2, 1: flag("wlan.erp_info.barker_preamble_mode", "Barker preamble: long only");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::RATES, "Supported rates and BSS membership selectors", rates),
    Known::id(2, "FH parameter set (obsolete)", only_named),
    Known::id(id::DSSS, "DSSS parameter set", dsss),
    Known::id(4, "CF parameter set (obsolete)", only_named),
    Known::id(id::TIM, "TIM", tim),
    Known::id(id::IBSS, "IBSS parameter set", ibss),
    Known::id(id::ERP, "ERP", erp),
    Known::id(47, "ERP (draft number)", erp),
    Known::id(
        id::EXTENDED_RATES,
        "Extended supported rates and BSS membership selectors",
        extended_rates,
    ),
    Known::id(id::FRAGMENT, "Fragment", only_named),
];

/// Rates in units of 500 kbit/s with the basic bit, and BSS membership selectors (table 9-92 of
/// 802.11-2020, with those of 802.11ax and 802.11be).
fn rate_name(value: u64) -> Option<&'static str> {
    Some(match value {
        0x02 => "1 Mbit/s",
        0x82 => "1 Mbit/s, basic",
        0x04 => "2 Mbit/s",
        0x84 => "2 Mbit/s, basic",
        0x0b => "5.5 Mbit/s",
        0x8b => "5.5 Mbit/s, basic",
        0x0c => "6 Mbit/s",
        0x8c => "6 Mbit/s, basic",
        0x12 => "9 Mbit/s",
        0x92 => "9 Mbit/s, basic",
        0x16 => "11 Mbit/s",
        0x96 => "11 Mbit/s, basic",
        0x18 => "12 Mbit/s",
        0x98 => "12 Mbit/s, basic",
        0x24 => "18 Mbit/s",
        0xa4 => "18 Mbit/s, basic",
        0x2c => "22 Mbit/s",
        0xac => "22 Mbit/s, basic",
        0x30 => "24 Mbit/s",
        0xb0 => "24 Mbit/s, basic",
        0x42 => "33 Mbit/s",
        0xc2 => "33 Mbit/s, basic",
        0x48 => "36 Mbit/s",
        0xc8 => "36 Mbit/s, basic",
        0x60 => "48 Mbit/s",
        0xe0 => "48 Mbit/s, basic",
        0x6c => "54 Mbit/s",
        0xec => "54 Mbit/s, basic",
        0x03 => "1.5 Mbit/s",
        0x83 => "1.5 Mbit/s, basic",
        0x05 => "2.5 Mbit/s",
        0x85 => "2.5 Mbit/s, basic",
        0x06 => "3 Mbit/s",
        0x86 => "3 Mbit/s, basic",
        0x09 => "4.5 Mbit/s",
        0x89 => "4.5 Mbit/s, basic",
        0x1b => "13.5 Mbit/s",
        0x9b => "13.5 Mbit/s, basic",
        0x36 => "27 Mbit/s",
        0xb6 => "27 Mbit/s, basic",
        0xff => "selector: HT required",
        0xfe => "selector: VHT required",
        0xfd => "selector: GLK required",
        0xfc => "selector: EPD required",
        0xfb => "selector: SAE hash to element only",
        0xfa => "selector: HE required",
        0xf9 => "selector: EHT required",
        _ => return None,
    })
}

fn rates(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        walk.u8(reader, &RATE)?;
    }
    Some(())
}

fn extended_rates(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        walk.u8(reader, &EXTENDED_RATE)?;
    }
    Some(())
}

fn dsss(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &CHANNEL).map(|_| ())
}

fn tim(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &DTIM_COUNT)?;
    walk.u8(reader, &DTIM_PERIOD)?;
    if reader.is_empty() {
        // S1G beacons leave the rest out when nothing is buffered.
        return Some(());
    }
    let control = bits(walk, reader, &BITMAP_CONTROL, 1, BITMAP_BITS)?;
    // The bitmap begins at twice the offset's byte of the whole map.
    let first = control.get(1, 7).saturating_mul(16);
    let start = reader.offset();
    let length = reader.left();
    let map = reader.take(length)?;
    walk.branch(&PARTIAL_BITMAP, Value::Bytes(map), Span::new(start, length), |walk| {
        for bit in 0u32..u32::try_from(length).unwrap_or(0).saturating_mul(8) {
            let association = first.saturating_add(u64::from(bit));
            // Bit 0 is the group traffic, which the control field says too.
            if association != 0 && Bits(map).is_set(bit) {
                let at = usize::try_from(bit >> 3).unwrap_or(usize::MAX);
                let span = Span::new(start.saturating_add(at), 1);
                walk.field(&ASSOCIATION, Value::Unsigned(association), span);
            }
        }
    });
    Some(())
}

fn ibss(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &ATIM_WINDOW).map(|_| ())
}

fn erp(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &ERP, 1, ERP_BITS).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn rates_and_selectors() {
        assert_eq!(
            body_lines(&[1, 5, 0x82, 0x0b, 0x6c, 0xfb, 0x7f]),
            [
                "Supported rate: 1 Mbit/s, basic (0x82)",
                "Supported rate: 5.5 Mbit/s (0x0b)",
                "Supported rate: 54 Mbit/s (0x6c)",
                "Supported rate: selector: SAE hash to element only (0xfb)",
                "Supported rate: 0x7f",
            ]
        );
        assert_eq!(body_lines(&[50, 1, 0x30]), ["Extended supported rate: 24 Mbit/s (0x30)"]);
    }

    #[test]
    fn traffic_by_association() {
        // Offset 1 (bit 1 of the control, so 0x02): the map begins at association 16.
        assert_eq!(
            body_lines(&[5, 5, 0, 3, 0x03, 0x01, 0x80]),
            [
                "DTIM count: 0 beacons",
                "DTIM period: 3 beacons",
                "Bitmap control: 0x03",
                "  Group traffic buffered: yes",
                "  Bitmap offset: 1",
                "Partial virtual bitmap: 0180",
                "  Traffic for association identifier: 16",
                "  Traffic for association identifier: 31",
            ]
        );
    }

    #[test]
    fn channel_window_and_erp() {
        assert_eq!(body_lines(&[3, 1, 11]), ["Current channel: 11"]);
        assert_eq!(body_lines(&[6, 2, 10, 0]), ["ATIM window: 10 TU"]);
        assert_eq!(
            body_lines(&[42, 1, 0x06]),
            [
                "ERP information: 0x06",
                "  Non-ERP station present: no",
                "  Use protection: yes",
                "  Barker preamble: long only: yes",
            ]
        );
    }
}
