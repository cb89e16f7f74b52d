//! A log whose scenario is a person's own code. The code is a side record of the log, and is read
//! before the commits. Code that nobody has looked at yet, or that was stopped, does not run: its
//! log is shown as any events are.

use std::rc::Rc;

use domain::{Compared, Fault, OwnDomain, SpecResult};
use es::Scenario;
use serde_json::{Value, json};
use store::{Shelf, SideRecords, StoreError};

use crate::Host;
use crate::engines::Engines;

/// The id of the scenario of every log with its own code.
pub const OWN: &str = "own";

/// A version of the code, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeRecord {
    pub(crate) text: String,
    /// When it was written, in milliseconds since 1970.
    pub(crate) at: u64,
    /// The head of the log then.
    pub(crate) head: u64,
    /// True where it came from elsewhere and nobody has let it run here.
    pub(crate) unseen: bool,
    /// Why it was stopped. It does not run again by itself.
    pub(crate) stopped: Option<String>,
    /// The scenario of which the log was made.
    pub(crate) of: Option<String>,
}

impl CodeRecord {
    /// Reads one of JSON. None where the text cannot be read.
    fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        Some(Self {
            text: value["text"].as_str()?.to_owned(),
            at: value["at"].as_u64()?,
            head: value["head"].as_u64()?,
            unseen: value["unseen"] == true,
            stopped: value["stopped"].as_str().map(str::to_owned),
            of: value["of"].as_str().map(str::to_owned),
        })
    }

    /// As JSON.
    pub(crate) fn write(&self) -> String {
        let mut value = json!({ "text": self.text, "at": self.at, "head": self.head });
        if self.unseen {
            value["unseen"] = true.into();
        }
        if let Some(why) = &self.stopped {
            value["stopped"] = why.as_str().into();
        }
        if let Some(of) = &self.of {
            value["of"] = of.as_str().into();
        }
        value.to_string()
    }
}

/// The code of a log.
#[derive(Clone)]
pub struct OwnCode {
    /// The number of the newest version.
    pub version: u16,
    /// Its text.
    pub text: Rc<str>,
    /// Whether it runs.
    pub state: CodeState,
    /// All versions that are kept, the newest last.
    pub versions: Rc<Vec<CodeVersion>>,
    /// The version whose read models stand beside the newest one's.
    pub compared: Option<u16>,
    /// What came of its own given/when/thens. Empty where the code does not run.
    pub specs: Rc<Vec<SpecResult>>,
    pub(crate) domain: Option<OwnDomain>,
}

/// A version of the code that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeVersion {
    /// Its number, from 1.
    pub version: u16,
    /// Its text.
    pub text: Rc<str>,
    /// When it was written, in milliseconds since 1970.
    pub at: u64,
    /// The head of the log then.
    pub head: u64,
}

/// Whether code runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeState {
    /// It runs.
    Runs,
    /// It came from elsewhere, and nobody has let it run here.
    Unseen,
    /// It was stopped, for this reason. It runs again once it is edited, or let run.
    Stopped(Rc<str>),
    /// The interpreter is not there, for this reason.
    NoInterpreter(Rc<str>),
    /// It is no domain.
    Faulty(Fault),
}

impl OwnCode {
    /// The domain. None where the code does not run.
    pub fn domain(&self) -> Option<&OwnDomain> {
        self.domain.as_ref()
    }
}

/// The scenario of a log whose code does not run, or is not known yet: its events, as they are.
pub fn own_scenario() -> Rc<Scenario> {
    let any = scenarios::any();
    Rc::new(Scenario {
        id: OWN.into(),
        title: "Your own domain".into(),
        about: "The code of this log does not run; its events are shown as they are.".into(),
        aggregates: any.aggregates.clone(),
        projections: any.projections.clone(),
        ..Scenario::default()
    })
}

pub(crate) fn records_of(records: &SideRecords) -> Vec<(u16, CodeRecord)> {
    let own = records.iter().filter(|((shelf, _), _)| *shelf == Shelf::Code);
    let read =
        own.filter_map(|((_, key), text)| Some((key.parse().ok()?, CodeRecord::read(text)?)));
    read.collect()
}

pub(crate) fn key_of(version: u16) -> String {
    // Keys sort as numbers do.
    format!("{version:05}")
}

/// True where a side record on the shelf of codes can be read.
pub(crate) fn is_code(key: &str, text: &str) -> bool {
    key.parse::<u16>().is_ok() && CodeRecord::read(text).is_some()
}

/// The text of the newest code among side records.
pub fn code_among(records: &SideRecords) -> Option<String> {
    records_of(records).pop().map(|(_, it)| it.text)
}

/// The side record of a first version, written at a time in milliseconds since 1970.
pub fn first_version(text: &str, at: u64) -> ((Shelf, String), String) {
    first_version_of(text, at, None)
}

/// The same, of a log that is made of a scenario's.
pub(crate) fn first_version_of(text: &str, at: u64, of: Option<&str>) -> ((Shelf, String), String) {
    let record = CodeRecord {
        text: text.to_owned(),
        at,
        head: 0,
        unseen: false,
        stopped: None,
        of: of.map(str::to_owned),
    };
    ((Shelf::Code, key_of(1)), record.write())
}

