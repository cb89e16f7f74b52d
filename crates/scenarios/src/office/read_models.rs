//! What is shown of offices.

use std::rc::Rc;

use es::{Aggregate, Listed, Map, Projection, Recorded, Set, States, View};

use super::aggregate::Event::{
    BossModeEngaged, OfficeOpened, PersonEntered, PersonLeft, PinballRelatedIncidentHappened,
};
use super::aggregate::Office;

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
    let minutes = millis / 60_000;
    let (day, month, year) = date(minutes / 1440);
    format!("{day} {month} {year}, {:02}:{:02} UTC", minutes / 60 % 24, minutes % 60)
}

/// The date that is `days` after 1 January 1970. Years are counted from March, so that the
/// leap day comes last (the method is Howard Hinnant's).
fn date(days: u64) -> (u64, &'static str, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let name = usize::try_from(month).ok().and_then(|month| MONTHS_FROM_MARCH.get(month));
    (
        day - (153 * month + 2) / 5 + 1,
        name.copied().unwrap_or_default(),
        era * 400 + year + u64::from(month > 9),
    )
}

const MONTHS_FROM_MARCH: [&str; 12] = [
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
    "January",
    "February",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::examples::{entered, incident, opened, wednesday};
    use crate::office::story::august;
    use es::Past;
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
    fn days_since_1970_are_dates() {
        let dates = [
            (0, (1, "January", 1970)),
            (59, (1, "March", 1970)),
            (11_016, (29, "February", 2000)),
            (11_017, (1, "March", 2000)),
            (11_322, (31, "December", 2000)),
            (19_782, (29, "February", 2024)),
            (47_540, (28, "February", 2100)),
            (47_541, (1, "March", 2100)),
        ];
        for (days, expected) in dates {
            assert_eq!(date(days), expected);
        }
    }
}
