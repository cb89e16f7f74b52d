//! The page's few icons, drawn inline. They are decoration: the word beside them is the name.

use yew::{Html, html};

/// A 16 by 16 icon.
pub fn icon(name: &str) -> Html {
    let path = match name {
        "first" => "M3 3h2v10H3zM13 3v10L6 8z",
        "previous" => "M11 3v10L4 8z",
        "play" => "M4 2.500v11L13 8z",
        "pause" => "M4 3h3v10H4zM9 3h3v10H9z",
        "next" => "M5 3v10l7-5z",
        "latest" => "M11 3h2v10h-2zM3 3v10l7-5z",
        "theme" => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2m0 1.500v9a4.500 4.500 0 0 0 0-9",
        "rebuild" => "M8 3a5 5 0 1 1-4.600 3h1.700A3.500 3.500 0 1 0 8 4.500V7L4.500 3.700 8 .5z",
        "accepted" => "M6.500 12 2 7.500l1.500-1.500 3 3L13 3l1.500 1.500z",
        "repeated" => "M4 3h6a4 4 0 0 1 0 8H6v2.500L2 10l4-3.500V9h4a2 2 0 0 0 0-4H4z",
        "refused" => "M4 2.500 8 6.500l4-4L13.500 4l-4 4 4 4-1.500 1.500-4-4-4 4L2.500 12l4-4-4-4z",
        "conflict" => "M7 2h2v7H7zM7 11h2v2H7z",
        _ => "M3 3h10v10H3z",
    };
    html! {
        <svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
            <path d={path} fill="currentColor" fill-rule="evenodd" />
        </svg>
    }
}
