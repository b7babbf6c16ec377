//! Standard output, buffered, whose reader may go away at any time.

use anyhow::Result;
use serde::Serialize;
use std::io::{self, BufWriter, StdoutLock, Write};

/// Standard output.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(64 << 10, io::stdout().lock())
}

/// True when `error` says that the reader of our output has gone.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json =
            cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}

/// Prints a JSON array with one object a line: readable by programs as a whole and by `grep`.
pub(crate) fn json_array<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<()> {
    let mut out = stdout();
    out.write_all(b"[")?;
    let mut separator = "\n";
    for row in rows {
        out.write_all(separator.as_bytes())?;
        serde_json::to_writer(&mut out, &row)?;
        separator = ",\n";
    }
    out.write_all(b"\n]\n")?;
    Ok(out.flush()?)
}

/// Prints one JSON value, indented.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let mut out = stdout();
    serde_json::to_writer_pretty(&mut out, value)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}
