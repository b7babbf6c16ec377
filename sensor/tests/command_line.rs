//! The sensor's program as a person uses it: exit codes, one clear line for what is wrong.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const SENSOR: &str = env!("CARGO_BIN_EXE_piwardrive-sensor");

fn run(arguments: &[&str]) -> Output {
    Command::new(SENSOR).args(arguments).stdin(Stdio::null()).output().expect("started")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Fails with this exit code and one line that holds these words.
fn refuses(arguments: &[&str], code: i32, words: &[&str]) {
    let output = run(arguments);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    if code == 1 {
        assert_eq!(said.trim_end().lines().count(), 1, "{arguments:?}: {said}");
    }
    for word in words {
        assert!(said.contains(word), "{arguments:?}: '{word}' is not in: {said}");
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let state = folder.path().join("state");
    let state = state.to_str().expect("text");
    refuses(&["run", "--state", state], 2, &["no source"]);
    refuses(&["run", "--source", "wlan0"], 2, &["is no source"]);
    refuses(&["run", "--source", "sim:demo", "--gps", "fixed:0,0"], 2, &["no place"]);
    let mixed = ["run", "--source", "sim:demo", "--source", "live:lo", "--state", state];
    refuses(&mixed, 2, &["cannot be mixed"]);
    let config = folder.path().join("sensor.toml");
    std::fs::write(&config, "sorce = []\n").expect("written");
    let config = config.to_str().expect("text");
    refuses(&["run", "--config", config, "--state", state], 2, &["sensor.toml", "line 1"]);
    assert!(!Path::new(state).join("journal").exists(), "nothing was written");
}

#[test]
fn what_cannot_be_used_is_one_line() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let state = folder.path().join("state");
    let state = state.to_str().expect("text");
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("written");
        path.to_str().expect("text").to_owned()
    };
    let source = |path: &str| format!("file:{path}");
    let start = |source: &str, words: &[&str]| {
        let arguments = [
            "run",
            "--source",
            source,
            "--state",
            state,
            "--listen",
            "127.0.0.1:0",
            "--log",
            "error",
        ];
        refuses(&arguments, 1, words);
    };
    start(&source("/no/such/file.pcap"), &["/no/such/file.pcap"]);
    assert!(!Path::new(state).exists(), "a sensor that cannot start made its folder");
    start(&source(folder.path().to_str().expect("text")), &["directory"]);
    start(&source(&file("empty.pcap", b"")), &["empty.pcap", "empty"]);
    start(
        &source(&file("photo.pcap", b"\xff\xd8\xff\xe0 JFIF, and more of it, up to 24 bytes")),
        &["photo.pcap", "not a capture"],
    );
    start("sim:/no/such.toml", &["/no/such.toml"]);
    start(&format!("sim:{}", file("bad.toml", b"[scenario]\nname = 3\n")), &["bad.toml", "line"]);
    start("live:no-such-dev0", &["no-such-dev0"]);
    start("wifi:no-such-dev0", &["no-such-dev0"]);
    // An Ethernet capture: magic, version 2.4, zone, accuracy, snap length, link type 1.
    let mut ethernet =
        vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0];
    ethernet.extend_from_slice(&[1, 0, 0, 0]);
    start(&source(&file("ethernet.pcap", &ethernet)), &["ethernet.pcap", "not 802.11"]);
    let nmea = format!("nmea:{}", file("words.nmea", b"no sentences\n"));
    let with_gps =
        ["run", "--source", "sim:quiet_street", "--gps", &nmea, "--state", state, "--log", "error"];
    refuses(&with_gps, 1, &["words.nmea"]);
    refuses(&["status", "--state", state], 1, &["no sensor runs"]);
    refuses(&["pair", "--state", state], 1, &["no sensor runs"]);
    let absent = folder.path().join("absent");
    for command in [&["status"][..], &["pair"], &["keys", "revoke", "x"], &["journal", "verify"]] {
        let absent = ["--state", absent.to_str().expect("text")];
        refuses(&[command, &absent[..]].concat(), 1, &[]);
    }
    assert!(!absent.exists(), "a command that failed made its folder");
    refuses(&["journal", "info", "--state", "/no/such/folder"], 1, &["no journal"]);
}

