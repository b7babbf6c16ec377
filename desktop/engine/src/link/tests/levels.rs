//! Signal levels of this moment, beside the batches of the same connection.

use super::*;
use crate::levels::LiveLevels;
use pw_model::{FrameKind, MacAddr, Observation, RadioId};
use pw_sensor::levels::LevelTap;

/// A frame of the transmitter with this number.
fn heard(number: u8) -> Observation {
    Observation {
        transmitter: Some(MacAddr([2, 0, 0, 0, 0, number])),
        receiver: Some(MacAddr::BROADCAST),
        frequency_mhz: Some(2_412),
        signal_dbm: Some(-50),
        length: 100,
        ..Observation::new(Timestamp::from_unix_secs(1_700_000_000), RadioId(2), FrameKind::BEACON)
    }
}

/// While batches are stuck, levels come; without being asked a sensor sends none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn levels_come_beside_a_stream_that_is_stuck() {
    let sensor = sensor();
    let (_dir, store, known) = paired(&sensor).await;
    let mut tap = LevelTap::new(sensor.levels.clone());
    let noting = tokio::spawn(async move {
        loop {
            tap.note(&heard(1), Instant::now());
            tap.note(&heard(2), Instant::now());
            tap.hand_over();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let live = Arc::new(LiveLevels::default());
    let (wishes, watched) = watch::channel(None);
    let woken = Arc::new(Mutex::new(0u64));
    let wake: Arc<dyn Fn() + Send + Sync> = {
        let woken = Arc::clone(&woken);
        Arc::new(move || *lock(&woken) += 1)
    };
    let sink = LevelSink { levels: Arc::clone(&live), wake, watched };
    let survey = MemorySurvey::default();
    *lock(&survey.stalled) = true;
    let link = connect_with(&store, known.clone(), survey.clone(), "laptop", "test", Some(sink));
    state_of(&link, LinkState::is_connected).await;
    (0..300).for_each(|_| sensor.journal.write(2_000));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let sensor_id = known.sensor_id();
    assert_eq!(sensor.link.traffic().levels.datagrams, 0, "nobody asked");
    assert_eq!(live.sends(sensor_id), Some(true));

    let address = MacAddr([2, 0, 0, 0, 0, 1]);
    wishes.send_replace(Some(live.watch(&[address])));
    until("levels", || live.received(sensor_id).taken >= 10).await;
    assert_eq!(sensor.journal.acknowledged(), 0, "batches are still stuck");
    let levels = live.of(address, Instant::now());
    let [level] = &levels[..] else { panic!("one radio: {levels:?}") };
    assert_eq!((level.radio, level.signal_dbm, level.trace.is_empty()), (RadioId(2), -50, false));
    assert!(*lock(&woken) > 0, "the window is told");
    let other = MacAddr([2, 0, 0, 0, 0, 2]);
    assert_eq!(live.of(other, Instant::now()).len(), 1, "the others ride along");

    wishes.send_replace(None);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let sent = sensor.link.traffic().levels.datagrams;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(sensor.link.traffic().levels.datagrams, sent, "nobody wants them any more");

    // On the same connection again: they are the present, and not taken for late ones.
    let before = live.received(sensor_id);
    wishes.send_replace(Some(live.watch(&[address])));
    until("levels again", || live.received(sensor_id).taken >= before.taken + 10).await;
    let after = live.received(sensor_id);
    assert_eq!((after.late, after.duplicates), (before.late, before.duplicates));
    *lock(&survey.stalled) = false;
    until("all acknowledged", || sensor.journal.acknowledged() == 300).await;
    assert_eq!(*lock(&survey.arrivals), (1..=300).collect::<Vec<_>>(), "batches are unharmed");
    noting.abort();
    link.stop().await;
}
