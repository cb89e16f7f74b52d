//! Two sides of a state or view, next to each other: the right one is marked against the left.

use yew::{Html, html};

use crate::ui::model::lab::{Both, Pair};
use crate::ui::view::views::{Tree, ViewBody};

/// Those that differ, next to each other; the others by name.
pub fn side_by_side(titles: [&str; 2], pairs: &[Pair]) -> Html {
    let same: Vec<&str> = pairs.iter().filter(|it| !it.differs).map(|it| &*it.name).collect();
    html! {
        <>
            { for pairs.iter().filter(|it| it.differs).map(|pair| html! {
                <section class="pair" role="group" aria-label={pair.name.to_string()} key={pair.name.to_string()}>
                    <h3>{ &*pair.name }</h3>
                    <div class="both">
                        { for (0..2).map(|side| html! {
                            <div role="group" aria-label={titles[side].to_owned()}>
                                <h4>{ titles[side] }</h4>
                                { body(pair, side == 1) }
                            </div>
                        }) }
                    </div>
                </section>
            }) }
            if !same.is_empty() { <p class="quiet">{ format!("The same on both sides: {}.", same.join(", ")) }</p> }
        </>
    }
}

fn body(pair: &Pair, right: bool) -> Html {
    match &pair.both {
        Both::States(left, it) => {
            html! { <Tree now={if right { it } else { left }.clone()} was={left.clone()} /> }
        }
        Both::Views(left, it) => {
            let now = if right { it } else { left };
            if now.is_empty() && left.is_empty() {
                return html! { <p class="empty">{ "Nothing." }</p> };
            }
            html! { <ViewBody name={pair.name.clone()} now={now.clone()} was={left.clone()} /> }
        }
    }
}
