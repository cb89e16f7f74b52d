//! What is shown of posts.

use std::rc::Rc;

use serde_json::json;

use es::{Aggregate, File, Map, Projection, Recorded, Row, Set, View};

use super::post::Event::{Commented, PostDeleted, PostRestored, PostSubmitted};
use super::post::Status::Normal;
use super::post::{Event, Post};

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

/// The whole blog as the files of a static site.
#[derive(Clone, Default)]
pub struct StaticSite(Map<Rc<str>, Article>);

impl Projection for StaticSite {
    const NAME: &'static str = "Static site";
    const ABOUT: &'static str = "The blog as files for any web server: an index, and each post.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(event) = recorded.of::<Post>() {
            self.0.entry(recorded.key().clone()).or_default().hear(event);
        }
    }

    fn view(&self) -> View {
        let served = || self.0.iter().filter(|(_, article)| article.post.status == Normal);
        let links = served().map(|(key, article)| {
            let (key, title) = (escaped(key), escaped(article.post.title()));
            format!("<li><a href=\"posts/{key}.html\">{title}</a></li>\n")
        });
        let links: String = links.collect();
        let index = html("The blog", &format!("<h1>The blog</h1>\n<ul>\n{links}</ul>\n"));
        let pages = served().map(|(key, article)| (format!("posts/{key}.html"), article.html()));
        let all = std::iter::once(("index.html".to_owned(), index)).chain(pages);
        View::files(all.map(|(name, text)| (name, File::new("text/html", text))))
    }

    fn weight(&self) -> usize {
        1 + self.0.values().map(|article| 1 + article.comments.len()).sum::<usize>()
    }
}

impl Article {
    fn html(&self) -> String {
        let Self { post, comments } = self;
        let (title, rest) = post.body.split_once('\n').unwrap_or((&post.body, ""));
        let (title, author) = (escaped(title), escaped(&post.author));
        let rest = match rest.trim() {
            "" => String::new(),
            rest => format!("<p>{}</p>\n", escaped(rest)),
        };
        let comments =
            comments.iter().map(|it| format!("<blockquote>{}</blockquote>\n", escaped(it)));
        let comments: String = comments.collect();
        let back = "<p><a href=\"../index.html\">All posts</a></p>\n";
        let head = format!("<h1>{title}</h1>\n<p>by {author}</p>\n");
        html(&title, &[&head, &rest, &comments, back].concat())
    }
}

/// A page with a title and a body, both of them HTML.
fn html(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n{body}</html>\n"
    )
}

/// A text as HTML has it.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blog::examples::{commented, submitted, talk};
    use es::{Past, past};

    #[test]
    fn the_site_has_an_index_and_a_page_for_each_post_and_no_post_breaks_its_markup() {
        let site = talk().and::<Post>("2", submitted("<b>Bold</b> & brave"));
        let files = site.shows::<StaticSite>()["files"].take();
        let names: Vec<&String> = files.as_object().unwrap().keys().collect();
        assert_eq!(names, ["index.html", "posts/1.html", "posts/2.html"]);
        let index = files["index.html"]["text"].as_str().unwrap();
        assert!(index.contains("<a href=\"posts/2.html\">&lt;b&gt;Bold&lt;/b&gt; &amp; brave</a>"));
        assert_eq!(files["posts/1.html"]["media"], "text/html");
        let gone = site.and::<Post>("2", PostDeleted {}).shows::<StaticSite>();
        assert!(gone["files"].get("posts/2.html").is_none());
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
