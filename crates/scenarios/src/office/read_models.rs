//! What is shown of offices.

use std::rc::Rc;

use es::{Aggregate, File, Listed, Map, Projection, Recorded, Set, States, View, sort};

use super::aggregate::Event::{
    BossModeEngaged, OfficeOpened, PersonEntered, PersonLeft, PinballRelatedIncidentHappened,
};
use super::aggregate::Office;
use crate::shared::dates::Moment;

impl Listed for Office {
    const TITLE: &'static str = "Status board";
    const ABOUT: &'static str = "The board at the door: how it is in there, and who is inside.";

    fn list(offices: &States<Self>) -> View {
        offices.documents()
    }
}

/// How many people were inside, from position to position.
#[derive(Clone, Default)]
pub struct WhoIsInside(Map<Rc<str>, (Office, Map<u64, i64>)>);

impl Projection for WhoIsInside {
    const NAME: &'static str = "Who is inside";
    const ABOUT: &'static str = "How many people were inside, from event to event.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Office>() else { return };
        let (office, counts) = self.0.entry(recorded.key().clone()).or_default();
        office.evolve_in_place(event);
        let inside = i64::try_from(office.people_inside.len()).unwrap_or(i64::MAX);
        counts.insert(recorded.position(), inside);
    }

    fn view(&self) -> View {
        let series = self
            .0
            .iter()
            .map(|(key, (_, counts))| (format!("{}-{key}", Office::NAME).into(), counts.clone()));
        View::Chart { unit: "people inside".into(), money: false, series: series.collect() }
    }

    fn weight(&self) -> usize {
        self.0.values().map(|(_, counts)| 1 + counts.len()).sum()
    }
}

/// What happened in an office, for the insurance.
#[derive(Clone, Default)]
pub struct IncidentReport(Map<Rc<str>, (Office, Vec<Rc<str>>)>);

impl Projection for IncidentReport {
    const NAME: &'static str = "Incident report";
    const ABOUT: &'static str = "What happened and when, written down for the insurance.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Office>() else { return };
        let (office, entries) = self.0.entry(recorded.key().clone()).or_default();
        let (at, inside) = (|| moment(recorded.at()), || list(&office.people_inside));
        let entry = match event {
            PinballRelatedIncidentHappened { what } => {
                let (at, inside) = (at(), inside());
                Some(format!(
                    "## {at}\n\n**Pinball-related incident.** {what}\n\nInside: {inside}."
                ))
            }
            BossModeEngaged { hero } => {
                let (at, inside) = (at(), inside());
                Some(format!("On {at}, **{hero}** engaged boss mode. Got out: {inside}."))
            }
            OfficeOpened { .. } if !entries.is_empty() => {
                Some(format!("It opened again on {}.", at()))
            }
            OfficeOpened { .. } | PersonEntered { .. } | PersonLeft { .. } => None,
        };
        entries.extend(entry.map(Rc::from));
        office.evolve_in_place(event);
    }

    fn view(&self) -> View {
        let pages = self.0.iter().map(|(key, (office, entries))| {
            let body =
                if entries.is_empty() { "Nothing to report.".into() } else { entries.join("\n\n") };
            (key.clone(), format!("# {}\n\n{body}", office.name))
        });
        View::Pages { pages: pages.collect() }
    }

    fn weight(&self) -> usize {
        self.0.values().map(|(_, entries)| 1 + entries.len()).sum()
    }
}

fn list(people: &Set<Rc<str>>) -> String {
    if people.is_empty() {
        return "nobody".to_owned();
    }
    people.iter().map(|person| &**person).collect::<Vec<_>>().join(", ")
}

/// A time as a person would write it: `14 August 2013, 16:20 UTC`.
fn moment(millis: u64) -> String {
    let Moment { year, month, day, hour, minute, .. } = Moment::at(millis);
    let name = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month));
    format!("{day} {} {year}, {hour:02}:{minute:02} UTC", name.copied().unwrap_or_default())
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The office's days as a calendar: who was inside from when to when, and what went wrong.
#[derive(Clone, Default)]
pub struct Calendar(Map<Rc<str>, Diary>);

