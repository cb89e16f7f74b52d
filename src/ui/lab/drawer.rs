//! Where a tool opens: beside what it is about, over the columns, and away again with Escape.

use yew::{Callback, Html, Properties, component, html};

use crate::ui::parts::icon_button;

/// A tool of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Race,
    Why,
    WhatIf,
    Compare,
    Snapshots,
}

impl Tool {
    pub const ALL: [Self; 5] =
        [Self::Race, Self::Why, Self::WhatIf, Self::Compare, Self::Snapshots];

    /// Its name, and its drawer's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Race => "Race",
            Self::Why => "Why, and since when",
            Self::WhatIf => "What if",
            Self::Compare => "Compare",
            Self::Snapshots => "Snapshots",
        }
    }

    /// What it is good for, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Race => "Alice and Bob send on the same version",
            Self::Why => "the events that set a field, and the first after which something holds",
            Self::WhatIf => "leave an event out, or swap two, for the view only",
            Self::Compare => "two logs, or one at two positions, side by side",
            Self::Snapshots => "what loading costs, and what saves it",
        }
    }

    /// Tools with little to show stand on the left, so that states stay in view.
    fn side(self) -> &'static str {
        match self {
            Self::WhatIf | Self::Compare => "lab panel right",
            _ => "lab panel left",
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct DrawerProps {
    pub tool: Tool,
    pub close: Callback<()>,
    pub children: Html,
}

/// A tool's drawer. It takes the focus when it opens.
#[component]
pub fn Drawer(props: &DrawerProps) -> Html {
    let place = yew::use_node_ref();
    yew::use_effect_with(props.tool, {
        let place = place.clone();
        move |_| {
            if let Some(head) = place.cast::<web_sys::HtmlElement>() {
                // Without the focus, the tool can still be read and closed.
                let _ = head.focus();
            }
        }
    });
    let name = props.tool.name();
    html! {
        <section class={props.tool.side()} role="dialog" aria-label={name}>
            <div class="head">
                <h2 ref={place} tabindex="-1">{ name }</h2>
                <span class="spring" />
                { icon_button("refused", format!("Close {name}"), props.close.reform(|_| ())) }
            </div>
            <div class="body">{ props.children.clone() }</div>
        </section>
    }
}
