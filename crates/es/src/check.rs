//! Conditions on states and views: one serialisable predicate for checks and searches alike.

use std::cmp::Ordering;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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

impl Condition {
    /// True where it holds for `value`. Fields are JSON pointers (RFC 6901); a missing field is
    /// null, and null equals nothing but null and is neither less nor more.
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
        let below = |limit| Condition::Is("/total".into(), Relation::AtMost, limit);
        assert!(!below(Operand::Field("/maximum".into())).holds(&order));
        assert!(below(Operand::Value(json!(120))).holds(&order));
        assert!(!below(Operand::Field("/missing".into())).holds(&order));
        let nested = Condition::Is("/lines/a".into(), Relation::Equal, Operand::Value(json!(1)));
        assert!(nested.holds(&order));
        assert!(!Condition::Not(Box::new(nested.clone())).holds(&order));
        assert!(
            Condition::Any(vec![below(Operand::Value(json!(1))), nested.clone()]).holds(&order)
        );
        assert!(!Condition::All(vec![below(Operand::Value(json!(1))), nested]).holds(&order));
    }

    #[test]
    fn numbers_compare_by_value_and_words_by_letter_and_nothing_else_is_less_or_more() {
        let relations = [Relation::Less, Relation::Equal, Relation::AtMost];
        let holding = |left: Value, right: Value| {
            let pair = json!({ "left": left, "right": right });
            relations.map(|relation| {
                let right = Operand::Field("/right".into());
                Condition::Is("/left".into(), relation, right).holds(&pair)
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
        assert!(Condition::All(vec![]).holds(&json!({})));
        assert!(!Condition::Any(vec![]).holds(&json!({})));
    }

    #[test]
    fn a_condition_survives_a_round_trip() {
        let text = r#"{"is":["/balance","<",{"value":0}]}"#;
        let condition: Condition = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&condition).unwrap(), text);
    }
}
