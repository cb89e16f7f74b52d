//! An open log: a running system, in step with the store that keeps it.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use codec::{CommitOrLoss, Loss};
use es::{Commit, Scenario};
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::future::{Either, LocalBoxFuture, select};
use futures::lock::Mutex;
use lab::{
    BulkAppend, JournalEntry, MicroStep, Outcome, Session, SideRecord, StoreAnswer, Submission,
    Subscription, Viewpoint, World,
};
use store::{LogChange, LogInfo, Shelf, SideRecords, StoreError};
use uuid::Uuid;

use crate::commands::sent;
use crate::looks::Looks;
use crate::own_code::{OWN, OwnCode};
use crate::patience::SLOW_MILLIS;
use crate::personal::{PersonalFields, opener};
use crate::protocol::{Command, Error, ErrorCode, Request, Response, Told};
use crate::side_records::{EncodedRecord, is_damaged};
use crate::{Claim, Host, Runner, Slice, Trouble, decode_side_records};

/// The length up to which a log is folded before it is shown, in events. A longer log shows its
/// events while it is still being folded.
const FIRST_EVENTS: u64 = 20_000;
/// How many events are folded between two looks at the clock.
const REFILL_EVENTS: u64 = 2_000;
/// The same, where the code is interpreted.
const REFILL_INTERPRETED: u64 = 200;

/// An open log. Clones share it, and only clones are equal.
#[derive(Clone)]
pub struct OpenLog(pub(crate) Rc<Inner>);

/// Work that goes on while its caller does other things.
pub type BackgroundWork = LocalBoxFuture<'static, ()>;

/// Hears of the micro-steps that happened although nobody asked for them here.
type Listener = Box<dyn Fn(Vec<MicroStep>)>;

/// The viewpoint on a running system, with a playhead that may move.
pub type ViewpointMut<'a> = RefMut<'a, Viewpoint>;

pub(crate) struct Inner {
    pub(crate) host: Host,
    /// The position of the last event when the log was opened, or opened again.
    head_at_opening: Cell<u64>,
    session: RefCell<Session>,
    pub(crate) id: String,
    info: RefCell<LogInfo>,
    /// Only one task at a time may run the system, so that no commit is stored twice.
    pub(crate) gate: Mutex<()>,
    /// The commands whose outcome somebody waits for, oldest first.
    awaited: RefCell<VecDeque<Awaited>>,
    /// Side records that the store did not take yet, oldest first.
    unstored: RefCell<VecDeque<EncodedRecord>>,
    /// True while somebody steps through a command. Nothing else goes on by itself then.
    pub(crate) stepping: Cell<bool>,
    /// The time of the story's step that is being told, in milliseconds since 1970.
    story_time: Cell<Option<u64>>,
    /// What is personal in the scenario's commands and events. None where nothing is.
    pub(crate) personal: Option<PersonalFields>,
    /// Grows whenever other keys may be there.
    pub(crate) seal_turn: Cell<u64>,
    /// The keys of all who were forgotten up to this position are destroyed.
    pub(crate) forgotten_up_to: Cell<u64>,
    /// What time it was in the log when it was what real time, both in milliseconds since 1970. It
    /// counts in a log that begins with its story.
    pub(crate) time_from: Cell<(u64, u64)>,
    /// Whether the log begins with its story. None as long as it has no event.
    pub(crate) story: Cell<Option<bool>>,
    /// The deadline at which the log wakes.
    pub(crate) alarm: Cell<Option<u64>>,
    pub(crate) trouble: RefCell<Option<Trouble>>,
    listener: RefCell<Option<Listener>>,
    pub(crate) claim: RefCell<Option<Claim>>,
    /// True where the peers have not said who runs the processes.
    pub(crate) runner_unknown: Cell<bool>,
    /// True where an announcement to the peers is due.
    pub(crate) announcing: Cell<bool>,
    /// What was asked that changes something, where somebody records it.
    pub(crate) recorded: RefCell<Option<Vec<Request>>>,
    /// The log's own code. None where its scenario is one of the page's.
    pub(crate) own: RefCell<Option<OwnCode>>,
    /// The expressions that somebody looks at.
    pub(crate) looks: RefCell<Vec<Looks>>,
    /// Grows whenever the log goes on with other code.
    pub(crate) code_turn: Cell<u64>,
    pub(crate) work: UnboundedSender<BackgroundWork>,
    pub(crate) queue: RefCell<Option<UnboundedReceiver<BackgroundWork>>>,
}