#[test]
fn status_of_a_running_sensor_and_an_orderly_end() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let state = folder.path().to_str().expect("text");
    let mut child = Command::new(SENSOR)
        .args(["run", "--source", "sim:quiet_street,speed=20", "--listen", "127.0.0.1:0"])
        .args(["--name", "car", "--state", state])
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let begun = Instant::now();
    let status = loop {
        let output = run(&["status", "--json", "--state", state]);
        if output.status.success() {
            let status: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
            if status["frames"].as_u64().unwrap_or(0) > 0 && status["gps"]["mode"] == "3d" {
                break status;
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no status: {}", stderr(&output));
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(status["name"], "car");
    assert_eq!(status["origin"], "simulated");
    assert_eq!(status["radios"][0]["listening"], true);
    assert!(run(&["status", "--state", state]).status.success());
    let second =
        ["run", "--source", "none", "--state", state, "--listen", "127.0.0.1:0", "--log", "error"];
    refuses(&second, 1, &["in use by another"]);
    let keys = run(&["keys", "list", "--json", "--state", state]);
    assert_eq!(String::from_utf8_lossy(&keys.stdout).trim(), "[]");
    // SAFETY: a signal to a child that has not been waited for.
    #[allow(unsafe_code)]
    let sent = unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGTERM) };
    assert_eq!(sent, 0);
    assert!(child.wait().expect("a child").success());
    let info = run(&["journal", "info", "--json", "--state", state]);
    let info: serde_json::Value = serde_json::from_slice(&info.stdout).expect("JSON");
    assert!(
        info["observations"].as_u64().expect("a number")
            >= status["frames"].as_u64().expect("a number")
    );
    assert!(run(&["journal", "verify", "--state", state]).status.success());
    let dump = run(&["journal", "dump", "--json", "--state", state]);
    let records = String::from_utf8_lossy(&dump.stdout);
    assert!(records.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    assert!(records.contains("\"record\":\"observation\""));
    let gaps = records.lines().filter(|line| line.contains("\"record\":\"gap\"")).count();
    assert_eq!(gaps, 0, "an orderly end loses nothing");
}

#[test]
fn setup_says_what_to_do_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let state = folder.path().join("state");
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let listen = taken.local_addr().expect("bound").to_string();
    let config = folder.path().join("sensor.toml");
    let said = |config_text: &str, listen: &str| {
        std::fs::write(&config, config_text).expect("written");
        let output = Command::new(SENSOR)
            .args(["setup", "--json", "--gps", "none", "--listen", listen, "--state"])
            .arg(&state)
            .arg("--config")
            .arg(&config)
            .stdin(Stdio::null())
            .output()
            .expect("started");
        let json: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("JSON on standard output");
        assert_eq!(output.status.success(), json["good"] == true, "{json}");
        json
    };
    let of = |json: &serde_json::Value, name: &str| {
        let checks = json["checks"].as_array().expect("a list");
        checks.iter().find(|check| check["check"] == name).expect(name).clone()
    };
    let json = said("source = ['live:no-such-dev0']\n", &listen);
    let missing = of(&json, "configuration");
    assert_eq!(missing["outcome"], "bad");
    assert!(missing["words"].as_str().is_some_and(|words| words.contains("no-such-dev0")));
    let json = said("source = ['live:lo']\n", &listen);
    assert_eq!(of(&json, "configuration")["outcome"], "good");
    assert_eq!(of(&json, "kernel")["outcome"], "good");
    assert_eq!(of(&json, "port")["outcome"], "bad");
    assert!(of(&json, "port")["advice"].as_str().is_some_and(|words| words.contains("ss -ulpn")));
    assert_eq!(json["good"], false, "a taken port is bad");
    drop(taken);
    let json = said("sorce = []\n", &listen);
    assert_eq!(of(&json, "port")["outcome"], "good");
    let slip = of(&json, "configuration");
    assert_eq!(slip["outcome"], "bad");
    assert!(slip["words"].as_str().is_some_and(|words| words.contains("line 1")), "{slip}");
    assert!(!state.exists(), "setup makes no state folder");
}

