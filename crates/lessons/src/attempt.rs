//! An attempt at an exercise: it begins, moves are played, and it is judged.

use std::rc::Rc;

use codec::archive::Imported;
use es::{Scenario, StoredCommit, Stream};
use host::{Host, OpenLog, first_version};
use lab::{RandomRun, json};
use serde_json::Value;
use store::LogInfo;

use crate::exercise::Fault;
use crate::goal::{Goal, Subject, seek};
use crate::{Exercise, Move, Played, STAND_INS, Together};

/// How many commands are sent by chance between two looks at the clock.
const COMMANDS_BY_CHANCE: u64 = 100;
/// The parts of every system that can be shown, beside states, views and processes.
const PARTS: [&str; 6] = ["Log", "Journal", "Outbox", "Commands", "Fold", "Playhead"];

/// What is judged of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Which parts of the goal hold, in their order.
    pub met: Vec<bool>,
    /// The wrong move that was made, if one was and the goal is not met.
    pub wrong: Option<usize>,
}

impl Verdict {
    /// True where all of the goal holds.
    pub fn solved(&self) -> bool {
        !self.met.is_empty() && self.met.iter().all(|it| *it)
    }
}

/// Judges a log, and what was answered.
pub fn judge(exercise: &Exercise, log: &OpenLog, answer: &Value) -> Verdict {
    let met: Vec<bool> = exercise.goals.iter().map(|it| it.goal.holds(log, answer)).collect();
    let mut verdict = Verdict { met, wrong: None };
    if !verdict.solved() {
        verdict.wrong = exercise.wrong.iter().position(|it| it.when.holds(log, answer));
    }
    verdict
}

/// Begins an exercise in a log of its own, which is known by `key`.
///
/// # Errors
/// A sentence: the log could not be made, or a move cannot be played. No log is left then.
pub async fn begin(
    exercise: &Exercise,
    scenario: &Rc<Scenario>,
    host: &Host,
    key: &str,
) -> Result<OpenLog, String> {
    let info = LogInfo {
        exercise: Some(key.to_owned()),
        ..host.new_log(scenario, exercise.title.clone(), None)
    };
    let begun = begin_in(exercise, scenario, host, info.clone()).await;
    if begun.is_err() {
        // Whether it can be removed or not: the fault is what is told.
        _ = host.remove(&info.id).await;
    }
    begun
}

async fn begin_in(
    exercise: &Exercise,
    scenario: &Rc<Scenario>,
    host: &Host,
    info: LogInfo,
) -> Result<OpenLog, String> {
    let mut shared = exercise.shared().map_err(|it| it.to_string())?.unwrap_or_default();
    if let Some(seed) = shared.seed.take() {
        let plan = json::read(&seed).map_err(|_| "its log cannot be made by chance")?;
        let mut run = RandomRun::new(scenario, plan);
        let mut slice = host.slice();
        while !run.advance(COMMANDS_BY_CHANCE) {
            slice.breathe().await;
        }
        let session = run.into_session();
        let head = session.head();
        shared.commits = session.commits(head).iter().map(StoredCommit::from).collect();
        shared.records = host.encode_side_records(&session.world().side_records_up_to(head));
    }
    if !exercise.code.is_empty() {
        shared.records.extend([first_version(&exercise.code.join("\n"), 0)]);
    }
    let archive = Imported::of(shared.commits)?;
    host.import_as(scenario, &info, archive, shared.records, &mut || ()).await?;
    let log = host.open(scenario, info).await.map_err(|it| it.to_string())?;
    play(&exercise.start, &log).await?;
    prepare(exercise, &log).await?;
    seek(&log, exercise.at);
    Ok(log)
}

/// Makes what an exercise watches ready in a log, so that it can be judged.
///
/// # Errors
/// A sentence: an expression of it makes no sense there.
pub async fn prepare(exercise: &Exercise, log: &OpenLog) -> Result<(), String> {
    let goals = exercise.goals.iter().map(|it| &it.goal);
    let goals = goals.chain(exercise.wrong.iter().map(|it| &it.when));
    for subject in goals.flat_map(Goal::subjects) {
        if let Subject::Watch(expression) = subject {
            log.prepare_watch(expression).await.map_err(|it| it.sentence())?;
        }
    }
    Ok(())
}

/// Plays moves on a log, and returns the last answer that was among them. What is refused is
/// played as well.
///
/// # Errors
/// A sentence: one of them is no move. Those before it have been played.
pub async fn play(moves: &[Move], log: &OpenLog) -> Result<Value, String> {
    let mut answer = Value::Null;
    for it in moves {
        if let Played::Answer(value) = it.play(log).await? {
            answer = value;
        }
    }
    Ok(answer)
}

