//! A class on one log: joining, seeing who did what, following who leads, a server that is gone, and a
//! copy to take home.

use std::net::IpAddr;

use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use crate::nats::Servers;
use crate::nats::address::Address;
use crate::page::Page;

tests! {
    Both => [
        all_see_one_log_and_who_did_what,
        who_follows_goes_where_the_leader_looks_until_something_is_touched,
        without_the_server_a_page_shows_what_it_has_and_stores_nothing,
        a_copy_of_the_class_s_log_opens_without_the_class,
        a_name_or_an_address_that_will_not_do_is_said_beside_the_name,
        who_looks_on_can_change_nothing,
        a_page_that_was_loaded_again_is_still_in_its_class,
        a_fork_of_who_leads_is_the_class_s_next_log,
        what_is_personal_is_read_by_all_and_forgotten_by_all,
        an_exercise_takes_all_along_and_brings_all_back,
        all_withdraw_at_once_one_wins_and_the_others_choose,
        a_name_that_all_want_at_once_goes_to_one_where_the_category_is_guarded,
        what_a_class_does_is_a_log_that_the_leader_reads,
        all_say_what_will_come_before_the_leader_tells_it,
        a_read_model_that_the_leader_pauses_stands_still_for_all,
        without_a_secure_origin_a_class_works,
    ],
}

use Browsers::Both;

/// A class with its page: one address for both, as a class has.
struct Class {
    page: Page,
    servers: Servers,
}

impl Class {
    async fn open(name: &str) -> Self {
        Self::at(name, [127, 0, 0, 1].into()).await
    }

    async fn at(name: &str, host: IpAddr) -> Self {
        let servers = Servers::start(name, 1).await;
        let mut page = Page::unopened().await;
        page.resize(1440, 900).await;
        page.address = Address::of(host, page.site.address, servers.websockets()).await.text;
        Self { page, servers }
    }

    /// Another window of the same browser.
    async fn window(&self) -> WindowHandle {
        let window = self.page.client.new_window(false).await.unwrap().handle;
        self.go(&window).await;
        window
    }

    async fn here(&self) -> WindowHandle {
        self.page.client.window().await.unwrap()
    }

    async fn go(&self, window: &WindowHandle) {
        self.page.client.switch_to_window(window.clone()).await.unwrap();
    }

    /// Asks to join in a role, under a name.
    async fn ask(&self, role: &str, name: &str) {
        self.page.visit(&format!("#/join/{role}-test")).await;
        self.page.ready().await;
        let field = self.page.find("[role=dialog] input").await;
        self.page.type_over(&field, name).await;
        self.page.click("Join").await;
    }

    /// Joins in a role, under a name.
    async fn join(&self, role: &str, name: &str) {
        self.ask(role, name).await;
        self.page.shows("Class", name).await;
        self.page.until("!document.querySelector('[role=dialog]')").await;
    }

    /// The one who leads joins, and begins a round.
    async fn begin(&self) {
        self.join("lead", "Ms Kim").await;
        self.page.click("Begin a round").await;
        self.page.until("[...document.querySelectorAll('[aria-label=Round] option')].some(it => it.selected && it.value !== 'own')").await;
    }

    /// Waits until the page shows the class's log.
    async fn arrives(&self) {
        self.page.until("[...document.querySelectorAll('[aria-label=Round] option')].some(it => it.selected && it.value !== 'own')").await;
    }

    async fn send(&self, item: &str) -> Value {
        let send = format!(
            "await leftfold.send('cart-1', {{ type: 'AddToCart', data: {{ item: '{item}' }} }})"
        );
        self.page.js(&send).await
    }

    async fn close(self) {
        self.page.close().await;
    }
}

async fn all_see_one_log_and_who_did_what() {
    let class = Class::open("share").await;
    let page = &class.page;
    class.begin().await;
    let leader = class.here().await;
    let zoe = class.window().await;
    class.join("act", "Zoë").await;
    class.arrives().await;
    assert_eq!(class.send("tea").await["outcome"], "accepted");
    class.go(&leader).await;
    page.until("await leftfold.head() === 1").await;
    page.shows("Event log", "Zoë").await;
    page.click_on("//summary[contains(., 'people here')]").await;
    page.until(
        "[...document.querySelectorAll('.people li')].some(it => it.innerText.includes('Zoë'))",
    )
    .await;
    assert_eq!(class.send("milk").await["outcome"], "accepted");
    class.go(&zoe).await;
    page.until("await leftfold.head() === 2").await;
    page.shows("Event log", "Ms Kim").await;
    assert_eq!(page.barriers().await, [""; 0]);
    class.close().await;
}

