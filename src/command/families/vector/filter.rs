//! Filter expressions: which elements a search may find, by their attributes.
//!
//! ```text
//! .year > 1980 and (.genre == "action" or .director in ["Spielberg", "Nolan"]) and not .old
//! ```
//!
//! An expression becomes a row of values and operators, each operator behind its operands, so that however deep it is nested, a
//! stack is all that it takes.

use super::super::super::parse::parse_strtod;
use super::attributes::{Attribute, fields};

/// What an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Open,
    Close,
    Not,
    Power,
    Times,
    Over,
    Modulo,
    Plus,
    Minus,
    Above,
    AtLeast,
    Below,
    AtMost,
    Equal,
    Unequal,
    In,
    And,
    Or,
}

/// The operators as they are written. Of two that fit, the longer one is meant.
const OPERATORS: [(&[u8], Operator); 21] = [
    (b"(", Operator::Open),
    (b")", Operator::Close),
    (b"!", Operator::Not),
    (b"not", Operator::Not),
    (b"**", Operator::Power),
    (b"*", Operator::Times),
    (b"/", Operator::Over),
    (b"%", Operator::Modulo),
    (b"+", Operator::Plus),
    (b"-", Operator::Minus),
    (b">", Operator::Above),
    (b">=", Operator::AtLeast),
    (b"<", Operator::Below),
    (b"<=", Operator::AtMost),
    (b"==", Operator::Equal),
    (b"!=", Operator::Unequal),
    (b"in", Operator::In),
    (b"and", Operator::And),
    (b"&&", Operator::And),
    (b"or", Operator::Or),
    (b"||", Operator::Or),
];

impl Operator {
    /// How tightly it binds.
    fn rank(self) -> u8 {
        match self {
            Operator::Or => 0,
            Operator::And => 1,
            Operator::Above
            | Operator::AtLeast
            | Operator::Below
            | Operator::AtMost
            | Operator::Equal
            | Operator::Unequal
            | Operator::In => 2,
            Operator::Plus | Operator::Minus => 3,
            Operator::Times | Operator::Over | Operator::Modulo => 4,
            Operator::Power => 5,
            Operator::Not => 6,
            Operator::Open | Operator::Close => 7,
        }
    }

    /// Whether it comes before its operand.
    fn is_prefix(self) -> bool {
        self == Operator::Not
    }

    /// Whether of two in a row the second one comes first.
    fn is_right_associative(self) -> bool {
        self == Operator::Power
    }
}

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Value(Attribute),
    /// The field of this number.
    Field(usize),
    Operator(Operator),
}

/// An expression that is ready to be applied.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expression {
    steps: Vec<Step>,
    /// Names of the fields it looks at.
    fields: Vec<String>,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// The offset of what it stumbles over; 0 if that is the whole.
    pub(super) fn parse(text: &[u8]) -> Result<Expression, usize> {
        let mut reader = Reader { text, at: 0, fields: Vec::new(), after_operand: false };
        let mut sorter = Sorter::default();
        while let Some(step) = reader.next()? {
            match step {
                Step::Operator(operator) => sorter.operator(operator).ok_or(0_usize)?,
                operand => sorter.operand(operand),
            }
        }
        let steps = sorter.finish().ok_or(0_usize)?;
        Ok(Expression { steps, fields: reader.fields })
    }

    /// Whether it holds for an element with these attributes: never if a field is missing that it looks at.
    pub(super) fn holds(&self, attributes: &[u8]) -> bool {
        let found = if self.fields.is_empty() {
            Some(Vec::new())
        } else {
            fields(attributes, &self.fields)
        };
        found.and_then(|found| self.evaluate(&found)).is_some_and(|value| is_true(&value))
    }

    fn evaluate(&self, fields: &[Attribute]) -> Option<Attribute> {
        let mut stack: Vec<Attribute> = Vec::new();
        for step in &self.steps {
            let value = match step {
                Step::Value(value) => value.clone(),
                Step::Field(index) => fields.get(*index)?.clone(),
                Step::Operator(Operator::Not) => truth(!is_true(&stack.pop()?)),
                Step::Operator(operator) => {
                    let right = stack.pop()?;
                    apply(*operator, &stack.pop()?, &right)
                }
            };
            stack.push(value);
        }
        stack.pop()
    }
}