#[test]
fn a_service_manager_hears_that_the_sensor_is_ready_and_alive() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let notify = folder.path().join("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&notify).expect("bound");
    manager.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    let mut child = Command::new(SENSOR)
        .args(["run", "--source", "none", "--listen", "127.0.0.1:0", "--state"])
        .arg(folder.path().join("state"))
        .env("NOTIFY_SOCKET", &notify)
        .env("WATCHDOG_USEC", "200000")
        .env_remove("WATCHDOG_PID")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let heard = || {
        let mut bytes = [0; 256];
        let length = manager.recv(&mut bytes).expect("a message within 20 s");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    assert!(heard().starts_with("READY=1\nSTATUS=listens"));
    for _ in 0..3 {
        assert_eq!(heard(), "WATCHDOG=1");
    }
    let process = libc::pid_t::try_from(child.id()).expect("a process");
    // SAFETY: a signal to a process that this test started and has not waited for.
    #[allow(unsafe_code)]
    unsafe {
        libc::kill(process, libc::SIGTERM);
    }
    let last = std::iter::from_fn(|| Some(heard())).find(|message| message != "WATCHDOG=1");
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
    assert!(child.wait().expect("ended").success());
}

#[test]
fn radios_says_what_there_is_or_why_there_is_nothing() {
    let output = run(&["radios", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let none = told["radios"].as_array().expect("a list").is_empty();
    assert_eq!(output.status.code(), Some(i32::from(none)));
    assert!(!none || told["trouble"].is_string(), "{told}");
    let output = run(&["radios"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(none, text.contains("no radio found, because "), "{text}");
    assert!(!told.to_string().contains("address"), "hardware addresses are nobody's business");
}

/// Every file of the journal but its lock, by name.
fn journal_files(state: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(state.join("journal")).expect("a journal");
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("readable").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("readable"))
        })
        .filter(|(name, _)| name != "lock")
        .collect();
    files.sort();
    files
}

#[test]
fn a_sealed_journal_needs_its_key_and_is_left_alone_without_it() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    let key = text(&folder.path().join("journal.key"));
    let other = text(&folder.path().join("other.key"));
    for key in [&key, &other] {
        let made = run(&["journal", "new-key", key]);
        assert!(made.status.success(), "{}", stderr(&made));
        let said = String::from_utf8_lossy(&made.stdout).into_owned();
        assert!(said.contains("Keep a copy elsewhere"), "{said}");
    }
    refuses(&["journal", "new-key", &key], 1, &["journal.key", "nothing is replaced"]);

    let state = folder.path().join("state");
    let config = |name: &str, line: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("[journal]\n{line}\n")).expect("written");
        text(&path)
    };
    let sealed = config("sealed.toml", &format!("key_file = '{key}'"));
    let state_text = text(&state);
    let arguments = |config: &str| -> Vec<String> {
        let words = ["run", "--config", config, "--source", "sim:quiet_street", "--exit-at-end"];
        let more = ["--listen", "127.0.0.1:0", "--log", "error", "--state", &state_text];
        words.iter().chain(&more).map(|word| (*word).to_owned()).collect()
    };
    let started = arguments(&sealed);
    let output = run(&started.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(output.status.success(), "{}", stderr(&output));

    let before = journal_files(&state);
    let wrong = config("wrong.toml", &format!("key_file = '{other}'"));
    let missing = config("missing.toml", "key_file = '/no/such/key'");
    let none = config("none.toml", "");
    for (config, words) in [
        (&none, ["no key is given", "nothing was changed"]),
        (&wrong, ["other.key", "nothing was changed"]),
        (&missing, ["/no/such/key", "is the stick plugged in"]),
    ] {
        let started = arguments(config);
        refuses(&started.iter().map(String::as_str).collect::<Vec<_>>(), 1, &words);
        assert_eq!(journal_files(&state), before, "{config}");
    }

    // Looked at without the key, and with it.
    let verify = |more: &[&str]| {
        let words = ["journal", "verify", "--json", "--state", &state_text];
        let output = run(&[&words, more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
    };
    let closed = verify(&["--key-file", &other]);
    assert_eq!(closed["sound"], true, "{closed}");
    assert_eq!(closed["batches_not_opened"], closed["batches"], "{closed}");
    assert!(closed["observations"].is_null(), "{closed}");
    let opened = verify(&["--key-file", &key]);
    assert_eq!(opened["batches_not_opened"], 0, "{opened}");
    assert!(opened["observations"].as_u64().is_some_and(|frames| frames > 1000), "{opened}");
    refuses(&["journal", "dump", "--state", &state_text, "--key-file", &other], 1, &["--key-file"]);
    let dumped = run(&["journal", "dump", "--state", &state_text, "--key-file", &key]);
    assert!(dumped.status.success() && dumped.stdout.len() > 10_000);
}