async fn who_follows_goes_where_the_leader_looks_until_something_is_touched() {
    let class = Class::open("follow").await;
    let page = &class.page;
    class.begin().await;
    let leader = class.here().await;
    for item in ["tea", "milk", "bread"] {
        class.send(item).await;
    }
    let zoe = class.window().await;
    class.join("act", "Zoë").await;
    class.arrives().await;
    page.until("await leftfold.position() === 3").await;
    class.go(&leader).await;
    page.js("await leftfold.seek(1)").await;
    // The Fold view has the same columns.
    let column = "[...document.querySelectorAll('[aria-label=Fold] [role=columnheader]')].some(it => it.innerText.includes('Considered but removed'))";
    page.click("Fold").await;
    page.js("[...document.querySelectorAll('[aria-label=Fold] label')].find(it => it.textContent.includes('Considered but removed')).click(); return 0").await;
    page.until(column).await;
    class.go(&zoe).await;
    page.until(column).await;
    class.go(&leader).await;
    page.click("Present").await;
    class.go(&zoe).await;
    page.until("await leftfold.position() === 1").await;
    page.until("!document.querySelector('header.bar select[aria-label=Scenario]')").await;
    // One touch, and the page is one's own.
    page.press(['\u{e012}']).await;
    page.shows("Class", "Back to Ms Kim").await;
    class.go(&leader).await;
    page.js("await leftfold.seek(2)").await;
    class.go(&zoe).await;
    page.js("await new Promise(done => setTimeout(done, 400))").await;
    assert_ne!(page.js("await leftfold.position()").await, 2);
    page.press(['g']).await;
    page.until("await leftfold.position() === 2").await;
    // A round that begins takes everybody along.
    class.go(&leader).await;
    page.press(['\u{e00c}']).await;
    page.click_menu("New round", "Begin with its story").await;
    page.until("await leftfold.head() > 3").await;
    class.go(&zoe).await;
    page.until("await leftfold.head() > 3").await;
    class.close().await;
}

async fn without_the_server_a_page_shows_what_it_has_and_stores_nothing() {
    let mut class = Class::open("gone").await;
    class.begin().await;
    class.send("tea").await;
    class.servers.kill(0);
    let page = &class.page;
    page.shows("Class", "does not answer").await;
    // The stage says so as well.
    page.click("Present").await;
    page.shows("Class", "does not answer").await;
    page.press(['\u{e00c}']).await;
    let came = class.send("milk").await;
    assert_ne!(came["outcome"], "accepted", "{came}");
    assert_eq!(page.js("await leftfold.head()").await, 1);
    page.js("await leftfold.seek(0)").await;
    class.servers.start_node(0);
    let page = &class.page;
    page.until(
        "!document.querySelector('[aria-label=Class]').innerText.includes('does not answer')",
    )
    .await;
    page.until("!document.querySelector('.notices [role=alert]')").await;
    page.js("await leftfold.seek(await leftfold.head())").await;
    assert_eq!(class.send("bread").await["outcome"], "accepted");
    let items =
        page.js("(await leftfold.events(1, await leftfold.head())).map(it => it.data.item)").await;
    assert!(
        items == json!(["tea", "bread"]) || items == json!(["tea", "milk", "bread"]),
        "{items}"
    );
    class.close().await;
}

async fn a_copy_of_the_class_s_log_opens_without_the_class() {
    let mut class = Class::open("copy").await;
    class.begin().await;
    class.send("tea").await;
    class.page.click("Keep a copy").await;
    class.page.shows("Class", "Kept in this browser").await;
    class.servers.kill(0);
    let page = &class.page;
    page.click("Leave").await;
    page.until("!document.querySelector('[aria-label=Class]')").await;
    page.ready().await;
    page.until(
        "await leftfold.head() === 1 && (await leftfold.events(1, 1))[0].data.item === 'tea'",
    )
    .await;
    // The address of a copy is its own, so a reload needs no class either.
    page.reload().await;
    page.until("await leftfold.head() === 1").await;
    assert_eq!(class.send("milk").await["outcome"], "accepted");
    class.close().await;
}

