//! Where others find this machine: its addresses on the local network, the address of a class, and that
//! address as a QR code.
//!
//! It sends nothing.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use anyhow::{Context, Result, bail};
use fast_qr::{ECL, QRBuilder};

/// An address of this machine, and the name of the network device that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub device: String,
    pub ip: Ipv4Addr,
}

/// The addresses at which others may find this machine, the most likely one first.
pub fn candidates() -> Vec<Candidate> {
    let devices = if_addrs::get_if_addrs().unwrap_or_default();
    let found = devices.into_iter().filter(|it| !it.is_loopback()).filter_map(|it| match it.ip() {
        IpAddr::V4(ip) => Some(Candidate { device: it.name, ip }),
        // The page is served over version 4 only, whose addresses people can type.
        IpAddr::V6(_) => None,
    });
    ranked(found.collect(), towards_the_internet())
}

/// The address that this machine would use on its way into the internet, if there is a way.
fn towards_the_internet() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // To connect such a socket sends nothing. The address is one for documentation.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(ip) if !ip.is_loopback() => Some(ip),
        _ => None,
    }
}

fn ranked(mut found: Vec<Candidate>, preferred: Option<Ipv4Addr>) -> Vec<Candidate> {
    found.sort_by_key(|it| {
        (it.ip.is_link_local(), is_virtual(&it.device), Some(it.ip) != preferred)
    });
    found
}

/// Whether a device is one of containers, virtual machines or tunnels, where no class is.
fn is_virtual(device: &str) -> bool {
    const BEGINNINGS: [&str; 16] = [
        "br-",
        "cni",
        "docker",
        "ipsec",
        "lxc",
        "lxd",
        "podman",
        "ppp",
        "tailscale",
        "tap",
        "tun",
        "utun",
        "veth",
        "virbr",
        "vmnet",
        "wg",
    ];
    BEGINNINGS.iter().any(|it| device.starts_with(it)) || device.starts_with("vboxnet")
}

/// What somebody gave as this machine's name or address.
pub fn host(text: &str) -> Result<String> {
    let is_name = !text.is_empty()
        && !text.starts_with(['-', '.'])
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._".contains(&it));
    if !is_name {
        bail!(
            "--address needs a name or an IPv4 address and nothing else, as in \
             `--address 192.168.1.5` or `--address teacher.local`"
        );
    }
    Ok(text.to_owned())
}

/// The address that brings somebody into a class.
pub fn join(host: &str, port: u16, token: &str) -> String {
    let port = if port == 80 { String::new() } else { format!(":{port}") };
    format!("http://{host}{port}/#/join/{token}")
}

/// A text as a QR code of half blocks, two modules in a character. Light modules are drawn, because
/// most terminals are dark. In colour, the code is black on white whatever the terminal looks like.
pub fn qr(text: &str, in_colour: bool) -> Result<String> {
    // Cameras ask for so many light modules around the code.
    const MARGIN: usize = 4;
    const INDENT: &str = "    ";
    const WHITE_ON_BLACK: &str = "\x1b[38;5;231;48;5;16m";
    const AS_BEFORE: &str = "\x1b[0m";
    // A projected code is not dirty: large modules help more than redundant ones.
    let code =
        QRBuilder::new(text).ecl(ECL::L).build().ok().context("there is too much to draw")?;
    let all = code.size + 2 * MARGIN;
    let light = |row: usize, column: usize| {
        let inside = |at: usize| (MARGIN..MARGIN + code.size).contains(&at);
        !(inside(row) && inside(column) && code[row - MARGIN][column - MARGIN].value())
    };
    let (before, after) = if in_colour { (WHITE_ON_BLACK, AS_BEFORE) } else { ("", "") };
    let mut lines = Vec::new();
    for row in (0..all).step_by(2) {
        let blocks: String = (0..all)
            .map(|column| match (light(row, column), row + 1 < all && light(row + 1, column)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            })
            .collect();
        lines.push(format!("{INDENT}{before}{blocks}{after}"));
    }
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_that_a_class_is_in_comes_first() {
        let candidate = |device: &str, last| Candidate {
            device: device.to_owned(),
            ip: if last == 0 {
                Ipv4Addr::new(169, 254, 7, 7)
            } else {
                Ipv4Addr::new(10, 0, 0, last)
            },
        };
        let found = vec![
            candidate("eth1", 0),
            candidate("tun0", 1),
            candidate("docker0", 2),
            candidate("eth0", 3),
            candidate("wlan0", 4),
        ];
        let order = |preferred: Option<u8>| -> Vec<String> {
            let preferred = preferred.map(|it| Ipv4Addr::new(10, 0, 0, it));
            ranked(found.clone(), preferred).into_iter().map(|it| it.device).collect()
        };
        assert_eq!(order(Some(4)), ["wlan0", "eth0", "tun0", "docker0", "eth1"]);
        assert_eq!(order(Some(2)), ["eth0", "wlan0", "docker0", "tun0", "eth1"]);
        assert_eq!(order(None), ["eth0", "wlan0", "tun0", "docker0", "eth1"]);
    }

    #[test]
    fn an_address_leads_into_the_class() {
        assert_eq!(join("10.0.0.5", 8080, "act-x"), "http://10.0.0.5:8080/#/join/act-x");
        assert_eq!(join("teacher.local", 80, "act-x"), "http://teacher.local/#/join/act-x");
    }

    #[test]
    fn a_name_or_an_address_is_taken_and_nothing_else() {
        for good in ["192.168.1.5", "teacher.local", "my-laptop"] {
            assert_eq!(host(good).unwrap(), good);
        }
        for wrong in ["", "http://10.0.0.5", "10.0.0.5:80", "a/b", "a b", "--nodes", "fe80::1"] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_qr_code_is_a_square_with_a_light_margin() {
        let code = qr("http://192.168.100.100:8080/#/join/act-abcdefgh", false).unwrap();
        let lines: Vec<Vec<char>> = code.lines().map(|it| it[4..].chars().collect()).collect();
        let width = lines[0].len();
        assert_eq!(width, 37);
        assert_eq!(lines.len(), width.div_ceil(2));
        assert!(lines.iter().all(|it| it.len() == width));
        assert!(lines[..2].iter().flatten().all(|it| *it == '█'));
        // The corner of the upper left finder pattern.
        assert_eq!(lines[2][4..11], [' ', '▄', '▄', '▄', '▄', '▄', ' ']);
        assert!(qr("a", true).unwrap().contains("\x1b[38;5;231"));
    }
}
