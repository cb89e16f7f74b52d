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
    let one_event_many_shapes = ["Log", "/posts", "/posts/ID"];
    let bobs_post = ["post-2", "/posts", "/posts/ID"];
    let refused = ["post-2", "Journal"];
    let upcast = ["Log", "post-3", "/posts/ID"];
    [
        alice("Alice submits a post.", "1", submit("Semicolons considered dangerous", "Alice"))
            .show(one_event_many_shapes),
        bob("Bob has something to say about it.", "1", comment("Well actually..."))
            .show(one_event_many_shapes),
        alice(
            "One more: /posts counts it, /posts/1 has it.",
            "1",
            comment("Did you even read the post?"),
        )
        .show(one_event_many_shapes),
        bob("Bob submits a post, too.", "2", submit("Pretzels are delicious", "Bob"))
            .show(bobs_post),
        alice("Alice disagrees.", "2", comment("Just no.")).show(bobs_post),
        bob("Bob deletes his post. /posts forgets it; who doesn't?", "2", DeletePost {})
            .show(bobs_post),
        alice("Alice comments on it. It is deleted.", "2", comment("Thank you.")).show(refused),
        bob("So is deleting it twice.", "2", DeletePost {}).show(refused),
        old(
            "A post comes over from the old blog.",
            "PostSubmitted",
            json!({ "text": "Apples or pears?" }),
        )
        .show(upcast),
        old(
            "And its comment. Both are read in today's shape.",
            "Commented",
            json!({ "comment": "Both." }),
        )
        .show(upcast),
        alice("Old or new, anybody can comment on it.", "3", comment("Neither.")).show(upcast),
        bob("Bob restores his post, and Alice's comment is back with it.", "2", RestorePost {})
            .show(["post-2", "/posts", "Static page"]),
        alice("Alice restores what isn't deleted.", "2", RestorePost {}).show(refused),
        bob("The old post goes. Its events stay.", "3", DeletePost {})
            .show(["post-3", "/posts", "Log"]),
    ]
}