/// A log that was opened, and what happened while it was.
pub struct OpenedLog {
    /// The log.
    pub log: OpenLog,
    /// The micro-steps of its processes. Empty for a long log, which is still being folded.
    pub trace: Vec<MicroStep>,
    /// The answer to the command that was handled first.
    pub first: Option<Result<Response, Error>>,
}

/// A command whose outcome somebody waits for.
struct Awaited {
    id: Uuid,
    pending: PendingOutcome,
}

/// The outcome of a command, once there is one.
#[derive(Clone, Default)]
pub(crate) struct PendingOutcome(Rc<Cell<Option<JournalEntry>>>);

impl PendingOutcome {
    /// Takes the outcome. None where there is none yet.
    pub(crate) fn take(&self) -> Option<JournalEntry> {
        self.0.take()
    }
}

impl PartialEq for OpenLog {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// A log that was read, with its losses.
pub(crate) struct ReadLog {
    pub(crate) world: World,
    losses: Vec<Loss>,
}

impl Host {
    /// Reads a whole log with its side records. Nothing is folded yet.
    pub(crate) async fn read_log(
        &self,
        scenario: &Rc<Scenario>,
        log: &str,
    ) -> Result<ReadLog, StoreError> {
        let records = self.records(log).await?;
        let mut world = World::new(scenario);
        let mut losses = Vec::new();
        let mut visit = |found: CommitOrLoss<'_>| match found {
            CommitOrLoss::Lost(loss) => losses.push(loss),
            CommitOrLoss::Commit(commit) if losses.is_empty() => {
                let (from, to) = (world.log().head() + 1, commit.after);
                if !world.learn(commit.read(scenario)) {
                    losses.push(Loss { from, to, why: "the record is missing".to_owned() });
                }
            }
            // A commit after a loss is not used here, but it can still be exported.
            CommitOrLoss::Commit(_) => {}
        };
        self.read(log, 0, 0, &mut visit).await?;
        let kept = decode_side_records(&records);
        let damaged =
            |((shelf, key), text): (&(Shelf, String), &String)| is_damaged(*shelf, key, text);
        // Whoever takes part in a class can write such records, and must not shut the others out.
        if !self.shared && records.iter().any(damaged) && losses.is_empty() {
            let head = world.log().head();
            let why = "a record is damaged".to_owned();
            losses.push(Loss { from: head + 1, to: head, why });
        }
        let mut kept = kept;
        if *scenario.id == *OWN {
            // Versions of a person's own code come and go: the newest runs.
            for it in &mut kept {
                if let SideRecord::SetUp(name, set_up) = it {
                    let model = lab::instance_of(name).0;
                    let newest = scenario.projections.iter().find(|it| &*it.name() == model);
                    set_up.code = newest.map(|it| it.code());
                }
            }
        }
        world.finish_learning(kept);
        Ok(ReadLog { world, losses })
    }

