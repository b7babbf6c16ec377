//! The sensor only listens: what its program can ask of the system, what the kernel refuses to it, and
//! what the counters of its interfaces say.

use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSymbol};
use pw_tests::{RunningSensor, Tap, free_port, journal_batches, program, skip, workspace_root};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// All that the sensor may ask of libpcap: open, set up, read, close. What puts frames on the air
/// (inject, sendpacket, sendqueue) is not here.
const PCAP: &[&str] = &[
    "pcap_activate",
    "pcap_breakloop",
    "pcap_can_set_rfmon",
    "pcap_close",
    "pcap_compile",
    "pcap_create",
    "pcap_datalink",
    "pcap_datalink_name_to_val",
    "pcap_datalink_val_to_description",
    "pcap_datalink_val_to_name",
    "pcap_dispatch",
    "pcap_fileno",
    "pcap_findalldevs",
    "pcap_free_datalinks",
    "pcap_freealldevs",
    "pcap_freecode",
    "pcap_get_required_select_timeout",
    "pcap_get_selectable_fd",
    "pcap_geterr",
    "pcap_getnonblock",
    "pcap_lib_version",
    "pcap_list_datalinks",
    "pcap_loop",
    "pcap_next_ex",
    // To look whether a filter can be read: a handle without an interface.
    "pcap_open_dead",
    "pcap_set_buffer_size",
    "pcap_set_datalink",
    "pcap_set_immediate_mode",
    "pcap_set_promisc",
    "pcap_set_rfmon",
    "pcap_set_snaplen",
    "pcap_set_timeout",
    "pcap_set_tstamp_precision",
    "pcap_set_tstamp_type",
    "pcap_setfilter",
    "pcap_setnonblock",
    "pcap_snapshot",
    "pcap_stats",
    "pcap_statustostr",
    "pcap_strerror",
];

/// All ways to send that the program may have: for its link (QUIC over UDP), for gpsd, for the kernel's
/// answers about radios, for the service manager and for its own socket.
const SENDING: &[&str] = &["send", "sendmmsg", "sendmsg", "sendto"];

/// Parts of names by which functions that send are called.
const LIKE_SENDING: &[&str] = &["send", "inject", "transmit", "xmit", "splice"];

/// Commands to the kernel's Wi-Fi part that read, or say where to listen. Any other could send:
/// scanning, joining, starting a network, a frame of one's own.
const NL80211: &[&str] = &[
    "DelInterface",
    "GetInterface",
    "GetReg",
    "GetSurvey",
    "GetWiphy",
    "NewInterface",
    "SetInterface",
    "SetWiphy",
];

#[test]
fn the_program_imports_no_way_to_put_a_frame_on_the_air() -> Result<()> {
    let file = fs::read(program("piwardrive-sensor")?)?;
    let elf = object::File::parse(file.as_slice())?;
    let mut imports = BTreeSet::new();
    for symbol in elf.dynamic_symbols().filter(ObjectSymbol::is_undefined) {
        imports.insert(symbol.name()?.to_owned());
    }
    ensure!(imports.len() > 50, "too few imports to say anything: {}", imports.len());
    let pcap: Vec<&String> = imports.iter().filter(|name| name.starts_with("pcap_")).collect();
    ensure!(pcap.iter().any(|name| *name == "pcap_next_ex"), "it does not capture: {pcap:?}");
    let forbidden: Vec<&&String> =
        pcap.iter().filter(|name| !PCAP.contains(&name.as_str())).collect();
    ensure!(forbidden.is_empty(), "it asks libpcap for {forbidden:?}");
    let sending: BTreeSet<&str> = imports
        .iter()
        .map(String::as_str)
        .filter(|name| LIKE_SENDING.iter().any(|part| name.contains(part)))
        // The library's own copying of files, which names no socket.
        .filter(|name| !matches!(*name, "sendfile" | "sendfile64" | "splice"))
        .collect();
    let more: Vec<&&str> = sending.iter().filter(|name| !SENDING.contains(name)).collect();
    ensure!(more.is_empty(), "it imports {more:?}");
    let starts = |name: &&String| {
        ["exec", "fexec", "fork", "vfork", "popen", "posix_spawn", "system"]
            .iter()
            .any(|start| name.strip_prefix(start).is_some_and(|rest| !rest.starts_with('_')))
    };
    let starting: Vec<&String> = imports.iter().filter(starts).collect();
    ensure!(starting.is_empty(), "it can start other programs: {starting:?}");
    // Libraries that send by themselves.
    let libraries: BTreeSet<String> = elf
        .imports()?
        .iter()
        .map(|import| String::from_utf8_lossy(import.library()).into_owned())
        .collect();
    let usual = ["libc.so", "libm.so", "libgcc_s.so", "libpcap.so", "ld-linux", "libpthread.so"];
    let known =
        |name: &String| name.is_empty() || usual.iter().any(|usual| name.starts_with(usual));
    let unknown: Vec<&String> = libraries.iter().filter(|name| !known(name)).collect();
    ensure!(unknown.is_empty(), "it needs {unknown:?}");
    Ok(())
}

