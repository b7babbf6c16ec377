//! The sensor for a 64-bit Raspberry Pi, built on a Debian or Ubuntu of amd64.
//!
//! The standard library for arm64 is Debian's (packages rustc-web and libstd-rust-web-dev of
//! Debian 12's security archive). They cannot be installed beside another Rust, so they are
//! unpacked below target/, and so are libpcap and glibc for arm64.

use crate::{cargo, root, run_command, say, target};
use anyhow::{Context, Result, bail, ensure};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const TRIPLE: &str = "aarch64-unknown-linux-gnu";
/// Installed: the C compiler that links, and builds the cryptography library.
const INSTALLED: [&str; 2] = ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"];
/// Unpacked: the compiler, which runs here, and the standard library for arm64. Two libraries more
/// carry their release in the name; they are read from what the standard library depends on.
const COMPILER: [&str; 3] =
    ["rustc-web:amd64", "libstd-rust-web-dev:amd64", "libstd-rust-web-dev:arm64"];
/// Unpacked: what the sensor is linked with, and what that needs.
const SYSTEM: [&str; 13] = [
    "libpcap0.8:arm64",
    "libpcap0.8-dev:arm64",
    "libdbus-1-3:arm64",
    "libsystemd0:arm64",
    "libgcrypt20:arm64",
    "liblzma5:arm64",
    "libzstd1:arm64",
    "liblz4-1:arm64",
    "libcap2:arm64",
    "libgpg-error0:arm64",
    "libgcc-s1:arm64",
    "libc6:arm64",
    "zlib1g:arm64",
];
/// The libpcap of Debian 12; later ones have all that it has.
const LIBPCAP: &str = "1.10.3";

/// Builds the sensor; gives its path. With `install` it first installs what is missing.
pub(crate) fn build(install: bool) -> Result<PathBuf> {
    ensure!(
        cfg!(all(target_arch = "x86_64", target_os = "linux")),
        "arm64 is built on Linux on a 64-bit PC; on the Pi itself build the sensor with cargo and \
         give it with --binary"
    );
    prepare(install)?;
    let folder = target().join("arm64");
    let (compiler, system) = (folder.join("compiler"), folder.join("system"));
    let mut downloads: Vec<String> = COMPILER.iter().map(|name| (*name).to_owned()).collect();
    let library = dependency("libstd-rust-web-dev:amd64", "libstd-rust-web-")?;
    downloads.push(dependency(&library, "libllvm")?);
    downloads.push(library);
    unpack(&downloads, &folder.join("compiler-debs"), &compiler)?;
    let packages: Vec<String> = SYSTEM.iter().map(|name| (*name).to_owned()).collect();
    unpack(&packages, &folder.join("system-debs"), &system)?;
    let rustc = compiler_script(&folder, &compiler)?;
    compile(&folder, &rustc, &system)?;
    Ok(folder.join("build").join(TRIPLE).join("release/piwardrive-sensor"))
}

/// What has to be installed on the machine itself: said, and done only when asked for.
fn prepare(install: bool) -> Result<()> {
    let foreign = Command::new("dpkg")
        .arg("--print-foreign-architectures")
        .output()
        .context("dpkg does not start; the packages for arm64 come from Debian or Ubuntu")?;
    let knows_arm64 = String::from_utf8_lossy(&foreign.stdout).lines().any(|line| line == "arm64");
    let linker = Command::new("aarch64-linux-gnu-gcc")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if knows_arm64 && linker {
        return Ok(());
    }
    let steps = [
        vec!["dpkg", "--add-architecture", "arm64"],
        vec!["apt-get", "update"],
        [&["apt-get", "install", "--yes", "--no-install-recommends"], &INSTALLED[..]].concat(),
    ];
    if !install {
        let lines: Vec<String> = steps.iter().map(|step| format!("  {}", step.join(" "))).collect();
        bail!("arm64 needs this, as root, or --install to have it done:\n{}", lines.join("\n"));
    }
    for step in steps {
        say(&format!("xtask: {}", step.join(" ")));
        let (program, arguments) = step.split_first().context("an empty step")?;
        run_command(Command::new(program).args(arguments), "")?;
    }
    Ok(())
}

