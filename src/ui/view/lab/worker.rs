//! What takes longer, done in slices between frames. Only its own drawer is drawn again, not the
//! page.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::timers::callback::Timeout;
use yew::{Callback, Component, Context, Html, Properties};

use crate::host::OpenLog;
use crate::ui::browser::clock::now;
use crate::ui::model::lab::Job;

/// How long a slice lasts, in milliseconds.
const SLICE: u64 = 6;
/// How many events or looks are gone through between two looks at the clock, at most.
const BUDGET: u64 = 64;

#[derive(Properties)]
pub struct WorkerProps {
    pub open_log: OpenLog,
    pub job: Rc<RefCell<dyn Job>>,
    /// Draws what is there by now.
    pub draw: Callback<(), Html>,
}

impl PartialEq for WorkerProps {
    fn eq(&self, _: &Self) -> bool {
        // The page draws the drawer again only where something may have changed.
        false
    }
}

/// Goes on with a job for as long as it is in view.
pub struct Worker {
    slice: Option<Timeout>,
    budget: u64,
}

impl Component for Worker {
    type Message = ();
    type Properties = WorkerProps;

    fn create(ctx: &Context<Self>) -> Self {
        let mut it = Self { slice: None, budget: 1 };
        it.go_on(ctx);
        it
    }

    fn changed(&mut self, ctx: &Context<Self>, _: &WorkerProps) -> bool {
        self.go_on(ctx);
        true
    }

    fn update(&mut self, ctx: &Context<Self>, (): ()) -> bool {
        let WorkerProps { open_log, job, .. } = ctx.props();
        let start = now();
        {
            let (mut job, mut session) = (job.borrow_mut(), open_log.viewpoint_mut());
            while job.busy() && now() - start < SLICE {
                let before = now();
                job.advance(&mut session, self.budget);
                // Large read models take longer to look at.
                self.budget = match now() - before {
                    0..=2 => (self.budget * 2).min(BUDGET),
                    3..=SLICE => self.budget,
                    _ => (self.budget / 2).max(1),
                };
            }
        }
        self.slice = None;
        self.go_on(ctx);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        ctx.props().draw.emit(())
    }
}

impl Worker {
    fn go_on(&mut self, ctx: &Context<Self>) {
        let WorkerProps { open_log, job, .. } = ctx.props();
        job.borrow_mut().keep_up(&open_log.session());
        if self.slice.is_none() && job.borrow().busy() {
            let link = ctx.link().clone();
            self.slice = Some(Timeout::new(0, move || link.send_message(())));
        }
    }
}
