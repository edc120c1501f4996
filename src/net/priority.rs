//! What can wait for those that serve clients.

use crate::base::background::Background;

/// How much less the processor is given to work in the background: about a tenth of what others get, where they want it all.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Lets the calling thread stand back behind the others. Where the system does not do that it goes on as it was.
pub(super) fn lower() {
    Background::YES.enter();
    // On Linux this is a property of threads.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICE);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    /// Only the thread that asks is put back.
    #[test]
    fn other_threads_keep_theirs() {
        let own = || rustix::process::getpriority_process(None).unwrap();
        let before = own();
        let lowered = std::thread::spawn(move || {
            super::lower();
            own()
        });
        assert_eq!(lowered.join().unwrap(), (before + super::NICE).min(19));
        assert_eq!(own(), before);
    }
}
