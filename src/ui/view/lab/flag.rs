//! A subscription's flag on the timeline: drag it back to rewind. Its panel's menu does the same.

use web_sys::{Element, PointerEvent};
use yew::{Callback, Html, MouseEvent, Properties, classes, component, html};

use crate::ui::browser::fixed::Fixed;

#[derive(Properties, PartialEq)]
pub struct FlagProps {
    pub name: String,
    pub text: String,
    pub class: String,
    pub style: String,
    pub checkpoint: u64,
    /// The position at a share of the track.
    pub place: Callback<f64, u64>,
    pub find: Callback<()>,
    pub rewind: Callback<u64>,
}

/// A press that moves less is no drag.
const SLACK: f64 = 5.0;

#[component]
pub fn DragFlag(props: &FlagProps) -> Html {
    // Where the pointer went down, and how far it has come.
    let drag = yew::use_state(|| None::<(f64, f64)>);
    let dragged = yew::use_mut_ref(|| false);
    let track = yew::use_node_ref();
    let to_of = {
        let (track, place, checkpoint) = (track.clone(), props.place.clone(), props.checkpoint);
        move |from: f64, at: f64| {
            let rect = track.cast::<Element>()?.parent_element()?.get_bounding_client_rect();
            let share = ((at - rect.left()) / rect.width().max(1.0)).clamp(0.0, 1.0);
            ((at - from).abs() > SLACK).then(|| (share, place.emit(share).min(checkpoint)))
        }
    };
    let to = drag.and_then(|(from, at)| to_of(from, at));
    let down = {
        let (drag, dragged, track) = (drag.clone(), dragged.clone(), track.clone());
        Callback::from(move |event: PointerEvent| {
            *dragged.borrow_mut() = false;
            if let Some(flag) = track.cast::<Element>() {
                // Without it, a drag ends at the flag's edge.
                let _ = flag.set_pointer_capture(event.pointer_id());
            }
            let at = f64::from(event.client_x());
            drag.set(Some((at, at)));
        })
    };
    let moved = {
        let drag = drag.clone();
        Callback::from(move |event: PointerEvent| {
            if let Some((from, _)) = *drag {
                drag.set(Some((from, f64::from(event.client_x()))));
            }
        })
    };
    let up = {
        let (drag, dragged, rewind) = (drag.clone(), dragged.clone(), props.rewind.clone());
        Callback::from(move |event: PointerEvent| {
            let to = drag.and_then(|(from, _)| to_of(from, f64::from(event.client_x())));
            drag.set(None);
            if let Some((_, to)) = to {
                *dragged.borrow_mut() = true;
                rewind.emit(to);
            }
        })
    };
    let cancel = Callback::from(move |_: PointerEvent| drag.set(None));
    let find = props.find.reform(|_: MouseEvent| ());
    let press = Callback::from(move |event| {
        // The press that ends a drag is none.
        if !dragged.replace(false) {
            find.emit(event);
        }
    });
    let (class, style, text) = match to {
        Some((share, to)) => (
            classes!("dragged", &props.class),
            format!("--at:{}", Fixed(share, 5)),
            format!("{} back to #{to}", props.name),
        ),
        None => (classes!(&props.class), props.style.clone(), props.text.clone()),
    };
    html! {
        <button type="button" ref={track} {class} {style} onpointerdown={down} onpointermove={moved} onpointerup={up} onpointercancel={cancel} onclick={press}
            title={format!("{}: it has taken in the events up to #{}. Drag it back to rewind.", props.name, props.checkpoint)}>
            { "⚑" }<span>{ " " }{ text }</span>
        </button>
    }
}
