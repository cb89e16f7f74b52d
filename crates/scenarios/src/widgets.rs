//! Publish, delete, undelete. The bin, undo and a widget's versions are features that nobody
//! planned: each is one more read model over events that were recorded already. Undo and restore are
//! commands as well: their events bring back what was, and a widget remembers its past for them.

mod widget;
mod read_models;
mod story;

#[cfg(test)]
mod examples;

use es::{Scenario, States};

use self::read_models::{Bin, Versions};
use self::story::{AUGUST_2017, story};
use self::widget::Widget;

/// Two widgets, one of which goes to the bin and comes back.
pub fn scenario() -> Scenario {
    let about = "Undelete, undo, versions: features nobody planned, from events already there.";
    Scenario::new("widgets", "Publish, delete, undelete", about)
        .aggregate::<Widget>()
        .projection::<States<Widget>>()
        .projection::<Bin>()
        .projection::<Versions>()
        .story(AUGUST_2017, story())
}
