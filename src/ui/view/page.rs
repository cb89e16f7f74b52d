//! The page as a whole, from top to bottom. Each part draws itself; this only says where it stands
//! and what it is told.

use std::rc::Rc;

use web_sys::{KeyboardEvent, MouseEvent};
use yew::{ContextProvider, Html, html};

use super::class;
use super::commands::Commands;
use super::exercise::{self, ExerciseProps};
use super::fold::FoldGrid;
use super::header::{Header, Keys, LessonHead};
use super::journal::Journal;
use super::lab;
use super::legend::Legend;
use super::lessons::{self as learning, Lessons, Offer, TeacherProps, minutes_since};
use super::log::EventLogView;
use super::logs::{self, Logs};
use super::making::{self, MakingProps};
use super::offline::versions;
use super::parts::{Long, button};
use super::pipeline::{Crowd, Pipeline};
use super::predicting;
use super::read::{Outbox, ReadSide};
use super::stage::{Sentence, StageBar};
use super::steps::Steps;
use super::terms::{Term, Word};
use super::timeline::{Flag, Here, Timeline};
use super::together::Sender;
use crate::es::{Act, CommandRecord, Fact, Step};
use crate::host::OpenLog;
use crate::lab::{SubscriptionKind, instance_of};
use crate::lessons::Move;
use crate::store::nats::Role;
use crate::ui::browser::clock::written_millis;
use crate::ui::model::class::{Joined, Present};
use crate::ui::model::commands::FormMode;
use crate::ui::model::lab::{Msg as LabMsg, Tool};
use crate::ui::model::layout::{self, Hint, Side};
use crate::ui::model::lessons;
use crate::ui::model::logs::{Home, days_of};
use crate::ui::model::making::Msg as MakingMsg;
use crate::ui::model::message::Msg;
use crate::ui::model::saying::Caption;
use crate::ui::model::shell::Shell;
use crate::ui::model::together::Board;
use crate::ui::model::{Model, steps};
use crate::ui::words::amount;

/// Where the playhead is: what many parts are told.
pub struct Playhead {
    position: u64,
    head: u64,
    here: Option<Here>,
    mode: FormMode,
}

impl Playhead {
    pub fn of(model: &Model, open_log: &OpenLog) -> Self {
        let session = open_log.session();
        let (position, head) = (session.position(), session.head());
        let here = session.event().map(|event| Here {
            kind: event.kind().clone(),
            stream: event.stream().clone(),
            at: event.at(),
            written: written_millis(event.at()).0,
            amount: amount(event.data().get(), &model.money),
        });
        let mode = match (position < head, model.commands.under_way()) {
            (_, true) => FormMode::Stepping,
            (true, _) => FormMode::Past,
            _ => FormMode::Now,
        };
        Self { position, head, here, mode }
    }

    pub fn past(&self) -> bool {
        self.position < self.head
    }
}

