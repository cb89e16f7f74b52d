//! Debian's packages: which are missing, and installing them.
//!
//! It never removes a package, and never asks for a password: without the rights it prints the
//! commands for a person to run.

use std::{fs, process::Command};

use anyhow::{Result, bail};

use crate::shell::{Shell, answer, run, succeeds};

/// Whether this is Debian or one of its children.
pub fn is_here(shell: &Shell) -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    is_debian(&release) && shell.find("apt-get").is_some()
}

fn is_debian(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| matches!(*key, "ID" | "ID_LIKE"))
        .flat_map(|(_, value)| value.trim_matches('"').split(' '))
        .any(|id| id == "debian")
}

/// Installs the packages that are missing. `otherwise` tells a person what to do where that is not
/// possible.
pub fn install(shell: &Shell, packages: &[&str], otherwise: &str) -> Result<()> {
    let missing: Vec<&str> =
        packages.iter().copied().filter(|package| !is_installed(shell, package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !is_here(shell) {
        bail!("{otherwise}");
    }
    println!("    with apt-get: {}", missing.join(" "));

    let update = ["apt-get", "update", "-q"];
    // apt must not remove a package that somebody chose. Debian's own rustup, for instance, excludes
    // some of these packages.
    let mut install = vec![
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "install",
        "--yes",
        "--quiet",
        "--no-install-recommends",
        "--no-remove",
    ];
    install.extend(&missing);

    let Some(mut refresh) = as_root(shell, &update) else {
        bail!(
            "installing packages needs root, and `sudo` would ask for a password. Run these, \
             then try again:\n\n    sudo {}\n    sudo {}\n\n{otherwise}",
            update.join(" "),
            install.join(" ")
        );
    };
    // A list that could not be refreshed may still be good enough; if not, the next step says so.
    if !refresh.status().is_ok_and(|status| status.success()) {
        println!("    the package lists could not be refreshed; trying with those that are here");
    }
    let unknown: Vec<&str> =
        missing.iter().copied().filter(|package| !is_available(shell, package)).collect();
    if !unknown.is_empty() {
        bail!("the package lists of this machine do not have: {}\n{otherwise}", unknown.join(" "));
    }
    if let Some(mut install) = as_root(shell, &install) {
        run(&mut install, otherwise)?;
    }
    Ok(())
}

/// A command with root's rights, if we can have them without asking.
pub fn as_root(shell: &Shell, words: &[&str]) -> Option<Command> {
    let (first, rest) = words.split_first()?;
    if answer(shell.command("id").arg("-u")).as_deref() == Some("0") {
        let mut command = shell.command(first);
        command.args(rest);
        return Some(command);
    }
    if succeeds(shell.command("sudo").args(["-n", "true"])) {
        let mut command = shell.command("sudo");
        command.arg("-n").args(words);
        return Some(command);
    }
    None
}

/// The packages that a package depends on directly.
pub fn dependencies(shell: &Shell, package: &str) -> Vec<String> {
    answer(shell.command("apt-cache").args(["depends", package]))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .map(String::from)
        .collect()
}

fn is_installed(shell: &Shell, package: &str) -> bool {
    let mut query = shell.command("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    answer(&mut query).as_deref() == Some("installed")
}

fn is_available(shell: &Shell, package: &str) -> bool {
    succeeds(shell.command("apt-cache").args(["show", "--quiet=0", package]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_its_children_are_told_from_the_others() {
        assert!(is_debian("NAME=\"Debian GNU/Linux\"\nID=debian\n"));
        assert!(is_debian("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian("ID=fedora\nHOME_URL=https://debian.example\n"));
    }
}
