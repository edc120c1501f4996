//! What is known of a command without running it.
//!
//! Arity checks, key extraction, access categories, documentation and the gates of a server all derive from [`Spec`].

use std::fmt;

/// What a command is about; its group in the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the groups' own")]
pub enum Group {
    Generic,
    String,
    Bitmap,
    List,
    Set,
    SortedSet,
    Hash,
    Stream,
    Array,
    Geo,
    HyperLogLog,
    VectorSet,
    Connection,
    Transactions,
    Server,
    PubSub,
    Scripting,
    Cluster,
}

/// Properties of a command, as `COMMAND INFO` tells them.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u32);

/// What a command does with a key, as `COMMAND INFO` tells it.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyFlags(u32);

macro_rules! bits {
    ($type:ident: $($(#[$doc:meta])* $name:ident = $bit:literal $text:literal;)*) => {
        $($(#[$doc])* pub const $name: $type = $type(1 << $bit);)*

        impl $type {
            /// All of them.
            pub const fn union(flags: &[$type]) -> $type {
                let (mut bits, mut at) = (0, 0);
                while at < flags.len() {
                    bits |= flags[at].0;
                    at += 1;
                }
                $type(bits)
            }

            /// What both have.
            pub const fn common(self, other: $type) -> $type {
                $type(self.0 & other.0)
            }

            /// Whether all of the other's bits are set.
            pub const fn contains(self, other: $type) -> bool {
                self.0 & other.0 == other.0
            }

            /// The names, as servers give them.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                [$(($name, $text)),*].into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| name)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.names()).finish()
            }
        }
    };
}

bits! { Flags:
    /// Changes data.
    WRITE = 0 "write";
    /// Reads data.
    READONLY = 1 "readonly";
    /// Is refused when memory is used up.
    DENYOOM = 2 "denyoom";
    /// Administers the server.
    ADMIN = 3 "admin";
    /// Publishes or subscribes.
    PUBSUB = 4 "pubsub";
    /// Is not for scripts.
    NOSCRIPT = 5 "noscript";
    /// May wait.
    BLOCKING = 6 "blocking";
    /// Runs while data is loaded.
    LOADING = 7 "loading";
    /// Runs on a replica with stale data.
    STALE = 8 "stale";
    /// Is not shown to MONITOR.
    SKIP_MONITOR = 9 "skip_monitor";
    /// Is not kept in the slow log.
    SKIP_SLOWLOG = 10 "skip_slowlog";
    /// Runs on slots that are being imported.
    ASKING = 11 "asking";
    /// Takes constant or logarithmic time.
    FAST = 12 "fast";
    /// Runs before authentication.
    NO_AUTH = 13 "no_auth";
    /// May be replicated though it changes no data.
    MAY_REPLICATE = 14 "may_replicate";
    /// Does not run while data is loaded beside the old.
    NO_ASYNC_LOADING = 15 "no_async_loading";
    /// Is not for transactions.
    NO_MULTI = 16 "no_multi";
    /// Runs while a script is busy.
    ALLOW_BUSY = 17 "allow_busy";
    /// Takes keys, but need not be given any.
    NO_MANDATORY_KEYS = 18 "no_mandatory_keys";
}

bits! { KeyFlags:
    /// Reads the value.
    RO = 0 "RO";
    /// Changes what is there.
    RW = 1 "RW";
    /// Overwrites whatever is there.
    OW = 2 "OW";
    /// Removes the key.
    RM = 3 "RM";
    /// Returns user data or copies it.
    ACCESS = 4 "access";
    /// Changes user data.
    UPDATE = 5 "update";
    /// Adds data and touches none.
    INSERT = 6 "insert";
    /// Deletes data.
    DELETE = 7 "delete";
    /// Is no key, but goes by its slot.
    NOT_KEY = 8 "not_key";
    /// May leave keys out.
    INCOMPLETE = 9 "incomplete";
    /// Does different things by its arguments.
    VARIABLE_FLAGS = 10 "variable_flags";
}

/// Where a run of keys begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// At this argument; the command's name is argument 0.
    Index(usize),
    /// Behind this word, which is looked for from an argument on, or backwards from the end if that is negative.
    Keyword(&'static str, i32),
    /// Only the command knows.
    Unknown,
}

/// How a run of keys goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Find {
    /// Every `step`th argument.
    Range {
        /// The last key, counted from the first; negative from the last argument, which is -1.
        last: i32,
        /// Arguments from key to key.
        step: usize,
        /// With a `last` of -1: only the first one in `limit` of the arguments; 0 and 1 mean all.
        limit: usize,
    },
    /// As many as an argument says.
    Count {
        /// The argument with the number, counted from the beginning.
        at: usize,
        /// The first key, likewise.
        first: usize,
        /// Arguments from key to key.
        step: usize,
    },
    /// Only the command knows.
    Unknown,
}

/// Where a command's keys are among its arguments, and what happens to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySpec {
    /// What happens to them.
    pub flags: KeyFlags,
    /// Where they begin.
    pub begin: Begin,
    /// How they go on.
    pub find: Find,
}

impl KeySpec {
    /// The general form.
    pub const fn new(flags: &[KeyFlags], begin: Begin, find: Find) -> KeySpec {
        KeySpec { flags: KeyFlags::union(flags), begin, find }
    }
}

/// One key at an argument.
pub const fn key_at(index: usize, flags: &[KeyFlags]) -> KeySpec {
    KeySpec::new(flags, Begin::Index(index), Find::Range { last: 0, step: 1, limit: 0 })
}

/// Keys from an argument on.
pub const fn keys_from(index: usize, last: i32, step: usize, flags: &[KeyFlags]) -> KeySpec {
    KeySpec::new(flags, Begin::Index(index), Find::Range { last, step, limit: 0 })
}

/// As many keys as an argument says.
pub const fn keys_counted(
    index: usize,
    at: usize,
    first: usize,
    step: usize,
    flags: &[KeyFlags],
) -> KeySpec {
    KeySpec::new(flags, Begin::Index(index), Find::Count { at, first, step })
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArgKind {
    /// Any string.
    Text,
    /// A 64-bit integer.
    Integer,
    /// A floating point number.
    Double,
    /// A glob.
    Pattern,
    /// A unix time.
    Time,
    /// A word, by itself.
    Token,
    /// A key, with the number of its [`KeySpec`].
    Key(usize),
    /// One of several.
    OneOf(&'static [Arg]),
    /// Several, one after the other.
    Block(&'static [Arg]),
}

/// One argument of a command, as `COMMAND DOCS` describes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: ArgKind,
    /// The word that goes before it.
    pub token: Option<&'static str>,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it may come several times.
    pub many: bool,
    /// Whether the word is repeated with it.
    pub token_each: bool,
}

impl Arg {
    const fn new(name: &'static str, kind: ArgKind) -> Arg {
        Arg { name, kind, token: None, optional: false, many: false, token_each: false }
    }

    /// Puts a word before it.
    pub const fn after(mut self, token: &'static str) -> Arg {
        self.token = Some(token);
        self
    }

    /// Lets it be left out.
    pub const fn optional(mut self) -> Arg {
        self.optional = true;
        self
    }

    /// Lets it come several times.
    pub const fn many(mut self) -> Arg {
        self.many = true;
        self
    }

    /// Repeats the word each time.
    pub const fn token_each(mut self) -> Arg {
        self.token_each = true;
        self
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $kind:ident,)*) => {
        $($(#[$doc])* pub const fn $name(name: &'static str) -> Arg {
            Arg::new(name, ArgKind::$kind)
        })*
    };
}

kinds! {
    /// A string argument.
    text Text,
    /// An integer argument.
    integer Integer,
    /// A floating point argument.
    double Double,
    /// A glob argument.
    pattern Pattern,
    /// A unix time argument.
    time Time,
}

/// A word that stands by itself.
pub const fn token(name: &'static str, word: &'static str) -> Arg {
    Arg::new(name, ArgKind::Token).after(word)
}

/// A key, found by the key spec of that number.
pub const fn key(name: &'static str, spec: usize) -> Arg {
    Arg::new(name, ArgKind::Key(spec))
}

/// One of several arguments.
pub const fn one_of(name: &'static str, args: &'static [Arg]) -> Arg {
    Arg::new(name, ArgKind::OneOf(args))
}

/// Several arguments that belong together.
pub const fn block(name: &'static str, args: &'static [Arg]) -> Arg {
    Arg::new(name, ArgKind::Block(args))
}

/// A command, or a subcommand of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spec {
    /// Its name in lower case; a subcommand's own.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// The version of Redis (or Valkey) that brought it.
    pub since: &'static str,
    /// Number of arguments with the name; at least as many if negative.
    pub arity: i32,
    /// Its properties.
    pub flags: Flags,
    /// Access categories beside those that follow from the flags.
    pub extra_categories: &'static [&'static str],
    /// Hints for clients and proxies.
    pub tips: &'static [&'static str],
    /// Where its keys are.
    pub keys: &'static [KeySpec],
    /// Its cost.
    pub complexity: &'static str,
    /// The version that deprecated it.
    pub deprecated_since: Option<&'static str>,
    /// Its arguments.
    pub args: &'static [Arg],
    /// Its subcommands.
    pub subcommands: &'static [Spec],
}