/// The page. Before the first log is open, index.html's skeleton stands in its place.
pub fn page(model: &Model) -> Html {
    let Some(open_log) = &model.logs.open else {
        return match &model.saying.fault {
            Some(fault) => html! { <p class="loading" role="alert">{ fault }</p> },
            None => html! {},
        };
    };
    let (playhead, shell) = (Playhead::of(model, open_log), model.shell());
    let class = format!(
        "page{}{}{} side-{}",
        if playhead.past() { " past" } else { "" },
        if model.layout.present { " present" } else { "" },
        if model.fold_view.shown { " folding" } else { "" },
        model.layout.side.name().to_ascii_lowercase()
    );
    let stage = model.layout.present;
    // A command that is stepped through goes through the drawing's stations.
    let stepping = model.commands.stepping.is_some();
    html! {
        <ContextProvider<Shell> context={shell.clone()}>
        <div {class}>
            if stage { { stage_bar(model, open_log) } } else { { header(model, open_log) } }
            { class::bar(model, &shell) }
            { notices(model, open_log, &shell) }
            { exercise(model, &playhead) }
            if !stage { { teacher(model) } }
            { making(model, open_log) }
            { prediction(model, open_log) }
            if stage && !is_task(model) { <Sentence caption={sentence(model, open_log, &playhead)} /> }
            if stepping || !stage && !is_task(model) && !is_writing(model, open_log) { { pipeline(model, open_log, &playhead) } }
            if !stage { { sides(model, &shell) } }
            <main class="columns">
                if let Some(tool) = model.lab.tool { { lab::drawer(tool, model, open_log) } }
                if !stage || stepping || model.layout.form || is_named(model, "Commands") {
                    <div class="column write">{ write_side(model, open_log, &playhead, &shell) }</div>
                }
                if stage || model.fold_view.shown {
                    { fold(model, open_log, &playhead, &shell) }
                    if stage { { beside(model, open_log, &playhead) } }
                } else {
                    <div class="column middle">{ event_log(model, open_log, &playhead, &shell) }</div>
                    { read_side(model, open_log, &playhead) }
                }
                <Legend kinds={model.summary.kinds.clone()} />
            </main>
            { timeline(model, open_log, &playhead) }
            <p class="unseen" role="status">{ &model.saying.aloud }</p>
            if model.lessons.shown { { lessons_dialog(model) } }
            if let Some(invitation) = &model.class.invitation { { class::invitation(invitation, &shell) } }
            if model.layout.keys { <Keys letters={model.layout.letters} /> }
            if model.logs_dialog.shown.open {
                <Logs scenario={open_log.session().scenario().clone()} shown={model.logs_dialog.shown.clone()} scenarios={model.logs.titles.clone()} log={open_log.id().to_owned()} home={model.logs.home(open_log)} needed={is_needed(model, open_log)} />
            }
            if model.layout.blank {
                <button type="button" class="blank" aria-label="Show the page again" onclick={shell.on(|_: MouseEvent| layout::Msg::Blank(false))} />
            }
        </div>
        </ContextProvider<Shell>>
    }
}

fn header(model: &Model, open_log: &OpenLog) -> Html {
    let scenario = open_log.session().scenario().clone();
    let next = model.summary.next;
    let predicts = model.predicting.on;
    // What a step says would give away what comes of it.
    let say = |step: &Step| if predicts { asked_by(step).into() } else { step.say.clone() };
    let next = next.and_then(|number| Some((number, scenario.story.get(number).map(say)?)));
    let story = steps(open_log);
    html! {
        <Header
            scenarios={model.logs.picker.clone()} title={scenario.title.clone()} scenario={scenario.id.clone()} about={scenario.about.clone()}
            {story} {next} logs={model.logs.own.clone()}
            durable={open_log.host().durable()} busy={model.commands.under_way()} present={model.layout.present}
            folding={model.fold_view.shown} lesson={lesson_head(model)} making={model.making.draft.is_some()} predicts={model.predicting.on}
            share={model.share.shown.clone()} info={open_log.info()}
        />
    }
}

/// What the header says where an exercise is open.
fn lesson_head(model: &Model) -> Option<LessonHead> {
    let attempt = model.lessons.attempt.as_ref()?;
    let lessons = &model.lessons;
    let clock = lessons.workshop.as_ref().map(minutes_since);
    let workshop = lessons
        .running()
        .zip(clock)
        .map(|((_, it), gone)| format!("{} · {gone} of {} minutes", it.title, it.minutes()));
    Some(LessonHead {
        key: attempt.key.exercise(),
        title: attempt.exercise.title.clone(),
        lesson: attempt.lesson.clone(),
        workshop,
        attempts: lessons.attempts.clone(),
    })
}

/// True where a task stands on top, or is written there: the drawing makes room for it.
fn is_task(model: &Model) -> bool {
    model.lessons.attempt.is_some() || model.making.shown
}

/// True where somebody writes code: the drawing makes room for it.
fn is_writing(model: &Model, open_log: &OpenLog) -> bool {
    model.lab.tool == Some(Tool::Code) && open_log.own_code().is_some()
}

