//! `POST /channels/ec/order/get`: an order of a channels shop. Every id of digits is one.

use serde_json::json;

use super::{Desk, Endpoint, shop_id};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "channels_order", path: "/channels/ec/order/get", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    let id = shop_id(&ENDPOINT, desk, call, "order_id")?;
    let (now, openid) = (desk.now.0 / 1000, desk.wechat.users.at_the_phone().openid);
    Ok(Reply::json(&json!({
        "errcode": 0,
        "errmsg": "ok",
        "order": {
            "order_id": id,
            "openid": openid,
            "status": 20,
            "create_time": now,
            "update_time": now,
            "order_detail": {
                "product_infos": [{ "product_id": "10000000000001", "title": "茶 \"Long Jing\"", "sku_cnt": 1, "sale_price": 1990 }],
                "price_info": { "product_price": 1990, "order_price": 1990, "freight": 0 },
            },
        },
    })))
}
