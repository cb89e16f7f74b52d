//! The Fold view: rows are events, columns are folds, each cell is the state after its event.

use std::rc::Rc;

use crate::es::{Recorded, Stream};
use crate::host::OpenLog;
use crate::lab::SubscriptionKind;

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
    /// The names of streams, read models and processes.
    pub columns: Rc<Vec<Rc<str>>>,
}

impl FoldView {
    /// Takes a column in, or leaves it out.
    pub fn set_column(&mut self, name: &Rc<str>, on: bool) {
        let columns = Rc::make_mut(&mut self.columns);
        columns.retain(|it| it != name);
        if on {
            columns.push(name.clone());
        }
    }

    /// Chooses columns where nobody has: the state of the event at the playhead, or the first
    /// there is, and the first read models and processes.
    pub fn choose_columns(&mut self, open_log: &OpenLog, streams: &[Stream]) {
        if !self.columns.is_empty() {
            return;
        }
        let session = open_log.session();
        let here = session.event().map(Recorded::stream);
        let stream = here.or(streams.first()).map(|it| it.as_str().into());
        let subscriptions = session.world().subscriptions();
        // A process comes before the second read model: it is what the story is about.
        let of_kind = |kind| subscriptions.iter().filter(move |it| it.kind() == kind);
        let (mut views, processes) =
            (of_kind(SubscriptionKind::Projection), of_kind(SubscriptionKind::Process));
        let first = views.next();
        let names = first.into_iter().chain(processes).chain(views).map(|it| it.name().clone());
        let columns = stream.into_iter().chain(names.take(SUBSCRIPTIONS_AT_FIRST));
        self.columns = Rc::new(columns.collect());
    }
}
