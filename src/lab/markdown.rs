//! The Markdown that read models write: headings, paragraphs, quotations, lists, emphasis and
//! code. Whatever else there is in a text, HTML among it, stays the text that it is.

/// A piece of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading, and its level from 1.
    Heading(usize, Vec<Inline>),
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// What somebody said.
    Quote(Vec<Block>),
    /// Items with a bullet each.
    List(Vec<Vec<Inline>>),
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Words.
    Text(String),
    /// `*words*`.
    Emphasis(Vec<Inline>),
    /// `**words**`.
    Strong(Vec<Inline>),
    /// Words in backticks.
    Code(String),
}

/// Quotations in quotations beyond this are shown as text.
const DEEPEST: usize = 4;

/// The pieces of a page.
pub fn blocks(text: &str) -> Vec<Block> {
    quoted(text, 0)
}

enum Line<'a> {
    Blank,
    Heading(usize, &'a str),
    Quote(&'a str),
    Item(&'a str),
    Words(&'a str),
}

fn line(text: &str, depth: usize) -> Line<'_> {
    let text = text.trim();
    let level = text.bytes().take_while(|&it| it == b'#').count();
    if text.is_empty() {
        Line::Blank
    } else if let (1..=6, Some(rest)) = (level, text[level..].strip_prefix(' ')) {
        Line::Heading(level, rest)
    } else if let (true, Some(rest)) = (depth < DEEPEST, text.strip_prefix('>')) {
        Line::Quote(rest)
    } else if let Some(rest) = text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")) {
        Line::Item(rest)
    } else {
        Line::Words(text)
    }
}

fn quoted(text: &str, depth: usize) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(|it| line(it, depth)).peekable();
    while let Some(first) = lines.next() {
        blocks.push(match first {
            Line::Blank => continue,
            Line::Heading(level, rest) => Block::Heading(level, inline(rest)),
            Line::Quote(rest) => {
                let mut text = rest.to_owned();
                while let Some(Line::Quote(rest)) = lines.next_if(|it| matches!(it, Line::Quote(_)))
                {
                    text.push('\n');
                    text.push_str(rest);
                }
                Block::Quote(quoted(&text, depth + 1))
            }
            Line::Item(rest) => {
                let mut items = vec![inline(rest)];
                while let Some(Line::Item(rest)) = lines.next_if(|it| matches!(it, Line::Item(_))) {
                    items.push(inline(rest));
                }
                Block::List(items)
            }
            Line::Words(rest) => {
                let mut text = rest.to_owned();
                while let Some(Line::Words(rest)) = lines.next_if(|it| matches!(it, Line::Words(_)))
                {
                    text.push(' ');
                    text.push_str(rest);
                }
                Block::Paragraph(inline(&text))
            }
        });
    }
    blocks
}

fn inline(mut text: &str) -> Vec<Inline> {
    let (mut pieces, mut words) = (Vec::new(), String::new());
    while let Some(at) = text.find(['*', '`']) {
        let (before, rest) = text.split_at(at);
        words.push_str(before);
        let mark = ["**", "*", "`"].into_iter().find(|it| rest.starts_with(it)).unwrap_or("*");
        let rest = &rest[mark.len()..];
        let inner = rest.find(mark).map(|end| &rest[..end]);
        // A mark clings to its words: `2 * 3 * 4` is a sum.
        match inner.filter(|it| !it.is_empty() && it.trim() == *it) {
            Some(inner) => {
                if !words.is_empty() {
                    pieces.push(Inline::Text(std::mem::take(&mut words)));
                }
                pieces.push(match mark {
                    "**" => Inline::Strong(inline(inner)),
                    "*" => Inline::Emphasis(inline(inner)),
                    _ => Inline::Code(inner.to_owned()),
                });
                text = &rest[inner.len() + mark.len()..];
            }
            None => {
                words.push_str(mark);
                text = rest;
            }
        }
    }
    words.push_str(text);
    if !words.is_empty() {
        pieces.push(Inline::Text(words));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &str) -> Inline {
        Inline::Text(words.into())
    }

    #[test]
    fn a_page_is_read_as_headings_paragraphs_quotations_and_lists() {
        let page = "# Hello\n\n*by Alice*\nand **Bob**.\n\n> Hi.\n> There.\n\n- one\n- `two`\n";
        let expected = [
            Block::Heading(1, vec![text("Hello")]),
            Block::Paragraph(vec![
                Inline::Emphasis(vec![text("by Alice")]),
                text(" and "),
                Inline::Strong(vec![text("Bob")]),
                text("."),
            ]),
            Block::Quote(vec![Block::Paragraph(vec![text("Hi. There.")])]),
            Block::List(vec![vec![text("one")], vec![Inline::Code("two".into())]]),
        ];
        assert_eq!(blocks(page), expected);
    }

    #[test]
    fn what_is_no_markdown_stays_as_it_is() {
        for words in ["2 * 3 * 4 = 24", "**", "a ` b", "#1", "<script>alert(1)</script>", "-5"] {
            assert_eq!(blocks(words), [Block::Paragraph(vec![text(words)])]);
        }
    }

    #[test]
    fn quotations_in_quotations_end_somewhere() {
        let mut page = &blocks(&">".repeat(10_000))[..];
        let mut depth = 0;
        while let [Block::Quote(inner)] = page {
            (page, depth) = (inner, depth + 1);
        }
        assert_eq!(depth, DEEPEST);
        assert!(matches!(page, [Block::Paragraph(_)]));
    }
}
