//! Numbers, amounts and JSON in words, as everybody on the page says them.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::Value;

use crate::es::{Cell, Cents, Set, opened};
use crate::lab::Opener;
use crate::lab::clip::clip;

/// The names of the fields that hold cents.
pub type MoneyFields = Rc<Set<Rc<str>>>;

/// Opens what is sealed, as it is shown. Two of them are equal where they open the same.
#[derive(Clone, Default)]
pub struct Seals {
    pub opener: Option<Opener>,
    /// Grows whenever other keys may be there.
    pub turn: u64,
}

impl PartialEq for Seals {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.opener, &other.opener) {
            (Some(one), Some(other)) => Rc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        };
        same && self.turn == other.turn
    }
}

impl Seals {
    /// A text with what is sealed in it as it is shown.
    pub fn open<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.opener {
            Some(opener) => opened(text, &**opener),
            None => Cow::Borrowed(text),
        }
    }
}

/// True where a field holds an amount of money, by its name or that of what it lies in.
pub fn is_money(names: &MoneyFields, pointer: &str) -> bool {
    pointer.split('/').any(|key| names.contains(key))
}

/// Longer data is not read for a few words, in bytes.
const READ_BYTES: usize = 64 << 10;

/// A field's value as people write it: cents as an amount. `pointer` says where the field is. A
/// long value is clipped.
pub fn plain(money: &MoneyFields, pointer: &str, text: &str) -> String {
    clip(&whole(money, pointer, text)).into_owned()
}

/// As [`plain`], however long it is.
pub fn whole(money: &MoneyFields, pointer: &str, text: &str) -> String {
    match text.parse() {
        Ok(cents) if is_money(money, pointer) => Cents(cents).to_string(),
        _ => text.to_owned(),
    }
}

/// The data of an event or a command in a few words. What is long is clipped.
pub fn in_words(data: &str, money: &MoneyFields) -> String {
    if data.len() > READ_BYTES {
        return clip(data).into_owned();
    }
    match serde_json::from_str(data).unwrap_or_default() {
        Value::Object(map) => {
            let parts = map.iter().map(|(key, value)| field_in_words(key, value, money));
            clip(&parts.collect::<Vec<_>>().join(", ")).into_owned()
        }
        other => clip(&other.to_string()).into_owned(),
    }
}

/// A field in a few words. What is long is clipped.
pub fn field_in_words(key: &str, value: &Value, money: &MoneyFields) -> String {
    let key = &clip(key);
    match value {
        Value::Null => format!("{key} none"),
        other => match other.as_i64().filter(|_| is_money(money, key)) {
            Some(cents) => format!("{key} {}", Cents(cents)),
            None => format!("{key} {}", clip(&other.to_string())),
        },
    }
}

/// A count and its noun.
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(count)) }
}

/// A number whose thousands are told apart.
pub fn grouped(number: u64) -> String {
    if number < 10_000 {
        return number.to_string();
    }
    let thousands = number / 1000;
    let rest = if thousands < 1000 { thousands.to_string() } else { grouped(thousands) };
    format!("{rest}\u{202f}{:03}", number % 1000)
}

/// A table's cell as it is written. A long text is clipped.
pub fn written(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => clip(text).into_owned(),
        other => whole_cell(other),
    }
}

/// The same, however long it is.
pub fn whole_cell(cell: &Cell) -> String {
    match cell {
        Cell::Empty => "–".to_owned(),
        Cell::Text(text) => text.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Money(amount) => amount.to_string(),
        Cell::Flag(true) => "yes".to_owned(),
        Cell::Flag(false) => "no".to_owned(),
    }
}

/// The amount of money in the data of an event: of its first field that holds one.
pub fn amount(data: &str, money: &MoneyFields) -> Option<String> {
    let data: Value = serde_json::from_str(data).ok()?;
    let fields = data.as_object()?.iter();
    let mut amounts = fields.filter(|(key, _)| is_money(money, key));
    Some(Cents(amounts.find_map(|(_, value)| value.as_i64())?).to_string())
}
