//! `rkv serve`: the server, with the files and arguments that redis-server takes.

use super::crash::Reports;
use super::exit::{CliError, Exit};
use super::out::Ui;
use super::{Context, Done, daemon};
use crate::base::glob::Glob;
use crate::base::memory::{self, ALLOCATOR};
use crate::base::reason::reason;
use crate::base::rng::Rng;
use crate::engine::config::{CommandLine, Config, Host};
use crate::engine::{Engine, Identity, Level, LogForm, Running};
use crate::net::{self, Listener, Log, LogTo, SYSLOG_SOCKET, Setup, Syslog};
use crate::tool::serve;
use clap::Args;
use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const AFTER_HELP: &str = "\
Examples:
  rkv serve                                  port 6379, with the defaults of redis-server
  rkv serve redis.conf
  rkv serve redis.conf --port 7000 --appendonly yes
  echo 'maxmemory 1gb' | rkv serve -         more of the configuration from standard input
  ln -s rkv redis-server                     under this name it takes redis-server's place

It takes what redis-server takes: a file, - for standard input, and directives with -- in front. All
directives of Redis 7 and 8 are known. SIGTERM and SIGINT save and end it as they do redis-server.

Exit status: 0 after a shutdown, 1 if it cannot start, as redis-server has it.";

/// Serve data to clients, as redis-server does
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, disable_help_flag = false)]
pub struct ServeArgs {
    /// A configuration file, - for standard input, and --directive value …
    #[arg(value_name = "ARG", trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

impl ServeArgs {
    /// Runs the server.
    pub(crate) fn run(self, context: &Context) -> Done {
        run(self.args, &context.ui)
    }
}

/// The arguments, if the program was called by the name of a server.
pub(crate) fn args_of_server(mut args: impl Iterator<Item = OsString>) -> Option<Vec<OsString>> {
    let program = PathBuf::from(args.next()?);
    let name = program.file_name()?.to_str()?;
    matches!(name, "redis-server" | "valkey-server").then(|| args.collect())
}

/// The version of redis-server whose place is taken.
const REDIS_VERSION: &str = "7.0.15";

/// Runs the server with the arguments of redis-server.
pub(crate) fn run(args: Vec<OsString>, ui: &Ui) -> Done {
    let args: Vec<Vec<u8>> = args.into_iter().map(OsString::into_vec).collect();
    match args.as_slice() {
        [arg] if matches!(arg.as_slice(), b"-v" | b"--version") => {
            let bits = usize::BITS;
            let text = format!(
                "Redis server v={REDIS_VERSION} sha=00000000:0 malloc={ALLOCATOR} bits={bits} build=rkv-{}\n",
                env!("CARGO_PKG_VERSION")
            );
            io::stdout().write_all(text.as_bytes()).map_err(CliError::from)?;
            return Ok(Exit::Clean);
        }
        _ => {}
    }
    let line = CommandLine::new(&args);
    if line.sentinel {
        return Err(CliError::usage("a Sentinel is not supported yet"));
    }
    // Before the configuration changes to another folder.
    let config_file = config_path(&line);
    let mut config = Config::default();
    let here = std::env::current_dir().ok();
    let mut machine = Machine { here: here.clone() };
    let loaded = match config.load(&line, &mut machine) {
        Ok(loaded) => loaded,
        Err(error) => {
            let _ = io::stderr().write_all(&error.message(REDIS_VERSION));
            return Ok(Exit::Found);
        }
    };
    let stranger = config.adopt_users().err();
    let is_readable_again = line.file.as_deref().is_none_or(|file| file != b"-");
    if !config.disable_thp {
        memory::allow_huge_pages(true);
    }
    if config.dir == b"."
        && let Some(here) = &machine.here
    {
        // As redis-server tells it; and CONFIG SET may lead away and back.
        config.dir = here.clone().into_os_string().into_vec();
    }
    if config.daemonize && !daemon::is_one() {
        if !is_readable_again {
            return Err(CliError::usage("daemonize needs a configuration that can be read again"));
        }
        let here = here.ok_or_else(|| CliError::from(io::Error::from(io::ErrorKind::NotFound)))?;
        daemon::start(&args, &here)?;
        return Ok(Exit::Clean);
    }
    if config.daemonize {
        daemon::leave_session();
    }
    let log = open_log(&config, Path::new(SYSLOG_SOCKET));
    let running = Arc::<Running>::default();
    if config.crash_log_enabled {
        let running = Arc::clone(&running);
        Reports { log: log.clone(), release: REDIS_VERSION, running }.begin();
    }
    log.line(Level::Warning, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo");
    let pid = std::process::id();
    log.line(Level::Warning, &format!("Redis version={REDIS_VERSION}, bits={}, commit=00000000, modified=0, pid={pid}, just started", usize::BITS));
    match (&line.file, args.is_empty()) {
        (None, true) => log.line(Level::Warning, "Warning: no config file specified, using the default config. In order to specify a config file use rkv serve /path/to/redis.conf"),
        _ => log.line(Level::Warning, "Configuration loaded"),
    }
    let stranger = stranger.map(|name| format!("user {}", String::from_utf8_lossy(&name)));
    if let Some(what) = unsupported(&config).map(str::to_owned).or(stranger) {
        let text = format!("{what} is not supported by rkv yet; exiting");
        log.line(Level::Warning, &text);
        ui.note(&text);
        return Ok(Exit::Found);
    }
    for directive in loaded.without_effect {
        let text = format!(
            "The directive '{}' has nothing to act on in rkv and is ignored",
            directive.name
        );
        log.line(Level::Notice, &text);
    }
    match start(config, config_file, log, running) {
        Ok(status) => Ok(if status == 0 { Exit::Clean } else { Exit::Found }),
        Err(error) => {
            ui.note(&error);
            Ok(Exit::Found)
        }
    }
}

/// What the configuration asks for that cannot be had, and without which the server would not be what people expect.
fn unsupported(config: &Config) -> Option<&'static str> {
    [
        (config.cluster_enabled, "cluster-enabled"),
        (config.tls_port != 0, "tls-port"),
        // What was meant to be kept from others must not go over the wire for all to read.
        (config.tls_replication, "tls-replication"),
        (!config.aclfile.is_empty(), "aclfile"),
        (!config.other.modules.is_empty(), "loadmodule"),
    ]
    .into_iter()
    .find_map(|(is_asked, name)| is_asked.then_some(name))
}

/// Brings the server up and runs it; an error was logged and is told once more.
fn start(
    config: Config,
    config_file: String,
    log: Log,
    running: Arc<Running>,
) -> Result<i32, String> {
    let complain = |log: &Log, text: String| {
        log.line(Level::Warning, &text);
        text
    };
    log.line(Level::Notice, "monotonic clock: POSIX clock_gettime");
    let listeners = listen(&config).map_err(|text| complain(&log, text))?;
    let metrics = listen_for_metrics(&config).map_err(|text| complain(&log, text))?;
    greet(&config, &log);
    let mut pidfile = config.pidfile.clone();
    if pidfile.is_empty() && config.daemonize {
        pidfile = b"/var/run/redis.pid".to_vec();
    }
    if !pidfile.is_empty() {
        write_pid(&pidfile);
    }
    let seed = random_seed();
    let identity = Identity {
        run_id: run_id(seed),
        pid: std::process::id(),
        called: std::env::args_os()
            .next()
            .map(|called| called.to_string_lossy().into_owned())
            .unwrap_or_default(),
        executable: std::env::current_exe()
            .map(|path| path.display().to_string())
            .unwrap_or_default(),
        config_file,
        os: os_name(),
    };
    let socket = config.unixsocket.clone();
    let now = net::now();
    let mut engine = Engine::new(config, identity, seed, now, net::mono_us);
    engine.show_running(running);
    log.line(Level::Warning, "Server initialized");
    let status = net::serve(Setup {
        engine,
        listeners,
        listen: listen_tcp,
        metrics,
        log,
        load: serve::load,
        load_log: serve::load_log,
        to_commands: serve::write_commands,
    });
    let status = status.map_err(|e| e.to_string());
    for path in [pidfile, socket] {
        if !path.is_empty() {
            let _ = std::fs::remove_file(OsStr::from_bytes(&path));
        }
    }
    status
}

/// What the machine gives to a configuration.
struct Machine {
    here: Option<PathBuf>,
}

impl Host for Machine {
    fn read(&mut self, path: &[u8]) -> Result<Vec<u8>, String> {
        std::fs::read(OsStr::from_bytes(path)).map_err(|e| reason(&e))
    }

