//! What a program needs of the system: the libraries and the release of glibc, from its ELF file.

use anyhow::{Context, Result, bail};

/// What the dynamic section says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Sonames, in the file's order.
    pub(crate) libraries: Vec<String>,
    /// The newest `GLIBC_x.y` among the versions of the symbols.
    pub(crate) glibc: Option<(u32, u32)>,
    /// `e_machine`.
    pub(crate) machine: u16,
}

/// `e_machine` of 64-bit PCs and of 64-bit ARM (elf.h).
pub(crate) const EM_X86_64: u16 = 62;
/// See above.
pub(crate) const EM_AARCH64: u16 = 183;

const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_STRSZ: u64 = 10;

/// Reads a 64-bit little-endian ELF file (System V ABI, chapters 4 and 5).
pub(crate) fn needs(file: &[u8]) -> Result<Needs> {
    if file.get(..6) != Some(b"\x7fELF\x02\x01") {
        bail!("not a 64-bit little-endian ELF program");
    }
    let machine = u16::try_from(number(file, 18, 2)?)?;
    let (table, size, count) = (number(file, 32, 8)?, number(file, 54, 2)?, number(file, 56, 2)?);
    let mut loads = Vec::new();
    let mut dynamic = None;
    for index in 0..count {
        let header = at(table, index * size)?;
        let field = |offset| number(file, at(header, offset)?, 8);
        match number(file, header, 4)? {
            PT_LOAD => loads.push((field(16)?, field(8)?, field(32)?)),
            PT_DYNAMIC => dynamic = Some((field(8)?, field(32)?)),
            _ => {}
        }
    }
    let (start, length) = dynamic.context("the program has no dynamic section")?;
    let (mut needed, mut strings, mut strings_length) = (Vec::new(), None, 0);
    for entry in (0..length).step_by(16) {
        let value = number(file, at(start, entry + 8)?, 8)?;
        match number(file, at(start, entry)?, 8)? {
            0 => break,
            DT_NEEDED => needed.push(value),
            DT_STRTAB => strings = Some(value),
            DT_STRSZ => strings_length = value,
            _ => {}
        }
    }
    let address = strings.context("the program has no dynamic strings")?;
    // The address of the strings is one in memory; the segment it lies in says where in the file.
    let offset = loads
        .iter()
        .find(|(memory, _, size)| (*memory..memory.saturating_add(*size)).contains(&address))
        .map(|(memory, place, _)| address - memory + place)
        .context("the dynamic strings lie outside the program")?;
    let from = usize::try_from(offset)?;
    let strings = file
        .get(from..from.saturating_add(usize::try_from(strings_length)?))
        .context("the dynamic strings are cut off")?;
    let libraries =
        needed.iter().map(|offset| text(strings, *offset)).collect::<Result<Vec<_>>>()?;
    let glibc = strings
        .split(|byte| *byte == 0)
        .filter_map(|name| glibc_version(std::str::from_utf8(name).ok()?))
        .max();
    Ok(Needs { libraries, glibc, machine })
}

fn at(base: u64, offset: u64) -> Result<u64> {
    base.checked_add(offset).context("an offset in the program is out of range")
}

fn number(file: &[u8], offset: u64, length: usize) -> Result<u64> {
    let from = usize::try_from(offset)?;
    let bytes = file
        .get(from..from.saturating_add(length))
        .with_context(|| format!("the program is cut off before byte {offset}"))?;
    Ok(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn text(strings: &[u8], offset: u64) -> Result<String> {
    let rest = strings.get(usize::try_from(offset)?..).context("a library's name is cut off")?;
    let name = rest.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(std::str::from_utf8(name)?.to_owned())
}

/// `GLIBC_2.34` and `GLIBC_2.2.5`; not `GLIBC_PRIVATE`.
fn glibc_version(name: &str) -> Option<(u32, u32)> {
    let mut numbers = name.strip_prefix("GLIBC_")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Elsewhere a program is no ELF file.
    #[cfg(target_os = "linux")]
    #[test]
    fn this_test_program_needs_glibc() {
        let own = std::fs::read(std::env::current_exe().expect("named")).expect("read");
        let needs = needs(&own).expect("an ELF program");
        assert!(needs.libraries.iter().any(|name| name == "libc.so.6"), "{needs:?}");
        assert!(needs.glibc.is_some_and(|found| found >= (2, 17)), "{needs:?}");
        let here = if cfg!(target_arch = "x86_64") { EM_X86_64 } else { EM_AARCH64 };
        assert_eq!(needs.machine, here);
        for length in [0, 5, 63, 200] {
            assert!(super::needs(&own[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let names = ["GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.4", "GLIBC_PRIVATE", "libc.so.6"];
        assert_eq!(names.iter().filter_map(|name| glibc_version(name)).max(), Some((2, 34)));
    }
}
