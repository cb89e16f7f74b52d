//! In a class: joining it, hearing who is here, following who leads, and leading.

use futures::future::select;
use gloo::timers::future::TimeoutFuture;
use gloo::utils::window;

use super::{commands, diary, opening, playback, predicting};
use crate::host::{OpenLog, OpenMode, Request, SubscriptionChange};
use crate::lab::{JournalEntry, SubscriptionKind, json};
use crate::lessons::Together;
use crate::store::LogInfo;
use crate::store::nats::Role;
use crate::ui::browser::class::{Heard, Look, Person, join};
use crate::ui::browser::clock::now;
use crate::ui::browser::{remember_here, remembered_here};
use crate::ui::model::Model;
use crate::ui::model::class::{DIARY, Invitation, Joined, Msg, Present};
use crate::ui::model::lessons::{self, Key};
use crate::ui::model::logs::Home;
use crate::ui::model::together::Met;
use crate::ui::model::{fold_view, layout};

/// How often a page says that it is here, in milliseconds, and after how many of these it counts as
/// gone.
const BEAT_MILLIS: u32 = 5_000;
const BEATS: u64 = 3;
/// How often at most the one who leads tells where they look, in milliseconds.
const LOOK_MILLIS: u32 = 100;
/// How long a page waits at most until it is noted that its person leaves, in milliseconds.
const LEAVE_MILLIS: u32 = 1_000;
/// So many people are listed at most.
const MOST_PEOPLE: usize = 400;
/// The longest name, in letters.
const LONGEST_NAME: usize = 30;

/// True where the page is to be drawn again.
#[inline(never)]
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Asked(_) if model.class.joined.is_some() => {
            model.saying.happened(
                "You are in a class already. Leave it before you join another.".to_owned(),
            );
            opening::navigate(model);
        }
        Msg::Asked(token) => {
            let name = remembered_here("name").unwrap_or_default();
            model.class.invitation = Some(Invitation { token, name, ..Invitation::default() });
        }
        Msg::Again { token, name } => {
            model.class.invitation = Some(Invitation { token, name, ..Invitation::default() });
            enter(model);
        }
        Msg::Name(name) => {
            if let Some(invitation) = &mut model.class.invitation {
                (invitation.name, invitation.fault) = (name, None);
            }
        }
        Msg::Join(true) => enter(model),
        Msg::Join(false) => model.class.invitation = None,
        Msg::Joined(result) => joined(model, result.map(|it| *it)),
        Msg::Leave => leave(model),
        other => return inside(model, other),
    }
    true
}

/// Something happens to somebody in a class. True where the page is to be drawn again.
fn inside(model: &mut Model, msg: Msg) -> bool {
    let takes_part = takes_part(model);
    let Some(joined) = &mut model.class.joined else { return false };
    match msg {
        Msg::Connection(connected) => {
            joined.connected = connected;
            if connected {
                list(model);
                try_again(model);
            }
        }
        Msg::Found(look) => {
            // A further leader begins where the others are.
            let mine = look.as_ref().is_none_or(|it| it.name == joined.name);
            joined.leading = joined.leads() && mine && remembered_here("leading").is_none();
            let Some(look) = look else { return true };
            let back = joined.leads() && !look.log.is_empty();
            let round = (look.scenario.clone(), look.log.clone());
            hear(model, Heard::Look(look));
            let open = model.logs.open.as_ref();
            if back && open.is_none_or(|it| model.logs.home(it) != Home::Class) {
                opening::open(model, &round.0, OpenMode::Log(round.1, None), None);
            }
        }
        Msg::Heard(heard) => return hear(model, heard),
        Msg::Beat => {
            let gone = u64::from(BEAT_MILLIS) * BEATS;
            joined.people.retain(|it| it.heard + gone > now());
            here(model);
            list(model);
            look_at_servers(model);
            if model.logs.open.as_ref().is_some_and(|it| it.trouble().is_some()) {
                try_again(model);
            }
            beat(model);
        }
        Msg::Rounds(Some(mut logs)) => {
            diary::look_for(model, &logs);
            logs.retain(|it| it.id != DIARY);
            let Some(joined) = &mut model.class.joined else { return false };
            if *joined.rounds == logs {
                return false;
            }
            joined.rounds = logs.into();
        }
        Msg::Diary(opened) => diary::opened(model, opened),
        Msg::Written => {}
        Msg::Open(log) => {
            let round = joined.rounds.iter().find(|it| it.id == log).cloned();
            let Some(round) = round else { return false };
            opening::open(model, &round.scenario, OpenMode::Log(log, None), None);
        }
        Msg::Follow(following) => {
            joined.following = following;
            joined.exercise = None;
            joined.going = None;
        }
        Msg::Touched => return !takes_part && std::mem::take(&mut joined.following),
        Msg::Keep => keep(model),
        Msg::Kept(result) => {
            joined.keeping = false;
            joined.kept = model.logs.open.as_ref().map(|it| (it.id().to_owned(), result));
        }
        other => return leading(model, other),
    }
    true
}

