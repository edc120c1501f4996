//! What the system tells of the threads of this process.

use std::fs;
use std::path::{Path, PathBuf};

/// A line for each thread: name, state, time that it has run, and what it waits for in the kernel. Empty where the system does not
/// tell.
pub fn threads() -> String {
    threads_of(Path::new("/proc/self/task"))
}

fn threads_of(tasks: &Path) -> String {
    let mut text = String::new();
    let Ok(tasks) = fs::read_dir(tasks) else { return text };
    let mut tasks: Vec<PathBuf> = tasks.flatten().map(|task| task.path()).collect();
    tasks.sort();
    for task in tasks {
        let read = |name| fs::read_to_string(task.join(name)).unwrap_or_default();
        // Behind the name, which may hold anything.
        let stat = read("stat");
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('?');
        let ran_ns = read("schedstat").split(' ').next().and_then(|ns| ns.parse::<u64>().ok());
        let (name, waits_for) = (read("comm"), read("wchan"));
        let waits_for = if waits_for == "0" { "" } else { &waits_for };
        let ran = ran_ns.unwrap_or(0) as f64 / 1e9;
        text += &format!("{:<16}{state} {ran:>12.6} s  {waits_for}\n", name.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_there_is() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(threads_of(&dir.path().join("none")), "");
        let write = |task: &str, name: &str, text: &str| {
            fs::create_dir_all(dir.path().join(task)).unwrap();
            fs::write(dir.path().join(task).join(name), text).unwrap();
        };
        write("11", "comm", "a) Z b\n");
        write("11", "stat", "11 (a) Z b) S 1 11 11 0\n");
        write("11", "schedstat", "1234567890 5 6\n");
        write("11", "wchan", "hrtimer_nanosleep");
        write("12", "comm", "free\n");
        write("12", "wchan", "0");
        let lines = "a) Z b          S     1.234568 s  hrtimer_nanosleep\nfree            ?     0.000000 s  \n";
        assert_eq!(threads_of(dir.path()), lines);
    }
}
