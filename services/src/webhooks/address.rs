//! Where webhooks may lead: to public addresses alone, unless the setting allows others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Blocks of IPv4 that are nobody's on the public Internet: network, and length of its prefix.
const NOT_PUBLIC_V4: [([u8; 4], u32); 17] = [
    // This network, which systems take for themselves.
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    // Shared by carriers' customers; clouds have metadata in it.
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // Azure's host: a public address that only its guests reach.
    ([168, 63, 129, 16], 32),
    // Link-local, clouds' metadata.
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    // Assigned to protocols.
    ([192, 0, 0, 0], 24),
    // For documentation.
    ([192, 0, 2, 0], 24),
    // 6to4 relays.
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    // For benchmarks.
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    ([255, 255, 255, 255], 32),
];

/// The part of IPv6 that is public, and what of it is not.
const PUBLIC_V6: (u128, u32) = (0x2000_u128 << 112, 3);
const NOT_PUBLIC_V6: [(u128, u32); 4] = [
    // Assigned to protocols: Teredo, benchmarks, ORCHID.
    (0x2001_u128 << 112, 23),
    // For documentation.
    (0x2001_0db8_u128 << 96, 32),
    // 6to4: an IPv4 address in disguise.
    (0x2002_u128 << 112, 16),
    // For documentation.
    (0x3fff_u128 << 112, 20),
];
/// NAT64: how networks of IPv6 alone reach IPv4 addresses.
const NAT64: (u128, u32) = (0x0064_ff9b_u128 << 96, 96);

/// Names that lead nowhere public.
const LOCAL_NAMES: [&str; 8] = ["localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa", "onion"];

/// Ports above 1023 on which other protocols than HTTP listen; browsers refuse them too.
const OTHER_PROTOCOLS: [u16; 19] =
    [1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 10080];

/// Whether anybody on the Internet has this address.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let within = |(network, length): &([u8; 4], u32)| {
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        (address.to_bits() ^ u32::from_be_bytes(*network)) & mask == 0
    };
    !NOT_PUBLIC_V4.iter().any(within)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let within = |(network, length): (u128, u32)| (bits ^ network) >> (128 - length) == 0;
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    if within(NAT64) {
        return is_public_v4(Ipv4Addr::from_bits(bits as u32));
    }
    within(PUBLIC_V6) && !NOT_PUBLIC_V6.into_iter().any(within)
}

/// A webhook's address in its one form; else what is wrong with it. Names are looked up only when something is sent: what they
/// lead to may change.
pub fn read(text: &str, private: bool) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("is no URL: {error}"))?;
    match url.scheme() {
        "https" => {}
        "http" if private => {}
        _ => return Err("must begin with https://".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user or a password".to_owned());
    }
    // Both schemes have a default.
    let port = url.port_or_known_default().unwrap_or(443);
    if (port < 1024 && port != 443 && port != 80) || OTHER_PROTOCOLS.contains(&port) {
        return Err(format!("must not use port {port}: 443, 80 and most above 1023 will do"));
    }
    let host = url.host_str().unwrap_or_default();
    let name = host.trim_end_matches('.');
    if name.is_empty() {
        return Err("must name a host".to_owned());
    }
    if !private {
        match literal(&url) {
            Some(address) if !is_public(address) => return Err("must not lead to a private address".to_owned()),
            Some(_) => {}
            None if is_local(name) => return Err("must not lead to a private name".to_owned()),
            None => {}
        }
    }
    Ok(url)
}

/// The address, if the URL names one itself: then nothing is looked up. All its forms (`0x7f.1`, `2130706433`) are one by now.
pub fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_local(name: &str) -> bool {
    let within = |local: &&str| name.strip_suffix(*local).is_some_and(|rest| rest.ends_with('.'));
    !name.contains('.') || LOCAL_NAMES.iter().any(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::ffff:169.254.169.254",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:0:5ef5:79fd::1",
            "2001:2::1",
            "2001:10::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ] {
            assert!(!is_public(private.parse().expect(private)), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2001:db9::1",
            "2003::1",
            "2a00:1450::1",
            "3ffe::1",
            "64:ff9b::8.8.8.8",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(public.parse().expect(public)), "{public}");
        }
    }

    #[test]
    fn every_form_of_a_private_address_is_refused() {
        for bad in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://127.0.0.1./",
            "https://１２７.0.0.1/",
            "https://127。0。0。1/",
            "https://0/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[0:0:0:0:0:ffff:7f00:1]/",
            "https://[fd00::1]:8443/",
            "https://169.254.169.254/",
            "https://%31%32%37.0.0.1/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://db/",
            "https://metadata.google.internal/",
            "https://printer.local/",
            "https://router.home.arpa/",
            "https://x.onion/",
            "http://hooks.example.com/",
            "ftp://hooks.example.com/",
            "file:///etc/passwd",
            "hooks.example.com",
            "",
            "https://",
            "https://user@hooks.example.com/",
            "https://:secret@hooks.example.com/",
            "https://hooks.example.com:25/",
            "https://hooks.example.com:22/",
            "https://hooks.example.com:6379/",
            "https://hooks.example.com:0/",
            "data:text/plain,x",
        ] {
            assert!(read(bad, false).is_err(), "{bad}");
        }
        for good in [
            "https://hooks.example.com/in?key=1",
            "https://hooks.example.com:8443/",
            "https://8.8.8.8/",
            "https://[2a00:1450::1]/x",
            "HTTPS://Hooks.Example.Com",
            "https://bücher.example/",
            "https://local.example.com/",
            "https://mylocalhost.com/",
        ] {
            assert!(read(good, false).is_ok(), "{good}: {:?}", read(good, false));
        }
        assert_eq!(read(" HTTPS://Hooks.Example.Com ", false).expect("good").as_str(), "https://hooks.example.com/");
    }

    #[test]
    fn the_setting_allows_private_addresses_and_http_and_nothing_else() {
        for good in ["http://127.0.0.1:9999/x", "http://localhost:8080", "https://db/", "http://[::1]:8080/", "http://10.0.0.1"] {
            assert!(read(good, true).is_ok(), "{good}");
        }
        for bad in ["ftp://localhost/", "http://u:p@localhost/", "http://localhost:25/", "http://"] {
            assert!(read(bad, true).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_literal_is_told_from_a_name() {
        let url = |text: &str| Url::parse(text).expect(text);
        assert_eq!(literal(&url("https://0x7f.1/")), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert_eq!(literal(&url("https://[::1]/")), Some(IpAddr::V6(Ipv6Addr::LOCALHOST)));
        assert_eq!(literal(&url("https://hooks.example.com/")), None);
    }
}
