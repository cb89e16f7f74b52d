//! The encoding of a text: UTF-8, or UTF-16 as Windows writes it, behind a byte order mark or without
//! one. Without one, the first character tells it: in JSON that is an ASCII one, of whose two bytes one
//! is zero, and UTF-8 has no such byte there ([RFC 4627](https://www.rfc-editor.org/rfc/rfc4627#section-3)).

/// Turns the pieces of a text into UTF-8.
#[derive(Default)]
pub struct Decoder {
    encoding: Encoding,
    /// The first byte of a pair whose second one has not come yet.
    half: Option<u8>,
    /// The first half of a character that UTF-16 writes in two units.
    surrogate: Option<u16>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Encoding {
    /// Fewer than two bytes have come.
    #[default]
    Unknown,
    Utf8,
    Utf16 {
        big: bool,
    },
    /// It is no text.
    None,
}

/// What a piece of a text is in UTF-8.
pub enum Decoded {
    /// It is in UTF-8 as it is, behind this byte of the piece before.
    Same(Option<u8>),
    /// It was in UTF-16.
    Other(Vec<u8>),
    /// It is not text in UTF-16 any more after these bytes.
    Bad(Vec<u8>),
}

impl Decoder {
    /// The next piece. A first byte alone is kept until the next one comes.
    pub fn piece(&mut self, piece: &[u8]) -> Decoded {
        let mut rest = piece;
        if self.encoding == Encoding::Unknown {
            let first = self.half.or_else(|| Some(*rest.split_off_first()?));
            let (Some(first), Some(&second)) = (first, rest.first()) else {
                self.half = first;
                return Decoded::Other(Vec::new());
            };
            let (big, marked) = match [first, second] {
                [0xff, 0xfe] => (false, true),
                [0xfe, 0xff] => (true, true),
                [1..=0x7f, 0] => (false, false),
                [0, 1..=0x7f] => (true, false),
                _ => {
                    self.encoding = Encoding::Utf8;
                    return Decoded::Same(self.half.take());
                }
            };
            self.encoding = Encoding::Utf16 { big };
            (self.half, rest) = if marked { (None, &rest[1..]) } else { (Some(first), rest) };
        }
        match self.encoding {
            Encoding::Utf16 { big } => self.units(big, rest),
            Encoding::None => Decoded::Other(Vec::new()),
            _ => Decoded::Same(None),
        }
    }

    #[inline(never)]
    fn units(&mut self, big: bool, bytes: &[u8]) -> Decoded {
        let mut text = String::with_capacity(bytes.len());
        for &byte in bytes {
            let Some(first) = self.half.take() else {
                self.half = Some(byte);
                continue;
            };
            let pair = [first, byte];
            let unit = if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
            let units = [self.surrogate.take(), Some(unit)];
            if units[0].is_none() && (0xd800..0xdc00).contains(&unit) {
                self.surrogate = Some(unit);
                continue;
            }
            let Some(Ok(character)) = char::decode_utf16(units.into_iter().flatten()).next() else {
                self.encoding = Encoding::None;
                return Decoded::Bad(text.into_bytes());
            };
            text.push(character);
        }
        Decoded::Other(text.into_bytes())
    }

    /// The byte that is left, where the text is a single one. False where the text ends within a
    /// character.
    pub fn finish(&mut self) -> (Option<u8>, bool) {
        match self.encoding {
            Encoding::Utf16 { .. } => (None, self.half.is_none() && self.surrogate.is_none()),
            _ => (self.half.take(), true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text that bytes are, in pieces of `size`. None where they are no text.
    fn decoded(bytes: &[u8], size: usize) -> Option<String> {
        let (mut decoder, mut all) = (Decoder::default(), Vec::new());
        for piece in bytes.chunks(size) {
            match decoder.piece(piece) {
                Decoded::Same(first) => all.extend(first.into_iter().chain(piece.iter().copied())),
                Decoded::Other(text) => all.extend(text),
                Decoded::Bad(_) => return None,
            }
        }
        let (last, whole) = decoder.finish();
        all.extend(last);
        whole.then(|| String::from_utf8(all).unwrap())
    }

    #[test]
    fn a_text_is_read_in_each_encoding_and_in_pieces_of_any_size() {
        let text = "[{\"a\":\"Zoë 🥨\"}]\r\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little = units.iter().flat_map(|it| it.to_le_bytes());
        let big = units.iter().flat_map(|it| it.to_be_bytes());
        let (no_mark_little, no_mark_big): (Vec<u8>, Vec<u8>) =
            (little.clone().collect(), big.clone().collect());
        let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(little).collect();
        let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(big).collect();
        for bytes in [text.as_bytes(), &little, &big, &no_mark_little, &no_mark_big] {
            for size in [1, 2, 3, 7, 100] {
                assert_eq!(decoded(bytes, size).as_deref(), Some(text), "in pieces of {size}");
            }
        }
        assert_eq!(decoded(b"", 1).as_deref(), Some(""));
        assert_eq!(decoded(b"x", 1).as_deref(), Some("x"));
        for cut in [little.len() - 1, little.len() - 13] {
            assert_eq!(decoded(&little[..cut], 5), None, "{cut}");
        }
        assert_eq!(decoded(&[0xff, 0xfe, 0x00, 0xdc], 9), None);
    }
}
