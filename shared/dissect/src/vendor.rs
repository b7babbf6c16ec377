//! Who an address block was assigned to, from the IEEE's public lists (MA-L, MA-M, MA-S).
//!
//! The table is made by `assets/vendors/make-table.py` and shipped compressed; it is unpacked once,
//! on the first question.

use pw_model::MacAddr;
use std::sync::OnceLock;

/// `date` line, then lines of prefix (6, 7 or 9 hex digits), tab, organisation.
static COMPRESSED: &[u8] = include_bytes!("../../../assets/vendors/vendors.txt.zst");

/// Prefixes of one length, sorted, each with where its organisation's name is in the text.
type Prefixes = Vec<(u64, std::ops::Range<usize>)>;

struct Table {
    text: String,
    /// Of 36, 28 and 24 bits, in this order: the longest that fits decides.
    by_length: [(u32, Prefixes); 3],
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let bytes = zstd::stream::decode_all(COMPRESSED).unwrap_or_default();
        read(String::from_utf8(bytes).unwrap_or_default())
    })
}

fn read(text: String) -> Table {
    let mut by_length = [(36, Prefixes::new()), (28, Prefixes::new()), (24, Prefixes::new())];
    let mut at = 0usize;
    for line in text.split_inclusive('\n') {
        let start = at;
        at = at.saturating_add(line.len());
        let Some((digits, name)) = line.trim_end().split_once('\t') else { continue };
        let bits = u32::try_from(digits.len()).unwrap_or(0).saturating_mul(4);
        let name_start = start.saturating_add(digits.len()).saturating_add(1);
        let range = name_start..name_start.saturating_add(name.len());
        let list = by_length.iter_mut().find(|(length, _)| *length == bits);
        if let (Some((_, list)), Ok(prefix)) = (list, u64::from_str_radix(digits, 16)) {
            list.push((prefix, range));
        }
    }
    for (_, list) in &mut by_length {
        list.sort_by_key(|(prefix, _)| *prefix);
    }
    Table { text, by_length }
}

/// The organisation that the address's block is assigned to. `None` for blocks that are not assigned,
/// or privately, and for addresses that no list covers: locally administered (randomised) ones.
#[must_use]
pub fn lookup(address: MacAddr) -> Option<&'static str> {
    if address.is_locally_administered() {
        return None;
    }
    let table = table();
    // The group bit is not part of the assignment.
    let value = address.to_u64() & !(1 << 40);
    table.by_length.iter().find_map(|(bits, list)| {
        let prefix = value >> 48u32.saturating_sub(*bits);
        let found = list.binary_search_by_key(&prefix, |(known, _)| *known).ok()?;
        let (_, range) = list.get(found)?;
        table.text.get(range.clone())
    })
}

/// Day or month of the lists, as `2026-10-31` or `2026-10`.
#[must_use]
pub fn list_date() -> &'static str {
    table().text.lines().next().and_then(|line| line.strip_prefix("date ")).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_decides() {
        let text = "date 2020-01-02\nAABBCC\tLarge\nAABBCC1\tMiddle\nAABBCC1FF\tSmall\n";
        let table = read(text.to_owned());
        let sizes: Vec<_> =
            table.by_length.iter().map(|(bits, list)| (*bits, list.len())).collect();
        assert_eq!(sizes, [(36, 1), (28, 1), (24, 1)]);
    }

    #[test]
    fn the_shipped_lists() {
        let of = |text: &str| lookup(text.parse().expect("an address"));
        assert_eq!(of("00:00:0c:01:02:03").map(|name| name.starts_with("Cisco")), Some(true));
        assert_eq!(of("01:00:0c:cc:cc:cc").map(|name| name.starts_with("Cisco")), Some(true));
        assert_eq!(of("02:00:0c:01:02:03"), None, "locally administered");
        assert!(list_date().starts_with("20"), "{}", list_date());
        let sizes: Vec<_> = table().by_length.iter().map(|(_, list)| list.len()).collect();
        assert!(sizes.iter().all(|size| *size > 4000), "{sizes:?}");
    }
}
