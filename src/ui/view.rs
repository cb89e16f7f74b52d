//! What is seen: each part draws what it is given, and says by the shell's link what was pressed.
//!
//! A list whose length changes has a fragment of its own among its siblings: otherwise Yew takes
//! each sibling for its neighbour, makes all of them anew, and the focus in them is lost.

mod icons;
mod popover;
mod terms;
mod parts;
mod legend;
mod markdown;
mod views;
mod outcomes;
mod own;
mod watching;
mod lab;
mod fold;
mod bookmarks;
mod clock;
mod timeline;
mod log;
mod journal;
mod steps;
mod commands;
mod read;
mod pipeline;
mod together;
mod exercise;
mod predicting;
mod offline;
mod lessons;
mod making;
mod chance;
mod weight;
mod logs;
mod share;
mod header;
mod class;
mod stage;
mod page;
mod embed;

pub use self::embed::embed;
pub use self::page::page;
