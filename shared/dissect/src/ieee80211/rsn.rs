//! RSN and WPA elements (IEEE Std 802.11-2020, 9.4.2.24; WPA 3.1).

use crate::bytes::Cursor;
use pw_model::{Akm, Cipher, RsnInfo, SuiteSet};

/// More suites than any element of 255 bytes can list; the bytes bound it anyway.
fn suites(cursor: &mut Cursor<'_>) -> Option<Vec<[u8; 4]>> {
    let count = usize::from(cursor.u16_le()?);
    let mut listed = Vec::with_capacity(count.min(64));
    for _ in 0..count {
        listed.push(cursor.array::<4>()?);
    }
    Some(listed)
}

/// The suites of either element. A list that runs past the element is dropped, with all after it;
/// what stands before counts, because 802.11 lets the element end after any field.
fn suite_set(cursor: &mut Cursor<'_>) -> (SuiteSet, bool) {
    let mut set = SuiteSet::default();
    let Some(group) = cursor.array::<4>() else { return (set, false) };
    set.group = Some(Cipher(group));
    let Some(pairwise) = suites(cursor) else { return (set, false) };
    set.pairwise = pairwise.into_iter().map(Cipher).collect();
    let Some(akm) = suites(cursor) else { return (set, false) };
    set.akm = akm.into_iter().map(Akm).collect();
    (set, true)
}

/// Decodes the body of an RSN element; `None` below its version field.
#[must_use]
pub fn rsn(body: &[u8]) -> Option<RsnInfo> {
    let mut cursor = Cursor::new(body);
    cursor.u16_le()?;
    let (suites, whole) = suite_set(&mut cursor);
    let mut info = RsnInfo { suites, ..RsnInfo::default() };
    if !whole {
        return Some(info);
    }
    let Some(capabilities) = cursor.u16_le() else { return Some(info) };
    info.capabilities = capabilities;
    let Some(pmkid_count) = cursor.u16_le() else { return Some(info) };
    info.pmkid_count = pmkid_count;
    if cursor.take(usize::from(pmkid_count).saturating_mul(16)).is_some() {
        info.group_management = cursor.array::<4>().map(Cipher);
    }
    Some(info)
}

/// The PMKIDs that an RSN element's body lists, as far as they are there.
pub fn pmkids(body: &[u8]) -> impl Iterator<Item = [u8; 16]> {
    let mut cursor = Cursor::new(body);
    let count = skip_to_pmkids(&mut cursor).unwrap_or(0);
    (0..count).map_while(move |_| cursor.array::<16>())
}

fn skip_to_pmkids(cursor: &mut Cursor<'_>) -> Option<u16> {
    cursor.take(6)?;
    for _ in 0..2 {
        let count = usize::from(cursor.u16_le()?);
        cursor.take(count.saturating_mul(4))?;
    }
    cursor.take(2)?;
    cursor.u16_le()
}

/// Decodes the body of a WPA vendor element, OUI and type included; `None` below its version field.
#[must_use]
pub fn wpa(body: &[u8]) -> Option<SuiteSet> {
    let mut cursor = Cursor::new(body);
    cursor.take(4)?;
    cursor.u16_le()?;
    Some(suite_set(&mut cursor).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: [u8; 44] = [
        1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 2, 0, 0, 0x0f, 0xac, 8, 0, 0x0f, 0xac, 2,
        0xc0, 0, 1, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0x0f,
    ];

    #[test]
    fn a_whole_element() {
        let mut body = BODY.to_vec();
        body.extend([0xac, 6]);
        let info = rsn(&body).expect("an element");
        assert_eq!(info.suites.akm, vec![Akm::ieee(8), Akm::ieee(2)]);
        assert_eq!(info.suites.pairwise, vec![Cipher::ieee(4)]);
        assert!(info.mfp_capable() && info.mfp_required());
        assert_eq!(info.group_management, Some(Cipher::ieee(6)));
        assert_eq!(pmkids(&body).collect::<Vec<_>>(), vec![[7; 16]]);
    }

    #[test]
    fn an_element_may_end_after_any_field() {
        for end in 2..BODY.len() {
            let info = rsn(&BODY[..end]).expect("version is there");
            assert_eq!(info.suites.group.is_some(), end >= 6, "{end}");
            assert_eq!(info.suites.akm.len(), if end >= 22 { 2 } else { 0 }, "{end}");
        }
    }
}
