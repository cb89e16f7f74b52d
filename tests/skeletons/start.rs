//! Library: A book is borrowed and brought back.
//!
//! This was made of a domain in JavaScript, whose functions stand in comments above what becomes of
//! them. The types are guessed from examples. What a command decides, what an event changes and what
//! is shown of it is still to be written.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use es::{Aggregate, Map, Projection, Recorded, Scenario, Step, View};

// The aggregate “book”.

/// What has happened. The names and fields are the stored format: add, never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum BookEvent {
    Borrowed { reader: Rc<str> },
    Returned {},
}

/// What may be asked.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum BookCommand {
    /// Takes the book home.
    Borrow {
        /// Who
        #[schemars(example = &"Ada")]
        reader: Rc<str>,
    },
    /// Brings the book back.
    Return {},
}

/// Why a command is refused, in a sentence.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum BookRejection {
    #[error("{0}")]
    Refused(Rc<str>),
}

/// What the events of a stream such as `book-1` come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Book {
    pub reader: Value,
}

impl Aggregate for Book {
    const NAME: &'static str = "book";
    type Command = BookCommand;
    type Event = BookEvent;
    type Rejection = BookRejection;

    // decide(/** @type {Book} */ { reader }, command) {
    //   switch (command.type) {
    //     case "Borrow":
    //       if (reader !== null) throw new Error(`${reader} has this book`);
    //       return [{ type: "Borrowed", reader: command.reader }];
    //     case "Return":
    //       if (reader === null) throw new Error("this book is on its shelf");
    //       return [{ type: "Returned" }];
    //   }
    // }
    fn decide(&self, command: BookCommand) -> Result<Vec<BookEvent>, BookRejection> {
        match command {
            BookCommand::Borrow { .. } => {
                Err(BookRejection::Refused("Borrow is not decided yet".into()))
            }
            BookCommand::Return {} => {
                Err(BookRejection::Refused("Return is not decided yet".into()))
            }
        }
    }

    // evolve(/** @type {Book} */ book, event) {
    //   switch (event.type) {
    //     case "Borrowed":
    //       return { ...book, reader: event.reader };
    //     case "Returned":
    //       return { ...book, reader: null };
    //   }
    // }
    fn evolve(self, event: &BookEvent) -> Self {
        match event {
            BookEvent::Borrowed { .. } => self,
            BookEvent::Returned {} => self,
        }
    }
}

// Read models.

/// How often each book was borrowed.
#[derive(Clone, Default)]
pub struct PopularBooks(Map<Rc<str>, Value>);

impl Projection for PopularBooks {
    const NAME: &'static str = "Popular books";
    const ABOUT: &'static str = "How often each book was borrowed.";

    // apply(times, event, about) {
    //   if (event.type !== "Borrowed") return times;
    //   return { ...times, [about.id]: (times[about.id] ?? 0) + 1 };
    // }
    fn apply(&mut self, _event: &Recorded) {}

    // (times) => bars("times borrowed", times)
    fn view(&self) -> View {
        View::documents::<Value>([])
    }
}

// The scenario and its story.

/// Library, as a scenario.
pub fn scenario() -> Scenario {
    Scenario::new("start", "Library", "A book is borrowed and brought back.")
        .aggregate::<Book>()
        .projection::<PopularBooks>()
        .story(START, story())
}

/// When the story begins, in milliseconds since 1970.
const START: u64 = 1_503_597_600_000;

fn story() -> [Step; 3] {
    [
        Step::new::<Book>(
            "Ada borrows Momo.",
            "momo",
            &BookCommand::Borrow { reader: "Ada".into() },
        ),
        Step::new::<Book>(
            "Bob wants it too.",
            "momo",
            &BookCommand::Borrow { reader: "Bob".into() },
        )
        .by("Bob"),
        Step::new::<Book>("Ada brings it back.", "momo", &BookCommand::Return {}),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::given;

    // A book that is out cannot be borrowed.
    #[test]
    #[ignore = "decide is not written yet"]
    fn a_book_that_is_out_cannot_be_borrowed() {
        given::<Book>([BookEvent::Borrowed { reader: "Ada".into() }])
            .when(BookCommand::Borrow { reader: "Bob".into() })
            .refused("Ada has this book");
    }
}
