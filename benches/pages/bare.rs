//! An empty Yew page: the benchmark compares how soon Leftfold paints with how soon this does.

#[cfg(target_arch = "wasm32")]
fn main() {
    #[yew::component]
    fn Bare() -> yew::Html {
        yew::html! { <p>{ "Bare" }</p> }
    }
    yew::Renderer::<Bare>::new().render();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
