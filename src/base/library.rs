//! What the first line of a function library says.

/// Engine and name of a library by its source, `#!engine name=x`; each as far as it is there.
pub fn engine_and_name(source: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let line = source.split(|byte| *byte == b'\n').next();
    let Some(line) = line.and_then(|line| line.strip_prefix(b"#!")) else { return (None, None) };
    let mut words = line.split(u8::is_ascii_whitespace);
    let engine = words.next().filter(|engine| !engine.is_empty());
    let name = words.find_map(|word| word.strip_prefix(b"name="));
    (engine, name.filter(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_engine_and_name() {
        let both = |source: &'static str| engine_and_name(source.as_bytes());
        assert_eq!(both("#!lua name=x\nname=y"), (Some(&b"lua"[..]), Some(&b"x"[..])));
        assert_eq!(both("#!lua  other=1 name=x\r\n"), (Some(&b"lua"[..]), Some(&b"x"[..])));
        assert_eq!(both("#!lua name=\n"), (Some(&b"lua"[..]), None));
        assert_eq!(both("#! name=x"), (None, Some(&b"x"[..])));
        assert_eq!(both("lua name=x"), (None, None));
        assert_eq!(both("\n#!lua name=x"), (None, None));
    }
}
