//! Holds what the compiler does not: the order of layers, who may print, and what parsers must not do.
//!
//! The checks read the sources as text, without comments, literals and test code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The layers, lowest first. A module uses strictly lower ones only.
const LAYERS: &[&[&str]] = &[
    &["base"],
    &["resp", "packed", "report"],
    &["rdb"],
    &["feed"],
    &["value", "aof"],
    &["keyspace", "repl", "cluster", "sentinel"],
    &["command"],
    &["acl"],
    &["engine"],
    &["net", "sim"],
    &["tool"],
    &["cli"],
];

/// Files that may hold `unsafe`, each with the reason in its comments.
const UNSAFE_FILES: &[&str] = &["base/memory.rs", "base/prefetch.rs", "feed/map.rs"];

/// Folders that read bytes nobody vouches for.
const PARSERS: &[&str] = &["aof/", "base/", "engine/config/", "packed/", "rdb/", "repl/"];

/// What makes a parser panic.
const PANICS: &[&str] = &[
    ".unwrap()",
    ".expect(",
    ".unwrap_err(",
    "panic!",
    "unreachable!",
    "todo!",
    "unimplemented!",
    "assert!",
    "assert_eq!",
];

/// Panics in parsers that no input reaches: the file and what its line holds.
const EXCUSED_PANICS: &[(&str, &str)] = &[
    ("rdb/walk.rs", "unreachable!"), // the error of a visitor that is never told of damage
];

/// Indexing in parsers that no input reaches: the file and what is indexed.
const EXCUSED_INDEXING: &[(&str, &str)] = &[
    ("base/crc.rs", "table["),        // built at compile time
    ("base/json.rs", "table["),       // built at compile time
    ("base/slot.rs", "table["),       // built at compile time
    ("rdb/hop.rs", "VALUE_TYPES["),   // built at compile time
    ("rdb/hop.rs", "sizes["),         // built at compile time
    ("rdb/parser.rs", "told["),       // built at compile time
    ("rdb/types.rs", "table["),       // built at compile time
    ("rdb/types.rs", "VALUE_TYPES["), // built at compile time
    ("rdb/types.rs", "LOOKUP["),      // constant index into a constant
    ("rdb/dialect.rs", "digits[..]"), // the whole of an array
];

/// What only the command line does.
const PRINTING: &[&str] = &[
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "dbg!",
    "process::exit",
    "stdout()",
    "stderr()",
    "Stdout",
    "Stderr",
];

/// A source file: its path below `src`, and its text without comments, literals and test code.
struct Source {
    path: String,
    original: String,
    code: String,
}

impl Source {
    /// The module path of the file: `rdb/parser.rs` is `[rdb, parser]`.
    fn module(&self) -> Vec<&str> {
        let path = self.path.trim_end_matches(".rs");
        let path = path.strip_suffix("/mod").unwrap_or(path);
        if path == "lib" { Vec::new() } else { path.split('/').collect() }
    }

    /// Names each line of code with one of these words as `path:line: word`.
    fn lines_with(&self, words: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for (i, line) in self.code.lines().enumerate() {
            for word in words.iter().filter(|word| has_word(line, word)) {
                found.push(format!("src/{}:{}: {word}", self.path, i + 1));
            }
        }
        found
    }
}

/// Whether a line holds a word that is not the tail of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        word.starts_with('.') || !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// All files of `src` that are not test code as a whole.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    let mut sources: Vec<_> = paths
        .iter()
        .map(|path| {
            let original = std::fs::read_to_string(path).unwrap();
            let relative = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            Source { path: relative, code: blank(&original), original }
        })
        .collect();
    let tests: BTreeSet<String> = sources.iter().flat_map(test_files).collect();
    // What lies in the folder of a file of tests are tests as well.
    let folders: Vec<String> =
        tests.iter().map(|path| format!("{}/", path.trim_end_matches(".rs"))).collect();
    let is_below = |source: &Source| folders.iter().any(|folder| source.path.starts_with(folder));
    sources.retain(|source| !tests.contains(&source.path) && !is_below(source));
    for source in &mut sources {
        source.code = without_tests(&source.code);
    }
    assert!(sources.len() > 40, "found {} sources only", sources.len());
    sources
}

fn collect(dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    paths.sort();
}

/// The files that a source declares as test modules.
fn test_files(source: &Source) -> Vec<String> {
    let dir = match source.path.rsplit_once('/') {
        Some((dir, "mod.rs")) => format!("{dir}/"),
        Some(_) => format!("{}/", source.path.trim_end_matches(".rs")),
        None => String::new(),
    };
    source
        .code
        .split("#[cfg(test)]")
        .skip(1)
        .filter_map(|item| {
            let head = item.split_once(';')?.0;
            let name = head.rsplit_once("mod ")?.1;
            (!head.contains('{')).then(|| format!("{dir}{name}.rs"))
        })
        .collect()
}

