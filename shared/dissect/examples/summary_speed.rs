//! Time to read a capture and to summarise it, one thread: `cargo run --release --package pw_dissect
//! --example summary_speed -- CAPTURE [RUNS]`.

use pw_dissect::capture::CaptureReader;
use pw_dissect::parse_with_fcs;
use pw_dissect::summary::Summary;
use std::fs::File;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: summary_speed CAPTURE [RUNS]")?;
    let runs: u32 = arguments.next().map_or(Ok(5), |runs| runs.parse())?;
    let mut best = [Duration::MAX; 3];
    let mut frames = 0;
    for _ in 0..runs {
        for (stage, best) in best.iter_mut().enumerate() {
            let start = Instant::now();
            let mut reader = CaptureReader::open(File::open(&path)?)?;
            let mut summary = Summary::default();
            let mut readable = 0u64;
            while let Some(frame) = reader.next_frame()? {
                match stage {
                    0 => readable += u64::from(!frame.data.is_empty()),
                    1 => {
                        let parsed = parse_with_fcs(
                            frame.link_type,
                            frame.data,
                            frame.original_len,
                            frame.fcs_len,
                        );
                        readable += u64::from(parsed.header.is_some());
                    }
                    _ => summary.add(&frame),
                }
            }
            frames = if stage == 2 { summary.frames() } else { readable };
            *best = start.elapsed().min(*best);
        }
    }
    println!("{frames} frames, best of {runs} runs");
    for (what, best) in
        ["read", "read and parse headers", "read, parse and summarise"].iter().zip(best)
    {
        println!("{what}: {:.3} s", best.as_secs_f64());
    }
    Ok(())
}