    fn stdin(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        // A stream that ends early gives what came of it, as redis-server takes it.
        let _ = io::stdin().read_to_end(&mut text);
        text
    }

    fn expand(&mut self, pattern: &[u8]) -> Vec<Vec<u8>> {
        let path = Path::new(OsStr::from_bytes(pattern));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let name = path.file_name().map(OsStr::as_bytes).unwrap_or_default();
        let glob = Glob::new(name);
        let mut paths: Vec<Vec<u8>> = std::fs::read_dir(folder.unwrap_or(Path::new(".")))
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| !entry.file_name().as_bytes().starts_with(b"."))
            .filter(|entry| glob.matches(entry.file_name().as_bytes()))
            .map(|entry| match folder {
                Some(folder) => folder.join(entry.file_name()).into_os_string().into_vec(),
                None => entry.file_name().into_vec(),
            })
            .collect();
        paths.sort();
        paths
    }

    fn enter(&mut self, dir: &[u8]) -> Result<Vec<u8>, String> {
        std::env::set_current_dir(OsStr::from_bytes(dir)).map_err(|e| reason(&e))?;
        self.here = std::env::current_dir().ok();
        Ok(self.here.clone().unwrap_or_default().into_os_string().into_vec())
    }

    fn append(&mut self, log: &[u8]) -> Result<(), String> {
        let file = OpenOptions::new().append(true).create(true).open(OsStr::from_bytes(log));
        file.map(drop).map_err(|e| reason(&e))
    }
}

