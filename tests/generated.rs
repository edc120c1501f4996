//! Holds the man pages and shell completions current: a stale file is rewritten, and the test fails once.

use clap_complete::Shell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every generated file: its path in the repository and its content.
fn outputs() -> BTreeMap<PathBuf, Vec<u8>> {
    let mut outputs = BTreeMap::new();
    for (shell, name) in [
        (Shell::Bash, "rkv.bash"),
        (Shell::Zsh, "_rkv"),
        (Shell::Fish, "rkv.fish"),
        (Shell::PowerShell, "_rkv.ps1"),
        (Shell::Elvish, "rkv.elv"),
    ] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut rkv::cli::command(), "rkv", &mut script);
        outputs.insert(Path::new("completions").join(name), script);
    }
    let mut command = rkv::cli::command();
    command.build();
    man_pages(&command, "rkv", &mut outputs);
    outputs
}

/// Writes the page of a command and of each command below it.
fn man_pages(command: &clap::Command, name: &str, outputs: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let source = format!("rkv {}", env!("CARGO_PKG_VERSION"));
    let man = clap_mangen::Man::new(command.clone().display_name(name.to_owned()))
        .title(name.to_uppercase())
        .date("")
        .source(source)
        .manual("User commands");
    let mut page = Vec::new();
    man.render(&mut page).unwrap();
    // An empty date must be quoted, or the next field takes its place.
    let page = String::from_utf8(page).unwrap().replacen(" 1  \"", " 1 \"\" \"", 1);
    outputs.insert(Path::new("man").join(format!("{name}.1")), page.into_bytes());
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    for below in below.filter(|below| !below.is_hide_set()) {
        man_pages(below, &format!("{name}-{}", below.get_name()), outputs);
    }
}

/// The files in the folders of generated files.
fn present(root: &Path) -> Vec<PathBuf> {
    ["completions", "man"]
        .iter()
        .filter_map(|dir| std::fs::read_dir(root.join(dir)).ok())
        .flatten()
        .map(|entry| entry.unwrap().path().strip_prefix(root).unwrap().to_owned())
        .collect()
}

#[test]
fn generated_files_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let outputs = outputs();
    let mut stale = Vec::new();
    for (path, content) in &outputs {
        let target = root.join(path);
        if std::fs::read(&target).ok().as_ref() != Some(content) {
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::write(&target, content).unwrap();
            stale.push(path.clone());
        }
    }
    for path in present(root) {
        if !outputs.contains_key(&path) {
            std::fs::remove_file(root.join(&path)).unwrap();
            stale.push(path);
        }
    }
    assert!(stale.is_empty(), "stale files are rewritten; run again and commit: {stale:?}");
}

#[test]
fn each_page_names_its_command_and_exit_status() {
    for (path, page) in outputs().iter().filter(|(path, _)| path.starts_with("man")) {
        let page = String::from_utf8_lossy(page);
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(page.contains(&name.replace('-', "\\-")), "{name} is not named in its page");
        assert!(page.contains(" 1 \"\" \"rkv "), "the title of {name} has no place for a date");
        let is_verb = name.matches('-').count() == 2;
        assert!(!is_verb || page.contains("Exit status"), "{name} does not tell its exit status");
    }
}
