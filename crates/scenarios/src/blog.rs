//! Posts and comments: several read models ride on the same events, each in its own shape. A
//! deleted post leaves the list and the search, and stays wherever nobody took it out.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use es::{Aggregate, Map, Projection, Recorded, Row, Scenario, Set, Step, Stored, View};

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

/// A post. Comments decide nothing, so it doesn't remember them.
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
    fn title(&self) -> &str {
        self.body.lines().next().unwrap_or_default()
    }
}

impl Aggregate for Post {
    const NAME: &'static str = "post";
    const SCHEMA: u16 = 2;
    const SCHEMAS: Option<&'static str> = Some(include_str!("schemas/blog-post.json"));
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
}

// Read models.

/// The posts that are there, with how many comments each has.
#[derive(Clone, Default)]
pub struct PostList(Map<Rc<str>, (Post, u64)>);

impl Projection for PostList {
    const NAME: &'static str = "/posts";
    const ABOUT: &'static str = "The front page: every post that isn't deleted, comments counted.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Post>() else { return };
        let (post, comments) = self.0.entry(recorded.key().clone()).or_default();
        post.evolve_in_place(event);
        if let Commented { .. } = event {
            *comments += 1;
        }
    }

    fn view(&self) -> View {
        let listed = self.0.iter().filter(|(_, (post, _))| post.status == Normal);
        let rows = listed.map(|(key, (post, comments))| Row::of(key, (post.title(), comments)));
        View::table(&["post", "body", "comments"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// A post and its comments.
#[derive(Clone, Default)]
struct Article {
    post: Post,
    comments: Vec<Rc<str>>,
}

impl Article {
    fn hear(&mut self, event: &Event) {
        self.post.evolve_in_place(event);
        if let Commented { body } = event {
            self.comments.push(body.clone());
        }
    }

    fn markdown(&self) -> String {
        let Self { post, comments } = self;
        let (title, rest) = post.body.split_once('\n').unwrap_or((&post.body, ""));
        let heading = match comments.len() {
            0 => "No comments yet.".to_owned(),
            1 => "## 1 comment".to_owned(),
            more => format!("## {more} comments"),
        };
        let top = [format!("# {title}"), format!("*by {}*", post.author), rest.into(), heading];
        let quotes = comments.iter().map(|it| format!("> {}", it.replace('\n', "\n> ")));
        let blocks = top.into_iter().filter(|block| !block.is_empty()).chain(quotes);
        blocks.collect::<Vec<_>>().join("\n\n")
    }
}

/// Every post in full. A deleted one is marked and stays.
#[derive(Clone, Default)]
pub struct PostsById(Map<Rc<str>, Article>);

impl Projection for PostsById {
    const NAME: &'static str = "/posts/ID";
    const ABOUT: &'static str = "Each post with its comments. A deleted one is marked, not gone.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(event) = recorded.of::<Post>() {
            self.0.entry(recorded.key().clone()).or_default().hear(event);
        }
    }

    fn view(&self) -> View {
        let documents = self.0.iter().map(|(key, Article { post, comments })| {
            let Post { body, author, status } = post;
            let document =
                json!({ "body": body, "author": author, "status": status, "comments": comments });
            (key.clone(), document)
        });
        View::documents(documents)
    }

    fn weight(&self) -> usize {
        self.0.values().map(|article| 1 + article.comments.len()).sum()
    }
}

/// Which word is in which post, or in one of its comments.
#[derive(Clone, Default)]
pub struct WordSearch(Map<Rc<str>, (Post, Set<Rc<str>>)>);

impl Projection for WordSearch {
    const NAME: &'static str = "Word search";
    const ABOUT: &'static str = "Finds posts by any word of theirs or their comments'.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Post>() else { return };
        let (post, said) = self.0.entry(recorded.key().clone()).or_default();
        post.evolve_in_place(event);
        match event {
            PostSubmitted { body, .. } | Commented { body } => said.extend(words(body)),
            PostDeleted {} | PostRestored {} => {}
        }
    }

    fn view(&self) -> View {
        let mut titles = Map::new();
        let mut terms: Map<Rc<str>, Set<Rc<str>>> = Map::new();
        for (key, (post, said)) in self.0.iter().filter(|(_, (post, _))| post.status == Normal) {
            titles.insert(key.clone(), post.title().to_owned());
            for word in said {
                terms.entry(word.clone()).or_default().insert(key.clone());
            }
        }
        View::Search { titles, terms }
    }

    fn weight(&self) -> usize {
        self.0.values().map(|(_, said)| 1 + said.len()).sum()
    }
}

