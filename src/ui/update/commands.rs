//! Commands are sent: from the form, from the story, once more from the journal, and on a fork.

use std::rc::Rc;

use uuid::Uuid;

use super::changes::{changed, changed_and_more};
use super::{predicting, stepping};
use crate::es::{Choice, Expected};
use crate::host::{Answered, JsonText, OpenLog, Request, Response, Told};
use crate::lab::{JournalEntry, Outcome, Submission, event_forms, forms, json as json_text};
use crate::ui::browser::clock::new_id;
use crate::ui::browser::files;
use crate::ui::model::commands::{Answer, Msg};
use crate::ui::model::saying::Caption;
use crate::ui::model::station::{Cargo, Station};
use crate::ui::model::{Model, steps};

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Edit(draft) => model.commands.draft = Rc::new(draft),
        Msg::NewId(field) => {
            let forms = model.commands.forms.clone();
            model.commands.draft_mut().put_id(&forms, &field, new_id().to_string());
        }
        Msg::Send => send(model),
        Msg::StepInto => {
            if let Some(open_log) = model.open_log().filter(|_| !model.commands.under_way())
                && let Some(command) = model.commands.ask(new_id())
            {
                let command = guarded(model, &open_log, command);
                stepping::begin(model, open_log, command);
            }
        }
        Msg::Behind(on) => {
            let Some(open_log) = model.open_log() else { return false };
            let session = open_log.session();
            let of = if on { event_forms } else { forms };
            model.commands.begin(of(session.scenario()));
            model.layout.field = Some("#command");
        }
        Msg::Step(all) => stepping::step(model, all),
        Msg::StepOut => stepping::end(model),
        Msg::Tell => tell(model, false),
        Msg::TellAll => tell(model, true),
        Msg::Again(command, choice) => again(model, command, choice),
        // Nobody wants to hear of a log that has been left meanwhile.
        Msg::Sent(open_log, _)
        | Msg::Appended(open_log, ..)
        | Msg::Told(open_log, _)
        | Msg::Stepped { open_log, .. }
        | Msg::Submitted(open_log)
            if !model.logs.is_open(&open_log) => {}
        Msg::Sent(_, answered) => sent(model, &answered),
        Msg::Appended(_, kind, answered) => appended(model, &kind, &answered),
        Msg::Told(_, answered) => told(model, answered),
        Msg::Submitted(_) => stepping::submitted(model),
        Msg::Stepped { open_log, trace, over } => {
            stepping::stepped(model, &open_log, &trace, over);
        }
        Msg::Fork(send) => fork(model, send),
    }
    true
}

fn send(model: &mut Model) {
    if model.commands.is_for_event() {
        return append(model);
    }
    let Some(open_log) = model.open_log() else { return };
    match model.commands.ask(new_id()) {
        Some(ask) => {
            let ask = guarded(model, &open_log, ask);
            submit(model, Request::Send(ask.into()));
        }
        None => not_read(model),
    }
}

/// The form's command, which guards its stream's category where that was ticked.
fn guarded(model: &Model, open_log: &OpenLog, ask: Submission) -> Submission {
    let head = open_log.session().head();
    let expected = model.commands.draft.guards.then_some(Expected::Category(head));
    Submission { expected: expected.or(ask.expected), ..ask }
}

/// Appends the form's event, past its aggregate.
fn append(model: &mut Model) {
    let (Some(open_log), forms) = (model.open_log(), model.commands.forms.clone()) else { return };
    let Some((event, schema)) = model.commands.draft_mut().event(&forms) else {
        return not_read(model);
    };
    let row = serde_json::json!([{
        "stream": event.stream, "type": event.kind, "data": event.data, "schema": schema,
    }]);
    let forced = Some(model.commands.draft.actor.clone());
    let request =
        Request::Append { events: JsonText(row.to_string()), react: true, forced, id: None };
    model.link.later(async move {
        let head = open_log.session().head();
        open_log.viewpoint_mut().seek(head);
        let answered = open_log.ask(request).await;
        Msg::Appended(open_log, event.kind, answered)
    });
}

/// An event was appended past its aggregate, or could not be.
fn appended(model: &mut Model, kind: &str, answered: &Answered) {
    let (accepted, text) = match &answered.result {
        Ok(_) => (true, format!("{kind} was appended. Nobody has decided on it.")),
        Err(why) => (false, format!("{kind} was not appended: {why}.")),
    };
    model.layout.clear_hint();
    model.playback.mark(accepted);
    model.saying.happened(text.clone());
    model.commands.draft_mut().answer = Some(Answer { accepted, text, conflict: None });
    changed_and_more(model, &answered.trace);
}

/// What was typed cannot be sent. What was said of an earlier command is over.
fn not_read(model: &mut Model) {
    let faults = model.commands.draft.faults.values().map(String::as_str).collect::<Vec<_>>();
    model.saying.aloud = format!("Not sent: {}.", faults.join(", "));
    model.saying.caption = None;
}