async fn a_name_or_an_address_that_will_not_do_is_said_beside_the_name() {
    let class = Class::open("names").await;
    let page = &class.page;
    class.join("lead", "Ms Kim").await;
    class.window().await;
    class.ask("act", " ").await;
    page.shows("Join the class", "Say what the others are to call you.").await;
    assert_eq!(page.barriers().await, [""; 0]);
    class.ask("act", "ms kim").await;
    page.shows("Join the class", "somebody called ms kim is here already").await;
    class.ask("wrong", "Zoë").await;
    page.shows("Join the class", "this is no address of a class").await;
    page.visit("#/join/act-guessed").await;
    page.ready().await;
    let field = page.find("[role=dialog] input").await;
    page.type_over(&field, "Zoë").await;
    page.click("Join").await;
    page.shows("Join the class", "the class does not know this address").await;
    page.click("Stay by myself").await;
    page.until("!document.querySelector('[role=dialog]')").await;
    class.close().await;
}

async fn who_looks_on_can_change_nothing() {
    let class = Class::open("watch").await;
    let page = &class.page;
    class.begin().await;
    class.send("tea").await;
    class.window().await;
    class.join("watch", "Mr Sato").await;
    class.arrives().await;
    page.until("await leftfold.head() === 1").await;
    let came = class.send("milk").await;
    assert_ne!(came["outcome"], "accepted", "{came}");
    assert_eq!(page.js("await leftfold.head()").await, 1);
    class.close().await;
}

async fn a_page_that_was_loaded_again_is_still_in_its_class() {
    let class = Class::open("again").await;
    class.begin().await;
    class.send("tea").await;
    class.page.reload().await;
    class.page.shows("Class", "Ms Kim").await;
    class.arrives().await;
    assert_eq!(class.send("milk").await["outcome"], "accepted");
    class.close().await;
}

async fn a_fork_of_who_leads_is_the_class_s_next_log() {
    let class = Class::open("fork").await;
    let page = &class.page;
    class.begin().await;
    let leader = class.here().await;
    for item in ["tea", "milk", "bread"] {
        class.send(item).await;
    }
    let zoe = class.window().await;
    class.join("act", "Zoë").await;
    page.until("await leftfold.head() === 3").await;
    class.go(&leader).await;
    page.js("await leftfold.fork(1)").await;
    page.until("await leftfold.head() === 1").await;
    class.go(&zoe).await;
    page.until("await leftfold.head() === 1").await;
    assert_eq!(class.send("coffee").await["outcome"], "accepted");
    class.close().await;
}

async fn an_exercise_takes_all_along_and_brings_all_back() {
    let class = Class::open("exercise").await;
    let page = &class.page;
    class.begin().await;
    class.send("tea").await;
    let leader = class.here().await;
    let zoe = class.window().await;
    class.join("act", "Zoë").await;
    page.until("await leftfold.head() === 1").await;
    class.go(&leader).await;
    page.js("location.hash = '#/lesson/idempotent-handling/2'; return 0").await;
    let exercise = "!!document.querySelector('[aria-label=Exercise]')";
    page.until(exercise).await;
    class.go(&zoe).await;
    page.until(exercise).await;
    // Each does it in a log of their own.
    class.go(&leader).await;
    page.click_on("//button[normalize-space(.)='Leave' and not(@aria-label)]").await;
    for window in [&leader, &zoe] {
        class.go(window).await;
        page.until("await leftfold.head() === 1").await;
        class.arrives().await;
    }
    class.close().await;
}

/// The leader and two others, in an exercise that all do together.
async fn together(class: &Class, exercise: usize) -> [WindowHandle; 3] {
    class.begin().await;
    let leader = class.here().await;
    let mut all = vec![leader];
    for name in ["Zoë", "Ben"] {
        all.push(class.window().await);
        class.join("act", name).await;
        class.arrives().await;
    }
    class.go(&all[0]).await;
    let page = &class.page;
    page.js(&format!("location.hash = '#/lesson/all-at-once/{exercise}'; return 0")).await;
    page.shows("All at once", "2 people look").await;
    for window in &all[1..] {
        class.go(window).await;
        page.shows("All at once", "When Ms Kim says so").await;
        assert_eq!(page.barriers().await, [""; 0]);
    }
    class.go(&all[0]).await;
    all.try_into().unwrap()
}

