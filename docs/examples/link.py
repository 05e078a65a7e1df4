# python3 link.py KEY NAME '/qrcode?path=https%3A%2F%2Fexample.com' 600
import base64, hashlib, hmac, sys, time
from urllib.parse import quote


def link(key, name, target, seconds):
    joint = "&" if "?" in target else "?"
    text = f"{target}{joint}wx_by={quote(name, safe='')}&wx_exp={int(time.time()) + seconds}"
    mac = hmac.new(hashlib.sha256(key.encode()).digest(), text.encode(), "sha256").digest()
    return f"{text}&wx_sig={base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


if __name__ == "__main__":
    key, name, target, seconds = sys.argv[1:]
    print(link(key, name, target, int(seconds)))