/// The exercise that is open, if one is.
fn exercise(model: &Model, playhead: &Playhead) -> Html {
    let Some(attempt) = model.lessons.attempt.clone() else { return html! {} };
    let lessons = &model.lessons;
    let here = playhead.here.as_ref().map(|it| (playhead.position, it.kind.clone()));
    let props = ExerciseProps {
        solved: lessons.solved_in(&attempt),
        next: lessons.next(&attempt),
        here,
        workshop: lessons.workshop.is_some(),
        left: lessons.left.is_some(),
        making: model.making.draft.is_some(),
        together: together(model),
        conflict: model
            .commands
            .draft
            .answer
            .as_ref()
            .and_then(|it| Some((it.conflict?, it.text.clone()))),
        attempt,
    };
    exercise::exercise(&props, &model.shell())
}

/// Who has all send at once in the exercise that is open.
fn together(model: &Model) -> Option<(Sender, Board)> {
    let open = model.logs.open.as_ref()?;
    let joined = model.class.joined.as_ref().filter(|_| model.logs.home(open) == Home::Class);
    let sender = match joined {
        None => Sender::Alone,
        Some(joined) if joined.leads() => {
            let takes_part = |it: &&Present| {
                it.person.log == *open.id() && Role::named(&it.person.role) == Some(Role::Act)
            };
            Sender::Leads(joined.people.iter().filter(takes_part).count())
        }
        Some(joined) if joined.looks_on() => Sender::Nobody,
        Some(joined) => {
            let name = joined.look.as_ref().map(|it| it.name.clone());
            Sender::Other(name.unwrap_or_else(|| "the one who leads".to_owned()))
        }
    };
    let board = Some(&model.together.board).filter(|it| it.is_of(open.id())).cloned();
    Some((sender, board.unwrap_or_default()))
}

fn teacher(model: &Model) -> Html {
    let lessons = &model.lessons;
    let (Some(workshop), Some(course)) = (&lessons.workshop, &lessons.course) else {
        return html! {};
    };
    if !lessons.teacher {
        return html! {};
    }
    let attempt = lessons.attempt.as_ref();
    let here = attempt.map(|it| it.key.exercise());
    let note = attempt.and_then(|it| it.lesson.as_ref()?.note.clone());
    let props = TeacherProps { course: course.clone(), workshop: workshop.clone(), here, note };
    learning::teacher(&props, &model.shell())
}

/// What a step of the story asks for, without what comes of it.
fn asked_by(step: &Step) -> String {
    let act = step.acts.first().map(|act| {
        let (Act::Send(CommandRecord { stream, kind, data })
        | Act::Append(Fact { stream, kind, data, .. })) = act;
        let data: serde_json::Value = serde_json::from_str(data.get()).unwrap_or_default();
        let call = serde_json::json!(["send", stream, { "type": kind, "data": data }]);
        call.as_array().cloned().map(|it| Move(it).to_string())
    });
    act.flatten().unwrap_or_default()
}

/// What somebody predicts of the story's next step.
fn prediction(model: &Model, open_log: &OpenLog) -> Html {
    if !model.predicting.open && model.predicting.came.is_empty() {
        return html! {};
    }
    let session = open_log.session();
    let step = model.summary.next.and_then(|it| session.scenario().story.get(it));
    let say = step.map(asked_by).unwrap_or_default();
    predicting::prediction(&model.predicting, &say, &model.shell())
}

/// The exercise that somebody makes, if anybody does.
fn making(model: &Model, open_log: &OpenLog) -> Html {
    let making = &model.making;
    let Some(draft) = making.draft.clone().filter(|_| making.shown) else { return html! {} };
    let session = open_log.session();
    let titles = session.world().subscriptions().iter().map(|it| it.name().clone());
    let recording = making.recording.as_ref().filter(|(_, log)| log == open_log.id());
    let recording =
        recording.map(|(what, _)| (*what, open_log.recorded().iter().filter_map(Move::of).count()));
    let props = MakingProps {
        draft,
        picking: making.picking,
        discarding: making.discarding,
        ended: making.ended,
        recording,
        fault: making.fault.clone(),
        link: making.link.clone(),
        streams: model.summary.streams.clone(),
        titles: Rc::new(titles.collect()),
    };
    making::making(&props, &model.shell())
}

