//! What the kernel tells of the process and the machine.

use crate::engine::{Host, IoFigures, Usage};
use std::fs;

/// Ticks of the kernel's clock in a second, which is the same on all machines.
const TICKS: u64 = 100;

/// Reads what the kernel tells; what it does not tell is 0. What I/O threads do is known elsewhere.
pub(super) fn read() -> Host {
    let (user_us, system_us) = times("/proc/self/stat");
    let (main_user_us, main_system_us) =
        times(&format!("/proc/self/task/{}/stat", std::process::id()));
    Host {
        usage: Usage { user_us, system_us, main_user_us, main_system_us },
        resident_bytes: kilobytes("/proc/self/status", "VmRSS:") * 1024,
        system_bytes: kilobytes("/proc/meminfo", "MemTotal:") * 1024,
        io: IoFigures::default(),
    }
}

/// Microseconds for which the machine's processors had nothing to do but what stands back behind other work, all taken together.
pub(super) fn idle_us() -> u64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = text.strip_prefix("cpu ").and_then(|text| text.lines().next()).unwrap_or_default();
    let ticks: Vec<u64> =
        fields.split_ascii_whitespace().map_while(|word| word.parse().ok()).collect();
    // Processes that stand back, none, and those that wait for a disk.
    let idle = [1, 3, 4].iter().filter_map(|at| ticks.get(*at)).sum::<u64>();
    idle * (1_000_000 / TICKS)
}

/// Microseconds outside and inside of the kernel.
fn times(path: &str) -> (u64, u64) {
    let text = fs::read_to_string(path).unwrap_or_default();
    // The name of the program may hold anything; behind it, the eleventh and twelfth field are the times.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let mut ticks = fields.split_ascii_whitespace().skip(11).map_while(|word| word.parse().ok());
    let mut us = || ticks.next().unwrap_or(0_u64) * (1_000_000 / TICKS);
    (us(), us())
}

/// A number of kilobytes behind a name.
fn kilobytes(path: &str, name: &str) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_takes_time() {
        let began = std::time::Instant::now();
        while began.elapsed().as_millis() < 50 {}
        let host = read();
        assert!(host.resident_bytes > 1 << 20 && host.resident_bytes < host.system_bytes);
        assert!(host.usage.user_us + host.usage.system_us >= 10_000);
        assert!(host.usage.main_us() <= host.usage.all_us() && idle_us() > 0);
    }
}
