//! Groups of the system's users.

/// The number of a group, of what `/etc/group` holds; see group(5). Where the system knows groups from elsewhere, their number
/// serves as a name.
pub(super) fn number(groups: &str, name: &str) -> Option<u32> {
    let mut lines = groups.lines().map(|line| line.split(':'));
    let found = lines.find_map(|mut fields| {
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    });
    found.or_else(|| name.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_names_and_numbers() {
        let groups = "root:x:0:\nbroken\nbad:x:-:\ndaemon:x:1:a,b\n7:x:70:\n";
        assert_eq!(number(groups, "daemon"), Some(1));
        assert_eq!(number(groups, "root"), Some(0));
        assert_eq!(number(groups, "12"), Some(12));
        assert_eq!(number(groups, "7"), Some(70));
        for name in ["x", "a", "bad", "broken", "none", "-1", ""] {
            assert_eq!(number(groups, name), None, "{name}");
        }
    }
}
