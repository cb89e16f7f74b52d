//! Times as CloudEvents write them: RFC 3339, in milliseconds since 1970.
//!
//! They are read and written by hand because a library costs too much here. With jiff 0.2.46 the
//! page is 26.9 kB larger after brotli, a twentieth of it, and a time takes 0.25 µs to read instead
//! of 0.12 µs, once for each event of an import. (Writing takes 0.25 µs with jiff, and 0.75 µs by
//! hand.) Besides, jiff takes more than the standard allows, such as `2017-08-24T18:00Z`, and writes
//! no year after 9999, which a damaged log may hold.

use super::check::LATEST;

const DAY_MILLIS: u64 = 86_400_000;

/// A time, in milliseconds since 1970, as RFC 3339 has it.
pub(super) fn time(at: u64) -> String {
    let (days, millis) = (at / DAY_MILLIS, at % DAY_MILLIS);
    // Here a year begins in March, so that a leap day is its last day. 400 years, an era, always
    // have the same length. 719,468 days lie between 1 March of the year 0 and 1970.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
    let (second, rest) = (millis / 1_000 % 60, millis % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z")
}

/// True where [`time`] writes the text: `2017-08-24T18:00:00.000Z`. `at` is what the text says.
pub(super) fn is_written(text: &str, at: u64) -> bool {
    // Nearly all times look so, and to write each is slow.
    if let [
        _,
        _,
        _,
        _,
        b'-',
        _,
        _,
        b'-',
        _,
        _,
        b'T',
        _,
        _,
        b':',
        _,
        _,
        b':',
        b'0'..=b'5',
        _,
        b'.',
        _,
        _,
        _,
        b'Z',
    ] = text.as_bytes()
    {
        return true;
    }
    time(at) == text
}

/// The milliseconds since 1970 of a time in RFC 3339, less than 0 before that: with any zone, and
/// any number of decimals, of which three count. `None` where the text is no such time.
pub(super) fn millis(text: &str) -> Option<i128> {
    let mut text = Digits(text.as_bytes());
    let year = text.number(text.count().max(4))?;
    text.one(b"-")?;
    let month = text.number(2)?;
    text.one(b"-")?;
    let day = text.number(2)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    text.one(b"Tt ")?;
    let hour = text.number(2)?;
    text.one(b":")?;
    let minute = text.number(2)?;
    text.one(b":")?;
    let second = text.number(2)?;
    if day == 0 || day > last || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut decimals = 0;
    if text.one(b".").is_some() {
        let count = text.count();
        decimals = text.number(count.min(3))? * [0, 100, 10, 1][count.min(3)];
        text.0 = text.0.get(count.saturating_sub(3)..)?;
    }
    let shift = match text.one(b"Zz+-")? {
        b'Z' | b'z' => 0,
        sign => {
            let hours = text.number(2)?;
            text.one(b":")?;
            let minutes = i64::try_from(hours * 60 + text.number(2)?).ok()?;
            minutes * if sign == b'-' { 60_000 } else { -60_000 }
        }
    };
    if !text.0.is_empty() {
        return None;
    }
    // One era earlier than it is, so that the year 0 may begin in the year before it.
    let (y, m) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let (era, of_era) = (y / 400, y % 400);
    let of_year = (153 * m + 2) / 5 + day - 1;
    let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    let days = i128::from(era * 146_097 + of_era) - 719_468 - 146_097;
    let of_day = hour * 3_600_000 + minute * 60_000 + second * 1_000 + decimals;
    Some(days * i128::from(DAY_MILLIS) + i128::from(of_day) + i128::from(shift))
}

/// A time as RFC 3339 has it: of a text, or a number of milliseconds or seconds since 1970. One
/// without a zone is in UTC. None where it is no time.
#[cold]
#[inline(never)]
pub(super) fn moment(text: &str) -> Option<String> {
    if let Ok(number) = text.parse::<u64>() {
        let millis = if number < 100_000_000_000 { number * 1_000 } else { number };
        return (millis <= LATEST).then(|| time(millis));
    }
    ["", "Z", ":00"].iter().map(|zone| format!("{text}{zone}")).find(|it| millis(it).is_some())
}

/// The time of a text that a person has written, in milliseconds since 1970: a date, or a time as
/// RFC 3339 has it. One without a zone is in UTC. None where it is no time from 1970 to 9999.
pub fn instant(text: &str) -> Option<u64> {
    let text = text.trim();
    let whole =
        ["", "Z", ":00Z", "T00:00:00Z"].iter().find_map(|end| millis(&format!("{text}{end}")));
    u64::try_from(whole?).ok().filter(|it| *it <= LATEST)
}

/// A time, in milliseconds since 1970, as it is read best: `2017-08-25 18:00:00`.
pub fn written(at: u64) -> String {
    time(at).replace('T', " ").chars().take(19).collect()
}

/// What is left of a text that is read from its beginning.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    /// How many digits come next.
    fn count(&self) -> usize {
        self.0.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// The number that the next `digits` digits write; at least one.
    fn number(&mut self, digits: usize) -> Option<u64> {
        let (number, rest) = self.0.split_at_checked(digits.max(1))?;
        self.0 = rest;
        let number = number.iter().try_fold(0_u32, |number, byte| {
            let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
            number.checked_mul(10)?.checked_add(digit)
        });
        number.map(u64::from)
    }

    /// The next byte, if it is one of these.
    fn one(&mut self, of: &[u8]) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        of.contains(&byte).then(|| self.0 = rest).map(|()| byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_another_tool_may_be_a_number_or_lack_a_zone() {
        let table = [
            ("1503597600500", Some("2017-08-24T18:00:00.500Z")),
            ("1503597600", Some("2017-08-24T18:00:00.000Z")),
            ("2017-08-24T18:00:00.5", Some("2017-08-24T18:00:00.5Z")),
            ("2017-08-24 18:00:00.5+00", Some("2017-08-24 18:00:00.5+00:00")),
            ("2017-08-24T18:00:00Z", Some("2017-08-24T18:00:00Z")),
            ("18446744073709551615", None),
            ("yesterday", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(moment(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn times_are_written_and_read_as_the_standard_has_them() {
        for at in [
            0,
            1,
            951_782_400_000,
            1_503_597_600_123,
            4_107_542_399_999,
            253_402_300_799_999,
            u64::MAX,
        ] {
            assert_eq!(millis(&time(at)), Some(at.into()), "{}", time(at));
            assert!(is_written(&time(at), at), "{}", time(at));
        }
        assert_eq!(time(951_782_400_000), "2000-02-29T00:00:00.000Z");
        let table = [
            ("2017-08-24T18:00:00Z", Some(1_503_597_600_000)),
            ("2017-08-24t20:00:00.5+02:00", Some(1_503_597_600_500)),
            ("2017-08-24 12:30:00.123456-05:30", Some(1_503_597_600_123)),
            ("1970-01-01T00:00:00+01:00", Some(-3_600_000)),
            ("1969-12-31T23:59:59Z", Some(-1_000)),
            ("0000-02-29T00:00:00Z", Some(-62_162_121_600_000)),
            ("2017-02-29T00:00:00Z", None),
            ("2017-13-01T00:00:00Z", None),
            ("2017-08-24T24:00:00Z", None),
            ("2017-08-24T18:00:00", None),
            ("2017-08-24T18:00:00.Z", None),
            ("2017-8-24T18:00:00Z", None),
            ("99999999999999999999-01-01T00:00:00Z", None),
            ("T Z", None),
        ];
        for (text, at) in table {
            assert_eq!(millis(text), at, "{text}");
        }
        for text in ["2017-08-24T18:00:00Z", "2017-08-24T18:00:60.000Z", "2017-08-24 18:00:00.000Z"]
        {
            let at = u64::try_from(millis(text).unwrap()).unwrap();
            assert!(!is_written(text, at), "{text}");
        }
    }
}
