//! Reads `nodes.conf`, in which a node keeps what it knows of its cluster, and what `CLUSTER NODES`
//! prints.
//!
//! ```text
//! <id> <ip>:<port>[@<bus port>][,<hostname>[,<name>=<value>]*] <flags> <primary id|-> <ping sent>
//!     <pong received> <config epoch> <connected|disconnected> [<slot>|<slot>-<slot>|
//!     [<slot>-><node id>]|[<slot>-<-<node id>]]*
//! vars currentEpoch <n> lastVoteEpoch <n>
//! ```

use crate::base::limits::SLOTS;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while_m_n};
use nom::character::complete::{char, u16 as number_u16, u64 as number_u64};
use nom::combinator::{all_consuming, map, map_opt, opt, value, verify};
use nom::multi::separated_list1;
use nom::sequence::{delimited, preceded, separated_pair};
use nom::{IResult, Parser};

/// Characters of a node id.
const ID_CHARS: usize = 40;

/// Why a text is no `nodes.conf`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct NodesConfError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// What a node is, or is thought to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// The node that wrote the file.
    Myself,
    /// A primary.
    Primary,
    /// A replica.
    Replica,
    /// Suspected to be down.
    MaybeFailed,
    /// Agreed to be down.
    Failed,
    /// Not greeted yet.
    Handshake,
    /// Its address is not known.
    NoAddress,
    /// A replica that never takes over.
    NoFailover,
}

/// Where a node is reached, and what goes with its address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// The address; empty if it is not known.
    pub ip: String,
    /// The port for clients.
    pub port: u16,
    /// The port for other nodes; old files leave it out.
    pub bus_port: Option<u16>,
    /// The hostname, if there is one.
    pub hostname: Option<String>,
    /// Named values, such as `shard-id`.
    pub aux: Vec<(String, String)>,
}

impl Address {
    /// Address and port as one types them.
    pub fn endpoint(&self) -> String {
        match self.ip.contains(':') {
            true => format!("[{}]:{}", self.ip, self.port),
            false => format!("{}:{}", self.ip, self.port),
        }
    }
}

/// A slot that is on its way; it stays with its owner until it has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotMove {
    /// The slot.
    pub slot: u16,
    /// Whether it goes to the other node; else it comes from there.
    pub leaves: bool,
    /// The other node's id.
    pub peer: String,
}

/// One line about a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfNode {
    /// The line in the file, from 1.
    pub line: usize,
    /// Its id, 40 characters.
    pub id: String,
    /// Where it is.
    pub address: Address,
    /// What it is.
    pub flags: Vec<Flag>,
    /// The id of its primary, if it has one.
    pub primary: Option<String>,
    /// Unix milliseconds of the ping that waits for its answer, or 0.
    pub ping_sent_ms: u64,
    /// Unix milliseconds of the last answer, or 0.
    pub pong_received_ms: u64,
    /// The epoch of its claim to its slots.
    pub config_epoch: u64,
    /// Whether there was a connection to it.
    pub connected: bool,
    /// Its slots as ranges, both ends included.
    pub slots: Vec<(u16, u16)>,
    /// Slots on their way to or from it.
    pub moves: Vec<SlotMove>,
}

impl ConfNode {
    /// Whether it can own slots.
    pub fn is_primary(&self) -> bool {
        self.flags.contains(&Flag::Primary)
    }
}

/// Numbers about the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Vars {
    /// The newest epoch known.
    pub current_epoch: u64,
    /// The epoch of the last vote.
    pub last_vote_epoch: u64,
}

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodesConf {
    /// The nodes in the order of the file.
    pub nodes: Vec<ConfNode>,
    /// The last line, if it is there.
    pub vars: Option<Vars>,
}

