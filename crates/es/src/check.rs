//! Conditions on states and views: one serialisable predicate for checks and searches alike.

use std::cmp::Ordering;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Aggregate, Projection};

/// Something that should hold at every position; where it doesn't, it is shown in red.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What should hold, in a sentence.
    pub name: Rc<str>,
    /// Of what.
    pub subject: Subject,
    /// The condition.
    pub holds: Condition,
}

/// What a condition is asked of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The state of each stream of a category.
    Each(Rc<str>),
    /// A projection's view.
    View(Rc<str>),
}

/// A condition on JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// A field compared with something.
    Is(String, Relation, Operand),
    /// All of them hold.
    All(Vec<Condition>),
    /// At least one of them holds.
    Any(Vec<Condition>),
    /// It doesn't hold.
    Not(Box<Condition>),
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// Equal.
    #[serde(rename = "=")]
    Equal,
    /// Less than.
    #[serde(rename = "<")]
    Less,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operand {
    /// A value.
    Value(Value),
    /// Another field, by its JSON pointer.
    Field(String),
}

impl Check {
    /// Something that should hold for the state of every `A`.
    pub fn each<A: Aggregate>(name: &str, holds: Condition) -> Self {
        Self { name: name.into(), subject: Subject::Each(A::NAME.into()), holds }
    }

    /// Something that should hold for what `P` shows.
    pub fn view<P: Projection>(name: &str, holds: Condition) -> Self {
        Self { name: name.into(), subject: Subject::View(P::NAME.into()), holds }
    }
}

/// A field by its JSON pointer, such as `/balance`, to make a condition of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field(String);

/// The field at a JSON pointer.
pub fn field(pointer: &str) -> Field {
    Field(pointer.to_owned())
}

/// All of these hold.
pub fn all(conditions: impl IntoIterator<Item = Condition>) -> Condition {
    Condition::All(conditions.into_iter().collect())
}

/// At least one of these holds.
pub fn any(conditions: impl IntoIterator<Item = Condition>) -> Condition {
    Condition::Any(conditions.into_iter().collect())
}

/// This doesn't hold.
pub fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

impl Field {
    /// It equals a value, or another field.
    pub fn is(self, other: impl Into<Operand>) -> Condition {
        Condition::Is(self.0, Relation::Equal, other.into())
    }

    /// It is less than a value, or than another field.
    pub fn is_less_than(self, other: impl Into<Operand>) -> Condition {
        Condition::Is(self.0, Relation::Less, other.into())
    }

    /// It is at most a value, or another field.
    pub fn is_at_most(self, other: impl Into<Operand>) -> Condition {
        Condition::Is(self.0, Relation::AtMost, other.into())
    }
}

impl From<Field> for Operand {
    fn from(field: Field) -> Self {
        Self::Field(field.0)
    }
}

impl<T: Into<Value>> From<T> for Operand {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}

impl Condition {
    /// True where it holds for `value`. Fields are JSON pointers (RFC 6901). A missing field is
    /// null; null equals only null, and compares as neither less nor more than anything.
    pub fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Is(field, relation, operand) => {
                let left = value.pointer(field).unwrap_or(&Value::Null);
                let right = match operand {
                    Operand::Value(value) => value,
                    Operand::Field(field) => value.pointer(field).unwrap_or(&Value::Null),
                };
                let order = compare(left, right);
                match relation {
                    Relation::Equal => left == right || order == Some(Ordering::Equal),
                    Relation::Less => order == Some(Ordering::Less),
                    Relation::AtMost => order.is_some_and(Ordering::is_le),
                }
            }
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(value)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(value)),
            Self::Not(condition) => !condition.holds(value),
        }
    }
}

fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_compared_with_a_value_or_with_another_field() {
        let order = json!({ "total": 120, "maximum": 100, "lines": { "a": 1 } });
        let below = |limit: Operand| field("/total").is_at_most(limit);
        assert!(!below(field("/maximum").into()).holds(&order));
        assert!(below(120.into()).holds(&order));
        assert!(!below(field("/missing").into()).holds(&order));
        let nested = field("/lines/a").is(1);
        assert!(nested.holds(&order));
        assert!(!not(nested.clone()).holds(&order));
        assert!(any([below(1.into()), nested.clone()]).holds(&order));
        assert!(!all([below(1.into()), nested]).holds(&order));
        assert!(field("/maximum").is_less_than(field("/total")).holds(&order));
    }

    #[test]
    fn numbers_compare_by_value_and_words_by_letter_and_nothing_else_is_less_or_more() {
        let relations = [Relation::Less, Relation::Equal, Relation::AtMost];
        let holding = |left: Value, right: Value| {
            let pair = json!({ "left": left, "right": right });
            relations.map(|relation| {
                Condition::Is("/left".into(), relation, field("/right").into()).holds(&pair)
            })
        };
        let (less, same, more) = ([true, false, true], [false, true, true], [false; 3]);
        let apart = [false, true, false];
        let huge = i64::MAX as u64 + 1;
        for (left, right, expected) in [
            (json!(1), json!(2), less),
            (json!(2), json!(2), same),
            (json!(3), json!(2), more),
            (json!(-1), json!(0), less),
            // As decimal fractions, these two would be one and the same.
            (json!(i64::MAX - 1), json!(i64::MAX), less),
            (json!(i64::MAX), json!(huge + 4_096), less),
            (json!(huge), json!(1), more),
            (json!(1), json!(1.0), same),
            (json!(1.5), json!(2), less),
            (json!(2), json!(1.5), more),
            (json!("a"), json!("b"), less),
            (json!("a"), json!("a"), same),
            (json!("b"), json!("a"), more),
            (json!("10"), json!("9"), less),
            (json!("1"), json!(1), more),
            (json!(1), json!("2"), more),
            (json!(null), json!(null), apart),
            (json!(null), json!(1), more),
            (json!(0), json!(null), more),
            (json!(true), json!(true), apart),
            (json!(false), json!(true), more),
            (json!([1]), json!([1]), apart),
            (json!({}), json!([]), more),
        ] {
            assert_eq!(holding(left.clone(), right.clone()), expected, "{left} and {right}");
        }
    }

    #[test]
    fn all_of_none_hold_and_any_of_none_does_not() {
        assert!(all([]).holds(&json!({})));
        assert!(!any([]).holds(&json!({})));
    }

    #[test]
    fn a_condition_survives_a_round_trip() {
        let text = r#"{"is":["/balance","<",{"value":0}]}"#;
        let condition: Condition = serde_json::from_str(text).unwrap();
        assert_eq!(condition, field("/balance").is_less_than(0));
        assert_eq!(serde_json::to_string(&condition).unwrap(), text);
    }
}
