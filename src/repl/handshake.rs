//! What a replica says before the stream begins, and what it is answered.
//!
//! ```text
//! → PING                                   ← +PONG, or an error that asks for AUTH
//! → AUTH [user] password                   ← +OK
//! → REPLCONF listening-port 6380           ← +OK, or an error, which is passed over
//! → REPLCONF ip-address 10.0.0.7           ← likewise
//! → REPLCONF capa eof capa psync2 …        ← likewise
//! → REPLCONF version 9.1.0                 ← likewise
//! → PSYNC <id|?> <byte|-1> [FAILOVER]      ← +FULLRESYNC <id> <offset> | +CONTINUE [<id>] | an error
//!                                          ← $<length> | $EOF:<mark>, and the snapshot
//! ```
//!
//! What follows if the snapshot comes over a connection of its own stands in [`super::channels`].
//!
//! What stands between `PING` and `PSYNC` goes out in one piece. Empty lines may stand in front of any answer.

use super::channels::{Offers, Scheme, client_number};
use super::offset::{Offset, Place, ReplId};
use super::shown;
use crate::aof::writer::write_command;

/// Longest line of an answer, in bytes.
pub const LINE_BYTES_MAX: usize = 1024;

/// Bytes of the mark that ends a snapshot of unknown length.
pub const MARK_BYTES: usize = 40;

/// How a primary asks its replicas to acknowledge at once.
pub const GETACK: &[u8] = b"*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";

/// What a primary sends down the stream when it has nothing to say.
pub const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

/// How one authenticates oneself to a primary.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth {
    /// The user; none for the default one.
    pub user: Option<Vec<u8>>,
    /// The password.
    pub password: Vec<u8>,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth")
    }
}

/// What a replica tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Introduction {
    /// How it authenticates itself.
    pub auth: Option<Auth>,
    /// The port at which it can be reached.
    pub listening_port: u16,
    /// The address at which it can be reached, if it is not the one it calls from.
    pub ip_address: Option<Vec<u8>>,
    /// The version it gives itself; only Valkey asks for one, and chooses the format of the snapshot by it.
    pub version: Option<Vec<u8>>,
    /// Only a snapshot is wanted, no stream.
    pub is_rdb_only: bool,
    /// Of the snapshot only functions are wanted.
    pub is_functions_only: bool,
    /// In which ways it can take the snapshot over a connection of its own.
    pub offers: Offers,
}

/// A step of the handshake behind `PING`, by what its answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Authentication: an error ends the attempt.
    Auth,
    /// Something that old primaries do not know: an error is passed over.
    Option(&'static str),
    /// Something without which the attempt makes no sense: an error ends it.
    Demand(&'static str),
}

impl Introduction {
    /// Appends all that stands between `PING` and `PSYNC`, and gives what the answers belong to.
    pub fn write(&self, out: &mut Vec<u8>) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Some(auth) = &self.auth {
            write_auth(auth, out);
            steps.push(Step::Auth);
        }
        let mut replconf = |step, args: &[&[u8]]| {
            let mut all: Vec<&[u8]> = vec![b"REPLCONF"];
            all.extend_from_slice(args);
            write_command(out, &all);
            steps.push(step);
        };
        let port = self.listening_port.to_string();
        replconf(Step::Option("listening-port"), &[b"listening-port", port.as_bytes()]);
        if let Some(ip) = &self.ip_address {
            replconf(Step::Option("ip-address"), &[b"ip-address", ip]);
        }
        let mut capa: Vec<&[u8]> = vec![b"capa", b"eof", b"capa", b"psync2"];
        if self.offers.rdb_channel {
            capa.extend([&b"capa"[..], b"rdb-channel-repl"]);
        }
        if self.offers.dual_channel {
            capa.extend([&b"capa"[..], b"dual-channel"]);
        }
        replconf(Step::Option("capa"), &capa);
        if let Some(version) = &self.version {
            replconf(Step::Option("version"), &[b"version", version]);
        }
        if self.is_rdb_only {
            replconf(Step::Option("rdb-only"), &[b"rdb-only", b"1"]);
        }
        if self.is_functions_only {
            replconf(Step::Demand("rdb-filter-only"), &[b"rdb-filter-only", b"functions"]);
        }
        steps
    }
}

