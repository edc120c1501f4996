//! `REPLCONF` as a primary hears it: what a replica tells of itself and of what it has.

use super::offset::Offset;
use super::shown;
use crate::base::num::parse_canonical_i64;

/// Longest address that a replica may announce, in bytes.
const ADDRESS_BYTES_MAX: usize = 255;

/// What a replica needs of a snapshot. Only replicas with equal needs can share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Keys are left out.
    pub without_data: bool,
    /// Functions are left out.
    pub without_functions: bool,
    /// Strings are not compressed.
    pub uncompressed: bool,
    /// Zeros stand in the place of the checksum.
    pub without_checksum: bool,
}

impl Needs {
    /// Whether the snapshot holds less than everything.
    pub fn is_filtered(self) -> bool {
        self.without_data || self.without_functions
    }
}

/// What a client has told of itself with `REPLCONF` before it became a replica.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Announced {
    /// The port at which it can be reached; 0 if it did not say.
    pub listening_port: i64,
    /// The address at which it can be reached, if it is not the one it calls from.
    pub ip_address: Option<Vec<u8>>,
    /// It takes snapshots of unknown length that end with a mark.
    pub capa_eof: bool,
    /// It understands a new name behind `+CONTINUE`.
    pub capa_psync2: bool,
    /// It can take a snapshot over a connection of its own, as Redis does it since 8.0.
    pub capa_rdb_channel: bool,
    /// The same as Valkey does it since 8.0.
    pub capa_dual_channel: bool,
    /// It wants only a snapshot.
    pub is_rdb_only: bool,
    /// It is the connection for the snapshot of a replica that gets its stream over another.
    pub is_rdb_channel: bool,
    /// The number of that other connection, if it said so.
    pub main_client: Option<i64>,
    /// The number of the connection over which it gets the snapshot behind which it goes on, if it said so.
    pub rdb_client: Option<i64>,
    /// What it needs of the snapshot.
    pub needs: Needs,
    /// The version of Valkey it says it is.
    pub version: Option<[u32; 3]>,
}

/// What one `REPLCONF` came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// All was taken: the reply is `+OK`.
    Ok,
    /// The reply is this error. What stands in front of the wrong option is taken nevertheless.
    Error(Vec<u8>),
    /// What the replica has. There is no reply.
    Ack {
        /// What it has applied.
        applied: Offset,
        /// What of it survives a crash.
        synced: Option<Offset>,
    },
    /// The other side wants an acknowledgement. There is no reply.
    GetAck,
    /// An acknowledgement without sense. There is no reply.
    Nothing,
}

const NOT_INTEGER: &[u8] = b"ERR value is not an integer or out of range";

impl Announced {
    /// Hears the arguments behind `REPLCONF`.
    pub fn hear(&mut self, args: &[&[u8]]) -> Heard {
        let (pairs, []) = args.as_chunks::<2>() else {
            return Heard::Error(b"ERR syntax error".into());
        };
        for (i, [name, value]) in pairs.iter().enumerate() {
            match name.to_ascii_lowercase().as_slice() {
                b"ack" => return ack(value, pairs.get(i + 1)),
                b"getack" => return Heard::GetAck,
                name_in_small => {
                    if let Err(error) = self.option(name_in_small, name, value) {
                        return Heard::Error(error);
                    }
                }
            }
        }
        Heard::Ok
    }

    /// Takes one option; `name` is in small letters, `typed` as it was sent.
    fn option(&mut self, name: &[u8], typed: &[u8], value: &[u8]) -> Result<(), Vec<u8>> {
        match name {
            b"listening-port" => {
                self.listening_port = parse_canonical_i64(value).ok_or(NOT_INTEGER)?;
            }
            b"ip-address" if value.len() > ADDRESS_BYTES_MAX => {
                let bytes = value.len();
                return Err(format!(
                    "ERR REPLCONF ip-address provided by replica instance is too long: {bytes} bytes"
                )
                .into_bytes());
            }
            b"ip-address" => self.ip_address = Some(value.to_vec()),
            b"capa" => match value.to_ascii_lowercase().as_slice() {
                b"eof" => self.capa_eof = true,
                b"psync2" => self.capa_psync2 = true,
                b"rdb-channel-repl" => self.capa_rdb_channel = true,
                b"dual-channel" => self.capa_dual_channel = true,
                // Others are for those who know them.
                _ => {}
            },
            b"rdb-only" => self.is_rdb_only = flag(value)?,
            b"rdb-channel" => self.is_rdb_channel = flag(value)?,
            b"main-ch-client-id" => {
                self.main_client = Some(parse_canonical_i64(value).ok_or(NOT_INTEGER)?);
            }
            b"set-rdb-client-id" => {
                self.rdb_client = Some(parse_canonical_i64(value).ok_or(NOT_INTEGER)?);
            }
            b"rdb-no-compress" => self.needs.uncompressed = flag(value)?,
            b"rdb-no-checksum" => self.needs.without_checksum = flag(value)?,
            b"rdb-filter-only" => self.filter(value)?,
            b"version" => self.version = Some(version(value)?),
            _ => return Err([b"ERR Unrecognized REPLCONF option: ", typed].concat()),
        }
        Ok(())
    }