/// True where somebody is asked to press something: to say what will come, or to choose after a
/// conflict in what all do together. Whoever does that follows as before.
fn takes_part(model: &Model) -> bool {
    let Some(joined) = &model.class.joined else { return false };
    let together = joined.look.as_ref().filter(|it| it.together);
    let there = |look: &Look| model.logs.open.as_ref().is_some_and(|it| it.id() == look.log);
    joined.asked.is_some() || together.is_some_and(there)
}

/// Something happens to who leads. True where the page is to be drawn again.
fn leading(model: &mut Model, msg: Msg) -> bool {
    let Some(joined) = &mut model.class.joined else { return false };
    match msg {
        Msg::Scenario(scenario) => joined.scenario = scenario,
        Msg::Begin(story) => begin(model, story),
        Msg::Began(result) => began(model, result),
        Msg::Lead(leading) => {
            joined.leading = leading;
            remember_here("leading", (!leading).then_some("no"));
            joined.told = Look::default();
        }
        Msg::Servers(servers) => {
            let new = joined.servers != servers;
            joined.servers = servers;
            return new;
        }
        Msg::Switch(number, on) => {
            let place = joined.place.clone();
            model.link.later(async move { Msg::Switched(place.switch(number, on).await) });
        }
        Msg::Switched(fault) => {
            if let Some(why) = fault {
                model.saying.fault = Some(why);
            }
            look_at_servers(model);
        }
        Msg::Look => {
            joined.telling = false;
            tell_look(model);
            return false;
        }
        _ => return false,
    }
    true
}

fn enter(model: &mut Model) {
    let engines = std::rc::Rc::new(model.logs.engines.clone());
    let link = model.link.clone();
    let Some(invitation) = &mut model.class.invitation else { return };
    invitation.name = written(&invitation.name);
    if invitation.name.is_empty() {
        invitation.fault = Some("Say what the others are to call you.".to_owned());
        return;
    }
    if invitation.name.chars().count() > LONGEST_NAME {
        invitation.fault = Some(format!("A name has at most {LONGEST_NAME} letters."));
        return;
    }
    (invitation.joining, invitation.fault) = (true, None);
    let (token, name) = (invitation.token.clone(), invitation.name.clone());
    model.link.later(async move {
        let changed = move |open| link.send(Msg::Connection(open));
        Msg::Joined(join(&token, &name, engines, changed).await.map(Box::new))
    });
}