async fn all_withdraw_at_once_one_wins_and_the_others_choose() {
    let class = Class::open("race").await;
    let [leader, zoe, ben] = together(&class, 1).await;
    let page = &class.page;
    page.click("All at once").await;
    page.shows("All at once", "1 conflict (most in one second: 1). 0 sent again.").await;
    page.until("await leftfold.head() === 3").await;
    let mut won = 0;
    for window in [&zoe, &ben] {
        class.go(window).await;
        page.shows("All at once", "1 conflict").await;
        let form = page.text("Commands").await;
        if form.contains("Reload and decide again") {
            page.click("Reload and decide again").await;
        } else {
            assert!(form.contains("accepted"), "{form}");
            won += 1;
        }
    }
    assert_eq!(won, 1);
    class.go(&leader).await;
    page.shows("All at once", "1 sent again.").await;
    page.until("(await leftfold.state('account-1')).state.balance === 28000").await;
    page.click("All at once").await;
    page.shows("All at once", "2 conflicts").await;
    // Whoever has touched the page takes part all the same.
    page.until("(await leftfold.state('account-1')).state.balance === 27000").await;
    page.shows("Exercise", "Solved.").await;
    // Everybody goes back to the round.
    page.click_on("//button[normalize-space(.)='Leave' and not(@aria-label)]").await;
    page.until("await leftfold.head() === 0").await;
    class.close().await;
}

async fn a_name_that_all_want_at_once_goes_to_one_where_the_category_is_guarded() {
    let class = Class::open("names").await;
    let [leader, zoe, ben] = together(&class, 3).await;
    let page = &class.page;
    page.click("All at once").await;
    page.shows("All at once", "1 conflict").await;
    page.until("(await leftfold.view('Names')).rows.some(it => it.name === 'lola')").await;
    page.until("await leftfold.head() === 2").await;
    for window in [&zoe, &ben] {
        class.go(window).await;
        let form = page.text("Commands").await;
        assert!(
            form.contains("no account was to change after event 1") || form.contains("accepted"),
            "{form}"
        );
    }
    // Where nobody guards it, all get it.
    class.go(&leader).await;
    page.js("location.hash = '#/lesson/all-at-once/2'; return 0").await;
    page.shows("All at once", "Each expects nothing").await;
    for window in [&zoe, &ben] {
        class.go(window).await;
        page.shows("All at once", "Each expects nothing").await;
    }
    class.go(&leader).await;
    page.click("All at once").await;
    page.until("await leftfold.head() === 3").await;
    page.shows("Exercise", "more than one account is called Lola").await;
    class.close().await;
}

async fn what_a_class_does_is_a_log_that_the_leader_reads() {
    let class = Class::open("diary").await;
    let page = &class.page;
    class.begin().await;
    let leader = class.here().await;
    let zoe = class.window().await;
    class.join("act", "Zoë").await;
    class.arrives().await;
    // Whoever looks around is taken nowhere.
    page.click("Look around").await;
    page.js("location.hash = '#/lesson/commands-and-events/1'; return 0").await;
    page.shows("Exercise", "refus").await;
    class.go(&leader).await;
    page.click_on("//summary[normalize-space(.)='How it goes']").await;
    page.shows("Who is where", "Earn a refusal").await;
    page.shows("What is hard", "none yet").await;
    assert_eq!(page.barriers().await, [""; 0]);
    class.go(&zoe).await;
    let send = "leftfold.send('order-1', { type: 'AddItem', data: { item: 'lamp', price: 3500 } }, { actor: 'Alice' })";
    page.js(&format!("await {send}.catch(() => 0); return 0")).await;
    page.shows("Exercise", "Solved.").await;
    class.go(&leader).await;
    page.shows("Who is where", "Earn a refusal: solved").await;
    page.shows("What is hard", "1.0").await;
    // It is a log as any other.
    page.click("Open this log").await;
    page.until("(await leftfold.state('person-Zoë')).state.exercises['Earn a refusal'] === true")
        .await;
    page.shows("Event log", "GoalReached").await;
    // Nobody adds to it what did not happen.
    let head = page.js("await leftfold.head()").await;
    assert!(!page.js("document.body.innerText").await.as_str().unwrap().contains("Next: "));
    page.click("Present").await;
    page.press([' ', '\u{e00f}']).await;
    page.press(['\u{e00c}']).await;
    assert_eq!(page.js("await leftfold.head()").await, head);
    class.go(&zoe).await;
    page.click("Leave the class").await;
    page.ready().await;
    class.go(&leader).await;
    page.until(&format!("await leftfold.head() > {head}")).await;
    page.until("(await leftfold.state('person-Zoë')).state.here === false").await;
    class.close().await;
}

