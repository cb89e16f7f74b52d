//! Two sides of a state or view, next to each other: the right one is marked against the left.

use std::rc::Rc;

use serde_json::Value;
use yew::{Html, html};

use crate::es::View;
use crate::lab::Comparison;
use crate::ui::views::{Tree, ViewBody};

/// A state or view, on both sides.
#[derive(Clone, PartialEq)]
pub struct Pair {
    name: Rc<str>,
    both: Both,
    differs: bool,
}

/// What is on both sides.
#[derive(Clone, PartialEq)]
pub enum Both {
    States(Value, Value),
    Views(Rc<View>, Rc<View>),
}

impl Pair {
    /// Compares them, once.
    pub fn new(name: Rc<str>, both: Both) -> Self {
        let differs = match &both {
            Both::States(left, right) => left != right,
            Both::Views(left, right) => left != right,
        };
        Self { name, both, differs }
    }
}

/// A comparison's states and views.
pub fn pairs_of(comparison: Comparison) -> Vec<Pair> {
    let states = comparison.states.into_iter().map(|it| {
        let name = format!("{}, version {} and {}", it.stream, it.versions.0, it.versions.1);
        Pair::new(name.into(), Both::States(it.left, it.right))
    });
    let views = comparison
        .views
        .into_iter()
        .map(|it| Pair::new(it.name, Both::Views(it.left.into(), it.right.into())));
    states.chain(views).collect()
}

/// Those that differ, next to each other; the others by name.
pub fn sides(titles: [&str; 2], pairs: &[Pair]) -> Html {
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
