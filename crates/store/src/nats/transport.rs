//! A connection to a server of NATS, and no more of it than a store needs. There are two: in the
//! browser over a websocket, and natively for tests.

use std::rc::Rc;

use futures::future::LocalBoxFuture;
use futures::stream::LocalBoxStream;

/// A shared connection of any kind.
pub type AnyTransport = Rc<dyn Transport>;

/// A message of NATS.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// What it is about. Where a stream delivers it: what it was about when it was stored.
    pub subject: String,
    /// Its place in the stream that delivers it, from 1. 0 where none does.
    pub sequence: u64,
    /// The status with which the server answers where it has no content. 0 for content.
    pub status: u16,
    /// Its content.
    pub payload: Vec<u8>,
}

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// There is no connection, and nothing was sent.
    NotSent,
    /// Nobody listens there.
    Nobody,
    /// The server may have got the request, and has not answered in time.
    Lost,
}

/// A connection that is opened again by itself where it is lost.
pub trait Transport {
    /// Sends a request and waits for the answer, for a few seconds at most. Without a connection it
    /// sends nothing, also not later.
    fn request<'a>(
        &'a self,
        subject: &'a str,
        headers: &'a [(&'a str, String)],
        payload: &'a [u8],
    ) -> LocalBoxFuture<'a, Result<Message, Unanswered>>;

    /// Sends a request that has many answers, out of a stream, and waits for all of them: up to the first one that
    /// has a status instead of content, which comes last.
    fn request_all<'a>(
        &'a self,
        subject: &'a str,
        payload: &'a [u8],
    ) -> LocalBoxFuture<'a, Result<Vec<Message>, Unanswered>>;

    /// Sends a message that nobody answers. It may get lost.
    fn publish(&self, subject: &str, payload: &[u8]);

    /// All messages about a subject from now on. Those that are sent while there is no connection
    /// are missed. Whenever there is one again, the stream yields a message without a subject.
    fn subscribe(&self, subject: &str) -> LocalBoxStream<'static, Message>;
}
