use super::*;

#[track_caller]
fn answers(error: impl Into<Error>, shape: Shape, status: u16, body: &str) {
    let response = error.into().into_response(shape, "r1");
    assert_eq!(response.status, status);
    assert_eq!(String::from_utf8(response.body).unwrap(), body);
    assert!(response.headers.contains(&("x-request-id".into(), "r1".into())));
}

#[test]
fn an_honest_error_has_an_honest_status() {
    let no_app = Reject::NoApp { app: "x\"y".into() };
    answers(no_app, Shape::Honest, 404, r#"{"errcode":-10001,"errmsg":"there is no app x\"y"}"#);
    let refused = Error::Refused { code: 40164, message: "invalid ip".into() };
    answers(refused.clone(), Shape::Honest, 502, r#"{"errcode":40164,"errmsg":"invalid ip"}"#);
    answers(refused, Shape::WeChat, 200, r#"{"errcode":40164,"errmsg":"invalid ip"}"#);
}

#[test]
fn an_error_like_wechat_has_its_errcode() {
    let missing = |name: &str| Reject::Missing { name: name.into() };
    answers(missing("appid"), Shape::WeChat, 200, r#"{"errcode":41002,"errmsg":"parameter appid is missing"}"#);
    answers(missing("secret"), Shape::WeChat, 200, r#"{"errcode":41004,"errmsg":"parameter secret is missing"}"#);
    answers(Reject::AppId, Shape::WeChat, 200, r#"{"errcode":40013,"errmsg":"invalid appid"}"#);
    let soon = Reject::TooSoon { retry_after: 7 };
    let text = r#"{"errcode":45011,"errmsg":"the credential cannot be renewed again yet: try in 7 s"}"#;
    answers(soon.clone(), Shape::WeChat, 429, text);
    let response = Error::from(soon).into_response(Shape::Honest, "r1");
    assert!(response.headers.contains(&("retry-after".into(), "7".into())));
}

#[test]
fn who_is_refused_for_a_while_is_told_for_how_long_in_every_shape() {
    for shape in [Shape::Honest, Shape::WeChat, Shape::WeixinToken, Shape::TokenHub, Shape::Helper] {
        for reject in [Reject::TooSoon { retry_after: 7 }, Reject::TooMany { retry_after: 7 }] {
            let response = Error::from(reject).into_response(shape, "r1");
            assert_eq!(response.status, 429, "{shape:?}");
            assert!(response.headers.contains(&("retry-after".into(), "7".into())), "{shape:?}");
        }
    }
}

#[test]
fn an_error_like_weixin_tokens_has_its_bodies() {
    let shape = Shape::WeixinToken;
    answers(Reject::NoApp { app: "zz".into() }, shape, 400, r#"{"errmsg":"no this appName:zz"}"#);
    answers(Reject::Unknown, shape, 403, r#"{"errmsg":"This ip is not trusted"}"#);
    let forbidden = Reject::Forbidden { may: "token".into(), app: "a".into() };
    answers(forbidden, shape, 403, r#"{"errmsg":"This ip is not trusted"}"#);
    let refused = Error::Refused { code: 40125, message: "invalid appsecret".into() };
    answers(refused, shape, 500, r#"{"code":40125,"errmsg":"invalid appsecret"}"#);
    let silent = Unavailable::Timeout { who: "WeChat".into() };
    answers(silent, shape, 500, r#"{"code":-10001,"errmsg":"WeChat did not answer in time"}"#);
    answers(Reject::Missing { name: "url".into() }, shape, 400, r#"{"message":"required url"}"#);
    let response = Error::from(Reject::Unknown).into_response(shape, "r1");
    assert!(!response.headers.iter().any(|it| it.0 == "www-authenticate"));
}

#[test]
fn what_an_app_is_not_for_is_403_and_below_cgi_bin_wechats_word_for_it() {
    let not = Reject::NotAllowed { what: "/api".into(), app: "a".into() };
    let text = "app a may not be used for /api";
    answers(not.clone(), Shape::Honest, 403, &format!(r#"{{"errcode":-10001,"errmsg":"{text}"}}"#));
    answers(not.clone(), Shape::WeChat, 200, &format!(r#"{{"errcode":48001,"errmsg":"{text}"}}"#));
    answers(not.clone(), Shape::WeixinToken, 403, r#"{"errmsg":"This ip is not trusted"}"#);
    answers(not, Shape::TokenHub, 403, &format!("{text}\n"));
}

#[test]
fn whoever_is_not_the_admin_is_401_and_where_there_is_none_it_is_403() {
    let response = Error::from(Reject::NotAdmin).into_response(Shape::Honest, "r1");
    assert_eq!(response.status, 401);
    assert!(response.headers.contains(&("www-authenticate".into(), "Bearer".into())));
    let text = r#"{"errcode":-10001,"errmsg":"this gateway has no admin: set admin.key in its configuration"}"#;
    answers(Reject::NoAdmin, Shape::Honest, 403, text);
}

#[test]
fn an_error_of_a_helper_has_go_wx_gateways_body() {
    let method = Reject::Method { allow: "GET, HEAD".into() };
    answers(method, Shape::Helper, 405, r#"{"code":405,"msg":"this route takes GET, HEAD"}"#);
}

#[test]
fn an_error_like_token_hubs_is_text() {
    let shape = Shape::TokenHub;
    answers(Reject::Method { allow: "GET".into() }, shape, 405, "Method Not Allowed\n");
    answers(Reject::NoApp { app: "zz".into() }, shape, 404, "there is no app zz\n");
    let refused = Error::Refused { code: 40013, message: "invalid appid".into() };
    answers(refused, shape, 500, "WeChat says 40013: invalid appid");
    let silent = Unavailable::Timeout { who: "WeChat".into() };
    answers(silent, shape, 500, "WeChat did not answer in time");
    let response = Error::from(Reject::Unknown).into_response(shape, "r1");
    assert_eq!(response.status, 401);
    assert!(response.headers.contains(&("content-type".into(), "text/plain; charset=utf-8".into())));
}

#[test]
fn an_error_reads_back_as_it_was_written() {
    let errors = [
        Reject::TooSoon { retry_after: 3 }.into(),
        Error::Refused { code: -1, message: "system error".into() },
        Unavailable::Timeout { who: "WeChat".into() }.into(),
    ];
    for error in errors {
        let text = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<Error>(&text).unwrap(), error);
    }
}