#[derive(Clone, Default)]
struct Diary {
    office: Rc<str>,
    /// Who is inside, since which position and time.
    inside: Map<Rc<str>, (u64, u64)>,
    entries: Vec<CalendarEntry>,
}

#[derive(Clone)]
struct CalendarEntry {
    /// The position of the event with which it began.
    position: u64,
    from: u64,
    to: u64,
    summary: String,
}

impl Projection for Calendar {
    const NAME: &'static str = "Calendar";
    const ABOUT: &'static str = "Who was inside and what went wrong, as a file for any calendar.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Office>() else { return };
        let diary = self.0.entry(recorded.key().clone()).or_default();
        let (position, at) = (recorded.position(), recorded.at());
        match event {
            OfficeOpened { name } => diary.office = name.clone(),
            PersonEntered { person } => {
                diary.inside.entry(person.clone()).or_insert_with(|| (position, at));
            }
            PersonLeft { person } => diary.leaves(person, at),
            PinballRelatedIncidentHappened { what } => {
                let summary = format!("Pinball-related incident: {what}");
                diary.entries.push(CalendarEntry { position, from: at, to: at, summary });
            }
            BossModeEngaged { hero } => {
                let summary = format!("{hero} engages boss mode");
                diary.entries.push(CalendarEntry { position, from: at, to: at, summary });
                let all: Vec<Rc<str>> = diary.inside.keys().cloned().collect();
                for person in &all {
                    diary.leaves(person, at);
                }
            }
        }
    }

    fn view(&self) -> View {
        let files = self.0.iter().map(|(key, diary)| {
            (format!("{}-{key}.ics", Office::NAME), File::new("text/calendar", diary.written(key)))
        });
        View::files(files)
    }

    fn weight(&self) -> usize {
        self.0.values().map(|diary| 1 + diary.inside.len() + diary.entries.len()).sum()
    }
}

impl Diary {
    fn leaves(&mut self, person: &Rc<str>, to: u64) {
        if let Some((position, from)) = self.inside.remove(person) {
            self.entries.push(CalendarEntry {
                position,
                from,
                to,
                summary: format!("{person} is in"),
            });
        }
    }

    /// The calendar as RFC 5545 has it. Whoever is still inside has no end yet.
    fn written(&self, key: &str) -> String {
        let mut lines = vec![
            "BEGIN:VCALENDAR".to_owned(),
            "VERSION:2.0".to_owned(),
            "PRODID:-//Leftfold//The office//EN".to_owned(),
        ];
        let open = self
            .inside
            .iter()
            .map(|(person, (position, from))| (*position, *from, None, format!("{person} is in")));
        let over = self.entries.iter();
        let over = over.map(|it| (it.position, it.from, Some(it.to), it.summary.clone()));
        let mut all: Vec<_> = over.chain(open).collect();
        sort(&mut all, |a, b| (a.0, &a.3).cmp(&(b.0, &b.3)));
        for (position, from, to, summary) in all {
            lines.push("BEGIN:VEVENT".to_owned());
            lines.push(format!("UID:{position}@{}-{key}", Office::NAME));
            lines.push(format!("DTSTAMP:{}", stamp(from)));
            lines.push(format!("DTSTART:{}", stamp(from)));
            lines.extend(to.map(|to| format!("DTEND:{}", stamp(to))));
            lines.push(format!("SUMMARY:{}", escaped(&summary)));
            lines.push(format!("LOCATION:{}", escaped(&self.office)));
            lines.push("END:VEVENT".to_owned());
        }
        lines.push("END:VCALENDAR".to_owned());
        lines.iter().map(|line| folded(line) + "\r\n").collect()
    }
}

