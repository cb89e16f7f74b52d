//! An open log: a running system and the store that keeps it, in step with each other.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;

use codec::{CommitOrLoss, Loss};
use es::{Commit, Scenario};
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::future::LocalBoxFuture;
use futures::lock::Mutex;
use lab::{
    BulkAppend, JournalEntry, MicroStep, Outcome, Session, StoreAnswer, Submission, Subscription,
    Viewpoint, World,
};
use store::{LogInfo, Shelf, SideRecords, StoreError};
use uuid::Uuid;

use crate::commands::sent;
use crate::protocol::{Command, Error, ErrorCode, Response, Told};
use crate::{Claim, Host, Runner, Slice, Trouble, decode_side_records};

/// A log of so many events is folded before it is shown. Of a longer one the events can be seen
/// meanwhile.
const FIRST_EVENTS: u64 = 20_000;
/// Events that are folded between two looks at the clock.
const REFILL_EVENTS: u64 = 2_000;

/// An open log. Clones are the same one, and two are equal where they are the same.
#[derive(Clone)]
pub struct OpenLog(pub(crate) Rc<Inner>);

/// Work that goes on beside whoever asked for it.
pub type BackgroundWork = LocalBoxFuture<'static, ()>;

/// What is told when the log has changed without being asked to here.
type Listener = Box<dyn Fn(Vec<MicroStep>)>;

/// The running system, to look at.
pub type ViewpointMut<'a> = RefMut<'a, Viewpoint>;

pub(crate) struct Inner {
    pub(crate) host: Host,
    /// The head that the log had when it was opened.
    found: u64,
    session: RefCell<Session>,
    pub(crate) id: String,
    info: RefCell<LogInfo>,
    /// One at a time: a commit must not be stored twice.
    pub(crate) gate: Mutex<()>,
    /// Who waits for what comes of a command, oldest first.
    awaited: RefCell<VecDeque<Awaited>>,
    /// True while somebody goes through a command step by step: nothing else goes on by itself.
    pub(crate) stepping: Cell<bool>,
    /// The time that counts while a story is told, in milliseconds since 1970.
    story_time: Cell<Option<u64>>,
    pub(crate) trouble: RefCell<Option<Trouble>>,
    told: RefCell<Option<Listener>>,
    pub(crate) claim: RefCell<Option<Claim>>,
    /// True where the others are about to be told.
    pub(crate) announcing: Cell<bool>,
    pub(crate) work: UnboundedSender<BackgroundWork>,
    pub(crate) queue: RefCell<Option<UnboundedReceiver<BackgroundWork>>>,
}

/// A log that was opened.
pub struct OpenedLog {
    /// The log.
    pub log: OpenLog,
    /// What its processes went on with, where that is done already.
    pub trace: Vec<MicroStep>,
    /// What came of the command that came first.
    pub first: Option<Result<Response, Error>>,
}

/// Somebody waits for what comes of a command.
struct Awaited {
    id: Uuid,
    pending: PendingOutcome,
}

/// What came of a command, once it is known.
#[derive(Clone, Default)]
pub(crate) struct PendingOutcome(Rc<Cell<Option<JournalEntry>>>);

impl PendingOutcome {
    /// What came of it; none where nothing did yet.
    pub(crate) fn take(&self) -> Option<JournalEntry> {
        self.0.take()
    }
}

impl PartialEq for OpenLog {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// A log as it was read: what it holds, and what is lost of it.
struct ReadLog {
    world: World,
    losses: Vec<Loss>,
}

impl Host {
    /// Reads a log that is kept, whole, with its side records. It is to be folded next.
    async fn read_log(&self, scenario: &Rc<Scenario>, log: &str) -> Result<ReadLog, StoreError> {
        let records = self.records(log).await?;
        let mut world = World::new(scenario);
        let mut losses = Vec::new();
        let mut visit = |found: CommitOrLoss<'_>| match found {
            CommitOrLoss::Lost(loss) => losses.push(loss),
            CommitOrLoss::Commit(commit) if losses.is_empty() => {
                let (from, to) = (world.log().head() + 1, commit.after);
                if !world.learned(commit.read(scenario)) {
                    losses.push(Loss { from, to, why: "the record is missing".to_owned() });
                }
            }
            // It can be exported from where it is.
            CommitOrLoss::Commit(_) => {}
        };
        self.read(log, 0, 0, &mut visit).await?;
        let kept = decode_side_records(&records);
        if kept.len() < records.len() && losses.is_empty() {
            let head = world.log().head();
            let why = "a record is damaged".to_owned();
            losses.push(Loss { from: head + 1, to: head, why });
        }
        world.settle(kept);
        Ok(ReadLog { world, losses })
    }

