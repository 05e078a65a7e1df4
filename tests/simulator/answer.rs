//! One call, from the request to the last byte of its answer.

use std::net::IpAddr;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};
use tokio::time::sleep;

use super::body::{Cut, ReplyBody};
use super::call::{Call, Reply};
use super::control;
use super::faults::Delivery;
use super::state::{Decided, Flight, Shared};

/// The largest body that is read.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Answers a request; `Err` closes the connection without a word.
pub async fn answer(shared: Shared, peer: IpAddr, request: Request<Incoming>) -> Result<Response<ReplyBody>, Cut> {
    let call = read(peer, request).await?;
    if control::is_control(&call.path) {
        let reply = control::answer(&mut shared.lock(), &call);
        return Ok(respond(reply.status, &reply, ReplyBody::whole(reply.body.clone(), None)));
    }
    let Decided { reply, delay, delivery, flight } = shared.receive(&call);
    if !delay.is_zero() {
        sleep(delay).await;
    }
    deliver(&reply, delivery, flight).await
}

async fn deliver(reply: &Reply, delivery: Delivery, flight: Flight) -> Result<Response<ReplyBody>, Cut> {
    let body = match delivery {
        Delivery::Whole => ReplyBody::whole(reply.body.clone(), Some(flight)),
        Delivery::Slow(over) => ReplyBody::slow(reply.body.clone(), over, flight),
        Delivery::Half => ReplyBody::half(&reply.body, flight),
        Delivery::Cut => {
            flight.cut();
            return Err(Cut);
        }
        // The flight is held here until the caller hangs up.
        Delivery::Never => std::future::pending().await,
    };
    Ok(respond(reply.status, reply, body))
}

/// Reads a request to its end. A body that is too large or breaks off ends the connection.
async fn read(peer: IpAddr, request: Request<Incoming>) -> Result<Call, Cut> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await.map_err(|_| Cut)?.to_bytes();
    let query = head.uri.query().unwrap_or_default();
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(Call {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        target: head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: head.headers.iter().map(header).collect(),
        body,
        peer,
    })
}

fn respond(status: u16, reply: &Reply, body: ReplyBody) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &reply.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}
