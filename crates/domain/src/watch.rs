//! Expressions over states and read models, whose value is followed through the log.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::code::Code;
use crate::engine::{Engine, Fault};
use crate::shape::list;

/// An expression such as `state("cart-1").items.apples`. It reads the state of streams and what
/// read models show, by name.
pub struct Watch {
    code: Code,
    /// The streams whose states it reads.
    pub states: Vec<String>,
    /// The read models that it reads.
    pub views: Vec<String>,
}

/// What an expression reads at one position.
pub struct WatchedAt {
    /// Streams, each with its state.
    pub states: Vec<(Rc<str>, Value)>,
    /// Read models, each with what it shows.
    pub views: Vec<(Rc<str>, Value)>,
}

impl Watch {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(engine: Box<dyn Engine>, expression: &str) -> Result<Self, Fault> {
        let code = Code::empty(engine);
        code.run(&format!("watch((state, view) => (\n{expression}\n));"), "watch.js")?;
        let (states, views) = (named(expression, "state"), named(expression, "view"));
        if states.is_empty() && views.is_empty() {
            let why = "it reads nothing: write state(\"cart-1\") or view(\"Carts now\"), with a name of \
                       this log in quotes";
            return Err(Fault::new(why));
        }
        Ok(Self { code, states, views })
    }

    /// Its values at some positions: each a value, or why there is none.
    ///
    /// # Errors
    /// Why it could not be run at all.
    pub fn values(&self, at: &[WatchedAt]) -> Result<Vec<Result<Value, String>>, Fault> {
        let at: Vec<Value> = at
            .iter()
            .map(|it| {
                let map = |all: &[(Rc<str>, Value)]| {
                    let entries = all.iter().map(|(name, it)| (name.to_string(), it.clone()));
                    Value::Object(entries.collect())
                };
                json!({ "states": map(&it.states), "views": map(&it.views) })
            })
            .collect();
        let came = self.code.ask("watch", json!({ "at": at }))?;
        let value = |it: &Value| match it["failed"].as_str() {
            Some(why) => Err(why.to_owned()),
            None => Ok(it["value"].clone()),
        };
        Ok(list(&came).map(value).collect())
    }
}

/// The names in quotes that a function of that name is called with.
fn named(text: &str, function: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices(function) {
        let part_of_a_word = text[..at].ends_with(|it: char| it.is_alphanumeric() || it == '_');
        let rest = text[at + function.len()..].trim_start();
        let rest = rest.strip_prefix('(').map(str::trim_start).filter(|_| !part_of_a_word);
        let quote = rest.and_then(|it| it.chars().next()).filter(|it| "\"'`".contains(*it));
        if let (Some(rest), Some(quote)) = (rest, quote)
            && let Some((name, _)) = rest[1..].split_once(quote)
            && !names.iter().any(|it| it == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}
