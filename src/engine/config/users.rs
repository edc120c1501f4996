//! `user` lines: what they say of the user `default`, as far as a server has it that knows no other user.

use super::Config;
use super::rule::Bytes;
use sha2::{Digest, Sha256};

/// A user who is on, may do everything, and has one password or needs none: what `requirepass` can say, too.
#[derive(Default)]
struct User {
    is_on: bool,
    needs_none: bool,
    passwords: Vec<Bytes>,
    hashes: Vec<Bytes>,
    has_commands: bool,
    has_keys: bool,
    has_channels: bool,
}

impl User {
    /// Takes a rule; false if it is none that this server has.
    fn take(&mut self, rule: &[u8]) -> bool {
        match rule.to_ascii_lowercase().as_slice() {
            b"on" => self.is_on = true,
            b"nopass" => {
                self.needs_none = true;
                self.passwords.clear();
                self.hashes.clear();
            }
            b"+@all" | b"allcommands" => self.has_commands = true,
            b"~*" | b"allkeys" => self.has_keys = true,
            b"&*" | b"allchannels" => self.has_channels = true,
            // All that comes is looked at closely.
            b"sanitize-payload" => {}
            _ => match rule {
                [b'>', password @ ..] => {
                    self.needs_none = false;
                    self.passwords.push(password.to_vec());
                }
                [b'#', hash @ ..] => {
                    self.needs_none = false;
                    self.hashes.push(hash.to_ascii_lowercase());
                }
                _ => return false,
            },
        }
        true
    }

    /// The password that `requirepass` would name, if the user is one that it can name; `known` is a password whose hash may
    /// stand for it.
    fn password(self, known: &[u8]) -> Option<Bytes> {
        if !(self.is_on && self.has_commands && self.has_keys && self.has_channels) {
            return None;
        }
        match (self.needs_none, self.passwords.as_slice(), self.hashes.as_slice()) {
            (true, [], []) => Some(Bytes::new()),
            (false, [password], []) if !password.is_empty() => Some(password.clone()),
            (false, [], [hash]) if !known.is_empty() && *hash == hash_of(known) => {
                Some(known.to_vec())
            }
            _ => None,
        }
    }
}

/// A password's hash as such lines have it: SHA-256 in hexadecimal digits.
fn hash_of(password: &[u8]) -> Bytes {
    let hash = Sha256::digest(password);
    hash.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

impl Config {
    /// Lets `requirepass` say what the line of the user `default` says, if there is one.
    ///
    /// # Errors
    /// The first user of whom a line says what this server does not have: without it somebody might do what they must not.
    pub fn adopt_users(&mut self) -> Result<(), Bytes> {
        for words in std::mem::take(&mut self.other.users) {
            let Some((name, rules)) = words.split_first() else { continue };
            let mut user = User::default();
            let is_known = name == b"default" && rules.iter().all(|rule| user.take(rule));
            let password = user.password(&self.requirepass);
            match password.filter(|_| is_known) {
                Some(password) => self.requirepass = password,
                None => return Err(name.clone()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a password by lines of users, or who is not to be had.
    fn adopt(requirepass: &str, lines: &[&str]) -> Result<String, String> {
        let words = |line: &&str| line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        let mut config = Config { requirepass: requirepass.into(), ..Config::default() };
        config.other.users = lines.iter().map(words).collect();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        config.adopt_users().map_err(text)?;
        assert!(config.other.users.is_empty());
        Ok(text(config.requirepass))
    }

    #[test]
    fn who_may_do_everything_is_told_by_a_password() {
        let ok = |password: &str| Ok(password.to_owned());
        assert_eq!(adopt("old", &[]), ok("old"));
        // As Redis rewrites a configuration.
        assert_eq!(adopt("", &["default on nopass sanitize-payload ~* &* +@all"]), ok(""));
        assert_eq!(adopt("old", &["default on nopass ~* &* +@all"]), ok(""));
        assert_eq!(
            adopt("", &["default on >Secret allkeys allchannels allcommands"]),
            ok("Secret")
        );
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let line = format!("default ON #{hash} sanitize-payload ~* &* +@all");
        assert_eq!(adopt("abc", &[&line]), ok("abc"));
        assert_eq!(adopt("abd", &[&line]), Err("default".into()));
        assert_eq!(adopt("", &[&line]), Err("default".into()));
    }

    #[test]
    fn who_may_do_less_or_is_another_is_refused() {
        for rules in [
            "",
            "off nopass ~* &* +@all",
            "nopass ~* &* +@all",
            "on ~* &* +@all",
            "on nopass &* +@all",
            "on nopass ~* +@all",
            "on nopass ~* &*",
            "on nopass ~* &* +@all -debug",
            "on nopass ~x* ~* &* +@all",
            "on >one >two ~* &* +@all",
            "on > ~* &* +@all",
            "on nopass ~* &* +@all resetpass",
        ] {
            assert_eq!(adopt("", &[&format!("default {rules}")]), Err("default".into()), "{rules}");
        }
        let all = "on nopass ~* &* +@all";
        let (default, alice) = (format!("default {all}"), format!("alice {all}"));
        assert_eq!(adopt("", &[&default, &alice]), Err("alice".into()));
    }
}