impl NodesConf {
    /// Reads a whole file.
    pub fn parse(bytes: &[u8]) -> Result<NodesConf, NodesConfError> {
        let mut conf = NodesConf::default();
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let number = index + 1;
            let fail = |message| NodesConfError { line: number, message };
            let line = std::str::from_utf8(line).map_err(|_| fail("is no text".into()))?;
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                None => {}
                Some("vars") => conf.vars = Some(vars(&mut words).map_err(fail)?),
                Some(id) => conf.nodes.push(node(number, id, &mut words).map_err(fail)?),
            }
        }
        conf.check()?;
        Ok(conf)
    }

    /// Looks for contradictions between lines.
    fn check(&self) -> Result<(), NodesConfError> {
        let mut owners: Vec<Option<usize>> = vec![None; usize::try_from(SLOTS).unwrap_or(0)];
        let mut lines = std::collections::HashMap::new();
        for node in &self.nodes {
            let fail = |message| Err(NodesConfError { line: node.line, message });
            if let Some(line) = lines.insert(node.id.as_str(), node.line) {
                return fail(format!("node {} stands on line {line} already", node.id));
            }
            if !node.is_primary() {
                continue;
            }
            for (first, last) in &node.slots {
                let range = usize::from(*first)..=usize::from(*last);
                for (slot, owner) in (*first..).zip(owners.get_mut(range).unwrap_or(&mut [])) {
                    if let Some(line) = owner.replace(node.line) {
                        return fail(format!("slot {slot} has an owner on line {line} already"));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Reads a whole word.
fn word<'a, T>(
    mut parser: impl Parser<&'a str, Output = T, Error = nom::error::Error<&'a str>>,
    text: Option<&'a str>,
    what: &str,
) -> Result<T, String> {
    let text = text.ok_or_else(|| format!("the {what} is missing"))?;
    match all_consuming(|input| parser.parse(input)).parse(text) {
        Ok((_, value)) => Ok(value),
        Err(_) => Err(format!("\"{}\" is no {what}", text.escape_debug())),
    }
}

fn vars<'a>(words: &mut impl Iterator<Item = &'a str>) -> Result<Vars, String> {
    let mut vars = Vars::default();
    while let Some(name) = words.next() {
        let text = words.next();
        match name {
            "currentEpoch" => vars.current_epoch = word(number_u64, text, "epoch")?,
            "lastVoteEpoch" => vars.last_vote_epoch = word(number_u64, text, "epoch")?,
            // Servers skip names that they do not know.
            _ => {}
        }
    }
    Ok(vars)
}

fn node<'a>(
    line: usize,
    id: &'a str,
    words: &mut impl Iterator<Item = &'a str>,
) -> Result<ConfNode, String> {
    let mut node = ConfNode {
        line,
        id: word(node_id, Some(id), "node id")?,
        address: word(address, words.next(), "address")?,
        flags: word(flags, words.next(), "list of flags")?,
        primary: word(primary, words.next(), "id of a primary")?,
        ping_sent_ms: word(number_u64, words.next(), "time of a ping")?,
        pong_received_ms: word(number_u64, words.next(), "time of an answer")?,
        config_epoch: word(number_u64, words.next(), "config epoch")?,
        connected: word(link, words.next(), "state of a connection")?,
        slots: Vec::new(),
        moves: Vec::new(),
    };
    for text in words {
        match word(slots, Some(text), "range of slots")? {
            Slots::Range(first, last) => node.slots.push((first, last)),
            Slots::Move(moving) => node.moves.push(moving),
        }
    }
    Ok(node)
}

fn node_id(input: &str) -> IResult<&str, String> {
    let is_char = |c: char| c.is_ascii_alphanumeric();
    map(take_while_m_n(ID_CHARS, ID_CHARS, is_char), str::to_owned).parse(input)
}

fn primary(input: &str) -> IResult<&str, Option<String>> {
    alt((value(None, char('-')), map(node_id, Some))).parse(input)
}

fn link(input: &str) -> IResult<&str, bool> {
    alt((value(true, tag("connected")), value(false, tag("disconnected")))).parse(input)
}

fn flag(input: &str) -> IResult<&str, Option<Flag>> {
    let text = take_till(|c| c == ',');
    map_opt(text, |text| {
        Some(match text {
            "myself" => Some(Flag::Myself),
            "master" => Some(Flag::Primary),
            "slave" => Some(Flag::Replica),
            "fail?" => Some(Flag::MaybeFailed),
            "fail" => Some(Flag::Failed),
            "handshake" => Some(Flag::Handshake),
            "noaddr" => Some(Flag::NoAddress),
            "nofailover" => Some(Flag::NoFailover),
            "noflags" => None,
            _ => return None,
        })
    })
    .parse(input)
}

fn flags(input: &str) -> IResult<&str, Vec<Flag>> {
    let list = separated_list1(char(','), flag);
    map(list, |flags| flags.into_iter().flatten().collect()).parse(input)
}

/// `ip:port[@bus port]`; an IPv6 address has colons of its own.
fn endpoint(input: &str) -> IResult<&str, Address> {
    let part = take_till(|c| c == ',');
    map_opt(part, |text: &str| {
        let (ip, ports) = text.rsplit_once(':')?;
        let ports = ports.split_once('@').map_or((ports, None), |(port, bus)| (port, Some(bus)));
        let port = ports.0.parse().ok()?;
        let bus_port = match ports.1 {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        Some(Address { ip: ip.into(), port, bus_port, hostname: None, aux: Vec::new() })
    })
    .parse(input)
}

fn aux(input: &str) -> IResult<&str, (String, String)> {
    let name = verify(take_till(|c| c == '=' || c == ','), |name: &str| !name.is_empty());
    let pair = separated_pair(name, char('='), take_till(|c| c == ','));
    map(pair, |(name, value): (&str, &str)| (name.into(), value.into())).parse(input)
}

fn address(input: &str) -> IResult<&str, Address> {
    let hostname = preceded(char(','), take_till(|c| c == ','));
    let values = nom::multi::many0(preceded(char(','), aux));
    map((endpoint, opt((hostname, values))), |(mut address, more)| {
        if let Some((hostname, aux)) = more {
            address.hostname = Some(hostname).filter(|name| !name.is_empty()).map(str::to_owned);
            address.aux = aux;
        }
        address
    })
    .parse(input)
}

#[derive(Debug)]
enum Slots {
    Range(u16, u16),
    Move(SlotMove),
}

fn slot(input: &str) -> IResult<&str, u16> {
    verify(number_u16, |slot| u64::from(*slot) < SLOTS).parse(input)
}

fn slots(input: &str) -> IResult<&str, Slots> {
    let range =
        map((slot, opt(preceded(char('-'), slot))), |(first, last)| (first, last.unwrap_or(first)));
    let range = verify(range, |(first, last)| first <= last);
    let direction = alt((value(true, tag("->-")), value(false, tag("-<-"))));
    let peer = take_till(|c| c == ']');
    let moving = delimited(char('['), (slot, direction, peer), char(']'));
    alt((
        map(range, |(first, last)| Slots::Range(first, last)),
        map(moving, |(slot, leaves, peer): (u16, bool, &str)| {
            Slots::Move(SlotMove { slot, leaves, peer: peer.into() })
        }),
    ))
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "07c37dfeb235213a872192d90877d0cd55635b91";
    const B: &str = "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1";

    fn file() -> String {
        format!(
            "{A} 127.0.0.1:30004@31004,,tls-port=0,shard-id=69bc slave {B} 0 1426238317239 4 connected\n\
             {B} ::1:30002@31002,host.example myself,master - 0 0 2 connected 5461-10922 1 [93-<-{A}] [77->-{A}]\n\
             vars currentEpoch 6 unknown x lastVoteEpoch 4\n"
        )
    }

    #[test]
    fn a_file_is_read() {
        let conf = NodesConf::parse(file().as_bytes()).unwrap();
        let [replica, primary] = conf.nodes.as_slice() else { panic!("{conf:?}") };
        assert_eq!(replica.flags, [Flag::Replica]);
        assert_eq!(replica.primary.as_deref(), Some(B));
        assert_eq!(replica.address.hostname, None);
        assert_eq!(replica.address.aux.len(), 2);
        assert_eq!(replica.pong_received_ms, 1_426_238_317_239);
        assert_eq!(primary.address.ip, "::1");
        assert_eq!(primary.address.endpoint(), "[::1]:30002");
        assert_eq!(primary.address.bus_port, Some(31002));
        assert_eq!(primary.address.hostname.as_deref(), Some("host.example"));
        assert_eq!(primary.slots, [(5461, 10922), (1, 1)]);
        let moves: Vec<_> = primary.moves.iter().map(|m| (m.slot, m.leaves)).collect();
        assert_eq!(moves, [(93, false), (77, true)]);
        assert_eq!(conf.vars, Some(Vars { current_epoch: 6, last_vote_epoch: 4 }));
    }

    #[test]
    fn errors_name_the_line() {
        let good = format!("{A} 127.0.0.1:1@2 master - 0 0 1 connected 0-5\n");
        let bad = |text: &str| {
            let error = NodesConf::parse(format!("{good}{text}").as_bytes()).unwrap_err();
            assert_eq!(error.line, 2, "{error}");
            error.message
        };
        assert_eq!(bad("xyz a:1"), "\"xyz\" is no node id");
        assert_eq!(bad(B), "the address is missing");
        assert!(bad(&format!("{B} nowhere master")).contains("address"));
        assert!(bad(&format!("{B} a:1 boss")).contains("flags"));
        assert!(bad(&format!("{B} a:1 master - 0 0 1 gone")).contains("connection"));
        for range in ["7-6", "16384", "0-16384", "x", "[1->x]", "6-"] {
            let text = format!("{B} a:1 master - 0 0 1 connected {range}");
            assert!(bad(&text).contains("range of slots"), "{range}");
        }
        assert!(bad(&format!("{B} a:1 master - 0 0 1 connected 5-6")).contains("line 1"));
        assert!(bad(&format!("{A} a:1 master - 0 0 1 connected")).contains("line 1"));
        assert!(bad("vars currentEpoch x").contains("epoch"));
    }

    #[test]
    fn old_and_empty_files_are_read() {
        assert_eq!(NodesConf::parse(b""), Ok(NodesConf::default()));
        let conf = NodesConf::parse(format!("{A} :0 noflags - 0 0 0 disconnected").as_bytes());
        let node = conf.unwrap().nodes.remove(0);
        assert_eq!((node.address.bus_port, node.connected), (None, false));
        assert!(!node.is_primary());
    }
}
