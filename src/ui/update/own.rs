//! A person's own code: an edit is tried in a worker first, then adopted, and everything follows.

use std::rc::Rc;

use crate::domain::Fault;
use crate::es::Recorded;
use crate::host::{CodeState, Engines, Found, OWN, OpenLog};
use crate::lab::{Spec, decisions, forms};
use crate::store::StoreError;
use crate::ui::browser::files::{Pieces, fetched};
use crate::ui::browser::{close_menus, remember, remembered};
use crate::ui::console::Reply;
use crate::ui::model::lab::Tool;
use crate::ui::model::logs::{Arrival, Opening};
use crate::ui::model::own::{Msg, Own, Progress, REST_MILLIS, Review, Trial, draft_of};
use crate::ui::model::summary::Summary;
use crate::ui::model::{Model, logs, summary};
use gloo::timers::callback::Timeout;

/// How long a trial may take, in milliseconds, and how much longer for each thousand events.
const TRIAL_MILLIS: u64 = 2_000;
const TRIAL_MILLIS_OF_THOUSAND: u64 = 40;
/// A trial looks at so many events: it finds nearly all that can be found, and is soon over.
const TRIED_EVENTS: u64 = 4_000;
/// How many events are handed to the worker at once.
const FED_AT_ONCE: u64 = 1_000;

/// True where the page is to be drawn again.
#[inline(never)]
pub fn update(model: &mut Model, msg: Msg) -> bool {
    let Some(open_log) = model.open_log() else { return false };
    match msg {
        Msg::Mine => mine(model, open_log),
        Msg::Made(Ok(info)) => {
            close_menus(None);
            let mode = logs::OpenMode::Log(info.id, None);
            model.link.send(logs::Msg::Open(OWN.into(), mode));
            return false;
        }
        Msg::Made(Err(why)) => {
            model.saying.fault = Some(format!("The log could not be made yours: {}", ended(&why)));
        }
        Msg::Typed(text) => return typed(model, &open_log, &text),
        Msg::Try => attempt(model, open_log),
        Msg::Worker(worker) => {
            model.own.worker = Some(worker);
            model.own.fed = 0;
            attempt(model, open_log);
        }
        Msg::Tried(done, all) => model.own.progress = Progress::Trying(done, all),
        Msg::Trial(turn, result) => return tried(model, open_log, turn, result),
        Msg::Adopted(turn, result) => return adopted(model, &open_log, turn, result),
        Msg::Run => {
            let text = model.own.text(&open_log);
            model.own.show(text);
            attempt(model, open_log);
        }
        Msg::Anyway => {
            let turn = model.own.next_turn();
            adopt(model, open_log, turn);
        }
        Msg::Keep => {
            model.link.later(async move { Msg::Kept(open_log.keep_version().await) });
            return false;
        }
        Msg::Kept(result) => {
            model.own.said = Some(match result {
                Ok(version) => format!("Version {version} is kept. The next edit begins another."),
                Err(fault) => format!("It could not be kept: {fault}."),
            });
        }
        Msg::Back(version) => {
            let code = open_log.own_code();
            let text = code.and_then(|it| {
                it.versions.iter().find(|it| it.version == version).map(|it| it.text.clone())
            });
            let Some(text) = text else { return false };
            model.own.show(text);
            attempt(model, open_log);
        }
        Msg::Beside(version) => {
            let turn = model.own.next_turn();
            model.own.progress = Progress::Adopting;
            model
                .link
                .later(async move { Msg::Adopted(turn, open_log.compare_versions(version).await) });
        }
        Msg::Specify(from, to) => specify(model, &open_log, from, to),
        Msg::Help if model.own.help.is_some() => model.own.help = None,
        Msg::Help => {
            let engines = model.logs.engines.clone();
            model.link.later(async move { Msg::Helped(engines.fetched("own-domain.md").await) });
            return false;
        }
        Msg::Helped(text) => model.own.help = Some(text.unwrap_or_else(|why| why).into()),
        Msg::Rust => rust(model, &open_log),
        Msg::Reviewed(turn, refused) if model.own.is_last(turn) => {
            model.own.reviewed = refused.map_or(Review::TooLong, Review::Refused);
        }
        Msg::Reviewed(..) => return false,
        Msg::Said(said) => model.own.said = Some(said),
        Msg::Suspended => {
            model.own.suspending = false;
            model.lab.tool = Some(Tool::Code);
        }
    }
    true
}

