//! A post: what happens to it, what may be asked of it, and what it decides.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use es::{Aggregate, Older, Stored};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    PostSubmitted { body: Rc<str>, author: Rc<str> },
    Commented { body: Rc<str> },
    PostDeleted {},
    PostRestored {},
}
use Event::{Commented, PostDeleted, PostRestored, PostSubmitted};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum Command {
    /// Submits a post. Its first line serves as its title.
    SubmitPost {
        /// What it says
        #[schemars(example = &"Semicolons considered dangerous")]
        body: Rc<str>,
        /// Who wrote it
        #[schemars(example = &"Alice")]
        author: Rc<str>,
    },
    /// Adds a comment to a post.
    AddComment {
        /// What it says
        #[schemars(example = &"Well actually...")]
        body: Rc<str>,
    },
    /// Deletes a post. Its events stay.
    DeletePost {},
    /// Brings a deleted post back, comments and all.
    RestorePost {},
}
use Command::{AddComment, DeletePost, RestorePost, SubmitPost};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("say something: there is no text")]
    Blank,
    #[error("say who wrote it")]
    Unsigned,
    #[error("there is no post here yet, so nobody can {0} it")]
    Unknown(&'static str),
    #[error("this post exists already: “{0}”")]
    Submitted(Rc<str>),
    #[error("“{0}” is deleted, so nobody can comment on it")]
    Gone(Rc<str>),
    #[error("“{0}” is deleted already")]
    GoneAlready(Rc<str>),
    #[error("“{0}” isn't deleted, so there is nothing to restore")]
    NotDeleted(Rc<str>),
}

// Fold and decisions.

/// A post. No decision depends on its comments, so the state leaves them out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Post {
    pub body: Rc<str>,
    pub author: Rc<str>,
    pub status: Status,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    Unwritten,
    Normal,
    Deleted,
}
use Status::{Deleted, Normal, Unwritten};

impl Post {
    pub fn title(&self) -> &str {
        self.body.lines().next().unwrap_or_default()
    }
}

impl Aggregate for Post {
    const NAME: &'static str = "post";
    const SCHEMA: u16 = 2;
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/blog-post.json"));
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        let title = || self.title().into();
        match (command, self.status) {
            (SubmitPost { body, .. } | AddComment { body }, _) if body.trim().is_empty() => {
                Err(Rejection::Blank)
            }
            (SubmitPost { author, .. }, _) if author.trim().is_empty() => Err(Rejection::Unsigned),
            (SubmitPost { body, author }, Unwritten) => Ok(vec![PostSubmitted { body, author }]),
            (SubmitPost { .. }, Normal | Deleted) => Err(Rejection::Submitted(title())),
            (AddComment { body }, Normal) => Ok(vec![Commented { body }]),
            (AddComment { .. }, Unwritten) => Err(Rejection::Unknown("comment on")),
            (AddComment { .. }, Deleted) => Err(Rejection::Gone(title())),
            (DeletePost {}, Normal) => Ok(vec![PostDeleted {}]),
            (DeletePost {}, Unwritten) => Err(Rejection::Unknown("delete")),
            (DeletePost {}, Deleted) => Err(Rejection::GoneAlready(title())),
            (RestorePost {}, Deleted) => Ok(vec![PostRestored {}]),
            (RestorePost {}, Unwritten) => Err(Rejection::Unknown("restore")),
            (RestorePost {}, Normal) => Err(Rejection::NotDeleted(title())),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match event {
            PostSubmitted { body, author } => {
                Self { body: body.clone(), author: author.clone(), status: Normal }
            }
            Commented { .. } => self,
            PostDeleted {} => Self { status: Deleted, ..self },
            PostRestored {} => Self { status: Normal, ..self },
        }
    }

    /// Schema 1 named no author, called a post's body `text` and a comment's `comment`.
    fn upcast(stored: Stored) -> Result<Stored, String> {
        let was = |field: &str| {
            let text = stored.data.get(field).cloned();
            text.ok_or_else(|| format!("it has no {field}, as it should under schema 1"))
        };
        let data = match stored.kind.as_str() {
            "PostSubmitted" => json!({ "body": was("text")?, "author": "unknown" }),
            "Commented" => json!({ "body": was("comment")? }),
            _ => stored.data,
        };
        Ok(Stored { schema: 2, data, ..stored })
    }