#[test]
fn only_harmless_commands_are_given_to_the_kernels_wifi_part() -> Result<()> {
    let mut folders: Vec<PathBuf> = vec![workspace_root().join("sensor/src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path)?;
            for after in text.split("Nl80211Command::").skip(1) {
                let command: String =
                    after.chars().take_while(char::is_ascii_alphanumeric).collect();
                ensure!(
                    NL80211.contains(&command.as_str()),
                    "{}: the command {command} is not among those that only listen",
                    path.display()
                );
                seen += 1;
            }
            // A monitor interface that is "active" acknowledges frames: it sends.
            ensure!(
                !text.contains("MonitorFlag::Active") && !text.contains("MntrFlag::Active"),
                "{}: an active monitor sends acknowledgements",
                path.display()
            );
        }
    }
    ensure!(seen > 0, "the sources give no command at all: this test looks in the wrong place");
    Ok(())
}

/// The value of a line of `/proc/PID/…/status`.
fn value(status: &str, name: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
}

#[test]
fn the_running_sensor_is_confined_and_its_parser_more() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let arguments = ["--source", "sim:quiet_street,speed=1"];
    let mut sensor = RunningSensor::start(folder.path(), free_port()?, &arguments)?;
    let status = sensor.status()?;
    let words = status["confinement"].as_str().context("confinement")?;
    if words.starts_with("not available") {
        skip("the_running_sensor_is_confined_and_its_parser_more", words);
        return Ok(());
    }
    ensure!(words.contains("no sockets"), "{words}");
    let tasks = PathBuf::from(format!("/proc/{}/task", sensor.id()));
    let mut filters = Vec::new();
    for task in fs::read_dir(&tasks)? {
        let task = task?.path();
        let name = fs::read_to_string(task.join("comm"))?.trim().to_owned();
        let status = fs::read_to_string(task.join("status"))?;
        ensure!(value(&status, "Seccomp:") == Some(2), "thread {name} has no filter");
        ensure!(value(&status, "NoNewPrivs:") == Some(1), "thread {name} could gain rights");
        filters.push((name, value(&status, "Seccomp_filters:")));
    }
    let of = |wanted: &str| filters.iter().find(|(name, _)| name == wanted).map(|(_, n)| *n);
    let (parser, journal) = (of("pipeline").flatten(), of("journal").flatten());
    if let (Some(parser), Some(journal)) = (parser, journal) {
        ensure!(parser == journal + 1, "the parser has {parser} filters, the journal {journal}");
    }
    ensure!(of("pipeline").is_some(), "no thread is called pipeline: {filters:?}");
    sensor.terminate(Duration::from_secs(10))
}

