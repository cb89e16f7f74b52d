//! Tells the scenario's story step by step, plays it through, and finds its steps in a log.

use std::rc::Rc;

use uuid::Uuid;

use super::{Session, Viewpoint};
use crate::world::{BulkAppend, MicroStep, Submission};
use es::{Act, Draft, Map, Recorded, Step, command_id, read_event};

impl Session {
    /// Queues the story's step `number`, counted from 0. None where the story has no such step.
    pub fn tell(&mut self, number: usize) -> Option<Step> {
        let step = self.scenario().story.get(number)?.clone();
        self.tell_as(number, &step);
        Some(step)
    }

    /// Queues the story's step `number`, with what is to be done in it.
    pub fn tell_as(&mut self, number: usize, step: &Step) {
        for (index, act) in step.acts.iter().enumerate() {
            let id = self.story_command(number, index);
            match act {
                Act::Send(command) => {
                    self.world_mut().submit(Submission::new(
                        id,
                        step.actor.clone(),
                        command.clone(),
                    ));
                }
                Act::Append(fact) => {
                    let draft = read_event(
                        self.scenario(),
                        &fact.stream,
                        &fact.kind,
                        fact.schema,
                        &fact.data,
                    );
                    self.world_mut().submit_bulk(BulkAppend {
                        id,
                        actor: step.actor.clone(),
                        origin: fact.origin,
                        events: vec![Draft { at: Some(step.at), ..draft }],
                        react: true,
                    });
                }
            }
        }
    }

    /// Plays the whole story. Every commit counts as stored at once.
    pub fn play_story(&mut self) -> Vec<MicroStep> {
        let mut trace = Vec::new();
        let mut number = 0;
        while let Some(step) = self.scenario().story.get(number).cloned() {
            // Deadlines that come before it are met before it is told.
            trace.extend(self.run(step.at));
            self.tell_as(number, &step);
            trace.extend(self.run(step.at));
            number += 1;
        }
        trace
    }
}

impl Viewpoint {
    /// The command id of an act of the story's step `number`, both counted from 0. It is the same
    /// in every log.
    pub fn story_command(&self, number: usize, act: usize) -> Uuid {
        let key = self.scenario().story.get(number).and_then(|it| it.key.as_deref());
        match key {
            Some(key) => command_id(key, act as u64),
            None => command_id(&format!("{}/{number}", self.scenario().id), act as u64),
        }
    }

    /// True where the first thing that happened in the log is the first step of the story.
    pub fn begins_with_story(&self) -> bool {
        let first = self.log().event(1).map(Recorded::command_id);
        first.is_some_and(|id| id == self.story_command(0, 0))
    }

    /// The story's sentences, by the ids of the commands that it sends. The events that such a
    /// command leads to, also through processes, have its id as their correlation id.
    pub fn narration(&self) -> Map<Uuid, Rc<str>> {
        let story = &self.scenario().story;
        self.commands().map(|(id, number)| (id, story[number].say.clone())).collect()
    }

    /// The number of the step that was told last, counted from 0: the last one of which a command
    /// was handled, also where it was refused. None before the story begins.
    pub fn step_told(&self) -> Option<usize> {
        self.commands()
            .filter(|(id, _)| self.world().has_handled(*id))
            .map(|(_, number)| number)
            .max()
    }

    /// The number of the step to which the playhead belongs, counted from 0. At the head that is
    /// the step told last, and in the past the step that the event there came of, directly or
    /// through processes. None before the first event, and at an event that came of no step.
    pub fn step_here(&self) -> Option<usize> {
        if self.position() == self.head() {
            return self.step_told();
        }
        let told = self.event()?.correlation_id();
        self.commands().find(|(id, _)| *id == told).map(|(_, number)| number)
    }

    /// The number of the story's next step: the one after the last step that was handled to its
    /// end. None once the story is over.
    pub fn next_in_story(&self) -> Option<usize> {
        let story = &self.scenario().story;
        let last_act = |number: usize| story[number].acts.len().saturating_sub(1);
        let ended = |number| self.world().has_handled(self.story_command(number, last_act(number)));
        let next = (0..story.len()).rev().find(|&number| ended(number)).map_or(0, |last| last + 1);
        (next < story.len()).then_some(next)
    }

    /// Every command that the story sends: its id, and the number of its step.
    fn commands(&self) -> impl Iterator<Item = (Uuid, usize)> {
        let steps = self.scenario().story.iter().enumerate();
        steps.flat_map(move |(number, step)| {
            (0..step.acts.len()).map(move |act| (self.story_command(number, act), number))
        })
    }
}
