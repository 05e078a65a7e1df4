//! `POST /channels/ec/aftersale/getaftersaleorder`: what became of a complaint in a channels shop. Every id of digits is one.

use serde_json::json;

use super::{Desk, Endpoint, shop_id};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint = Endpoint {
    name: "channels_aftersale",
    path: "/channels/ec/aftersale/getaftersaleorder",
    platform: Platform::Official,
    answer,
};

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    let id = shop_id(&ENDPOINT, desk, call, "after_sale_order_id")?;
    Ok(Reply::json(&json!({
        "errcode": 0,
        "errmsg": "ok",
        "after_sale_order": {
            "after_sale_order_id": id,
            "order_id": "3705115058471208928",
            "openid": desk.wechat.users.at_the_phone().openid,
            "status": "MERCHANT_PROCESSING",
            "type": "REFUND",
            "product_info": { "product_id": "10000000000001", "count": 1 },
            "refund_info": { "amount": 1990 },
        },
    })))
}
