//! Where messages come in: the URL check, callback hosts, WeCom, channels shops, registered apps; and tokens and keys that change.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::push::{Account, Kind, Push, UrlCheck, Value};

use crate::callback_support::*;
use crate::support::*;

/// The account of the app `corp`.
fn wecom() -> Account {
    Account::of(Kind::Wecom).id(CORPID).safe(AES_KEY)
}

/// Beside the demo app one of WeCom and a shop, whose messages go to the first back-end.
fn several_kinds(start: Start, backends: &[Backend]) -> Start {
    safe(start, backends).config(|config| {
        let callback = json!({ "token": Account::TOKEN, "aes_key": AES_KEY, "to": ["b1"], "path": "/corp" });
        config["apps"]["corp"] = json!({ "kind": "wecom", "corpid": CORPID, "secret": CORP_SECRET });
        config["apps"]["corp"]["callback"] = callback.clone();
        config["apps"]["corp"]["callback"]["suite_id"] = json!("wwsuite");
        config["apps"]["store"] = json!({ "kind": "channels", "appid": "wxstore", "secret": "store-secret" });
        config["apps"]["store"]["callback"] = callback;
        config["apps"]["store"]["callback"]["path"] = json!("/store");
    })
}

on_every_host! {
    async fn the_url_is_taken_by_who_knows_the_token(start: Start) {
        let [backend] = backends().await;
        let start = callback(safe(start, std::slice::from_ref(&backend)), "path", "/wx");
        let mut edge = start.config(|it| it["callback_hosts"] = json!({ "svc.example.com": ["demo"] })).start().await;
        let check = UrlCheck::of(&sealed());
        for path in ["/app/demo/msg", "/app/demo/msg/json", "/wx", "/app/demo/msg?call=b1", "/app/demo/msg?call=/echo"] {
            let checked = edge.check_url(&check, path).await;
            assert!(checked.taken, "{path} {checked:?}");
            assert_eq!(checked.attempt.answer.unwrap().header("content-type"), Some("text/plain; charset=utf-8"));
        }
        // Markup comes back as text, and every character as it was.
        let odd = UrlCheck { echo: "<script>+ 你好%2B&".to_owned(), ..check.clone() };
        assert!(edge.check_url(&odd, "/app/demo/msg").await.taken);
        let target = check.seal().target("/any/path?call=b1");
        assert_eq!(edge.get(&target).header("host", "svc.example.com").await.text(), check.echo);

        let stranger = UrlCheck::of(&sealed().token("another"));
        error(&edge.get(stranger.seal().target("/app/demo/msg")).await, 401);
        for age in [301, -310] {
            error(&edge.get(UrlCheck { age, ..check.clone() }.seal().target("/app/demo/msg")).await, 403);
        }
        error(&edge.get(check.seal().without("echostr").target("/app/demo/msg")).await, 400);
        error(&edge.get(check.seal().without("signature").target("/app/demo/msg")).await, 400);
        // A URL that no push could come to is found out now.
        error(&edge.get(check.seal().target("/app/demo/msg?call=http://127.0.0.1/")).await, 403);
        assert_eq!(backend.received().len(), 0, "no back-end hears of it");
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn wecom_gets_its_echo_back_decrypted(start: Start) {
        let [backend] = backends().await;
        let mut edge = several_kinds(start, std::slice::from_ref(&backend)).start().await;
        let check = UrlCheck::of(&wecom());
        for path in ["/app/corp/msg", "/corp"] {
            let checked = edge.check_url(&check, path).await;
            assert!(checked.taken, "{path} {checked:?}");
        }
        let target = check.seal().target("/app/corp/msg");
        assert!(target.contains("%2B"), "{target}");
        for spelling in ["+", "%2b", "%20"] {
            assert_eq!(edge.get(target.replace("%2B", spelling)).await.text(), check.echo, "{spelling}");
        }
        let suite = UrlCheck::of(&wecom().id("wwsuite"));
        assert!(edge.check_url(&suite, "/app/corp/msg").await.taken);
        for stranger in [wecom().token("another"), wecom().safe(OLD_AES_KEY), wecom().id("wwanother")] {
            error(&edge.get(UrlCheck::of(&stranger).seal().target("/app/corp/msg")).await, 401);
        }
        assert_eq!(backend.received().len(), 0);
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn wecom_is_answered_in_its_envelope(start: Start) {
        let [backend] = backends().await;
        let mut edge = several_kinds(start, std::slice::from_ref(&backend)).start().await;
        for account in [wecom(), wecom().json(), wecom().id("wwsuite")] {
            backend.next([text("hello")]);
            let before = backend.received().len();
            let push = Push::text("hi").from("zhangsan").by(&account).to("/app/corp/msg/json");
            assert_eq!(edge.push(push).await.text(), "hello");
            let it = &backend.received()[before];
            assert_eq!((&it.json()["AgentID"], &it.json()["FromUserName"]), (&json!(1_000_002), &json!("zhangsan")));
            assert_eq!(parts(it).1.matches("openid").count(), 0);
        }
        backend.next([says(json!({ "type": "update_button", "msg": "done" }).to_string())]);
        let card = edge.push(Push::named("template_card_event").by(&wecom()).to("/corp")).await;
        assert_eq!(card.reply().body.text_at("Button/ReplaceName"), "done");
        let received = backend.received();
        assert_eq!(received.last().unwrap().target, "/wx/event/template_card_event");
        assert!(received.last().unwrap().json().get("userInfo").is_none());
        for stranger in [wecom().id("wwanother"), wecom().token("another"), wecom().safe(OLD_AES_KEY)] {
            let push = Push::text("hi").by(&stranger).to("/app/corp/msg");
            error(&edge.knock(&push).await, 401);
        }
        assert_eq!(backend.received().len(), received.len());
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn a_shops_events_are_passed_on_whole(start: Start) {
        let [backend] = backends().await;
        let mut edge = several_kinds(start, std::slice::from_ref(&backend)).start().await;
        let store = Account::of(Kind::Channels).id("wxstore").safe(AES_KEY);
        let id = 3_705_115_058_471_208_928_u64;
        for (order, door) in [
            (Value::number(id), "/store"),
            (Value::text(id.to_string()), "/store"),
            (Value::number(id), "/app/store/msg"),
        ] {
            backend.next([says(json!({ "msg": "noted, thank you" }).to_string())]);
            let before = backend.received().len();
            let order = Value::fields([("order_id", order), ("pay_time", Value::number(1_658_509_194))]);
            let paid = Push::named("channels_ec_order_pay").with("order_info", order).with("Door", before as u64);
            let seen = edge.push(paid.by(&store).to(door)).await;
            assert_eq!((seen.is_nothing(), seen.answer().text()), (true, "noted, thank you".to_owned()));
            let it = &backend.received()[before];
            assert_eq!(it.target, "/wx/event/channels_ec_order_pay");
            let info = it.json()["order_info"].clone();
            assert_eq!((&info["order_id"].to_string().replace('"', ""), &info["pay_time"]), (&id.to_string(), &json!(1_658_509_194)));
            assert!(it.json().get("userInfo").is_none());
        }
        let unknown = Push::event("channels_ec_brand_new").by(&store).to("/store");
        assert_eq!(edge.push(unknown).await.answer().text(), "success");
        assert_eq!(backend.received().last().unwrap().target, "/wx/event/channels_ec_brand_new");
        assert_eq!(calls(&edge, "user_info").await, 0);
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn tokens_and_keys_change_without_a_gap(start: Start) {
        let [backend] = backends().await;
        let start = callback(safe(start, std::slice::from_ref(&backend)), "token", json!([Account::TOKEN, OLD_TOKEN]));
        let mut edge = callback(start, "aes_key", json!([AES_KEY, OLD_AES_KEY])).start().await;
        backend.always(text("hello"));
        for token in [Account::TOKEN, OLD_TOKEN] {
            for key in [AES_KEY, OLD_AES_KEY] {
                // The user sees a reply only if it is in an envelope of this very token and key.
                let account = Account::default().token(token).safe(key);
                assert_eq!(edge.push(hi().by(&account)).await.text(), "hello", "{token}");
            }
            assert!(edge.check_url(&UrlCheck::of(&sealed().token(token)), "/app/demo/msg").await.taken);
        }
        let other = "0000000000000000000000000000000000000000000";
        error(&edge.knock(&hi().by(&sealed().safe(other))).await, 401);
        error(&edge.knock(&hi().by(&sealed().token("older"))).await, 401);
        // A back-end that gets the plain message gets it signed with the token that WeChat used.
        backend.always(says(""));
        edge.push(hi().by(&sealed().token(OLD_TOKEN))).await;
        let received = backend.received();
        let query = parts(received.last().unwrap()).1.to_owned();
        let value = |name: &str| query.split('&').find_map(|it| it.strip_prefix(&format!("{name}="))).unwrap().to_owned();
        let parts = [OLD_TOKEN.to_owned(), value("timestamp"), value("nonce")];
        assert_eq!(value("signature"), wxedge_tests::simulator::push::crypto::sign(&parts.each_ref().map(String::as_str)));
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn messages_of_several_apps_come_to_one_host(start: Start) {
        let [first, second] = backends().await;
        let backends = [first, second];
        let mut edge = several_kinds(start, &backends).config(|config| {
            config["callback_hosts"] = json!({ "svc.example.com": ["demo", "corp"] });
        })
        .start()
        .await;
        // Whoever has the plain text in its own hands answers itself: here the demo app's back-ends get it decrypted.
        for (account, app) in [(sealed(), "demo"), (wecom(), "corp")] {
            let before = backends[1].received().len();
            let push = Push::text("hi").by(&account).host("svc.example.com").to("/wechat/entry?call=b2");
            assert!(edge.push(push).await.is_nothing(), "{app}");
            let it = &backends[1].received()[before];
            assert_eq!((it.header("x-wxedge-app"), parts(it).0), (Some(app), "/wx"));
            assert!(String::from_utf8_lossy(&it.body).contains("<Encrypt>"));
        }
        assert_eq!(backends[0].received().len(), 0, "call wins over what is configured");
        let stranger = Push::text("hi").by(&sealed().token("another")).host("svc.example.com").to("/x?call=b2");
        error(&edge.knock(&stranger).await, 401);
        // Neither another host nor a path without a call is the gateway's.
        let push = Push::text("hi").by(&sealed());
        for (host, path) in [("other.example.com", "/x?call=b2"), ("svc.example.com", "/x"), ("svc.example.com.evil.test", "/x?call=b2")] {
            let answer = edge.knock(&push.clone().host(host).to(path)).await;
            assert!([404, 503].contains(&answer.status), "{host} {path} {}", answer.status);
        }
        assert_eq!(called(&backends), 2);
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn a_call_names_a_back_end_or_an_allowed_url(start: Start) {
        let [first, second] = backends().await;
        let partner = format!("partner.example.com:{}", second.address().port());
        let start = safe(start, std::slice::from_ref(&first)).public_name("partner.example.com");
        let allowed = format!("http://{partner}");
        let mut edge = start.config(|config| config["calls"] = json!([allowed])).start().await;
        second.always(text("from the partner"));
        first.always(text("from the back-end"));
        for (calls, seen) in [
            (format!("call=http://{partner}/in?a=b%26c"), "from the partner"),
            (format!("call={partner}/in"), "from the partner"),
            (format!("call=b1&call=http://{partner}/in"), "from the back-end"),
            (format!("call=http://{partner}/in&call=b1"), "from the partner"),
            ("call=".to_owned(), "from the back-end"),
            ("call=%62%31".to_owned(), "from the back-end"),
        ] {
            assert_eq!(edge.push(hi().to(format!("/app/demo/msg/json?{calls}"))).await.text(), seen, "{calls}");
        }
        let received = second.received();
        assert!(received[0].target.starts_with("/in?a=b&c&signature="), "{}", received[0].target);
        assert_eq!(received[0].header("webhook-signature"), None, "nobody shares a key with a stranger");
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn a_registered_app_takes_messages(start: Start) {
        const ADMIN: &str = "admin-key-0123456789abcdef";
        let [backend] = backends().await;
        let start = safe(start, std::slice::from_ref(&backend)).config(|it| it["admin"] = json!({ "key": ADMIN }));
        let mut edge = start.start().await;
        edge.simulator().account(json!({ "appid": "wxnew", "secret": "s1" })).await.unwrap();
        edge.simulator().account(json!({ "appid": "wxbare", "secret": "s1" })).await.unwrap();
        let register = |query: String| edge.get(format!("/register?{query}")).header("x-admin-key", ADMIN);
        let aes = format!("&token=newtoken&aes={AES_KEY}");
        assert_eq!(register(format!("key=new&appid=wxnew&secret=s1{aes}")).await.status, 200);
        assert_eq!(register("key=bare&appid=wxbare&secret=s1".to_owned()).await.status, 200);
        assert_eq!(register(format!("key=tokens&appid=wxbare&secret=s1&call=/api{aes}")).await.status, 200);
        backend.always(text("hello"));
        let account = Account::default().id("wxnew").token("newtoken").safe(AES_KEY);
        let push = Push::text("hi").by(&account);
        assert_eq!(edge.push(push.clone().to("/app/new/msg/json?call=b1")).await.text(), "hello");
        assert!(edge.check_url(&UrlCheck::of(&account), "/app/new/msg").await.taken);
        // Without a back-end the gateway gives the text back.
        assert_eq!(edge.push(Push::text("echo me").by(&account).to("/app/new/msg")).await.text(), "echo me");
        // A plain one is refused, for it has a key; and without a token nobody can be believed.
        error(&edge.knock(&Push::text("hi").by(&Account::default().token("newtoken")).to("/app/new/msg")).await, 403);
        error(&edge.knock(&push.clone().to("/app/bare/msg")).await, 404);
        // Nor is one taken for an app that was registered for other paths.
        error(&edge.knock(&push.clone().to("/app/tokens/msg")).await, 403);
        error(&edge.knock(&push.to("/app/nowhere/msg")).await, 404);
        assert_eq!(backend.received().len(), 1);
        unharmed(&mut edge).await;
        silent(&edge);
    }
}
