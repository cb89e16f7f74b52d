//! The page in a frame of somebody else's page: `embed.html`. The part of its address behind `?` says
//! what it shows: `embed.html#/cart/at/5?show=Story,Fold,Playhead&theme=dark`.
//!
//! A frame keeps nothing, unless its address asks for that by `keep`. It sends no messages and hears
//! none.

use std::rc::Rc;

use gloo::utils::window;
use js_sys::encode_uri_component;
use web_sys::UrlSearchParams;

use super::address::{hash, is_embedded};
use crate::es::Stream;

/// What a frame shows where its address does not say.
pub const SHOWN_AT_FIRST: [&str; 2] = ["Fold", "Playhead"];

/// The panels that every system has. Others are called as streams, read models and processes are.
pub const PANELS: [&str; 7] = ["Story", "Fold", "Log", "Commands", "Journal", "Outbox", "Playhead"];

/// What the frame's address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embed {
    /// The names of panels, in the order in which they stand.
    pub show: Vec<Rc<str>>,
    /// Logs are kept in the browser, as the page itself keeps them.
    pub keeps: bool,
    /// The story is told from its beginning, step by step.
    pub begins: bool,
}

/// The names in a list with commas between them.
pub fn names_in(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|it| !it.is_empty())
}

/// True where nothing may be kept.
pub fn keeps_nothing() -> bool {
    is_embedded() && !Embed::here().is_some_and(|it| it.keeps)
}

impl Embed {
    /// What the address asks for. None where this is no frame's page.
    pub fn here() -> Option<Self> {
        if !is_embedded() {
            return None;
        }
        let hash = window().location().hash().unwrap_or_default();
        let asked = hash.split_once('?').map_or("", |(_, asked)| asked);
        // It takes any text.
        let asked = UrlSearchParams::new_with_str(asked).ok()?;
        let names = asked.get("show").unwrap_or_default();
        let mut show: Vec<Rc<str>> = names_in(&names).map(Into::into).collect();
        if show.is_empty() {
            show = SHOWN_AT_FIRST.map(Into::into).to_vec();
        }
        Some(Self { show, keeps: asked.has("keep"), begins: asked.has("begin") })
    }

    pub fn shows(&self, panel: &str) -> bool {
        self.show.iter().any(|it| **it == *panel)
    }

    /// The streams among the panels.
    pub fn streams(&self) -> Vec<Stream> {
        self.show.iter().filter_map(|it| Stream::parse(it).ok()).collect()
    }
}

/// The address of the whole page, at the place that the frame shows.
pub fn of_the_whole_page() -> String {
    let here = window().location().href().unwrap_or_default();
    let page = here.split(['#', '?']).next().unwrap_or_default();
    // Some hosts leave out the ending of `embed.html`.
    let folder = page.rfind('/').map_or(page, |end| &page[..=end]);
    format!("{folder}#{}", hash())
}

/// The element that shows a log, which a link carries, in somebody else's page.
pub fn frame_of(link: &str, panels: &str, theme: &str) -> String {
    let (page, place) = link.split_once('#').unwrap_or((link, ""));
    let folder = page.strip_suffix("index.html").unwrap_or(page);
    let mut names: Vec<&str> = names_in(panels).collect();
    if names.is_empty() {
        names = SHOWN_AT_FIRST.to_vec();
    }
    let encoded: Vec<String> = names.iter().map(|it| encode_uri_component(it).into()).collect();
    let theme = if theme.is_empty() { String::new() } else { format!("&amp;theme={theme}") };
    format!(
        "<iframe src=\"{folder}embed.html#{place}?show={}{theme}\" title=\"An event log in Leftfold\" \
         width=\"100%\" height=\"{}\" loading=\"lazy\" style=\"border: 0\"></iframe>",
        encoded.join(","),
        height_of(&names)
    )
}

/// How high a frame is in which these panels fit, in pixels.
fn height_of(panels: &[&str]) -> u32 {
    let lines = panels.iter().map(|it| match *it {
        "Story" | "Playhead" => 60,
        _ => 0,
    });
    let highest = panels.iter().map(|it| match *it {
        "Story" | "Playhead" => 0,
        "Fold" | "Log" => 360,
        _ => 320,
    });
    // The line that leads to the whole page, and the panels' margins.
    lines.sum::<u32>() + highest.max().unwrap_or(0) + 44
}