#[test]
fn a_sensor_may_be_told_not_to_filter() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("sensor.toml");
    fs::write(&config, "[security]\nseccomp = false\n")?;
    let config = config.display().to_string();
    let arguments = ["--source", "sim:quiet_street,speed=1", "--config", &config];
    let mut sensor = RunningSensor::start(folder.path(), free_port()?, &arguments)?;
    let status = sensor.status()?;
    let words = status["confinement"].as_str().context("confinement")?.to_owned();
    ensure!(words.contains("switched off"), "{words}");
    sensor.terminate(Duration::from_secs(10))
}

#[test]
fn frames_sent_by_a_live_interface_are_counted() -> Result<()> {
    let mut tap = match Tap::create("pwquiet0") {
        Ok(tap) => tap,
        Err(error) => {
            let why = format!("no TAP interface can be made here: {error:#}");
            skip("frames_sent_by_a_live_interface_are_counted", &why);
            return Ok(());
        }
    };
    let folder = tempfile::tempdir()?;
    let arguments = ["--source", "live:pwquiet0"];
    let mut sensor = RunningSensor::start(folder.path(), free_port()?, &arguments)?;
    let begun = Instant::now();
    let status = loop {
        tap.deliver(&[0, 0, 8, 0, 0, 0, 0, 0, 0xd4, 0, 0, 0, 2, 0, 0, 0, 0, 1])?;
        let status = sensor.status()?;
        if status["frames"].as_u64() > Some(0) && !status["machine"].is_null() {
            break status;
        }
        ensure!(begun.elapsed() < Duration::from_secs(20), "no frame: {status} {}", sensor.log());
        std::thread::sleep(Duration::from_millis(100));
    };
    let sent = &status["transmitted"][0];
    let counter = fs::read_to_string("/sys/class/net/pwquiet0/statistics/tx_packets")?;
    let counter: u64 = counter.trim().parse()?;
    let said = sent["frames"].as_u64().with_context(|| format!("not counted: {sent}"))?;
    ensure!(said <= counter, "{said} frames are said, the kernel counts {counter}");
    ensure!(sent["words"].as_str().is_some_and(|words| words.contains("while listening")));
    ensure!(status["privacy"]["clients"] == "pseudonyms", "live radios give pseudonyms: {status}");

    // Another program sends: that is counted, said in the log, and recorded.
    if let Err(error) = tap.send_through() {
        let why = format!("nothing can be sent through the interface here: {error:#}");
        skip("frames_sent_by_a_live_interface_are_counted (the alarm)", &why);
        return sensor.terminate(Duration::from_secs(10));
    }
    let begun = Instant::now();
    loop {
        let status = sensor.status()?;
        let sent = &status["transmitted"][0];
        if sent["frames"].as_u64() > Some(said) {
            ensure!(sent["words"].as_str().is_some_and(|words| words.contains("SENT")), "{sent}");
            break;
        }
        ensure!(begun.elapsed() < Duration::from_secs(30), "it is not noticed: {sent}");
        std::thread::sleep(Duration::from_millis(200));
    }
    sensor.terminate(Duration::from_secs(10))?;
    ensure!(sensor.log().contains("SENT while listening"), "the log is silent: {}", sensor.log());
    let batches = journal_batches(folder.path())?;
    let stated = batches.iter().flat_map(|batch| &batch.transmitted);
    ensure!(stated.filter(|sent| sent.is_alarming()).count() > 0, "no record says it");
    Ok(())
}

#[test]
fn a_sensor_without_a_radio_states_no_silence() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let arguments = ["--source", "sim:quiet_street,speed=max", "--exit-at-end"];
    let mut sensor = RunningSensor::start(folder.path(), free_port()?, &arguments)?;
    sensor.wait(Duration::from_secs(60))?;
    let batches = journal_batches(folder.path())?;
    ensure!(
        batches.iter().any(|batch| !batch.health_details.is_empty()),
        "no state of the machine"
    );
    ensure!(batches.iter().all(|batch| batch.transmitted.is_empty()), "no radio was there");
    Ok(())
}
