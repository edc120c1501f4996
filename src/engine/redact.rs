//! What of a command must not be shown: passwords.

use super::config;
use crate::command::spec::Spec;
use std::borrow::Cow;

/// What stands for an argument that is not shown.
const HIDDEN: &[u8] = b"(redacted)";

/// A command's arguments as SLOWLOG and MONITOR show them.
pub(super) fn shown<'a>(spec: &Spec, args: &[&'a [u8]]) -> Vec<Cow<'a, [u8]>> {
    let mut shown: Vec<Cow<'a, [u8]>> = args.iter().map(|arg| Cow::Borrowed(*arg)).collect();
    let mut hide = |from: usize, count: usize| {
        shown.iter_mut().skip(from).take(count).for_each(|arg| *arg = Cow::Borrowed(HIDDEN));
    };
    let is = |at: usize, word: &str| {
        args.get(at).is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
    };
    match spec.name {
        "auth" => hide(1, usize::MAX),
        "hello" => {
            let at = (2..args.len()).find(|at| is(*at, "auth"));
            at.into_iter().for_each(|at| hide(at + 1, 2));
        }
        "migrate" => (6..args.len()).for_each(|at| match () {
            () if is(at, "auth") => hide(at + 1, 1),
            () if is(at, "auth2") => hide(at + 1, 2),
            () => {}
        }),
        "config" if is(1, "set") => (2..args.len()).step_by(2).for_each(|at| {
            if config::is_secret(args[at]) {
                hide(at + 1, 1);
            }
        }),
        "acl" if is(1, "setuser") || is(1, "deluser") => hide(2, usize::MAX),
        _ => {}
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::lookup;

    fn check(line: &str, wanted: &str) {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let shown = shown(lookup(words[0]).unwrap(), &words);
        assert_eq!(shown.join(&b' '), wanted.as_bytes());
    }

    #[test]
    fn passwords_are_hidden_and_nothing_else() {
        check("SET auth secret", "SET auth secret");
        check("AUTH secret", "AUTH (redacted)");
        check("auth user secret", "auth (redacted) (redacted)");
        check("HELLO 3 AUTH user secret SETNAME n", "HELLO 3 AUTH (redacted) (redacted) SETNAME n");
        check("migrate h 1 key 9 50 auth secret", "migrate h 1 key 9 50 auth (redacted)");
        check(
            "MIGRATE h 1 k 9 50 AUTH2 u p KEYS a",
            "MIGRATE h 1 k 9 50 AUTH2 (redacted) (redacted) KEYS a",
        );
        check("config set port 1 masterauth x", "config set port 1 masterauth (redacted)");
        check("config get masterauth", "config get masterauth");
        check("acl setuser u +get +set", "acl setuser (redacted) (redacted) (redacted)");
    }
}
