//! What happens in the tests of this domain.

use es::{Past, past};

use super::post::Command::{AddComment, SubmitPost};
use super::post::Event::{Commented, PostDeleted, PostSubmitted};
use super::post::{Command, Event, Post};

pub fn submit(body: &str, author: &str) -> Command {
    SubmitPost { body: body.into(), author: author.into() }
}

pub fn comment(body: &str) -> Command {
    AddComment { body: body.into() }
}

pub fn submitted(body: &str) -> Event {
    PostSubmitted { body: body.into(), author: "Alice".into() }
}

pub fn commented(body: &str) -> Event {
    Commented { body: body.into() }
}

/// The talk's two posts; the second is deleted.
pub fn talk() -> Past {
    past()
        .and::<Post>("1", submitted("Semicolons considered dangerous"))
        .and::<Post>("1", commented("Well actually..."))
        .and::<Post>("1", commented("Did you even read the post?"))
        .and::<Post>("2", submitted("Pretzels are delicious"))
        .and::<Post>("2", commented("Just no."))
        .and::<Post>("2", PostDeleted {})
}
