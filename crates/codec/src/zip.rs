//! Several files as one zip archive, stored as they are: a few small texts need no packing. It writes
//! what every unpacker reads (APPNOTE 6.3, entries without a data descriptor), and reads nothing.
//! All that such an archive takes is below: the crates for it bring packing, reading and times along.

/// Puts files into one archive, in this order: name, content.
pub fn zip<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let (mut archive, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u16);
    for (name, content) in files {
        let offset = clamped(archive.len());
        let mut entry = Vec::new();
        // Version 2.0; the name is UTF-8; stored; the first moment of 1980.
        for field in [20_u16, 1 << 11, 0, 0, 33] {
            entry.extend(field.to_le_bytes());
        }
        for field in [crc32(content), clamped(content.len()), clamped(content.len())] {
            entry.extend(field.to_le_bytes());
        }
        entry.extend(u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
        entry.extend(0_u16.to_le_bytes());
        archive.extend(b"PK\x03\x04");
        archive.extend(&entry);
        archive.extend(name.as_bytes());
        archive.extend(content);
        directory.extend(b"PK\x01\x02");
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&entry);
        // No comment, on the first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
        count = count.saturating_add(1);
    }
    let (start, length) = (clamped(archive.len()), clamped(directory.len()));
    archive.extend(directory);
    archive.extend(b"PK\x05\x06");
    archive.extend([0; 4]);
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(length.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    archive
}

/// A length as it is written. Nobody makes four gigabytes of text here.
fn clamped(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_that_everybody_knows() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn an_archive_of_nothing_is_its_end_alone() {
        assert_eq!(zip([]), [b"PK\x05\x06".as_slice(), &[0; 18]].concat());
    }

    #[test]
    fn the_directory_says_where_each_file_is() {
        let archive = zip([("index.html", b"<p>".as_slice()), ("ä/1.txt", b"one")]);
        let place = |mark: &[u8], nth: usize| {
            let places = archive.windows(4).enumerate().filter(|(_, it)| *it == mark);
            places.map(|(at, _)| at).nth(nth).unwrap()
        };
        let second = place(b"PK\x03\x04", 1);
        let entry = place(b"PK\x01\x02", 1);
        assert_eq!(archive[entry + 42..entry + 46], u32::try_from(second).unwrap().to_le_bytes());
        let end = place(b"PK\x05\x06", 0);
        let directory = u32::try_from(place(b"PK\x01\x02", 0)).unwrap();
        assert_eq!(archive[end + 16..end + 20], directory.to_le_bytes());
        assert_eq!(archive[end + 10..end + 12], 2_u16.to_le_bytes());
        assert_eq!(archive.len(), end + 22);
    }
}
