//! Asking a filter, writing a table's row and writing JSON allocate nothing once they are warm.

use pw_dissect::LinkType;
use pw_dissect::capture::CapturedFrame;
use pw_dissect::fields::{JsonWriter, Packet, Separator, TableWriter, by_name};
use pw_dissect::filter::Filter;
use pw_model::Timestamp;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting what each thread asks of it.
struct Counting;

// SAFETY: every call is handed on unchanged to the system's allocator; counting allocates nothing.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `work` until it is warm, then counts the allocations of further runs.
fn allocations(mut work: impl FnMut()) -> u64 {
    for _ in 0..8 {
        work();
    }
    let before = ALLOCATIONS.with(Cell::get);
    for _ in 0..100 {
        work();
    }
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn nothing_is_allocated_for_a_packet() {
    let mut mac = vec![0x80, 0, 0, 0];
    mac.extend([0xff; 6]);
    mac.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x10, 0]);
    mac.extend(b"\x01\0\0\0\0\0\0\0d\0\x11\0\x00\x06town\xff,\x0b\x05\x07\0\x3c\0\0\x00\x03two");
    let packet = Packet::new(CapturedFrame {
        time: Some(Timestamp::from_unix_ns(1_700_000_000_123_456_789)),
        link_type: LinkType::Ieee80211,
        data: &mac,
        original_len: mac.len() as u32,
        interface: 0,
        position: None,
        number: 1,
        fcs_len: None,
    });
    for text in [
        "wlan.fc.type_subtype == beacon and wlan.ta == 02:00:00",
        "wlan.ssid contains \"two\" and wlan.qbss.cu in {50..70}",
        "wlan.ssid matches \"^T.O$\" and wlan.ta == wlan.sa and not _ws.malformed",
    ] {
        let filter = Filter::compile(text).expect(text);
        assert!(filter.matches(&packet), "{text}");
        let count = allocations(|| assert!(filter.accepts(&packet.captured)));
        assert_eq!(count, 0, "{text}");
    }
    let names = ["frame.time_epoch", "wlan.fc", "wlan.ta", "wlan.ssid", "wlan.qbss.cu", "wlan.seq"];
    let fields: Vec<_> = names.iter().filter_map(|name| by_name(name)).collect();
    assert_eq!(fields.len(), names.len());
    let mut out = Vec::new();
    for separator in [Separator::Tab, Separator::Comma] {
        let mut table = TableWriter::new(&fields, separator);
        let count = allocations(|| {
            out.clear();
            table.row(&packet, &mut out);
        });
        assert_eq!(count, 0, "a row: {}", String::from_utf8_lossy(&out));
    }
    let mut json = JsonWriter::default();
    let count = allocations(|| {
        out.clear();
        json.packet(&packet, &mut out);
    });
    assert_eq!(count, 0, "JSON: {}", String::from_utf8_lossy(&out));
}
