//! The connection of a browser, over a websocket. The client of NATS is fetched when a class is
//! joined; `web/src/class.js` wraps it.

use std::rc::Rc;

use futures::channel::mpsc;
use futures::future::LocalBoxFuture;
use futures::stream::{LocalBoxStream, Stream, StreamExt};
use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::{Closure, JsCast, JsValue, wasm_bindgen};

use super::transport::{Message, Transport, Unanswered};

#[wasm_bindgen]
extern "C" {
    /// The connection that `connect` of `web/class.js` returns.
    #[derive(Clone)]
    pub type JsConnection;

    #[wasm_bindgen(method, catch)]
    async fn request(
        this: &JsConnection,
        subject: &str,
        headers: Array,
        payload: Uint8Array,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = requestAll)]
    async fn request_all(
        this: &JsConnection,
        subject: &str,
        payload: Uint8Array,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method)]
    fn publish(this: &JsConnection, subject: &str, payload: Uint8Array);

    #[wasm_bindgen(method)]
    fn subscribe(this: &JsConnection, subject: &str, heard: &Function) -> Function;

    /// A message as `web/class.js` hands it over.
    type JsMessage;

    #[wasm_bindgen(method, getter)]
    fn subject(this: &JsMessage) -> String;

    #[wasm_bindgen(method, getter)]
    fn status(this: &JsMessage) -> u16;

    #[wasm_bindgen(method, getter)]
    fn sequence(this: &JsMessage) -> f64;

    #[wasm_bindgen(method, getter)]
    fn payload(this: &JsMessage) -> Vec<u8>;
}

/// A connection of this browser.
pub struct Websocket(Rc<JsConnection>);

impl Websocket {
    /// The connection that `connect` of `web/class.js` returned.
    pub fn new(connection: JsValue) -> Self {
        Self(Rc::new(connection.unchecked_into()))
    }
}

fn message(it: &JsValue) -> Message {
    let it: &JsMessage = it.unchecked_ref();
    // A place is a whole number, and no stream has as many messages as a double cannot count.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as said")]
    let sequence = it.sequence() as u64;
    Message { subject: it.subject(), sequence, status: it.status(), payload: it.payload() }
}

/// Why there is no answer, as the script says it in one word.
fn unanswered(why: &JsValue) -> Unanswered {
    match why.as_string().as_deref() {
        Some("not sent") => Unanswered::NotSent,
        Some("nobody") => Unanswered::Nobody,
        _ => Unanswered::Lost,
    }
}

impl Transport for Websocket {
    fn request<'a>(
        &'a self,
        subject: &'a str,
        headers: &'a [(&'a str, String)],
        payload: &'a [u8],
    ) -> LocalBoxFuture<'a, Result<Message, Unanswered>> {
        let words = headers.iter().flat_map(|(name, value)| [*name, value.as_str()]);
        let words: Array = words.map(JsValue::from_str).collect();
        Box::pin(async move {
            let answer = self.0.request(subject, words, payload.into()).await;
            answer.map(|it| message(&it)).map_err(|why| unanswered(&why))
        })
    }

    fn request_all<'a>(
        &'a self,
        subject: &'a str,
        payload: &'a [u8],
    ) -> LocalBoxFuture<'a, Result<Vec<Message>, Unanswered>> {
        Box::pin(async move {
            let answers = self.0.request_all(subject, payload.into()).await;
            let answers = answers.map_err(|why| unanswered(&why))?;
            Ok(Array::from(&answers).iter().map(|it| message(&it)).collect())
        })
    }

    fn publish(&self, subject: &str, payload: &[u8]) {
        self.0.publish(subject, payload.into());
    }

    fn subscribe(&self, subject: &str) -> LocalBoxStream<'static, Message> {
        let (sender, heard) = mpsc::unbounded();
        // Nobody hears it once the stream is dropped.
        let tell = Closure::<dyn Fn(JsValue)>::new(move |it: JsValue| {
            _ = sender.unbounded_send(message(&it));
        });
        let end = self.0.subscribe(subject, tell.as_ref().unchecked_ref());
        Heard { messages: heard, end, _tell: tell }.boxed_local()
    }
}

/// What is heard until this is dropped.
struct Heard {
    messages: mpsc::UnboundedReceiver<Message>,
    end: Function,
    _tell: Closure<dyn Fn(JsValue)>,
}

impl Drop for Heard {
    fn drop(&mut self) {
        // The script's own function does not fail.
        _ = self.end.call0(&JsValue::NULL);
    }
}

impl Stream for Heard {
    type Item = Message;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Message>> {
        self.messages.poll_next_unpin(context)
    }
}