impl Host {
    /// The interpreters for people's own code.
    pub fn engines(&self) -> &Rc<dyn Engines> {
        &self.engines
    }

    /// The same host with interpreters for people's own code.
    pub fn with_engines(self, engines: Rc<dyn Engines>) -> Self {
        Self { engines, ..self }
    }

    /// Marks codes from elsewhere as unseen, where they were not let run here before.
    pub(crate) fn mark_unseen(&self, records: &mut SideRecords) {
        for (version, record) in records_of(records) {
            let unseen = !self.trusted.borrow().contains(record.text.as_str());
            let record = CodeRecord { unseen, ..record };
            records.insert((Shelf::Code, key_of(version)), record.write());
        }
    }

    /// The scenario of a log, and its code where it has some.
    pub(crate) async fn scenario_of(
        &self,
        scenario: &Rc<Scenario>,
        log: &str,
    ) -> Result<(Rc<Scenario>, Option<OwnCode>), StoreError> {
        if *scenario.id != *OWN {
            return Ok((scenario.clone(), None));
        }
        let records = records_of(&self.records(log).await?);
        let (scenario, code) = self.load_code(&records, None).await;
        Ok((scenario, Some(code)))
    }

    /// Loads the newest of these versions, beside another one where that is asked.
    pub(crate) async fn load_code(
        &self,
        records: &[(u16, CodeRecord)],
        compared: Option<u16>,
    ) -> (Rc<Scenario>, OwnCode) {
        let versions = records.iter().map(|(version, it)| CodeVersion {
            version: *version,
            text: it.text.as_str().into(),
            at: it.at,
            head: it.head,
        });
        let mut code = OwnCode {
            version: records.last().map_or(0, |it| it.0),
            text: records.last().map_or("", |it| &it.1.text).into(),
            state: CodeState::Runs,
            versions: Rc::new(versions.collect()),
            compared: None,
            specs: Rc::default(),
            domain: None,
        };
        match records.last() {
            None => {
                code.state = CodeState::Faulty(Fault::new("the code of this log is missing"));
            }
            Some((_, CodeRecord { stopped: Some(why), .. })) => {
                code.state = CodeState::Stopped(why.as_str().into());
            }
            Some((_, CodeRecord { unseen: true, .. })) => code.state = CodeState::Unseen,
            Some((_, CodeRecord { of, .. })) => {
                match self.compile(&code, compared, of.as_deref()).await {
                    Ok(domain) => {
                        self.trusted.borrow_mut().insert(code.text.clone());
                        let scenario = domain.scenario.clone();
                        code.compared = compared;
                        code.specs = Rc::new(domain.specs().unwrap_or_default());
                        code.domain = Some(domain);
                        return (scenario, code);
                    }
                    Err(state) => code.state = state,
                }
            }
        }
        (own_scenario(), code)
    }

    async fn compile(
        &self,
        code: &OwnCode,
        compared: Option<u16>,
        of: Option<&str>,
    ) -> Result<OwnDomain, CodeState> {
        let missing = |why: String| CodeState::NoInterpreter(why.into());
        let engine = self.engines.engine().await.map_err(missing)?;
        let domain = OwnDomain::made_of(engine, OWN, &code.text, code.version, of);
        let domain = domain.map_err(CodeState::Faulty)?;
        let other = code.versions.iter().find(|it| Some(it.version) == compared);
        let Some(other) = other else { return Ok(domain) };
        let engine = self.engines.engine().await.map_err(missing)?;
        let compared = Compared { version: other.version, engine, text: &other.text };
        domain.beside(compared).map_err(CodeState::Faulty)
    }

    /// From now on a text from elsewhere runs without being asked about: somebody has seen it.
    pub fn trust(&self, text: &str) {
        self.trusted.borrow_mut().insert(text.into());
    }

    /// True where a text was let run here.
    pub fn trusts(&self, text: &str) -> bool {
        self.trusted.borrow().contains(text)
    }

    /// The scenario that a text describes.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn scenario_of_code(&self, text: &str) -> Result<Rc<Scenario>, Fault> {
        let engine = self.engines.engine().await.map_err(Fault::new)?;
        Ok(OwnDomain::new(engine, OWN, text, 1)?.scenario)
    }

    /// Looks whether a text is a domain.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn check_code(&self, text: &str) -> Result<(), Fault> {
        self.scenario_of_code(text).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_number_and_a_text_that_can_be_read() {
        let ((shelf, key), text) = first_version("domain({});", 7);
        assert_eq!(shelf, Shelf::Code);
        assert!(is_code(&key, &text));
        assert!(!is_code("first", &text) && !is_code(&key, "{}") && !is_code("first", "{}"));
    }

    #[test]
    fn of_several_versions_the_newest_counts() {
        assert_eq!(code_among(&SideRecords::default()), None);
        let (first, text) = first_version("one", 7);
        let second = (Shelf::Code, key_of(2));
        let (_, newer) = first_version("two", 8);
        let records = SideRecords::from_iter([(first, text), (second, newer)]);
        assert_eq!(code_among(&records).as_deref(), Some("two"));
    }
}
