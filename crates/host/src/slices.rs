//! Long work is done in slices, so that a page stays responsive.

use std::rc::Rc;

use crate::Clock;

/// The longest task that a person does not notice, in milliseconds.
const SLICE_MILLIS: u64 = 12;

/// A slice of long work: it knows when it began, and when it has to end.
pub struct Slice {
    clock: Rc<dyn Clock>,
    began: u64,
}

impl Slice {
    /// Begins a slice now.
    pub fn new(clock: &Rc<dyn Clock>) -> Self {
        Self { clock: clock.clone(), began: clock.now() }
    }

    /// True once the slice has to end. A clock that was set back ends it as well.
    pub fn over(&self) -> bool {
        self.clock.now().abs_diff(self.began) > SLICE_MILLIS
    }

    /// Where the slice has to end, gives all other tasks a turn and begins the next slice.
    pub async fn breathe(&mut self) {
        if self.over() {
            self.clock.sleep(0).await;
            self.began = self.clock.now();
        }
    }
}