/// The log: a file or standard output, and beside it the system's, which listens at a socket, if that is asked for.
fn open_log(config: &Config, syslog: &Path) -> Log {
    let to = match config.logfile.as_slice() {
        b"" => LogTo::Writer(to_stdout),
        path => LogTo::File(OsStr::from_bytes(path).into()),
    };
    let (facility, ident) = (config.syslog_facility, &config.syslog_ident);
    let syslog = config.syslog_enabled.then(|| Syslog::new(syslog.into(), facility, ident));
    Log::new(to, syslog, LogForm::of(config))
}

fn to_stdout(text: &[u8]) -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(text)?;
    out.flush()
}

/// Says who is here, in the form that scripts look for the number of the process in.
fn greet(config: &Config, log: &Log) {
    let (port, pid) = (config.port, std::process::id());
    if config.always_show_logo {
        let logo = format!(
            "\n    rkv {} in the place of Redis {REDIS_VERSION} ({} bit)\n\n    Running in standalone mode\n    Port: {port}\n    PID: {pid}\n\n",
            env!("CARGO_PKG_VERSION"),
            usize::BITS,
        );
        log.raw(Level::Notice, &logo);
    } else {
        log.line(Level::Notice, &format!("Running mode=standalone, port={port}."));
    }
}

/// Listens wherever the configuration says.
fn listen(config: &Config) -> Result<Vec<Listener>, String> {
    let mut listeners = listen_tcp(config)?;
    if !config.unixsocket.is_empty() {
        let path = Path::new(OsStr::from_bytes(&config.unixsocket));
        let mode = u32::try_from(config.unixsocketperm).unwrap_or(0);
        let group = String::from_utf8_lossy(&config.unixsocketgroup);
        let listener = Listener::unix(path, mode, &group);
        listeners.push(listener.map_err(|why| format!("Failed opening Unix socket: {why}"))?);
    }
    if listeners.is_empty() {
        return Err("Configured to not listen anywhere, exiting.".to_owned());
    }
    Ok(listeners)
}

