//! An append-only set that a server appends to.
//!
//! A rewrite begins with a new incremental file ([`Live::rotate`]); once its base is written, base and file replace all that
//! was before ([`Live::take_base`]), which stays listed as history until it is removed ([`Live::remove_history`]). At each moment
//! the manifest on disk names files that give all of the data.

use super::disk::{Disk, RealDisk};
use super::manifest::{Kind, Listed, Manifest};
use super::set::parent;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A set that is open for appending.
#[derive(Debug)]
pub struct Live<D: Disk = RealDisk> {
    disk: D,
    folder: PathBuf,
    name: String,
    manifest: Manifest,
    /// The manifest on disk is still that of an older set.
    lacks_base: bool,
    file: D::File,
    bytes: u64,
    base_bytes: u64,
}

/// Where the manifest of a set is.
pub fn manifest_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.manifest"))
}

/// The name of a base: an RDB file, or one of commands.
pub fn base_name(name: &str, seq: i64, is_rdb: bool) -> String {
    format!("{name}.{seq}.base.{}", if is_rdb { "rdb" } else { "aof" })
}

fn incr_name(name: &str, seq: i64) -> String {
    format!("{name}.{seq}.incr.aof")
}

/// The number of the next incremental file, behind those of all that are listed.
fn next_incr(manifest: &Manifest, name: &str) -> i64 {
    // History that is kept must not lose its file to a new one of the same name.
    let is_incr = |file: &&Listed| file.name == incr_name(name, file.seq).as_bytes();
    let history = manifest.history().filter(is_incr);
    manifest.incrs().chain(history).map(|file| file.seq).max().unwrap_or(0) + 1
}

/// The number of the next base, as [`next_incr`].
fn next_base(manifest: &Manifest, name: &str) -> i64 {
    let is_base = |file: &&Listed| {
        [true, false].iter().any(|rdb| file.name == base_name(name, file.seq, *rdb).as_bytes())
    };
    let history = manifest.history().filter(is_base);
    manifest.base().into_iter().chain(history).map(|file| file.seq).max().unwrap_or(0) + 1
}

fn path_of(folder: &Path, listed: &Listed) -> PathBuf {
    folder.join(OsStr::from_bytes(&listed.name))
}

fn size<D: Disk>(disk: &mut D, path: &Path) -> u64 {
    disk.len(path).unwrap_or(0)
}

fn make_folder<D: Disk>(disk: &mut D, folder: &Path) -> io::Result<()> {
    if !disk.exists(folder)? {
        disk.create_dir(folder)?;
        disk.sync_dir(&parent(folder))?;
    }
    Ok(())
}

/// An empty file. One that no manifest names may have been left behind.
fn create<D: Disk>(disk: &mut D, path: &Path) -> io::Result<D::File> {
    if disk.exists(path)? {
        disk.remove(path)?;
    }
    disk.create(path)
}

/// Puts a new manifest in the place of the old one, for good.
fn write_manifest<D: Disk>(
    disk: &mut D,
    folder: &Path,
    name: &str,
    manifest: &Manifest,
) -> io::Result<()> {
    let temporary = folder.join(format!("temp-{name}.manifest"));
    let mut file = create(disk, &temporary)?;
    disk.append(&mut file, &manifest.to_bytes())?;
    disk.sync(&mut file)?;
    disk.rename(&temporary, &manifest_path(folder, name))?;
    disk.sync_dir(folder)
}

/// The line of the log for a file that was removed because a base has replaced it.
pub fn removal_line(name: &str) -> String {
    format!("Removing the history file {name} in the background")
}

/// Removes the files that a base has replaced from a set that nobody appends to; gives their names.
///
/// # Errors
/// Those of the disk; a manifest that cannot be read.
pub fn remove_history<D: Disk>(mut disk: D, folder: &Path, name: &str) -> io::Result<Vec<String>> {
    let path = manifest_path(folder, name);
    if !disk.exists(&path)? {
        return Ok(Vec::new());
    }
    let mut manifest = Manifest::parse(&disk.read(&path)?).map_err(io::Error::other)?;
    remove_listed(&mut disk, folder, name, &mut manifest)
}

