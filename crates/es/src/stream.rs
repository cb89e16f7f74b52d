//! Stream names: a category and a short id, written `account-1`.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

/// The name of a stream, cheap to clone. Split at the first hyphen: `cart-a-b` is the cart `a-b`.
#[derive(Clone)]
pub struct Stream(Rc<Name>);

struct Name {
    text: Box<str>,
    category_len: usize,
    id: Rc<str>,
}

/// A text that names no stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a stream is written category-id, such as cart-1; {0:?} is not")]
pub struct BadStream(pub String);

impl Stream {
    /// The stream of `id` in `category`.
    pub fn new(category: &str, id: &str) -> Self {
        Self(Rc::new(Name {
            text: format!("{category}-{id}").into(),
            category_len: category.len(),
            id: id.into(),
        }))
    }

    /// Reads `category-id`.
    ///
    /// # Errors
    /// [`BadStream`] where a part is missing.
    pub fn parse(text: &str) -> Result<Self, BadStream> {
        match text.split_once('-') {
            Some((category, id)) if Self::is_named(text) => Ok(Self::new(category, id)),
            _ => Err(BadStream(text.to_owned())),
        }
    }

    /// True where the text names a stream: `category-id`.
    pub fn is_named(text: &str) -> bool {
        let parts = text.split_once('-');
        parts.is_some_and(|(category, id)| !category.is_empty() && !id.trim().is_empty())
    }

    /// `account` in `account-1`.
    pub fn category(&self) -> &str {
        &self.0.text[..self.0.category_len]
    }

    /// `1` in `account-1`; shared, so that a read model can key its rows by it.
    pub fn id(&self) -> &Rc<str> {
        &self.0.id
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

impl PartialEq for Stream {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || self.as_str() == other.as_str()
    }
}

impl Eq for Stream {}

impl Ord for Stream {
    fn cmp(&self, other: &Self) -> Ordering {
        if Rc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Stream {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Stream {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

// The text orders, equals and hashes as the stream does.
impl Borrow<str> for Stream {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Stream {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Stream {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_split_at_its_first_hyphen() {
        let stream = Stream::parse("cart-a-b").unwrap();
        assert_eq!((stream.category(), &**stream.id()), ("cart", "a-b"));
        assert_eq!(stream.as_str(), "cart-a-b");
    }

    #[test]
    fn a_text_without_category_or_id_names_no_stream() {
        for text in ["", "cart", "cart-", "-1", "cart- "] {
            assert!(Stream::parse(text).is_err(), "{text:?}");
        }
    }
}