    /// Takes the list of what the snapshot is to hold.
    fn filter(&mut self, value: &[u8]) -> Result<(), Vec<u8>> {
        self.needs.without_data = true;
        self.needs.without_functions = true;
        for part in value.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty()) {
            match part.eq_ignore_ascii_case(b"functions") {
                true => self.needs.without_functions = false,
                false => {
                    return Err([b"ERR Unsupported rdb-filter-only option: ", part].concat());
                }
            }
        }
        Ok(())
    }

    /// How a log names the replica, given the address it calls from.
    pub fn name(&self, peer: &str) -> String {
        let address = match &self.ip_address {
            Some(address) => shown(address),
            None => peer.to_owned(),
        };
        match self.listening_port {
            0 => format!("{address}:<unknown-replica-port>"),
            port if address.contains(':') => format!("[{address}]:{port}"),
            port => format!("{address}:{port}"),
        }
    }
}

fn ack(value: &[u8], next: Option<&[&[u8]; 2]>) -> Heard {
    let synced = next
        .filter(|[name, _]| name.eq_ignore_ascii_case(b"fack"))
        .and_then(|[_, value]| Offset::parse(value));
    match Offset::parse(value) {
        Some(applied) => Heard::Ack { applied, synced },
        None => Heard::Nothing,
    }
}

fn flag(value: &[u8]) -> Result<bool, Vec<u8>> {
    match parse_canonical_i64(value).ok_or(NOT_INTEGER)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(b"ERR value is out of range, value must between 0 and 1".into()),
    }
}

/// Reads `9.1.0`.
fn version(value: &[u8]) -> Result<[u32; 3], Vec<u8>> {
    let wrong = || [b"ERR Unrecognized version format: ", value].concat();
    let text = std::str::from_utf8(value).map_err(|_| wrong())?;
    let mut numbers = text.split('.').map(|number| number.parse::<u32>().ok());
    let mut next = || numbers.next().flatten();
    match (next(), next(), next()) {
        (Some(major), Some(minor), Some(patch)) if numbers.next().is_none() => {
            Ok([major, minor, patch])
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(announced: &mut Announced, line: &str) -> Heard {
        let args: Vec<&[u8]> = line.split('|').map(str::as_bytes).collect();
        announced.hear(&args)
    }

    #[track_caller]
    fn error(line: &str, text: &str) {
        let heard = hear(&mut Announced::default(), line);
        assert_eq!(heard, Heard::Error(text.as_bytes().to_vec()), "{line}");
    }

    #[test]
    fn options_are_kept() {
        let mut announced = Announced::default();
        for line in [
            "LISTENING-port|7001|ip-address|10.0.0.7",
            "capa|eof|capa|PSYNC2|capa|dual-channel",
            "rdb-filter-only| functions ",
            "version|9.1.0|rdb-only|1",
            "rdb-channel|1|main-ch-client-id|12|set-rdb-client-id|13",
        ] {
            assert_eq!(hear(&mut announced, line), Heard::Ok);
        }
        assert_eq!(announced.name("1.2.3.4"), "10.0.0.7:7001");
        assert!(announced.capa_eof && announced.capa_psync2 && announced.is_rdb_only);
        assert!(announced.capa_dual_channel && !announced.capa_rdb_channel);
        assert_eq!((announced.is_rdb_channel, announced.main_client), (true, Some(12)));
        assert_eq!(announced.rdb_client, Some(13));
        assert!(announced.needs.without_data && !announced.needs.without_functions);
        assert_eq!(announced.version, Some([9, 1, 0]));
        assert_eq!(Announced::default().name("1.2.3.4"), "1.2.3.4:<unknown-replica-port>");
    }

    #[test]
    fn errors_are_those_of_servers() {
        error("capa", "ERR syntax error");
        error("listening-port|x", "ERR value is not an integer or out of range");
        error("Foo|1", "ERR Unrecognized REPLCONF option: Foo");
        error("rdb-only|2", "ERR value is out of range, value must between 0 and 1");
        error("rdb-filter-only|functions x", "ERR Unsupported rdb-filter-only option: x");
        error(
            &format!("ip-address|{}", "a".repeat(256)),
            "ERR REPLCONF ip-address provided by replica instance is too long: 256 bytes",
        );
        error("version|9", "ERR Unrecognized version format: 9");
    }

    #[test]
    fn what_stands_in_front_of_an_error_is_kept() {
        let mut announced = Announced::default();
        assert!(matches!(hear(&mut announced, "listening-port|7|foo|1"), Heard::Error(_)));
        assert_eq!(announced.listening_port, 7);
    }

    #[test]
    fn acknowledgements_have_no_reply() {
        let mut announced = Announced::default();
        let ack = |n| Heard::Ack { applied: Offset::new(n), synced: None };
        assert_eq!(hear(&mut announced, "ACK|12"), ack(12));
        let both = Heard::Ack { applied: Offset::new(12), synced: Some(Offset::new(9)) };
        assert_eq!(hear(&mut announced, "ack|12|FACK|9"), both);
        assert_eq!(hear(&mut announced, "ack|x"), Heard::Nothing);
        assert_eq!(hear(&mut announced, "ack|-1"), Heard::Nothing);
        assert_eq!(hear(&mut announced, "getack|*"), Heard::GetAck);
    }
}