/// Listens on the addresses that the configuration names.
fn listen_tcp(config: &Config) -> Result<Vec<Listener>, String> {
    let mut listeners = Vec::new();
    let port = u16::try_from(config.port).unwrap_or(0);
    for address in config.bind.iter().filter(|_| port > 0) {
        let text = String::from_utf8_lossy(address);
        let (may_fail, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text.as_ref()),
        };
        let ip = match name {
            "*" => IpAddr::from([0, 0, 0, 0]),
            "::*" => IpAddr::from([0u16; 8]),
            name => match resolve(name) {
                Ok(ip) => ip,
                Err(_) if may_fail => continue,
                Err(e) => {
                    return Err(format!(
                        "Could not create server TCP listening socket {name}:{port}: {e}"
                    ));
                }
            },
        };
        let backlog = i32::try_from(config.tcp_backlog).unwrap_or(511);
        let mark = u32::try_from(config.socket_mark_id).unwrap_or(0);
        match Listener::tcp(SocketAddr::new(ip, port), backlog, mark) {
            Ok(listener) => listeners.push(listener),
            Err(e) if may_fail && e.kind() != io::ErrorKind::AddrInUse => {}
            Err(e) => {
                let why = reason(&e);
                return Err(format!(
                    "Could not create server TCP listening socket {name}:{port}: bind: {why}\nFailed listening on port {port} (TCP), aborting."
                ));
            }
        }
    }
    Ok(listeners)
}

/// The address of a name.
fn resolve(name: &str) -> io::Result<IpAddr> {
    use std::net::ToSocketAddrs;
    let found = (name, 0).to_socket_addrs()?.next();
    found
        .map(|address| address.ip())
        .ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))
}

/// Listens for Prometheus where it is to, at the first address of the server.
fn listen_for_metrics(config: &Config) -> Result<Option<TcpListener>, String> {
    let Some(port) = u16::try_from(config.metrics_port).ok().filter(|port| *port > 0) else {
        return Ok(None);
    };
    let name = config.bind.first().map(|address| String::from_utf8_lossy(address).into_owned());
    let name = name.unwrap_or_default();
    let ip = match name.trim_start_matches('-') {
        "*" | "" => IpAddr::from([0, 0, 0, 0]),
        "::*" => IpAddr::from([0u16; 8]),
        name => resolve(name).unwrap_or(IpAddr::from([127, 0, 0, 1])),
    };
    let listener = TcpListener::bind(SocketAddr::new(ip, port));
    let listener = listener
        .map_err(|e| format!("Could not listen for metrics on port {port}: {}", reason(&e)));
    listener.map(Some)
}

fn write_pid(path: &[u8]) {
    // As redis-server does, it goes on if that fails.
    let _ = std::fs::write(OsStr::from_bytes(path), format!("{}\n", std::process::id()));
}

/// Something that nobody can guess.
fn random_seed() -> u64 {
    use std::hash::BuildHasher;
    std::hash::RandomState::new().hash_one(std::process::id())
}

fn run_id(seed: u64) -> String {
    let mut rng = Rng::new(seed ^ 0x5eed);
    let digits: String = (0..3).map(|_| format!("{:016x}", rng.next_u64())).collect();
    digits.chars().take(40).collect()
}

fn config_path(line: &CommandLine) -> String {
    let Some(file) = &line.file else { return String::new() };
    let path = std::path::absolute(OsStr::from_bytes(file));
    path.map(|path| path.display().to_string()).unwrap_or_default()
}

/// The system's name as `uname -srm` gives it.
fn os_name() -> String {
    let read = |file: &str| std::fs::read_to_string(Path::new("/proc/sys/kernel").join(file));
    let name =
        [read("ostype"), read("osrelease")].map(|text| text.unwrap_or_default().trim().to_owned());
    format!("{} {} {}", name[0], name[1], std::env::consts::ARCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::config::words::SyslogFacility;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn the_system_gets_lines_when_it_is_to() {
        let dir = tempfile::tempdir().unwrap();
        let (path, socket) = (dir.path().join("log"), dir.path().join("socket"));
        let listener = UnixDatagram::bind(&socket).unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut config = Config {
            logfile: path.clone().into_os_string().into_vec(),
            syslog_ident: b"own".to_vec(),
            syslog_facility: SyslogFacility::Local1,
            ..Config::default()
        };
        open_log(&config, &socket).line(Level::Warning, "to the file");
        let mut bytes = [0; 200];
        assert_eq!(listener.recv(&mut bytes).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        config.syslog_enabled = true;
        open_log(&config, &socket).line(Level::Warning, "to both");
        let length = listener.recv(&mut bytes).unwrap();
        let heard = String::from_utf8_lossy(&bytes[..length]);
        assert!(heard.starts_with("<140>") && heard.contains(" own["), "{heard}");
        assert!(heard.ends_with("]: to both"), "{heard}");
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    }
}
