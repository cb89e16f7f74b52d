//! The invitation to a class, and the bar of one that was joined.

use std::rc::Rc;

use yew::{Html, InputEvent, MouseEvent, SubmitEvent, html};

use super::parts::{button, button_for, menu, select, tick, typed};
use super::views::ViewBody;
use crate::store::nats::Role;
use crate::ui::model::Model;
use crate::ui::model::class::{DIARY, Invitation, Joined, Msg};
use crate::ui::model::logs::{self, Home, OpenMode};
use crate::ui::model::shell::Shell;
use crate::ui::words::counted;

/// Stands for a log that is none of the class's.
const OWN: &str = "own";

/// What somebody in a role does, as the end of a sentence.
fn does(role: Role) -> &'static str {
    match role {
        Role::Watch => "you look on",
        Role::Act => "you take part",
        Role::Lead | Role::Keep => "you lead",
    }
}

/// The dialog of somebody who is invited.
pub fn invitation(invitation: &Invitation, shell: &Shell) -> Html {
    let role = Role::of_token(&invitation.token).map(does);
    let name = shell.link.on_some(|event: InputEvent| typed(&event).map(Msg::Name));
    let join = shell.on(|event: SubmitEvent| {
        event.prevent_default();
        Msg::Join(true)
    });
    let off = invitation.joining;
    html! {
        <div class="veil">
            <section class="keys" role="dialog" aria-modal="true" aria-label="Join the class">
                <h2>{ "Join the class" }</h2>
                <p>
                    { "All here share one log: what anybody does, everybody sees." }
                    if let Some(does) = role { { format!(" With this address, {does}.") } }
                </p>
                <form class="joining" onsubmit={join} novalidate={true}>
                    <div class="field">
                        <label for="my-name">{ "Your name, as the others see it" }</label>
                        <input id="my-name" value={invitation.name.clone()} oninput={name} disabled={off} autocomplete="off" autofocus={true} maxlength="60" aria-invalid={invitation.fault.as_ref().map(|_| "true")} aria-describedby="join-fault" />
                    </div>
                    <p id="join-fault" class="fault" role="alert">{ invitation.fault.clone() }</p>
                    <div class="reply">
                        <button type="submit" class="primary" disabled={off}>{ if off { "Joining…" } else { "Join" } }</button>
                        { button("Stay by myself", shell.on(|_: MouseEvent| Msg::Join(false))) }
                    </div>
                </form>
                <p class="quiet">{ "Your name and what you send are stored where the class is kept. The others can keep copies." }</p>
            </section>
        </div>
    }
}

/// The bar of a class. It leaves the stage to what is shown there, unless the server is gone.
pub fn bar(model: &Model, shell: &Shell) -> Html {
    let Some(joined) = &model.class.joined else { return html! {} };
    if model.layout.present && joined.connected && (joined.following || joined.leads()) {
        return html! {};
    }
    let here = model.logs.open.as_ref().map(|it| it.id().to_owned()).unwrap_or_default();
    let shared = model.logs.open.as_ref().is_some_and(|it| model.logs.home(it) == Home::Class);
    html! {
        <section class="class-bar" role="region" aria-label="Class">
            <b>{ "Class" }</b>
            <span class="quiet">{ format!("{}: {}", joined.name, does(joined.place.role)) }</span>
            { people(joined) }
            { rounds(joined, (&here, shared), shell) }
            if joined.leads() {
                { begin(model, joined, shell) }
                { diary(model, joined, shell) }
                { servers(joined, shell) }
            }
            <span class="spring"></span>
            { following(joined, shared || model.lessons.attempt.is_some(), shell) }
            if shared { { keep(joined, shell) } }
            <button type="button" aria-label="Leave the class" onclick={shell.on(|_: MouseEvent| Msg::Leave)}>{ "Leave" }</button>
            if !joined.connected {
                <p class="fault" role="alert">{ "The class's server does not answer. You can look at everything that is here. What you send now is not stored, and can be sent again once the server is back." }</p>
            } else if joined.rounds.is_empty() {
                <p class="quiet" role="status">{ if joined.leads() { "Choose a scenario and begin the first round: all see its log." } else { "The first round has not begun. It comes up here by itself." } }</p>
            }
        </section>
    }
}

/// Who is here, and where.
fn people(joined: &Joined) -> Html {
    let person = |it: &crate::ui::browser::class::Person| {
        let leads = Role::named(&it.role).is_some_and(|it| it >= Role::Lead);
        html! {
            <li>
                <b>{ it.name.clone() }</b>
                if leads { <span class="tag">{ "leads" }</span> }
                <span class="quiet">{ format!(" {}", it.place) }</span>
            </li>
        }
    };
    let all = joined.people.iter().map(|it| &it.person);
    let list = html! {
        <ul class="people">
            <li><b>{ joined.name.clone() }</b><span class="quiet">{ " you" }</span></li>
            { for all.map(person) }
        </ul>
    };
    // Oneself is not among the others.
    let count = joined.people.len() as u64 + 1;
    menu(
        html! { { format!("{} here", counted(count, "person").replace("persons", "people")) } },
        None,
        list,
    )
}

