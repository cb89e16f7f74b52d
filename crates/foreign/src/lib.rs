//! Files of other tools: the encodings that they come in, what is wrong where they are no JSON, and
//! what their events look like. The codec reads such files with it.
//!
//! Such files come seldom. So this room is compiled for size, and what the codec calls of it is not
//! inlined there, where all is compiled for speed.

mod encoding;
mod shapes;
mod syntax;

pub use encoding::{Decoded, Decoder};
pub use shapes::{Contained, Fault, Foreign, Mapped, Mapping, Previewed, SAMPLES, contained};
pub use syntax::NoJson;
