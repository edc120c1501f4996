//! What requests use that were read and not run yet.

use smallvec::SmallVec;

/// Requests whose keys are looked for at once.
const AT_ONCE: usize = 32;

/// What is noted of a request.
#[derive(Debug)]
struct Noted {
    db: usize,
    key_bytes: usize,
    member_bytes: usize,
}

/// What requests use that were read and not run yet.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    noted: Vec<Noted>,
    /// Their keys, each with what is looked for in it.
    bytes: Vec<u8>,
}

impl Gathered {
    /// Notes a request: its database, its key, and what is looked for in it, if anything.
    pub fn add(&mut self, db: usize, key: &[u8], member: &[u8]) {
        self.noted.push(Noted { db, key_bytes: key.len(), member_bytes: member.len() });
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(member);
    }

    /// Gives all that was noted, some dozens with the database of all of them at a time, and forgets it.
    pub fn take(&mut self, mut give: impl FnMut(usize, &[(&[u8], &[u8])])) {
        let mut rest = &*self.bytes;
        let mut next = |bytes| rest.split_off(..bytes).unwrap_or_default();
        for same in self.noted.chunk_by(|one, other| one.db == other.db) {
            for some in same.chunks(AT_ONCE) {
                let uses: SmallVec<[(&[u8], &[u8]); AT_ONCE]> = some
                    .iter()
                    .map(|noted| (next(noted.key_bytes), next(noted.member_bytes)))
                    .collect();
                give(some.first().map_or(0, |noted| noted.db), &uses);
            }
        }
        self.noted.clear();
        self.bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_was_noted_is_given_once() {
        let mut gathered = Gathered::default();
        let noted = |n: usize| (n / 40, vec![n as u8; n % 7], vec![b'm'; n % 3]);
        for _ in 0..2 {
            for (db, key, member) in (0..100).map(noted) {
                gathered.add(db, &key, &member);
            }
            let mut given = Vec::new();
            gathered.take(|db, uses| {
                assert!(!uses.is_empty() && uses.len() <= AT_ONCE);
                given.extend(uses.iter().map(|(key, member)| (db, key.to_vec(), member.to_vec())));
            });
            assert_eq!(given, (0..100).map(noted).collect::<Vec<_>>());
        }
        gathered.take(|_, _| panic!("nothing is left"));
    }
}
