//! Corpora as text: one input a line, in hex; `#` begins a comment. A file of its own for each input
//! would be a thousand files that nobody could read.

use std::fs;
use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};

fn path(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(format!("{target}.hex"))
}

/// The inputs of a target's corpus.
///
/// # Errors
/// The file cannot be read, or a line is not hex.
pub fn read(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let path = path(target);
    let text = fs::read_to_string(&path)
        .map_err(|error| Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    lines
        .map(|(number, line)| {
            parse(line).ok_or_else(|| {
                let place = format!("{}, line {}: not hex", path.display(), number + 1);
                Error::new(ErrorKind::InvalidData, place)
            })
        })
        .collect()
}

fn parse(line: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = line.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    pairs.iter().map(|[high, low]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()).collect()
}

/// Writes a target's corpus.
///
/// # Errors
/// The file cannot be written.
pub fn write(target: &str, inputs: &[Vec<u8>]) -> io::Result<()> {
    let path = path(target);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut text = String::from("# One input a line, in hex. See tests/fuzz/src/lib.rs.\n");
    for input in inputs {
        text.push_str(&hex(input));
        text.push('\n');
    }
    fs::write(path, text)
}

/// Bytes as lower-case hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trip() {
        assert_eq!(parse(&hex(&[0, 0xab, 0x7f])), Some(vec![0, 0xab, 0x7f]));
        assert_eq!(parse(""), Some(vec![]));
        assert_eq!(parse("abc"), None);
        assert_eq!(parse("zz"), None);
    }
}