/// Removes the files that a manifest lists as history, and then their lines. What cannot be removed stays listed.
fn remove_listed<D: Disk>(
    disk: &mut D,
    folder: &Path,
    name: &str,
    manifest: &mut Manifest,
) -> io::Result<Vec<String>> {
    let mut left = manifest.clone();
    let mut removed = Vec::new();
    left.files.retain(|file| {
        if file.kind != Kind::History {
            return true;
        }
        match disk.remove(&path_of(folder, file)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return true,
            _ => removed.push(String::from_utf8_lossy(&file.name).into_owned()),
        }
        false
    });
    if !removed.is_empty() {
        write_manifest(disk, folder, name, &left)?;
        *manifest = left;
    }
    Ok(removed)
}

impl<D: Disk> Live<D> {
    /// Begins a set: a base that `write_base` writes from the data as they are, and nothing behind it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn create(
        mut disk: D,
        folder: &Path,
        name: &str,
        is_rdb: bool,
        write_base: impl FnOnce(&mut D, &Path) -> io::Result<()>,
    ) -> io::Result<Live<D>> {
        make_folder(&mut disk, folder)?;
        let base = base_name(name, 1, is_rdb);
        let path = folder.join(&base);
        write_base(&mut disk, &path)?;
        let mut file = disk.open(&path)?;
        disk.sync(&mut file)?;
        let mut manifest = Manifest::default();
        manifest.files.push(Listed::new(base, 1, Kind::Base));
        Live::go_on(disk, folder, name, manifest)
    }

    /// Goes on with a set that was loaded.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn go_on(
        mut disk: D,
        folder: &Path,
        name: &str,
        mut manifest: Manifest,
    ) -> io::Result<Live<D>> {
        let last = manifest.incrs().last().map(|listed| path_of(folder, listed));
        let path = match last {
            Some(path) => path,
            None => {
                let seq = next_incr(&manifest, name);
                let incr = incr_name(name, seq);
                manifest.files.push(Listed::new(incr.clone(), seq, Kind::Incr));
                folder.join(incr)
            }
        };
        let file = match disk.exists(&path)? {
            true => disk.open(&path)?,
            false => disk.create(&path)?,
        };
        let bytes = manifest.loaded().map(|file| size(&mut disk, &path_of(folder, file))).sum();
        let base_bytes = manifest.base().map_or(0, |base| size(&mut disk, &path_of(folder, base)));
        write_manifest(&mut disk, folder, name, &manifest)?;
        let (folder, name) = (folder.into(), name.into());
        Ok(Live { disk, folder, name, manifest, lacks_base: false, file, bytes, base_bytes })
    }

    /// Begins a set whose base is still to come, beside one that may be there: until the base comes, the manifest on disk
    /// stays as it is.
    ///
    /// # Errors
    /// Those of the disk; a manifest that cannot be read.
    pub fn begin(mut disk: D, folder: &Path, name: &str) -> io::Result<Live<D>> {
        make_folder(&mut disk, folder)?;
        let mut manifest = match disk.read(&manifest_path(folder, name)) {
            Ok(text) => Manifest::parse(&text).map_err(io::Error::other)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Manifest::default(),
            Err(e) => return Err(e),
        };
        let seq = next_incr(&manifest, name);
        let incr = incr_name(name, seq);
        let file = create(&mut disk, &folder.join(&incr))?;
        manifest.files.push(Listed::new(incr, seq, Kind::Incr));
        let (folder, name) = (folder.into(), name.into());
        let (lacks_base, bytes, base_bytes) = (true, 0, 0);
        Ok(Live { disk, folder, name, manifest, lacks_base, file, bytes, base_bytes })
    }

    /// Makes a base the whole of a set that nobody appends to; gives its bytes.
    ///
    /// # Errors
    /// Those of the disk; a manifest that cannot be read.
    pub fn put_base(
        disk: D,
        folder: &Path,
        name: &str,
        temporary: &Path,
        is_rdb: bool,
    ) -> io::Result<u64> {
        let mut live = Live::begin(disk, folder, name)?;
        // There is nothing behind the base.
        let incr = live.manifest.files.pop();
        let bytes = live.take(temporary, is_rdb, None);
        if let Some(incr) = incr {
            let _ = live.disk.remove(&path_of(folder, &incr));
        }
        bytes
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes after the last rewrite, as far as is known.
    pub fn base_bytes(&self) -> u64 {
        self.base_bytes
    }

    /// Appends some of these bytes; how many.
    ///
    /// # Errors
    /// Those of the disk; then nothing was appended.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.write(&mut self.file, bytes)
    }

    /// Makes what was appended survive a power cut.
    ///
    /// # Errors
    /// Those of the disk. What was appended since the last time may be lost then, whatever a later call says.
    pub fn sync(&mut self) -> io::Result<()> {
        self.disk.sync(&mut self.file)
    }

    /// Lets bytes go to a new file from now on.
    ///
    /// # Errors
    /// Those of the disk; then they go on to the old one.
    pub fn rotate(&mut self) -> io::Result<()> {
        self.sync()?;
        let seq = next_incr(&self.manifest, &self.name);
        let name = incr_name(&self.name, seq);
        let file = create(&mut self.disk, &self.folder.join(&name))?;
        let mut manifest = self.manifest.clone();
        manifest.files.push(Listed::new(name, seq, Kind::Incr));
        write_manifest(&mut self.disk, &self.folder, &self.name, &manifest)?;
        (self.manifest, self.file) = (manifest, file);
        Ok(())
    }

    /// Takes a base, written and synced elsewhere, that holds all but what the last file does; gives the bytes of both.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn take_base(&mut self, temporary: &Path, is_rdb: bool) -> io::Result<u64> {
        let last = self.manifest.incrs().last().cloned();
        self.take(temporary, is_rdb, last)
    }

    /// Removes the files that a base has replaced; gives their names. While a set lacks its first base this is left to the time
    /// when it has one.
    ///
    /// # Errors
    /// Those of the disk while it writes the manifest, which lists the files then as before.
    pub fn remove_history(&mut self) -> io::Result<Vec<String>> {
        match self.lacks_base {
            true => Ok(Vec::new()),
            false => remove_listed(&mut self.disk, &self.folder, &self.name, &mut self.manifest),
        }
    }

    fn take(&mut self, temporary: &Path, is_rdb: bool, last: Option<Listed>) -> io::Result<u64> {
        let seq = next_base(&self.manifest, &self.name);
        let name = base_name(&self.name, seq, is_rdb);
        let path = self.folder.join(&name);
        self.disk.rename(temporary, &path)?;
        self.disk.sync_dir(&self.folder)?;
        let mut manifest = Manifest::default();
        manifest.files.push(Listed::new(name, seq, Kind::Base));
        // What became history last comes first, as servers list it.
        let old = self.manifest.incrs().filter(|file| Some(*file) != last.as_ref());
        let old = old.chain(self.manifest.base());
        let old = old.map(|file| Listed { kind: Kind::History, ..file.clone() });
        manifest.files.extend(old.chain(self.manifest.history().cloned()));
        manifest.files.extend(last.clone());
        write_manifest(&mut self.disk, &self.folder, &self.name, &manifest)?;
        (self.manifest, self.lacks_base) = (manifest, false);
        let last = last.map_or(0, |last| size(&mut self.disk, &path_of(&self.folder, &last)));
        Ok(size(&mut self.disk, &path) + last)
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::fake::{Fake, Survivors};
    use super::*;
    use crate::base::rng::Rng;
    use std::collections::BTreeMap;

    /// What a server does with its set, with numbers for commands: number n is appended as a line.
    struct Server {
        live: Live<Fake>,
        next: u64,
        /// All numbers below are promised to survive.
        synced: u64,
        /// A rewrite that runs: the base holds the numbers below.
        rewrites: Option<u64>,
    }

    fn lines(to: u64) -> Vec<u8> {
        (0..to).flat_map(|n| format!("{n}\n").into_bytes()).collect()
    }

    impl Server {
        fn step(&mut self, rng: &mut Rng) -> io::Result<()> {
            match rng.below(12) {
                0..=5 => {
                    let line = format!("{}\n", self.next).into_bytes();
                    let mut rest = line.as_slice();
                    while !rest.is_empty() {
                        let most = 1 + rng.below(rest.len() as u64) as usize;
                        let written = self.live.write(rest.get(..most).unwrap())?;
                        rest = rest.get(written..).unwrap();
                    }
                    self.next += 1;
                }
                6..=8 => {
                    self.live.sync()?;
                    self.synced = self.next;
                }
                9 | 10 => match self.rewrites.take() {
                    None => {
                        self.live.rotate()?;
                        // All in front of the new file was synced for it.
                        self.synced = self.next;
                        self.rewrites = Some(self.next);
                    }
                    Some(to) => {
                        let base = Path::new("temp-base");
                        let mut file = create(&mut self.live.disk, base)?;
                        self.live.disk.append(&mut file, &lines(to))?;
                        self.live.disk.sync(&mut file)?;
                        self.live.take_base(base, rng.below(2) == 0)?;
                        // Some are kept for a while.
                        if rng.below(3) > 0 {
                            self.live.remove_history()?;
                        }
                    }
                },
                // A rewrite that fails.
                _ => self.rewrites = None,
            }
            Ok(())
        }
    }

    /// The numbers that a set holds: all below this one.
    fn load(files: &BTreeMap<PathBuf, Vec<u8>>, context: &str) -> (u64, Manifest) {
        let text = &files[Path::new("dir/a.manifest")];
        let manifest = Manifest::parse(text).unwrap();
        let bytes: Vec<u8> = manifest
            .loaded()
            .flat_map(|listed| {
                let path = path_of(Path::new("dir"), listed);
                files.get(&path).unwrap_or_else(|| panic!("{context}: no {path:?}")).clone()
            })
            .collect();
        // A torn tail is cut off by whoever loads.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let text = String::from_utf8(bytes[..whole].to_vec()).unwrap();
        let numbers = text.lines().map(|line| line.parse::<u64>().unwrap());
        let mut count = 0;
        for number in numbers {
            assert_eq!(number, count, "{context}");
            count += 1;
        }
        (count, manifest)
    }

    /// Whatever a server does and whenever the power is cut: what was synced is there, once and in order, and it can go on.
    #[test]
    fn what_is_synced_survives_a_power_cut_at_any_step() {
        let mut cuts = 0;
        for seed in 0..150 {
            for left in (3..).step_by(1 + seed as usize % 7) {
                let context = format!("seed {seed}, cut after {left} steps");
                let mut rng = Rng::new(seed);
                let mut disk = Fake::new();
                disk.left = usize::MAX;
                let folder = Path::new("dir");
                let base = |disk: &mut Fake, path: &Path| disk.create(path).map(drop);
                let live = Live::create(disk, folder, "a", false, base).unwrap();
                let mut server = Server { live, next: 0, synced: 0, rewrites: None };
                server.live.disk.left = left;
                let done = (0..60).try_for_each(|_| server.step(&mut rng));
                for survivors in [Survivors::Synced, Survivors::All] {
                    let files = server.live.disk.after_cut(survivors);
                    let (count, manifest) = load(&files, &context);
                    assert!(count >= server.synced, "{context}: {count} of {}", server.synced);
                    assert!(count <= server.next + 1, "{context}");
                    // It goes on: what comes now is behind what was there.
                    let mut again = Fake::new();
                    for (path, bytes) in &files {
                        let whole = bytes.iter().rposition(|byte| *byte == b'\n');
                        let whole = if path.extension() == Some(OsStr::new("manifest")) {
                            bytes.len()
                        } else {
                            whole.map_or(0, |at| at + 1)
                        };
                        again.put(path.to_str().unwrap(), &bytes[..whole]);
                    }
                    let mut live = Live::go_on(again, folder, "a", manifest).unwrap();
                    live.rotate().unwrap();
                    live.write(format!("{count}\n").as_bytes()).unwrap();
                    live.sync().unwrap();
                    let files = live.disk.after_cut(Survivors::Synced);
                    assert_eq!(load(&files, &context).0, count + 1, "{context}");
                }
                match done {
                    Ok(()) => break,
                    Err(_) => cuts += 1,
                }
            }
        }
        assert!(cuts > 1000, "{cuts}");
    }

    /// What a base replaces is listed, the newest first, until it is removed; what is gone already is no longer listed.
    #[test]
    fn history_is_kept_until_it_is_removed() {
        let folder = Path::new("dir");
        let mut disk = Fake::new();
        disk.left = usize::MAX;
        let base = |disk: &mut Fake, path: &Path| disk.create(path).map(drop);
        let mut live = Live::create(disk, folder, "a", true, base).unwrap();
        for _ in 0..2 {
            live.rotate().unwrap();
            live.disk.create(Path::new("temp")).unwrap();
            live.take_base(Path::new("temp"), true).unwrap();
        }
        let listed = |live: &mut Live<Fake>| {
            let text = live.disk.read(Path::new("dir/a.manifest")).unwrap();
            String::from_utf8(text).unwrap()
        };
        let history = ["a.2.incr.aof", "a.2.base.rdb", "a.1.incr.aof", "a.1.base.rdb"];
        assert_eq!(
            listed(&mut live),
            "file a.3.base.rdb seq 3 type b\n\
             file a.2.incr.aof seq 2 type h\n\
             file a.2.base.rdb seq 2 type h\n\
             file a.1.incr.aof seq 1 type h\n\
             file a.1.base.rdb seq 1 type h\n\
             file a.3.incr.aof seq 3 type i\n"
        );
        live.disk.remove(Path::new("dir/a.1.incr.aof")).unwrap();
        assert_eq!(live.remove_history().unwrap(), history);
        let left = "file a.3.base.rdb seq 3 type b\nfile a.3.incr.aof seq 3 type i\n";
        assert_eq!(listed(&mut live), left);
        for name in history {
            assert!(!live.disk.exists(&folder.join(name)).unwrap(), "{name}");
        }
    }

    /// While a set lacks its first base, the manifest on disk stays that of the older one.
    #[test]
    fn history_waits_for_the_base_of_a_new_set() {
        let folder = Path::new("dir");
        let mut disk = Fake::new();
        disk.left = usize::MAX;
        disk.put("dir/a.2.base.rdb", b"");
        disk.put("dir/a.1.base.rdb", b"");
        let old = b"file a.2.base.rdb seq 2 type b\nfile a.1.base.rdb seq 1 type h\n";
        disk.put("dir/a.manifest", old);
        let mut live = Live::begin(disk, folder, "a").unwrap();
        assert!(live.remove_history().unwrap().is_empty());
        assert_eq!(live.disk.read(Path::new("dir/a.manifest")).unwrap(), old);
        live.disk.create(Path::new("temp")).unwrap();
        live.take_base(Path::new("temp"), true).unwrap();
        assert_eq!(live.remove_history().unwrap(), ["a.2.base.rdb", "a.1.base.rdb"]);
    }

    /// A new file never takes the name of one that is kept as history.
    #[test]
    fn kept_history_does_not_lose_its_names() {
        let folder = Path::new("dir");
        let mut disk = Fake::new();
        disk.left = usize::MAX;
        disk.put("dir/a.1.incr.aof", b"old");
        disk.put("dir/a.1.base.aof", b"old");
        let text = b"file a.1.incr.aof seq 1 type h\nfile a.1.base.aof seq 1 type h\n";
        disk.put("dir/a.manifest", text);
        let manifest = Manifest::parse(text).unwrap();
        let mut live = Live::go_on(disk.clone(), folder, "a", manifest).unwrap();
        live.write(b"new").unwrap();
        live.remove_history().unwrap();
        assert_eq!(live.disk.read(Path::new("dir/a.2.incr.aof")).unwrap(), b"new");
        let mut live = Live::begin(disk, folder, "a").unwrap();
        live.write(b"new").unwrap();
        live.disk.create(Path::new("temp")).unwrap();
        live.take_base(Path::new("temp"), false).unwrap();
        live.remove_history().unwrap();
        assert_eq!(live.disk.read(Path::new("dir/a.2.incr.aof")).unwrap(), b"new");
        assert!(live.disk.exists(Path::new("dir/a.2.base.aof")).unwrap());
    }
}