/// A log is open: its code, and a draft that was left.
pub fn arrive(model: &mut Model, open_log: &OpenLog) {
    model.own = Own::default();
    let Some(code) = open_log.own_code() else { return };
    model.own.formed = Some(open_log.session().scenario().clone());
    model.own.draft = remembered(&draft_of(open_log.id())).map(Rc::from);
    if model.own.draft.is_some() && code.state == CodeState::Runs {
        model.link.send(Msg::Try);
    }
    // Whoever comes to code of one's own wants to write it; in an exercise, its task stands above.
    if code.state != CodeState::Runs || open_log.info().exercise.is_none() {
        model.lab.tool = Some(Tool::Code);
    }
}

fn typed(model: &mut Model, open_log: &OpenLog, text: &str) -> bool {
    if *model.own.text(open_log) == *text {
        return false;
    }
    model.own.draft = Some(text.into());
    model.own.next_turn();
    remember(&draft_of(open_log.id()), Some(text));
    // What came from elsewhere runs once somebody lets it, however it is edited before.
    if !open_log.own_code().is_some_and(|it| it.state == CodeState::Unseen) {
        let link = model.link.clone();
        model.own.rest = Some(Timeout::new(REST_MILLIS, move || link.send(Msg::Try)));
    }
    false
}

/// Tries what stands in the editor.
fn attempt(model: &mut Model, open_log: OpenLog) {
    let own = &mut model.own;
    own.unnamed = 0;
    own.rest = None;
    let Some(text) = own.draft.clone() else { return };
    let (turn, link) = (own.next_turn(), model.link.clone());
    let head = open_log.session().head().min(TRIED_EVENTS);
    own.waits = open_log.is_stepping();
    if own.waits {
        own.held = Some(
            "A command is being stepped through. The text is tried once that is finished."
                .to_owned(),
        );
        return;
    }
    own.progress = Progress::Trying(0, head);
    own.said = None;
    let Some(worker) = own.worker.clone() else {
        let engines = model.logs.engines.clone();
        model.link.later(async move {
            match engines.trials().await {
                Ok(worker) => Msg::Worker(Rc::new(worker)),
                Err(why) => Msg::Trial(turn, Err(why)),
            }
        });
        return;
    };
    let fed = std::mem::replace(&mut own.fed, head);
    let millis = TRIAL_MILLIS + head / 1_000 * TRIAL_MILLIS_OF_THOUSAND;
    let millis = u32::try_from(millis).unwrap_or(u32::MAX);
    model.link.later(async move {
        let mut slice = open_log.host().slice();
        let mut from = fed + 1;
        while from <= head {
            let to = head.min(from + FED_AT_ONCE - 1);
            worker.feed(&written(&open_log, from, to));
            from = to + 1;
            slice.breathe().await;
        }
        let tell = move |done, all| link.send(Msg::Tried(done, all));
        Msg::Trial(turn, worker.run(&text, millis, tell).await)
    });
}

/// Events as the worker reads them.
fn written(open_log: &OpenLog, from: u64, to: u64) -> String {
    let session = open_log.session();
    let one = |event: &Recorded| {
        let stream = event.stream();
        let about = serde_json::json!({
            "stream": stream.as_str(), "category": stream.category(), "id": &**stream.id(),
            "position": event.position(), "version": event.version(), "at": event.at(),
            "actor": &**event.actor(),
        });
        let kind = serde_json::Value::from(&**event.kind());
        format!("[{kind},{},{about}]", event.data().get())
    };
    let all: Vec<String> = session.log().events(from, to).map(one).collect();
    format!("[{}]", all.join(","))
}

fn tried(model: &mut Model, open_log: OpenLog, turn: u64, result: Result<String, String>) -> bool {
    if !model.own.is_last(turn) {
        return false;
    }
    let own = &mut model.own;
    own.progress = Progress::Rests;
    (own.fault, own.held, own.impure) = (None, None, None);
    own.failures = Rc::default();
    let Trial { ran, fault, ended } = match result.map(|it| Trial::read(&it)) {
        Ok(Some(trial)) => trial,
        Ok(None) => {
            own.held = Some("It could not be tried: what came of it cannot be read.".to_owned());
            return true;
        }
        Err(why) => {
            own.held = Some(format!("The text could not be tried: {}", ended(&why)));
            return true;
        }
    };
    (own.fault, own.held) = (fault, ended);
    // Where nothing came of it, another text is being tried.
    let Some(ran) = ran else { return true };
    own.failures = Rc::new(ran.failures);
    own.impure = ran.impure;
    own.unnamed = ran.unnamed.saturating_sub(unreadable(&open_log));
    if own.failures.is_empty() && own.unnamed == 0 {
        adopt(model, open_log, turn);
    }
    true
}

