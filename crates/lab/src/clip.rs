//! Clips text that people wrote: a browser takes seconds to lay out a word of 30,000 letters.

use std::borrow::Cow;

use serde_json::Value;

/// How many letters of a text are shown at once.
pub const LETTERS: usize = 240;

/// True where a text is clipped.
pub fn is_long(text: &str) -> bool {
    end_of(text, LETTERS).is_some()
}

/// A text, or its beginning. Only what is shown is looked at.
pub fn clip(text: &str) -> Cow<'_, str> {
    clip_to(text, LETTERS)
}

/// A text, or its first `letters` letters.
pub fn clip_to(text: &str, letters: usize) -> Cow<'_, str> {
    match end_of(text, letters) {
        Some(end) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// The first `letters` letters of a text of several words, and of each word no more than fit.
pub fn clip_words(text: &str, letters: usize) -> Cow<'_, str> {
    let beginning = clip_to(text, letters);
    if !beginning.split_whitespace().any(is_long) {
        return beginning;
    }
    let pieces = beginning.split_inclusive(char::is_whitespace);
    let clipped = pieces.map(|piece| {
        let word = piece.trim_end();
        clip(word).into_owned() + &piece[word.len()..]
    });
    clipped.collect::<String>().into()
}

/// Where the first letters of a text end. None where it has no more of them.
fn end_of(text: &str, letters: usize) -> Option<usize> {
    // No letter is shorter than a byte.
    if text.len() <= letters {
        return None;
    }
    text.char_indices().nth(letters).map(|(at, _)| at)
}

/// A value with every text in it clipped, those of keys as well. None where nothing is long.
pub fn clip_value(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => is_long(text).then(|| clip(text).into()),
        Value::Array(list) => {
            let clipped: Vec<_> = list.iter().map(clip_value).collect();
            clipped.iter().any(Option::is_some).then(|| {
                let both = clipped.into_iter().zip(list);
                both.map(|(clipped, whole)| clipped.unwrap_or_else(|| whole.clone())).collect()
            })
        }
        Value::Object(fields) => {
            let clipped: Vec<_> =
                fields.iter().map(|(key, value)| (is_long(key), clip_value(value))).collect();
            clipped.iter().any(|(key, value)| *key || value.is_some()).then(|| {
                let both = fields.iter().zip(clipped);
                let both = both.map(|((key, whole), (_, clipped))| {
                    (clip(key).into_owned(), clipped.unwrap_or_else(|| whole.clone()))
                });
                Value::Object(both.collect())
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_short_text_is_shown_as_it_is_and_a_long_one_begins_as_it_begins() {
        for letter in ["a", "ö", "字", "🦉"] {
            let (short, long) = (letter.repeat(LETTERS), letter.repeat(30_000));
            assert_eq!(clip(&short), short);
            assert!(!is_long(&short) && is_long(&long));
            assert_eq!(clip(&long), format!("{short}…"));
            assert_eq!(clip_to(&long, 2), format!("{letter}{letter}…"));
        }
        assert_eq!(clip(""), "");
    }

    #[test]
    fn of_a_page_each_word_and_the_whole_are_clipped_and_its_lines_stay() {
        let word = "x".repeat(300);
        let page = format!("# Title\n\n{word} and\nmore");
        assert_eq!(clip_words(&page, 4_000), format!("# Title\n\n{} and\nmore", clip(&word)));
        assert_eq!(clip_words("one two", 4_000), "one two");
        assert_eq!(clip_words("one two", 5), "one t…");
    }

    #[test]
    fn of_a_value_only_what_is_long_is_clipped() {
        let long = "x".repeat(300);
        let shown = clip(&long).into_owned();
        assert_eq!(clip_value(&json!({ "a": [1, null, "short"] })), None);
        assert_eq!(
            clip_value(&json!({ "a": [1, &long, true], "b": "short", &long: { "c": &long } })),
            Some(json!({ "a": [1, &shown, true], "b": "short", &shown: { "c": &shown } }))
        );
    }
}
