//! Posts and comments: several read models ride on the same events, each in its own shape. A
//! deleted post leaves the list and the search, and stays wherever nobody took it out.

mod post;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::Scenario;

use self::post::Post;
use self::read_models::{PostList, PostsById, StaticPage, StaticSite, WordSearch};
use self::story::{AUGUST_2017, story};

/// The blog of the talk, with its two posts, and a third from an older blog.
pub fn scenario() -> Scenario {
    Scenario::new("blog", "Posts and comments", "Many read models ride on the same events.")
        .aggregate::<Post>()
        .projection::<PostList>()
        .projection::<PostsById>()
        .projection::<WordSearch>()
        .projection::<StaticPage>()
        .projection::<StaticSite>()
        .story(AUGUST_2017, story())
}