/// The dependency of a package whose name begins so: libraries carry their release in the name.
fn dependency(package: &str, prefix: &str) -> Result<String> {
    let output = Command::new("apt-cache")
        .args(["depends", "--no-recommends", "--no-suggests", package])
        .output()
        .context("apt-cache does not start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    named_dependency(&text, prefix).with_context(|| {
        format!(
            "{package} depends on no {prefix}…: it is in Debian 12's security archive; see that \
             apt knows it, and run apt-get update"
        )
    })
}

fn named_dependency(text: &str, prefix: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let name = line.trim().trim_start_matches('|').strip_prefix("Depends: ")?;
        let name = name.split(':').next()?;
        (name.starts_with(prefix) && !name.contains("-dev")).then(|| format!("{name}:amd64"))
    })
}

/// Downloads packages once, and unpacks them without installing.
fn unpack(packages: &[String], downloads: &Path, to: &Path) -> Result<()> {
    let done = to.join(".unpacked");
    if fs::read_to_string(&done).is_ok_and(|list| list == packages.join("\n")) {
        return Ok(());
    }
    for folder in [downloads, to] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    say(&format!("xtask: downloads and unpacks into {}: {}", to.display(), packages.join(" ")));
    run_command(Command::new("apt-get").arg("download").args(packages).current_dir(downloads), "")?;
    for entry in fs::read_dir(downloads)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            run_command(Command::new("dpkg-deb").arg("--extract").arg(&path).arg(to), "")?;
        }
    }
    fs::write(&done, packages.join("\n"))
        .with_context(|| format!("cannot write {}", done.display()))
}

/// Debian's compiler finds its libraries only where they would have been installed.
fn compiler_script(folder: &Path, compiler: &Path) -> Result<PathBuf> {
    let path = folder.join("rustc");
    let llvm: Vec<String> = fs::read_dir(compiler.join("usr/lib"))?
        .flatten()
        .map(|entry| entry.path().join("lib"))
        .filter(|path| path.to_string_lossy().contains("/llvm-"))
        .map(|path| path.display().to_string())
        .collect();
    let root = compiler.display();
    let script = format!(
        "#!/bin/sh\nLD_LIBRARY_PATH='{root}/usr/lib/x86_64-linux-gnu:{}'\n\
         export LD_LIBRARY_PATH\nexec '{root}/usr/bin/rustc' \"$@\"\n",
        llvm.join(":")
    );
    fs::write(&path, script)?;
    fs::set_permissions(&path, Permissions::from_mode(0o755))?;
    Ok(path)
}

fn compile(folder: &Path, rustc: &Path, system: &Path) -> Result<()> {
    let libraries = system.join("usr/lib/aarch64-linux-gnu");
    let (shown, base) = (libraries.display(), system.join("lib/aarch64-linux-gnu"));
    let flags = format!("-C link-arg=-Wl,-rpath-link,{shown}:{} -L native={shown}", base.display());
    let mut command = Command::new(cargo());
    command
        .current_dir(root())
        .args(["build", "--release", "--locked", "--package", "pw_sensor", "--target", TRIPLE])
        .env("RUSTC", rustc)
        .env("CARGO_TARGET_DIR", folder.join("build"))
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS", flags)
        .env("CC_aarch64_unknown_linux_gnu", "aarch64-linux-gnu-gcc")
        .env("LIBPCAP_LIBDIR", &libraries)
        .env("LIBPCAP_VER", LIBPCAP);
    run_command(&mut command, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_found_by_their_beginning() {
        let text = "libstd-rust-web-dev\n  Depends: libc6\n  Depends: libstd-rust-web-dev\n \
                    |Depends: x\n  Depends: libstd-rust-web-1.96\n  Depends: libllvm22:amd64\n";
        let found = |prefix| named_dependency(text, prefix);
        assert_eq!(found("libstd-rust-web-").as_deref(), Some("libstd-rust-web-1.96:amd64"));
        assert_eq!(found("libllvm").as_deref(), Some("libllvm22:amd64"));
        assert_eq!(found("libpcap"), None);
    }
}
