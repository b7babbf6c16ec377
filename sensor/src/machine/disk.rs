//! The disk that holds the journal: how large it is, and how worn.

use super::read;
use crate::health;
use pw_model::{DiskWear, Reading};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Size in bytes of the file system that holds `path`.
pub(super) fn total_bytes(path: &Path) -> Reading<u64> {
    match health::file_system(path) {
        Some(size) => Reading::Known(size.total_bytes),
        None => Reading::NotAvailable(format!("no file system holds {}", path.display())),
    }
}

/// How worn the disk is that holds `path`, by its own word.
pub(super) fn wear(root: &Path, path: &Path) -> Reading<DiskWear> {
    match std::fs::metadata(path) {
        Ok(data) => wear_of(root, libc::major(data.dev()), libc::minor(data.dev())),
        Err(error) => Reading::NotAvailable(format!("{}: {error}", path.display())),
    }
}

fn wear_of(root: &Path, major: u32, minor: u32) -> Reading<DiskWear> {
    let block = root.join(format!("sys/dev/block/{major}:{minor}"));
    if !block.exists() {
        let words = "the journal is on no disk of this machine's own (memory, network, container)";
        return Reading::NotAvailable(words.to_owned());
    }
    // A partition's folder lies in its disk's.
    let devices = [block.join("device"), block.join("../device")];
    let Some(device) = devices.iter().find(|device| device.join("life_time").exists()) else {
        let words = "the disk does not say how worn it is; few SD cards do";
        return Reading::NotAvailable(words.to_owned());
    };
    let life = read(&device.join("life_time"), |text| {
        let estimates = text.split_whitespace().map(hex);
        estimates.collect::<Option<Vec<u8>>>()?.into_iter().max()
    });
    let spare: PathBuf = device.join("pre_eol_info");
    match life {
        Reading::NotAvailable(why) => Reading::NotAvailable(why),
        Reading::Known(life) => Reading::Known(DiskWear {
            // 0 is "not defined".
            life_used_tenths: Some(life).filter(|life| (1..=11).contains(life)),
            spare_blocks: read(&spare, hex).known().copied().filter(|spare| *spare > 0),
        }),
    }
}

fn hex(text: &str) -> Option<u8> {
    u8::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{put, root};
    use super::*;

    #[test]
    fn an_emmc_says_how_worn_it_is() {
        let root = root(&[
            ("sys/devices/mmcblk0/mmcblk0p2/partition", "2\n"),
            ("sys/devices/mmcblk0/device/life_time", "0x02 0x09\n"),
            ("sys/devices/mmcblk0/device/pre_eol_info", "0x02\n"),
            ("sys/devices/sda/size", "1\n"),
            ("sys/dev/block/README", ""),
        ]);
        let link = |to: &str, name: &str| {
            let to = root.path().join("sys/devices").join(to);
            std::os::unix::fs::symlink(to, root.path().join("sys/dev/block").join(name))
                .expect("linked");
        };
        link("mmcblk0/mmcblk0p2", "179:2");
        link("mmcblk0", "179:0");
        link("sda", "8:0");
        let worn = DiskWear { life_used_tenths: Some(9), spare_blocks: Some(2) };
        assert_eq!(wear_of(root.path(), 179, 2), Reading::Known(worn), "by its partition");
        assert_eq!(wear_of(root.path(), 179, 0), Reading::Known(worn), "as a whole");
        let words = |reading: Reading<DiskWear>| reading.words(|wear| wear.words());
        assert!(words(wear_of(root.path(), 8, 0)).contains("does not say"));
        assert!(words(wear_of(root.path(), 0, 51)).contains("no disk of this machine"));
        put(root.path(), "sys/devices/mmcblk0/device/life_time", "0x00 0x00\n");
        put(root.path(), "sys/devices/mmcblk0/device/pre_eol_info", "0x00\n");
        let unsaid = DiskWear { life_used_tenths: None, spare_blocks: None };
        assert_eq!(wear_of(root.path(), 179, 0), Reading::Known(unsaid));
        put(root.path(), "sys/devices/mmcblk0/device/life_time", "new\n");
        assert!(words(wear_of(root.path(), 179, 0)).contains("is not understood"));
    }
}
