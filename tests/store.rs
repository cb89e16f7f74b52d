//! The store in memory keeps the promises of every store.
#![cfg(not(target_arch = "wasm32"))]

mod conformance;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use leftfold::store::MemoryStore;

/// Runs a future of the store in memory, which is never pending.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(it) => it,
        Poll::Pending => panic!("memory answers at once"),
    }
}

macro_rules! tests {
    ($($promise:ident)*) => {$(
        #[test]
        fn $promise() {
            let store = MemoryStore::default();
            at_once(conformance::$promise(async || store.clone()));
        }
    )*};
}
conformance::for_every_promise!(tests!);
