//! A subscription's menu: pause, step, delay, rewind, rebuild, its switches and its faults.

use std::rc::Rc;

use web_sys::HtmlSelectElement;
use yew::{Callback, Event, Html, MouseEvent, Properties, TargetCast, component, html};

use crate::lab::clip::clip;
use crate::lab::{Control, DeliveryFault, Panel, SubscriptionKind};
use crate::ui::model::shell::Shell;
use crate::ui::model::subscriptions::{Msg, RefusedControl};
use crate::ui::view::parts::{Amount, button_for, chip, refused, tick_for, whose};
use crate::ui::words::counted;

/// What is unusual about a subscription, below its panel's head: as few words as will do.
pub fn state_of(it: &Panel) -> Html {
    let usual = !it.paused && it.delay == 0 && !it.synchronous && it.deduplicate && it.guard;
    let usual = usual && it.fails_on.is_none() && !it.lenient;
    if usual && it.fault.is_none() {
        return html! {};
    }
    let fault = it.fault.and_then(|it| DeliveryFault::ALL.iter().find(|(fault, _)| *fault == it));
    html! {
        <p class="states">
            if it.crashed { { chip("red", "crashed") } } else if it.paused && it.beside.is_none() { { chip("yellow", "paused") } }
            if it.delay > 0 { { chip("yellow", format!("kept {} behind", it.delay)) } }
            if it.synchronous { { chip("", "synchronous") } }
            if !it.deduplicate { { chip("yellow", "deduplication off") } }
            if !it.guard { { chip("red", "guard off") } }
            if it.lenient { { chip("", "sets aside what it cannot take in") } }
            if let Some(position) = it.fails_on { { chip("red", format!("its code fails on #{position}")) } }
            if let Some((_, words)) = fault { { chip("red", format!("fault set: {}", words.to_ascii_lowercase())) } }
        </p>
    }
}

/// What a subscription cannot take in: where it stands still, or what it has set aside. Both say
/// what they cost.
pub fn untaken(shell: &Shell, it: &Panel) -> Html {
    let name = &it.name;
    let act = |words: &str, what: Control| {
        let name = name.clone();
        let press = shell.on(move |_: MouseEvent| Msg::Control(name.clone(), what));
        button_for(words, &it.name, false, press)
    };
    let (all, skipped) = it.dead_letters;
    let open = all - skipped;
    html! {
        <>
            if let Some(stopped) = &it.stopped {
                <div class="fault pad">
                    <p>{ format!("It stopped before #{}: {}.", stopped.position, clip(&stopped.why)) }</p>
                    <p class="quiet">{ format!("It is strict: nothing is missing in it up to there, and {} {} waiting.", counted(it.lag, "event"), if it.lag == 1 { "is" } else { "are" }) }</p>
                    <div class="actions">
                        { if it.fails_on == Some(stopped.position) { act("Mend its code", Control::FailOn(None)) } else { act("Try again", Control::Pause(false)) } }
                        { act("Set it aside", Control::Lenient(true)) }
                    </div>
                </div>
            }
            if open > 0 {
                <div class="fault pad letters" role="group" aria-label={format!("Dead letters of {name}")}>
                    <p>{ format!("It has set aside {}, and goes on without {}. Until then, what it shows may be wrong.", counted(open as u64, "event"), if open == 1 { "it until it is taken in" } else { "them until they are taken in" }) }</p>
                    <ul>
                        { for it.set_aside.iter().map(|letter| html! {
                            <li key={letter.position}>
                                <span>{ format!("#{} {}: {}", letter.position, letter.kind, clip(&letter.why)) }
                                    if letter.later > 0 { <span class="quiet">{ format!("; {} of its stream {} taken in before it", counted(letter.later, "later event"), if letter.later == 1 { "was" } else { "were" }) }</span> }
                                </span>
                                <span class="actions">
                                    { act_on(shell, name, "Retry", letter.position, Control::Retry(letter.position)) }
                                    { act_on(shell, name, "Skip", letter.position, Control::Skip(letter.position)) }
                                </span>
                            </li>
                        }) }
                    </ul>
                    if open > it.set_aside.len() { <p class="quiet">{ format!("and {} more", open - it.set_aside.len()) }</p> }
                </div>
            }
            if skipped > 0 {
                <p class="note pad">{ if skipped == 1 {
                    "1 event was skipped. Only a rebuild tries it again.".to_owned()
                } else {
                    format!("{skipped} events were skipped. Only a rebuild tries them again.")
                } }</p>
            }
            if it.fails_on.is_some() && it.stopped.is_none() && all > 0 {
                <div class="actions pad">{ act("Mend its code", Control::FailOn(None)) }</div>
            }
        </>
    }
}

/// A button for one of the events that were set aside.
fn act_on(shell: &Shell, name: &Rc<str>, words: &str, position: u64, what: Control) -> Html {
    let press = {
        let name = name.clone();
        shell.on(move |_: MouseEvent| Msg::Control(name.clone(), what))
    };
    html! { <button type="button" onclick={press} aria-label={format!("{words} #{position} in {name}")}>{ words.to_owned() }</button> }
}

