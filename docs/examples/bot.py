"""A back-end for the forms `gateway` and `json`, with Python's own library only: it answers texts with what they say.

BOT_KEY=whsec_.. PORT=8080 python3 bot.py
"""

import base64
import hashlib
import hmac
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WINDOW = 300  # how far a timestamp may be from now, in seconds
LONGEST = 1 << 20  # the longest body that is read, in bytes

handled = 0


def answer(push):
    """What the user is told: a reply, or None. This is the part that is yours."""
    global handled
    handled += 1
    if push.get("MsgType") == "text":
        return {"type": "text", "msg": f"{push['Content']} (push {handled})"}
    if push.get("Event") == "subscribe":
        return {"type": "text", "msg": "welcome"}
    return None


def secret(key):
    """The bytes of a key as it stands in the gateway's configuration."""
    secret = base64.b64decode(key[6:], validate=True) if key.startswith("whsec_") else key.encode()
    if len(secret) < 16:
        raise ValueError("BOT_KEY is too short: anybody could sign with it")
    return secret


def verify(secret, headers, body):
    """Whether the gateway sent this, and now. `body`: the bytes that came, before any parsing."""
    sent = headers.get("webhook-timestamp", "")
    if not (sent.isdecimal() and len(sent) < 16) or abs(time.time() - int(sent)) > WINDOW:
        return False
    signed = f"{headers.get('webhook-id', '')}.{sent}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest())
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected, one.encode()) for one in given)


answers = {}  # webhook-id -> when it came, and the answer
lock = threading.Lock()


def once(message, push):
    """`answer`, but only for the first delivery of a push: a repeat gets what the first one got.

    An id is kept for as long as its signature could be shown again. A back-end with a database keeps it there instead, and
    writes it in the transaction that does the work.
    """
    with lock:
        now = time.monotonic()
        while answers and now - next(iter(answers.values()))[0] > 2 * WINDOW:
            del answers[next(iter(answers))]
        if message not in answers:
            answers[message] = now, answer(push)
        return answers[message][1]


class Bot(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # of a silent connection, in seconds

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not (length.isdecimal() and len(length) < 16) or int(length) > LONGEST:
            self.close_connection = True
            return self.say(413, "too long\n")
        body = self.rfile.read(int(length))
        if not verify(SECRET, self.headers, body):
            return self.say(401, "not signed by the gateway, or not now\n")
        reply = once(self.headers["webhook-id"], json.loads(body))
        if reply is None:
            return self.say(200, "success")
        return self.say(200, json.dumps(reply), "application/json")

    def say(self, status, text, kind="text/plain"):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    SECRET = secret(os.environ["BOT_KEY"])
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Bot)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
