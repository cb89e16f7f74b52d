//! The calendar, in UTC.

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

/// A time to the minute, as read models show it: `2017-08-30 09:00`.
pub fn minute(millis: u64) -> String {
    let Moment { year, month, day, hour, minute, .. } = Moment::at(millis);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

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
