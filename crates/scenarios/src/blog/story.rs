//! The story, told step by step.

use serde_json::json;

use es::Step;

use super::post::Command::{AddComment, DeletePost, RestorePost, SubmitPost};
use super::post::Post;

/// 24 August 2017, 17:00 UTC.
pub const AUGUST_2017: u64 = 1_503_594_000_000;

pub fn story() -> [Step; 14] {
    let alice = |say, post, command| Step::new::<Post>(say, post, &command);
    let bob = |say, post, command| Step::new::<Post>(say, post, &command).by("Bob");
    let submit = |body: &str, author: &str| SubmitPost { body: body.into(), author: author.into() };
    let comment = |body: &str| AddComment { body: body.into() };
    let old = |say, kind, data| Step::imported::<Post>(say, "3", kind, 1, &data);
    [
        alice("Alice submits a post.", "1", submit("Semicolons considered dangerous", "Alice")),
        bob("Bob has something to say about it.", "1", comment("Well actually...")),
        alice(
            "One more: /posts counts it, /posts/1 has it.",
            "1",
            comment("Did you even read the post?"),
        ),
        bob("Bob submits a post, too.", "2", submit("Pretzels are delicious", "Bob")),
        alice("Alice disagrees.", "2", comment("Just no.")),
        bob("Bob deletes his post. /posts forgets it; who doesn't?", "2", DeletePost {}),
        alice("Commenting on it is refused: it is deleted.", "2", comment("Thank you.")),
        bob("So is deleting it twice.", "2", DeletePost {}),
        old(
            "A post comes over from the old blog.",
            "PostSubmitted",
            json!({ "text": "Apples or pears?" }),
        ),
        old(
            "And its comment. Both are read in today's shape.",
            "Commented",
            json!({ "comment": "Both." }),
        ),
        alice("Old or new, anybody can comment on it.", "3", comment("Neither.")),
        bob("Bob restores his post, and Alice's comment is back with it.", "2", RestorePost {}),
        alice("Restoring what isn't deleted is refused.", "2", RestorePost {}),
        bob("The old post goes. Its events stay.", "3", DeletePost {}),
    ]
}