fn lessons_dialog(model: &Model) -> Html {
    let lessons = &model.lessons;
    let scenarios = model.logs.scenarios.iter();
    let scenarios = scenarios.map(|it| Offer {
        id: it.id.clone(),
        title: it.title.clone(),
        about: it.about.clone(),
    });
    html! {
        <Lessons
            course={lessons.course.clone()} unreachable={lessons.unreachable} progress={lessons.progress.clone()}
            here={lessons.attempt.as_ref().map(|it| it.key.exercise())} scenarios={scenarios.collect::<Vec<_>>()}
            workshop={lessons.workshop.clone()} copied={lessons.copied} forgetting={lessons.forgetting} own={lessons.own.clone()}
            kept={model.offline.kept.clone()}
        />
    }
}

fn notices(model: &Model, open_log: &OpenLog, shell: &Shell) -> Html {
    html! {
        <div class="notices">
            { versions(&model.offline, shell) }
            if model.layout.welcome && !is_task(model) && model.class.joined.is_none() {
                <div class="notice welcome" role="region" aria-label="Welcome">
                    <p>
                        { "Here you see event sourcing work: a " }<Term word={Word::Command} text="command" />
                        { " that is accepted becomes an " }<Term word={Word::Event} text="event" />
                        { ", and all else is " }<Term word={Word::Fold} text="folded" />
                        { " from the events, from the first to the last. Press “Next” to tell the story, step by step." }
                    </p>
                    { button("Close", shell.on(|_: MouseEvent| layout::Msg::HideWelcome)) }
                </div>
            }
            if let Some(why) = model.logs.unkept.as_ref().filter(|_| !open_log.host().durable()) {
                <p class="notice" role="alert">
                    { format!("This log lives in memory only and is gone when the page closes: {why}.") }
                </p>
            }
            if let Some(trouble) = open_log.trouble() {
                { logs::trouble(&trouble, &open_log.info(), model.logs.waiting, shell) }
            }
            if open_log.runner_unknown() {
                <p class="notice" role="status">{ "The browser does not say whether another tab runs this log's processes, so they wait here. Close other tabs of this page, or load it again." }</p>
            } else if !open_log.runs_processes() && model.class.joined.is_none() {
                <p class="notice" role="status">{ "Another tab has this log open as well. What either stores, both show; the other one runs its processes." }</p>
            }
            if let Some(imagined) = &model.lab.imagined { { lab::banner(&imagined.borrow(), shell) } }
            if let Some((_, code)) = &model.lessons.asking {
                <div class="notice" role="region" aria-label="Code of an exercise">
                    <div>
                        <p>{ "This exercise comes with code of its own, which runs once you let it. It can reach neither the page nor the network nor other logs." }</p>
                        <details><summary>{ "Its code" }</summary><pre tabindex="0">{ &**code }</pre></details>
                    </div>
                    { button("Run it", shell.on(|_: MouseEvent| lessons::Msg::Trust)) }
                </div>
            }
            if let Some(late) = model.saying.late {
                <p class="notice" role="status">{ late }</p>
            }
            if let Some(fault) = &model.saying.fault {
                <p class="notice bad" role="alert">
                    <Long text={fault.clone()} />
                    { button("Close", shell.on(|_: MouseEvent| Msg::Dismiss)) }
                </p>
            }
            <>
                { for model.summary.broken.iter().map(|check| {
                    let of = check.of.clone();
                    html! {
                        <p class="notice bad" role="alert">
                            { format!("This should always hold, and does not: {check}") }
                            { button(format!("Show {}", check.of), shell.on(move |_: MouseEvent| layout::Msg::Find(of.clone()))) }
                        </p>
                    }
                }) }
            </>
        </div>
    }
}

fn pipeline(model: &Model, open_log: &OpenLog, playhead: &Playhead) -> Html {
    let crowd = |kind| {
        let of_kind = model.read_side.panels.iter().filter(move |it| it.kind == kind);
        Crowd {
            count: of_kind.clone().count(),
            late: of_kind.clone().filter(|it| it.lag > 0).count(),
            crashed: of_kind.clone().any(|it| it.crashed),
        }
    };
    let session = open_log.session();
    html! {
        <Pipeline
            commands={session.world().journal().len()} position={playhead.position} head={playhead.head}
            projections={crowd(SubscriptionKind::Projection)} processes={crowd(SubscriptionKind::Process)}
            reacts={reacts(open_log)} outbox={model.summary.performed}
            pulse={model.saying.pulse.clone()} pulses={model.saying.pulses}
            caption={caption(model, open_log, playhead)}
            there={matches!(model.saying.caption, Some(Caption::Happened(_)))}
        />
    }
}