    /// Opens a log that is kept. What a long log comes to is folded by [`OpenLog::serve`].
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn open<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        info: LogInfo,
    ) -> store::StoreFuture<'a, OpenLog> {
        Box::pin(async move { Ok(self.open_with(scenario, info, None).await?.log) })
    }

    /// As [`Host::open`], with a command that comes before whatever the log's processes go on
    /// with.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub fn open_with<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        info: LogInfo,
        first: Option<Command>,
    ) -> store::StoreFuture<'a, OpenedLog> {
        Box::pin(async move {
            // Before anything is read: whoever ran the processes until now has noted all of it.
            let runner = self.peers.claim(&info.id).await;
            let ReadLog { world, losses } = self.read_log(scenario, &info.id).await?;
            let info = LogInfo { opened_at: self.clock.now(), ..info };
            let trouble = (!losses.is_empty()).then_some(Trouble::Damaged(losses));
            let whole = trouble.is_none();
            let log = OpenLog::new(self, info, Session::new(world), trouble);
            if whole {
                log.note_opening();
            }
            log.join(runner);
            let first = first.map(|command| {
                let submission = self.read_command(command, &log.session())?;
                Ok(log.submit(submission))
            });
            let short = log.session().log().head() <= FIRST_EVENTS;
            if first.is_none() && !short {
                let refilled = log.clone();
                log.spawn(async move { refilled.refill().await });
                return Ok(OpenedLog { log, trace: Vec::new(), first: None });
            }
            // A process that was interrupted goes on where it was.
            let trace = log.refill_now().await;
            let first = first.map(|pending: Result<PendingOutcome, Error>| {
                let none = || Error::new(ErrorCode::Storage, "the command was not handled");
                sent(&log.session(), pending?.take().ok_or_else(none)?)
            });
            Ok(OpenedLog { log, trace, first })
        })
    }

    /// Makes a new log, with the scenario's story told to its end or empty.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub fn create<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        story: bool,
    ) -> store::StoreFuture<'a, OpenLog> {
        Box::pin(async move {
            let info = self.new_log(scenario, scenario.title.to_string(), None);
            self.describe(&info).await?;
            let runner = self.peers.claim(&info.id).await;
            let log = OpenLog::new(self, info, Session::new(World::new(scenario)), None);
            log.join(runner);
            while story && let (Some(told), _) = log.tell().await {
                // What could not be stored would be told again and again.
                if told.entry.is_none_or(|it| it.outcome == Outcome::NotStored) {
                    return Err(match log.trouble() {
                        Some(Trouble::Full) => StoreError::Full,
                        Some(Trouble::Silent) => StoreError::Silent,
                        other => StoreError::Failed(other.map_or_else(
                            || "the story could not be stored".to_owned(),
                            |it| it.to_string(),
                        )),
                    });
                }
            }
            Ok(log)
        })
    }

    /// A log that is kept, to look at.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn look<'a>(
        &'a self,
        scenario: &'a Rc<Scenario>,
        log: &'a str,
    ) -> store::StoreFuture<'a, Session> {
        Box::pin(async move {
            let mut session = Session::new(self.read_log(scenario, log).await?.world);
            let mut slice = self.slice();
            while !session.refill(REFILL_EVENTS) {
                slice.breathe().await;
            }
            Ok(session)
        })
    }

    /// A slice of long work begins.
    pub fn slice(&self) -> Slice {
        Slice::new(&self.clock)
    }
}

