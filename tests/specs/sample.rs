#[test]
fn remove_from_cart_is_refused() {
    let spec = leftfold::lab::Spec::read(
        r#"{
  "scenario": "cart",
  "stream": "cart-1",
  "given": [
    { "type": "AddedToCart", "data": {"item":"apples"} },
    { "type": "AddedToCart", "data": {"item":"pears"} },
    { "type": "AddedToCart", "data": {"item":"pretzels"} },
    { "type": "RemovedFromCart", "data": {"item":"pretzels"} }
  ],
  "when": { "type": "RemoveFromCart", "data": {"item":"pretzels"} },
  "then": { "refused": "there are no pretzels in this cart to remove" }
}"#,
    );
    let spec = spec.unwrap();
    let mut all = leftfold::scenarios::all().into_iter();
    let scenario = all.find(|it| it.id == spec.scenario).unwrap();
    let ran = spec.run(&scenario).unwrap();
    assert!(ran.passed(), "{spec}\n\n{ran}");
}
