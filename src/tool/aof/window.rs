//! Puts commands that use one key each into an order that is quick to run.
//!
//! Commands on different keys do not see each other. Those that wait are run in the order in which their keys stand in the
//! keyspace, and those of one key in the order in which they came: what one command reads from memory, its neighbours find
//! in the processor's cache. For the same reason they wait in parts, by the first bits of their keys' places.

use smallvec::SmallVec;
use std::iter;

/// Bits of a place that choose the part.
const PART_BITS: u32 = 7;

/// Commands that wait, and bytes of them: some commands for each page of a keyspace of a million keys.
const COMMANDS: usize = 1 << 18;
const BYTES: usize = 16 << 20;

/// Commands whose keys are looked for together, so that the memory answers for all of them at once.
const AHEAD: usize = 32;

/// Commands that wait.
#[derive(Debug)]
pub struct Window<N> {
    parts: Vec<Part<N>>,
    commands: usize,
    bytes: usize,
}

/// Commands whose places start with the same bits.
#[derive(Debug)]
struct Part<N> {
    commands: Vec<Waiting<N>>,
    /// The arguments one behind the other, each behind its length in 4 bytes.
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Waiting<N> {
    place: u64,
    /// Where its arguments start, and how many there are.
    start: u32,
    args: u32,
    note: N,
}

/// What runs commands, and a note of its own about each.
pub trait Run {
    /// The note.
    type Note: Copy;
    /// Why it stops.
    type Error;

    /// Tells of the places of keys that are used next.
    fn warm(&mut self, places: impl Iterator<Item = u64>);

    /// Runs a command.
    fn run(&mut self, note: Self::Note, args: &[&[u8]]) -> Result<(), Self::Error>;
}

impl<N: Copy> Window<N> {
    /// No commands.
    pub fn new() -> Window<N> {
        let part = || Part { commands: Vec::new(), bytes: Vec::new() };
        let parts = iter::repeat_with(part).take(1 << PART_BITS).collect();
        Window { parts, commands: 0, bytes: 0 }
    }

    /// Whether a command of so many bytes may wait here; none may that takes the place of many others.
    pub fn admits(bytes: usize) -> bool {
        bytes <= BYTES / 16
    }

    /// Adds a command that may wait here: the place of its key, a note, and its arguments.
    pub fn push<'a>(&mut self, place: u64, note: N, args: impl Iterator<Item = &'a [u8]>) {
        let part = &mut self.parts[(place >> (u64::BITS - PART_BITS)) as usize];
        let start = part.bytes.len();
        let mut count = 0;
        for arg in args {
            part.bytes.extend_from_slice(&(arg.len() as u32).to_le_bytes());
            part.bytes.extend_from_slice(arg);
            count += 1;
        }
        self.commands += 1;
        self.bytes += part.bytes.len() - start;
        // All commands together are far smaller than 4 GiB.
        part.commands.push(Waiting { place, start: start as u32, args: count, note });
    }

    /// Whether it is time to run the commands.
    pub fn is_full(&self) -> bool {
        self.commands >= COMMANDS || self.bytes >= BYTES
    }

    /// Runs all commands.
    ///
    /// # Errors
    /// The first of the runner, which leaves the other commands out.
    pub fn run<R: Run<Note = N>>(&mut self, runner: &mut R) -> Result<(), R::Error> {
        if self.commands == 0 {
            return Ok(());
        }
        (self.commands, self.bytes) = (0, 0);
        self.parts.iter_mut().try_for_each(|part| part.run(runner))
    }
}

impl<N: Copy> Part<N> {
    fn run<R: Run<Note = N>>(&mut self, runner: &mut R) -> Result<(), R::Error> {
        // Those with one key keep their order.
        self.commands.sort_by_key(|command| command.place);
        // Read in its order first, which memory is quick at, since it is not the order of use.
        std::hint::black_box(self.bytes.iter().step_by(64).fold(0, |all, byte| all ^ byte));
        for group in self.commands.chunks(AHEAD) {
            runner.warm(group.iter().map(|command| command.place));
            for command in group {
                let args: SmallVec<[&[u8]; 16]> = self.args(command).collect();
                runner.run(command.note, &args)?;
            }
        }
        self.commands.clear();
        self.bytes.clear();
        // Memory for a common amount of commands is kept.
        self.bytes.shrink_to(BYTES >> (PART_BITS - 2));
        Ok(())
    }

    fn args(&self, command: &Waiting<N>) -> impl Iterator<Item = &[u8]> + Clone {
        let mut rest = self.bytes.get(command.start as usize..).unwrap_or_default();
        (0..command.args).map_while(move |_| {
            let (len, behind) = rest.split_first_chunk::<4>()?;
            let (arg, behind) = behind.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            rest = behind;
            Some(arg)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;
    use std::collections::BTreeMap;

    /// Notes what runs: numbers of commands by their key.
    #[derive(Default)]
    struct Log {
        runs: BTreeMap<Vec<u8>, Vec<u64>>,
        last_place: u64,
        warmed: usize,
    }

    impl Run for Log {
        type Note = u64;
        type Error = &'static str;

        fn warm(&mut self, places: impl Iterator<Item = u64>) {
            self.warmed += places.count();
        }

        fn run(&mut self, note: u64, args: &[&[u8]]) -> Result<(), &'static str> {
            let [name, key, rest @ ..] = args else { return Err("no key") };
            assert_eq!((*name, rest.len() as u64), (&b"name"[..], note % 5));
            assert!(rest.iter().all(|arg| *arg == note.to_string().as_bytes()));
            let place = place(key);
            assert!(place >= self.last_place);
            self.last_place = place;
            self.runs.entry(key.to_vec()).or_default().push(note);
            if note == u64::MAX { Err("enough") } else { Ok(()) }
        }
    }

    fn place(key: &[u8]) -> u64 {
        crate::value::table::Seed::new(0).hash(key)
    }

    #[test]
    fn commands_of_a_key_keep_their_order() {
        let mut rng = Rng::new(1);
        let (mut window, mut expected) = (Window::new(), BTreeMap::<Vec<u8>, Vec<u64>>::new());
        for round in 0..3 {
            let mut log = Log::default();
            for note in 0..20_000_u64 {
                let key = format!("key:{}", rng.below(3000)).into_bytes();
                let text = note.to_string().into_bytes();
                let rest = iter::repeat_n(&text[..], (note % 5) as usize);
                window.push(place(&key), note, [b"name", &key[..]].into_iter().chain(rest));
                expected.entry(key).or_default().push(note);
            }
            window.run(&mut log).unwrap();
            assert_eq!(log.runs, expected, "round {round}");
            assert_eq!(log.warmed, 20_000);
            expected.clear();
            // Nothing waits any more.
            window.run(&mut log).unwrap();
            assert_eq!(log.warmed, 20_000);
        }
    }

    #[test]
    fn fills_by_commands_and_by_bytes() {
        let mut window = Window::<u64>::new();
        let large = vec![b'x'; BYTES / 20];
        assert!(Window::<u64>::admits(large.len()) && !Window::<u64>::admits(BYTES / 8));
        for n in 0..20 {
            assert!(!window.is_full(), "{n}");
            window.push(n << 60, n, [&large[..]].into_iter());
        }
        assert!(window.is_full());
        let mut window = Window::<u64>::new();
        (0..COMMANDS as u64).for_each(|n| window.push(n << 40, n, iter::empty()));
        assert!(window.is_full());
    }
}
