//! The rules of `aof verify`: every one has a stable id, a severity, and words on why it matters.

use crate::report::{self, Severity};

/// A thing that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The rule in code.
    pub id: Id,
    /// The stable name.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence: what a finding of this rule means.
    pub summary: &'static str,
    /// Why it matters and what to do.
    pub help: &'static str,
}

impl Rule {
    /// The rule as reports list it.
    pub fn to_report(&self) -> report::Rule {
        report::Rule { id: self.name, summary: self.summary, help: self.help }
    }
}

/// Makes the enum and the table from one list, so that they cannot differ.
macro_rules! rules {
    ($($id:ident $severity:ident $name:literal $summary:literal $help:literal)*) => {
        /// Which rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum Id { $($id),* }

        /// All rules, in the order of [`Id`].
        pub static RULES: &[Rule] = &[$(Rule {
            id: Id::$id,
            name: $name,
            severity: Severity::$severity,
            summary: $summary,
            help: $help,
        }),*];
    };
}

rules! {
Manifest Error "aof/manifest"
    "The manifest is not what servers read."
    "Servers refuse to start."
MissingFile Error "aof/missing-file"
    "A file that the manifest lists cannot be opened."
    "Servers refuse to start. Bring the file back, or take its line out if its data are not needed."
EmptySet Warning "aof/empty-set"
    "The manifest lists no file to load."
    "Servers start with an empty data set."
ReplicationOffsets Warning "aof/replication-offsets"
    "The replication offsets in the manifest fall."
    "A server that starts with it asks its primary for the wrong part of the stream."
UnknownPair Note "aof/unknown-pair"
    "A line of the manifest holds a pair that is not known."
    "Servers ignore it; a newer one may have written it."
HistoryFile Note "aof/history-file"
    "The manifest lists a file that waits for its removal."
    "It is not loaded; servers remove it when they start."
ExtraFile Note "aof/extra-file"
    "The folder holds a file that the manifest does not list."
    "It is not loaded. A rewrite or a copy may have left it behind."
BaseName Note "aof/base-name"
    "The name of the base file does not fit what is in it."
    "Servers go by the content; people may be misled."
TornTail Warning "aof/torn-tail"
    "The last file ends inside a command or transaction."
    "A crash while it was written does that. Servers cut it off with aof-load-truncated yes, and refuse to start without."
TornNote Warning "aof/torn-annotation"
    "A file ends inside an annotation."
    "Servers load it, but commands that are appended become part of the annotation."
BeingWritten Note "aof/being-written"
    "The last file ends inside a command and has grown while it was read."
    "A server is writing to it; nothing is wrong."
Truncated Error "aof/truncated"
    "A file that is not the last ends inside a command or transaction."
    "Servers refuse to start. What is missing was lost before the next file was begun."
Damage Error "aof/damage"
    "Bytes are no command."
    "Servers refuse to start. `rkv aof repair` keeps what is sound in front, and with --skip-damage behind it, too."
NestedMulti Error "aof/nested-multi"
    "MULTI stands inside a transaction."
    "The end of the transaction in front of it is lost."
LoneExec Error "aof/exec-without-multi"
    "EXEC stands outside of any transaction."
    "The start of its transaction is lost, so that its commands may be half of it."
BadSelect Error "aof/select"
    "SELECT does not name a database."
    "Servers ignore it, and what follows goes to the wrong database."
DbNumber Note "aof/db-number"
    "A command runs in a database beyond the default number of 16."
    "Servers with the default setting ignore its SELECT and write to the wrong database."
UnknownCommand Error "aof/unknown-command"
    "No server knows a command of this name."
    "Servers refuse to start, unless a module brings it."
Arity Error "aof/arity"
    "A command has the wrong number of arguments."
    "Servers fail to run it, or crash."
NoWrite Warning "aof/no-write"
    "A command changes nothing."
    "Servers log only what changes data; the file may have been edited."
TimeBackwards Note "aof/time-backwards"
    "A timestamp is earlier than the one in front of it."
    "The clock was set back; cutting by time takes the first timestamp that is too late."
}

impl Id {
    /// The rule.
    pub fn rule(self) -> &'static Rule {
        // A test holds that the table has a row for each id.
        static NONE: Rule = Rule {
            id: Id::Damage,
            name: "aof/damage",
            severity: Severity::Error,
            summary: "",
            help: "",
        };
        RULES.get(self as usize).unwrap_or(&NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_table_is_sound() {
        let mut names = HashSet::new();
        for (i, rule) in RULES.iter().enumerate() {
            assert_eq!(rule.id as usize, i);
            assert_eq!(rule.id.rule(), rule);
            assert!(names.insert(rule.name), "{} stands twice", rule.name);
            let tail = rule.name.strip_prefix("aof/").unwrap();
            assert!(tail.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            assert!(rule.summary.ends_with('.') && !rule.help.is_empty());
        }
    }
}
