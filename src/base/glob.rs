//! Glob patterns as KEYS takes them: `*`, `?`, `[a-c]`, `[^x]` and `\` before any of them.

/// Most stars of a pattern; one with more matches nothing, as in Redis, whose matching goes no deeper.
const STARS_MAX: usize = 1000;

/// A pattern, compiled.
#[derive(Debug, Clone)]
pub struct Glob(Form);

#[derive(Debug, Clone)]
enum Form {
    Any,
    Nothing,
    Literal(Vec<u8>),
    Prefix(Vec<u8>),
    Suffix(Vec<u8>),
    Infix(Box<memchr::memmem::Finder<'static>>),
    General(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Byte(u8),
    One,
    Star,
    Class { negated: bool, ranges: Vec<(u8, u8)> },
}

impl Token {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Token::Byte(b) => *b == byte,
            Token::One | Token::Star => true,
            Token::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&byte)) != *negated
            }
        }
    }
}

/// Reads a class behind its `[`; gives it and what follows.
fn class(mut rest: &[u8]) -> (Token, &[u8]) {
    let mut ranges = Vec::new();
    let negated = rest.first() == Some(&b'^');
    if negated {
        rest = rest.get(1..).unwrap_or(&[]);
    }
    loop {
        rest = match rest {
            [b'\\', byte, tail @ ..] => {
                ranges.push((*byte, *byte));
                tail
            }
            // An unclosed class ends with the pattern, as in Redis.
            [] => break,
            [b']', tail @ ..] => {
                rest = tail;
                break;
            }
            [from, b'-', to, tail @ ..] => {
                ranges.push((*from.min(to), *from.max(to)));
                tail
            }
            [byte, tail @ ..] => {
                ranges.push((*byte, *byte));
                tail
            }
        };
    }
    (Token::Class { negated, ranges }, rest)
}

fn tokens(mut rest: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    while let [first, tail @ ..] = rest {
        rest = tail;
        tokens.push(match (first, tail) {
            (b'*', _) => Token::Star,
            (b'?', _) => Token::One,
            (b'[', _) => {
                let (token, tail) = class(tail);
                rest = tail;
                token
            }
            (b'\\', [byte, tail @ ..]) => {
                rest = tail;
                Token::Byte(*byte)
            }
            (byte, _) => Token::Byte(*byte),
        });
    }
    tokens.dedup_by(|a, b| *a == Token::Star && *b == Token::Star);
    tokens
}

fn literal(tokens: &[Token]) -> Option<Vec<u8>> {
    tokens.iter().map(|token| if let Token::Byte(b) = token { Some(*b) } else { None }).collect()
}

impl Glob {
    /// Compiles a pattern; every byte string is one.
    pub fn new(pattern: &[u8]) -> Glob {
        let tokens = tokens(pattern);
        let form = match tokens.as_slice() {
            all if all.iter().filter(|token| **token == Token::Star).count() > STARS_MAX => {
                Some(Form::Nothing)
            }
            [Token::Star] => Some(Form::Any),
            [Token::Star, middle @ .., Token::Star] => literal(middle).map(|bytes| {
                Form::Infix(Box::new(memchr::memmem::Finder::new(&bytes).into_owned()))
            }),
            [head @ .., Token::Star] => literal(head).map(Form::Prefix),
            [Token::Star, tail @ ..] => literal(tail).map(Form::Suffix),
            all => literal(all).map(Form::Literal),
        };
        Glob(form.unwrap_or(Form::General(tokens)))
    }

    /// Whether the whole key matches. Takes at most |pattern| × |key| steps.
    pub fn matches(&self, key: &[u8]) -> bool {
        match &self.0 {
            Form::Any => true,
            Form::Nothing => false,
            Form::Literal(bytes) => key == bytes,
            Form::Prefix(bytes) => key.starts_with(bytes),
            Form::Suffix(bytes) => key.ends_with(bytes),
            Form::Infix(finder) => finder.find(key).is_some(),
            Form::General(tokens) => general(tokens, key),
        }
    }
}

/// Matches with one place to go back to, the last star: an earlier one never has to give.
fn general(tokens: &[Token], key: &[u8]) -> bool {
    let (mut token, mut pos) = (0, 0);
    let mut back = None;
    loop {
        match (tokens.get(token), key.get(pos)) {
            (Some(Token::Star), _) => {
                back = Some((token, pos));
                token += 1;
                continue;
            }
            (Some(t), Some(byte)) if t.takes(*byte) => {
                token += 1;
                pos += 1;
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        match back {
            Some((star, from)) if from < key.len() => {
                back = Some((star, from + 1));
                token = star + 1;
                pos = from + 1;
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_redis() {
        let cases: &[(&str, &str, bool)] = &[
            ("*", "", true),
            ("user:*", "user:1", true),
            ("user:*", "use", false),
            ("*:name", "a:name", true),
            ("*mid*", "a-mid-b", true),
            ("*mid*", "mi", false),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hello", false),
            ("h[a-c]llo", "hbllo", true),
            ("h[c-a]llo", "hbllo", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("[\\]]", "]", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("**a", "bba", true),
            ("[abc", "a", true),
            ("", "", true),
            ("", "a", false),
        ];
        for (pattern, key, expected) in cases {
            let glob = Glob::new(pattern.as_bytes());
            assert_eq!(glob.matches(key.as_bytes()), *expected, "{pattern} on {key}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        let glob = Glob::new("a*a*a*a*a*a*a*a*a*a*a*a*b".as_bytes());
        assert!(!glob.matches(&[b'a'; 5000]));
    }
}
