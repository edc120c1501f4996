//! Values that are one of some words, or several of them.

use super::rule::{Bytes, Origin, Refusal, Rule, Setting, text};

/// Words of later servers, which errors do not list, so that they stay those of Redis 7.0.
const UNLISTED: &[&str] =
    &["nothing", "volatile-lrm", "allkeys-lrm", "flushdb", "flush-before-load", "safe", "failover"];

fn refusal(words: impl Iterator<Item = &'static str>) -> Refusal {
    let words: Vec<_> = words.filter(|word| !UNLISTED.contains(word)).collect();
    format!("argument(s) must be one of the following: {}", words.join(", ")).into()
}

/// Makes an enum of words. The first word of a value is the one that is shown.
macro_rules! words {
    ($($(#[$doc:meta])* $type:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal $(| $other:literal)*,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the words say it")]
        pub enum $type {
            $($(#[$value_doc])* $value,)*
        }

        impl $type {
            const WORDS: &[(&'static str, $type)] =
                &[$(($word, $type::$value), $(($other, $type::$value),)*)*];

            /// The word of a configuration file.
            pub fn word(self) -> &'static str {
                match self {
                    $($type::$value => $word,)*
                }
            }
        }

        impl Setting for $type {
            fn set(&mut self, _: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
                let [word] = words else { return Err(refusal(Self::WORDS.iter().map(|(word, _)| *word))) };
                let found = Self::WORDS.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(word));
                *self = found.ok_or_else(|| refusal(Self::WORDS.iter().map(|(word, _)| *word)))?.1;
                Ok(())
            }

            fn text(&self, _: &Rule) -> Bytes {
                text(self.word())
            }
        }
    )*};
}

words! {
    /// What starts and watches the server.
    Supervised { Upstart = "upstart", Systemd = "systemd", Auto = "auto", No = "no", }

    /// The facility of system log messages.
    SyslogFacility {
        User = "user", Local0 = "local0", Local1 = "local1", Local2 = "local2", Local3 = "local3",
        Local4 = "local4", Local5 = "local5", Local6 = "local6", Local7 = "local7",
    }

    /// Whether a replica loads a primary's data without writing it to disk first.
    DisklessLoad {
        Disabled = "disabled", OnEmptyDb = "on-empty-db", SwapDb = "swapdb",
        Always = "flushdb" | "flush-before-load",
    }

    /// The least important messages that are logged.
    LogLevel {
        Debug = "debug", Verbose = "verbose", Notice = "notice", Warning = "warning", Nothing = "nothing",
    }

    /// Which keys leave when memory is used up.
    MaxmemoryPolicy {
        VolatileLru = "volatile-lru", VolatileLfu = "volatile-lfu", VolatileRandom = "volatile-random",
        VolatileTtl = "volatile-ttl", AllkeysLru = "allkeys-lru", AllkeysLfu = "allkeys-lfu",
        AllkeysRandom = "allkeys-random", NoEviction = "noeviction",
        /// Least recently modified, since Redis 8.6.
        VolatileLrm = "volatile-lrm",
        /// Least recently modified, since Redis 8.6.
        AllkeysLrm = "allkeys-lrm",
    }

    /// When the append-only file is brought to disk.
    AppendFsync { EverySec = "everysec", Always = "always", No = "no", }

    /// Whether the kernel is told what to end first.
    OomScoreAdj { No = "no", Relative = "yes" | "relative", Absolute = "absolute", }

    /// The channels of a new user.
    AclPubsubDefault { AllChannels = "allchannels", ResetChannels = "resetchannels", }

    /// Whether payloads are looked through before they are taken.
    SanitizePayload { No = "no", Yes = "yes", Clients = "clients", }

    /// Who may do what is protected.
    ProtectedAction { No = "no", Yes = "yes", Local = "local", }

    /// What names a node to clients.
    EndpointType { Ip = "ip", Hostname = "hostname", Unknown = "unknown-endpoint", }

    /// What an error of a replicated command does.
    PropagationError { Ignore = "ignore", Panic = "panic", PanicOnReplicas = "panic-on-replicas", }

    /// Whether clients must show a certificate.
    TlsAuthClients { No = "no", Yes = "yes", Optional = "optional", }

    /// What of a certificate names the user.
    TlsAuthUser { CommonName = "CN", Uri = "URI", Off = "off", }

    /// Whether nodes.conf must be on disk.
    ClusterSave { Sync = "sync", BestEffort = "best-effort", }

    /// The form of log lines.
    LogFormat { Legacy = "legacy", Logfmt = "logfmt", Json = "json", }

    /// The form of times in log lines.
    LogTimestamp { Legacy = "legacy", Iso8601 = "iso8601", Milliseconds = "milliseconds", }

    /// Whether a file of a later version is loaded.
    RdbVersionCheck { Strict = "strict", Relaxed = "relaxed", }

    /// What a damaged append-only file does to the start.
    OnCorruption {
        /// Ends it, as in Redis.
        Refuse = "refuse",
        /// Loads what is sound; the damaged files are kept.
        Repair = "repair",
        /// Loads the RDB file instead; the damaged files are kept.
        FallbackToRdb = "fallback-to-rdb",
    }
}

impl ProtectedAction {
    /// Whether a client may; local ones connect from this machine.
    pub fn allows(self, client_is_local: bool) -> bool {
        match self {
            ProtectedAction::No => false,
            ProtectedAction::Yes => true,
            ProtectedAction::Local => client_is_local,
        }
    }
}

/// Makes a set of words.
macro_rules! word_sets {
    ($($(#[$doc:meta])* $type:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal $bits:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $type(u8);

        #[allow(missing_docs, reason = "the words say it")]
        impl $type {
            $($(#[$value_doc])* pub const $value: $type = $type($bits);)*
            const WORDS: &[(&'static str, u8)] = &[$(($word, $bits)),*];

            /// Whether all of the other's words are among these.
            pub fn contains(self, other: $type) -> bool {
                self.0 & other.0 == other.0
            }
        }

        impl Setting for $type {
            fn set(&mut self, _: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
                let bits = bits(Self::WORDS, words)?;
                self.take($type(bits))
            }

            fn text(&self, _: &Rule) -> Bytes {
                names(Self::WORDS, self.0)
            }
        }
    )*};
}

fn bits(known: &[(&'static str, u8)], words: &[&[u8]]) -> Result<u8, Refusal> {
    let bit = |word: &&[u8]| {
        known
            .iter()
            .find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word))
            .map(|(_, bit)| bit)
    };
    let bits = words.iter().try_fold(0, |bits, word| Some(bits | bit(word)?));
    bits.filter(|_| !words.is_empty()).ok_or_else(|| refusal(known.iter().map(|(name, _)| *name)))
}

fn names(known: &[(&'static str, u8)], bits: u8) -> Bytes {
    if let Some((name, _)) = known.iter().find(|(_, own)| *own == bits) {
        return text(name);
    }
    let mut rest = bits;
    let mut names = Vec::new();
    for (name, own) in known {
        if *own != 0 && rest & own == *own {
            names.push(*name);
            rest &= !own;
        }
    }
    text(&names.join(" "))
}

word_sets! {
    /// What a signal that ends the server makes it do.
    ShutdownOn {
        DEFAULT = "default" 0,
        SAVE = "save" 1,
        NOSAVE = "nosave" 2,
        NOW = "now" 4,
        FORCE = "force" 8,
        SAFE = "safe" 16,
        FAILOVER = "failover" 32,
    }

    /// What is counted for each slot.
    SlotStats {
        NO = "no" 0,
        YES = "yes" 7,
        CPU = "cpu" 1,
        NET = "net" 2,
        MEM = "mem" 4,
    }
}

impl ShutdownOn {
    fn take(&mut self, new: ShutdownOn) -> Result<(), Refusal> {
        if new.contains(ShutdownOn::SAVE) && new.contains(ShutdownOn::NOSAVE) {
            return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".into());
        }
        *self = new;
        Ok(())
    }
}

impl SlotStats {
    fn take(&mut self, new: SlotStats) -> Result<(), Refusal> {
        *self = new;
        Ok(())
    }
}
