//! A checker for the HTML and SVG that the tests render: balanced elements, no stray characters.

const VOID: [&str; 2] = ["meta", "br"];
const RAW: [&str; 2] = ["script", "style"];

/// The first thing wrong with a page, if any. Knows what our renderers use, not all of HTML.
pub fn markup_error(page: &str) -> Option<String> {
    let mut open: Vec<String> = Vec::new();
    let mut rest = page;
    while let Some((text, tail)) = rest.split_once('<') {
        if text.contains('>') {
            return Some(format!("stray > in {text:?}"));
        }
        let Some((tag, after)) = tail.split_once('>') else {
            return Some(format!("unclosed tag in {tail:?}"));
        };
        if let Some(error) = step(&mut open, tag) {
            return Some(error);
        }
        rest = after;
        if open.last().is_some_and(|name| RAW.contains(&name.as_str())) {
            rest = after.find("</").and_then(|end| after.get(end..)).unwrap_or("");
        }
    }
    if rest.contains('>') {
        return Some(format!("stray > in {rest:?}"));
    }
    (!open.is_empty()).then(|| format!("still open: {open:?}"))
}

/// Opens or closes an element.
fn step(open: &mut Vec<String>, tag: &str) -> Option<String> {
    if tag.starts_with(['!', '?']) {
        return None;
    }
    if let Some(name) = tag.strip_prefix('/') {
        let last = open.pop();
        return (last.as_deref() != Some(name)).then(|| format!("</{name}> closes {last:?}"));
    }
    if tag.contains('<') || !tag.matches('"').count().is_multiple_of(2) {
        return Some(format!("bad tag <{tag}>"));
    }
    let name = tag.split([' ', '/']).next().unwrap_or_default();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Some(format!("bad element name in <{tag}>"));
    }
    if !tag.ends_with('/') && !VOID.contains(&name) {
        open.push(name.to_owned());
    }
    None
}

#[test]
fn mistakes_are_seen() {
    assert_eq!(markup_error("<!doctype html><p class=\"x\">a<br>b</p><rect a=\"1\"/>"), None);
    assert_eq!(markup_error("<script>if (a<b) {}</script>"), None);
    for page in ["<p>", "<p></b>", "a > b", "<p", "< p></ p>", "<p a=\">\"></p>"] {
        assert!(markup_error(page).is_some(), "{page}");
    }
}
