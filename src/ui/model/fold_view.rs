//! The Fold view: rows are events, columns are folds, each cell is the state after its event.

use std::rc::Rc;

use crate::es::{Recorded, Scenario, Stream};
use crate::host::OpenLog;
use crate::lab::SubscriptionKind;
use crate::ui::browser::embed::PANELS;

/// How many read models and processes are columns where nobody has chosen.
const SUBSCRIPTIONS_AT_FIRST: usize = 2;

/// What happens to the Fold view.
pub enum Msg {
    /// Show it, or the ordinary page.
    Show(bool),
    /// Show it, with the state or read model of that name among its columns.
    See(Rc<str>),
    /// Take the state or read model of that name in as a column, or leave it out.
    Column(Rc<str>, bool),
}

/// Whether the Fold view is shown, and its columns.
#[derive(Default)]
pub struct FoldView {
    pub shown: bool,
    /// The names of streams, read models and processes that somebody has chosen as columns. None
    /// where nobody has.
    chosen: Option<Columns>,
    /// The columns where nobody has chosen.
    offered: Columns,
    /// The page is in a frame that names its columns.
    framed: bool,
    /// The stage that the columns were offered for.
    stage: Columns,
}

/// Names of streams, read models and processes.
pub type Columns = Rc<Vec<Rc<str>>>;

impl FoldView {
    /// The columns that are shown.
    pub fn columns(&self) -> &Columns {
        self.chosen.as_ref().unwrap_or(&self.offered)
    }

    /// Shows these columns, because somebody else looks at them.
    pub fn show_as(&mut self, columns: &[String]) {
        let same = self.columns().iter().map(|it| &**it).eq(columns.iter().map(String::as_str));
        if !same && !columns.is_empty() {
            self.chosen = Some(Rc::new(columns.iter().map(|it| it.as_str().into()).collect()));
        }
    }

    /// Takes a column in, or leaves it out.
    pub fn set_column(&mut self, name: &Rc<str>, on: bool) {
        let mut columns = self.columns().clone();
        let all = Rc::make_mut(&mut columns);
        all.retain(|it| it != name);
        if on {
            all.push(name.clone());
        }
        self.chosen = Some(columns);
    }

    /// In a frame: the columns are those among the panels that are folded.
    pub fn show_in_frame(&mut self, panels: &[Rc<str>]) {
        self.shown = panels.iter().any(|it| **it == *"Fold");
        let columns: Vec<_> = panels.iter().filter(|it| is_folded(it)).cloned().collect();
        self.framed = !columns.is_empty();
        self.chosen = self.framed.then(|| Rc::new(columns));
    }

    /// Another scenario is open: nobody has chosen columns there.
    pub fn leave(&mut self) {
        *self = Self { shown: self.shown, ..Self::default() };
    }

    /// Offers the columns that the story's step is about. A new step takes the place of what
    /// somebody has chosen for the one before. Where there is no step, the state of the event at
    /// the playhead and the first read models and processes are offered.
    pub fn offer(&mut self, open_log: &OpenLog, streams: &[Stream], stage: &Columns) {
        if self.stage != *stage {
            self.stage = stage.clone();
            self.chosen.take_if(|_| !self.framed);
            self.offered = Rc::new(stage.iter().filter(|it| is_folded(it)).cloned().collect());
        }
        if self.offered.is_empty() {
            self.offered = first(open_log, streams);
        }
    }
}

/// True for what is folded from events: not for the parts that every system has.
pub fn is_folded(name: &str) -> bool {
    !PANELS.contains(&name)
}

/// True for the name of a panel. A stream may be still to come.
pub fn is_panel(scenario: &Scenario, name: &str) -> bool {
    let category = Stream::parse(name).ok().map(|it| it.category().to_owned());
    !is_folded(name)
        || scenario.projections.iter().any(|it| *it.name() == *name)
        || scenario.processes.iter().any(|it| *it.name() == *name)
        || category.is_some_and(|it| scenario.aggregates.iter().any(|one| *one.name() == *it))
}

/// The state of the event at the playhead, or the first there is, and the first read models and
/// processes.
fn first(open_log: &OpenLog, streams: &[Stream]) -> Columns {
    let session = open_log.session();
    let here = session.event().map(Recorded::stream);
    let stream = here.or(streams.first()).map(|it| it.as_str().into());
    let subscriptions = session.world().subscriptions();
    // A process comes before the second read model: it is what the story is about.
    let of_kind = |kind| subscriptions.iter().filter(move |it| it.kind() == kind);
    let mut views = of_kind(SubscriptionKind::Projection);
    let processes = of_kind(SubscriptionKind::Process);
    let one = views.next();
    let names = one.into_iter().chain(processes).chain(views).map(|it| it.name().clone());
    Rc::new(stream.into_iter().chain(names.take(SUBSCRIPTIONS_AT_FIRST)).collect())
}
