//! Which processors threads run on: `server-cpulist` and those like it.

use crate::engine::config::Config;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Where a thread is to run; without a set, where the thread runs that starts it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cpus(Option<CpuSet>);

impl Cpus {
    /// Lets the calling thread run there, and those that it starts from now on. Where the system does not do that, such as for
    /// processors that it does not have, all goes on as it was.
    pub(super) fn enter(self) {
        if let Cpus(Some(set)) = self {
            let _ = sched_setaffinity(None, &set);
        }
    }
}

/// Where each kind of thread is to run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Places {
    /// The main thread, and those that read and write sockets for it: `server-cpulist`.
    pub(super) server: Cpus,
    /// Those that see to files and memory all the time: `bio-cpulist`.
    pub(super) bio: Cpus,
    /// Those that write snapshots as RDB files or to replicas: `bgsave-cpulist`.
    pub(super) bgsave: Cpus,
    /// Those that write bases of append-only files: `aof-rewrite-cpulist`.
    pub(super) aof_rewrite: Cpus,
}

impl Places {
    /// What a configuration says, and the names of directives that say nothing that could be understood. The calling thread
    /// must still run where the process was started to run.
    pub(super) fn of(config: &Config) -> (Places, Vec<&'static str>) {
        let mut bad = Vec::new();
        let mut read = |name, list: &[u8]| {
            let set = parse(list);
            if set.is_none() && !list.is_empty() {
                bad.push(name);
            }
            Cpus(set)
        };
        let mut places = Places {
            server: read("server-cpulist", &config.server_cpulist),
            bio: read("bio-cpulist", &config.bio_cpulist),
            bgsave: read("bgsave-cpulist", &config.bgsave_cpulist),
            aof_rewrite: read("aof-rewrite-cpulist", &config.aof_rewrite_cpulist),
        };
        if places.server.0.is_some() && places.bio.0.is_none() {
            // As in Redis, where they are there before the main thread goes to its own.
            places.bio = Cpus(sched_getaffinity(None).ok());
        }
        (places, bad)
    }
}

/// The processors of a list such as `0,2-4,8-14:2`, as taskset(1) takes it; `None` if it names none.
fn parse(list: &[u8]) -> Option<CpuSet> {
    let mut set = CpuSet::new();
    for range in std::str::from_utf8(list).ok()?.split(',') {
        let (range, step) = range.split_once(':').unwrap_or((range, "1"));
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| text.parse::<usize>().ok();
        let (first, last, step) = (number(first)?, number(last)?, number(step)?);
        if first > last || step == 0 {
            return None;
        }
        // No system has more than a set has room for.
        for cpu in (first..=last.min(CpuSet::MAX_CPU - 1)).step_by(step) {
            set.set(cpu);
        }
    }
    (set.count() > 0).then_some(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(set: &CpuSet) -> Vec<usize> {
        (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect()
    }

    #[test]
    fn lists_are_those_of_taskset() {
        let read = |list: &str| parse(list.as_bytes()).as_ref().map(numbers);
        assert_eq!(read("0"), Some(vec![0]));
        assert_eq!(read("1,10-12"), Some(vec![1, 10, 11, 12]));
        assert_eq!(read("0-8:3,2"), Some(vec![0, 2, 3, 6]));
        assert_eq!(read("1020-99999999999").map(|all| all.len()), Some(4));
        for bad in ["", "a", "1,", "3-1", "1-2:0", "-1", "1-", "99999", "18446744073709551616"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_thread_goes_where_it_is_told_and_takes_those_along_that_it_starts() {
        let own = sched_getaffinity(None).unwrap();
        let one = numbers(&own)[0];
        let list = one.to_string().into_bytes();
        let (places, bad) = Places::of(&Config {
            server_cpulist: list.clone(),
            bgsave_cpulist: b"none".to_vec(),
            ..Config::default()
        });
        assert_eq!(bad, ["bgsave-cpulist"]);
        let run = move || {
            places.server.enter();
            let now = || numbers(&sched_getaffinity(None).unwrap());
            let started = move |cpus: Cpus| {
                let work = move || {
                    cpus.enter();
                    now()
                };
                std::thread::spawn(work).join().unwrap()
            };
            (now(), started(Cpus::default()), started(places.bio), started(places.bgsave))
        };
        let expected = (vec![one], vec![one], numbers(&own), vec![one]);
        assert_eq!(std::thread::spawn(run).join().unwrap(), expected);
        assert_eq!(numbers(&sched_getaffinity(None).unwrap()), numbers(&own));
    }
}