/// A time as calendars write it: `20130814T162000Z`.
fn stamp(millis: u64) -> String {
    let Moment { year, month, day, hour, minute, second } = Moment::at(millis);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// A text as a calendar's value.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
    text.replace('\n', "\\n").replace('\r', "")
}

/// A line of a calendar has at most 75 bytes. A longer one goes on in the next line, after a space.
fn folded(line: &str) -> String {
    let (mut folded, mut length) = (String::new(), 0);
    for letter in line.chars() {
        if length + letter.len_utf8() > 75 {
            folded.push_str("\r\n ");
            length = 1;
        }
        folded.push(letter);
        length += letter.len_utf8();
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::examples::{entered, incident, left, opened, wednesday};
    use crate::office::story::august;
    use es::{Past, past};
    use serde_json::json;

    #[test]
    fn the_board_says_how_it_is_and_who_is_inside() {
        let board = |told: &Past| told.shows::<States<Office>>()["documents"]["1"].clone();
        let burnt =
            json!({ "name": "Unspace", "status": "even more on fire", "people_inside": [] });
        assert_eq!(board(&wednesday()), burnt);
        let told = wednesday().and::<Office>("1", opened()).and::<Office>("1", entered("Bob"));
        let again = json!({
            "name": "Unspace",
            "status": "lounge mode in effect",
            "people_inside": ["Bob"],
        });
        assert_eq!(board(&told), again);
        let told = told.and::<Office>("1", incident());
        assert_eq!(board(&told)["status"], "literally on fire");
    }

    #[test]
    fn the_chart_counts_who_is_inside_after_each_event() {
        let told = wednesday().and::<Office>("2", opened());
        assert_eq!(
            told.shows::<WhoIsInside>()["series"],
            json!({
                "office-1": { "1": 0, "2": 1, "3": 2, "4": 1, "5": 1, "6": 0 },
                "office-2": { "7": 0 },
            })
        );
    }

    #[test]
    fn the_report_tells_what_happened_and_when() {
        let told = wednesday().and::<Office>("2", opened()).at(august(28, 9, 5));
        let told = told.and::<Office>("1", opened()).and::<Office>("1", incident());
        assert_eq!(
            told.shows::<IncidentReport>()["pages"],
            json!({
                "1": "# Unspace\n\n\
                    ## 14 August 2013, 16:20 UTC\n\n\
                    **Pinball-related incident.** Multiball.\n\n\
                    Inside: Eric.\n\n\
                    On 14 August 2013, 16:25 UTC, **Eric** engaged boss mode. Got out: Eric.\n\n\
                    It opened again on 28 August 2013, 09:05 UTC.\n\n\
                    ## 28 August 2013, 09:05 UTC\n\n\
                    **Pinball-related incident.** Multiball.\n\n\
                    Inside: nobody.",
                "2": "# Unspace\n\nNothing to report.",
            })
        );
    }

    #[test]
    fn a_calendar_has_who_was_inside_and_what_went_wrong() {
        let calendar = past()
            .and::<Office>("1", OfficeOpened { name: "Unspace; upstairs".into() })
            .and::<Office>("1", entered("Eric"))
            .and::<Office>("1", entered("Mattia"))
            .and::<Office>("1", left("Eric"))
            .shows::<Calendar>()["files"]["office-1.ics"]
            .take();
        assert_eq!(calendar["media"], "text/calendar");
        let text = calendar["text"].as_str().unwrap();
        assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"), "{text}");
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 2);
        assert_eq!(text.matches("DTEND").count(), 1, "Mattia is still inside");
        assert!(text.contains("LOCATION:Unspace\\; upstairs"), "{text}");
    }

    #[test]
    fn no_line_of_a_calendar_is_longer_than_it_may_be() {
        let long = folded(&"ä".repeat(100));
        assert!(long.split("\r\n").all(|line| line.len() <= 75));
        assert_eq!(long.replace("\r\n ", ""), "ä".repeat(100));
    }
}
