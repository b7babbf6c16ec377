//! Who is not paired gets nothing, and the sensor says why in its log.

use anyhow::{Result, ensure};
use pw_tests::{Paired, Piwardrive, RunningSensor, free_port};
use std::net::UdpSocket;
use std::time::Duration;

fn start(paired: &Paired) -> Result<RunningSensor> {
    RunningSensor::start(&paired.state, paired.port, &["--source", "sim:quiet_street"])
}

/// Copies what the paired desktop knows of the sensor to a desktop with a key of its own.
fn impostor(paired: &Paired, folder: &std::path::Path) -> Result<Piwardrive> {
    std::fs::create_dir_all(folder)?;
    std::fs::copy(paired.config.join("sensors.toml"), folder.join("sensors.toml"))?;
    Ok(Piwardrive::new(folder))
}

#[test]
fn an_unpaired_desktop_gets_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let paired = Paired::new(folder.path(), free_port()?)?;
    let sensor = start(&paired)?;
    let impostor = impostor(&paired, &folder.path().join("impostor"))?;
    let survey = folder.path().join("stolen").display().to_string();
    let output = impostor.run(&["record", &survey, "--sensor", "car", "--for", "4"])?;
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    ensure!(
        said.contains("not paired") || said.contains("refused"),
        "the desktop is not told why: {said}"
    );
    let info = impostor.json(&["survey", "info", &survey, "--json"]);
    ensure!(
        info.map_or(true, |info| info["observations"] == 0),
        "an unpaired desktop got observations"
    );
    let log = sensor.log().to_lowercase();
    ensure!(
        log.contains("not paired") || log.contains("refused"),
        "the sensor does not log why: {log}"
    );
    Ok(())
}

#[test]
fn a_wrong_code_pairs_nobody() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let paired = Paired::new(folder.path(), free_port()?)?;
    let sensor = start(&paired)?;
    std::thread::sleep(Duration::from_secs(1));
    let stranger = Piwardrive::new(&folder.path().join("stranger"));
    let output = stranger.run(&["pair", &sensor.address, "0000-0000"])?;
    ensure!(output.status.code() == Some(1), "pairing without an open window succeeded");
    Ok(())
}

#[test]
fn a_plain_udp_scanner_gets_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let paired = Paired::new(folder.path(), free_port()?)?;
    let sensor = start(&paired)?;
    std::thread::sleep(Duration::from_secs(1));
    let scanner = UdpSocket::bind("127.0.0.1:0")?;
    scanner.set_read_timeout(Some(Duration::from_millis(300)))?;
    for probe in
        [&b"\x00"[..], b"GET / HTTP/1.1\r\n\r\n", &[0xff; 1200], b"M-SEARCH * HTTP/1.1\r\n"]
    {
        scanner.send_to(probe, &sensor.address)?;
    }
    let mut answer = [0; 2048];
    let got = scanner.recv(&mut answer);
    ensure!(got.is_err(), "the sensor answered a scanner: {got:?}");
    std::thread::sleep(Duration::from_millis(1500));
    let log = sensor.log().to_lowercase();
    ensure!(
        log.contains("not quic") || log.contains("no quic"),
        "the sensor does not log the scan: {log}"
    );
    Ok(())
}
