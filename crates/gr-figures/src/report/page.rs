//! The page: one file in which everything lies, and which may load nothing.
//!
//! Names, labels and numbers of files stand in it in two places: in the title, escaped, and in JSON, which scripts
//! turn into text and never into markup. The policy of the page (CSP) names the two scripts by their hashes, so
//! that no other one runs whatever a file says, and forbids requests.

use sha2::{Digest, Sha256};

use super::document::Document;
use super::packed::base64;
use super::scripts::{PAGE, WORKER, joined};

const TEMPLATE: &str = include_str!("../../page/page.html");
const STYLE: &str = include_str!("../../page/page.css");

/// The page of `document`.
pub fn page(document: &Document) -> String {
    let (page, worker) = (joined(PAGE), joined(WORKER));
    let numbers = document.figures().iter().enumerate().map(|(number, figure)| {
        let picture = figure.svg.as_ref().map(|svg| inert(&format!("picture-{number}"), svg));
        inert(&format!("numbers-{number}"), &figure.csv) + &picture.unwrap_or_default()
    });
    let numbers: String = numbers.collect();
    let weights = document.weights.iter().enumerate();
    let weights: String =
        weights.map(|(number, text)| inert(&format!("weights-{number}"), text)).collect();
    let policy = format!(
        "default-src 'none'; script-src '{}'; worker-src blob:; style-src 'unsafe-inline'; img-src blob:; \
         base-uri 'none'; form-action 'none'",
        hash(&page)
    );
    filled(TEMPLATE, |name| match name {
        "policy" => policy.clone(),
        "title" => escaped(&document.title()),
        "style" => STYLE.into(),
        "document" => document.to_json(),
        "numbers" => numbers.clone(),
        "worker" => worker.clone(),
        "page" => page.clone(),
        "weights" => weights.clone(),
        _ => unreachable!("the template has no place {name}"),
    })
}

/// `template` with what `text_of` says in place of each `{{name}}`. What is put in is not looked at again.
fn filled(template: &str, text_of: impl Fn(&str) -> String) -> String {
    let mut parts = template.split("{{");
    let mut page = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (name, rest) = part.split_once("}}").expect("a place of the template is closed");
        page += &text_of(name);
        page += rest;
    }
    page
}

/// Letters of base 64 in an element that is neither shown nor run.
fn inert(id: &str, text: &str) -> String {
    format!("<script type=\"text/plain\" id=\"{id}\">{text}</script>\n")
}

/// A script's hash as a policy names it.
fn hash(script: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(script)))
}

/// Text as it may stand in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_once_and_in_order() {
        let page = filled("<{{a}}|{{b}}>", |name| format!("{name}{{{{b}}}}"));
        assert_eq!(page, "<a{{b}}|b{{b}}>");
    }

    #[test]
    fn text_cannot_end_what_it_stands_in() {
        assert_eq!(escaped("</title><script>&"), "&lt;/title&gt;&lt;script&gt;&amp;");
    }
}
