//! A run of commands by chance: filled in from the commands' own types, sent, and refused where the
//! domain refuses them. The same plan gives the same run, byte for byte, everywhere.
//!
//! A short run that is thrown away comes first. It finds out which commands leave a stream in which
//! nearly everything is refused, such as a checkout; those are sent seldom.

use std::rc::Rc;

use es::{Act, Cents, CommandRecord, Fact, Map, Scenario, Set, Stream, command_id};
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::journal::Outcome;
use crate::world::Submission;
use crate::{FieldKind, Form, FormField, Session, Viewpoint, World, forms};

/// What is run. From it the same run can be made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RandomPlan {
    /// The time of the first command, in milliseconds since 1970.
    pub at: u64,
    /// How many events there are to be, at least.
    pub events: u64,
    /// Over how many streams of each category at once; 1 is one stream that has nearly everything.
    pub streams: u64,
    /// The seed.
    pub seed: u64,
}

/// A run, and how long its log was. As long as the log has not grown, the plan says all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed {
    /// What was run.
    pub plan: RandomPlan,
    /// How many commits came of it.
    pub commits: u64,
}

/// What came of a run so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RandomTally {
    /// The seed.
    pub seed: u64,
    /// How many commands were accepted, those of processes included.
    pub accepted: u64,
    /// How many were refused.
    pub refused: u64,
    /// How many events there are.
    pub events: u64,
    /// True where hardly anything was accepted any more, so that the run has ended early.
    pub stuck: bool,
}

/// Seals what is personal in a command of this id, before it is sent.
pub type Sealer = Box<dyn FnMut(&Viewpoint, Uuid, CommandRecord) -> CommandRecord>;

/// A run that is under way.
pub struct RandomRun {
    sealer: Option<Sealer>,
    session: Session,
    plan: RandomPlan,
    rng: Rng,
    source: Source,
    tally: RandomTally,
    /// How many commands were sent by chance.
    sent: u64,
    /// How many were refused since one was accepted.
    in_vain: u64,
    /// Category → the streams that commands go to.
    places: Map<Rc<str>, Vec<Place>>,
    /// The time of the next command, in milliseconds since 1970.
    now: u64,
}

/// A stream that commands go to. Where it has come to an end, another one takes its place.
#[derive(Clone)]
struct Place {
    /// The number of the stream that stands here.
    number: u64,
    /// The form of the command that was accepted here last.
    form: Option<usize>,
    /// How many commands were refused since.
    refused: u64,
}

/// Command type and field → the texts of the story.
type Told = Map<(Rc<str>, Rc<str>), Set<Rc<str>>>;

/// Where commands come from.
struct Source {
    forms: Vec<Form>,
    /// How often each form is chosen, in thousandths of what is usual.
    weights: Vec<u64>,
    /// How often each form's command has ended a stream.
    ended: Vec<u64>,
    told: Told,
}

/// The greatest number of events of a run.
pub const RANDOM_EVENTS_AT_MOST: u64 = 1_000_000;
/// So many commands are sent to find out which of them end a stream.
const REHEARSAL: u64 = 600;
/// A stream in which so many commands were refused in a row has come to an end.
const AT_AN_END: u64 = 25;
/// Where there is one stream, a command in so many goes to another one: a transfer needs two.
const ASIDE: u64 = 20;
/// After so many refusals in a row, nothing more is to be expected.
const STUCK: u64 = 4_000;
/// Refusals are forgotten every so many commands: nobody looks at them.
const FORGOTTEN_EVERY: u64 = 4_096;
/// How much time passes between two commands, in milliseconds.
const STEP_MILLIS: u64 = 1_000;
const USUAL: u64 = 1_000;
/// So many words are made of each word of the story.
const MORE: u64 = 12;
/// A command that ends a stream is sent that seldom.
const SELDOM: u64 = 2;

impl RandomRun {
    /// Begins a run.
    pub fn new(scenario: &Rc<Scenario>, plan: RandomPlan) -> Self {
        let source = Source::of(scenario);
        let rehearsal = RandomPlan { streams: 8, events: u64::MAX, ..plan };
        let mut rehearsed = Self::begin(scenario, rehearsal, source);
        while rehearsed.sent < REHEARSAL && !rehearsed.tally.stuck {
            rehearsed.send_one();
        }
        let source = rehearsed.learnt();
        Self::begin(scenario, plan, source)
    }

