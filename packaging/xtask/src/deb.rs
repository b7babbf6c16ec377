//! The Debian package: a folder as it is to be installed, and dpkg-deb, which packs it.

use crate::elf::{self, Needs};
use crate::{Arch, root, run_command, say, target};
use anyhow::{Context, Result, bail, ensure};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PACKAGE: &str = "piwardrive-sensor";
const VERSION: &str = env!("CARGO_PKG_VERSION");
const MAINTAINER: &str = "The PiWardrive authors <authors@piwardrive.invalid>";
const NO_DPKG: &str = "; packages are made with dpkg-deb: install the package 'dpkg'";

/// Files below packaging/debian: which, where to, mode.
const FILES: [(&str, &str, u32); 9] = [
    ("sensor.toml", "etc/piwardrive/sensor.toml", 0o644),
    ("piwardrive-sensor.service", "usr/lib/systemd/system/piwardrive-sensor.service", 0o644),
    ("60-piwardrive.rules", "usr/lib/udev/rules.d/60-piwardrive.rules", 0o644),
    ("piwardrive.sysusers", "usr/lib/sysusers.d/piwardrive.conf", 0o644),
    ("piwardrive.tmpfiles", "usr/lib/tmpfiles.d/piwardrive.conf", 0o644),
    ("README", "usr/share/doc/piwardrive-sensor/README", 0o644),
    ("copyright", "usr/share/doc/piwardrive-sensor/copyright", 0o644),
    ("lintian-overrides", "usr/share/lintian/overrides/piwardrive-sensor", 0o644),
    ("changelog", "usr/share/doc/piwardrive-sensor/changelog", 0o644),
];
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];
/// Kept by dpkg as the person changed them.
const CONFFILES: &str = "/etc/piwardrive/sensor.toml\n";

/// Makes the package of this sensor; gives its path.
pub(crate) fn build(arch: Arch, binary: &Path) -> Result<PathBuf> {
    let folder = target().join("deb");
    let stage = folder.join(arch.debian());
    stage_files(arch, binary, &stage)?;
    let package = folder.join(format!("{PACKAGE}_{VERSION}_{}.deb", arch.debian()));
    let mut command = Command::new("dpkg-deb");
    command.args(["--root-owner-group", "-Zxz", "--build"]).arg(&stage).arg(&package);
    if let Some(seconds) = last_change() {
        command.env("SOURCE_DATE_EPOCH", seconds);
    }
    run_command(command.stdout(Stdio::null()), NO_DPKG)?;
    Ok(package)
}

/// When the sources last changed, so that the same sources make the same package.
fn last_change() -> Option<String> {
    let set = std::env::var("SOURCE_DATE_EPOCH").ok();
    set.or_else(|| {
        let mut git = Command::new("git");
        git.args(["log", "-1", "--format=%ct"]).current_dir(root()).stderr(Stdio::null());
        let output = git.output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    })
}

fn stage_files(arch: Arch, binary: &Path, stage: &Path) -> Result<()> {
    if stage.exists() {
        fs::remove_dir_all(stage).with_context(|| format!("cannot empty {}", stage.display()))?;
    }
    let program = fs::read(binary).with_context(|| format!("no sensor at {}", binary.display()))?;
    let needs = elf::needs(&program).with_context(|| binary.display().to_string())?;
    let wanted = match arch {
        Arch::Amd64 => elf::EM_X86_64,
        Arch::Arm64 => elf::EM_AARCH64,
    };
    ensure!(
        needs.machine == wanted,
        "{} is a program for another machine (ELF number {}) than {}",
        binary.display(),
        needs.machine,
        arch.debian()
    );
    let depends = depends(&needs)?;
    say(&format!("xtask: {} needs {depends}", binary.display()));
    put(&stage.join("usr/bin/piwardrive-sensor"), &program, 0o755)?;
    let sources = root().join("packaging/debian");
    for (from, to, mode) in FILES {
        let path = sources.join(from);
        let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        put(&stage.join(to), &content, mode)?;
    }
    // -n: without the time, so that the same sources make the same package.
    let changelog = stage.join("usr/share/doc/piwardrive-sensor/changelog");
    run_command(Command::new("gzip").arg("-9n").arg(&changelog), "; install 'gzip'")?;
    let control = stage.join("DEBIAN");
    for script in SCRIPTS {
        let content =
            fs::read(sources.join(script)).with_context(|| format!("cannot read {script}"))?;
        put(&control.join(script), &content, 0o755)?;
    }
    put(&control.join("conffiles"), CONFFILES.as_bytes(), 0o644)?;
    let installed = files_below(stage)?;
    put(&control.join("md5sums"), md5sums(stage, &installed)?.as_bytes(), 0o644)?;
    let mut bytes = 0;
    for file in &installed {
        bytes += fs::metadata(stage.join(file))?.len();
    }
    put(&control.join("control"), control_file(arch, &depends, bytes).as_bytes(), 0o644)
}

