//! Files in and out, gzip, the clipboard, and how much room the browser gives.

use super::clock::slice;
use gloo::timers::future::TimeoutFuture;
use gloo::utils::{document, window};
use js_sys::{Array, ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, File, HtmlAnchorElement, ReadableStream, ReadableStreamByobReader,
    ReadableStreamDefaultReader, ReadableWritablePair, Response, Url,
};

#[wasm_bindgen]
extern "C" {
    /// As the browser has it: the bindings leave these two out.
    #[wasm_bindgen(extends = Object)]
    type CompressionStream;

    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;

    #[wasm_bindgen(extends = Object)]
    type DecompressionStream;

    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why a file could not be read or written.
pub fn said(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|it| it.as_string());
    message.unwrap_or_else(|| "the browser refused it".to_owned())
}

/// The text of a file that lies beside the page; none where it cannot be fetched.
pub async fn fetched(path: &str) -> Option<String> {
    let response = JsFuture::from(window().fetch_with_str(path)).await.ok()?;
    let response: Response = response.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}

/// A file that grows piece by piece.
#[derive(Default)]
pub struct Pieces(Array);

impl Pieces {
    /// Adds a piece.
    pub fn push(&self, bytes: &[u8]) {
        self.0.push(&Uint8Array::from(bytes));
    }

    /// Hands it to the person as a download; compressed where that is wanted.
    pub async fn download(&self, name: &str, zip: bool) -> Result<(), String> {
        let mut blob = Blob::new_with_u8_array_sequence(&self.0).map_err(|it| said(&it))?;
        if zip {
            let zipped = CompressionStream::new("gzip").map_err(|it| said(&it))?;
            let stream = blob.stream().pipe_through(zipped.unchecked_ref::<ReadableWritablePair>());
            let whole = Response::new_with_opt_readable_stream(Some(&stream))
                .and_then(|response| response.blob())
                .map_err(|it| said(&it))?;
            blob = JsFuture::from(whole).await.map_err(|it| said(&it))?.unchecked_into();
        }
        let url = Url::create_object_url_with_blob(&blob).map_err(|it| said(&it))?;
        let link: HtmlAnchorElement =
            document().create_element("a").map_err(|it| said(&it))?.unchecked_into();
        link.set_href(&url);
        link.set_download(name);
        link.click();
        // The browser has it by the time the click returns, or asks first and keeps it until then.
        wasm_bindgen_futures::spawn_local(async move {
            TimeoutFuture::new(60_000).await;
            _ = Url::revoke_object_url(&url);
        });
        Ok(())
    }
}

/// Reads a file in pieces, which are unpacked first where it is packed, until `visit` says no.
pub async fn read(file: &File, mut visit: impl FnMut(&[u8]) -> bool) -> Result<(), String> {
    let mut pace = slice();
    let start = file.slice_with_i32_and_i32(0, 2).map_err(|it| said(&it))?;
    let start = JsFuture::from(start.array_buffer());
    // Most files are not packed: the first piece comes together with what tells.
    let mut reader = Reader::of(&file.stream());
    let mut asked = reader.next(None);
    if Uint8Array::new(&start.await.map_err(|it| said(&it))?).to_vec() == GZIP {
        reader.cancel();
        let unzipped = DecompressionStream::new("gzip").map_err(|it| said(&it))?;
        let unzipped = unzipped.unchecked_ref::<ReadableWritablePair>();
        reader = Reader::of(&file.stream().pipe_through(unzipped));
        asked = reader.next(None);
    }
    let mut spare = None;
    loop {
        let piece = asked.await.map_err(|it| said(&it))?;
        let of = |name: &str| Reflect::get(&piece, &name.into()).unwrap_or_default();
        let (false, Ok(bytes)) = (of("done").is_truthy(), of("value").dyn_into::<Uint8Array>())
        else {
            return Ok(());
        };
        // The next piece comes while this one is looked at.
        asked = reader.next(spare.take());
        if !visit(&bytes.to_vec()) {
            // Nothing more is wanted of it.
            reader.cancel();
            return Ok(());
        }
        spare = Some(bytes.buffer());
        pace.breathe().await;
    }
}

/// How much is read in one piece.
const READ_BYTES: u32 = 1 << 20;

/// Reads a stream piece by piece.
enum Reader {
    /// Into memory that is used again and again: a file.
    Again(ReadableStreamByobReader),
    /// Into new memory each time: what comes out of an unpacker, or a file in an older browser.
    Anew(ReadableStreamDefaultReader),
}

impl Reader {
    fn of(stream: &ReadableStream) -> Self {
        match ReadableStreamByobReader::new(stream) {
            Ok(reader) => Self::Again(reader),
            Err(_) => Self::Anew(stream.get_reader().unchecked_into()),
        }
    }

    /// What comes next.
    fn next(&self, spare: Option<ArrayBuffer>) -> JsFuture {
        JsFuture::from(match self {
            Self::Again(reader) => {
                let room = spare.unwrap_or_else(|| ArrayBuffer::new(READ_BYTES));
                reader.read_with_array_buffer_view(&Uint8Array::new(&room))
            }
            Self::Anew(reader) => reader.read(),
        })
    }

    fn cancel(&self) {
        let _: Promise = match self {
            Self::Again(reader) => reader.cancel(),
            Self::Anew(reader) => reader.cancel(),
        };
    }
}

/// Puts a text on the clipboard. False where the browser does not let it.
pub async fn copy(text: &str) -> bool {
    let clipboard = Reflect::get(&window().navigator(), &"clipboard".into()).unwrap_or_default();
    if clipboard.is_undefined() {
        return false;
    }
    JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}

/// Room that the browser gives, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Room {
    /// What is used of it.
    pub used: f64,
    /// How much there is.
    pub quota: f64,
    /// True where the browser has promised to throw nothing away.
    pub kept: bool,
}

/// How much room there is; none where the browser does not say.
pub async fn room() -> Option<Room> {
    let estimate = ask("estimate").await?;
    let number = |name: &str| Reflect::get(&estimate, &name.into()).ok()?.as_f64();
    let (used, quota) = (number("usage")?, number("quota")?);
    let kept = ask("persisted").await.is_some_and(|it| it.is_truthy());
    Some(Room { used, quota, kept })
}

/// Asks the browser to throw nothing away. True where it agrees.
pub async fn persist() -> bool {
    ask("persist").await.is_some_and(|it| it.is_truthy())
}

async fn ask(what: &str) -> Option<JsValue> {
    let storage = Reflect::get(&window().navigator(), &"storage".into()).ok()?;
    let method = Reflect::get(storage.dyn_ref::<Object>()?, &what.into()).ok()?;
    let answer = method.dyn_ref::<js_sys::Function>()?.call0(&storage).ok()?;
    JsFuture::from(Promise::resolve(&answer)).await.ok()
}
