"""What wechatpy says of our callbacks: a task on each line of the standard input, an answer to each on the standard output, in JSON."""

import json
import sys

import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.enterprise.crypto import WeChatCrypto as CorpCrypto
from wechatpy.replies import deserialize_reply


def crypto(task):
    kind = CorpCrypto if task["wecom"] else WeChatCrypto
    return kind(task["token"], task["key"], task["receive_id"])


def open_envelope(task):
    """What is in an envelope of ours, if its signature is right and it is for the receive id."""
    body = task["body"]
    envelope = json.loads(body) if body.startswith("{") else xmltodict.parse(body)["xml"]
    it = {name.lower(): value for name, value in envelope.items()}
    message = {"Encrypt": it["encrypt"]}
    return crypto(task).decrypt_message(message, it["msgsignature"], str(it["timestamp"]), it["nonce"])


def seal(task):
    """An envelope of theirs."""
    return xmltodict.parse(crypto(task).encrypt_message(task["text"], task["nonce"], task["timestamp"]))["xml"]


def read_reply(task):
    """A reply of ours, as they understand it."""
    reply = deserialize_reply(task["body"])
    return {"type": reply.type, **{name: getattr(reply, name) for name in reply._fields}}


def read_elements(task):
    """A reply of a type that they do not know, or not all of."""
    return xmltodict.parse(task["body"])["xml"]


for line in sys.stdin:
    task = json.loads(line)
    print(json.dumps(globals()[task["do"]](task)))
