//! Methods from outside: a process of its own, as what is registered stays.

use gr_learn::{METHODS, Method, has_registered, methods, register};

static MINE: Method = Method { label: "mine_2", ..Method::SINGLE_EXPERT };

#[test]
fn a_registered_method_is_found_and_listed_behind_those_built_in() {
    static CAPITAL: Method = Method { label: "Mine", ..Method::SINGLE_EXPERT };
    static EMPTY: Method = Method { label: "", ..Method::SINGLE_EXPERT };
    static PATH: Method = Method { label: "../mine", ..Method::SINGLE_EXPERT };
    static TAKEN: Method = Method { label: "routing", ..Method::SINGLE_EXPERT };
    let refused: [(&[&'static Method], &str); 5] = [
        (&[&CAPITAL], "Mine"),
        (&[&EMPTY], "begins with a letter"),
        (&[&MINE, &PATH], "../mine"),
        (&[&TAKEN], "no other method"),
        (&[&MINE, &MINE], "no other method"),
    ];
    for (methods, mention) in refused {
        let error = register(methods).unwrap_err().to_string();
        assert!(error.contains(mention), "{error}");
    }
    assert!(Method::find("mine_2").is_err() && !has_registered());
    assert_eq!(Method::find_or_stand_in("mine_2").label, "mine_2");

    register(&[&MINE]).unwrap();
    assert_eq!(Method::find("mine_2").unwrap().label, "mine_2");
    let error = Method::find("mine").unwrap_err().to_string();
    assert!(
        error.contains("did you mean \"mine_2\"?") && error.contains("oracle, mine_2"),
        "{error}"
    );
    assert_eq!(methods().count(), METHODS.len() + 1);
    assert!(has_registered() && methods().last().unwrap().label == "mine_2");
}
