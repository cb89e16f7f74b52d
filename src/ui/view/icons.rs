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
        "bookmark" => {
            "M4 2h8v12.500L8 11.200 4 14.500zM5.500 3.500v8.200L8 9.600l2.500 2.100V3.500z"
        }
        "pin" => "M6 1.500h4l-.5 5 3 2.500v1.500H8.750V15h-1.500v-4.500H3.500V9l3-2.500z",
        "more" => "M2 6.500h3v3H2zM6.500 6.500h3v3h-3zM11 6.500h3v3h-3z",
        "present" => {
            "M1.500 2.500h13v8.500h-5.250L11 14H9.400L8 11.600 6.600 14H5l1.750-3H1.500zM3 4v5.500h10V4z"
        }
        "fold" => "M2 3h4v1.500H2zM2 7.250h8v1.500H2zM2 11.500h12V13H2z",
        "code" => {
            "M5.500 3.500 1 8l4.500 4.500 1.100-1.100L3.200 8l3.400-3.400zM10.500 3.500 15 8l-4.500 4.500-1.100-1.100L12.800 8 9.400 4.600z"
        }
        "log" => "M2 3h12v1.500H2zM2 7.250h12v1.500H2zM2 11.500h8V13H2z",
        "handler" => "M8 1.500 14.500 8 8 14.500 1.500 8zM8 3.600 3.600 8 8 12.400 12.400 8z",
        "command" => "M2 3h9.500L15 8l-3.500 5H2zM3.500 4.500v7h7.200L13.100 8l-2.400-3.500z",
        "event" => "M2 2h12v12H2zM3.500 3.500v9h9v-9z",
        "table" => {
            "M1.500 2.500h13v11h-13zM3 6.500v2h4v-2zM8.500 6.500v2H13v-2zM3 10v2h4v-2zM8.500 10v2H13v-2z"
        }
        "query" => {
            "M7 1.500a5.500 5.500 0 1 0 3.300 9.900l3.100 3.100 1.100-1.100-3.100-3.100A5.500 5.500 0 0 0 7 1.500M7 3a4 4 0 1 1 0 8 4 4 0 0 1 0-8"
        }
        "process" => {
            "M8 2a6 6 0 0 1 5.200 3h-1.800A4.500 4.500 0 0 0 3.600 7.250H2A6 6 0 0 1 8 2M14 8.750A6 6 0 0 1 2.800 11h1.800a4.500 4.500 0 0 0 7.800-2.250zM14.500 2v4.500H10zM1.500 14V9.500H6z"
        }
        "outbox" => "M1.500 3h13v10h-13zM3 5.200v6.300h10V5.200L8 9zM4 4.500l4 2.900 4-2.900z",
        _ => "M3 3h10v10H3z",
    };
    html! {
        <svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
            <path d={path} fill="currentColor" fill-rule="evenodd" />
        </svg>
    }
}
