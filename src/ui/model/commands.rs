//! The command form, and the commands that go through it: sent, stepped through, told by the
//! story, sent once more.

use std::rc::Rc;

use serde_json::Value;
use uuid::Uuid;

use super::handled::Handled;
use super::station::Performed;
use crate::es::{Choice, CommandRecord, Map, Stream};
use crate::host::{Answered, OpenLog};
use crate::lab::{Form, JournalEntry, MicroStep, Outcome, Submission, Viewpoint};
use crate::ui::words::counted;

/// What happens to commands.
pub enum Msg {
    /// The form was changed.
    Edit(CommandDraft),
    /// A new id goes into the field of that name; under the empty name, it is the addressee's.
    NewId(Rc<str>),
    /// The form was sent.
    Send,
    /// The form's command is to be stepped through.
    StepInto,
    /// The form's command waits to be handled.
    Submitted(OpenLog),
    /// Perform one micro-step, or all that are left.
    Step(bool),
    /// Micro-steps were performed.
    Stepped { open_log: OpenLog, trace: Vec<MicroStep>, over: bool },
    /// Put the list of steps away.
    StepOut,
    /// Tell the story's next step.
    Tell,
    /// Tell all of the story that is left.
    TellAll,
    /// A step of the story was told, and this came of its command.
    Told(OpenLog, Answered),
    /// Send this command of the journal once more.
    Again(Uuid, Choice),
    /// A command came to its end.
    Sent(OpenLog, Answered),
    /// Offer events, to go behind the aggregates' back; or commands again.
    Behind(bool),
    /// An event was appended past its aggregate.
    Appended(OpenLog, Rc<str>, Answered),
    /// Fork at the playhead, and send the form there or not.
    Fork(bool),
}

/// The command form.
#[derive(Default)]
pub struct CommandForm {
    /// A form for each command of the scenario.
    pub forms: Rc<Vec<Form>>,
    pub draft: Rc<CommandDraft>,
    /// For what the addressee was looked for last.
    addressed: Option<Addressed>,
    /// The command that is being stepped through, or was last.
    pub stepping: Option<Stepping>,
}

/// What the addressee of a form follows from. In the past the form stays the same from position
/// to position: there it follows from the head alone.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Addressed {
    form: usize,
    head: u64,
    now: bool,
}

impl CommandForm {
    /// Another scenario is open: the form begins anew.
    pub fn begin(&mut self, forms: Vec<Form>) {
        self.draft = Rc::new(CommandDraft::first(&forms));
        self.forms = Rc::new(forms);
    }

    /// Another log is open: what was said of commands in the old one is over.
    pub fn leave(&mut self) {
        Rc::make_mut(&mut self.draft).answer = None;
        (self.stepping, self.addressed) = (None, None);
    }

    /// The form's draft, to be changed.
    pub fn draft_mut(&mut self) -> &mut CommandDraft {
        Rc::make_mut(&mut self.draft)
    }

    /// Finds somebody who accepts the form as it stands, where something has changed since.
    pub fn address(&mut self, open_log: &OpenLog) {
        let (head, position) = (open_log.session().head(), open_log.session().position());
        let addressed = Addressed { form: self.draft.form, head, now: position == head };
        if self.addressed != Some(addressed) {
            self.addressed = Some(addressed);
            Rc::make_mut(&mut self.draft).address(&self.forms, &mut open_log.viewpoint_mut());
        }
    }

    /// The command as it stands in the form. None where something cannot be read: the draft's
    /// faults say what.
    pub fn ask(&mut self, id: Uuid) -> Option<Submission> {
        Rc::make_mut(&mut self.draft).ask(&self.forms, id)
    }

    /// True where the form is for an event, which is appended past its aggregate.
    pub fn is_for_event(&self) -> bool {
        self.forms.get(self.draft.form).is_some_and(|it| it.is_event)
    }

    /// True where a command is under way, step by step.
    pub fn under_way(&self) -> bool {
        self.stepping.as_ref().is_some_and(|it| !it.over)
    }
}

/// A command that is being stepped through.
#[derive(Default)]
pub struct Stepping {
    /// What has been done so far.
    pub steps: Rc<Vec<Performed>>,
    /// What the last of them handled in the aggregate's code, if anything.
    pub handled: Option<Handled>,
    /// True where nothing is left to do.
    pub over: bool,
    /// True while a step is being performed.
    pub busy: bool,
}

/// What came of a command, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub accepted: bool,
    pub text: String,
    /// The command that met a conflict: there are ways on.
    pub conflict: Option<Uuid>,
}

