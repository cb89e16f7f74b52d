//! The scenarios' own source, which lies beside the page and is fetched when asked for. The
//! `excerpts` program wrote it when the page was built.

use std::rc::Rc;

use serde_json::Value;

use crate::es::Stream;
use crate::ui::browser::files::fetched;

/// The excerpts of one scenario. Two are equal where they came of one fetch.
#[derive(Clone, Debug)]
pub struct Excerpts(Rc<Value>);

impl PartialEq for Excerpts {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Excerpts {
    /// Fetches those of a scenario.
    ///
    /// # Errors
    /// Why there are none, in a sentence.
    pub async fn fetch(scenario: Rc<str>) -> Result<Self, Rc<str>> {
        let text = fetched(&format!("code/{scenario}.json")).await;
        let read = text.and_then(|it| serde_json::from_str(&it).ok());
        read.map(|it| Self(Rc::new(it)))
            .ok_or_else(|| "The code could not be fetched: is there a network?".into())
    }

    /// The excerpt of a stream's aggregate, or of what has this title.
    pub fn of(&self, name: &str) -> Option<&Value> {
        self.0.get(name).or_else(|| self.0.get(Stream::parse(name).ok()?.category()))
    }
}
