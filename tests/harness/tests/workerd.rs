//! How workerd is steered.

use std::fs;

use wxedge_tests::harness::*;

#[test]
fn bindings_arrive_byte_for_byte() {
    const TEXT: &str = "quotes \" and ' \\ % ${NAME}\n\ttab, 中文 🎉";
    const WORKER: &str = "export default { fetch(_, env) { return new Response(env.TEXT) } }; export class Keeper {};";
    block_on(async {
        let folder = Scratch::new("echo-worker").unwrap();
        folder.write("index.js", WORKER).unwrap();
        // The smallest module there is: the name and the version of the format.
        folder.write("index_bg.wasm", b"\0asm\x01\0\0\0").unwrap();
        let settings = WorkerdSettings {
            worker: Some(folder.path("")),
            bindings: [("TEXT".to_owned(), TEXT.to_owned())].into(),
            ..WorkerdSettings::default()
        };
        let workerd = Workerd::start(settings).await.unwrap();
        assert_eq!(Request::new(workerd.address(), "GET", "/").await.text(), TEXT);
        drop(workerd);
        assert!(fs::exists(folder.path("index.js")).unwrap());
    });
}

#[test]
fn a_worker_that_does_not_load_is_a_failure_that_says_so() {
    block_on(async {
        let folder = Scratch::new("broken-worker").unwrap();
        folder.write("index.js", "export default {").unwrap();
        folder.write("index_bg.wasm", b"\0asm\x01\0\0\0").unwrap();
        let settings = WorkerdSettings { worker: Some(folder.path("")), ..WorkerdSettings::default() };
        let Err(failure) = Workerd::start(settings).await else { panic!("it started") };
        assert!(failure.to_string().contains("SyntaxError"), "{failure}");
    });
}