impl OpenLog {
    fn new(host: &Host, info: LogInfo, session: Session, trouble: Option<Trouble>) -> Self {
        let (work, queue) = unbounded();
        Self(Rc::new(Inner {
            host: host.clone(),
            found: session.head(),
            session: RefCell::new(session),
            id: info.id.clone(),
            info: RefCell::new(info),
            gate: Mutex::new(()),
            awaited: RefCell::default(),
            stepping: Cell::new(false),
            story_time: Cell::new(None),
            trouble: RefCell::new(trouble),
            told: RefCell::new(None),
            claim: RefCell::new(None),
            announcing: Cell::new(false),
            work,
            queue: RefCell::new(Some(queue)),
        }))
    }

    /// When it was last opened is not worth waiting for, nor an alarm where that is not kept.
    fn note_opening(&self) {
        let (host, id, opened_at) =
            (self.0.host.clone(), self.0.id.clone(), self.0.info.borrow().opened_at);
        self.spawn(async move {
            // Another tab may have renamed it meanwhile, or put it away.
            let logs = host.all_logs().await.unwrap_or_default();
            if let Some(there) = logs.into_iter().find(|it| it.id == id) {
                _ = host.describe(&LogInfo { opened_at, ..there }).await;
            }
        });
    }

    /// Folds for a slice. True once all is folded.
    fn refill_slice(&self) -> bool {
        let slice = self.0.host.slice();
        let mut session = self.session_mut();
        while !session.refill(REFILL_EVENTS) {
            if slice.over() {
                return false;
            }
        }
        true
    }

    /// How far the subscriptions are, together.
    fn folded(&self) -> u64 {
        self.session().world().subscriptions().iter().map(Subscription::checkpoint).sum()
    }

    /// Folds what is left to fold, and then runs what is due.
    async fn refill_now(&self) -> Vec<MicroStep> {
        let _turn = self.0.gate.lock().await;
        let mut shown = self.folded();
        while !self.refill_slice() {
            // Read models are shown one after the other, each once it is whole.
            if self.folded() > std::mem::replace(&mut shown, self.folded()) {
                self.notify(Vec::new());
            }
            self.0.host.clock.sleep(0).await;
        }
        self.run_in_turn().await
    }

    pub(crate) async fn refill(&self) {
        let trace = self.refill_now().await;
        self.notify(trace);
    }

    /// Who is to be told when the log changes without being asked to here.
    pub fn on_change(&self, told: impl Fn(Vec<MicroStep>) + 'static) {
        self.0.told.replace(Some(Box::new(told)));
    }

    pub(crate) fn notify(&self, trace: Vec<MicroStep>) {
        if let Some(told) = &*self.0.told.borrow() {
            told(trace);
        }
    }

    /// The log's id.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// What is known of the log.
    pub fn info(&self) -> LogInfo {
        self.0.info.borrow().clone()
    }

    /// The head that the log had when it was opened.
    pub fn found(&self) -> u64 {
        self.0.found
    }

    /// The log is called otherwise from now on.
    pub fn rename(&self, title: String) {
        self.0.info.borrow_mut().title = title;
    }

    /// Where it is kept, and what drives it.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// True where this one runs the log's processes.
    pub fn runs_processes(&self) -> bool {
        self.0.claim.borrow().is_some()
    }

    /// What keeps the log from being written, where something does.
    pub fn trouble(&self) -> Option<Trouble> {
        self.0.trouble.borrow().clone()
    }