/// Sends a command of the journal once more, in one of the ways there are.
fn again(model: &mut Model, command: Uuid, choice: Choice) {
    let Some(open_log) = model.open_log() else { return };
    if open_log.session().world().resubmission(command, choice, command).is_some() {
        submit(model, Request::Again { command, choice, id: None });
    }
}

/// Sends a command at now.
pub fn submit(model: &mut Model, request: Request) {
    let Some(open_log) = model.open_log() else { return };
    if model.commands.under_way() {
        return;
    }
    model.commands.stepping = None;
    model.playback.beat = None;
    model.link.later(async move {
        let head = open_log.session().head();
        open_log.viewpoint_mut().seek(head);
        let answered = open_log.ask(request).await;
        Msg::Sent(open_log, answered)
    });
}

/// A command came to its end: says what came of it.
pub fn sent(model: &mut Model, answered: &Answered) {
    let Some(entry) = answered.entry() else { return changed(model, &answered.trace) };
    model.layout.clear_hint();
    model.lab.sent(entry);
    light(model, entry);
    model.playback.mark(entry.outcome == Outcome::Accepted);
    if entry.outcome == Outcome::Accepted {
        worth_keeping(model);
    }
    let answer = Answer::of(entry, &model.commands.draft.actor);
    model.saying.happened(answer.text.clone());
    model.commands.draft_mut().answer = Some(answer);
    changed_and_more(model, &answered.trace);
}

/// Lights the station that a command has come to.
fn light(model: &mut Model, entry: &JournalEntry) {
    match entry.outcome {
        // The store refuses a version, or to store at all.
        Outcome::WrongExpectedVersion { .. } | Outcome::NotStored => {
            model.saying.light(Station::Store, None);
        }
        _ if entry.events.is_empty() => model.saying.light(Station::Handler, None),
        _ => model.saying.light(Station::Store, Some((Station::Handler, Cargo::Event))),
    }
}

/// A command of a person's own was stored: now the logs are worth keeping.
fn worth_keeping(model: &mut Model) {
    let durable = model.logs.open.as_ref().is_some_and(|open_log| open_log.host().durable());
    if durable && !std::mem::replace(&mut model.logs_dialog.asked_to_persist, true) {
        wasm_bindgen_futures::spawn_local(async {
            // Where the browser refuses, the dialog says so and can ask again.
            files::persist().await;
        });
    }
}

/// Tells the story's next step, or all that are left.
fn tell(model: &mut Model, all: bool) {
    let Some(open_log) = model.open_log().filter(|_| !model.commands.under_way()) else { return };
    let over = open_log.session().next_in_story().is_none() || steps(&open_log) == 0;
    if over || !all && predicting::asks(model) {
        return;
    }
    let head = open_log.session().head();
    open_log.viewpoint_mut().seek(head);
    model.playback.beat = None;
    model.link.later(async move {
        let mut answered = open_log.ask(Request::Next).await;
        while all && open_log.session().next_in_story().is_some() {
            let Answered { result, trace } = open_log.ask(Request::Next).await;
            let nothing = !matches!(result, Ok(Response::Told(_)));
            answered.trace.extend(trace);
            answered.result = result;
            if nothing {
                break;
            }
        }
        Msg::Told(open_log, answered)
    });
}

/// A step of the story was told. In a log that somebody has changed it may come to nothing.
fn told(model: &mut Model, answered: Answered) {
    let Answered { result: Ok(Response::Told(told)), trace } = answered else { return };
    let Told { say, entry, .. } = told;
    model.layout.clear_hint();
    let refused = entry.as_ref().filter(|it| it.outcome != Outcome::Accepted);
    let refused = refused.and_then(|it| it.reason.as_ref().map(ToString::to_string));
    model.saying.say(Caption::Story { say, refused });
    if let Some(entry) = &entry {
        light(model, entry);
        model.playback.mark(entry.outcome == Outcome::Accepted);
    }
    if let Some(open_log) = model.open_log() {
        predicting::told(model, &open_log, entry.as_ref());
        let text = entry.map(|it| json_text::write(&it).into());
        model.predicting.last = told_last(&open_log).zip(text);
    }
    changed_and_more(model, &trace);
}

/// The step of the story that was told last.
fn told_last(open_log: &OpenLog) -> Option<usize> {
    let session = open_log.session();
    let next = session.next_in_story().unwrap_or(session.scenario().story.len());
    next.checked_sub(1)
}

/// Forks at the playhead, and sends the form's command there where it is to be sent.
fn fork(model: &mut Model, send: bool) {
    let Some(open_log) = model.open_log() else { return };
    let mut first = None;
    if send {
        let Some(ask) = model.commands.ask(new_id()) else { return not_read(model) };
        if let Some(why) = open_log.viewpoint_mut().would_refuse(&ask.command) {
            // Nothing comes of a command that is refused, and no log either.
            let text = format!("{} refused: {why}. Nothing was forked.", ask.command.kind);
            model.saying.light(Station::Handler, None);
            model.saying.happened(text.clone());
            model.commands.draft_mut().answer =
                Some(Answer { accepted: false, text, conflict: None });
            return;
        }
        first = Some(ask);
    }
    let position = open_log.session().position();
    super::forking::fork(model, open_log, position, first, None);
}
