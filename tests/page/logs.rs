//! Opens the logs dialog, reads it, and takes files out of it.

use std::time::Duration;

use serde_json::json;

use super::Page;

/// A download that has not come by then is one that Chromium has lost.
const LOST: Duration = Duration::from_secs(8);

/// Opens the dialog, and waits until its logs are listed.
pub async fn open_logs(page: &Page) {
    page.click_menu("Log ▾", "All logs…").await;
    page.until("!!document.querySelector(\"[aria-label='Kept logs'] li\")").await;
}

/// Closes the open dialog.
pub async fn close(page: &Page) {
    page.click_on("//*[@role='dialog']//button[normalize-space(.)='Close']").await;
    page.until("!document.querySelector('[role=dialog]')").await;
}

/// Waits until the dialog says something that contains this text. Returns all that it says.
pub async fn says(page: &Page, text: &str) -> String {
    let script = format!(
        "return new Promise(done => {{
            const until = performance.now() + 20_000;
            const look = () => {{
                const said = document.querySelector('[role=dialog] [role=status]')?.innerText ?? '';
                if (said.includes({}) || performance.now() > until) done(said);
                else setTimeout(look, 10);
            }};
            look();
        }})",
        json!(text)
    );
    let said = page.js(&script).await.as_str().unwrap().to_owned();
    assert!(said.contains(text), "the dialog says {said:?} and never {text:?}");
    said
}

/// Presses a button of the dialog that hands out a file of this name. Returns what the dialog says
/// of the file, and the file.
pub async fn export(page: &Page, button: &str, file: &str) -> (String, Vec<u8>) {
    // A log may lie under the dialog's head, where the driver believes it to be in view.
    let reveal = "const [name] = arguments;
        const all = [...document.querySelectorAll('[role=dialog] button')];
        all.find(it => it.ariaLabel === name)?.scrollIntoView({ block: 'center' });";
    page.client.execute(reveal, vec![json!(button)]).await.unwrap();
    // Chromium now and then loses a download that begins right after it has put another one down.
    page.js("await new Promise(then => requestAnimationFrame(() => requestAnimationFrame(then)))")
        .await;
    page.click(button).await;
    let said = says(page, &format!("{file} holds ")).await;
    if let Some(bytes) = page.downloaded_within(file, LOST).await {
        return (said, bytes);
    }
    page.click(button).await;
    (said, page.downloaded(file).await)
}

/// The field of the sheet that shares in which the link is.
pub const LINK: &str = "document.querySelector(\"input[aria-label='Link']\")";

/// The link in the sheet that shares, once it is made.
pub async fn link(page: &Page) -> String {
    page.until(&format!("{LINK}?.value.includes('#/share/')")).await;
    page.js(&format!("{LINK}.value")).await.as_str().unwrap().to_owned()
}

/// Puts the open log into a link. The sheet is closed afterwards.
pub async fn share(page: &Page) -> String {
    page.click("Share").await;
    let link = link(page).await;
    page.press(['\u{e00c}']).await;
    page.until(&format!("!{LINK}")).await;
    link
}