/// A name as all see it: without what cannot be seen, and without what turns the writing round.
fn written(name: &str) -> String {
    let hidden = |it: &char| {
        it.is_control()
            || matches!(it, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let name: String = name.chars().filter(|it| !hidden(it)).collect();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn joined(model: &mut Model, result: Result<crate::ui::browser::class::Place, String>) {
    let Some(invitation) = &mut model.class.invitation else { return };
    let place = match result {
        Ok(place) => place,
        Err(why) => {
            invitation.joining = false;
            invitation.fault = Some(format!("You have not joined: {why}."));
            if model.logs.open.is_none() {
                opening::navigate(model);
            }
            return;
        }
    };
    let Invitation { token, name, .. } = invitation.clone();
    model.class.invitation = None;
    remember_here("class", Some(&token));
    remember_here("name", Some(&name));
    model.logs.class = Some(place.host.clone());
    let link = model.link.clone();
    place.hear(move |heard| {
        link.send(Msg::Heard(heard));
        true
    });
    place.ask();
    let asked = place.clone();
    model.class.joined = Some(Joined::new(place, name));
    list(model);
    beat(model);
    let link = model.link.clone();
    wasm_bindgen_futures::spawn_local(async move {
        let look = asked.last_look().await;
        link.send(Msg::Found(look));
    });
    if model.logs.open.is_none() {
        opening::navigate(model);
    }
}

/// Leaves the class. The page begins anew, with the logs of this browser.
fn leave(model: &mut Model) {
    let Some(joined) = model.class.joined.take() else { return };
    remember_here("class", None);
    wasm_bindgen_futures::spawn_local(async move {
        let noted = Box::pin(diary::leave(joined));
        // Without the server, nobody hears of it.
        select(noted, TimeoutFuture::new(LEAVE_MILLIS)).await;
        let location = window().location();
        // A browser that refuses leaves the page as it is, outside the class.
        _ = location.set_hash("#/");
        _ = location.reload();
    });
}

/// Reads which logs the class has.
fn list(model: &Model) {
    let Some(host) = model.logs.class.clone() else { return };
    let known: Vec<String> = model.logs.scenarios.iter().map(|it| it.id.to_string()).collect();
    model.link.later(async move {
        // What is not known now is asked for again.
        let Ok(mut logs) = host.logs().await else { return Msg::Rounds(None) };
        logs.retain(|it| known.contains(&it.scenario));
        // The newest comes first.
        crate::es::sort(&mut logs, |a: &LogInfo, b| b.created_at.cmp(&a.created_at));
        Msg::Rounds(Some(logs))
    });
}

/// Whoever leads sees which servers run.
fn look_at_servers(model: &Model) {
    let Some(joined) = model.class.joined.as_ref().filter(|it| it.leads()) else { return };
    let place = joined.place.clone();
    model.link.later(async move { Msg::Servers(place.servers().await) });
}

/// The server is back: a class's log takes changes again, and learns what it has missed.
fn try_again(model: &Model) {
    let Some(open_log) = model.open_log().filter(|it| it.host().durable()) else { return };
    wasm_bindgen_futures::spawn_local(async move {
        // What is wrong still is said beside the log.
        _ = open_log.ask(Request::Retry).await;
    });
}

fn beat(model: &Model) {
    model.link.later(async {
        TimeoutFuture::new(BEAT_MILLIS).await;
        Msg::Beat
    });
}

/// Says who and where this page is, and what it has met.
pub fn here(model: &Model) {
    let Some(joined) = &model.class.joined else { return };
    let place = model.logs.open.as_ref().map(|open_log| {
        let session = open_log.session();
        format!("{}, event {}", session.scenario().title, session.position())
    });
    joined.place.tell(&Person {
        id: joined.place.id.clone(),
        name: joined.name.clone(),
        role: joined.place.role.name().to_owned(),
        place: place.unwrap_or_default(),
        log: model.together.counted.0.clone(),
        conflicts: model.together.met.conflicts,
        again: model.together.met.again,
    });
}

/// The others told something. True where the page is to be drawn again.
fn hear(model: &mut Model, heard: Heard) -> bool {
    let Some(joined) = &mut model.class.joined else { return false };
    match heard {
        Heard::Asked => {
            here(model);
            return false;
        }
        Heard::Person(person) => {
            let cut = |text: &str| written(text).chars().take(2 * LONGEST_NAME).collect::<String>();
            let person = Person { name: cut(&person.name), place: cut(&person.place), ..person };
            if joined.people.len() >= MOST_PEOPLE {
                return false;
            }
            if model.together.board.is_of(&person.log) {
                let met = Met { conflicts: person.conflicts, again: person.again };
                model.together.board.note(&person.log, &person.id, met, now());
            }
            let known = joined.people.iter_mut().find(|it| it.person.id == person.id);
            match known {
                Some(known) => *known = Present { person, heard: now() },
                None => joined.people.push(Present { person, heard: now() }),
            }
            let by_name = |a: &Present, b: &Present| a.person.name.cmp(&b.person.name);
            crate::es::sort(&mut joined.people, by_name);
        }
        Heard::Look(look) => {
            if joined.leading && look.name != joined.name {
                // One leads at a time: whoever moved last.
                joined.leading = false;
                remember_here("leading", Some("no"));
            }
            let new = !joined.has(&look.log) && !look.log.is_empty();
            let at_once = look.now.filter(|_| look.name != joined.name && !joined.looks_on());
            let (log, name) = (look.log.clone(), joined.name.clone());
            joined.look = Some(look);
            if new {
                list(model);
            }
            let open = model.open_log().filter(|it| it.id() == log);
            if let (Some(position), Some(open_log), Some(together)) =
                (at_once, open, model.together())
            {
                if together.is_called_for(&open_log) {
                    let command = together.command(&name, &open_log, position);
                    commands::submit(model, Request::Send(command));
                } else {
                    nobody_sends(model, &together);
                }
            }
        }
    }
    true
}

fn begin(model: &mut Model, story: bool) {
    let Some(joined) = &mut model.class.joined else { return };
    let Some(scenario) = model.logs.scenarios.iter().find(|it| *it.id == *joined.scenario).cloned()
    else {
        return;
    };
    joined.beginning = true;
    let host = joined.place.host.clone();
    model.link.later(async move {
        let begun = host.create(&scenario, story).await;
        Msg::Began(begun.map(|it| it.info()).map_err(|it| it.to_string()))
    });
}

fn began(model: &mut Model, result: Result<LogInfo, String>) {
    let Some(joined) = &mut model.class.joined else { return };
    joined.beginning = false;
    match result {
        Ok(info) => {
            let mut rounds = joined.rounds.to_vec();
            rounds.insert(0, info.clone());
            joined.rounds = rounds.into();
            opening::open(model, &info.scenario, OpenMode::Log(info.id, None), None);
        }
        Err(why) => model.saying.fault = Some(format!("No round was begun: {why}.")),
    }
}

/// Keeps a copy of the open log as one of one's own.
fn keep(model: &mut Model) {
    let (Some(open_log), host) = (model.open_log(), model.logs.host().clone()) else { return };
    let Some(joined) = &mut model.class.joined else { return };
    (joined.keeping, joined.kept) = (true, None);
    model.link.later(async move {
        Msg::Kept(open_log.copy_to(&host).await.map_err(|it| it.to_string()))
    });
}

/// Goes where the one who leads looks, and tells the others where this page looks.
#[inline(never)]
pub fn keep_in_step(model: &mut Model) {
    predict(model);
    follow(model);
    let Some(joined) = &mut model.class.joined else { return };
    if joined.leads() && joined.leading && !joined.telling {
        let since = now().saturating_sub(joined.told_at);
        if since >= u64::from(LOOK_MILLIS) {
            tell_look(model);
        } else {
            joined.telling = true;
            model.link.later(async {
                TimeoutFuture::new(LOOK_MILLIS).await;
                Msg::Look
            });
        }
    }
    act_as(model);
}

/// In a class's log, a person acts under their own name.
fn act_as(model: &mut Model) {
    let Some(joined) = &mut model.class.joined else { return };
    let open = model.logs.open.as_ref().filter(|it| model.logs.home(it) == Home::Class);
    if let Some(open) = open.filter(|it| it.info().exercise.is_none()) {
        joined.round = Some((open.session().scenario().id.clone(), open.id().to_owned()));
    }
    if joined
        .kept
        .as_ref()
        .is_some_and(|(log, _)| model.logs.open.as_ref().is_none_or(|it| it.id() != log))
    {
        joined.kept = None;
    }
    if open.is_some() && *model.commands.draft.actor != *joined.name {
        let name = joined.name.as_str().into();
        model.commands.draft_mut().actor = name;
    }
}

fn follow(model: &mut Model) {
    let Some(joined) = &mut model.class.joined else { return };
    let Some(look) = joined.look.clone().filter(|_| joined.following) else { return };
    if look.exercise.is_some() && !look.together {
        if joined.exercise != look.exercise {
            joined.exercise.clone_from(&look.exercise);
            if let Some((lesson, number)) = look.exercise {
                model.link.send(lessons::Msg::Open(Key::of_lesson(&lesson, number), None));
            }
        }
        return;
    }
    joined.exercise = None;
    let there = model.logs.open.as_ref().filter(|it| it.id() == look.log).cloned();
    let Some(open_log) = there else {
        if joined.going.as_ref() != Some(&look.log) && !look.log.is_empty() {
            joined.going = Some(look.log.clone());
            let mode = OpenMode::Log(look.log, Some(look.position));
            opening::open(model, &look.scenario, mode, None);
        }
        return;
    };
    joined.going = None;
    let (position, head) = {
        let session = open_log.session();
        (session.position(), session.head())
    };
    let wanted = if look.head { head } else { look.position.min(head) };
    if wanted != position {
        playback::seek(model, wanted);
    }
    let paused = Some((look.log.clone(), look.paused.clone()));
    if let Some(joined) = &mut model.class.joined
        && joined.paused != paused
    {
        joined.paused = paused;
        pause_alike(&open_log, &look);
    }
    if look.folding || look.present {
        model.fold_view.show_as(&look.columns);
    }
    if look.present != model.layout.present {
        model.link.send(layout::Msg::Present(look.present));
    }
    if look.folding != model.fold_view.shown {
        model.link.send(fold_view::Msg::Show(look.folding));
    }
}

/// Asks what will come of the story's next step, where the one who leads does, and says how close a
/// guess was once the step is told. Whoever has let go is asked as well, as long as their log is the
/// same.
fn predict(model: &mut Model) {
    let open = model.open_log();
    let Some(joined) = model.class.joined.as_mut().filter(|it| !it.leading) else { return };
    let look = joined.look.as_ref();
    let there = look.zip(open).filter(|(look, open_log)| look.log == open_log.id());
    let Some((look, open_log)) = there else { return };
    let asked = joined.asked;
    if let Some((_, text)) = look.told.as_ref().filter(|it| Some(it.0) == asked) {
        let entry: Option<JournalEntry> = json::read(text).ok();
        if entry.as_ref().is_some_and(|it| open_log.session().head() + 1 < it.events.end) {
            // The events are on their way.
            return;
        }
        joined.asked = None;
        predicting::told(model, &open_log, entry.as_ref());
        return;
    }
    // Whoever has said what will come waits until the step is told.
    if look.asks == asked || look.asks.is_none() && model.predicting.is_made() {
        return;
    }
    joined.asked = look.asks;
    match look.asks {
        Some(_) => predicting::ask(model, &open_log),
        None => model.predicting.leave(),
    }
}

/// Pauses the read models that the one who leads has paused, and resumes the others.
fn pause_alike(open_log: &OpenLog, look: &Look) {
    let mut changes = Vec::new();
    for it in open_log.session().world().subscriptions() {
        let wanted = look.paused.iter().any(|name| **name == **it.name());
        if it.kind() == SubscriptionKind::Projection && it.paused() != wanted {
            changes.push((it.name().to_string(), wanted));
        }
    }
    if changes.is_empty() {
        return;
    }
    let open_log = open_log.clone();
    wasm_bindgen_futures::spawn_local(async move {
        for (name, paused) in changes {
            let how = SubscriptionChange { paused: Some(paused), ..SubscriptionChange::default() };
            // What cannot be changed here is said where somebody changes it by hand.
            _ = open_log.ask(Request::Subscription { name, how }).await;
        }
    });
}

/// Has all who take part send at the same moment what all send.
pub fn all_now(model: &mut Model) {
    let Some(joined) = model.class.joined.as_mut().filter(|it| it.leads()) else { return };
    joined.leading = true;
    let Some(look) = look_here(model) else { return };
    let head = model.logs.open.as_ref().map(|it| it.session().head());
    let Some(joined) = &mut model.class.joined else { return };
    joined.place.look(&Look { now: head, ..look.clone() });
    (joined.told, joined.told_at) = (look, now());
}

/// All have looked, and what they saw keeps them from sending.
pub fn nobody_sends(model: &mut Model, together: &Together) {
    if let Some(premise) = &together.when {
        model.saying.happened(format!(
            "Nothing is sent: whoever looks now sees that this does not hold: {}.",
            premise.say
        ));
    }
}

/// Tells the others where this page looks, where that is not what they know.
fn tell_look(model: &mut Model) {
    let Some(look) = look_here(model) else { return };
    let Some(joined) = &mut model.class.joined else { return };
    // At the head, where that is exactly is no news.
    let same = |a: &Look, b: &Look| {
        let at = |it: &Look| if it.head { 0 } else { it.position };
        at(a) == at(b) && Look { position: 0, ..a.clone() } == Look { position: 0, ..b.clone() }
    };
    if same(&look, &joined.told) || joined.place.role < Role::Lead {
        return;
    }
    joined.place.look(&look);
    (joined.told, joined.told_at) = (look, now());
}

/// Where this page looks, if the others can look there.
fn look_here(model: &Model) -> Option<Look> {
    let joined = model.class.joined.as_ref()?;
    let open_log = model.logs.open.clone().filter(|_| joined.leading)?;
    let exercise = model.lessons.attempt.as_ref().and_then(|it| it.key.lesson());
    let exercise = exercise.map(|(lesson, number)| (lesson.to_string(), number));
    let shared = model.logs.home(&open_log) == Home::Class;
    if exercise.is_none() && !shared {
        // Nobody else can see a log of this browser.
        return None;
    }
    let (scenario, position, head, paused) = {
        let session = open_log.session();
        let all = session.world().subscriptions().iter();
        let paused = all.filter(|it| it.kind() == SubscriptionKind::Projection && it.paused());
        let paused = paused.map(|it| it.name().to_string()).collect();
        (session.scenario().id.to_string(), session.position(), session.head(), paused)
    };
    Some(Look {
        name: joined.name.clone(),
        scenario,
        log: open_log.id().to_owned(),
        position,
        head: position == head,
        present: model.layout.present,
        folding: model.fold_view.shown,
        columns: model.fold_view.columns().iter().map(ToString::to_string).collect(),
        paused,
        together: exercise.is_some() && shared,
        exercise,
        now: None,
        asks: model.predicting.open.then_some(model.summary.next).flatten(),
        told: model.predicting.last.clone(),
    })
}