fn truth(value: bool) -> Attribute {
    Attribute::Number(f64::from(u8::from(value)))
}

fn is_true(value: &Attribute) -> bool {
    match value {
        Attribute::Number(number) => *number != 0.0,
        Attribute::Text(text) => !text.is_empty(),
        Attribute::List(_) => true,
        Attribute::Null => false,
    }
}

/// The number that a value stands for: 0 if it is none.
fn number(value: &Attribute) -> f64 {
    match value {
        Attribute::Number(number) => *number,
        Attribute::Text(text) => parse_strtod(text).unwrap_or(0.0),
        Attribute::List(_) | Attribute::Null => 0.0,
    }
}

fn is_equal(a: &Attribute, b: &Attribute) -> bool {
    match (a, b) {
        (Attribute::Text(a), Attribute::Text(b)) => a == b,
        (Attribute::Null, _) | (_, Attribute::Null) => a == b,
        _ => number(a) == number(b),
    }
}

fn is_in(a: &Attribute, b: &Attribute) -> bool {
    match (a, b) {
        (_, Attribute::List(items)) => items.iter().any(|item| is_equal(a, item)),
        (Attribute::Text(part), Attribute::Text(whole)) => {
            memchr::memmem::find(whole, part).is_some()
        }
        _ => false,
    }
}

fn apply(operator: Operator, left: &Attribute, right: &Attribute) -> Attribute {
    let (a, b) = (number(left), number(right));
    let result = match operator {
        Operator::Power => a.powf(b),
        Operator::Times => a * b,
        Operator::Over => a / b,
        Operator::Modulo => a % b,
        Operator::Plus => a + b,
        Operator::Minus => a - b,
        Operator::Above => return truth(a > b),
        Operator::AtLeast => return truth(a >= b),
        Operator::Below => return truth(a < b),
        Operator::AtMost => return truth(a <= b),
        Operator::Equal => return truth(is_equal(left, right)),
        Operator::Unequal => return truth(!is_equal(left, right)),
        Operator::In => return truth(is_in(left, right)),
        Operator::And => return truth(is_true(left) && is_true(right)),
        Operator::Or => return truth(is_true(left) || is_true(right)),
        // These never come to be applied to two operands.
        Operator::Open | Operator::Close | Operator::Not => 0.0,
    };
    Attribute::Number(result)
}

/// Puts operators behind their operands (Dijkstra's shunting yard).
#[derive(Default)]
struct Sorter {
    steps: Vec<Step>,
    /// Operators that wait for their operands.
    waiting: Vec<Operator>,
    /// Values that there would be on the stack.
    values: usize,
}

impl Sorter {
    fn operand(&mut self, operand: Step) {
        self.steps.push(operand);
        self.values += 1;
    }

    /// Lets an operator work on what came before; `None` if that is too little.
    fn settle(&mut self, operator: Operator) -> Option<()> {
        let operands = if operator.is_prefix() { 1 } else { 2 };
        self.values = self.values.checked_sub(operands)? + 1;
        self.steps.push(Step::Operator(operator));
        Some(())
    }

    fn operator(&mut self, operator: Operator) -> Option<()> {
        if operator == Operator::Close {
            loop {
                match self.waiting.pop()? {
                    Operator::Open => return Some(()),
                    other => self.settle(other)?,
                }
            }
        }
        // What stands before its operand does not end what came before.
        if operator != Operator::Open && !operator.is_prefix() {
            while let Some(top) = self.waiting.last().copied().filter(|top| *top != Operator::Open)
            {
                let (ours, theirs) = (operator.rank(), top.rank());
                if theirs < ours || theirs == ours && operator.is_right_associative() {
                    break;
                }
                self.waiting.pop();
                self.settle(top)?;
            }
        }
        self.waiting.push(operator);
        Some(())
    }