fn stage_bar(model: &Model, open_log: &OpenLog) -> Html {
    let session = open_log.session();
    let scenario = session.scenario();
    let attempt = model.lessons.attempt.as_ref();
    let steps = if attempt.is_some() { 0 } else { steps(open_log) };
    let title = attempt.map_or(scenario.title.clone(), |it| it.exercise.title.as_str().into());
    html! {
        <StageBar
            {title} {steps} told={model.summary.next.unwrap_or(steps)}
            here={model.summary.step_here}
        />
    }
}

/// The sentence on the stage: what has just happened, or what the story says of where the playhead
/// stands.
pub fn sentence(model: &Model, open_log: &OpenLog, playhead: &Playhead) -> Caption {
    if let Some(caption) = &model.saying.caption {
        return caption.clone();
    }
    let session = open_log.session();
    match model.summary.step_here.and_then(|it| session.scenario().story.get(it)) {
        Some(step) => Caption::Story { say: step.say.clone(), refused: None },
        None => Caption::Happened(caption(model, open_log, playhead)),
    }
}

/// What the drawing's last line says: what has just happened, else what the story says of the
/// event at the playhead, else that event, else what the scenario is about.
fn caption(model: &Model, open_log: &OpenLog, playhead: &Playhead) -> String {
    if let Some(caption) = &model.saying.caption {
        return caption.text();
    }
    let session = open_log.session();
    if !playhead.past() {
        return session.scenario().about.to_string();
    }
    let Some(event) = session.event() else {
        return "Before the first event: nothing has happened yet.".to_owned();
    };
    let position = playhead.position;
    match model.summary.narration.get(&event.correlation_id()) {
        Some(say) => format!("#{position}: {say}"),
        None => format!("#{position}: {} on {}", event.kind(), event.stream()),
    }
}

/// The tabs of a narrow screen.
fn sides(model: &Model, shell: &Shell) -> Html {
    html! {
        <nav class="tabs" aria-label="Sides">
            { for Side::ALL.map(|side| html! {
                <button type="button" aria-pressed={(side == model.layout.side).to_string()}
                    onclick={shell.on(move |_: MouseEvent| layout::Msg::Show(side))}>{ side.name() }</button>
            }) }
        </nav>
    }
}

fn write_side(model: &Model, open_log: &OpenLog, playhead: &Playhead, shell: &Shell) -> Html {
    // Where nothing can be sent, nothing is noted.
    let noted = !model.commands.forms.is_empty() && model.lessons.shows("Journal");
    // An exercise that is about the journal and not about commands has it on top.
    let first = noted && !model.lessons.shows("Commands");
    html! {
        <>
            if first { { journal(model, open_log, playhead) } }
            if looks_on(model, open_log) {
                <p class="panel pad" role="note">{ "You look on: with this address, nothing is sent." }</p>
            } else {
                { command_form(model, open_log, playhead, shell) }
            }
            if noted && !first { { journal(model, open_log, playhead) } }
        </>
    }
}

/// True where the open log is a class's, and not this person's to delete.
fn is_needed(model: &Model, open_log: &OpenLog) -> bool {
    let keeps = model.class.joined.as_ref().is_some_and(|it| it.place.role == Role::Keep);
    model.logs.home(open_log) == Home::Class && !keeps
}

/// True where somebody has joined a class only to look on.
fn looks_on(model: &Model, open_log: &OpenLog) -> bool {
    let looks_on = model.class.joined.as_ref().is_some_and(Joined::looks_on);
    looks_on && model.logs.home(open_log) == Home::Class
}

