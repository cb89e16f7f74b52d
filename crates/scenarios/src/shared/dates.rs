//! The calendar, in UTC.

use std::fmt;

/// Milliseconds of a day.
pub const DAY_MILLIS: u64 = 86_400_000;

/// A moment of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub year: u64,
    /// From 1 to 12.
    pub month: u64,
    /// From 1 to 31.
    pub day: u64,
    pub hour: u64,
    pub minute: u64,
    pub second: u64,
}

impl Moment {
    /// The moment that is so many milliseconds after 1970 began. Years are counted from March, so
    /// that the leap day comes last (the method is Howard Hinnant's).
    pub fn at(millis: u64) -> Self {
        let (days, seconds) = (millis / DAY_MILLIS + 719_468, millis / 1_000 % 86_400);
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year + u64::from(month <= 2);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        Self { year, month, day, hour, minute, second }
    }
}

/// A day of the calendar, written `2017-09-01`: years from 0001 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    year: u64,
    month: u64,
    day: u64,
}

const LAST_YEAR: u64 = 9_999;

impl Date {
    /// The day that is so many days after 1970 began.
    pub fn after_1970(days: u64) -> Self {
        let Moment { year, month, day, .. } = Moment::at(days.saturating_mul(DAY_MILLIS));
        Self { year, month, day }
    }

    /// Reads `2017-09-01`. None where the calendar has no such day.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next()?;
            let is_number = part.len() == digits && part.bytes().all(|it| it.is_ascii_digit());
            if is_number { part.parse::<u64>().ok() } else { None }
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let exists = year > 0 && (1..=days_of(year, month)).contains(&day);
        (exists && parts.next().is_none()).then_some(Self { year, month, day })
    }

    /// The day after it. None after the last day that can be written.
    pub fn next(self) -> Option<Self> {
        let Self { year, month, day } = self;
        if day < days_of(year, month) {
            Some(Self { day: day + 1, ..self })
        } else if month < 12 {
            Some(Self { year, month: month + 1, day: 1 })
        } else {
            (year < LAST_YEAR).then_some(Self { year: year + 1, month: 1, day: 1 })
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// How many days a month has. No other number is a month: it has none.
fn days_of(year: u64, month: u64) -> u64 {
    let is_leap_year =
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap_year => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// A time to the minute, as read models show it: `2017-08-30 09:00`.
pub fn minute(millis: u64) -> String {
    let Moment { year, month, day, hour, minute, .. } = Moment::at(millis);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_can_be_read() {
        for day in ["2017-09-01", "2016-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(Date::parse(day).unwrap().to_string(), day);
        }
        let others = [
            "",
            "1",
            "2017",
            "2017-09",
            "2017-9-1",
            "2017-09-00",
            "2017-09-31",
            "2017-13-01",
            "2017-00-10",
            "2017-02-29",
            "1900-02-29",
            "0000-01-01",
            "17-09-01",
            "2017-09-01-1",
            "+017-09-01",
            "2017-09-0é",
            "2017/09/01",
            " 2017-09-01",
            "12017-09-01",
        ];
        for other in others {
            assert_eq!(Date::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_day_is_followed_by_the_next_over_the_ends_of_months_and_years() {
        for (day, next) in [
            ("2017-09-01", "2017-09-02"),
            ("2017-09-30", "2017-10-01"),
            ("2017-10-31", "2017-11-01"),
            ("2017-12-31", "2018-01-01"),
            ("2016-02-28", "2016-02-29"),
            ("2016-02-29", "2016-03-01"),
            ("2017-02-28", "2017-03-01"),
        ] {
            assert_eq!(Date::parse(day).and_then(Date::next), Date::parse(next), "{day}");
        }
        assert_eq!(Date::parse("9999-12-31").and_then(Date::next), None);
    }

    #[test]
    fn each_day_is_followed_by_the_one_that_the_count_from_1970_has_next() {
        for days in 0..200_000 {
            let day = Date::after_1970(days);
            assert_eq!(day.next(), Some(Date::after_1970(days + 1)));
            assert_eq!(Date::parse(&day.to_string()), Some(day));
        }
        assert_eq!(Date::after_1970(17_410).to_string(), "2017-09-01");
    }

    #[test]
    fn days_of_leap_years_and_of_others_are_found() {
        let day = |millis: u64| {
            let Moment { year, month, day, .. } = Moment::at(millis);
            (year, month, day)
        };
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (15_931, (2013, 8, 14)),
            (19_782, (2024, 2, 29)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(day(days * DAY_MILLIS), expected, "{days}");
        }
        assert_eq!(minute(1_504_083_600_000), "2017-08-30 09:00");
        let late = Moment::at(59 * DAY_MILLIS - 1_000);
        assert_eq!((late.day, late.hour, late.minute, late.second), (28, 23, 59, 59));
    }
}
