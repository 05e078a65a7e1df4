//! XML: bounded, and what is read is whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wxedge::limits;
use wxedge::wechat::xml::{self, Element};

fuzz_target!(|text: &str| {
    if let Ok(root) = xml::parse(text) {
        let (depth, elements, bytes) = measure(&root);
        assert!(depth <= limits::XML_DEPTH && elements <= limits::XML_ELEMENTS && bytes <= text.len());
    }
});

fn measure(element: &Element<'_>) -> (usize, usize, usize) {
    let own = (1, 1, element.name.len() + element.text.len());
    element.children.iter().map(measure).fold(own, |sum, it| (sum.0.max(it.0 + 1), sum.1 + it.1, sum.2 + it.2))
}
