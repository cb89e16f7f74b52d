//! The requests to `JetStream`, NATS's engine for streams, that a store needs
//! (<https://docs.nats.io/reference/reference-protocols/nats_api_reference>). They are a handful, so
//! that a browser need not fetch a client of `JetStream`, and both transports drive the same code.
//!
//! Several servers may hold copies of a stream. Only the one that leads knows its end. Any may
//! deliver messages, so that one may be behind: whoever reads knows from the leader how far.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::transport::{AnyTransport, Message, Unanswered};
use crate::StoreError;

/// How much is asked for at a time: messages, and bytes.
const BATCH: u64 = 1_000;
const BATCH_BYTES: u64 = 4 << 20;
/// How often somebody who knows more than a server asks again.
const PATIENCE: u32 = 20;

/// Codes of the server's errors.
const NO_STREAM: u64 = 10_059;
const NO_MESSAGE: u64 = 10_037;
const NAME_TAKEN: u64 = 10_058;
/// The last one says that the same attempt is being stored just now.
const WRONG_LAST: [u64; 3] = [10_071, 10_164, 10_158];
const FULL: [u64; 5] = [10_023, 10_047, 10_077, 10_024, 10_110];
const TOO_LARGE: u64 = 10_054;

/// The kind of a refusal that is none: the server does not know yet.
const UNAVAILABLE: u64 = 503;

/// The header that names what the last message of the same subject must be.
pub const EXPECTED_ON_SUBJECT: &str = "Nats-Expected-Last-Subject-Sequence";
/// The header that names the subjects that [`EXPECTED_ON_SUBJECT`] is about, where they are others.
pub(super) const EXPECTED_WITHIN: &str = "Nats-Expected-Last-Subject-Sequence-Subject";
/// The header that names what the last message of the stream must be.
pub(super) const EXPECTED: &str = "Nats-Expected-Last-Sequence";
/// The header that tells one attempt to publish from another.
pub(super) const ATTEMPT: &str = "Nats-Msg-Id";
/// The header that says how many seconds a message lasts.
pub const LASTS: &str = "Nats-TTL";

/// What the server says about a stream.
#[derive(Debug)]
pub(super) struct Info {
    /// When it was made.
    pub created: String,
    /// What the first of its subjects is.
    pub subjects: String,
    /// The room that it takes, in bytes.
    pub bytes: u64,
    /// The place of its last message.
    pub last: u64,
}

/// A message that a stream holds.
#[derive(Debug)]
pub struct Stored {
    /// Its place in the stream. Places may have gaps.
    pub sequence: u64,
    /// What it is about.
    pub subject: String,
    /// Its content.
    pub payload: Vec<u8>,
}

/// The receipt for a message that was stored.
#[derive(Debug)]
pub struct Receipt {
    /// Its place in the stream.
    pub sequence: u64,
    /// True where the same attempt was stored before, at that place.
    pub duplicate: bool,
}

/// Why a message was not stored.
#[derive(Debug, PartialEq, Eq)]
pub enum NotPublished {
    /// Another message came first.
    WrongLast,
    /// No stream takes such messages.
    NoStream,
    /// Whether it was stored is unknown.
    Lost,
    /// It was not stored, for this reason.
    Failed(StoreError),
}

/// What the server says of a request that it refuses.
#[derive(Debug)]
struct Refusal {
    /// The kind of reason, numbered as in HTTP.
    kind: u64,
    code: u64,
    why: String,
}

impl Refusal {
    fn read(self) -> StoreError {
        match self {
            it if FULL.contains(&it.code) => StoreError::Full,
            it if it.code == TOO_LARGE => StoreError::Failed(too_large()),
            it => StoreError::Failed(format!(
                "the class's server refuses it: {} ({})",
                it.why, it.code
            )),
        }
    }
}