/// Tries an exercise: what is missing, whether its goal is false at the beginning, reached by its
/// solution, and not by what is meant to be wrong; and whether nothing on the way of the solution
/// is taken for wrong. Its logs are made with `host`, and removed.
///
/// # Errors
/// The first [`Fault`].
pub async fn check(exercise: &Exercise, scenario: &Rc<Scenario>, host: &Host) -> Result<(), Fault> {
    let missing: [(bool, &str); 5] = [
        (exercise.title.trim().is_empty(), "title"),
        (exercise.task.trim().is_empty(), "task"),
        (exercise.goals.is_empty(), "goal"),
        (exercise.solution.is_empty(), "solution"),
        (exercise.wrong.iter().any(|it| it.say.trim().is_empty()), "answer to the wrong move"),
    ];
    if let Some((_, what)) = missing.iter().find(|(missing, _)| *missing) {
        return Err(Fault::Missing(what));
    }
    let takes = |it: &Together| {
        let stream = Stream::parse(&it.stream_of(STAND_INS[0]));
        stream.is_ok_and(|it| scenario.aggregate_of(it.category()).is_some())
    };
    if exercise.code.is_empty() && exercise.together.as_ref().is_some_and(|it| !takes(it)) {
        return Err(Fault::Start("nobody takes what all send at once".to_owned()));
    }
    let own = match exercise.code() {
        None => None,
        Some(code) => {
            // Who makes an exercise has seen its code.
            host.trust(&code);
            let own = host.scenario_of_code(&code).await;
            Some(own.map_err(|it| Fault::Start(it.sentence()))?)
        }
    };
    let named = own.as_ref().unwrap_or(scenario);
    if let Some(name) = exercise.show.iter().find(|it| !is_panel(it, named)) {
        return Err(Fault::Panel(name.clone()));
    }
    for (index, spec) in exercise.specs.iter().enumerate() {
        let why = match spec.run(named) {
            Ok(ran) if ran.passed() => continue,
            Ok(ran) => ran.to_string(),
            Err(why) => why,
        };
        return Err(Fault::Spec(index + 1, why));
    }
    let verdicts = attempt(exercise, scenario, host, &exercise.solution).await?;
    if verdicts.first().is_some_and(Verdict::solved) {
        return Err(Fault::HoldsAtStart);
    }
    let last = verdicts.last().into_iter().flat_map(|it| &it.met);
    if let Some((aim, _)) = exercise.goals.iter().zip(last).find(|(_, met)| !**met) {
        let money = |name: &str| scenario.aggregates.iter().any(|it| it.money().contains(name));
        return Err(Fault::NotReached(aim.words_with(&money)));
    }
    let mut scolded = verdicts.iter().map(|it| it.wrong).enumerate();
    if let Some((moves, Some(wrong))) = scolded.find(|(_, wrong)| wrong.is_some()) {
        return Err(Fault::Scolded(moves, exercise.wrong[wrong].say.clone()));
    }
    for (index, wrong) in exercise.wrong.iter().enumerate() {
        let verdicts = attempt(exercise, scenario, host, &wrong.moves).await?;
        let Some(verdict) = verdicts.last() else { continue };
        match verdict.wrong {
            _ if verdict.solved() => return Err(Fault::ReachedByWrong),
            Some(found) if found == index => {}
            _ => return Err(Fault::WrongNotFound),
        }
    }
    Ok(())
}

/// What comes of moves in a log that is removed again: at its beginning, and after each move.
async fn attempt(
    exercise: &Exercise,
    scenario: &Rc<Scenario>,
    host: &Host,
    moves: &[Move],
) -> Result<Vec<Verdict>, Fault> {
    let log = begin(exercise, scenario, host, "trial").await.map_err(Fault::Start)?;
    let verdicts = judged(exercise, &log, moves).await;
    // A trial's log is in memory, where nothing fails.
    _ = host.remove(log.id()).await;
    verdicts.map_err(Fault::Start)
}

async fn judged(
    exercise: &Exercise,
    log: &OpenLog,
    moves: &[Move],
) -> Result<Vec<Verdict>, String> {
    let mut answer = Value::Null;
    let mut verdicts = vec![judge(exercise, log, &answer)];
    for it in moves {
        if let Played::Answer(value) = it.play(log).await? {
            answer = value;
        }
        verdicts.push(judge(exercise, log, &answer));
    }
    Ok(verdicts)
}

/// True where a name stands for something that can be shown.
fn is_panel(name: &str, scenario: &Scenario) -> bool {
    let projections = scenario.projections.iter().map(|it| it.name());
    let processes = scenario.processes.iter().map(|it| it.name());
    PARTS.contains(&name)
        || projections.chain(processes).any(|it| *it == *name)
        || Stream::parse(name).is_ok_and(|it| scenario.aggregate_of(it.category()).is_some())
}
