//! What is said where a snapshot comes over a connection of its own, beside the stream.
//!
//! A replica whose primary cannot continue it is answered that it may open a second connection, if it said that it can. The
//! stream then waits on the replica's side while the snapshot is loaded, not in the primary's memory. There are two schemes,
//! and neither server knows the other one's:
//!
//! ```text
//! Redis since 8.0 (repl-rdb-channel)               Valkey since 8.0 (dual-channel-replication-enabled)
//! first   → PSYNC …  ← +RDBCHANNELSYNC <client>    first   → PSYNC …  ← +DUALCHANNELSYNC
//! second  → AUTH, REPLCONF … main-ch-client-id     second  → AUTH, REPLCONF …  ← +OK
//!         ← +OK                                            → SYNC
//!         → PSYNC ? -1                                     ← $ENDOFF:<offset> <id> <db> <client>
//!         ← +FULLRESYNC <id> <offset>                      ← $EOF:<mark>, and the snapshot
//!         ← $EOF:<mark>, and the snapshot          first   → REPLCONF set-rdb-client-id <client>  ← +OK
//! first   ← the stream behind offset                       → PSYNC <id> <offset + 1>  ← +CONTINUE, the stream
//! ```

use super::handshake::{Introduction, Step, write_auth};
use super::offset::{Offset, Place, ReplId};
use crate::aof::writer::write_command;
use crate::base::num::parse_canonical_i64;

/// How a snapshot comes over a connection of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// As Redis does it: the second connection names the first, over which the stream then begins by itself.
    RdbChannel {
        /// The number of the first connection at the primary.
        main: u64,
    },
    /// As Valkey does it: the second connection tells the place of the snapshot, behind which the first asks to continue.
    DualChannel,
}

impl Scheme {
    /// What the log calls it.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::RdbChannel { .. } => "rdb channel",
            Scheme::DualChannel => "dual channel",
        }
    }

    /// Appends what the second connection says of itself, and gives what the answers belong to.
    pub fn write_introduction(self, who: &Introduction, out: &mut Vec<u8>) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Some(auth) = &who.auth {
            write_auth(auth, out);
            steps.push(Step::Auth);
        }
        let port = who.listening_port.to_string();
        let mut words: Vec<&[u8]> =
            b"REPLCONF capa eof rdb-only 1 rdb-channel 1".split(|byte| *byte == b' ').collect();
        let main = match self {
            Scheme::RdbChannel { main } => main.to_string(),
            Scheme::DualChannel => String::new(),
        };
        if !main.is_empty() {
            words.extend([b"main-ch-client-id", main.as_bytes()]);
        }
        words.extend([b"listening-port", port.as_bytes()]);
        if let Some(version) = &who.version {
            words.extend([b"version", version.as_slice()]);
        }
        write_command(out, &words);
        steps.push(Step::Demand("rdb-channel"));
        if let Some(ip) = &who.ip_address {
            write_command(out, &[b"REPLCONF", b"ip-address", ip]);
            steps.push(Step::Option("ip-address"));
        }
        steps
    }

    /// Appends how the second connection asks for the snapshot.
    pub fn write_request(self, out: &mut Vec<u8>) {
        match self {
            Scheme::RdbChannel { .. } => super::handshake::write_psync(out, None, false),
            Scheme::DualChannel => out.extend_from_slice(b"SYNC\r\n"),
        }
    }
}

/// Which schemes a replica offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offers {
    /// That of Redis.
    pub rdb_channel: bool,
    /// That of Valkey.
    pub dual_channel: bool,
}

impl Offers {
    /// Whether a scheme was offered.
    pub fn hold(self, scheme: Scheme) -> bool {
        match scheme {
            Scheme::RdbChannel { .. } => self.rdb_channel,
            Scheme::DualChannel => self.dual_channel,
        }
    }
}

/// What stands in front of a snapshot over a connection of its own, as Valkey does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndOffset {
    /// The place of the snapshot.
    pub place: Place,
    /// The number of the second connection at the primary, for the first to name.
    pub client: u64,
}

impl EndOffset {
    /// Reads `$ENDOFF:<offset> <id> <db> <client>` without the line's end. The database is passed over: the snapshot itself
    /// tells the one that the stream has selected, and Valkey names always the first one here.
    pub fn parse(line: &[u8]) -> Option<EndOffset> {
        let mut words = line.strip_prefix(b"$ENDOFF:")?.split(|byte| *byte == b' ');
        let offset = Offset::parse(words.next()?)?;
        let replid = ReplId::parse(words.next()?)?;
        parse_canonical_i64(words.next()?).filter(|db| *db >= -1)?;
        let client = client_number(words.next()?)?;
        words.next().is_none().then_some(EndOffset { place: Place { replid, offset }, client })
    }
}