    /// Opens a log. A long log is folded later, by [`OpenLog::serve`].
    ///
    /// # Errors
    /// [`StoreError`] where the log could not be read.
    pub fn open<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        info: LogInfo,
    ) -> store::StoreFuture<'a, OpenLog> {
        Box::pin(async move { Ok(self.open_with(scenario, info, None).await?.log) })
    }

    /// As [`Host::open`]. The command `first` is handled before the log's processes go on.
    ///
    /// # Errors
    /// [`StoreError`] where the log could not be read.
    pub fn open_with<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        info: LogInfo,
        first: Option<Command>,
    ) -> store::StoreFuture<'a, OpenedLog> {
        Box::pin(async move {
            if let Some(log) = self.opened_here(&info.id) {
                if log.trouble().is_none_or(|it| it == Trouble::Slow) {
                    return Ok(log.open_again(first).await);
                }
                // It is read anew, and runs its processes in what is read.
                log.leave_processes();
            }
            // The claim comes before the reading: whoever had it before has stored all its marks.
            let runner = self.claim(&info.id).await;
            let (scenario, own) = self.scenario_of(scenario, &info.id).await?;
            let scenario = &scenario;
            let ReadLog { world, losses } = self.read_log(scenario, &info.id).await?;
            let info = LogInfo { opened_at: self.clock.now(), ..info };
            let trouble = (!losses.is_empty()).then_some(Trouble::Damaged(losses));
            let whole = trouble.is_none();
            self.load_keys(scenario).await?;
            let log = OpenLog::new(self, info, Session::new(world), trouble);
            log.0.own.replace(own);
            if whole {
                log.note_opening();
            }
            log.forget_keys().await;
            log.accept_runner(runner);
            let first = log.queue_first(first).await;
            let short = log.session().log().head() <= FIRST_EVENTS;
            if first.is_none() && !short {
                let refilled = log.clone();
                log.spawn(async move { refilled.refill().await });
                return Ok(OpenedLog { log, trace: Vec::new(), first: None });
            }
            // Processes that were interrupted go on.
            let trace = log.refill_now().await;
            let first = log.answer_first(first);
            Ok(OpenedLog { log, trace, first })
        })
    }

    /// The log of that id, where it is open here.
    fn opened_here(&self, log: &str) -> Option<OpenLog> {
        let opened = self.opened.borrow();
        let (_, open) = opened.iter().find(|(id, _)| id == log)?;
        open.upgrade()?.downcast::<Inner>().ok().map(OpenLog)
    }

    /// Makes a new log: with `story` the scenario's whole story, else empty.
    ///
    /// # Errors
    /// [`StoreError`] where it could not be stored.
    pub fn create<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        story: bool,
    ) -> store::StoreFuture<'a, OpenLog> {
        Box::pin(async move {
            if *scenario.id == *OWN {
                let text = self.engines.start().await.map_err(StoreError::Failed)?;
                return self.create_own(&text, story).await;
            }
            let info = self.new_log(scenario, scenario.title.to_string(), None);
            self.add(&info).await?;
            self.begin(scenario, info, story).await
        })
    }

    /// Begins a log that was made, and has no event yet.
    pub(crate) fn begin<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        info: LogInfo,
        story: bool,
    ) -> store::StoreFuture<'a, OpenLog> {
        Box::pin(async move {
            let runner = self.claim(&info.id).await;
            let (scenario, own) = self.scenario_of(scenario, &info.id).await?;
            let scenario = &scenario;
            self.load_keys(scenario).await?;
            let log = OpenLog::new(self, info, Session::new(World::new(scenario)), None);
            log.0.own.replace(own);
            log.accept_runner(runner);
            // What a log says from its beginning stands in it before its first event.
            log.store_side_records().await;
            let mut next = 0;
            while story && let (Some(told), _) = log.tell_next_step().await {
                // Whatever of a step could not be stored, be it a later act or what a process
                // notes, the step would be told again and again.
                let stays = std::mem::replace(&mut next, told.number) == told.number;
                let unstored = told.entry.is_none_or(|it| it.outcome == Outcome::NotStored);
                match log.trouble() {
                    Some(Trouble::Full) => return Err(StoreError::Full),
                    Some(Trouble::Silent) => return Err(StoreError::Silent),
                    Some(other) => return Err(StoreError::Failed(other.to_string())),
                    None if stays || unstored => {
                        let why = "the story could not be stored";
                        return Err(StoreError::Failed(why.to_owned()));
                    }
                    None => {}
                }
            }
            // The story belongs to the log as it is opened.
            log.0.head_at_opening.set(log.session().head());
            Ok(log)
        })
    }

    /// Reads and folds a log without opening it.
    ///
    /// # Errors
    /// [`StoreError`] where the log could not be read.
    pub fn look<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        log: &'a str,
    ) -> store::StoreFuture<'a, Session> {
        Box::pin(async move {
            let (scenario, _) = self.scenario_of(scenario, log).await?;
            let scenario = &scenario;
            let mut session = Session::new(self.read_log(scenario, log).await?.world);
            if PersonalFields::of(scenario).is_some() {
                self.load_keys(scenario).await?;
                session.open_with(opener(&self.keys));
            }
            let mut slice = self.slice();
            while !session.refill(REFILL_EVENTS) {
                slice.breathe().await;
            }
            Ok(session)
        })
    }

    /// Begins a slice of long work.
    pub fn slice(&self) -> Slice {
        Slice::new(&self.clock)
    }
}

