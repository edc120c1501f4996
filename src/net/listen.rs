//! Listens for clients on addresses and unix sockets.

use super::stream::Stream;
use super::{Server, connection, group, now};
use crate::base::reason::reason;
use crate::engine::Peer;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::fs::Permissions;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Where clients come from.
#[derive(Debug)]
pub enum Listener {
    /// An address.
    Tcp(TcpListener),
    /// A unix socket, and its path.
    Unix(UnixListener, PathBuf),
}

impl Listener {
    /// Listens on an address. Packets of its connections carry the mark, if it is not 0 and the system lets the process set it.
    ///
    /// # Errors
    /// The address is in use, or there is no such one.
    pub fn tcp(address: SocketAddr, backlog: i32, mark: u32) -> io::Result<Listener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(backlog)?;
        set_mark(&socket, mark);
        Ok(Listener::Tcp(socket.into()))
    }

    /// Listens on a unix socket, with these mode bits if they are not 0, and of this group if it has a name; what is left of an
    /// earlier one is removed.
    ///
    /// # Errors
    /// The socket cannot be made, or be made as it is to be: what failed, and why.
    pub fn unix(path: &Path, mode: u32, group: &str) -> Result<Listener, String> {
        let group = match group {
            "" => None,
            // Before there is a socket, which would stay.
            name => Some((name, group_number(name)?)),
        };
        let listener = bind_unix(path, mode).map_err(|e| format!("bind: {}", reason(&e)))?;
        if let Some((name, number)) = group {
            chown(path, None, Some(number))
                .map_err(|e| format!("chown error for group '{name}': {}", reason(&e)))?;
        }
        Ok(Listener::Unix(listener, path.into()))
    }

    /// Takes clients from now on.
    pub(super) fn accept_for(self, server: &Rc<Server>) -> io::Result<()> {
        let server = Rc::clone(server);
        match self {
            Listener::Tcp(listener) => {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                let acceptors = Rc::clone(&server);
                let acceptor = tokio::task::spawn_local(async move {
                    loop {
                        match listener.accept().await {
                            Ok((stream, address)) => {
                                let peer = tcp_peer(&server, &stream, address);
                                begin(&server, stream, peer);
                            }
                            Err(error) => pause(&server, &error).await,
                        }
                    }
                });
                acceptors.acceptors.borrow_mut().push(acceptor);
            }
            Listener::Unix(listener, path) => {
                let listener = tokio::net::UnixListener::from_std(listener)?;
                tokio::task::spawn_local(async move {
                    let name = format!("{}:0", path.display());
                    loop {
                        match listener.accept().await {
                            Ok((stream, _)) => {
                                let (address, local) = (name.clone(), name.clone());
                                let peer = Peer { address, local, is_unix: true, is_local: true };
                                begin(&server, stream, peer);
                            }
                            Err(error) => pause(&server, &error).await,
                        }
                    }
                });
            }
        }
        Ok(())
    }
}

/// Lets the packets of a socket carry a mark, for rules of routing and of firewalls. A server without it is better than none.
fn set_mark(socket: &Socket, mark: u32) {
    #[cfg(target_os = "linux")]
    if mark != 0 {
        let _ = socket.set_mark(mark);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (socket, mark);
}

fn group_number(name: &str) -> Result<u32, String> {
    let groups = std::fs::read("/etc/group").unwrap_or_default();
    group::number(&String::from_utf8_lossy(&groups), name)
        .ok_or_else(|| format!("getgrnam error for group '{name}': no such group"))
}

fn bind_unix(path: &Path, mode: u32) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    if mode != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(listener)
}

/// After a failure, such as too many open files, it is of no use to try again at once.
async fn pause(server: &Server, error: &io::Error) {
    let text = format!("Accepting client connection: {error}");
    server.log.line(crate::engine::Level::Warning, &text);
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn tcp_peer(server: &Server, stream: &tokio::net::TcpStream, address: SocketAddr) -> Peer {
    // What a socket refuses to take here only makes it slower, or an end noticed later.
    let _ = stream.set_nodelay(true);
    let keepalive_s = server.engine.borrow().config().tcp_keepalive;
    if let Some(seconds) = u64::try_from(keepalive_s).ok().filter(|seconds| *seconds > 0) {
        let keepalive = TcpKeepalive::new()
            .with_time(Duration::from_secs(seconds))
            .with_interval(Duration::from_secs((seconds / 3).max(1)))
            .with_retries(3);
        let _ = SockRef::from(stream).set_tcp_keepalive(&keepalive);
    }
    let local = stream.local_addr().map(|local| local.to_string()).unwrap_or_default();
    Peer {
        address: address.to_string(),
        local,
        is_unix: false,
        is_local: address.ip().is_loopback(),
    }
}

fn begin<S: Stream>(server: &Rc<Server>, stream: S, peer: Peer) {
    let accepted = server.engine.borrow_mut().accept(peer, now());
    match accepted {
        Ok(id) => {
            let slot = server.add_slot(id);
            tokio::task::spawn_local(connection::run(Rc::clone(server), stream, id, slot));
        }
        Err(words) => {
            let _ = stream.try_write(words);
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_listener_carries_its_mark_where_the_system_lets_it() {
        let mark = |listener: &Listener| match listener {
            Listener::Tcp(listener) => SockRef::from(listener).mark().unwrap(),
            Listener::Unix(..) => panic!("another kind of socket"),
        };
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let set = if socket.set_mark(7).is_ok() { 7 } else { 0 };
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        assert_eq!(mark(&Listener::tcp(address, 511, 7).unwrap()), set);
        assert_eq!(mark(&Listener::tcp(address, 511, 0).unwrap()), 0);
    }
}
