//! Says of a text that is no JSON what is found in it, and what is expected there.

use es::sentence;

/// Where and why a text is no JSON.
pub struct NoJson {
    /// How many lines of the text are before the fault.
    pub lines: u64,
    /// What is found and what is expected, in words.
    pub what: String,
}

impl NoJson {
    /// What serde says of the text.
    #[inline(never)]
    pub fn of(text: &str, error: &serde_json::Error) -> Self {
        if error.is_data() {
            return Self { lines: 0, what: sentence(error) };
        }
        let lines = error.line().saturating_sub(1);
        let line = text.split('\n').nth(lines).unwrap_or_default();
        let found = line.get(error.column().saturating_sub(1)..);
        let found = found.and_then(|it| it.chars().next()).filter(|_| !error.is_eof());
        let message = error.to_string();
        // serde's place of a control character is the one before it.
        let control = message.starts_with("control character");
        let found = match found {
            _ if control => "a control character".to_owned(),
            None => "the end".to_owned(),
            Some(sign) if sign.is_control() => "a control character".to_owned(),
            Some(sign) => sign.to_string(),
        };
        let expected = expected(&message);
        Self { lines: lines as u64, what: format!("{found} is found where {expected} is expected") }
    }
}

/// What serde expects, in words.
fn expected(message: &str) -> &'static str {
    const WORDS: [(&str, &str); 16] = [
        ("EOF while parsing a string", "a closing quotation mark"),
        ("EOF while parsing a list", "a comma or ]"),
        ("EOF while parsing an object", "a comma or }"),
        ("expected `:`", "a colon"),
        ("expected `,` or `]`", "a comma or ]"),
        ("expected `,` or `}`", "a comma or }"),
        ("expected ident", "true, false or null"),
        ("expected `\"`", "a name in quotation marks"),
        ("key must be", "a name in quotation marks"),
        ("trailing characters", "the end"),
        ("invalid number", "a digit"),
        ("number out of range", "a smaller number"),
        ("recursion limit", "less nesting"),
        ("control character", "an escape such as \\n"),
        ("invalid escape", "an escape such as \\n"),
        ("invalid unicode", "an escape such as \\n"),
    ];
    let known = WORDS.iter().find(|(start, _)| message.starts_with(start));
    match known {
        Some((_, words)) => words,
        None if message.contains("hex escape") => "an escape such as \\n",
        None => "a value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    #[test]
    fn each_fault_says_what_is_found_and_what_is_expected() {
        let table = [
            ("hello", 0, "h is found where a value is expected"),
            ("{\"a\" 1}", 0, "1 is found where a colon is expected"),
            ("{\"a\":1 2}", 0, "2 is found where a comma or } is expected"),
            ("[1 2]", 0, "2 is found where a comma or ] is expected"),
            ("{a:1}", 0, "a is found where a name in quotation marks is expected"),
            ("{\n\"a\":1,\n}", 2, "} is found where a name in quotation marks is expected"),
            ("{\"a\":tru}", 0, "} is found where true, false or null is expected"),
            ("{\"a\":1", 0, "the end is found where a comma or } is expected"),
            ("{\"a\":[", 0, "the end is found where a comma or ] is expected"),
            ("{\"a\":", 0, "the end is found where a value is expected"),
            ("\"a", 0, "the end is found where a closing quotation mark is expected"),
            ("\"\\x\"", 0, "x is found where an escape such as \\n is expected"),
            (
                "\"\u{1}\"",
                0,
                "a control character is found where an escape such as \\n is expected",
            ),
            ("{} é", 0, "é is found where the end is expected"),
            ("{\"a\":-}", 0, "} is found where a digit is expected"),
        ];
        for (text, lines, what) in table {
            let error = serde_json::from_str::<&RawValue>(text).unwrap_err();
            let told = NoJson::of(text, &error);
            assert_eq!((told.lines, &*told.what), (lines, what), "{text}: {error}");
        }
    }
}