fn words(text: &str) -> impl Iterator<Item = Rc<str>> {
    let pieces = text.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty());
    pieces.map(|word| word.to_lowercase().into())
}

/// Each post as a page of a static site.
#[derive(Clone, Default)]
pub struct StaticPage(Map<Rc<str>, Article>);

impl Projection for StaticPage {
    const NAME: &'static str = "Static page";
    const ABOUT: &'static str = "Each post as a page, ready to be served as a file.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(event) = recorded.of::<Post>() {
            self.0.entry(recorded.key().clone()).or_default().hear(event);
        }
    }

    fn view(&self) -> View {
        let served = self.0.iter().filter(|(_, article)| article.post.status == Normal);
        View::Pages { pages: served.map(|(key, it)| (key.clone(), it.markdown())).collect() }
    }

    fn weight(&self) -> usize {
        self.0.values().map(|article| 1 + article.comments.len()).sum()
    }
}

// The scenario and its story.

/// The blog of the talk, with its two posts, and a third from an older blog.
pub fn scenario() -> Scenario {
    Scenario::new("blog", "Posts and comments", "Many read models ride on the same events.")
        .aggregate::<Post>()
        .projection::<PostList>()
        .projection::<PostsById>()
        .projection::<WordSearch>()
        .projection::<StaticPage>()
        .story(AUGUST_2017, story())
}

/// 24 August 2017, 17:00 UTC.
const AUGUST_2017: u64 = 1_503_594_000_000;