    fn begin(scenario: &Rc<Scenario>, plan: RandomPlan, source: Source) -> Self {
        Self {
            sealer: None,
            session: Session::new(World::new(scenario)),
            rng: Rng::with_seed(plan.seed),
            tally: RandomTally { seed: plan.seed, ..RandomTally::default() },
            plan,
            source,
            sent: 0,
            in_vain: 0,
            places: Map::new(),
            now: plan.at,
        }
    }

    /// The same run, in which what is personal is sealed.
    pub fn sealed_by(self, sealer: Sealer) -> Self {
        Self { sealer: Some(sealer), ..self }
    }

    /// Sends at most so many commands. True once the run is over.
    pub fn advance(&mut self, commands: u64) -> bool {
        for _ in 0..commands {
            if self.is_over() {
                break;
            }
            self.send_one();
        }
        self.is_over()
    }

    fn is_over(&self) -> bool {
        self.session.head() >= self.plan.events.min(RANDOM_EVENTS_AT_MOST) || self.tally.stuck
    }

    /// What came of it so far.
    pub fn tally(&self) -> RandomTally {
        RandomTally { events: self.session.head(), ..self.tally }
    }

    /// The system that has run.
    pub fn into_session(mut self) -> Session {
        self.session.world_mut().forget_journal();
        self.session
    }

    fn send_one(&mut self) {
        let drawn = self.draw();
        let Some((form, place, command)) = drawn else {
            self.tally.stuck = true;
            return;
        };
        self.sent += 1;
        let id = command_id("random", self.plan.seed.wrapping_mul(0x9e37_79b9) ^ self.sent);
        let command = match &mut self.sealer {
            Some(seal) => seal(&self.session, id, command),
            None => command,
        };
        let before = self.session.world().journal().len();
        self.session.world_mut().submit(Submission::new(id, "by chance".into(), command));
        self.session.run_quietly(self.now);
        self.now += STEP_MILLIS;
        let mut recorded = false;
        for entry in &self.session.world().journal()[before..] {
            let accepted = entry.outcome == Outcome::Accepted;
            self.tally.accepted += u64::from(accepted);
            self.tally.refused += u64::from(!accepted);
            recorded |= entry.envelope.command_id == id && accepted && !entry.events.is_empty();
        }
        self.note(form, place, recorded);
        if self.sent.is_multiple_of(FORGOTTEN_EVERY) {
            self.session.world_mut().forget_journal();
        }
    }

    /// A command by chance, the number of its form, and the place of its stream.
    fn draw(&mut self) -> Option<(usize, usize, CommandRecord)> {
        let form = self.source.form(&mut self.rng)?;
        let shape = self.source.forms[form].clone();
        let place = self.place();
        let id = self.id_at(&shape.aggregate, place);
        let stream = Stream::parse(&format!("{}-{id}", shape.aggregate)).ok()?;
        let mut texts = shape.defaults();
        for field in &shape.fields {
            let text = if !field.required && matches!(field.kind, FieldKind::Id(_)) {
                // Such a field says on whose behalf: it is for processes.
                String::new()
            } else if let FieldKind::Id(category) = &field.kind {
                let count = self.count();
                let place = below(&mut self.rng, count);
                self.id_at(category, place).to_string()
            } else {
                self.source.text(&shape, field, &mut self.rng)
            };
            texts.insert(field.name.clone(), text);
        }
        let data = shape.read(&texts).ok()?;
        Some((form, place, CommandRecord { stream, kind: shape.name.clone(), data }))
    }

    /// How many places there are in each category.
    fn count(&self) -> usize {
        usize::try_from(self.plan.streams.max(2)).unwrap_or(usize::MAX)
    }

    /// Any place; where there is to be one stream, nearly always the first.
    fn place(&mut self) -> usize {
        if self.plan.streams > 1 {
            let count = self.count();
            return below(&mut self.rng, count);
        }
        usize::from(self.rng.u64(..ASIDE) == 0)
    }