#[derive(Properties, PartialEq)]
struct FaultsProps {
    name: Rc<str>,
    fault: Option<DeliveryFault>,
    set: Callback<Option<DeliveryFault>>,
}

/// The fault to come. It is over once it has struck, so the choice goes back by itself.
#[component]
fn Faults(props: &FaultsProps) -> Html {
    let place = yew::use_node_ref();
    let at =
        props.fault.and_then(|it| DeliveryFault::ALL.iter().position(|(fault, _)| *fault == it));
    yew::use_effect({
        let place = place.clone();
        move || {
            if let Some(select) = place.cast::<HtmlSelectElement>() {
                select.set_value(&at.map_or(String::new(), |at| at.to_string()));
            }
        }
    });
    let set = props.set.reform(|event: Event| {
        let select = event.target_dyn_into::<HtmlSelectElement>();
        let at = select.and_then(|it| it.value().parse::<usize>().ok());
        at.and_then(|at| DeliveryFault::ALL.get(at)).map(|(fault, _)| *fault)
    });
    html! {
        <label class="field"><span>{ "Fault, once" }{ whose(&props.name) }</span>
            <select ref={place} onchange={set}>
                <option value="">{ "None" }</option>
                { for DeliveryFault::ALL.iter().enumerate().map(|(at, (_, words))| html! { <option value={at.to_string()}>{ *words }</option> }) }
            </select>
        </label>
    }
}

/// The body of a subscription's menu. `more` stands at its end.
pub fn menu_of(
    shell: &Shell,
    it: &Panel,
    why: Option<&RefusedControl>,
    rebuild: Callback<MouseEvent>,
    more: Html,
) -> Html {
    let name = &it.name;
    let act = |what: Control| {
        let name = name.clone();
        shell.on(move |_: MouseEvent| Msg::Control(name.clone(), what))
    };
    let with = |what: fn(u64) -> Control| {
        let name = name.clone();
        shell.on(move |number| Msg::Control(name.clone(), what(number)))
    };
    let switch = |what: fn(bool) -> Control| {
        let name = name.clone();
        shell.on(move |on| Msg::Control(name.clone(), what(on)))
    };
    let fault = {
        let name = name.clone();
        shell.on(move |fault| Msg::Control(name.clone(), Control::Fault(fault)))
    };
    let why = |of: &str| why.filter(|it| it.of == of).map(|it| it.why.clone());
    let process = it.kind == SubscriptionKind::Process;
    html! {
        <>
            <p>{ it.about.to_string() }</p>
            <p class="quiet">{ match it.lag {
                0 if it.dead_letters.0 > 0 => format!(
                    "Its checkpoint is {}; {} set aside or skipped.", it.checkpoint,
                    if it.dead_letters.0 == 1 { "1 event was".to_owned() } else { format!("{} events were", it.dead_letters.0) },
                ),
                0 => format!("Its checkpoint is {}: it has taken in every event.", it.checkpoint),
                lag => format!("Its checkpoint is {}, {} before the head.", it.checkpoint, counted(lag, "event")),
            } }</p>
            <div class="actions">
                { button_for(if it.paused { "Resume" } else { "Pause" }, name, false, act(Control::Pause(!it.paused))) }
                { button_for("Step", name, !it.paused || it.lag == 0, act(Control::Step)) }
                { button_for("Rebuild", name, false, rebuild) }
            </div>
            { refused(why("other").as_deref()) }
            <Faults name={name.clone()} fault={it.fault} set={fault} />
            { refused(why("fault").as_deref()) }
            <Amount label="Fail on event" whom={name.clone()} button="Break" value={it.fails_on.unwrap_or(it.checkpoint + 1)} set={with(|position| Control::FailOn(Some(position)))} fault={why("fails")} />
            <Amount label="Stay behind by so many events" whom={name.clone()} button="Delay" value={it.delay} set={with(Control::Delay)} fault={why("delay")} />
            <Amount label="Back to position" whom={name.clone()} button="Rewind" value={it.checkpoint.saturating_sub(1)} set={with(Control::Rewind)} fault={why("rewind")} />
            if it.shown < it.checkpoint {
                <div class="actions">{ button_for(&format!("Rewind here, to {}", it.shown), name, false, act(Control::Rewind(it.shown))) }</div>
            }
            if process {
                <Amount label="React once more to all after" whom={name.clone()} button="Redeliver" value={it.mark.saturating_sub(1)} set={with(Control::Redeliver)} fault={why("redeliver")} />
            }
            <div class="switches">
                { tick_for("Set aside what it cannot take in, and go on", name, it.lenient, &switch(Control::Lenient)) }
                { tick_for("Skip events that it has taken in before", name, it.deduplicate, &switch(Control::Deduplicate)) }
                if process {
                    { tick_for("Guard: react to nothing during a replay", name, it.guard, &switch(Control::Guard)) }
                } else {
                    { tick_for("In the command's own commit", name, it.synchronous, &switch(Control::Synchronous)) }
                }
            </div>
            { more }
        </>
    }
}
