//! `ip`, `cidr` and `url`, as Kubernetes' library has them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use http::Uri;
use ipnet::IpNet;

use super::{Entry, Fault, Opaque, failed, global, method, mismatch, opaque};
use crate::cel::budget::Budget;
use crate::cel::value::{Cel, Entries, Key, Text};

pub(super) const FUNCTIONS: &[Entry] = &[
    global("ip", 1, |_, args| {
        Ok(opaque(Opaque::Ip(
            parse_ip(text(args)?).ok_or_else(|| failed("the text is no IP address"))?,
        )))
    }),
    global("isIP", 1, |_, args| {
        Ok(Cel::Bool(parse_ip(text(args)?).is_some()))
    }),
    global("ip.isCanonical", 1, |_, args| {
        let written = text(args)?;
        let ip = parse_ip(written).ok_or_else(|| failed("the text is no IP address"))?;
        Ok(Cel::Bool(ip.to_string() == written))
    }),
    method("family", 0, |_, args| {
        of_ip(args, |ip| Cel::Int(if ip.is_ipv4() { 4 } else { 6 }))
    }),
    method("isUnspecified", 0, |_, args| {
        of_ip(args, |ip| Cel::Bool(ip.is_unspecified()))
    }),
    method("isLoopback", 0, |_, args| {
        of_ip(args, |ip| Cel::Bool(ip.is_loopback()))
    }),
    method("isLinkLocalMulticast", 0, |_, args| {
        of_ip(args, |ip| Cel::Bool(is_link_local_multicast(ip)))
    }),
    method("isLinkLocalUnicast", 0, |_, args| {
        of_ip(args, |ip| Cel::Bool(is_link_local_unicast(ip)))
    }),
    method("isGlobalUnicast", 0, |_, args| {
        of_ip(args, |ip| Cel::Bool(is_global_unicast(ip)))
    }),
    global("cidr", 1, |_, args| {
        Ok(opaque(Opaque::Cidr(
            parse_cidr(text(args)?).ok_or_else(|| failed("the text is no CIDR"))?,
        )))
    }),
    global("isCIDR", 1, |_, args| {
        Ok(Cel::Bool(parse_cidr(text(args)?).is_some()))
    }),
    method("containsIP", 1, contains_ip),
    method("containsCIDR", 1, contains_cidr),
    method("ip", 0, |_, args| {
        of_cidr(args, |cidr| opaque(Opaque::Ip(cidr.addr())))
    }),
    method("masked", 0, |_, args| {
        of_cidr(args, |cidr| opaque(Opaque::Cidr(cidr.trunc())))
    }),
    method("prefixLength", 0, |_, args| {
        of_cidr(args, |cidr| Cel::Int(i64::from(cidr.prefix_len())))
    }),
    global("url", 1, |_, args| {
        Ok(opaque(
            parse_url(text(args)?).ok_or_else(|| failed("the text is no absolute URL"))?,
        ))
    }),
    global("isURL", 1, |_, args| {
        Ok(Cel::Bool(parse_url(text(args)?).is_some()))
    }),
    method("getScheme", 0, |_, args| {
        of_url(args, |url| Cel::string(url.scheme_str().unwrap_or_default()))
    }),
    method("getHost", 0, |_, args| of_url(args, |url| Cel::string(host(url)))),
    method("getHostname", 0, |_, args| {
        of_url(args, |url| Cel::string(hostname(url)))
    }),
    method("getPort", 0, |_, args| {
        of_url(args, |url| {
            Cel::string(url.port_u16().map(|port| port.to_string()).unwrap_or_default())
        })
    }),
    method("getEscapedPath", 0, escaped_path),
    method("getQuery", 0, |_, args| of_url(args, query)),
];

fn text<'l>(args: &'l [Cel<'_>]) -> Result<&'l str, Fault> {
    match args {
        [Cel::String(text)] => Ok(text),
        args => Err(mismatch(args)),
    }
}

/// Neither zones nor IPv4 addresses written as IPv6 are taken.
fn parse_ip(text: &str) -> Option<IpAddr> {
    let ip: IpAddr = text.parse().ok()?;
    match ip {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => None,
        ip => Some(ip),
    }
}

fn parse_cidr(text: &str) -> Option<IpNet> {
    let (address, _) = text.split_once('/')?;
    parse_ip(address)?;
    text.parse().ok()
}

fn of_ip<'a>(args: &[Cel<'a>], take: impl Fn(IpAddr) -> Cel<'a>) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Opaque(value)] => match value.as_ref() {
            Opaque::Ip(ip) => Ok(take(*ip)),
            _ => Err(mismatch(args)),
        },
        args => Err(mismatch(args)),
    }
}