impl Answer {
    /// What came of a command. `actor` is who fills in the form: others are named.
    pub fn of(entry: &JournalEntry, actor: &str) -> Self {
        let kind = entry.envelope.command.as_ref().map(|it| it.kind.to_string());
        let mut command = kind.unwrap_or_default();
        if *entry.envelope.actor != *actor {
            command = format!("{}’s {command}", entry.envelope.actor);
        }
        let reason = entry.reason.as_deref().unwrap_or_default();
        let (accepted, text) = match &entry.outcome {
            Outcome::Repeated => {
                (true, format!("{command} was handled before: nothing is done again."))
            }
            Outcome::Accepted => {
                let count = counted(entry.events.end - entry.events.start, "event");
                (true, format!("{command} accepted: {count}."))
            }
            Outcome::WrongExpectedVersion { .. } => {
                (false, format!("{command} met a conflict: {reason}."))
            }
            _ => (false, format!("{command} refused: {reason}.")),
        };
        let conflict = matches!(entry.outcome, Outcome::WrongExpectedVersion { .. })
            .then_some(entry.envelope.command_id);
        Self { accepted, text, conflict }
    }
}

/// What is being filled in. Nothing of it is lost when another command is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandDraft {
    /// Which form.
    pub form: usize,
    /// Who asks.
    pub actor: Rc<str>,
    /// Category → the id that was put in.
    pub targets: Map<Rc<str>, String>,
    /// Whom the form is for where none was put in.
    pub addressee: Rc<str>,
    /// Form → field → what was put in.
    pub inputs: Map<usize, Map<Rc<str>, String>>,
    /// Field → what is wrong with it. The id's is under the empty name.
    pub faults: Map<Rc<str>, String>,
    /// True where the command is stored only if nothing of its stream's category has changed.
    pub guards: bool,
    /// What came of the last command.
    pub answer: Option<Answer>,
}

impl CommandDraft {
    /// A draft that works at once.
    pub fn first(forms: &[Form]) -> Self {
        let inputs = forms.iter().map(Form::defaults).enumerate().collect();
        Self { actor: "Alice".into(), inputs, ..Self::default() }
    }

    /// The id that a form is for.
    pub fn target(&self, form: &Form) -> &str {
        self.targets.get(&form.aggregate).map_or(&*self.addressee, String::as_str)
    }

    /// Puts a command into the form: its type, its data, and the stream that it is for.
    pub fn fill(&mut self, forms: &[Form], kind: &str, stream: &Stream, data: &Value) {
        let fits = |it: &Form| *it.name == *kind && *it.aggregate == *stream.category();
        let Some(at) = forms.iter().position(fits) else { return };
        self.form = at;
        self.inputs.insert(at, forms[at].filled(data));
        self.targets.insert(forms[at].aggregate.clone(), stream.id().to_string());
    }

    /// Finds somebody who accepts the form as it stands.
    pub fn address(&mut self, forms: &[Form], session: &mut Viewpoint) {
        let nothing = Map::default();
        if let Some(form) = forms.get(self.form) {
            let inputs = self.inputs.get(&self.form).unwrap_or(&nothing);
            self.addressee = session.addressee(form, inputs);
        }
    }

    /// Puts an id into the field of that name; under the empty name, into the addressee's.
    pub fn put_id(&mut self, forms: &[Form], field: &Rc<str>, id: String) {
        self.faults.remove(field);
        if !field.is_empty() {
            self.inputs.entry(self.form).or_default().insert(field.clone(), id);
        } else if let Some(form) = forms.get(self.form) {
            self.targets.insert(form.aggregate.clone(), id);
        }
    }

    /// The stream that is addressed. None where none is named.
    pub fn stream(&self, forms: &[Form]) -> Option<Stream> {
        self.stream_of(forms.get(self.form)?)
    }

    fn stream_of(&self, form: &Form) -> Option<Stream> {
        let id = self.target(form).trim();
        // Who types the stream's whole name means that stream.
        let id =
            id.strip_prefix(&*form.aggregate).and_then(|it| it.strip_prefix('-')).unwrap_or(id);
        (!id.is_empty()).then(|| Stream::new(&form.aggregate, id))
    }

    /// The command as it stands. None where something cannot be read; the faults say what.
    pub fn ask(&mut self, forms: &[Form], id: Uuid) -> Option<Submission> {
        let form = forms.get(self.form).filter(|it| !it.is_event)?;
        self.read(form).map(|command| Submission::new(id, self.actor.clone(), command))
    }

    /// The event as it stands, and the older schema that it is stored under. None where the form is
    /// for a command, or where something cannot be read.
    pub fn event(&mut self, forms: &[Form]) -> Option<(CommandRecord, Option<u16>)> {
        let form = forms.get(self.form).filter(|it| it.is_event)?;
        Some((self.read(form)?, form.schema))
    }

    /// What the form holds. None where something cannot be read; the faults say what.
    fn read(&mut self, form: &Form) -> Option<CommandRecord> {
        self.faults.clear();
        self.answer = None;
        let stream = self.stream_of(form);
        if stream.is_none() {
            self.faults.insert("".into(), format!("name the {}", form.aggregate));
        }
        let nothing = Map::new();
        let data = match form.read(self.inputs.get(&self.form).unwrap_or(&nothing)) {
            Ok(data) => data,
            Err(faults) => {
                self.faults.extend(faults);
                return None;
            }
        };
        Some(CommandRecord { stream: stream?, kind: form.name.clone(), data })
    }
}

/// What the form can do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormMode {
    /// Send, or step into.
    Now,
    /// Fork, and send there.
    Past,
    /// A command is being stepped through; all others wait.
    Stepping,
}