impl Spec {
    /// A command without properties.
    pub const fn new(name: &'static str, group: Group, since: &'static str, arity: i32) -> Spec {
        Spec {
            name,
            group,
            since,
            arity,
            flags: Flags(0),
            extra_categories: &[],
            tips: &[],
            keys: &[],
            complexity: "",
            deprecated_since: None,
            args: &[],
            subcommands: &[],
        }
    }

    /// Sets its properties.
    pub const fn flags(mut self, flags: &[Flags]) -> Spec {
        self.flags = Flags::union(flags);
        self
    }

    /// Sets categories that do not follow from its properties.
    pub const fn categories(mut self, categories: &'static [&'static str]) -> Spec {
        self.extra_categories = categories;
        self
    }

    /// Sets hints.
    pub const fn tips(mut self, tips: &'static [&'static str]) -> Spec {
        self.tips = tips;
        self
    }

    /// Sets where its keys are.
    pub const fn keys(mut self, keys: &'static [KeySpec]) -> Spec {
        self.keys = keys;
        self
    }

    /// Sets its cost.
    pub const fn complexity(mut self, complexity: &'static str) -> Spec {
        self.complexity = complexity;
        self
    }

    /// Marks it deprecated.
    pub const fn deprecated(mut self, since: &'static str) -> Spec {
        self.deprecated_since = Some(since);
        self
    }

    /// Sets its arguments.
    pub const fn args(mut self, args: &'static [Arg]) -> Spec {
        self.args = args;
        self
    }

    /// Sets its subcommands.
    pub const fn subcommands(mut self, subcommands: &'static [Spec]) -> Spec {
        self.subcommands = subcommands;
        self
    }

    /// Whether it changes data.
    pub fn is_write(&self) -> bool {
        self.flags.contains(WRITE)
    }

    /// Whether a number of arguments, the name included, suits it.
    pub fn takes(&self, count: usize) -> bool {
        let wanted = self.arity.unsigned_abs() as usize;
        if self.arity < 0 { count >= wanted } else { count == wanted }
    }

    /// The subcommand that the arguments name, or the command itself.
    pub fn resolve(&self, args: &[&[u8]]) -> Option<&Spec> {
        if self.subcommands.is_empty() {
            return Some(self);
        }
        match args.get(1) {
            Some(word) => {
                self.subcommands.iter().find(|spec| spec.name.as_bytes().eq_ignore_ascii_case(word))
            }
            // A container that can also be called alone, such as COMMAND.
            None => self.takes(args.len()).then_some(self),
        }
    }

    /// All access categories, those that follow from the flags first.
    pub fn categories_all(&self) -> impl Iterator<Item = &'static str> {
        let implied = [
            (self.flags.contains(WRITE), "write"),
            (self.flags.contains(READONLY), "read"),
            (self.flags.contains(ADMIN), "admin"),
            (self.flags.contains(ADMIN), "dangerous"),
            (self.flags.contains(PUBSUB), "pubsub"),
            (self.flags.contains(BLOCKING), "blocking"),
            (self.flags.contains(FAST), "fast"),
            (!self.flags.contains(FAST), "slow"),
        ];
        let implied = implied.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| name);
        implied.chain(self.extra_categories.iter().copied())
    }
}