    fn finish(mut self) -> Option<Vec<Step>> {
        while let Some(operator) = self.waiting.pop() {
            if operator == Operator::Open {
                return None;
            }
            self.settle(operator)?;
        }
        (self.values == 1).then_some(self.steps)
    }
}

/// Cuts an expression into its parts.
struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    fields: Vec<String>,
    /// Whether an operand came before, so that a minus is an operator and no sign.
    after_operand: bool,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(0), b' ' | b'\t'..=b'\r') {
            self.at += 1;
        }
    }

    /// The bytes from here on that satisfy a condition, behind which it goes on.
    fn take_while(&mut self, mut is_part: impl FnMut(u8) -> bool) -> &[u8] {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// The next part; `None` at the end.
    fn next(&mut self) -> Result<Option<Step>, usize> {
        self.skip_spaces();
        if self.at >= self.text.len() {
            return Ok(None);
        }
        let start = self.at;
        let step = match (self.peek(0), self.peek(1)) {
            (b'0'..=b'9', _) => self.number().map(Step::Value),
            (b'-', b'0'..=b'9') if !self.after_operand => self.number().map(Step::Value),
            (b'"' | b'\'', _) => self.quoted().map(Step::Value),
            (b'.', next) if is_of_name(next) => Some(self.field()),
            (b'[', _) => self.list().map(Step::Value),
            _ => self.word(),
        };
        self.after_operand = !matches!(
            step,
            Some(Step::Operator(operator)) if operator != Operator::Close
        );
        match step {
            Some(step) => Ok(Some(step)),
            None => Err(start.max(self.at)),
        }
    }

    fn number(&mut self) -> Option<Attribute> {
        const NUMBER_BYTES_MAX: usize = 255;
        let mut is_first = true;
        let text = self.take_while(|byte| {
            let is_sign = std::mem::take(&mut is_first) && byte == b'-';
            is_sign || matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E')
        });
        if text.len() > NUMBER_BYTES_MAX {
            return None;
        }
        std::str::from_utf8(text).ok()?.parse().ok().map(Attribute::Number)
    }

    /// A text between quotes of one kind, with what stands behind a backslash taken for itself or for a sign of control.
    fn quoted(&mut self) -> Option<Attribute> {
        let quote = self.peek(0);
        self.at += 1;
        let mut text = Vec::new();
        loop {
            let byte = *self.text.get(self.at)?;
            self.at += 1;
            if byte == quote {
                return Some(Attribute::Text(text));
            }
            if byte != b'\\' {
                text.push(byte);
                continue;
            }
            let escaped = *self.text.get(self.at)?;
            self.at += 1;
            text.push(match escaped {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other => other,
            });
        }
    }

    /// Numbers and texts between brackets.
    fn list(&mut self) -> Option<Attribute> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_spaces();
            match self.peek(0) {
                b']' => break,
                b'0'..=b'9' | b'-' => items.push(self.number()?),
                b'"' | b'\'' => items.push(self.quoted()?),
                _ => return None,
            }
            self.skip_spaces();
            match self.peek(0) {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
        }
        self.at += 1;
        Some(Attribute::List(items))
    }

    fn field(&mut self) -> Step {
        self.at += 1;
        let name = String::from_utf8_lossy(self.take_while(is_of_name)).into_owned();
        let known = self.fields.iter().position(|field| *field == name);
        Step::Field(known.unwrap_or_else(|| {
            self.fields.push(name);
            self.fields.len() - 1
        }))
    }

    /// An operator, or `null`.
    fn word(&mut self) -> Option<Step> {
        const NULL: &[u8] = b"null";
        let rest = self.text.get(self.at..)?;
        let is_null =
            rest.starts_with(NULL) && !rest.get(NULL.len()).copied().is_some_and(is_of_name);
        if is_null {
            self.at += NULL.len();
            return Some(Step::Value(Attribute::Null));
        }
        let fitting = OPERATORS.iter().filter(|(text, _)| rest.starts_with(text));
        let (text, operator) = fitting.max_by_key(|(text, _)| text.len())?;
        self.at += text.len();
        Some(Step::Operator(*operator))
    }
}

