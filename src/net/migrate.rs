//! Takes keys to other servers, and keeps the connections for a while.

use crate::engine::{Migrated, Migration};
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// How long a connection is kept that nobody uses.
const KEPT: Duration = Duration::from_secs(10);
/// Most connections that are kept.
const KEPT_MAX: usize = 64;
/// Longest line of a reply, in bytes.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// A connection to another server.
#[derive(Debug)]
struct Link {
    stream: BufReader<TcpStream>,
    /// The database that is selected there.
    db: Option<i64>,
    used: Instant,
}

/// Connections to other servers.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_address: HashMap<(String, u16), Link>,
}

impl Links {
    /// Closes what nobody has used for a while; tells how many are left.
    pub fn release(&mut self) -> usize {
        self.by_address.retain(|_, link| link.used.elapsed() < KEPT);
        self.by_address.len()
    }

    /// Takes keys to another server.
    pub fn migrate(&mut self, migration: &Migration) -> Migrated {
        let address = (migration.host.clone(), migration.port);
        // The other side may have closed what was kept: that is seen at the first use, and a second try costs nothing.
        if let Some(mut link) = self.by_address.remove(&address) {
            let migrated = link.run(migration);
            let is_stale = migrated.failed.is_some() && migrated.restored.is_empty();
            if migrated.failed.is_none() {
                self.by_address.insert(address, link);
                return migrated;
            }
            if !is_stale || link.timed_out(migration) {
                return migrated;
            }
        }
        let mut link = match Link::open(migration) {
            Ok(link) => link,
            Err(_) => {
                let failed = Some("connecting");
                return Migrated { restored: Vec::new(), refused: None, failed };
            }
        };
        let migrated = link.run(migration);
        if migrated.failed.is_none() && self.by_address.len() < KEPT_MAX {
            self.by_address.insert(address, link);
        }
        migrated
    }
}

impl Link {
    fn open(migration: &Migration) -> io::Result<Link> {
        let timeout = Duration::from_millis(migration.timeout_ms);
        let mut last = io::ErrorKind::NotFound.into();
        for address in (migration.host.as_str(), migration.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    let stream = BufReader::new(stream);
                    return Ok(Link { stream, db: None, used: Instant::now() });
                }
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    fn timed_out(&self, migration: &Migration) -> bool {
        self.used.elapsed() >= Duration::from_millis(migration.timeout_ms)
    }

    /// Sends all requests and reads the replies.
    fn run(&mut self, migration: &Migration) -> Migrated {
        let mut migrated = Migrated { restored: Vec::new(), refused: None, failed: None };
        self.used = Instant::now();
        if self.send(migration).is_err() {
            migrated.failed = Some("writing");
            return migrated;
        }
        let selects = usize::from(self.db != Some(migration.db));
        for _ in 0..usize::from(!migration.auth.is_empty()) + selects {
            match self.reply() {
                Ok(Ok(())) => {}
                Ok(Err(text)) => drop(migrated.refused.get_or_insert(text)),
                Err(_) => {
                    migrated.failed = Some("reading");
                    return migrated;
                }
            }
        }
        if migrated.refused.is_none() {
            self.db = Some(migration.db);
        }
        let may_restore = migrated.refused.is_none();
        for _ in &migration.keys {
            match self.reply() {
                Ok(Ok(())) => migrated.restored.push(may_restore),
                Ok(Err(text)) => {
                    migrated.restored.push(false);
                    migrated.refused.get_or_insert(text);
                }
                Err(_) => {
                    migrated.failed = Some("reading");
                    break;
                }
            }
        }
        migrated
    }

    fn send(&mut self, migration: &Migration) -> io::Result<()> {
        let timeout = Some(Duration::from_millis(migration.timeout_ms));
        let stream = self.stream.get_mut();
        stream.set_read_timeout(timeout)?;
        stream.set_write_timeout(timeout)?;
        let mut bytes = migration.auth.clone();
        if self.db != Some(migration.db) {
            let db = migration.db.to_string();
            bytes.extend(format!("*2\r\n$6\r\nSELECT\r\n${}\r\n{db}\r\n", db.len()).into_bytes());
        }
        migration.keys.iter().for_each(|(_, request)| bytes.extend_from_slice(request));
        stream.write_all(&bytes)
    }

    /// Reads the line of a reply; the error is the other server's, without its mark.
    fn reply(&mut self) -> io::Result<Result<(), String>> {
        use io::Read;
        let mut line = Vec::new();
        (&mut self.stream).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        match line.first() {
            Some(b'-') => Ok(Err(text.trim_start_matches('-').to_owned())),
            Some(b'+') if line.ends_with(b"\n") => Ok(Ok(())),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