fn is_link_local_multicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.octets().starts_with(&[224, 0, 0]),
        IpAddr::V6(ip) => ip
            .segments()
            .first()
            .is_some_and(|first| first & 0xff0f == 0xff02),
    }
}

fn is_link_local_unicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// Go's `IsGlobalUnicast`: private addresses count.
fn is_global_unicast(ip: IpAddr) -> bool {
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(is_broadcast
        || ip.is_unspecified()
        || ip.is_loopback()
        || ip.is_multicast()
        || is_link_local_unicast(ip))
}

fn cidr(value: &Cel<'_>) -> Option<IpNet> {
    match value {
        Cel::Opaque(value) => match value.as_ref() {
            Opaque::Cidr(cidr) => Some(*cidr),
            _ => None,
        },
        Cel::String(text) => parse_cidr(text),
        _ => None,
    }
}

fn of_cidr<'a>(args: &[Cel<'a>], take: impl Fn(IpNet) -> Cel<'a>) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Opaque(value)] => match value.as_ref() {
            Opaque::Cidr(cidr) => Ok(take(*cidr)),
            _ => Err(mismatch(args)),
        },
        args => Err(mismatch(args)),
    }
}

fn contains_ip<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    let [net, wanted] = args else {
        return Err(mismatch(args));
    };
    let ip = match wanted {
        Cel::String(text) => parse_ip(text),
        Cel::Opaque(value) => match value.as_ref() {
            Opaque::Ip(ip) => Some(*ip),
            _ => None,
        },
        _ => None,
    };
    match (cidr(net), ip) {
        (Some(net), Some(ip)) => Ok(Cel::Bool(net.contains(&ip))),
        _ => Err(mismatch(args)),
    }
}

fn contains_cidr<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [net, other] => match (cidr(net), cidr(other)) {
            (Some(net), Some(other)) => Ok(Cel::Bool(net.contains(&other))),
            _ => Err(mismatch(args)),
        },
        args => Err(mismatch(args)),
    }
}

fn parse_url(text: &str) -> Option<Opaque> {
    let url: Uri = text.parse().ok()?;
    let behind_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let has_path = behind_scheme.contains('/');
    (url.scheme().is_some() || text.starts_with('/')).then_some(Opaque::Url(url, has_path))
}

fn of_url<'a>(args: &[Cel<'a>], take: impl Fn(&Uri) -> Cel<'a>) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Opaque(value)] => match value.as_ref() {
            Opaque::Url(url, _) => Ok(take(url)),
            _ => Err(mismatch(args)),
        },
        args => Err(mismatch(args)),
    }
}

/// With its port.
fn host(url: &Uri) -> String {
    let authority = url
        .authority()
        .map(http::uri::Authority::as_str)
        .unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}

fn hostname(url: &Uri) -> String {
    url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned()
}

fn escaped_path<'a>(_: &mut Budget, args: &[Cel<'a>]) -> Result<Cel<'a>, Fault> {
    match args {
        [Cel::Opaque(value)] => match value.as_ref() {
            Opaque::Url(url, true) => Ok(Cel::string(url.path())),
            Opaque::Url(_, false) => Ok(Cel::string("")),
            _ => Err(mismatch(args)),
        },
        args => Err(mismatch(args)),
    }
}

fn query<'a>(url: &Uri) -> Cel<'a> {
    let mut all: BTreeMap<String, Vec<Cel<'a>>> = BTreeMap::new();
    for (key, value) in form_urlencoded::parse(url.query().unwrap_or_default().as_bytes()) {
        all.entry(key.into_owned())
            .or_default()
            .push(Cel::string(value.into_owned()));
    }
    let entries: Entries<'a> = all
        .into_iter()
        .map(|(key, values)| (Key::String(Text::from(key)), Cel::list(values)))
        .collect();
    Cel::map(entries)
}
