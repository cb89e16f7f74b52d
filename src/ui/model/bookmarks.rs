//! Bookmarks: named positions of a log, kept in this browser.

use std::rc::Rc;

use crate::ui::browser::{remember, remembered};

/// A log's bookmarks, by position.
pub type Bookmarks = Rc<Vec<(u64, Rc<str>)>>;

fn place(log: &str) -> String {
    format!("bookmarks/{log}")
}

/// The bookmarks of a log: one a line, position and name.
pub fn load(log: &str) -> Bookmarks {
    let text = remembered(&place(log)).unwrap_or_default();
    let line = |line: &str| {
        let (position, name) = line.split_once(' ')?;
        Some((position.parse().ok()?, name.into()))
    };
    Rc::new(text.lines().filter_map(line).collect())
}

/// Keeps the bookmarks that came with a log.
pub fn keep(log: &str, bookmarks: &[(u64, String)]) {
    let mut kept = Bookmarks::default();
    for (position, name) in bookmarks {
        set(log, &mut kept, *position, Some(name));
    }
}

/// Gives a position a name. Without a name it takes the position's bookmark away.
pub fn set(log: &str, bookmarks: &mut Bookmarks, position: u64, name: Option<&str>) {
    let list = Rc::make_mut(bookmarks);
    list.retain(|(it, _)| *it != position);
    if let Some(name) = name {
        let slot = list.partition_point(|(it, _)| *it < position);
        list.insert(slot, (position, name.replace('\n', " ").into()));
    }
    let lines: Vec<String> = list.iter().map(|(at, name)| format!("{at} {name}")).collect();
    remember(&place(log), (!lines.is_empty()).then(|| lines.join("\n")).as_deref());
}