/// Appends how one authenticates oneself.
pub(super) fn write_auth(auth: &Auth, out: &mut Vec<u8>) {
    match &auth.user {
        Some(user) => write_command(out, &[b"AUTH", user, &auth.password]),
        None => write_command(out, &[b"AUTH", &auth.password]),
    }
}

/// Appends the request to go on from a place, or for everything. `failover` asks the other side to become a primary first.
pub fn write_psync(out: &mut Vec<u8>, from: Option<Place>, failover: bool) {
    let (id, byte) = match &from {
        Some(place) => (place.replid.as_bytes(), place.offset.next_byte().to_string()),
        None => (&b"?"[..], "-1".to_owned()),
    };
    match failover {
        true => write_command(out, &[b"PSYNC", id, byte.as_bytes(), b"FAILOVER"]),
        false => write_command(out, &[b"PSYNC", id, byte.as_bytes()]),
    }
}

/// Appends an acknowledgement: what was applied, and what of it survives a crash.
pub fn write_ack(out: &mut Vec<u8>, applied: Offset, synced: Option<Offset>) {
    let applied = applied.to_string();
    match synced.map(|synced| synced.to_string()) {
        Some(synced) => write_command(
            out,
            &[b"REPLCONF", b"ACK", applied.as_bytes(), b"FACK", synced.as_bytes()],
        ),
        None => write_command(out, &[b"REPLCONF", b"ACK", applied.as_bytes()]),
    }
}

/// Whether the answer to `PING` lets the handshake go on: anything kind, or an error that authentication may mend.
pub fn is_pong(line: &[u8]) -> bool {
    let errors: [&[u8]; 3] = [b"-NOAUTH", b"-NOPERM", b"-ERR operation not permitted"];
    line.starts_with(b"+") || errors.iter().any(|error| line.starts_with(error))
}

/// The answer to `PSYNC`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Psync {
    /// An empty line: the other side is alive and not ready.
    Wait,
    /// A snapshot of this place follows.
    FullResync(Place),
    /// The stream follows, maybe under a new name.
    Continue(Option<ReplId>),
    /// The other side wants to send the snapshot over a second connection.
    SecondConnection(Scheme),
    /// The other side cannot yet.
    Later(String),
    /// The other side does not know `PSYNC`.
    Unsupported {
        /// Its answer.
        answer: String,
        /// Whether it is an error; anything else was not to be expected.
        is_error: bool,
    },
    /// An answer that begins well and makes no sense.
    Malformed(String),
}

impl Psync {
    /// Reads the line without its end.
    pub fn parse(line: &[u8]) -> Psync {
        let word = |prefix: &[u8]| {
            let rest = line.strip_prefix(prefix)?;
            (rest.is_empty() || rest.starts_with(b" ")).then(|| rest.trim_ascii())
        };
        if line.is_empty() {
            return Psync::Wait;
        }
        if let Some(rest) = word(b"+FULLRESYNC") {
            let mut words = rest.split(|byte| *byte == b' ');
            let replid = words.next().and_then(ReplId::parse);
            let offset = words.next().and_then(Offset::parse);
            return match (replid, offset) {
                (Some(replid), Some(offset)) => Psync::FullResync(Place { replid, offset }),
                _ => Psync::Malformed(shown(line)),
            };
        }
        if let Some(rest) = word(b"+CONTINUE") {
            return match (rest, ReplId::parse(rest)) {
                (b"", _) => Psync::Continue(None),
                (_, Some(replid)) => Psync::Continue(Some(replid)),
                (_, None) => Psync::Malformed(shown(line)),
            };
        }
        if let Some(rest) = word(b"+RDBCHANNELSYNC") {
            return match client_number(rest) {
                Some(main) => Psync::SecondConnection(Scheme::RdbChannel { main }),
                None => Psync::Malformed(shown(line)),
            };
        }
        if let Some(rest) = word(b"+DUALCHANNELSYNC") {
            return match rest {
                b"" => Psync::SecondConnection(Scheme::DualChannel),
                _ => Psync::Malformed(shown(line)),
            };
        }
        if line.starts_with(b"-NOMASTERLINK") || line.starts_with(b"-LOADING") {
            return Psync::Later(shown(line));
        }
        Psync::Unsupported { answer: shown(line), is_error: line.starts_with(b"-ERR") }
    }
}

