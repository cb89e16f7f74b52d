//! Is a read model right? Its running instance beside a clean fold of the same events.

use super::diff::{Line, changes, keyed};
use super::session::{Viewpoint, reader};
use es::View;

/// Whether a running instance equals a clean fold up to its checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Health {
    /// It does.
    #[default]
    Clean,
    /// It doesn't; this is what a clean fold shows.
    Differs(Box<View>),
    /// There is a gap in what it was told, or it has crashed: the two cannot be compared.
    Unjudged,
}

impl Health {
    /// What differs, as lines: what a clean fold shows as what was, and what the running
    /// instance shows as what is. Empty where nothing differs.
    pub fn differences(&self, running: &View) -> Vec<Line> {
        match self {
            Self::Differs(clean) => changes(&keyed(clean), &keyed(running)),
            Self::Clean | Self::Unjudged => Vec::new(),
        }
    }
}

impl Viewpoint {
    /// Whether a subscription's running instance equals a clean fold up to its checkpoint. The
    /// fold is stood still there, so that asking again costs little. None where no projection or
    /// process of that name runs.
    pub fn health(&mut self, name: &str) -> Option<Health> {
        let it = self.world.subscription(name)?;
        if it.ahead().next().is_some() {
            return Some(Health::Unjudged);
        }
        let (revision, checkpoint) = (it.revision, it.checkpoint());
        if let Some((at, to, health)) = self.judged.get(name)
            && (*at, *to) == (revision, checkpoint)
        {
            return Some(health.clone());
        }
        let reader = reader(&mut self.readers, &self.world, it)?;
        let clean = reader.view(checkpoint, self.world.log());
        let same = clean == it.view();
        let health = if same { Health::Clean } else { Health::Differs(Box::new(clean)) };
        self.judged.insert(it.name().clone(), (revision, checkpoint, health.clone()));
        Some(health)
    }
}