/// Writes a file; its folders are readable for all, whatever the umask says.
fn put(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let folder = path.parent().with_context(failed)?;
    let new: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(folder).with_context(failed)?;
    for folder in new {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).with_context(failed)?;
    }
    fs::write(path, content).with_context(failed)?;
    fs::set_permissions(path, Permissions::from_mode(mode)).with_context(failed)
}

/// Debian's packages for the libraries that the program names itself.
fn depends(needs: &Needs) -> Result<String> {
    let mut packages = Vec::new();
    for library in &needs.libraries {
        let package = match library.as_str() {
            "libc.so.6" | "libm.so.6" | "ld-linux-x86-64.so.2" | "ld-linux-aarch64.so.1" => {
                let (major, minor) =
                    needs.glibc.context("the program does not say which glibc it needs")?;
                format!("libc6 (>= {major}.{minor})")
            }
            "libgcc_s.so.1" => "libgcc-s1 (>= 4.2)".to_owned(),
            // 1.9.1 is what Debian 11 has; the sensor itself asks for nothing newer than 1.5.
            "libpcap.so.0.8" => "libpcap0.8 (>= 1.9.1)".to_owned(),
            other => bail!("the sensor needs {other}, and no package is known that has it"),
        };
        packages.push(package);
    }
    // deb-systemd-helper, and systemd-sysusers, which makes the service's user.
    packages.push("init-system-helpers (>= 1.52)".to_owned());
    packages.push("systemd | systemd-standalone-sysusers".to_owned());
    packages.sort();
    packages.dedup();
    Ok(packages.join(", "))
}

fn control_file(arch: Arch, depends: &str, bytes: u64) -> String {
    let architecture = arch.debian();
    let kibibytes = bytes.div_ceil(1024);
    format!(
        "Package: {PACKAGE}\n\
         Version: {VERSION}\n\
         Architecture: {architecture}\n\
         Maintainer: {MAINTAINER}\n\
         Installed-Size: {kibibytes}\n\
         Depends: {depends}\n\
         Recommends: gpsd\n\
         Suggests: iw, rfkill\n\
         Section: net\n\
         Priority: optional\n\
         Description: passive wireless survey sensor\n \
         Listens to Wi-Fi with one or more radios, joins what it hears with the\n \
         position of a receiver, journals it on its own disk and hands it to paired\n \
         desktops over an encrypted link. It never transmits.\n"
    )
}

