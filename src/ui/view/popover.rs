//! A button, and the box that it opens beside it: above the page, so that nothing cuts it off.

use std::rc::Rc;

use web_sys::{Event, HtmlElement};
use yew::{
    AttrValue, Callback, Html, MouseEvent, Properties, TargetCast, component, html,
    use_effect_with, use_node_ref, use_state_eq,
};

use crate::ui::browser::popover::{is_open, place, tie};

#[derive(Properties, PartialEq)]
pub struct PopoverProps {
    /// What stands on the button.
    pub button: AttrValue,
    /// The button's class.
    #[prop_or_default]
    pub class: AttrValue,
    /// What the button is called, where that is more than stands on it.
    #[prop_or_default]
    pub label: Option<AttrValue>,
    #[prop_or_default]
    pub title: Option<AttrValue>,
    /// The box's role and name.
    #[prop_or_default]
    pub role: Option<&'static str>,
    #[prop_or_default]
    pub name: Option<AttrValue>,
    /// How wide the box is, in pixels.
    pub width: f64,
    /// Hears that the box was opened or closed.
    #[prop_or_default]
    pub shown: Callback<bool>,
    /// What is in the box. It is drawn only while the box is open.
    pub children: Html,
}

/// The button and its box.
#[component]
pub fn Popover(props: &PopoverProps) -> Html {
    let (button, sheet) = (use_node_ref(), use_node_ref());
    use_effect_with((button.clone(), sheet.clone()), |(button, sheet)| {
        if let (Some(button), Some(sheet)) =
            (button.cast::<HtmlElement>(), sheet.cast::<HtmlElement>())
        {
            tie(&button, &sheet);
        }
    });
    let open = use_state_eq(|| false);
    // It has its place before the browser opens it, and again after: what the press brought into
    // view may have moved its button.
    let put = {
        let (button, sheet, width) = (button.clone(), sheet.clone(), props.width);
        Rc::new(move || {
            if let (Some(button), Some(sheet)) =
                (button.cast::<HtmlElement>(), sheet.cast::<HtmlElement>())
            {
                place(&sheet, &button, width);
            }
        })
    };
    let press = {
        let put = put.clone();
        Callback::from(move |event: MouseEvent| {
            // Around it, a press may mean something else.
            event.stop_propagation();
            put();
        })
    };
    let toggled = {
        let (open, shown) = (open.clone(), props.shown.clone());
        Callback::from(move |event: Event| {
            let on = event.target_dyn_into::<HtmlElement>().is_some_and(|sheet| is_open(&sheet));
            if on {
                put();
            }
            open.set(on);
            shown.emit(on);
        })
    };
    html! {
        <>
            <button type="button" ref={button} class={&props.class} aria-label={&props.label} title={&props.title} onclick={press}>{ &props.button }</button>
            <div ref={sheet} class="popover" popover="auto" role={props.role} aria-label={&props.name} ontoggle={toggled}
                onclick={|event: MouseEvent| event.stop_propagation()}>
                if *open { { props.children.clone() } }
            </div>
        </>
    }
}
