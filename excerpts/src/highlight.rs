//! Rust's tokens, as far as their colour goes.

/// The class of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Keyword,
    Type,
    Text,
    Number,
    Comment,
    Name,
    Other,
}

impl Class {
    /// As the style sheet has it; empty where it has no colour of its own.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyword => "k",
            Self::Type => "t",
            Self::Text => "s",
            Self::Number => "n",
            Self::Comment => "c",
            Self::Name | Self::Other => "",
        }
    }
}

const KEYWORDS: [&str; 35] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "false",
    "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "type", "use", "where",
    "while",
];

const PRIMITIVES: [&str; 13] =
    ["bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "str", "u8", "u16", "u32", "u64"];

/// The tokens of a text, without gaps.
pub fn tokens(text: &str) -> Vec<(Class, &str)> {
    let (mut all, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (class, length) = first(rest);
        let (token, after) = rest.split_at(length);
        all.push((class, token));
        rest = after;
    }
    all
}

/// The first token's class and its length in bytes, which is at least 1.
fn first(text: &str) -> (Class, usize) {
    let run = |holds: fn(char) -> bool| text.find(|it| !holds(it)).unwrap_or(text.len());
    let Some(begin) = text.chars().next() else { return (Class::Other, 0) };
    match begin {
        '/' if text.starts_with("//") => (Class::Comment, text.find('\n').unwrap_or(text.len())),
        '"' => (Class::Text, quoted(text, '"')),
        '\'' => match character(text) {
            Some(length) => (Class::Text, length),
            // A lifetime's mark, or a label's.
            None => (Class::Other, 1),
        },
        _ if begin.is_ascii_digit() => {
            (Class::Number, run(|it| it.is_ascii_alphanumeric() || it == '_'))
        }
        _ if begin.is_alphabetic() || begin == '_' => {
            let length = run(|it| it.is_alphanumeric() || it == '_');
            let word = &text[..length];
            let class = match () {
                () if word == "r" && text[length..].starts_with('"') => {
                    let end = text[length + 1..].find('"').map_or(text.len(), |it| length + it + 2);
                    return (Class::Text, end);
                }
                () if KEYWORDS.contains(&word) => Class::Keyword,
                () if begin.is_uppercase() || PRIMITIVES.contains(&word) => Class::Type,
                () if matches!(word, "usize" | "isize" | "u128" | "i128") => Class::Type,
                () => Class::Name,
            };
            (class, length)
        }
        _ => (Class::Other, begin.len_utf8()),
    }
}

/// The length of what begins and ends with this mark.
fn quoted(text: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, it) in text.char_indices().skip(1) {
        match it {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if it == mark => return at + it.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The length of a character literal; none for a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut rest = text.char_indices().skip(1);
    let (_, it) = rest.next()?;
    if it == '\\' {
        return Some(quoted(text, '\''));
    }
    rest.next().filter(|(_, it)| *it == '\'').map(|(at, _)| at + 1)
}

/// The lines of a text, each as its tokens; neighbours of one class are one.
pub fn lines(text: &str) -> Vec<Vec<(&'static str, String)>> {
    let mut lines: Vec<Vec<(&'static str, String)>> = vec![Vec::new()];
    for (class, token) in tokens(text) {
        for (index, part) in token.split('\n').enumerate() {
            if index > 0 {
                lines.push(Vec::new());
            }
            let Some(line) = lines.last_mut().filter(|_| !part.is_empty()) else { continue };
            match line.last_mut() {
                Some((name, said)) if *name == class.name() => said.push_str(part),
                _ => line.push((class.name(), part.to_owned())),
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_the_class_that_an_editor_would_give_them() {
        let line =
            lines("pub fn at(&self, x: Rc<str>) -> u64 { 'a' + \"it\\\"s\" + 1_0u8 } // on 1");
        let of = |class: &str| {
            let all = line[0].iter().filter(|(it, _)| *it == class);
            all.map(|(_, text)| text.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of("k"), ["pub", "fn", "self"]);
        assert_eq!(of("t"), ["Rc", "str", "u64"]);
        assert_eq!(of("s"), ["'a'", "\"it\\\"s\""]);
        assert_eq!(of("n"), ["1_0u8"]);
        assert_eq!(of("c"), ["// on 1"]);
    }

    #[test]
    fn nothing_of_a_text_is_lost_and_its_lines_stay_apart() {
        let text = "impl<'a> X<'a> {\n\n    \"two\n  lines\"\n}";
        let said = lines(text);
        let said = said.iter().map(|it| it.iter().map(|(_, text)| text.as_str()).collect());
        assert_eq!(said.collect::<Vec<String>>().join("\n"), text);
    }
}
