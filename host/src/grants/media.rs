//! Which files and addresses may be sent.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use url::{Host, Url};

use super::Wanted;

/// Why a file or an address may not be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// What was asked for, as the rest of "may not …".
    pub(super) what: String,
    /// The key that does not allow it.
    pub(super) key: &'static str,
    /// What it would have to hold.
    pub(super) value: Wanted,
}

/// Whether a source is an address rather than a path. A path begins with `/`.
pub(super) fn is_address(source: &str) -> bool {
    !source.starts_with('/')
}

/// Checks that a file lies under one of `roots`, wherever links lead, and is not too large.
pub(super) fn file_within(source: &str, roots: &[PathBuf], max: Option<u64>) -> Result<(), Problem> {
    let missing = |err: std::io::Error| Problem {
        what: format!("send the file {source}, which cannot be read ({err})"),
        key: "mediaRoots",
        value: Wanted::Words("the folder of a file that exists"),
    };
    let file = fs::canonicalize(source).map_err(missing)?;
    let under = |root: &PathBuf| fs::canonicalize(root).is_ok_and(|root| file.starts_with(root));
    if !roots.iter().any(under) {
        let folder = file.parent().unwrap_or(Path::new("/")).display().to_string();
        return Err(Problem {
            what: format!("send the file {source}"),
            key: "mediaRoots",
            value: Wanted::Item(folder),
        });
    }
    let found = fs::metadata(&file).map_err(missing)?;
    if !found.is_file() {
        return Err(missing(std::io::ErrorKind::InvalidInput.into()));
    }
    match max {
        Some(max) if found.len() > max => Err(Problem {
            what: format!("send {source}, which has {} bytes of at most {max}", found.len()),
            key: "mediaMaxMb",
            value: Wanted::Number(found.len().div_ceil(1 << 20)),
        }),
        _ => Ok(()),
    }
}

/// Checks an address by its scheme and its host. `*` stands for every host but those that are only reached
/// from here: an address inside this network has to be named. What a public name leads to is looked up by
/// `zca` later, and is not seen here.
pub(super) fn address_within(address: &str, schemes: &[String], hosts: &[String]) -> Result<(), Problem> {
    let refused = |key, value| Problem { what: format!("send {address}"), key, value };
    let Ok(url) = Url::parse(address) else {
        return Err(refused("urlSchemes", Wanted::Words("the scheme of an address that can be read")));
    };
    if !schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case(url.scheme())) {
        return Err(refused("urlSchemes", Wanted::Item(url.scheme().to_owned())));
    }
    let Some(host) = url.host() else {
        return Err(refused("urlHosts", Wanted::Words("the host of an address that has one")));
    };
    let name = host.to_string();
    let named = hosts.iter().any(|granted| granted.eq_ignore_ascii_case(&name));
    let any = hosts.iter().any(|granted| granted == "*");
    if named || (any && is_public(&host)) { Ok(()) } else { Err(refused("urlHosts", Wanted::Item(name))) }
}

fn is_public(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let inside = ["localhost", "local", "internal", "lan", "home.arpa"];
            // A name without a dot is looked up in the network that this machine is in.
            name.contains('.') && !inside.iter().any(|suffix| name.ends_with(&format!(".{suffix}")))
        }
        Host::Ipv4(address) => is_public_v4(*address),
        Host::Ipv6(address) => is_public_v6(*address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let carrier = first == 100 && (64..128).contains(&second);
    let never = address.is_unspecified() || address.is_broadcast() || address.is_multicast() || first == 0;
    !(never || carrier || address.is_loopback() || address.is_private() || address.is_link_local())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            !(address.is_unspecified()
                || address.is_loopback()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str, hosts: &[&str]) -> Option<&'static str> {
        let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        address_within(address, &["https".to_owned(), "http".to_owned()], &hosts).err().map(|it| it.key)
    }

    #[test]
    fn any_host_means_any_public_one() {
        for address in ["https://example.com/a.png", "http://8.8.8.8/", "https://[2606:4700::1111]/"] {
            assert_eq!(key(address, &["*"]), None, "{address}");
        }
        for address in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://localhost:80/",
            "http://LOCALHOST./",
            "http://printer/",
            "http://nas.local/",
            "http://10.1.2.3/",
            "http://192.168.0.1/",
            "http://172.16.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://100.64.0.1/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
            "http://0.0.0.0/",
        ] {
            assert_eq!(key(address, &["*"]), Some("urlHosts"), "{address}");
        }
    }

    #[test]
    fn a_host_that_is_named_is_granted_wherever_it_is() {
        assert_eq!(key("http://127.0.0.1/a", &["127.0.0.1"]), None);
        assert_eq!(key("https://cdn.example.com/a", &["example.com"]), Some("urlHosts"));
    }

    #[test]
    fn a_scheme_has_to_be_granted() {
        for address in
            ["file:///etc/passwd", "ftp://example.com/a", "javascript:alert(1)", "relative/path", ""]
        {
            assert_eq!(key(address, &["*"]), Some("urlSchemes"), "{address}");
        }
    }

    #[test]
    fn a_file_has_to_lie_under_a_root_wherever_links_lead() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("media"), folder.path().join("secret"));
        fs::create_dir(&inside).unwrap();
        fs::write(&outside, "12345").unwrap();
        fs::write(inside.join("a.png"), "12345").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("link.png")).unwrap();
        let within = |source: &Path, max| {
            let roots = [inside.clone()];
            file_within(source.to_str().unwrap(), &roots, max).err().map(|it| it.key)
        };
        assert_eq!(within(&inside.join("a.png"), None), None);
        assert_eq!(within(&inside.join("a.png"), Some(4)), Some("mediaMaxMb"));
        assert_eq!(within(&inside.join("link.png"), None), Some("mediaRoots"));
        assert_eq!(within(&inside.join("../secret"), None), Some("mediaRoots"));
        assert_eq!(within(&inside.join("missing"), None), Some("mediaRoots"));
        assert_eq!(within(&inside, None), Some("mediaRoots"), "a folder is no file");
    }
}