impl OpenLog {
    fn new(host: &Host, info: LogInfo, mut session: Session, trouble: Option<Trouble>) -> Self {
        let (work, queue) = unbounded();
        let personal = PersonalFields::of(session.scenario());
        if personal.is_some() {
            session.open_with(opener(&host.keys));
        }
        let log = Rc::new(Inner {
            host: host.clone(),
            head_at_opening: Cell::new(session.head()),
            session: RefCell::new(session),
            id: info.id.clone(),
            info: RefCell::new(info),
            gate: Mutex::new(()),
            awaited: RefCell::default(),
            unstored: RefCell::default(),
            stepping: Cell::new(false),
            story_time: Cell::new(None),
            personal,
            seal_turn: Cell::new(0),
            forgotten_up_to: Cell::new(0),
            time_from: Cell::new((0, host.clock.now())),
            story: Cell::new(None),
            alarm: Cell::new(None),
            trouble: RefCell::new(trouble),
            listener: RefCell::new(None),
            claim: RefCell::new(None),
            runner_unknown: Cell::new(false),
            announcing: Cell::new(false),
            recorded: RefCell::new(None),
            own: RefCell::new(None),
            looks: RefCell::default(),
            code_turn: Cell::new(0),
            work,
            queue: RefCell::new(Some(queue)),
        });
        let weak: Weak<Inner> = Rc::downgrade(&log);
        let mut opened = host.opened.borrow_mut();
        opened.retain(|(id, it)| it.strong_count() > 0 && *id != log.id);
        opened.push((log.id.clone(), weak));
        Self(log)
    }

    /// Opens the log that is open here already: it goes on as it is, and what is under way comes
    /// to its end. A second world beside it could not run its processes.
    async fn open_again(self, first: Option<Command>) -> OpenedLog {
        let head = self.session().head();
        self.viewpoint_mut().seek(head);
        self.0.head_at_opening.set(head);
        self.0.info.borrow_mut().opened_at = self.0.host.clock.now();
        self.note_opening();
        self.catch_up().await;
        let first = self.queue_first(first).await;
        let trace = self.refill_now().await;
        let first = self.answer_first(first);
        OpenedLog { log: self, trace, first }
    }

