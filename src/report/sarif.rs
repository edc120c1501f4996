//! Findings as SARIF 2.1.0, the format that code hosts and editors read.

use std::io::{self, Write};

use serde::Serialize;

use super::binary::Binary;
use super::escape;
use super::finding::{Finding, Rule};
use super::json::write_value;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes one run with its rules and results. `version` is the version of rkv that found them; a finding
/// whose rule is not among `rules` has no rule index.
pub fn write(
    rules: &[Rule],
    findings: &[Finding],
    version: &str,
    pretty: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let driver = Driver { name: "rkv", version, rules: rules.iter().map(describe).collect() };
    let results = findings.iter().map(|finding| result(rules, finding)).collect();
    let run = Run { tool: Tool { driver }, results };
    write_value(&Log { schema: SCHEMA, version: "2.1.0", runs: [run] }, pretty, out)
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
struct Run<'a> {
    tool: Tool<'a>,
    results: Vec<ResultItem<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
struct Driver<'a> {
    name: &'static str,
    version: &'a str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Message<'static>,
    help: Message<'static>,
}

#[derive(Serialize)]
struct Message<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultItem<'a> {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message<'a>,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Properties::is_empty")]
    properties: Properties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_locations: Option<[LogicalLocation; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    byte_offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    byte_length: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

/// What SARIF has no place for: the key without loss, its database, and what to do.
#[derive(Serialize)]
struct Properties<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    db: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Binary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl Properties<'_> {
    fn is_empty(&self) -> bool {
        self.db.is_none() && self.key.is_none() && self.hint.is_none()
    }
}

fn describe(rule: &Rule) -> Descriptor {
    Descriptor {
        id: rule.id,
        short_description: Message { text: rule.summary },
        help: Message { text: rule.help },
    }
}

fn result<'a>(rules: &[Rule], finding: &'a Finding) -> ResultItem<'a> {
    ResultItem {
        rule_id: finding.rule_id,
        rule_index: rules.iter().position(|rule| rule.id == finding.rule_id),
        level: finding.level.name(),
        message: Message { text: &finding.message },
        locations: [location(finding)],
        properties: Properties {
            db: finding.db,
            key: finding.key.as_deref().map(Binary),
            hint: finding.hint.as_deref(),
        },
    }
}

fn location(finding: &Finding) -> Location {
    let byte_length = finding.byte_length;
    let region = finding.byte_offset.map(|byte_offset| Region { byte_offset, byte_length });
    let logical = finding.key.as_deref().map(|key| {
        let fully_qualified_name = escape::printable(key);
        [LogicalLocation { fully_qualified_name }]
    });
    Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(&finding.file) },
            region,
        },
        logical_locations: logical,
    }
}

/// A path as a URI reference: absolute ones become `file:` URIs, URLs keep their punctuation.
fn uri(path: &str) -> String {
    if is_url(path) {
        return percent_encode(path, b"/:@?#[]!$&'()*+,;=%");
    }
    let path =
        if is_drive(path) { format!("/{}", path.replace('\\', "/")) } else { path.to_owned() };
    match path.starts_with('/') {
        true => format!("file://{}", percent_encode(&path, b"/")),
        false => percent_encode(&path, b"/"),
    }
}

/// Whether it begins with a scheme and an authority, as `redis://host` does.
fn is_url(path: &str) -> bool {
    let Some((scheme, _)) = path.split_once("://") else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// Whether it begins with a drive, as `C:\` does.
fn is_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic())
}

/// Keeps unreserved characters and those in `keep`; everything else becomes `%XX`.
fn percent_encode(text: &str, keep: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::super::sample;
    use super::*;

    #[test]
    fn a_log_has_rules_and_results() {
        let rules = [
            Rule { id: "rdb/size", summary: "The file is empty.", help: "Restore it." },
            Rule { id: "rdb/length", summary: "A length is wrong.", help: "Repair it." },
        ];
        let findings = [
            Finding {
                byte_offset: Some(6703),
                byte_length: Some(3),
                db: Some(2),
                key: Some(b"k\xff".to_vec()),
                ..Finding::new(
                    "rdb/length",
                    Severity::Error,
                    "my dump.rdb",
                    "length 7 runs past the blob",
                )
            },
            Finding::new("rdb/other", Severity::Note, "/data/a.rdb", "odd"),
        ];
        let text = sample::render(|out| write(&rules, &findings, "0.1.0", false, out));
        let expected = concat!(
            r#"{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"#,
            r#""tool":{"driver":{"name":"rkv","version":"0.1.0","rules":["#,
            r#"{"id":"rdb/size","shortDescription":{"text":"The file is empty."},"help":{"text":"Restore it."}},"#,
            r#"{"id":"rdb/length","shortDescription":{"text":"A length is wrong."},"help":{"text":"Repair it."}}]}},"#,
            r#""results":[{"ruleId":"rdb/length","ruleIndex":1,"level":"error","#,
            r#""message":{"text":"length 7 runs past the blob"},"locations":[{"physicalLocation":{"#,
            r#""artifactLocation":{"uri":"my%20dump.rdb"},"region":{"byteOffset":6703,"byteLength":3}},"#,
            r#""logicalLocations":[{"fullyQualifiedName":"k\\xff"}]}],"#,
            r#""properties":{"db":2,"key":{"base64":"a/8="}}},"#,
            r#"{"ruleId":"rdb/other","level":"note","message":{"text":"odd"},"locations":[{"physicalLocation":{"#,
            r#""artifactLocation":{"uri":"file:///data/a.rdb"}}}]}]}]}"#,
            "\n"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("a:b/c%.rdb"), "a%3Ab/c%25.rdb");
        assert_eq!(uri("C:\\dumps\\ä.rdb"), "file:///C%3A/dumps/%C3%A4.rdb");
        assert_eq!(uri("s3://bucket/a b?x=1"), "s3://bucket/a%20b?x=1");
        assert_eq!(uri("-"), "-");
    }
}
