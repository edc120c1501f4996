//! Progress of long work, on standard error.

use crate::feed::{Control, Input};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// When to show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Mode {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
    /// As lines of JSON.
    Json,
}

/// Time between two looks.
const TICK: Duration = Duration::from_millis(100);

/// Shows how far a pass has come until it is dropped.
pub struct Progress {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

enum Show {
    Bar(ProgressBar),
    Json { total: Option<u64>, started: Instant, last: Instant },
}

impl Show {
    fn tell(&mut self, done: u64) {
        match self {
            Show::Bar(bar) => bar.set_position(done),
            Show::Json { total, started, last } => {
                if last.elapsed() >= Duration::from_secs(1) {
                    *last = Instant::now();
                    let seconds = started.elapsed().as_secs_f64();
                    let line = serde_json::json!({
                        "progress": {
                            "bytes": done,
                            "total_bytes": total,
                            "elapsed_s": seconds,
                            "bytes_per_s": done as f64 / seconds.max(0.001),
                        }
                    });
                    // Progress that cannot be shown is not missed.
                    let _ = writeln!(std::io::stderr(), "{line}");
                }
            }
        }
    }
}

/// A bar that counts from now on and is not seen yet.
fn bar(total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
    let template = match total {
        Some(_) => "{wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left",
        None => "{spinner} {bytes} {binary_bytes_per_sec}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// Where bars are drawn.
fn target() -> ProgressDrawTarget {
    if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::term_like(Box::new(NoTerminal))
    }
}

/// Standard error that is no terminal, drawn on as if it were one.
#[derive(Debug)]
struct NoTerminal;

impl TermLike for NoTerminal {
    fn width(&self) -> u16 {
        80
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.write_str(&format!("\x1b[{n}A"))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.write_str(&format!("\x1b[{n}B"))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.write_str(&format!("\x1b[{n}C"))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.write_str(&format!("\x1b[{n}D"))
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.write_str(&format!("{line}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        io::stderr().write_all(text.as_bytes())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write_str("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl Progress {
    /// Starts showing how much of `input` has been passed.
    pub fn start(mode: Mode, input: &Input, control: &Arc<Control>) -> Progress {
        // Compressed inputs count what is read, since that is what has a known total.
        let read = matches!(input.bytes, crate::feed::input::Bytes::Stream(_))
            .then(|| input.read_bytes.clone());
        Progress::start_for(mode, input.stored_bytes, read, control)
    }

    /// Starts showing how much of `total` bytes has been passed, or read if that is counted apart.
    pub fn start_for(
        mode: Mode,
        total: Option<u64>,
        read: Option<Arc<AtomicU64>>,
        control: &Arc<Control>,
    ) -> Progress {
        let stop = Arc::new(AtomicBool::new(false));
        let shown = match mode {
            Mode::Never => false,
            Mode::Auto => std::io::stderr().is_terminal(),
            Mode::Always | Mode::Json => true,
        };
        if !shown {
            return Progress { stop, thread: None };
        }
        let control = control.clone();
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let now = Instant::now();
            let mut show = match mode {
                Mode::Json => Show::Json { total, started: now, last: now },
                _ => Show::Bar(bar(total)),
            };
            // Short work shows nothing.
            std::thread::park_timeout(TICK * 5);
            if let (Show::Bar(bar), false) = (&show, stopped.load(Ordering::Relaxed)) {
                bar.set_draw_target(target());
            }
            while !stopped.load(Ordering::Relaxed) {
                show.tell(match &read {
                    Some(read) => read.load(Ordering::Relaxed),
                    None => control.passed_bytes.load(Ordering::Relaxed),
                });
                std::thread::park_timeout(TICK);
            }
            if let Show::Bar(bar) = show {
                bar.finish_and_clear();
            }
        });
        Progress { stop, thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A progress bar that panicked is no reason to fail.
            let _ = thread.join();
        }
    }
}