async fn all_say_what_will_come_before_the_leader_tells_it() {
    let class = Class::open("predict").await;
    let page = &class.page;
    class.begin().await;
    let leader = class.here().await;
    let zoe = class.window().await;
    class.join("act", "Zoë").await;
    class.arrives().await;
    class.go(&leader).await;
    page.click("Predict").await;
    page.click_on("//button[starts-with(normalize-space(.), 'Next:')]").await;
    page.shows("Prediction", "What will come of it?").await;
    class.go(&zoe).await;
    page.shows("Prediction", "What will come of it?").await;
    let outcome = page.find("select[aria-label=Outcome]").await;
    outcome.select_by_value("refused").await.unwrap();
    page.click("Predict, and see").await;
    assert_eq!(page.js("await leftfold.head()").await, 0, "the leader tells the step");
    class.go(&leader).await;
    page.click_on("//summary[normalize-space(.)='How it goes']").await;
    page.shows("Last prediction", "refused").await;
    page.press(['\u{e00c}']).await;
    page.click("Predict, and see").await;
    page.until("await leftfold.head() === 1").await;
    class.go(&zoe).await;
    page.shows("Prediction", "you said refused, it is accepted").await;
    class.close().await;
}

async fn a_read_model_that_the_leader_pauses_stands_still_for_all() {
    let class = Class::open("pause").await;
    let page = &class.page;
    class.begin().await;
    let leader = class.here().await;
    let zoe = class.window().await;
    class.join("act", "Zoë").await;
    class.arrives().await;
    class.go(&leader).await;
    page.js("await leftfold.subscription('Carts now', { paused: true })").await;
    class.go(&zoe).await;
    let paused = "(await leftfold.subscriptions()).find(it => it.name === 'Carts now').paused";
    page.until(&format!("{paused} === true")).await;
    assert_eq!(class.send("tea").await["outcome"], "accepted");
    let view = "JSON.stringify(await leftfold.view('Carts now'))";
    assert!(!page.js(view).await.to_string().contains("tea"));
    class.go(&leader).await;
    page.js("await leftfold.subscription('Carts now', { paused: false })").await;
    class.go(&zoe).await;
    page.until(&format!("{paused} === false")).await;
    page.until(&format!("({view}).includes('tea')")).await;
    class.close().await;
}

async fn what_is_personal_is_read_by_all_and_forgotten_by_all() {
    let class = Class::open("personal").await;
    let page = &class.page;
    class.join("lead", "Ms Kim").await;
    let scenario = page.find("[aria-label='Scenario of the next round']").await;
    scenario.select_by_value("privacy").await.unwrap();
    page.click("Begin a round").await;
    class.arrives().await;
    let leader = class.here().await;
    let zoe = class.window().await;
    class.join("act", "Zoë").await;
    class.arrives().await;
    let register = |number: u32, name: &str| {
        format!(
            "await leftfold.send('person-{number}', {{ type: 'Register', data: {{ name: '{name}', email: '{number}@example.org', address: 'Here' }} }})"
        )
    };
    let state = |number: u32| format!("JSON.stringify(await leftfold.state('person-{number}'))");
    // Two people make keys for two persons each.
    for (number, name) in [(1, "Lola"), (2, "Mattia")] {
        assert_eq!(page.js(&register(number, name)).await["outcome"], "accepted");
    }
    class.go(&leader).await;
    page.until("await leftfold.head() === 2").await;
    for (number, name) in [(3, "Ann"), (4, "Ben")] {
        assert_eq!(page.js(&register(number, name)).await["outcome"], "accepted");
    }
    for window in [&leader, &zoe] {
        class.go(window).await;
        page.until("await leftfold.head() === 4").await;
        for (number, name) in [(1, "Lola"), (2, "Mattia"), (3, "Ann"), (4, "Ben")] {
            page.until(&format!("({}).includes('{name}')", state(number))).await;
        }
    }
    page.js("await leftfold.send('person-3', { type: 'ForgetMe', data: {} })").await;
    for window in [&leader, &zoe] {
        class.go(window).await;
        page.until(&format!("!({}).includes('Ann')", state(3))).await;
    }
    class.close().await;
}

async fn without_a_secure_origin_a_class_works() {
    // Another address of this machine is no loopback, so the browser does not trust it.
    let Some(host) = own_address() else { return };
    let class = Class::at("insecure", host).await;
    let page = &class.page;
    class.begin().await;
    assert_eq!(page.js("isSecureContext").await, false);
    assert_eq!(class.send("tea").await["outcome"], "accepted");
    class.page.click("Keep a copy").await;
    class.page.shows("Class", "Kept in this browser").await;
    class.close().await;
}

/// An address of this machine in its network. None where it is in none.
fn own_address() -> Option<IpAddr> {
    // Nothing is sent: the system only says which way it would go.
    let socket = std::net::UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    socket.connect(("192.0.2.99", 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}
