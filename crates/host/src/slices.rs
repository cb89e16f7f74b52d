//! Long work in slices that nobody notices.

use std::rc::Rc;

use crate::Clock;

/// A task that a page does not notice, in milliseconds.
const SLICE_MILLIS: u64 = 12;

/// When a slice that began a moment ago has to end.
pub struct Slice {
    clock: Rc<dyn Clock>,
    began: u64,
}

impl Slice {
    /// The slice begins.
    pub fn new(clock: &Rc<dyn Clock>) -> Self {
        Self { clock: clock.clone(), began: clock.now() }
    }

    /// True where it has to end. A clock that was set back ends it as well.
    pub fn over(&self) -> bool {
        self.clock.now().abs_diff(self.began) > SLICE_MILLIS
    }

    /// Where it has to end, lets everybody else have a turn, and begins another one.
    pub async fn breathe(&mut self) {
        if self.over() {
            self.clock.sleep(0).await;
            self.began = self.clock.now();
        }
    }
}