    /// Queues the command that is handled first, if there is one.
    async fn queue_first(&self, first: Option<Command>) -> Option<Result<PendingOutcome, Error>> {
        let read = self.0.host.read_command(first?, &self.session());
        let sealed = match read {
            Ok(submission) => self.seal(submission).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        Some(sealed.map(|it| self.submit(it)))
    }

    /// The answer to the command that was handled first.
    fn answer_first(
        &self,
        first: Option<Result<PendingOutcome, Error>>,
    ) -> Option<Result<Response, Error>> {
        first.map(|pending| {
            let none = || Error::new(ErrorCode::Storage, "the command was not handled");
            sent(&self.session(), pending?.take().ok_or_else(none)?)
        })
    }

    /// Stores when the log was opened. Nobody waits for that, and it may fail without harm.
    fn note_opening(&self) {
        let (host, id, opened_at) =
            (self.0.host.clone(), self.0.id.clone(), self.0.info.borrow().opened_at);
        self.spawn(async move {
            _ = host.change(&id, &LogChange::Opened(opened_at)).await;
        });
    }

    /// Folds for one slice. True once everything is folded.
    fn refill_slice(&self) -> bool {
        let slice = self.0.host.slice();
        let mut session = self.session_mut();
        // Code that is interpreted takes longer for an event.
        let own = self.0.own.borrow().is_some();
        let events = if own { REFILL_INTERPRETED } else { REFILL_EVENTS };
        while !session.refill(events) {
            if slice.over() {
                return false;
            }
        }
        true
    }

    /// The sum of all checkpoints.
    fn folded(&self) -> u64 {
        self.session().world().subscriptions().iter().map(Subscription::checkpoint).sum()
    }

    /// Folds the rest of the log, and then runs what is due.
    async fn refill_now(&self) -> Vec<MicroStep> {
        let _turn = self.0.gate.lock().await;
        self.refill_in_turn().await;
        self.run_in_turn().await
    }

    /// Folds the rest of the log.
    pub(crate) async fn refill_in_turn(&self) {
        let mut shown = self.folded();
        while !self.refill_slice() {
            // Each read model is shown once it is whole.
            if self.folded() > std::mem::replace(&mut shown, self.folded()) {
                self.notify(Vec::new());
            }
            self.0.host.clock.sleep(0).await;
        }
    }

    async fn refill(&self) {
        let trace = self.refill_now().await;
        self.notify(trace);
    }

    /// Sets the listener, which hears of the micro-steps that nobody asked for here.
    pub fn on_change(&self, listener: impl Fn(Vec<MicroStep>) + 'static) {
        self.0.listener.replace(Some(Box::new(listener)));
    }

    pub(crate) fn notify(&self, trace: Vec<MicroStep>) {
        if let Some(listener) = &*self.0.listener.borrow() {
            listener(trace);
        }
    }

    /// The log's id.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The log's title, scenario and dates.
    pub fn info(&self) -> LogInfo {
        self.0.info.borrow().clone()
    }

    /// The position of the last event when the log was opened.
    pub fn head_at_opening(&self) -> u64 {
        self.0.head_at_opening.get()
    }

    /// Takes over how the log is described elsewhere. True where it has another title.
    pub(crate) fn redescribe(&self, there: LogInfo) -> bool {
        let mut info = self.0.info.borrow_mut();
        info.deleted_at = there.deleted_at;
        std::mem::replace(&mut info.title, there.title) != info.title
    }

    /// A number that grows whenever what is sealed may be opened otherwise than before.
    pub fn seal_turn(&self) -> u64 {
        self.0.seal_turn.get()
    }

    /// The host that this log runs over.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// True where this tab runs the log's processes.
    pub fn runs_processes(&self) -> bool {
        self.0.claim.borrow().is_some()
    }

    /// Records from now on what is asked that changes something, oldest first. What was recorded
    /// before is forgotten.
    pub fn record(&self) {
        self.0.recorded.replace(Some(Vec::new()));
    }

    /// What was recorded; empty where nothing is.
    pub fn recorded(&self) -> Vec<Request> {
        self.0.recorded.borrow().clone().unwrap_or_default()
    }

    /// True while somebody steps through a command: there is more to be stepped through.
    pub fn is_stepping(&self) -> bool {
        self.0.stepping.get()
    }

    /// True where nobody has said who runs the log's processes: they wait here.
    pub fn runner_unknown(&self) -> bool {
        self.0.runner_unknown.get()
    }

    /// Why the log cannot be written. None where it can.
    pub fn trouble(&self) -> Option<Trouble> {
        self.0.trouble.borrow().clone()
    }

    /// The viewpoint on the running system. Must not be held across an await.
    pub fn session(&self) -> Ref<'_, Viewpoint> {
        Ref::map(self.0.session.borrow(), |it| &**it)
    }

