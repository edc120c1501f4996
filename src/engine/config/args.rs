//! The command line of redis-server.

use super::rule::Bytes;
use super::split;

/// What the arguments behind the program's name say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandLine {
    /// The configuration file, as given; redis-server goes by its absolute path.
    pub file: Option<Bytes>,
    /// Whether more of it comes from standard input.
    pub stdin: bool,
    /// The options, as lines of a configuration file that stand behind the others.
    pub options: Bytes,
    /// Whether this is a Sentinel.
    pub sentinel: bool,
}

impl CommandLine {
    /// Reads arguments as Redis 7.0 does: `[file | -] [--name value …] [-]`.
    ///
    /// What follows a name is its value, even if it starts with `--`, except behind `--save` and `--sentinel`, which may have
    /// none. A name and its value may be one argument: `"--port 6379"`.
    pub fn new(args: &[Bytes]) -> CommandLine {
        let mut line = CommandLine {
            sentinel: args.iter().any(|arg| arg == b"--sentinel"),
            ..CommandLine::default()
        };
        let mut rest = args;
        if let [first, tail @ ..] = args
            && first.first() != Some(&b'-')
        {
            line.file = Some(first.clone());
            rest = tail;
        }
        let mut last_has_value = true;
        let mut at_start = line.file.is_none();
        while let [arg, tail @ ..] = rest {
            rest = tail;
            if arg == b"-" && (at_start || tail.is_empty()) {
                line.stdin = true;
            } else if let Some(option) = arg.strip_prefix(b"--").filter(|_| last_has_value) {
                last_has_value = line.option(arg, option, tail.first());
            } else {
                split::write_quoted(arg, &mut line.options);
                line.options.push(b' ');
                last_has_value = true;
            }
            at_start = false;
        }
        line
    }

    /// Takes an argument that names an option; gives whether it has its value.
    fn option(&mut self, arg: &[u8], option: &[u8], next: Option<&Bytes>) -> bool {
        if !self.options.is_empty() {
            self.options.push(b'\n');
        }
        self.options.extend(option);
        self.options.push(b' ');
        if split::words(arg).is_none_or(|words| words.len() != 1) {
            return true;
        }
        let save = arg.eq_ignore_ascii_case(b"--save");
        let before_option = next.is_some_and(|next| next.starts_with(b"--"));
        if save && (before_option || next.is_none()) {
            self.options.extend(b"\"\"");
        }
        before_option && (save || arg.eq_ignore_ascii_case(b"--sentinel"))
    }
}