    /// The id of the stream that stands at a place.
    fn id_at(&mut self, category: &Rc<str>, place: usize) -> Rc<str> {
        let places = self.places.entry(category.clone()).or_default();
        while places.len() <= place {
            places.push(Place { number: places.len() as u64 + 1, form: None, refused: 0 });
        }
        let number = places[place].number;
        let aggregate = self.session.scenario().aggregate_of(category);
        aggregate.map_or_else(|| number.to_string().into(), |it| it.id_of(number))
    }

    /// Notes what came of a command.
    fn note(&mut self, form: usize, place: usize, recorded: bool) {
        self.in_vain = if recorded { 0 } else { self.in_vain + 1 };
        self.tally.stuck = self.in_vain >= STUCK;
        let category = &self.source.forms[form].aggregate;
        let Some(places) = self.places.get_mut(category) else { return };
        let next = places.iter().map(|it| it.number).max().unwrap_or_default() + 1;
        let Some(here) = places.get_mut(place) else { return };
        if recorded {
            (here.form, here.refused) = (Some(form), 0);
            return;
        }
        here.refused += 1;
        if here.refused >= AT_AN_END {
            if let Some(form) = here.form {
                self.source.ended[form] += 1;
            }
            *here = Place { number: next, form: None, refused: 0 };
        }
    }

    /// What the rehearsal has shown: which commands end a stream.
    fn learnt(self) -> Source {
        let mut source = self.source;
        let ends: Vec<bool> = source.ended.iter().map(|it| *it > 0).collect();
        let sent = source.weights.iter().map(|weight| *weight > 0);
        if ends.iter().zip(sent).any(|(ends, sent)| sent && !ends) {
            for (weight, _) in source.weights.iter_mut().zip(ends).filter(|(_, ends)| *ends) {
                *weight = SELDOM.min(*weight);
            }
        }
        source
    }
}

impl Source {
    fn of(scenario: &Rc<Scenario>) -> Self {
        let forms = forms(scenario);
        // What only processes send in the story, nobody else sends.
        let mut session = Session::new(World::new(scenario));
        session.play_story();
        let is_process = |actor: &Rc<str>| scenario.processes.iter().any(|it| it.name() == *actor);
        let mut by_processes = Set::new();
        for entry in session.world().journal() {
            if let Some(command) = &entry.envelope.command
                && is_process(&entry.envelope.actor)
            {
                by_processes.insert(command.kind.clone());
            }
        }
        let acts = scenario.story.iter().flat_map(|step| &step.acts);
        for act in acts {
            if let Act::Send(command) = act {
                by_processes.remove(&command.kind);
            }
        }
        let weight = |form: &Form| if by_processes.contains(&form.name) { 0 } else { USUAL };
        let mut told = Told::new();
        for act in scenario.story.iter().flat_map(|step| &step.acts) {
            let (Act::Send(CommandRecord { kind, data, .. })
            | Act::Append(Fact { kind, data, .. })) = act;
            let data: Value = serde_json::from_str(data.get()).unwrap_or_default();
            let form = forms.iter().find(|form| form.name == *kind);
            for field in form.into_iter().flat_map(|form| &form.fields) {
                if let Some(text) = data.get(&*field.name).and_then(|it| typed(&field.kind, it)) {
                    let place = told.entry((kind.clone(), field.name.clone()));
                    place.or_default().insert(text.into());
                }
            }
        }
        Self {
            weights: forms.iter().map(weight).collect(),
            ended: vec![0; forms.len()],
            forms,
            told,
        }
    }

    /// The number of a form.
    fn form(&self, rng: &mut Rng) -> Option<usize> {
        let all: u64 = self.weights.iter().sum();
        let mut at = rng.u64(..all.max(1));
        self.weights.iter().position(|weight| {
            let here = at < *weight;
            at = at.saturating_sub(*weight);
            here
        })
    }