/// The line in front of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// An empty line: the other side is alive and not ready.
    Wait,
    /// So many bytes follow.
    Length(u64),
    /// Bytes follow that end with this mark.
    Mark([u8; MARK_BYTES]),
    /// The other side gives up.
    Aborted(String),
    /// Something else.
    Malformed(String),
}

impl Head {
    /// Reads the line without its end.
    pub fn parse(line: &[u8]) -> Head {
        match line {
            b"" => Head::Wait,
            [b'-', error @ ..] => Head::Aborted(shown(error)),
            [b'$', b'E', b'O', b'F', b':', rest @ ..] => match rest.first_chunk() {
                Some(mark) => Head::Mark(*mark),
                None => Head::Malformed(shown(line)),
            },
            [b'$', digits @ ..] => match Offset::parse(digits) {
                Some(length) => Head::Length(length.get()),
                None => Head::Malformed(shown(line)),
            },
            _ => Head::Malformed(shown(line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::decode::Commands;

    fn words(bytes: &[u8]) -> Vec<String> {
        let mut commands = Commands::new(bytes);
        let mut lines = Vec::new();
        while let Some(command) = commands.next().unwrap() {
            let mut all = vec![command.name()];
            all.extend(command.args());
            let words: Vec<_> = all.iter().map(|word| word.escape_ascii().to_string()).collect();
            lines.push(words.join(" "));
        }
        lines
    }

    #[test]
    fn an_introduction_says_what_servers_say() {
        let mut out = Vec::new();
        let steps = Introduction { listening_port: 17070, ..Default::default() }.write(&mut out);
        assert_eq!(steps, [Step::Option("listening-port"), Step::Option("capa")]);
        let wanted: &[u8] = b"*3\r\n$8\r\nREPLCONF\r\n$14\r\nlistening-port\r\n$5\r\n17070\r\n*5\r\n$8\r\nREPLCONF\r\n$4\r\ncapa\r\n$3\r\neof\r\n$4\r\ncapa\r\n$6\r\npsync2\r\n";
        assert_eq!(out, wanted);
        let full = Introduction {
            auth: Some(Auth { user: Some(b"u".into()), password: b"p w".into() }),
            listening_port: 1,
            ip_address: Some(b"10.0.0.7".into()),
            version: Some(b"9.1.0".into()),
            is_rdb_only: true,
            is_functions_only: true,
            offers: Offers { rdb_channel: true, dual_channel: true },
        };
        let mut out = Vec::new();
        assert_eq!(full.write(&mut out).len(), 7);
        assert_eq!(
            words(&out),
            [
                "AUTH u p w",
                "REPLCONF listening-port 1",
                "REPLCONF ip-address 10.0.0.7",
                "REPLCONF capa eof capa psync2 capa rdb-channel-repl capa dual-channel",
                "REPLCONF version 9.1.0",
                "REPLCONF rdb-only 1",
                "REPLCONF rdb-filter-only functions",
            ]
        );
        assert_eq!(format!("{:?}", full.auth), "Some(Auth)");
    }

    #[test]
    fn requests_name_the_next_byte() {
        let mut out = Vec::new();
        let replid = ReplId::parse(&[b'a'; 40]).unwrap();
        write_psync(&mut out, None, false);
        write_psync(&mut out, Some(Place { replid, offset: Offset::new(7) }), true);
        write_ack(&mut out, Offset::new(7), None);
        write_ack(&mut out, Offset::new(7), Some(Offset::new(5)));
        let id = "a".repeat(40);
        assert_eq!(
            words(&out),
            [
                "PSYNC ? -1".to_owned(),
                format!("PSYNC {id} 8 FAILOVER"),
                "REPLCONF ACK 7".to_owned(),
                "REPLCONF ACK 7 FACK 5".to_owned(),
            ]
        );
        assert_eq!((GETACK.len(), PING.len()), (37, 14));
    }

    #[test]
    fn answers_to_psync_are_told_apart() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let replid = ReplId::parse(id.as_bytes()).unwrap();
        let parse = |line: &str| Psync::parse(line.as_bytes());
        let place = Place { replid, offset: Offset::new(14) };
        assert_eq!(parse(""), Psync::Wait);
        assert_eq!(parse(&format!("+FULLRESYNC {id} 14")), Psync::FullResync(place));
        for line in
            ["+FULLRESYNC", "+FULLRESYNC x 1", &format!("+FULLRESYNC {id} -1"), "+CONTINUE x"]
        {
            assert!(matches!(parse(line), Psync::Malformed(_)), "{line}");
        }
        assert_eq!(parse("+CONTINUE"), Psync::Continue(None));
        assert_eq!(parse(&format!("+CONTINUE {id}")), Psync::Continue(Some(replid)));
        let second = Psync::SecondConnection;
        assert_eq!(parse("+DUALCHANNELSYNC"), second(Scheme::DualChannel));
        assert_eq!(parse("+RDBCHANNELSYNC 7"), second(Scheme::RdbChannel { main: 7 }));
        for line in [
            "+RDBCHANNELSYNC",
            "+RDBCHANNELSYNC x",
            "+RDBCHANNELSYNC -1",
            "+RDBCHANNELSYNC 7 8",
            "+RDBCHANNELSYNC 99999999999999999999",
            "+DUALCHANNELSYNC 7",
        ] {
            assert!(matches!(parse(line), Psync::Malformed(_)), "{line}");
        }
        for line in ["-NOMASTERLINK Can't SYNC", "-LOADING Redis is loading"] {
            assert_eq!(parse(line), Psync::Later(line.to_owned()));
        }
        assert!(matches!(parse("-ERR unknown"), Psync::Unsupported { is_error: true, .. }));
        assert!(matches!(parse("+CONTINUED"), Psync::Unsupported { is_error: false, .. }));
    }

    #[test]
    fn heads_of_snapshots_are_read_strictly() {
        let mark = [b'm'; 40];
        let marked = |len: usize| [b"$EOF:", &vec![b'm'; len][..]].concat();
        assert_eq!(Head::parse(b""), Head::Wait);
        assert_eq!(Head::parse(b"$175"), Head::Length(175));
        assert_eq!(Head::parse(&marked(40)), Head::Mark(mark));
        assert_eq!(Head::parse(&marked(41)), Head::Mark(mark));
        assert_eq!(Head::parse(b"-ERR x\xff"), Head::Aborted("ERR x\u{fffd}".into()));
        for line in [&b"$-1"[..], b"$", b"$1x", b"$99999999999999999999", b"*1", &marked(39)] {
            assert!(matches!(Head::parse(line), Head::Malformed(_)));
        }
    }

    #[test]
    fn errors_that_a_password_mends_are_no_errors() {
        assert!(is_pong(b"+PONG") && is_pong(b"-NOAUTH Authentication required."));
        assert!(is_pong(b"-NOPERM x") && is_pong(b"-ERR operation not permitted"));
        assert!(!is_pong(b"-LOADING x") && !is_pong(b"") && !is_pong(b"HTTP/1.1 200"));
    }
}
