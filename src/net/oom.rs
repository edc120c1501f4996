//! How readily the system ends this process where memory runs out; see proc_pid_oom_score_adj(5).

use crate::base::reason::reason;
use crate::engine::OomScore;
use std::fs;
use std::io;
use std::path::PathBuf;

/// The score of the process.
#[derive(Debug)]
pub(super) struct Adjuster {
    file: PathBuf,
    /// What it was before this server changed it, as long as it does.
    base: Option<i32>,
}

impl Adjuster {
    pub(super) fn new() -> Adjuster {
        Adjuster { file: "/proc/self/oom_score_adj".into(), base: None }
    }

    /// Makes the score what it is to be: one of its own, or what it was at first.
    ///
    /// # Errors
    /// The system does not tell it or does not let it be changed; in the words of Redis's log.
    pub(super) fn adjust(&mut self, score: OomScore) -> Result<(), String> {
        let score = match (score, self.base) {
            (OomScore::Untouched, None) => return Ok(()),
            (OomScore::Untouched, Some(base)) => {
                self.base = None;
                base
            }
            (OomScore::Absolute(score), _) => {
                self.base()?;
                score
            }
            (OomScore::Relative(more), _) => self.base()?.saturating_add(more),
        };
        let text = format!("{}\n", score.clamp(-1000, 1000));
        fs::write(&self.file, text).map_err(|e| failed("write", &e))
    }

    fn base(&mut self) -> Result<i32, String> {
        if let Some(base) = self.base {
            return Ok(base);
        }
        let text = fs::read_to_string(&self.file).map_err(|e| failed("read", &e))?;
        let base =
            text.trim().parse().map_err(|_| failed("read", &io::ErrorKind::InvalidData.into()))?;
        self.base = Some(base);
        Ok(base)
    }
}

fn failed(what: &str, error: &io::Error) -> String {
    format!("Unable to {what} oom_score_adj: {}", reason(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_of_before_comes_back() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut adjuster = Adjuster { file: file.path().into(), base: None };
        let now = || fs::read_to_string(file.path()).unwrap().trim().to_owned();
        fs::write(file.path(), "22\n").unwrap();
        let mut after = |score| {
            adjuster.adjust(score).unwrap();
            now()
        };
        assert_eq!(after(OomScore::Untouched), "22");
        assert_eq!(after(OomScore::Relative(9)), "31");
        assert_eq!(after(OomScore::Relative(-5)), "17");
        assert_eq!(after(OomScore::Absolute(9)), "9");
        assert_eq!(after(OomScore::Relative(2000)), "1000");
        assert_eq!(after(OomScore::Untouched), "22");
        fs::write(file.path(), "40\n").unwrap();
        assert_eq!(after(OomScore::Untouched), "40");
        assert_eq!(after(OomScore::Relative(1)), "41");
    }

    #[test]
    fn what_cannot_be_read_or_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut adjuster = Adjuster { file: folder.path().join("none"), base: None };
        let error = adjuster.adjust(OomScore::Relative(1)).unwrap_err();
        assert_eq!(error, "Unable to read oom_score_adj: No such file or directory");
        let mut adjuster = Adjuster { file: folder.path().into(), base: Some(0) };
        let error = adjuster.adjust(OomScore::Relative(1)).unwrap_err();
        assert_eq!(error, "Unable to write oom_score_adj: Is a directory");
    }
}