/// Replaces comments and the contents of literals by spaces; lines stay where they are.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let end = match (chars[i], chars.get(i + 1)) {
            ('/', Some('/')) => until(&chars, i, |rest| rest[0] == '\n'),
            ('/', Some('*')) => until(&chars, i + 2, |rest| rest.starts_with(&['*', '/'])) + 2,
            ('"', _) => string_end(&chars, i),
            ('r', Some('"' | '#')) if raw_hashes(&chars, i).is_some() => {
                let hashes = raw_hashes(&chars, i).unwrap();
                let close: Vec<char> = format!("\"{}", "#".repeat(hashes)).chars().collect();
                until(&chars, i + hashes + 2, |rest| rest.starts_with(&close)) + close.len()
            }
            ('\'', Some('\\')) => until(&chars, i + 3, |rest| rest[0] == '\'') + 1,
            ('\'', Some(_)) if chars.get(i + 2) == Some(&'\'') => i + 3,
            (c, _) => {
                out.push(c);
                i += 1;
                continue;
            }
        };
        let blanked = &chars[i..end.min(chars.len())];
        out.extend(blanked.iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
        i = end;
    }
    out
}

/// The first place from `at` whose rest satisfies a condition, or the end.
fn until(chars: &[char], at: usize, stop: impl Fn(&[char]) -> bool) -> usize {
    (at..chars.len()).find(|&i| stop(&chars[i..])).unwrap_or(chars.len())
}

fn string_end(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// The number of hashes of a raw string that starts here.
fn raw_hashes(chars: &[char], at: usize) -> Option<usize> {
    let is_name = |c: &char| c.is_alphanumeric() || *c == '_';
    let before = at.checked_sub(1).map(|i| chars[i]);
    if before.is_some_and(|c| is_name(&c) && c != 'b') {
        return None;
    }
    let hashes = chars[at + 1..].iter().take_while(|&&c| c == '#').count();
    (chars.get(at + 1 + hashes) == Some(&'"')).then_some(hashes)
}

/// Blanks each item behind `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let end = item_end(&out, start);
        let blanked: String =
            out[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(start..end, &blanked);
    }
    out
}

/// The end of an item: its semicolon, or the brace that closes its body.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0;
    for (i, c) in code[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return start + i + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return start + i + 1,
            _ => {}
        }
    }
    code.len()
}

/// The top-level modules that a source names, each with a line it stands in.
fn uses(source: &Source) -> BTreeMap<String, usize> {
    let mut uses = BTreeMap::new();
    let depth = source.module().len();
    let root = ["crate::".to_owned(), "super::".repeat(depth.max(1))];
    for (at, prefix) in root.iter().flat_map(|p| source.code.match_indices(p.as_str())) {
        let before = source.code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let line = source.code[..at].lines().count();
        for name in first_names(&source.code[at + prefix.len()..]) {
            uses.entry(name).or_insert(line);
        }
    }
    uses
}