    /// The running system. Not to be held across an await.
    pub fn session(&self) -> Ref<'_, Viewpoint> {
        Ref::map(self.0.session.borrow(), |it| &**it)
    }

    /// The running system, to move the playhead and to look from there. Not to be held across an
    /// await.
    pub fn viewpoint_mut(&self) -> ViewpointMut<'_> {
        RefMut::map(self.0.session.borrow_mut(), |it| &mut **it)
    }

    /// The running system, to change it. Not to be held across an await.
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

    /// Performs one micro-step, with all that the store has to do for it.
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
        trace
    }

    async fn step_in_turn(&self) -> Option<MicroStep> {
        loop {
            self.keep_claim();
            let now = self.0.story_time.get().unwrap_or_else(|| self.0.host.clock.now());
            let step = self.session_mut().step(now);
            self.hand_over();
            self.keep().await;
            if step.is_some() {
                return step;
            }
            let pending = self.session().world().pending().cloned();
            let answer = self.store(&pending?).await;
            self.session_mut().world_mut().answer(answer);
        }
    }

    async fn store(&self, commit: &Commit) -> StoreAnswer {
        let inner = &self.0;
        let refused = |it: &Trouble| it.lasts() || *it == Trouble::Silent;
        if let Some(trouble) = self.trouble().filter(refused) {
            return StoreAnswer::Failed(trouble.to_string());
        }
        match inner.host.append(&inner.id, commit).await {
            Ok(place) => {
                inner.trouble.replace(None);
                self.announce();
                if (place.number, place.after) != (commit.number, commit.after) {
                    // Others came before it: all of it is known, or none.
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
                // Nothing that is known here has taken the commit's place: the store has less than
                // this tab. It was thrown away, and begun again.
                if self.session().log().commits() < commit.number && !unread {
                    inner.trouble.replace(Some(Trouble::Evicted));
                }
                StoreAnswer::Lost
            }
            Err(fault) => {
                self.in_trouble(&fault);
                StoreAnswer::Failed(fault.to_string())
            }
        }
    }

    /// Stores the side records that have come up.
    async fn keep(&self) {
        let side_records = self.session_mut().world_mut().take_side_records();
        for side_record in side_records {
            if self.trouble().is_some_and(|it| it.lasts() || it == Trouble::Silent) {
                return;
            }
            let ((on, key), text) = self.0.host.written(&side_record);
            match self.0.host.put(&self.0.id, on, &key, &text).await {
                Ok(()) if on == Shelf::Effects => self.announce(),
                Ok(()) => {}
                Err(fault) => self.in_trouble(&fault),
            }
        }
    }

    /// Queues a command; whatever comes of it can be taken from what this returns.
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

    /// Hands each outcome to whoever waits for it: of several with one id, to the one that asked
    /// first.
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

    /// Appends many events at once, past their aggregates: projections are told of all of them
    /// together. What came of it, and what was done.
    pub(crate) async fn append(&self, bulk: BulkAppend) -> (Option<JournalEntry>, Vec<MicroStep>) {
        let _turn = self.0.gate.lock().await;
        let id = bulk.id;
        let pending = self.await_outcome(id);
        self.session_mut().world_mut().submit_bulk(bulk);
        let mut trace = Vec::new();
        while let Some(step) = self.step_in_turn().await {
            trace.push(step);
            if self.session().log().handled(id).is_some() {
                self.session_mut().world_mut().hurry();
            }
        }
        (pending.take(), trace)
    }

    /// Tells the story's next step at its own time, after all that was asked before. None once it
    /// is over.
    pub(crate) async fn tell(&self) -> (Option<Told>, Vec<MicroStep>) {
        let _turn = self.0.gate.lock().await;
        let mut trace = self.run_in_turn().await;
        let Some(number) = self.session().next_in_story() else { return (None, trace) };
        // The first act is what the step is about.
        let pending = self.await_outcome(self.session().story_command(number, 0));
        let Some(step) = self.session_mut().tell(number) else { return (None, trace) };
        self.0.story_time.set(Some(step.at));
        trace.extend(self.run_in_turn().await);
        self.0.story_time.set(None);
        (Some(Told { number: number + 1, say: step.say, entry: pending.take() }), trace)
    }

    /// The side records that are kept now.
    pub(crate) async fn records(&self) -> Result<SideRecords, StoreError> {
        self.0.host.records(&self.0.id).await
    }

    pub(crate) fn join(&self, runner: Runner) {
        match runner {
            Runner::Here(claim) => _ = self.0.claim.replace(Some(claim)),
            Runner::Elsewhere => self.wait_for_claim(),
            Runner::OnlyElsewhere => {
                self.0.trouble.borrow_mut().get_or_insert(Trouble::Elsewhere);
                self.wait_for_claim();
            }
        }
        self.follow();
    }
}
