//! What texts must be to be taken.

use super::title;
use std::net::{Ipv4Addr, Ipv6Addr};

fn is_base_name(text: &[u8]) -> bool {
    !text.iter().any(|byte| matches!(byte, b'/' | b'\\'))
}

fn ensure(holds: bool, refusal: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(refusal) }
}

pub(super) fn db_file_name(text: &[u8]) -> Result<(), &'static str> {
    ensure(is_base_name(text), "dbfilename can't be a path, just a filename")
}

pub(super) fn append_file_name(text: &[u8]) -> Result<(), &'static str> {
    ensure(!text.is_empty(), "appendfilename can't be empty")?;
    ensure(is_base_name(text), "appendfilename can't be a path, just a filename")
}

pub(super) fn append_dir_name(text: &[u8]) -> Result<(), &'static str> {
    ensure(!text.is_empty(), "appenddirname can't be empty")?;
    ensure(is_base_name(text), "appenddirname can't be a path, just a dirname")
}

pub(super) fn host_name(text: &[u8]) -> Result<(), &'static str> {
    ensure(text.len() < 256, "Hostnames must be less than 256 characters")?;
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    ensure(
        text.iter().all(known),
        "Hostnames may only contain alphanumeric characters, hyphens or dots",
    )
}

pub(super) fn node_name(text: &[u8]) -> Result<(), &'static str> {
    let special = |byte: &u8| b"!#$%&()*+:;<>?@[]^{|}~".contains(byte);
    ensure(!text.iter().any(special), "Announced human node name contained invalid character")
}

pub(super) fn ipv4(text: &[u8]) -> Result<(), &'static str> {
    let parsed = std::str::from_utf8(text).ok().and_then(|text| text.parse::<Ipv4Addr>().ok());
    ensure(text.is_empty() || parsed.is_some(), "Invalid IPv4 address")
}

pub(super) fn ipv6(text: &[u8]) -> Result<(), &'static str> {
    let parsed = std::str::from_utf8(text).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
    ensure(text.is_empty() || parsed.is_some(), "Invalid IPv6 address")
}

pub(super) fn title_template(text: &[u8]) -> Result<(), &'static str> {
    ensure(title::is_sound(text), "template format is invalid or contains unknown variables")
}