/// The first event that cannot be read, in a sentence.
fn first_unread(open_log: &OpenLog) -> Option<String> {
    let session = open_log.session();
    let head = session.head().min(TRIED_EVENTS);
    let event = session.log().events(1, head).find(|it| it.unreadable().is_some())?;
    let why = &event.unreadable()?.why;
    Some(format!(
        "Event {} cannot be read: {why}. A field that is new is optional, or an upcast fills it in \
         under a higher schema.",
        event.position()
    ))
}

/// How many of the events that are tried cannot be read already.
fn unreadable(open_log: &OpenLog) -> u64 {
    let session = open_log.session();
    let all = session.log().events(1, session.head().min(TRIED_EVENTS));
    all.filter(|it| it.unreadable().is_some()).count() as u64
}

/// Lets what was tried take the place of what runs.
fn adopt(model: &mut Model, open_log: OpenLog, turn: u64) {
    model.own.progress = Progress::Adopting;
    let Some(text) = model.own.draft.clone() else { return };
    model.link.later(async move { Msg::Adopted(turn, open_log.adopt(&text).await) });
}

fn adopted(
    model: &mut Model,
    open_log: &OpenLog,
    turn: u64,
    result: Result<crate::host::Adopted, Fault>,
) -> bool {
    let last = model.own.is_last(turn);
    match result {
        Ok(adopted) => {
            if last {
                model.own.progress = Progress::Rests;
                model.own.draft = None;
                remember(&draft_of(open_log.id()), None);
            }
            model.own.adopted = Some(Rc::new(adopted));
            model.own.unread = first_unread(open_log);
            model.own.reviewed = Review::UnderWay;
            let open_log = open_log.clone();
            model.link.later(async move { Msg::Reviewed(turn, open_log.review_rules().await) });
        }
        Err(fault) if last => {
            model.own.progress = Progress::Rests;
            model.own.fault = Some(fault);
        }
        Err(_) => return false,
    }
    true
}

/// The scenario of the open log is another one now: forms, money and the title follow.
fn reformed(model: &mut Model, open_log: &OpenLog) {
    let scenario = open_log.session().scenario().clone();
    let forms = forms(&scenario);
    if *model.commands.forms != forms {
        model.commands.begin(forms);
    }
    model.money = Rc::new(summary::money(&open_log.session()));
    // What was counted and looked at may not be there any more.
    model.summary = Summary::default();
    model.lab.inquiry = None;
    model.lab.imagined = None;
    gloo::utils::document().set_title(&format!("{} · Leftfold", scenario.title));
}

/// Looks whether the code is another one, whoever has changed it, and whether it was stopped while it
/// ran. Then it is suspended.
#[inline(never)]
pub fn look(model: &mut Model, open_log: &OpenLog) {
    let scenario = open_log.session().scenario().clone();
    if model.own.formed.as_ref().is_none_or(|it| !Rc::ptr_eq(it, &scenario)) {
        reformed(model, open_log);
        model.own.formed = Some(scenario);
        if model.own.draft.is_none() {
            // The editor follows.
            model.own.shown += 1;
        }
    }
    if model.own.waits && !open_log.is_stepping() {
        attempt(model, open_log.clone());
    }
    let Some(ended) = open_log.code_ended().filter(|_| !model.own.suspending) else { return };
    model.own.suspending = true;
    let open_log = open_log.clone();
    model.link.later(async move {
        open_log.suspend_code(&ended.to_string()).await;
        Msg::Suspended
    });
}

/// Forks the open log under a text of one's own: the twin of its scenario, where there is one.
fn mine(model: &Model, open_log: OpenLog) {
    let scenario = open_log.session().scenario().clone();
    model.link.later(async move {
        let twin = ["cart", "bank", "transfers"].contains(&&*scenario.id);
        let text = if twin {
            fetched(&format!("twins/{}.js", scenario.id)).await
        } else {
            Some(crate::domain::outline(&scenario))
        };
        let made = match text {
            Some(text) => open_log.make_mine(&text).await.map_err(|it| it.to_string()),
            None => Err("its text could not be fetched; is there a network?".to_owned()),
        };
        Msg::Made(made)
    });
}