    fn older() -> Vec<Older> {
        vec![
            Older::new(
                "Nobody noted who had written a post.",
                "PostSubmitted",
                1,
                json!({ "text": "Apples or pears?" }),
            ),
            Older::new(
                "A comment's text was called comment.",
                "Commented",
                1,
                json!({ "comment": "Both." }),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blog::examples::{comment, commented, submit, submitted};
    use es::given;

    #[test]
    fn a_post_is_submitted_once() {
        let post = given::<Post>([]).when(submit("Hello", "Alice")).then([submitted("Hello")]);
        assert_eq!(post, Post { body: "Hello".into(), author: "Alice".into(), status: Normal });
        let twice = "this post exists already: “Hello”";
        given::<Post>([submitted("Hello")]).when(submit("Bye", "Bob")).refused(twice);
        let deleted = [submitted("Hello"), PostDeleted {}];
        given::<Post>(deleted).when(submit("Bye", "Bob")).refused(twice);
    }

    #[test]
    fn a_post_without_text_or_author_is_refused() {
        let blank = "say something: there is no text";
        given::<Post>([]).when(submit(" ", "Alice")).refused(blank);
        given::<Post>([]).when(submit("Hello", " ")).refused("say who wrote it");
        given::<Post>([submitted("Hello")]).when(comment("\n")).refused(blank);
    }

    #[test]
    fn a_comment_changes_nothing_that_decides_anything() {
        let post =
            given::<Post>([submitted("Hello")]).when(comment("Hi.")).then([commented("Hi.")]);
        given::<Post>([submitted("Hello")]).is(&post);
    }

    #[test]
    fn nothing_can_be_done_to_a_post_that_nobody_submitted() {
        let refusal = |deed| format!("there is no post here yet, so nobody can {deed} it");
        given::<Post>([]).when(comment("Hi.")).refused(&refusal("comment on"));
        given::<Post>([]).when(DeletePost {}).refused(&refusal("delete"));
        given::<Post>([]).when(RestorePost {}).refused(&refusal("restore"));
    }

    #[test]
    fn a_deleted_post_keeps_its_text_and_takes_no_comments() {
        let post = given::<Post>([submitted("Hello")]).when(DeletePost {}).then([PostDeleted {}]);
        assert_eq!(post, Post { body: "Hello".into(), author: "Alice".into(), status: Deleted });
        let deleted = [submitted("Hello\nworld"), PostDeleted {}];
        let gone = "“Hello” is deleted, so nobody can comment on it";
        given::<Post>(deleted).when(comment("Hi.")).refused(gone);
    }

    #[test]
    fn a_post_is_deleted_once() {
        let deleted = [submitted("Hello"), PostDeleted {}];
        given::<Post>(deleted).when(DeletePost {}).refused("“Hello” is deleted already");
    }

    #[test]
    fn a_deleted_post_can_be_restored_as_it_was() {
        let deleted = [submitted("Hello"), PostDeleted {}];
        let post = given::<Post>(deleted).when(RestorePost {}).then([PostRestored {}]);
        given::<Post>([submitted("Hello")]).is(&post);
    }

    #[test]
    fn a_post_that_is_there_cannot_be_restored() {
        let there = "“Hello” isn't deleted, so there is nothing to restore";
        given::<Post>([submitted("Hello")]).when(RestorePost {}).refused(there);
    }

    #[test]
    fn events_of_schema_1_are_lifted() {
        let lift = |kind: &str, data| {
            Post::upcast(Stored { kind: kind.into(), schema: 1, data })
                .map(|it| (it.schema, it.data))
        };
        let post = json!({ "body": "Hello", "author": "unknown" });
        assert_eq!(lift("PostSubmitted", json!({ "text": "Hello" })), Ok((2, post)));
        let comment = json!({ "body": "Hi." });
        assert_eq!(lift("Commented", json!({ "comment": "Hi." })), Ok((2, comment)));
        assert_eq!(lift("PostDeleted", json!({})), Ok((2, json!({}))));
        let without = "it has no text, as it should under schema 1";
        assert_eq!(lift("PostSubmitted", json!([])), Err(without.into()));
    }
}
