//! Bookmarks: named positions of a log, kept in this browser.

use std::rc::Rc;

use yew::{Callback, Html, InputEvent, Properties, component, html};

use super::browser::{remember, remembered};
use super::parts::{icon_button, typed};

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

/// Gives a position a name, or with none takes its bookmark away.
pub fn set(log: &str, marks: &mut Bookmarks, position: u64, name: Option<&str>) {
    let list = Rc::make_mut(marks);
    list.retain(|(it, _)| *it != position);
    if let Some(name) = name {
        let slot = list.partition_point(|(it, _)| *it < position);
        list.insert(slot, (position, name.replace('\n', " ").into()));
    }
    let lines: Vec<String> = list.iter().map(|(at, name)| format!("{at} {name}")).collect();
    remember(&place(log), (!lines.is_empty()).then(|| lines.join("\n")).as_deref());
}

#[derive(Properties, PartialEq)]
pub struct BookmarksProps {
    pub marks: Bookmarks,
    pub seek: Callback<u64>,
    /// Position, and its new name or none.
    pub set: Callback<(u64, Option<String>)>,
}

/// The list of a log's bookmarks.
#[component]
pub fn BookmarkList(props: &BookmarksProps) -> Html {
    html! {
        <ul class="bookmarks">
            if props.marks.is_empty() {
                <li class="quiet">{ "No bookmark yet. One keeps a position under a name, to come back to." }</li>
            }
            { for props.marks.iter().map(|(position, name)| {
                let position = *position;
                let rename = props.set.reform(move |event: InputEvent| (position, typed(&event)));
                html! {
                    <li key={position}>
                        <button type="button" class="link" onclick={props.seek.reform(move |_| position)}>{ format!("#{position}") }</button>
                        <input aria-label={format!("Name of bookmark {position}")} value={name.to_string()} oninput={rename} />
                        { icon_button("refused", format!("Remove bookmark {position}"), props.set.reform(move |_| (position, None))) }
                    </li>
                }
            }) }
        </ul>
    }
}
