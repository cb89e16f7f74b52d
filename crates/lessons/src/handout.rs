//! The page that the learners of a workshop get on paper: what is done in which order, the tasks,
//! and room to write. It is a whole HTML file, which any browser prints.

use std::fmt::Write;

use es::Map;

use crate::course::{Course, Lesson, Workshop};

/// How the paper looks.
const STYLE: &str = "body{font:11pt/1.45 system-ui,sans-serif;margin:2cm auto;max-width:17cm}\
    h1{font-size:20pt;margin:0}h2{font-size:13pt;margin:18pt 0 4pt;border-bottom:1px solid}\
    h3{font-size:11pt;margin:10pt 0 0}p{margin:2pt 0}small{color:#555}\
    .room{height:42pt;border-bottom:1px dotted #999}section{break-inside:avoid}\
    dl{margin:0}dt{font-weight:bold}dd{margin:0 0 4pt}@page{margin:1.5cm}";

/// Writes the page of a workshop. `lessons` are those that were fetched, by id; `address` is where
/// the page with the exercises is.
pub fn handout(
    workshop: &Workshop,
    course: &Course,
    lessons: &Map<String, Lesson>,
    address: &str,
) -> String {
    let title = escaped(&workshop.title);
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style><h1>{title}</h1><p>{} {} minutes in all. <small>{}</small></p>",
        escaped(&workshop.about),
        workshop.minutes(),
        escaped(address),
    );
    for part in &workshop.parts {
        let Some(lesson) = lessons.get(&part.lesson) else { continue };
        let minutes = part.minutes;
        _ = write!(page, "<h2>{} <small>{minutes} minutes</small></h2>", escaped(&lesson.title));
        for (index, exercise) in lesson.exercises.iter().enumerate() {
            let number = index + 1;
            if !part.exercises.is_empty() && !part.exercises.contains(&number) {
                continue;
            }
            _ = write!(
                page,
                "<section><h3>{} <small>#/lesson/{}/{number}</small></h3><p>{}</p>\
                 <div class=\"room\"></div></section>",
                escaped(&exercise.title),
                escaped(&part.lesson),
                escaped(&exercise.task),
            );
        }
    }
    let taught = |lesson: &str| workshop.parts.iter().any(|part| part.lesson == lesson);
    let terms: Vec<_> = course.glossary.iter().filter(|it| taught(&it.lesson)).collect();
    if !terms.is_empty() {
        page.push_str("<h2>Words</h2><dl>");
        for it in terms {
            _ = write!(page, "<dt>{}</dt><dd>{}</dd>", escaped(&it.term), escaped(&it.say));
        }
        page.push_str("</dl>");
    }
    page.push_str("</html>\n");
    page
}

/// A text as HTML shows it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::{GlossaryTerm, Part};
    use crate::exercise::Exercise;

    #[test]
    fn a_handout_has_the_tasks_of_each_part_and_the_words_of_its_lessons() {
        let exercise = |title: &str| Exercise {
            title: title.to_owned(),
            task: "Put <b> & \"c\" into the cart.".to_owned(),
            ..Exercise::default()
        };
        let lesson = Lesson {
            title: "The fold".to_owned(),
            exercises: vec![exercise("One"), exercise("Two")],
            ..Lesson::default()
        };
        let part =
            Part { lesson: "fold".to_owned(), exercises: vec![2], minutes: 9, ..Part::default() };
        let workshop =
            Workshop { title: "Over lunch".to_owned(), parts: vec![part], ..Workshop::default() };
        let term = |term: &str, lesson: &str| GlossaryTerm {
            term: term.to_owned(),
            lesson: lesson.to_owned(),
            ..GlossaryTerm::default()
        };
        let glossary = vec![term("Fold", "fold"), term("Shard", "shards")];
        let course = Course { glossary, ..Course::default() };
        let lessons = Map::from([("fold".to_owned(), lesson)]);
        let page = handout(&workshop, &course, &lessons, "https://example.org");
        for there in [
            "Over lunch",
            "The fold <small>9 minutes",
            "Two <small>#/lesson/fold/2",
            "Put &lt;b> &amp; &quot;c&quot;",
            "<dt>Fold",
        ] {
            assert!(page.contains(there), "{there}: {page}");
        }
        for not_there in ["One <small>", "Shard"] {
            assert!(!page.contains(not_there), "{not_there}");
        }
    }
}