    /// The viewpoint, whose playhead may move. Must not be held across an await.
    pub fn viewpoint_mut(&self) -> ViewpointMut<'_> {
        RefMut::map(self.0.session.borrow_mut(), |it| &mut **it)
    }

    /// The running system. Must not be held across an await.
    pub(crate) fn session_mut(&self) -> RefMut<'_, Session> {
        self.0.session.borrow_mut()
    }

    pub(crate) fn in_trouble(&self, fault: &StoreError) {
        if let Some(trouble) = Trouble::of(fault) {
            let silent = trouble == Trouble::Silent;
            let before = self.0.trouble.replace(Some(trouble));
            if silent && before != Some(Trouble::Silent) {
                self.listen_for_the_store();
            }
        }
    }

    /// As [`in_trouble`](Self::in_trouble), where something was read and nothing was to be stored.
    pub(crate) fn unread(&self, fault: &StoreError) {
        self.in_trouble(fault);
        let mut trouble = self.0.trouble.borrow_mut();
        if let Some(Trouble::Unreachable(why)) = &*trouble {
            *trouble = Some(Trouble::Unread(why.clone()));
        }
    }

    /// Performs one micro-step, and waits for the store where the step needs it.
    pub(crate) async fn step(&self) -> Option<MicroStep> {
        let _turn = self.0.gate.lock().await;
        let step = self.step_in_turn().await;
        self.0.stepping.set(step.is_some());
        step
    }

    /// Performs micro-steps until all is quiet.
    pub(crate) async fn run(&self) -> Vec<MicroStep> {
        let _turn = self.0.gate.lock().await;
        self.run_in_turn().await
    }

    pub(crate) async fn run_in_turn(&self) -> Vec<MicroStep> {
        let (mut trace, mut slice) = (Vec::new(), self.0.host.slice());
        while let Some(step) = self.step_in_turn().await {
            trace.push(step);
            slice.breathe().await;
        }
        self.0.stepping.set(false);
        self.set_alarm();
        trace
    }

    async fn step_in_turn(&self) -> Option<MicroStep> {
        loop {
            self.keep_claim();
            let now = self.0.story_time.get().unwrap_or_else(|| self.now());
            let step = self.session_mut().step(now);
            self.hand_over();
            if matches!(step, Some(MicroStep::Appended { .. })) {
                self.forget_keys().await;
            }
            self.store_side_records().await;
            if step.is_some() {
                return step;
            }
            let pending = self.session().world().pending().cloned();
            let answer = self.append_commit(&pending?).await;
            self.session_mut().world_mut().answer(answer);
        }
    }

    /// Waits for the store, and says so where that takes a while.
    pub(crate) async fn patiently<T>(
        &self,
        call: store::StoreFuture<'_, T>,
    ) -> Result<T, StoreError> {
        match select(call, self.0.host.clock.sleep(SLOW_MILLIS)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), call)) => {
                self.0.trouble.borrow_mut().get_or_insert(Trouble::Slow);
                self.notify(Vec::new());
                let answer = call.await;
                self.0.trouble.borrow_mut().take_if(|it| *it == Trouble::Slow);
                self.notify(Vec::new());
                answer
            }
        }
    }

    async fn append_commit(&self, commit: &Commit) -> StoreAnswer {
        let inner = &self.0;
        let refused = |it: &Trouble| it.lasts() || *it == Trouble::Silent;
        if let Some(trouble) = self.trouble().filter(refused) {
            return StoreAnswer::Failed(trouble.to_string());
        }
        match self.patiently(inner.host.append(&inner.id, commit)).await {
            Ok(place) => {
                inner.trouble.replace(None);
                self.announce();
                if (place.number, place.after) != (commit.number, commit.after) {
                    // Others were first. Their commits and this one are learned together.
                    self.learn().await;
                    if self.session().log().handled(commit.envelope.command_id).is_none() {
                        let why = "it is stored, but what others stored before it cannot be read";
                        return StoreAnswer::Failed(why.to_owned());
                    }
                }
                StoreAnswer::Stored
            }
            Err(StoreError::Conflict { .. } | StoreError::Behind { .. }) => {
                self.learn().await;
                let unread = self.trouble().is_some_and(|it| !it.lasts());
                // No commit that is known here has taken the place: the store has less than this
                // tab. So the log was thrown away, and begun again.
                if self.session().log().commits() < commit.number && !unread {
                    inner.trouble.replace(Some(Trouble::Evicted));
                }
                StoreAnswer::Lost
            }
            Err(fault) => {
                self.in_trouble(&fault);
                if fault == StoreError::Deleted {
                    // Whoever wants it back has to know when that was.
                    self.learn().await;
                }
                StoreAnswer::Failed(fault.to_string())
            }
        }
    }

    /// Stores what was changed while somebody goes through a command step by step.
    pub(crate) async fn keep_set_ups(&self) {
        let _turn = self.0.gate.lock().await;
        self.store_side_records().await;
    }

    /// Stores the side records that the last step has left, and those before that could not be
    /// stored. As long as the store is in trouble they wait: an effect that was performed and not
    /// noted would be performed again after a reload.
    pub(crate) async fn store_side_records(&self) {
        let side_records = self.session_mut().world_mut().take_side_records();
        // Encoded once, so that a record that was stored unheard is stored under the same key.
        let encoded = side_records.iter().map(|it| self.0.host.encode_side_record(it));
        self.0.unstored.borrow_mut().extend(encoded);
        while self.trouble().is_none_or(|it| it == Trouble::Slow) {
            let next = self.0.unstored.borrow().front().cloned();
            let Some(EncodedRecord { shelf, key, text }) = next else { return };
            match self.patiently(self.0.host.put(&self.0.id, shelf, &key, &text)).await {
                Ok(()) => {
                    self.0.unstored.borrow_mut().pop_front();
                    if matches!(shelf, Shelf::Effects | Shelf::Clock) {
                        self.announce();
                    }
                }
                Err(fault) => return self.in_trouble(&fault),
            }
        }
    }

    /// Queues a command. Its outcome will be in what this returns.
    pub(crate) fn submit(&self, submission: Submission) -> PendingOutcome {
        let pending = self.await_outcome(submission.id);
        self.session_mut().world_mut().submit(submission);
        pending
    }

    fn await_outcome(&self, id: Uuid) -> PendingOutcome {
        let pending = PendingOutcome::default();
        self.0.awaited.borrow_mut().push_back(Awaited { id, pending: pending.clone() });
        pending
    }

    /// Hands each outcome to whoever waits for it. Where several wait for the same id, the first
    /// one gets it.
    fn hand_over(&self) {
        let outcomes = self.session_mut().world_mut().take_outcomes();
        for entry in outcomes {
            let mut awaited = self.0.awaited.borrow_mut();
            let place = awaited.iter().position(|it| it.id == entry.envelope.command_id);
            if let Some(waiting) = place.and_then(|place| awaited.remove(place)) {
                waiting.pending.0.set(Some(entry));
            }
        }
    }

    /// Appends many events at once, past their aggregates. Projections take in all of them
    /// together. Returns the outcome and the micro-steps.
    pub(crate) async fn append(&self, bulk: BulkAppend) -> (Option<JournalEntry>, Vec<MicroStep>) {
        let _turn = self.0.gate.lock().await;
        let id = bulk.id;
        let pending = self.await_outcome(id);
        self.session_mut().world_mut().submit_bulk(bulk);
        let mut trace = Vec::new();
        while let Some(step) = self.step_in_turn().await {
            trace.push(step);
            if self.session().log().handled(id).is_some() {
                self.session_mut().world_mut().catch_up_undisturbed();
            }
        }
        self.0.stepping.set(false);
        (pending.take(), trace)
    }

    /// Runs until all is quiet, and then tells the story's next step at the step's own time, or now
    /// where something has happened later. Deadlines that come before are met first. None once the
    /// story is over.
    pub(crate) async fn tell_next_step(&self) -> (Option<Told>, Vec<MicroStep>) {
        let _turn = self.0.gate.lock().await;
        let mut trace = self.run_in_turn().await;
        let Some(number) = self.session().next_in_story() else { return (None, trace) };
        let time = {
            let session = self.session();
            let (reached, last) = (session.world().clock().reached, session.last_time());
            session.scenario().story.get(number).map_or(0, |it| it.at).max(reached).max(last)
        };
        self.0.story_time.set(Some(time));
        trace.extend(self.run_in_turn().await);
        // A step is answered with the outcome of its first act.
        let pending = self.await_outcome(self.session().story_command(number, 0));
        let step = match self.seal_step(number).await {
            Ok(step) => step,
            Err(fault) => {
                self.in_trouble(&fault);
                None
            }
        };
        if let Some(step) = &step {
            self.session_mut().tell_as(number, step);
        }
        trace.extend(self.run_in_turn().await);
        self.0.story_time.set(None);
        self.set_time(time);
        let Some(step) = step else { return (None, trace) };
        (Some(Told { number: number + 1, say: step.say, entry: pending.take() }), trace)
    }

    /// The side records that the store has now.
    pub(crate) async fn records(&self) -> Result<SideRecords, StoreError> {
        self.0.host.records(&self.0.id).await
    }

    pub(crate) fn accept_runner(&self, runner: Option<Runner>) {
        self.0.runner_unknown.set(runner.is_none());
        match runner {
            Some(Runner::Here(claim)) => _ = self.0.claim.replace(Some(claim)),
            Some(Runner::Elsewhere) | None => self.wait_for_claim(),
            Some(Runner::OnlyElsewhere) => {
                self.0.trouble.borrow_mut().get_or_insert(Trouble::Elsewhere);
                self.wait_for_claim();
            }
        }
        self.follow();
    }
}