/// Makes a new log with a text, for whoever asks by program, and opens it.
pub fn begin(model: &mut Model, text: String, reply: Reply) {
    let (host, turn) = (model.logs.host().clone(), model.logs.next_turn());
    let link = model.link.clone();
    wasm_bindgen_futures::spawn_local(async move {
        let made = match host.check_code(&text).await {
            Ok(()) => host.create_own(&text, false).await.map_err(crate::host::Error::from),
            Err(fault) => Err(fault.into()),
        };
        let result = match made {
            Err(error) => return reply.reject_as(&error),
            Ok(open_log) => match host.logs().await {
                Err(fault) => Err(fault.to_string()),
                Ok(logs) => Ok(logs::Opened { open_log, logs, arrival: Arrival::Domain }),
            },
        };
        link.send(logs::Msg::Opened(Opening {
            turn,
            result,
            unkept: None,
            position: None,
            reply: Some(reply),
        }));
    });
}

/// Makes a new log with the code of the open one, with its story or empty, and opens it.
pub fn begin_again(model: &mut Model, text: Rc<str>, story: bool, reply: Option<Reply>) {
    let (host, turn) = (model.logs.host().clone(), model.logs.next_turn());
    model.link.later(async move {
        let made = async {
            let open_log = host.create_own(&text, story).await?;
            let logs = host.logs().await?;
            Ok::<_, StoreError>(logs::Opened {
                open_log,
                logs,
                arrival: Arrival::Found(Found::Asked),
            })
        };
        let result = made.await.map_err(|it| it.to_string());
        logs::Msg::Opened(Opening { turn, result, unkept: None, position: None, reply })
    });
}

/// Writes what was decided in a stretch of the log into the code, as specs.
fn specify(model: &mut Model, open_log: &OpenLog, from: u64, to: u64) {
    let specs: Vec<Spec> = {
        let session = open_log.session();
        let world = session.world();
        decisions(world, from, to).filter_map(|it| Spec::of(world, it, from)).collect()
    };
    if specs.is_empty() {
        let why = format!("Nothing was decided between the events {from} and {to}.");
        model.own.said = Some(why);
        return;
    }
    let written: Vec<String> = specs.iter().map(Spec::js).collect();
    let text = with_specs(&model.own.text(open_log), &written);
    model.own.show(text.into());
    attempt(model, open_log.clone());
}

/// A text with more specs in its list.
fn with_specs(text: &str, specs: &[String]) -> String {
    let all = specs.concat();
    if let Some(at) = text.find("specs: [") {
        let at = at + "specs: [".len();
        return format!("{}\n{all}{}", &text[..at], text[at..].trim_start_matches('\n'));
    }
    match text.trim_end().rfind("})") {
        Some(at) => format!("{}  specs: [\n{all}  ],\n{}", &text[..at], &text[at..]),
        None => format!("{text}\n// specs: [\n{all}// ]\n"),
    }
}

/// A reason as the end of a sentence.
fn ended(why: &str) -> String {
    if why.ends_with(['.', '?']) { why.to_owned() } else { format!("{why}.") }
}

/// Downloads the domain that runs as a scenario in Rust. Its writer is fetched for that.
fn rust(model: &mut Model, open_log: &OpenLog) {
    let domain = open_log.own_code().and_then(|it| it.domain().cloned());
    let Some(domain) = domain else { return };
    let engines = model.logs.engines.clone();
    model.link.later(async move {
        let written = async {
            let writer = engines.fetched("web/skeleton.js").await?;
            let engine = engines.engine().await?;
            domain.rust(engine, &writer).map_err(|it| it.sentence())
        };
        let said = match written.await {
            Err(why) => format!("The Rust file could not be written: {}", ended(&why)),
            Ok(text) => {
                let pieces = Pieces::default();
                pieces.push(text.as_bytes());
                match pieces.download("domain.rs", false).await {
                    Ok(()) => "domain.rs is downloaded.".to_owned(),
                    Err(why) => format!("The Rust file could not be downloaded: {}", ended(&why)),
                }
            }
        };
        Msg::Said(said)
    });
}
