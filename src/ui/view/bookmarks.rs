//! The list of a log's bookmarks.

use yew::{Html, InputEvent, MouseEvent, Properties, component, html};

use super::parts::{icon_button, typed};
use crate::ui::model::bookmarks::Bookmarks;
use crate::ui::model::shell::use_shell;
use crate::ui::model::{layout, playback};

#[derive(Properties, PartialEq)]
pub struct BookmarksProps {
    pub marks: Bookmarks,
}

/// The list of a log's bookmarks.
#[component]
pub fn BookmarkList(props: &BookmarksProps) -> Html {
    let shell = use_shell();
    html! {
        <ul class="bookmarks">
            if props.marks.is_empty() {
                <li class="quiet">{ "No bookmark yet. One keeps a position under a name, to come back to." }</li>
            }
            { for props.marks.iter().map(|(position, name)| {
                let position = *position;
                let rename = shell.on(move |event: InputEvent| layout::Msg::Bookmark(position, typed(&event)));
                html! {
                    <li key={position}>
                        <button type="button" class="link" onclick={shell.on(move |_: MouseEvent| playback::Msg::Seek(position))}>{ format!("#{position}") }</button>
                        <input aria-label={format!("Name of bookmark {position}")} value={name.to_string()} oninput={rename} />
                        { icon_button("refused", format!("Remove bookmark {position}"), shell.on(move |_: MouseEvent| layout::Msg::Bookmark(position, None))) }
                    </li>
                }
            }) }
        </ul>
    }
}
