#!/bin/sh
# What the gateway sends to a back-end, in the form `gateway`, for a user's message "hi". Try it on a back-end of yours:
#
# BOT_KEY=whsec_.. sh push.sh http://127.0.0.1:8080/wx
#
# It needs curl and openssl. While it runs, `ps` shows the key: use one that is for trying only.
set -eu

url=$1
now=$(date +%s)
# The gateway derives it from the push, so that every delivery of one push has the same.
id=${WEBHOOK_ID:-msg_$(openssl rand -hex 16)}
body='{"ToUserName":"gh_1a2b3c","FromUserName":"oAbC-dEf_1","CreateTime":'$now',"MsgType":"text","MsgId":"22277834746191186","Content":"hi"}'

# A key that begins with whsec_ goes on in base64; any other is taken as it is.
case $BOT_KEY in
whsec_*) key=$(printf %s "${BOT_KEY#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n') ;;
*) key=$(printf %s "$BOT_KEY" | od -An -v -tx1 | tr -d ' \n') ;;
esac
signature=$(printf %s "$id.$now.$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)

curl --silent --show-error --fail-with-body "$url/msg/text" \
  --header 'content-type: application/json' \
  --header 'x-wxedge-app: shop' \
  --header "x-request-id: $(openssl rand -hex 16)" \
  --header "webhook-id: $id" \
  --header "webhook-timestamp: $now" \
  --header "webhook-signature: v1,$signature" \
  --data-binary "$body"