/// The form, and the steps of what is stepped through.
pub fn command_form(model: &Model, open_log: &OpenLog, playhead: &Playhead, shell: &Shell) -> Html {
    let (form, summary) = (&model.commands, &model.summary);
    let session = open_log.session();
    // In the past the form stays the same from position to position, so it is not drawn again.
    let below = if playhead.mode == FormMode::Now {
        below_form(model, open_log, shell)
    } else {
        Html::default()
    };
    html! {
        <>
            <Commands
                key={session.scenario().id.to_string()}
                forms={form.forms.clone()} draft={form.draft.clone()} streams={summary.streams.clone()}
                mode={playhead.mode} stepped={form.stepping.is_some()} {below}
            />
            if let Some(stepping) = &form.stepping {
                <Steps steps={stepping.steps.clone()} over={stepping.over} />
            }
        </>
    }
}

/// Below the command form: what is waited for, and the race.
fn below_form(model: &Model, open_log: &OpenLog, shell: &Shell) -> Html {
    let attempt = model.lessons.attempt.as_ref();
    html! {
        <>
            if let Some(attempt) = attempt { { exercise::reply(attempt, false, &shell.money) } }
            { lab::wait(&model.lab, open_log.session().world(), shell) }
            if model.embed.is_none() { { lab::race_button(&model.commands, shell) } }
        </>
    }
}

pub fn event_log(model: &Model, open_log: &OpenLog, playhead: &Playhead, shell: &Shell) -> Html {
    html! {
        <EventLogView
            open_log={open_log.clone()} position={playhead.position} rest={model.read_side.rest}
            resting={model.playback.settling.is_none()} head={playhead.head} kinds={model.summary.kinds.clone()}
            streams={model.summary.streams.clone()} whole={model.layout.printing} shell={shell.clone()}
            story={model.summary.next.is_some()} out={model.lab.out()}
        />
    }
}

fn read_side(model: &Model, open_log: &OpenLog, playhead: &Playhead) -> Html {
    let (read_side, summary) = (&model.read_side, &model.summary);
    let session = open_log.session();
    let panels = &read_side.panels;
    let all = session.scenario().projections.iter().map(|it| it.name());
    let removed: Vec<Rc<str>> =
        all.filter(|name| !panels.iter().any(|panel| panel.name == *name)).collect();
    let states = read_side.states.iter().filter(|it| model.lessons.shows(it.stream.as_str()));
    // A replica belongs to its read model.
    let panels = panels.iter().filter(|it| model.lessons.shows(instance_of(&it.name).0));
    // A press on a field, or Enter, asks why it is so.
    // While an exercise is made, it becomes a goal that the field is what it is.
    let picking = model.making.picking;
    let of = move |(panel, field): (String, String)| -> Msg {
        if picking {
            MakingMsg::Picked(panel, field).into()
        } else {
            LabMsg::WhyOf(panel, Some(field)).into()
        }
    };
    let why = model.link.on_some(move |event: MouseEvent| lab::field_of(&event).map(of));
    let walk = model.link.on_some(move |event: KeyboardEvent| {
        (!lab::walk(&event) && event.key() == "Enter").then(|| lab::field_of(&event))?.map(of)
    });
    html! {
        <div class="column read" onclick={why} onkeydown={walk}>
            <ReadSide
                past={playhead.past()} refused={read_side.refused.clone()} states={states.cloned().collect::<Vec<_>>()}
                panels={panels.cloned().collect::<Vec<_>>()} lines={read_side.lines.clone()} stage={if summary.in_story { summary.stage.clone() } else { Rc::default() }}
                {removed} streams={summary.streams.clone()}
                missing={summary.missing.clone()} pinned={model.layout.pinned.clone()} passing={read_side.passing}
                paces={model.lab.paces.clone()}
            />
            if model.lessons.shows("Outbox") { <div class="sent">{ outbox(model, open_log, playhead) }</div> }
            { everything(model) }
        </div>
    }
}

/// In an exercise: whether all panels are shown, or those that it is about.
fn everything(model: &Model) -> Html {
    let lessons = &model.lessons;
    if lessons.attempt.as_ref().is_none_or(|it| it.exercise.show.is_empty()) {
        return html! {};
    }
    let on = lessons.everything;
    let press = model.link.on(move |_: MouseEvent| lessons::Msg::Everything(!on));
    html! {
        <button type="button" class="plain" onclick={press}>
            { if on { "Show what the exercise is about" } else { "Show all panels" } }
        </button>
    }
}

