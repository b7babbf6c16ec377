//! The threads that listen to inputs of motion: means at most ten times a second, and trouble in words.

use super::{ImuSpec, MotionInput, MotionReading, SpeedSpec};
use crate::clock;
use pw_model::{MotionSample, MotionSource, Timestamp};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Time that a sample stands for, at least.
const SAMPLE: Duration = Duration::from_millis(100);
/// Time between two readings of an input that gives them at once.
const READING: Duration = Duration::from_millis(20);
/// First pause before an input that failed is opened again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What a thread tells the pipeline.
#[derive(Clone, PartialEq, Debug)]
pub enum MotionEvent {
    /// Motion, its time by the system's clock.
    Sample(MotionSample),
    /// An input works.
    Works {
        /// Which.
        source: MotionSource,
        /// What it is, for people.
        name: String,
    },
    /// An input does not work; it is opened again and again.
    Trouble {
        /// Which.
        source: MotionSource,
        /// Why, in words.
        why: String,
    },
}

/// What became of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// The pipeline has it, or will.
    Taken,
    /// There is no room for it now.
    Full,
    /// Nobody listens any more.
    Ended,
}

/// Means of readings.
#[derive(Debug, Default)]
struct Means {
    speed: Mean<1>,
    acceleration: Mean<3>,
    angular_velocity: Mean<3>,
}

#[derive(Debug)]
struct Mean<const N: usize> {
    sum: [f64; N],
    count: u32,
}

impl<const N: usize> Default for Mean<N> {
    fn default() -> Self {
        Self { sum: [0.0; N], count: 0 }
    }
}

impl<const N: usize> Mean<N> {
    fn add(&mut self, values: [f64; N]) {
        for (sum, value) in self.sum.iter_mut().zip(values) {
            *sum += value;
        }
        self.count = self.count.saturating_add(1);
    }

    /// `None` when nothing came.
    fn get(&self) -> Option<[f32; N]> {
        let count = f64::from(self.count);
        (self.count > 0).then(|| self.sum.map(|sum| (sum / count) as f32))
    }
}

impl Means {
    fn add(&mut self, reading: &MotionReading) {
        if let Some(speed) = reading.speed_mps {
            self.speed.add([speed]);
        }
        if let Some(acceleration) = reading.acceleration_mps2 {
            self.acceleration.add(acceleration);
        }
        if let Some(angular_velocity) = reading.angular_velocity_rps {
            self.angular_velocity.add(angular_velocity);
        }
    }

    /// `None` when nothing was read.
    fn sample(&self, time: Timestamp, source: MotionSource) -> Option<MotionSample> {
        let speed_mps = self.speed.get().map(|[speed]| speed);
        let acceleration_mps2 = self.acceleration.get();
        let angular_velocity_rps = self.angular_velocity.get();
        let any =
            speed_mps.is_some() || acceleration_mps2.is_some() || angular_velocity_rps.is_some();
        any.then_some(MotionSample {
            time,
            source,
            speed_mps,
            acceleration_mps2,
            angular_velocity_rps,
        })
    }
}