/// The class's logs.
fn rounds(joined: &Joined, (here, shared): (&str, bool), shell: &Shell) -> Html {
    if joined.rounds.is_empty() {
        return html! {};
    }
    // The newest comes first.
    let numbered = (1..=joined.rounds.len()).rev().zip(joined.rounds.iter());
    let mut entries: Vec<_> =
        numbered.map(|(n, it)| (it.id.clone(), format!("{n}. {}", it.title))).collect();
    let chosen = if joined.has(here) { here } else { OWN };
    if chosen == OWN {
        let words = match here {
            DIARY => "What this class does",
            _ if shared => "A new round",
            _ => "A log of your own",
        };
        entries.insert(0, (OWN.to_owned(), words.to_owned()));
    }
    select("Round", chosen, entries, shell.on(Msg::Open))
}

/// What the one who leads begins a round with.
fn begin(model: &Model, joined: &Joined, shell: &Shell) -> Html {
    let scenarios = model.logs.titles.iter().map(|(id, title)| (id.to_string(), title.to_string()));
    let off = joined.beginning;
    let begin = |story| shell.on(move |_: MouseEvent| Msg::Begin(story));
    let choice = html! {
        <span class="inline">
            { select("Scenario of the next round", &joined.scenario, scenarios, shell.on(Msg::Scenario)) }
            { button_for(if off { "Beginning…" } else { "Begin a round" }, "", off, begin(false)) }
            { button_for("Begin with its story", "", off, begin(true)) }
        </span>
    };
    // Once there is a round, the next one can wait behind a button.
    if joined.rounds.is_empty() { choice } else { menu(html! { "New round" }, None, choice) }
}

/// What the class does, as the read models of its diary show it.
fn diary(model: &Model, joined: &Joined, shell: &Shell) -> Html {
    let Some(diary) = &joined.diary else { return html! {} };
    let session = diary.session();
    let views = session.world().subscriptions().iter().map(|it| {
        let view = Rc::new(it.view());
        let (name, empty) = (it.name().clone(), view.is_empty());
        html! {
            <section key={name.to_string()} aria-label={name.to_string()}>
                <h2>{ name.to_string() }</h2>
                if empty { <p class="quiet">{ "Nothing yet." }</p> } else { <ViewBody {name} now={view.clone()} was={view} /> }
            </section>
        }
    });
    let press = shell.on(|_: MouseEvent| {
        let mode = OpenMode::Log(DIARY.to_owned(), None);
        logs::Msg::Open("class".into(), mode)
    });
    let list = html! {
        <div class="diary">
            { for views }
            if !model.logs.is_open(diary) { { button("Open this log", press) } }
        </div>
    };
    menu(html! { "How it goes" }, None, list)
}

/// The servers, where there are several, so that one can be killed in front of the class.
fn servers(joined: &Joined, shell: &Shell) -> Html {
    if joined.servers.len() < 2 {
        return html! {};
    }
    let server = |(number, runs): (u32, &bool)| {
        let on = !runs;
        let press = shell.on(move |_: MouseEvent| Msg::Switch(number, on));
        let (says, does) = if *runs { ("runs", "Kill it") } else { ("is dead", "Start it") };
        html! {
            <li class="inline">
                <span>{ format!("Server {number} {says}") }</span>
                <button type="button" aria-label={format!("{does}: server {number}")} onclick={press}>{ does }</button>
            </li>
        }
    };
    let list = html! { <ul class="people">{ for (1..).zip(&joined.servers).map(server) }</ul> };
    let run = joined.servers.iter().filter(|it| **it).count();
    let all = joined.servers.len();
    menu(html! { { format!("{run} of {all} servers run") } }, None, list)
}

/// Whom this page follows, or who follows it.
fn following(joined: &Joined, shared: bool, shell: &Shell) -> Html {
    if joined.leads() {
        let elsewhere = joined.look.as_ref().filter(|it| !joined.leading && it.name != joined.name);
        return html! {
            <>
                if let Some(look) = elsewhere { <span role="status">{ format!("All see what {} sees.", look.name) }</span> }
                if joined.leading && !shared { <span role="status">{ "Nobody sees this log: it is your own." }</span> }
                { tick("All see what I see", joined.leading, &shell.on(Msg::Lead)) }
            </>
        };
    }
    let Some(look) = &joined.look else { return html! {} };
    if joined.following {
        html! {
            <>
                <span role="status">{ format!("You follow {}.", look.name) }</span>
                { button("Look around", shell.on(|_: MouseEvent| Msg::Follow(false))) }
            </>
        }
    } else {
        let press = shell.on(|_: MouseEvent| Msg::Follow(true));
        html! {
            <button type="button" class="primary" onclick={press}>{ format!("Back to {} ", look.name) }<kbd>{ "g" }</kbd></button>
        }
    }
}

/// A copy of the class's log as one of one's own.
fn keep(joined: &Joined, shell: &Shell) -> Html {
    let press = shell.on(|_: MouseEvent| Msg::Keep);
    let said = match &joined.kept {
        None => String::new(),
        Some((_, Ok(info))) => format!("Kept in this browser as “{}”.", info.title),
        Some((_, Err(why))) => format!("No copy was kept: {why}."),
    };
    html! {
        <>
            <span role="status" class={if matches!(joined.kept, Some((_, Err(_)))) { "fault" } else { "quiet" }}>{ said }</span>
            { button_for("Keep a copy", "", joined.keeping, press) }
        </>
    }
}
