//! What the list of processes shows of a server (`proc-title-template`).

use super::Config;

/// The variables of a template.
const VARIABLES: &[&str] =
    &["title", "listen-addr", "server-mode", "config-file", "port", "tls-port", "unixsocket"];

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'t> {
    /// A byte that stands for itself.
    Byte(u8),
    /// The name of a variable.
    Variable(&'t str),
}

/// The pieces of a template, the next one being none where something is wrong.
fn pieces(mut rest: &[u8]) -> impl Iterator<Item = Option<Piece<'static>>> {
    std::iter::from_fn(move || {
        let (first, tail) = rest.split_first()?;
        rest = tail;
        if *first != b'{' {
            return Some(Some(Piece::Byte(*first)));
        }
        if let Some(tail) = tail.strip_prefix(b"{") {
            rest = tail;
            return Some(Some(Piece::Byte(b'{')));
        }
        let end = tail.iter().position(|byte| *byte == b'}');
        let (name, tail) = tail.split_at(end.unwrap_or(tail.len()));
        rest = tail.get(1..).unwrap_or_default();
        let variable = VARIABLES.iter().find(|variable| variable.as_bytes() == name);
        Some(end.and(variable).map(|variable| Piece::Variable(variable)))
    })
}

/// Whether braces close and hold known variables, and something is shown even where the title, the mode and the socket are empty.
pub(super) fn is_sound(template: &[u8]) -> bool {
    let mut shows = false;
    pieces(template).all(|piece| {
        shows |= match piece {
            Some(Piece::Byte(byte)) => byte != b' ',
            Some(Piece::Variable(name)) => !matches!(name, "title" | "server-mode" | "unixsocket"),
            None => return false,
        };
        true
    }) && shows
}

impl Config {
    /// What the list of processes is to show of a server that was called by this name, with this file.
    pub fn title(&self, called: &str, config_file: &str) -> Vec<u8> {
        let mut title = Vec::new();
        for piece in pieces(&self.proc_title_template).flatten() {
            match piece {
                Piece::Byte(byte) => title.push(byte),
                Piece::Variable("title") => title.extend_from_slice(called.as_bytes()),
                Piece::Variable("config-file") => title.extend_from_slice(config_file.as_bytes()),
                Piece::Variable("unixsocket") => title.extend_from_slice(&self.unixsocket),
                Piece::Variable("port") => {
                    title.extend_from_slice(self.port.to_string().as_bytes())
                }
                Piece::Variable("tls-port") => {
                    title.extend_from_slice(self.tls_port.to_string().as_bytes());
                }
                Piece::Variable("listen-addr") => match self.port.max(self.tls_port) {
                    0 => title.extend_from_slice(&self.unixsocket),
                    _ => {
                        let port = if self.port == 0 { self.tls_port } else { self.port };
                        title.extend_from_slice(self.bind.first().map_or(b"*", |bind| bind));
                        title.extend_from_slice(format!(":{port}").as_bytes());
                    }
                },
                Piece::Variable(_) if self.cluster_enabled => {
                    title.extend_from_slice(b" [cluster]")
                }
                Piece::Variable(_) => {}
            }
        }
        title.trim_ascii().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(template: &str, config: Config) -> String {
        let config = Config { proc_title_template: template.into(), ..config };
        String::from_utf8(config.title("redis-server", "/etc/redis.conf")).unwrap()
    }

    #[test]
    fn a_title_is_what_its_template_says() {
        let own = Config::default();
        assert_eq!(String::from_utf8(own.title("rkv", "")).unwrap(), "rkv *:6379");
        let all = "{{x} {title} {listen-addr} {port} {tls-port} {unixsocket} {config-file}";
        assert_eq!(
            title(all, Config::default()),
            "{x} redis-server *:6379 6379 0  /etc/redis.conf"
        );
        let socket = Config { port: 0, unixsocket: b"/run/s".to_vec(), ..Config::default() };
        assert_eq!(title(" {listen-addr} ", socket), "/run/s");
        let bound =
            Config { bind: vec![b"127.0.0.1".to_vec(), b"::1".to_vec()], ..Config::default() };
        assert_eq!(title("{title} {listen-addr}", bound), "redis-server 127.0.0.1:6379");
    }

    #[test]
    fn templates_that_are_wrong_or_may_show_nothing_are_not_sound() {
        for sound in ["a", "{{", "{port}", "{title} x", "{title} {listen-addr} {server-mode}"] {
            assert!(is_sound(sound.as_bytes()), "{sound}");
        }
        for wrong in ["", "  ", "{title}", "{port", "{ports}", "{title} {server-mode}", "x{"] {
            assert!(!is_sound(wrong.as_bytes()), "{wrong}");
        }
    }
}