/// Reads an answer, which is JSON.
fn answer(message: &Message) -> Option<Result<Value, Refusal>> {
    let answer: Value = serde_json::from_str(str::from_utf8(&message.payload).ok()?).ok()?;
    let Some(error) = answer.get("error") else { return Some(Ok(answer)) };
    let (kind, code) = (number(error, "code"), number(error, "err_code"));
    Some(Err(Refusal { kind, code, why: text(error, "description") }))
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What is said of a commit that no server takes.
pub(super) fn too_large() -> String {
    "a class's log takes at most 8 MB at once".to_owned()
}

impl From<Unanswered> for StoreError {
    fn from(it: Unanswered) -> Self {
        match it {
            Unanswered::NotSent => Self::Failed("the class's server cannot be reached".to_owned()),
            Unanswered::Nobody => Self::Failed("the class's server keeps no logs".to_owned()),
            Unanswered::Lost => Self::Silent,
        }
    }
}

/// The engine behind a connection.
#[derive(Clone)]
pub struct JetStream {
    /// The connection.
    pub transport: AnyTransport,
}

impl JetStream {
    async fn api(&self, call: &str, body: &str) -> Result<Result<Value, Refusal>, StoreError> {
        let subject = format!("$JS.API.{call}");
        let message = self.transport.request(&subject, &[], body.as_bytes()).await?;
        answer(&message).ok_or_else(|| {
            let why = "the class's server says what this page does not understand";
            StoreError::Failed(why.to_owned())
        })
    }

    /// What the leader says about a stream. None where there is none.
    pub(super) async fn info(&self, stream: &str) -> Result<Option<Info>, StoreError> {
        match self.api(&format!("STREAM.INFO.{stream}"), "").await? {
            Ok(info) => {
                let subjects = info.pointer("/config/subjects/0").and_then(Value::as_str);
                let state = info.get("state").unwrap_or(&Value::Null);
                Ok(Some(Info {
                    created: text(&info, "created"),
                    subjects: subjects.unwrap_or_default().to_owned(),
                    bytes: number(state, "bytes"),
                    last: number(state, "last_seq"),
                }))
            }
            Err(refusal) if refusal.code == NO_STREAM => Ok(None),
            Err(refusal) => Err(refusal.read()),
        }
    }

    /// Makes a stream. One that exists stays as it is.
    pub(super) async fn create(&self, name: &str, config: &str) -> Result<(), StoreError> {
        match self.api(&format!("STREAM.CREATE.{name}"), config).await? {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.code == NAME_TAKEN => Ok(()),
            Err(refusal) => Err(refusal.read()),
        }
    }

    /// Changes how a stream is set up.
    pub(super) async fn update(&self, name: &str, config: &str) -> Result<(), StoreError> {
        self.api(&format!("STREAM.UPDATE.{name}"), config).await?.map_err(Refusal::read)?;
        Ok(())
    }

    /// Removes a stream. Does nothing where there is none.
    pub(super) async fn delete(&self, name: &str) -> Result<(), StoreError> {
        match self.api(&format!("STREAM.DELETE.{name}"), "").await? {
            Err(refusal) if refusal.code != NO_STREAM => Err(refusal.read()),
            _ => Ok(()),
        }
    }

    /// Publishes a message that a stream stores.
    ///
    /// # Errors
    /// [`NotPublished`].
    pub async fn publish(
        &self,
        subject: &str,
        headers: &[(&str, String)],
        payload: &[u8],
    ) -> Result<Receipt, NotPublished> {
        let message = match self.transport.request(subject, headers, payload).await {
            Ok(message) => message,
            Err(Unanswered::Nobody) => return Err(NotPublished::NoStream),
            Err(Unanswered::Lost) => return Err(NotPublished::Lost),
            Err(Unanswered::NotSent) => {
                return Err(NotPublished::Failed(Unanswered::NotSent.into()));
            }
        };
        match answer(&message) {
            Some(Ok(receipt)) if number(&receipt, "seq") > 0 => Ok(Receipt {
                sequence: number(&receipt, "seq"),
                duplicate: receipt.get("duplicate") == Some(&Value::Bool(true)),
            }),
            Some(Err(refusal)) if WRONG_LAST.contains(&refusal.code) => {
                Err(NotPublished::WrongLast)
            }
            // While servers choose who leads, nobody knows what became of it. That there is no room is
            // said in the same way, and is known.
            Some(Err(refusal)) if refusal.kind != UNAVAILABLE || FULL.contains(&refusal.code) => {
                Err(NotPublished::Failed(refusal.read()))
            }
            _ => Err(NotPublished::Lost),
        }
    }

    /// The last message about a subject, from the leader. None where there is none.
    ///
    /// # Errors
    /// [`StoreError::Failed`], [`StoreError::Silent`].
    pub async fn last(&self, stream: &str, subject: &str) -> Result<Option<Stored>, StoreError> {
        let which = json!({ "last_by_subj": subject });
        self.ask_leader(stream, &which.to_string()).await
    }

    async fn ask_leader(&self, stream: &str, which: &str) -> Result<Option<Stored>, StoreError> {
        let found = match self.api(&format!("STREAM.MSG.GET.{stream}"), which).await? {
            Ok(found) => found,
            Err(refusal) if [NO_MESSAGE, NO_STREAM].contains(&refusal.code) => return Ok(None),
            Err(refusal) => return Err(refusal.read()),
        };
        let message = found.get("message").unwrap_or(&Value::Null);
        let payload = STANDARD.decode(text(message, "data")).unwrap_or_default();
        let (sequence, subject) = (number(message, "seq"), text(message, "subject"));
        Ok(Some(Stored { sequence, subject, payload }))
    }

    /// Reads a stream from one place up to another, in order. Each batch is handed over as it comes.
    pub(super) async fn fetch(
        &self,
        stream: &str,
        mut from: u64,
        to: u64,
        take: &mut dyn FnMut(Stored),
    ) -> Result<(), StoreError> {
        let mut tries = 0;
        while from <= to {
            let ask = format!(r#"{{"seq":{from},"batch":{BATCH},"max_bytes":{BATCH_BYTES}}}"#);
            let subject = format!("$JS.API.DIRECT.GET.{stream}");
            let before = from;
            for message in self.transport.request_all(&subject, ask.as_bytes()).await? {
                let Message { subject, sequence, payload, .. } = message;
                if sequence >= from {
                    from = sequence + 1;
                    take(Stored { sequence, subject, payload });
                }
            }
            if from == before {
                // This server is behind, or the places that are left are empty.
                let next = format!(r#"{{"seq":{from},"next_by_subj":">"}}"#);
                let Some(next) = self.ask_leader(stream, &next).await? else { return Ok(()) };
                from = next.sequence + 1;
                take(next);
                tries += 1;
                if tries > PATIENCE {
                    return Err(StoreError::Silent);
                }
            }
        }
        Ok(())
    }
}
