//! The interpreter for tests: `QuickJS` by way of `rquickjs`. Its limits are of the same kinds as those in
//! the page, and lower, so that tests of code without an end are quick.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rquickjs::context::EvalOptions;
use rquickjs::{Context, Ctx, Function, Persistent, Runtime, Value};

use crate::BRIDGE;
use crate::engine::{Ended, Engine, Halt, Thrown};

const MEMORY_BYTES: usize = 64 << 20;
const STACK_BYTES: usize = 256 << 10;
/// How often the interpreter may ask whether it is to go on, in one call.
const ASKED_AT_MOST: u32 = 400;

/// An interpreter outside a browser.
pub struct NativeEngine {
    // Dropped in this order: the function before its context, the context before its runtime.
    bridge: RefCell<Option<Persistent<Function<'static>>>>,
    context: Context,
    runtime: Runtime,
    asked: Rc<Cell<u32>>,
    ended: Cell<Option<Ended>>,
}

impl NativeEngine {
    /// An interpreter with the bridge in it.
    ///
    /// # Errors
    /// [`Ended::Broken`] where it cannot be made.
    pub fn new() -> Result<Self, Ended> {
        let broken = |_| Ended::Broken;
        let runtime = Runtime::new().map_err(broken)?;
        runtime.set_memory_limit(MEMORY_BYTES);
        runtime.set_max_stack_size(STACK_BYTES);
        let asked = Rc::new(Cell::new(0));
        let counted = asked.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || {
            counted.set(counted.get() + 1);
            counted.get() > ASKED_AT_MOST
        })));
        let context = Context::full(&runtime).map_err(broken)?;
        let bridge = context.with(|ctx| {
            let bridge: Function = ctx.eval(BRIDGE)?;
            Ok::<_, rquickjs::Error>(Persistent::save(&ctx, bridge))
        });
        let bridge = RefCell::new(Some(bridge.map_err(broken)?));
        Ok(Self { bridge, context, runtime, asked, ended: Cell::new(None) })
    }

    /// Runs `work` with a new allowance.
    fn limited<T>(&self, work: impl FnOnce(&Ctx) -> rquickjs::Result<T>) -> Result<T, Halt> {
        if let Some(ended) = self.ended.get() {
            return Err(Halt::Ended(ended));
        }
        self.asked.set(0);
        let result = self.context.with(|ctx| {
            work(&ctx).map_err(|error| {
                let thrown =
                    if error.is_exception() { thrown(&ctx.catch()) } else { Thrown::default() };
                if self.asked.get() > ASKED_AT_MOST {
                    Halt::Ended(Ended::Time)
                } else if thrown.message.contains("out of memory") {
                    Halt::Ended(Ended::Memory)
                } else if thrown.name == "InternalError" && thrown.message.contains("stack") {
                    Halt::Ended(Ended::Stack)
                } else {
                    Halt::Thrown(thrown)
                }
            })
        });
        if let Err(Halt::Ended(ended)) = &result {
            self.ended.set(Some(*ended));
        }
        result
    }
}

impl Drop for NativeEngine {
    fn drop(&mut self) {
        self.bridge.take();
        self.runtime.run_gc();
    }
}

fn thrown(value: &Value) -> Thrown {
    let Some(error) = value.as_object() else {
        return Thrown { message: "something was thrown".to_owned(), ..Thrown::default() };
    };
    let text = |name: &str| error.get::<_, String>(name).unwrap_or_default();
    Thrown { name: text("name"), message: text("message"), stack: text("stack") }
}

impl Engine for NativeEngine {
    fn evaluate(&self, text: &str, file: &str) -> Result<(), Halt> {
        self.limited(|ctx| {
            let mut options = EvalOptions::default();
            options.filename = Some(file.to_owned());
            ctx.eval_with_options::<(), _>(text, options)
        })
    }

    fn call(&self, text: &str) -> Result<String, Ended> {
        let answer = self.limited(|ctx| {
            let bridge = self.bridge.borrow().clone().ok_or(rquickjs::Error::Unknown)?;
            bridge.restore(ctx)?.call::<_, String>((text,))
        });
        answer.map_err(|halt| match halt {
            Halt::Ended(ended) => ended,
            Halt::Thrown(_) => {
                self.ended.set(Some(Ended::Broken));
                Ended::Broken
            }
        })
    }
}
