//! A domain that a person wrote, as a scenario.

use std::rc::Rc;

use es::Scenario;
use serde_json::{Value, json};

use crate::code::Code;
use crate::engine::{Ended, Engine, Fault};
use crate::objects::{JsAggregate, JsProjection};
use crate::shape::{AggregateShape, ProjectionShape, check, list, step, text as text_of};

/// A domain that a person wrote.
#[derive(Clone)]
pub struct OwnDomain {
    /// The scenario that its text describes.
    pub scenario: Rc<Scenario>,
    code: Rc<Code>,
}

/// What came of a given/when/then.
#[derive(Clone, Debug, PartialEq)]
pub struct SpecResult {
    /// What should be, in a sentence.
    pub name: Rc<str>,
    /// What differs from what was expected. Empty where nothing does.
    pub wrong: Vec<WrongSpec>,
    /// What is wrong with the code that it ran. None where it ran.
    pub failed: Option<Fault>,
}

impl SpecResult {
    fn of(value: &Value) -> Self {
        let wrong = list(&value["wrong"]);
        let wrong = wrong.map(|it| WrongSpec {
            part: text_of(&it[0]).into(),
            expected: it[1].clone(),
            came: it[2].clone(),
        });
        let failed = &value["failed"];
        Self {
            name: text_of(&value["name"]).into(),
            wrong: wrong.collect(),
            failed: failed.is_object().then(|| Fault::of(failed)),
        }
    }

    /// True where all is as it should be.
    pub fn holds(&self) -> bool {
        self.wrong.is_empty() && self.failed.is_none()
    }
}

/// A part of a spec that differs from what was expected.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongSpec {
    /// `then`, `refused` or `state`.
    pub part: Rc<str>,
    /// What was expected: events, a reason, or a state.
    pub expected: Value,
    /// What came instead. Null where a refusal was expected and none came.
    pub came: Value,
}

/// Another version of the code, whose read models and processes stand beside those of the newest.
pub struct Compared<'a> {
    /// Its number.
    pub version: u16,
    /// Its engine.
    pub engine: Box<dyn Engine>,
    /// Its text.
    pub text: &'a str,
}

impl OwnDomain {
    /// Makes a scenario of a text. `version` is the number of the code.
    ///
    /// # Errors
    /// What is wrong with the text, and where.
    pub fn new(engine: Box<dyn Engine>, id: &str, text: &str, version: u16) -> Result<Self, Fault> {
        Self::made_of(engine, id, text, version, None)
    }

    /// The same, for a log that was made of a log of the scenario `of`, whose story it goes on with.
    ///
    /// # Errors
    /// As there.
    pub fn made_of(
        engine: Box<dyn Engine>,
        id: &str,
        text: &str,
        version: u16,
        of: Option<&str>,
    ) -> Result<Self, Fault> {
        let code = Code::load(engine, text)?;
        let told = code.ask("describe", json!({}))?;
        let mut scenario = Scenario::new(id, text_of(&told["title"]), text_of(&told["about"]));
        for it in list(&told["aggregates"]) {
            let shape = AggregateShape::of(it);
            scenario.aggregates.push(Rc::new(JsAggregate::new(&code, shape)));
        }
        for it in list(&told["projections"]) {
            let shape = ProjectionShape::of(it);
            scenario.projections.push(Rc::new(JsProjection::new(&code, shape, version)));
        }
        for it in list(&told["processes"]) {
            let shape = ProjectionShape::of(it);
            scenario.processes.push(Rc::new(JsProjection::new(&code, shape, version)));
        }
        scenario.checks = list(&told["checks"]).map(check).collect();
        let start = told["start"].as_u64().unwrap_or_default();
        let story = list(&told["story"]).enumerate().map(|it| step(it, of));
        let scenario = Rc::new(scenario.story(start, story));
        Ok(Self { scenario, code })
    }

    /// The same, with the read models and processes of another version of the code beside them.
    ///
    /// # Errors
    /// What is wrong with the other text.
    pub fn beside(self, other: Compared) -> Result<Self, Fault> {
        let Compared { version, engine, text } = other;
        let code = Code::load(engine, text)?;
        let told = code.ask("describe", json!({}))?;
        let mine = &self.scenario;
        let mut scenario = Scenario::clone(mine);
        for it in list(&told["projections"]).map(ProjectionShape::of) {
            if mine.projections.iter().any(|known| known.name() == it.name) {
                scenario.projections.push(Rc::new(JsProjection::new(&code, it, version)));
            }
        }
        for it in list(&told["processes"]).map(ProjectionShape::of) {
            if mine.processes.iter().any(|known| known.name() == it.name) {
                scenario.processes.push(Rc::new(JsProjection::new(&code, it, version)));
            }
        }
        Ok(Self { scenario: Rc::new(scenario), code: self.code })
    }

    /// Why the code was stopped. None as long as it runs.
    pub fn ended(&self) -> Option<Ended> {
        self.code.ended()
    }

    /// Runs the domain's own given/when/thens.
    ///
    /// # Errors
    /// Why they could not be run.
    pub fn specs(&self) -> Result<Vec<SpecResult>, Fault> {
        let came = self.code.ask("specs", json!({}))?;
        Ok(list(&came).map(SpecResult::of).collect())
    }

    /// The domain as the beginning of a Rust file: its types, its story, its checks and its
    /// specifications, with the JavaScript of each function above its place.
    ///
    /// `writer` is the text of `skeleton.js`, which runs in an engine of its own.
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn rust(&self, engine: Box<dyn Engine>, writer: &str) -> Result<String, Fault> {
        let sources = self.code.ask("sources", json!({}))?;
        let given = json!({ "id": &*self.scenario.id, "sources": sources });
        let code = Code::empty(engine);
        code.run(writer, "skeleton.js")?;
        let written = code.ask("write", json!({ "given": given }))?;
        Ok(text_of(&written).to_owned())
    }
}