/// The files to be installed, below the stage.
fn files_below(stage: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![stage.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                if !path.ends_with("DEBIAN") {
                    folders.push(path);
                }
            } else {
                files.push(path.strip_prefix(stage)?.to_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What dpkg checks an installation by; conffiles are not part of it.
fn md5sums(stage: &Path, files: &[PathBuf]) -> Result<String> {
    let mut command = Command::new("md5sum");
    command.current_dir(stage).args(files.iter().filter(|file| !file.starts_with("etc")));
    let output = command.output().context("md5sum does not start; install 'coreutils'")?;
    ensure!(output.status.success(), "md5sum failed ({})", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(libraries: &[&str]) -> Needs {
        Needs {
            libraries: libraries.iter().map(|name| (*name).to_owned()).collect(),
            glibc: Some((2, 34)),
            machine: elf::EM_X86_64,
        }
    }

    #[test]
    fn libraries_become_packages() {
        let found = depends(&needs(&["libpcap.so.0.8", "libgcc_s.so.1", "libm.so.6", "libc.so.6"]))
            .expect("known");
        for part in ["libc6 (>= 2.34)", "libpcap0.8 (>= 1.9.1)", "libgcc-s1"] {
            assert_eq!(found.matches(part).count(), 1, "{found}");
        }
        let error = depends(&needs(&["libdbus-1.so.3"])).expect_err("not known").to_string();
        assert!(error.contains("libdbus-1.so.3"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_becomes_a_package() {
        // Any program of this machine that needs glibc alone can stand for the sensor.
        let folder = tempfile::tempdir().expect("temporary folder");
        let own = std::env::current_exe().expect("named");
        let here = if cfg!(target_arch = "x86_64") { Arch::Amd64 } else { Arch::Arm64 };
        let other = if here == Arch::Amd64 { Arch::Arm64 } else { Arch::Amd64 };
        let stage = folder.path().join("stage");
        let error = stage_files(other, &own, &stage).expect_err("another machine").to_string();
        assert!(error.contains("another machine"), "{error}");
        stage_files(here, &own, &stage).expect("staged");
        let mode =
            |path: &str| fs::metadata(stage.join(path)).expect(path).permissions().mode() & 0o7777;
        assert_eq!(mode("usr/bin/piwardrive-sensor"), 0o755);
        assert_eq!(mode("usr/lib/systemd/system"), 0o755);
        assert_eq!(mode("DEBIAN/postinst"), 0o755);
        assert_eq!(mode("etc/piwardrive/sensor.toml"), 0o644);
        let control = fs::read_to_string(stage.join("DEBIAN/control")).expect("written");
        assert!(control.contains("Depends: ") && control.ends_with("transmits.\n"), "{control}");
        for line in control.lines().filter(|line| !line.starts_with(' ')) {
            assert!(line.contains(": "), "{line}");
        }
        let sums = fs::read_to_string(stage.join("DEBIAN/md5sums")).expect("written");
        assert_eq!(sums.lines().count(), 9, "all but the conffile: {sums}");
        for conffile in CONFFILES.lines() {
            assert!(stage.join(conffile.trim_start_matches('/')).exists(), "{conffile}");
        }
    }

    #[test]
    fn scripts_are_understood_by_the_shell() {
        for script in SCRIPTS {
            let path = root().join("packaging/debian").join(script);
            let status = Command::new("sh").arg("-n").arg(&path).status().expect("a shell");
            assert!(status.success(), "{script}");
            let text = fs::read_to_string(&path).expect("read");
            assert!(text.starts_with("#!/bin/sh\n") && text.contains("\nset -e\n"), "{script}");
            // Key and journal go with a purge only.
            for (number, line) in text.lines().enumerate() {
                let deletes = line.contains("rm -r");
                let in_purge = script == "postrm"
                    && text.lines().take(number).any(|before| before == "purge)");
                assert!(!deletes || in_purge, "{script}: {line}");
            }
        }
    }

    #[test]
    fn the_unit_gives_two_capabilities_and_no_more() {
        let unit = root().join("packaging/debian/piwardrive-sensor.service");
        let unit = fs::read_to_string(unit).expect("read");
        for key in ["AmbientCapabilities", "CapabilityBoundingSet"] {
            let lines: Vec<&str> = unit.lines().filter(|line| line.starts_with(key)).collect();
            assert_eq!(lines, [format!("{key}=CAP_NET_RAW CAP_NET_ADMIN")]);
        }
        for line in ["User=piwardrive", "NoNewPrivileges=yes", "StateDirectoryMode=0700"] {
            assert!(unit.lines().any(|found| found == line), "{line}");
        }
    }
}
