//! Packing of a batch's body: one zstd frame with a block of its own for each long column.
//!
//! A block has one code for its bytes. Columns are unlike each other, so that a code for each is shorter
//! than one for all. Unpacking needs to know nothing of it.

use std::io;
use zstd::stream::raw::{Encoder, InBuffer, Operation, OutBuffer};

/// Level of zstd: on columns, higher ones save less than they cost the sensor's processor.
const COMPRESSION_LEVEL: i32 = 1;
/// A block costs some forty bytes for its code; shorter columns share one with the next.
const LEAST_BLOCK: usize = 512;

/// Packs bodies one after the other.
pub(crate) struct Packer(Encoder<'static>);

impl Packer {
    /// Before the first body.
    ///
    /// # Errors
    /// There is no memory for the compressor.
    pub(crate) fn new() -> io::Result<Self> {
        Encoder::new(COMPRESSION_LEVEL).map(Self)
    }

    /// Packs `body` into `packed`, which is emptied first. `ends` are places in it, in rising order,
    /// where what follows is of another kind.
    ///
    /// # Errors
    /// The library says so.
    pub(crate) fn pack(
        &mut self,
        body: &[u8],
        ends: &[usize],
        packed: &mut Vec<u8>,
    ) -> io::Result<()> {
        packed.clear();
        // Each block has three bytes before it, and is stored as it is when it does not get shorter.
        packed.reserve(zstd::zstd_safe::compress_bound(body.len()) + 16 * (ends.len() + 1));
        self.0.reinit()?;
        self.0.set_pledged_src_size(Some(body.len() as u64))?;
        let mut out = OutBuffer::around(packed);
        let mut start = 0;
        for end in ends.iter().map(|end| (*end).min(body.len())) {
            if end.saturating_sub(start) < LEAST_BLOCK {
                continue;
            }
            run(&mut self.0, body.get(start..end).unwrap_or_default(), &mut out)?;
            start = end;
            filled(self.0.flush(&mut out)?)?;
        }
        run(&mut self.0, body.get(start..).unwrap_or_default(), &mut out)?;
        filled(self.0.finish(&mut out, true)?)
    }
}

fn run(
    encoder: &mut Encoder<'_>,
    bytes: &[u8],
    out: &mut OutBuffer<'_, Vec<u8>>,
) -> io::Result<()> {
    let mut input = InBuffer::around(bytes);
    while input.pos() < bytes.len() {
        let before = input.pos();
        encoder.run(&mut input, out)?;
        if input.pos() == before {
            return filled(1);
        }
    }
    Ok(())
}

/// `left` bytes had no room.
fn filled(left: usize) -> io::Result<()> {
    if left == 0 {
        Ok(())
    } else {
        Err(io::Error::other("the packed body is longer than reckoned"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_as_one_body() {
        let mut packer = Packer::new().expect("memory");
        let mut packed = Vec::new();
        let alike: Vec<u8> = (0..5000u32).map(|n| (n % 7) as u8).collect();
        let random: Vec<u8> =
            (0..5000u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
        let body = [alike.clone(), random.clone(), alike.clone(), vec![9]].concat();
        for ends in [&[][..], &[5000, 10_000, 15_000], &[3, 5000, 5001, 15_001], &[0, 99_999]] {
            for body in [&body[..], &[], &random] {
                packer.pack(body, ends, &mut packed).expect("room");
                let back = zstd::bulk::decompress(&packed, body.len()).expect("sound");
                assert_eq!(back, body, "{ends:?}");
            }
        }
    }

    #[test]
    fn unlike_columns_are_shorter_in_blocks_of_their_own() {
        // Xorshift (Marsaglia 2003): three bits of it each time, so that nothing repeats.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = |from: u8| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 61) as u8 + from
        };
        let columns: Vec<u8> = (0..8000).map(|n| next(if n < 4000 { 0 } else { 100 })).collect();
        let mut packer = Packer::new().expect("memory");
        let (mut one, mut apart) = (Vec::new(), Vec::new());
        packer.pack(&columns, &[], &mut one).expect("room");
        packer.pack(&columns, &[4000], &mut apart).expect("room");
        assert!(apart.len() < one.len(), "{} {}", apart.len(), one.len());
    }
}
