//! The Markdown that read models write, as nodes. Whatever else there is in a text, HTML among it,
//! stays the text that it is.

use minimad::{Composite, CompositeStyle, Compound, Line, Options};
use yew::{Html, html};

/// A text as nodes: headings, paragraphs, quotations, lists, emphasis and code.
pub fn markdown(text: &str) -> Html {
    let mut nodes = Vec::new();
    // Lines of one kind in a row are one block; an empty line ends it.
    let mut block: Vec<Composite<'_>> = Vec::new();
    for line in minimad::parse_text(text, Options::default()).lines {
        let Line::Normal(line) = line else { continue };
        if block.first().is_some_and(|first| kind(first) != kind(&line)) {
            nodes.push(drawn(&std::mem::take(&mut block)));
        }
        if !line.is_empty() {
            block.push(line);
        }
    }
    nodes.push(drawn(&block));
    nodes.into_iter().collect()
}

/// Lines of the same kind belong together; an empty line is of none.
fn kind(line: &Composite<'_>) -> u8 {
    match line.style {
        CompositeStyle::Paragraph if line.is_empty() => 0,
        CompositeStyle::Paragraph => 1,
        CompositeStyle::Header(level) => 2 + level,
        CompositeStyle::ListItem(_) => 20,
        CompositeStyle::OrderedListItem { .. } => 21,
        CompositeStyle::Code => 22,
        CompositeStyle::Quote => 23,
    }
}

fn drawn(block: &[Composite<'_>]) -> Html {
    let Some(first) = block.first() else { return html! {} };
    let lines = || block.iter().map(|line| inline(&line.compounds));
    match first.style {
        CompositeStyle::Header(level) => {
            let class = (level == 1).then_some("big");
            lines().map(|line| html! { <h3 {class}>{ line }</h3> }).collect()
        }
        CompositeStyle::ListItem(_) => {
            html! { <ul>{ for lines().map(|line| html! { <li>{ line }</li> }) }</ul> }
        }
        CompositeStyle::OrderedListItem { .. } => {
            html! { <ol>{ for lines().map(|line| html! { <li>{ line }</li> }) }</ol> }
        }
        CompositeStyle::Quote => {
            html! { <blockquote>{ for lines().map(|line| html! { <p>{ line }</p> }) }</blockquote> }
        }
        CompositeStyle::Code => {
            html! { <pre>{ for lines().map(|line| html! { <>{ line }{ "\n" }</> }) }</pre> }
        }
        CompositeStyle::Paragraph => {
            html! { <p>{ for lines().map(|line| html! { <>{ line }{ " " }</> }) }</p> }
        }
    }
}

fn inline(words: &[Compound<'_>]) -> Html {
    let drawn = words.iter().map(|it| {
        let mut words = html! { { it.as_str() } };
        if it.code {
            words = html! { <code>{ words }</code> };
        }
        if it.italic {
            words = html! { <em>{ words }</em> };
        }
        if it.bold {
            words = html! { <strong>{ words }</strong> };
        }
        words
    });
    drawn.collect()
}