pub fn timeline(model: &Model, open_log: &OpenLog, playhead: &Playhead) -> Html {
    let (layout, playback) = (&model.layout, &model.playback);
    let Some(axis) = model.summary.axis.clone() else { return html! {} };
    let flags: Vec<Flag> = model.read_side.panels.iter().map(|panel| Flag::of(panel)).collect();
    let embedded = model.embed.is_some();
    let plain = !layout.present && !embedded && model.lessons.attempt.is_none();
    let hint = playhead.head > 1 && plain;
    let hint = if hint { layout.hint } else { Hint::Gone };
    html! {
        <Timeline
            position={playhead.position} head={playhead.head} here={playhead.here.clone()} present={layout.present} folding={model.fold_view.shown} {axis}
            track={model.summary.track.clone()} {flags} open_log={open_log.clone()} marks={layout.bookmarks.clone()}
            speed={playback.speed} playing={playback.playing.is_some()} beats={playback.beats} zoom={layout.zoom}
            {hint} more={playback.beats_left()} one_line={(layout.present && !layout.lanes) || embedded} low={layout.low && !layout.present}
            dates={days_of(open_log.session().scenario()).is_some()}
            face={model.log_time.face.clone()} unmoved={model.log_time.refused.clone()} watched={model.watching.list.clone()}
        />
    }
}

/// True for a part of every system that the story's step is about.
fn is_named(model: &Model, part: &str) -> bool {
    model.summary.stage.iter().any(|it| **it == *part)
}

/// On the stage: the journal and the outbox, where the story's step is about them.
fn beside(model: &Model, open_log: &OpenLog, playhead: &Playhead) -> Html {
    let (journal, outbox) = (is_named(model, "Journal"), is_named(model, "Outbox"));
    if !journal && !outbox {
        return html! {};
    }
    html! {
        <div class="column beside">
            if journal { { self::journal(model, open_log, playhead) } }
            if outbox { { self::outbox(model, open_log, playhead) } }
        </div>
    }
}

pub fn journal(model: &Model, open_log: &OpenLog, playhead: &Playhead) -> Html {
    let session = open_log.session();
    let journal = session.world().journal();
    let later = journal.len() - journal.partition_point(|it| !it.is_after(playhead.position));
    html! {
        <Journal
            open_log={open_log.clone()} count={journal.len()} refused={model.summary.refused}
            conflicts={model.summary.conflicts} {later} busy={model.commands.under_way()}
        />
    }
}

pub fn outbox(model: &Model, open_log: &OpenLog, playhead: &Playhead) -> Html {
    let session = open_log.session();
    let outbox = session.world().outbox();
    let later = outbox.iter().filter(|it| it.position > playhead.position).count();
    let panels = &model.read_side.panels;
    let processes = || panels.iter().filter(|it| it.kind == SubscriptionKind::Process);
    html! {
        <Outbox
            open_log={open_log.clone()} count={outbox.len()} performed={model.summary.performed} {later}
            repeated={model.summary.repeated} reacts={reacts(open_log)} unguarded={processes().any(|it| !it.guard)}
            would={processes().map(|it| it.held_back).sum::<u64>()} line={model.read_side.is_line("Outbox")}
        />
    }
}

/// In place of the log and the read side: both at once, row by row.
pub fn fold(model: &Model, open_log: &OpenLog, playhead: &Playhead, shell: &Shell) -> Html {
    let columns = model.fold_view.columns().clone();
    let shows = columns.iter().map(|name| model.playback.shows(name)).collect::<Vec<_>>();
    html! {
        <div class="column folds">
            <FoldGrid
                open_log={open_log.clone()} position={playhead.position} head={playhead.head} {columns} {shows}
                streams={model.summary.streams.clone()} resting={model.playback.settling.is_none()} passing={model.read_side.passing}
                whole={model.layout.printing} shell={shell.clone()}
            />
        </div>
    }
}

/// True where the scenario has processes.
fn reacts(open_log: &OpenLog) -> bool {
    !open_log.session().scenario().processes.is_empty()
}
