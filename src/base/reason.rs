//! The words of system errors.

use std::io;

/// The system's words for an error, as `strerror` gives them: "No such file or directory".
pub fn reason(error: &io::Error) -> String {
    let mut text = error.to_string();
    // The standard library puts the number behind them.
    if let Some(end) = text.find(" (os error") {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_left_out() {
        let error = std::fs::File::open("/no such file").unwrap_err();
        assert_eq!(reason(&error), "No such file or directory");
        assert_eq!(reason(&io::Error::other("own words")), "own words");
    }
}