/// Appends how the first connection names the second one, as Valkey wants it.
pub fn write_rdb_client(out: &mut Vec<u8>, client: u64) {
    write_command(out, &[b"REPLCONF", b"set-rdb-client-id", client.to_string().as_bytes()]);
}

/// Reads the number of a connection at the primary.
pub(super) fn client_number(word: &[u8]) -> Option<u64> {
    parse_canonical_i64(word).and_then(|number| u64::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repl::handshake::Auth;
    use crate::repl::primary::end_offset_line;

    #[test]
    fn the_place_of_a_snapshot_is_read_strictly() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let replid = ReplId::parse(id.as_bytes()).unwrap();
        let place = Place { replid, offset: Offset::new(14) };
        let wanted = Some(EndOffset { place, client: 9 });
        for db in ["-1", "0", "15"] {
            let line = format!("$ENDOFF:14 {id} {db} 9");
            assert_eq!(EndOffset::parse(line.as_bytes()), wanted);
        }
        for db in [None, Some(3)] {
            let ours = end_offset_line(place, db, 9);
            assert_eq!(EndOffset::parse(ours.strip_suffix(b"\r\n").unwrap()), wanted);
        }
        for line in [
            String::new(),
            "$ENDOFF:".into(),
            "$ENDOFF:14".into(),
            format!("$ENDOFF:14 {id}"),
            format!("$ENDOFF:14 {id} 0"),
            format!("$ENDOFF:14 {id} 0 "),
            format!("$ENDOFF:14 {id} 0 9 9"),
            format!("$ENDOFF:14  {id} 0 9"),
            format!("$ENDOFF:-14 {id} 0 9"),
            format!("$ENDOFF:99999999999999999999 {id} 0 9"),
            format!("$ENDOFF:14 {} 0 9", &id[1..]),
            format!("$ENDOFF:14 {id}f 0 9"),
            format!("$ENDOFF:14 {id} -2 9"),
            format!("$ENDOFF:14 {id} x 9"),
            format!("$ENDOFF:14 {id} 0 -9"),
            format!("$ENDOFF:14 {id} 0 18446744073709551616"),
            format!("$EOF:14 {id} 0 9"),
        ] {
            assert_eq!(EndOffset::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_second_connection_says_what_servers_say() {
        let plain = Introduction { listening_port: 7, ..Default::default() };
        let mut out = Vec::new();
        let steps = Scheme::DualChannel.write_introduction(&plain, &mut out);
        assert_eq!(steps, [Step::Demand("rdb-channel")]);
        let text = String::from_utf8(out).unwrap().replace("\r\n", " ");
        assert_eq!(
            text,
            "*9 $8 REPLCONF $4 capa $3 eof $8 rdb-only $1 1 $11 rdb-channel $1 1 $14 listening-port $1 7 "
        );
        let full = Introduction {
            auth: Some(Auth { user: None, password: b"p".into() }),
            ip_address: Some(b"10.0.0.7".into()),
            version: Some(b"9.1.0".into()),
            ..plain
        };
        let mut out = Vec::new();
        let scheme = Scheme::RdbChannel { main: 12 };
        let steps = scheme.write_introduction(&full, &mut out);
        let wanted = [Step::Auth, Step::Demand("rdb-channel"), Step::Option("ip-address")];
        assert_eq!(steps, wanted);
        let text = String::from_utf8(out).unwrap().replace("\r\n", " ");
        assert!(text.contains("$17 main-ch-client-id $2 12 $14 listening-port"), "{text}");
        assert!(text.contains("$7 version $5 9.1.0 *3 $8 REPLCONF $10 ip-address"), "{text}");
        let mut out = Vec::new();
        Scheme::DualChannel.write_request(&mut out);
        scheme.write_request(&mut out);
        write_rdb_client(&mut out, 9);
        let text = String::from_utf8(out).unwrap().replace("\r\n", " ");
        assert_eq!(text, "SYNC *3 $5 PSYNC $1 ? $2 -1 *3 $8 REPLCONF $17 set-rdb-client-id $1 9 ");
    }
}
