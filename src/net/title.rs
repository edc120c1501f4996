//! What the list of processes shows of this one.

use std::fs;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// Shows a text instead of the arguments that the process was started with, as far as these leave room for it.
///
/// The list shows a stretch of the process's memory, which nothing in the process reads any more once its arguments are known.
///
/// # Errors
/// The system does not tell where the arguments are, or does not let them be written.
pub(super) fn show(title: &[u8]) -> io::Result<()> {
    let arguments =
        arguments(&fs::read_to_string("/proc/self/stat")?).ok_or(io::ErrorKind::InvalidData)?;
    let room = usize::try_from(arguments.end - arguments.start).unwrap_or(0);
    let mut text = title.get(..room.saturating_sub(1)).unwrap_or(title).to_vec();
    text.resize(room, 0);
    let memory = fs::OpenOptions::new().write(true).open("/proc/self/mem")?;
    memory.write_all_at(&text, arguments.start)
}

/// Where the arguments are in memory, of what `/proc/self/stat` says; see proc_pid_stat(5).
fn arguments(stat: &str) -> Option<Range<u64>> {
    // The name of the program may hold anything, and is the second field.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split_ascii_whitespace().skip(48 - 3);
    let mut address = || fields.next()?.parse().ok();
    let (start, end) = (address()?, address()?);
    (start != 0 && start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_found_whatever_the_program_is_called() {
        let fields: Vec<String> = (4..=52).map(|n| (n * 10).to_string()).collect();
        let stat = |fields: &str| format!("7 (a) b (c) S {fields}\n");
        assert_eq!(arguments(&stat(&fields.join(" "))), Some(480..490));
        assert_eq!(arguments(&stat(&fields[..45].join(" "))), None);
        // What a process may not know is told as zero.
        assert_eq!(arguments(&stat(&fields.join(" ").replace("480 490", "0 0"))), None);
        assert_eq!(arguments("7"), None);
    }
}