/// Whether a byte can stand in the name of a field.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILM: &[u8] = br#"{"year": 1984, "title": "The Matrix", "old": false, "empty": "",
        "tags": ["sci-fi", 7], "rating": "8.5", "none": null, "who": {"name": "x"}}"#;

    #[track_caller]
    fn check(expression: &str, wanted: bool) {
        let parsed = Expression::parse(expression.as_bytes());
        assert_eq!(parsed.map(|parsed| parsed.holds(FILM)), Ok(wanted), "{expression}");
    }

    #[test]
    fn expressions_hold_or_not() {
        for expression in [
            "(5+2)*3 and .year > 1980 and 'foo' == 'foo'",
            ".year>=1984&&.year<=1984",
            ".year - 1980 == 4",
            ".year -1980 == 4",
            "-4 + .year == 1980",
            "2 ** 3 ** 2 == 512",
            "7 % 4 == 3",
            "10 / 4 == 2.5",
            "2 * -3 == -6",
            "1e3 == 1000",
            "not .old",
            "!.old",
            "!!.year",
            "not not .year",
            "! ! .title",
            "!(.year == 1985)",
            ".title == \"The Matrix\"",
            "'Mat' in .title",
            "\"\" in .title && \"\" in \"\"",
            "'sci-fi' in .tags",
            "7 in .tags",
            ".year in [1983, 1984,]",
            ".title in ['x', \"The Matrix\"]",
            ".rating > 8",
            ".rating == 8.5",
            ".none == null",
            ".none != 0",
            "null == null",
            "(null==.none)",
            ".tags",
            ".empty or .year",
            ".year != 1 and .year != 2 or 0",
            "1 or 0 and 0",
            "5 > 3 == 1",
        ] {
            check(expression, true);
        }
        for expression in [
            ".year < 1980",
            ".old",
            ".empty",
            ".none",
            ".missing or .year",
            "!.missing",
            ".who",
            ".title in ''",
            "'matrix' in .title",
            "'x' in 5",
            ".title == 0 and 0",
            "8 in .tags",
            "0 ** 1",
            "(1 or 0) and 0",
        ] {
            check(expression, false);
        }
    }

    #[test]
    fn escapes_of_texts() {
        let attributes = br#"{"dq": "a\"b", "sq": "O'Brien", "bs": "x\\y", "nl": "1\n2"}"#;
        for expression in [
            r#".dq == "a\"b""#,
            r".sq == 'O\'Brien'",
            r#".bs == "x\\y""#,
            r#".nl == "1\n2""#,
            r#"'a"b' == .dq"#,
            r#""\"b" in .dq"#,
            r#".dq in ["zzz", "a\"b"]"#,
        ] {
            assert!(Expression::parse(expression.as_bytes()).unwrap().holds(attributes));
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for (text, at) in [
            ("", 0),
            ("()", 0),
            ("(1", 0),
            ("1)", 0),
            ("1 2", 0),
            ("1 +", 0),
            ("== 1", 0),
            ("not", 0),
            (".year > @", 8),
            (".year == 'open", 14),
            ("1 in [1 2]", 8),
            ("1 in [[1]]", 6),
            ("1.2.3", 5),
            (".year = 5", 6),
            ("true", 0),
            (". == 1", 0),
        ] {
            assert_eq!(Expression::parse(text.as_bytes()), Err(at), "{text}");
        }
        assert!(Expression::parse(b"1 == 1\0").is_err());
    }

    #[test]
    fn depth_has_no_bound_but_memory() {
        let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
        check(&deep, true);
        check(&format!("{}1", "!".repeat(100_000)), true);
        assert!(Expression::parse("(".repeat(100_000).as_bytes()).is_err());
    }
}