/// Starts a thread for each input that is wanted. `send` must not wait: what it has no room for is offered
/// again, and the readings meanwhile go into the same mean. They end within some seconds after `stop`.
///
/// # Errors
/// No thread can be started.
pub fn start<F>(
    imu: Option<ImuSpec>,
    speed: Option<SpeedSpec>,
    stop: &Arc<AtomicBool>,
    send: F,
) -> io::Result<()>
where
    F: Fn(MotionEvent) -> Sent + Clone + Send + 'static,
{
    if let Some(imu) = imu {
        let listener = Listener::new(MotionSource::Inertial, Arc::clone(stop), send.clone());
        spawn("motion", move || listener.keep_trying(|| imu.open()))?;
    }
    if let Some(speed) = speed {
        let listener = Listener::new(MotionSource::Vehicle, Arc::clone(stop), send);
        let stop = Arc::clone(stop);
        spawn("vehicle", move || listener.keep_trying(|| speed.open(&stop)))?;
    }
    Ok(())
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

struct Listener<F> {
    source: MotionSource,
    stop: Arc<AtomicBool>,
    send: F,
    first_pause: Duration,
}

impl<F: Fn(MotionEvent) -> Sent> Listener<F> {
    const fn new(source: MotionSource, stop: Arc<AtomicBool>, send: F) -> Self {
        Self { source, stop, send, first_pause: FIRST_PAUSE }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// True when the pipeline has the event. Where nobody listens any more, it all stops.
    fn tell(&self, event: MotionEvent) -> bool {
        let sent = (self.send)(event);
        if sent == Sent::Ended {
            self.stop.store(true, Ordering::Relaxed);
        }
        sent == Sent::Taken
    }

    /// Opens the input, listens until it fails, and again, with growing pauses while it gives nothing.
    fn keep_trying(&self, open: impl Fn() -> Result<Box<dyn MotionInput>, String>) {
        let mut pause = self.first_pause;
        let (mut told, mut logged) = (None, None);
        while !self.is_stopped() {
            let why = match open() {
                Ok(mut input) => {
                    let (gave, why) = self.listen(input.as_mut(), &mut told);
                    if gave {
                        logged = None;
                        pause = self.first_pause;
                    }
                    why
                }
                Err(why) => why,
            };
            // The same again is not told again, or an adapter that is away would fill the log.
            let mut is_new = told.as_ref() != Some(&why);
            if is_new && logged.as_ref() != Some(&why) && !self.is_stopped() {
                tracing::warn!("motion, {}: {why}", self.source.name());
                logged = Some(why.clone());
            }
            let until = Instant::now() + pause;
            while !self.is_stopped() {
                let source = self.source;
                if is_new && self.tell(MotionEvent::Trouble { source, why: why.clone() }) {
                    told = Some(why.clone());
                    is_new = false;
                }
                if Instant::now() >= until {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Gives whether anything was read, and what ended it.
    fn listen(&self, input: &mut dyn MotionInput, told: &mut Option<String>) -> (bool, String) {
        let mut means = Means::default();
        let mut sampled = Instant::now();
        let (mut gave, mut told_name) = (false, false);
        while !self.is_stopped() {
            let begun = Instant::now();
            match input.read() {
                Ok(reading) => means.add(&reading),
                Err(why) => return (gave, why),
            }
            if !gave {
                gave = true;
                *told = None;
                tracing::info!("motion, {}: {}", self.source.name(), input.name());
            }
            if !told_name {
                told_name =
                    self.tell(MotionEvent::Works { source: self.source, name: input.name() });
            }
            if sampled.elapsed() >= SAMPLE
                && let Some(sample) = means.sample(clock::now(), self.source)
                && self.tell(MotionEvent::Sample(sample))
            {
                sampled = Instant::now();
                means = Means::default();
            }
            std::thread::sleep(READING.saturating_sub(begun.elapsed()));
        }
        (gave, "stopped".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::mpsc;

    #[test]
    fn a_sample_is_the_mean_of_what_was_read_and_unknown_stays_unknown() {
        let mut means = Means::default();
        let time = Timestamp::from_unix_secs(9);
        assert_eq!(means.sample(time, MotionSource::Inertial), None);
        for x in [1.0, 2.0, 6.0] {
            means.add(&MotionReading {
                acceleration_mps2: Some([x, 0.0, 9.8]),
                ..MotionReading::default()
            });
        }
        let sample = means.sample(time, MotionSource::Inertial).expect("read");
        assert_eq!(sample.acceleration_mps2, Some([3.0, 0.0, 9.8]));
        assert_eq!((sample.speed_mps, sample.angular_velocity_rps), (None, None));
    }

    /// Gives three readings, then fails.
    struct Three(u32);

    impl MotionInput for Three {
        fn name(&self) -> String {
            "three".to_owned()
        }

        fn read(&mut self) -> Result<MotionReading, String> {
            std::thread::sleep(SAMPLE);
            self.0 += 1;
            if self.0 > 3 {
                return Err("pulled out".to_owned());
            }
            Ok(MotionReading { speed_mps: Some(f64::from(self.0)), ..MotionReading::default() })
        }
    }

    #[test]
    fn an_input_that_fails_is_opened_again_and_trouble_is_told_once() {
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, events) = mpsc::channel();
        let opened = Mutex::new(0);
        let listener = Listener {
            source: MotionSource::Vehicle,
            stop: Arc::clone(&stop),
            send: move |event| match sender.send(event) {
                Ok(()) => Sent::Taken,
                Err(_) => Sent::Ended,
            },
            first_pause: Duration::from_millis(1),
        };
        let thread = std::thread::spawn(move || {
            listener.keep_trying(|| {
                let mut opened = opened.lock().expect("nothing panics here");
                *opened += 1;
                match *opened {
                    1 | 2 => Err("not there".to_owned()),
                    _ => Ok(Box::new(Three(0))),
                }
            });
        });
        let mut seen = Vec::new();
        while seen.iter().filter(|e| matches!(e, MotionEvent::Works { .. })).count() < 2 {
            seen.push(events.recv_timeout(Duration::from_secs(20)).expect("it goes on"));
        }
        stop.store(true, Ordering::Relaxed);
        thread.join().expect("it ends");
        let trouble: Vec<&str> = seen
            .iter()
            .filter_map(|event| match event {
                MotionEvent::Trouble { why, .. } => Some(why.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(trouble, ["not there", "pulled out"]);
        let speeds: Vec<f32> = seen
            .iter()
            .filter_map(|event| match event {
                MotionEvent::Sample(sample) => sample.speed_mps,
                _ => None,
            })
            .collect();
        assert_eq!(speeds, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn while_there_is_no_room_more_readings_go_into_one_mean() {
        let (sender, events) = mpsc::channel();
        let offered = Mutex::new(0);
        let stop = Arc::new(AtomicBool::new(false));
        let listener = Listener {
            source: MotionSource::Vehicle,
            stop,
            // Full for the name once, and then for the first two samples.
            send: move |event| {
                let mut offered = offered.lock().expect("nothing panics here");
                *offered += 1;
                let is_full = match event {
                    MotionEvent::Works { .. } => *offered == 1,
                    _ => *offered < 5,
                };
                if is_full {
                    return Sent::Full;
                }
                match sender.send(event) {
                    Ok(()) => Sent::Taken,
                    Err(_) => Sent::Ended,
                }
            },
            first_pause: Duration::from_millis(1),
        };
        let (gave, why) = listener.listen(&mut Three(0), &mut None);
        assert!(gave && why == "pulled out");
        drop(listener);
        let mut events = events.into_iter();
        assert!(matches!(events.next(), Some(MotionEvent::Works { .. })), "offered again");
        let Some(MotionEvent::Sample(sample)) = events.next() else { panic!("no sample") };
        assert_eq!(sample.speed_mps, Some(2.0), "of all three readings");
        assert_eq!(events.next(), None);
    }
}