fn story() -> [Step; 14] {
    let alice = |say, post, command| Step::new::<Post>(say, post, &command);
    let bob = |say, post, command| Step::new::<Post>(say, post, &command).by("Bob");
    let submit = |body: &str, author: &str| SubmitPost { body: body.into(), author: author.into() };
    let comment = |body: &str| AddComment { body: body.into() };
    let old = |say, kind, data| Step::imported::<Post>(say, "3", kind, 1, &data);
    [
        alice("Alice submits a post.", "1", submit("Semicolons considered dangerous", "Alice")),
        bob("Bob has something to say about it.", "1", comment("Well actually...")),
        alice(
            "One more: /posts counts it, /posts/1 has it.",
            "1",
            comment("Did you even read the post?"),
        ),
        bob("Bob submits a post, too.", "2", submit("Pretzels are delicious", "Bob")),
        alice("Alice disagrees.", "2", comment("Just no.")),
        bob("Bob deletes his post. /posts forgets it; who doesn't?", "2", DeletePost {}),
        alice("Commenting on it is refused: it is deleted.", "2", comment("Thank you.")),
        bob("So is deleting it twice.", "2", DeletePost {}),
        old(
            "A post comes over from the old blog.",
            "PostSubmitted",
            json!({ "text": "Apples or pears?" }),
        ),
        old(
            "And its comment. Both are read in today's shape.",
            "Commented",
            json!({ "comment": "Both." }),
        ),
        alice("Old or new, anybody can comment on it.", "3", comment("Neither.")),
        bob("Bob restores his post, and Alice's comment is back with it.", "2", RestorePost {}),
        alice("Restoring what isn't deleted is refused.", "2", RestorePost {}),
        bob("The old post goes. Its events stay.", "3", DeletePost {}),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::{Past, given, past};

    fn submit(body: &str, author: &str) -> Command {
        SubmitPost { body: body.into(), author: author.into() }
    }

    fn comment(body: &str) -> Command {
        AddComment { body: body.into() }
    }

    fn submitted(body: &str) -> Event {
        PostSubmitted { body: body.into(), author: "Alice".into() }
    }

    fn commented(body: &str) -> Event {
        Commented { body: body.into() }
    }

    /// The talk's two posts; the second is deleted.
    fn talk() -> Past {
        past()
            .and::<Post>("1", submitted("Semicolons considered dangerous"))
            .and::<Post>("1", commented("Well actually..."))
            .and::<Post>("1", commented("Did you even read the post?"))
            .and::<Post>("2", submitted("Pretzels are delicious"))
            .and::<Post>("2", commented("Just no."))
            .and::<Post>("2", PostDeleted {})
    }

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

    #[test]
    fn the_list_drops_a_deleted_post_and_the_document_marks_it() {
        assert_eq!(talk().rows::<PostList>(), ["1 | Semicolons considered dangerous | 2"]);
        assert_eq!(
            talk().shows::<PostsById>()["documents"],
            json!({
                "1": {
                    "body": "Semicolons considered dangerous",
                    "author": "Alice",
                    "status": "normal",
                    "comments": ["Well actually...", "Did you even read the post?"],
                },
                "2": {
                    "body": "Pretzels are delicious",
                    "author": "Alice",
                    "status": "deleted",
                    "comments": ["Just no."],
                },
            })
        );
    }

    #[test]
    fn a_word_finds_its_posts_until_they_are_deleted() {
        let search = past()
            .and::<Post>("1", submitted("Just pears\nand apples"))
            .and::<Post>("2", submitted("Pretzels"))
            .and::<Post>("2", commented("Just NO."));
        let terms = json!({
            "and": ["1"], "apples": ["1"], "just": ["1", "2"], "no": ["2"], "pears": ["1"],
            "pretzels": ["2"],
        });
        let shown = search.shows::<WordSearch>();
        assert_eq!(shown["terms"], terms);
        assert_eq!(shown["titles"], json!({ "1": "Just pears", "2": "Pretzels" }));
        let search = search.and::<Post>("1", PostDeleted {});
        let shown = search.shows::<WordSearch>();
        assert_eq!(shown["terms"], json!({ "just": ["2"], "no": ["2"], "pretzels": ["2"] }));
        assert_eq!(shown["titles"], json!({ "2": "Pretzels" }));
        let shown = search.and::<Post>("2", PostDeleted {}).shows::<WordSearch>();
        assert_eq!((&shown["terms"], &shown["titles"]), (&json!({}), &json!({})));
    }

    #[test]
    fn a_page_is_served_until_its_post_is_deleted() {
        let pages = |told: &Past| told.shows::<StaticPage>()["pages"].clone();
        let told = past().and::<Post>("1", submitted("Hello\nYou there."));
        let page = "# Hello\n\n*by Alice*\n\nYou there.\n\nNo comments yet.";
        assert_eq!(pages(&told), json!({ "1": page }));
        let told = told.and::<Post>("1", commented("Hi.\nThere."));
        let page = page.replace("No comments yet.", "## 1 comment\n\n> Hi.\n> There.");
        assert_eq!(pages(&told), json!({ "1": page }));
        let told = told.and::<Post>("1", commented("Me too."));
        let page = page.replace("1 comment", "2 comments") + "\n\n> Me too.";
        assert_eq!(pages(&told), json!({ "1": page }));
        assert_eq!(pages(&told.and::<Post>("1", PostDeleted {})), json!({}));
    }

    #[test]
    fn a_restored_post_is_back_everywhere_with_its_comments() {
        let told = talk().and::<Post>("2", PostRestored {});
        assert_eq!(told.rows::<PostList>()[1], "2 | Pretzels are delicious | 1");
        assert_eq!(told.shows::<PostsById>()["documents"]["2"]["status"], "normal");
        assert_eq!(told.shows::<WordSearch>()["terms"]["just"], json!(["2"]));
        assert!(told.shows::<StaticPage>()["pages"]["2"].as_str().unwrap().contains("> Just no."));
    }
}