/// The first segment of a path, or of each path in a group.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let mut names = vec![name(group)];
    let mut depth = 0;
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name(&group[i + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[track_caller]
fn none(found: &[String], what: &str) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn layers_use_lower_layers_only() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for source in &sources() {
        let Some(&module) = source.module().first() else { continue };
        if module == "main" {
            continue;
        }
        let Some(own) = layer(module) else {
            wrong.push(format!("src/{}: module {module} is in no layer", source.path));
            continue;
        };
        for (used, line) in uses(source) {
            seen += 1;
            // Names of the crate's root that are no module are macros and the like.
            let allowed = used == module || layer(&used).is_some_and(|layer| layer < own);
            if !allowed {
                wrong.push(format!("src/{}:{line}: {module} uses {used}", source.path));
            }
        }
    }
    assert!(seen > 50, "found {seen} uses only");
    none(&wrong, "uses that are not downwards");
}

#[test]
fn only_the_command_line_prints_and_exits() {
    let found: Vec<_> = sources()
        .iter()
        .filter(|source| !source.path.starts_with("cli/"))
        .flat_map(|source| source.lines_with(PRINTING))
        .collect();
    none(&found, "printing outside of src/cli");
}

/// Directives that only those of [`REFUSED`] give something to act on: the beginnings of their names.
const OF_REFUSED: &[&str] = &["cluster-", "tls-", "slot-migration-"];

/// Directives with which the server does not start, and those that hang from them by another name.
const REFUSED: &[&str] = &["cluster-enabled", "tls-port", "tls-replication", "aclfile"];

/// A directive that is read nowhere would be accepted, and silently do nothing; one that says that it has no effect is told of in
/// the log.
#[test]
fn each_directive_has_an_effect_or_says_that_it_has_none() {
    let sources = sources();
    let is_table = |source: &&Source| source.path == "engine/config/table.rs";
    let table = sources.iter().find(is_table).unwrap();
    let others: Vec<_> = sources.iter().filter(|source| !is_table(source)).collect();
    let is_read = |field: &str| {
        let read = format!(".{field}");
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        others.iter().any(|source| {
            source.code.match_indices(&read).any(|(at, _)| ends(&source.code[at + read.len()..]))
        })
    };
    let (mut seen, mut idle) = (0, Vec::new());
    for row in table.original.lines().filter(|row| row.starts_with("    \"")) {
        let Some((head, rest)) = row.split_once(" => ") else { continue };
        let name = head.split('"').nth(1).unwrap();
        let field = rest.split(':').next().unwrap();
        seen += 1;
        let is_excused = head.contains("NO_EFFECT")
            || OF_REFUSED.iter().any(|start| name.starts_with(start)) && !REFUSED.contains(&name);
        if !is_excused && !is_read(field) {
            idle.push(name.to_owned());
        }
    }
    assert!(seen > 200, "found {seen} directives only");
    none(&idle, "directives that nothing reads");
}

#[test]
fn unsafe_code_stays_in_named_files() {
    let found: Vec<_> = sources()
        .iter()
        .filter(|source| !UNSAFE_FILES.contains(&source.path.as_str()))
        .flat_map(|source| source.lines_with(&["allow(unsafe_code)", "expect(unsafe_code)"]))
        .collect();
    none(&found, "unsafe code in files that are not listed");
}

#[test]
fn each_unsafe_block_says_why_it_is_sound() {
    for path in UNSAFE_FILES {
        let sources = sources();
        let source = sources.iter().find(|source| source.path == *path).unwrap();
        let blocks =
            source.code.matches("unsafe {").count() + source.code.matches("unsafe impl").count();
        let reasons = source.original.matches("SAFETY:").count();
        assert!(blocks > 0, "{path} needs no place in the list");
        assert!(reasons >= blocks, "{path}: {blocks} unsafe blocks, {reasons} reasons");
    }
}

#[test]
fn each_file_says_what_it_is() {
    let found: Vec<_> = sources()
        .iter()
        .filter(|source| !source.original.starts_with("//! "))
        .map(|source| source.path.clone())
        .collect();
    none(&found, "files that do not start with a //! line");
}

#[test]
fn parsers_cannot_panic_by_name() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|s| PARSERS.iter().any(|dir| s.path.starts_with(dir))) {
        let excused = |line: &String| {
            EXCUSED_PANICS.iter().any(|(path, word)| *path == source.path && line.ends_with(word))
        };
        found.extend(source.lines_with(PANICS).into_iter().filter(|line| !excused(line)));
        found.extend(indexings(source));
    }
    none(&found, "panics in parsers");
}

/// The lines that index a slice: a bracket right behind a name, a bracket or a parenthesis.
fn indexings(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (i, line) in source.code.lines().enumerate() {
        let indexed = line.char_indices().any(|(at, c)| {
            let before = line[..at].chars().next_back();
            c == '['
                && before.is_some_and(|b| b.is_alphanumeric() || matches!(b, '_' | ')' | ']' | '?'))
        });
        let excused = EXCUSED_INDEXING
            .iter()
            .any(|(path, indexed)| *path == source.path && line.contains(indexed));
        if indexed && !excused {
            found.push(format!("src/{}:{}: {}", source.path, i + 1, line.trim()));
        }
    }
    found
}

#[test]
fn the_reader_of_sources_sees_what_it_should() {
    let text = concat!(
        "use crate::{base::num, rdb::{Entry, Kind}};\n",
        "// crate::cli\nlet s = \"crate::tool\"; let c = '\"'; let l: &'a [u8] = r#\"crate::net\"#;\n",
        "fn f() { super::super::feed::run(a[0]); other_crate::sim(); super::own(); }\n",
        "#[cfg(test)]\nmod tests { use crate::engine; fn g() { x.unwrap() } }\nfn h() { y.unwrap() }\n",
    );
    let source = Source {
        path: "rdb/parser.rs".into(),
        original: text.into(),
        code: without_tests(&blank(text)),
    };
    assert_eq!(uses(&source).into_keys().collect::<Vec<_>>(), ["base", "feed", "rdb"]);
    assert_eq!(source.lines_with(PANICS), ["src/rdb/parser.rs:7: .unwrap()"]);
    assert_eq!(indexings(&source).len(), 1);
    assert_eq!(first_names("base::crc;"), ["base"]);
}
