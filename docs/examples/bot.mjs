// A back-end for the forms `gateway` and `json`, without any package: it answers texts with what they say.
//
// BOT_KEY=whsec_.. PORT=8080 node bot.mjs

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const WINDOW = 300; // how far a timestamp may be from now, in seconds
const LONGEST = 1 << 20; // the longest body that is read, in bytes

let handled = 0;

// What the user is told: a reply, or nothing. This is the part that is yours.
function answer(push) {
  handled += 1;
  if (push.MsgType === "text") return { type: "text", msg: `${push.Content} (push ${handled})` };
  if (push.Event === "subscribe") return { type: "text", msg: "welcome" };
}

// The bytes of a key as it stands in the gateway's configuration.
function secret(key) {
  const secret = key.startsWith("whsec_") ? Buffer.from(key.slice(6), "base64") : Buffer.from(key);
  if (secret.length < 16) throw new Error("BOT_KEY is too short: anybody could sign with it");
  return secret;
}

// Whether the gateway sent this, and now. `body`: the bytes that came, before any parsing.
function verify(secret, headers, body) {
  const sent = headers["webhook-timestamp"] ?? "";
  if (!/^\d{1,15}$/.test(sent) || Math.abs(Date.now() / 1000 - Number(sent)) > WINDOW) return false;
  const signed = createHmac("sha256", secret).update(`${headers["webhook-id"] ?? ""}.${sent}.`).update(body);
  const expected = Buffer.from(`v1,${signed.digest("base64")}`);
  const given = (headers["webhook-signature"] ?? "").split(" ").map((one) => Buffer.from(one));
  return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
}

const answers = new Map(); // webhook-id -> when it came, and the answer

// `answer`, but only for the first delivery of a push: a repeat gets what the first one got.
//
// An id is kept for as long as its signature could be shown again. A back-end with a database keeps it there instead, and writes
// it in the transaction that does the work.
function once(id, push) {
  const now = performance.now();
  for (const [old, { at }] of answers) {
    if (now - at <= 2 * WINDOW * 1000) break;
    answers.delete(old);
  }
  if (!answers.has(id)) answers.set(id, { at: now, reply: answer(push) });
  return answers.get(id).reply;
}

const SECRET = secret(process.env.BOT_KEY);

async function serve(request, response) {
  const say = (status, text, kind = "text/plain") => response.writeHead(status, { "content-type": kind }).end(text);
  if (!(Number(request.headers["content-length"]) <= LONGEST)) {
    response.setHeader("connection", "close");
    return say(413, "too long\n");
  }
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  if (!verify(SECRET, request.headers, body)) return say(401, "not signed by the gateway, or not now\n");
  const reply = once(request.headers["webhook-id"], JSON.parse(body));
  if (!reply) return say(200, "success");
  return say(200, JSON.stringify(reply), "application/json");
}

const server = createServer((request, response) => {
  serve(request, response).catch((why) => {
    console.error(why);
    response.destroy();
  });
});
server.listen(process.env.PORT ?? 8080, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