    /// A text for a field, as a person would type it.
    fn text(&self, form: &Form, field: &FormField, rng: &mut Rng) -> String {
        match &field.kind {
            FieldKind::Number => return rng.u64(1..=5).to_string(),
            FieldKind::Money => return Cents(rng.i64(1..=40) * 250).to_string(),
            FieldKind::Flag => return rng.bool().to_string(),
            FieldKind::Choice(choices) if !choices.is_empty() => {
                return choices[below(rng, choices.len())].to_string();
            }
            _ => {}
        }
        let told = self.told.get(&(form.name.clone(), field.name.clone()));
        let told: Vec<&Rc<str>> = told.into_iter().flatten().collect();
        let text = match told.len() {
            0 => &field.default,
            count => told[below(rng, count)],
        };
        // The story has few words. A number behind one makes a new one of it.
        match rng.u64(..MORE) {
            0 => text.to_string(),
            // An address stays one.
            number if text.contains('@') => text.replacen('@', &format!("{number}@"), 1),
            number => format!("{text} {number}").trim().to_owned(),
        }
    }
}

/// A number below `count`. It is drawn with 64 bits on every machine: a browser's `usize` has 32.
fn below(rng: &mut Rng, count: usize) -> usize {
    let limit = u64::try_from(count).unwrap_or(u64::MAX).max(1);
    usize::try_from(rng.u64(..limit)).unwrap_or_default()
}

/// A value of the story as a person would type it.
fn typed(kind: &FieldKind, value: &Value) -> Option<String> {
    Some(match (kind, value) {
        (FieldKind::Money, Value::Number(cents)) => Cents(cents.as_i64()?).to_string(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Array(list)) => {
            list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        (_, Value::Number(number)) => number.to_string(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: u64 = 1_700_000_000_000;

    fn run(scenario: &Rc<Scenario>, plan: RandomPlan) -> (RandomTally, Session) {
        let mut run = RandomRun::new(scenario, plan);
        while !run.advance(100) {}
        (run.tally(), run.into_session())
    }

    fn scenarios() -> impl Iterator<Item = Rc<Scenario>> {
        let all = scenarios::all().into_iter();
        all.filter(|it| it.aggregates.iter().any(|it| it.commands()["oneOf"].is_array()))
    }

    #[test]
    fn every_scenario_runs_by_chance_over_many_streams_and_honours_refusals() {
        for scenario in scenarios() {
            let plan = RandomPlan { at: AT, events: 500, streams: 20, seed: 7 };
            let (tally, mut session) = run(&scenario, plan);
            assert!(!tally.stuck, "{}: {tally:?}", scenario.id);
            assert!(tally.events >= 500, "{}: {tally:?}", scenario.id);
            assert!(session.log().streams().count() > 5, "{}", scenario.id);
            // What the story itself breaks, without anybody's going behind an aggregate, is no law.
            let mut told = Session::new(World::new(&scenario));
            told.play_story();
            let mut broken = Vec::new();
            for position in 1..=told.log().head() {
                told.seek(position);
                broken.extend(told.failed_checks());
            }
            let mut failed = session.failed_checks();
            failed.retain(|it| !broken.iter().any(|broken| broken.check == it.check));
            assert_eq!(failed, [], "{}", scenario.id);
            let accepted = |it: &crate::JournalEntry| it.outcome == Outcome::Accepted;
            assert!(session.world().journal().iter().all(accepted), "{}", scenario.id);
        }
    }

    #[test]
    fn every_scenario_runs_by_chance_over_one_stream() {
        for scenario in scenarios() {
            let (tally, session) =
                run(&scenario, RandomPlan { at: AT, events: 200, streams: 1, seed: 3 });
            let per_category = session.log().streams().count() as u64;
            assert!(tally.events >= 20, "{}: {tally:?}", scenario.id);
            assert!(per_category < 20 || tally.events > 100, "{}: {tally:?}", scenario.id);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_run_and_another_one_another() {
        for scenario in scenarios() {
            let plan = RandomPlan { at: AT, events: 120, streams: 6, seed: 11 };
            let commits = |plan| format!("{:?}", run(&scenario, plan).1.commits(u64::MAX));
            assert_eq!(commits(plan), commits(plan), "{}", scenario.id);
            assert_ne!(commits(plan), commits(RandomPlan { seed: 12, ..plan }), "{}", scenario.id);
        }
    }
}
