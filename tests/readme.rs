//! Runs the examples of the README and compares what they print.

use std::path::Path;
use std::process::Command;

/// The examples: each command that starts with `rkv`, and the lines it is said to print.
fn examples(readme: &str) -> Vec<(String, String)> {
    let mut examples: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            examples.push((command.to_owned(), String::new()));
        } else if let (true, Some((_, output))) = (inside, examples.last_mut()) {
            output.push_str(line);
            output.push('\n');
        }
    }
    examples.retain(|(command, _)| command.starts_with("rkv "));
    examples
}

#[test]
fn the_examples_print_what_the_readme_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_rkv")).parent().unwrap();
    let examples = examples(&readme);
    assert!(examples.len() >= 5, "found {} examples only", examples.len());
    for (command, expected) in examples {
        let path = format!("{}:/usr/bin:/bin", program.display());
        let output = Command::new("sh")
            .args(["-c", &format!("{{ {command}; }} 2>&1")])
            .current_dir(root)
            .env_clear()
            .env("PATH", path)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{command}");
    }
}
