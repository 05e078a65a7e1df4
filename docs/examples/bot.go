// A back-end for the forms `gateway` and `json`, with Go's own library only: it answers texts with what they say.
//
//	BOT_KEY=whsec_.. PORT=8080 go run bot.go
package main

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// How far a timestamp may be from now.
const window = 300 * time.Second

// The longest body that is read, in bytes.
const longest = 1 << 20

// Push has the fields that this back-end looks at.
type Push struct{ MsgType, Content, Event string }

// Reply is what the user is told.
type Reply struct {
	Type string `json:"type"`
	Msg  string `json:"msg"`
}

var handled int

// answer makes a reply, or nil. This is the part that is yours.
func answer(push Push) *Reply {
	handled++
	switch {
	case push.MsgType == "text":
		return &Reply{"text", fmt.Sprintf("%s (push %d)", push.Content, handled)}
	case push.Event == "subscribe":
		return &Reply{"text", "welcome"}
	}
	return nil
}

// secret gives the bytes of a key as it stands in the gateway's configuration.
func secret(key string) ([]byte, error) {
	secret := []byte(key)
	if encoded, is := strings.CutPrefix(key, "whsec_"); is {
		var err error
		if secret, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, err
		}
	}
	if len(secret) < 16 {
		return nil, errors.New("too short: anybody could sign with it")
	}
	return secret, nil
}

// verify tells whether the gateway sent this, and now. `body`: the bytes that came, before any parsing.
func verify(secret []byte, headers http.Header, body []byte) bool {
	sent := headers.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(sent, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > window {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.", headers.Get("webhook-id"), sent)
	mac.Write(body)
	expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for _, one := range strings.Fields(headers.Get("webhook-signature")) {
		if hmac.Equal([]byte(one), expected) {
			return true
		}
	}
	return false
}

type answered struct {
	at    time.Time
	reply *Reply
}

var (
	lock    sync.Mutex
	answers = map[string]answered{} // by webhook-id
)

// once is answer, but only for the first delivery of a push: a repeat gets what the first one got.
//
// An id is kept for as long as its signature could be shown again. A back-end with a database keeps it there instead, and writes
// it in the transaction that does the work.
func once(id string, push Push) *Reply {
	lock.Lock()
	defer lock.Unlock()
	first, known := answers[id]
	if !known {
		first = answered{time.Now(), answer(push)}
		answers[id] = first
		time.AfterFunc(2*window, func() {
			lock.Lock()
			defer lock.Unlock()
			delete(answers, id)
		})
	}
	return first.reply
}

func bot(secret []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longest))
		if err != nil {
			http.Error(w, "too long", http.StatusRequestEntityTooLarge)
			return
		}
		if !verify(secret, r.Header, body) {
			http.Error(w, "not signed by the gateway, or not now", http.StatusUnauthorized)
			return
		}
		var push Push
		if err := json.Unmarshal(body, &push); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		reply := once(r.Header.Get("webhook-id"), push)
		if reply == nil {
			io.WriteString(w, "success")
			return
		}
		w.Header().Set("content-type", "application/json")
		json.NewEncoder(w).Encode(reply)
	}
}

func main() {
	secret, err := secret(os.Getenv("BOT_KEY"))
	if err != nil {
		log.Fatal("BOT_KEY: ", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "8080"))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on http://%s", listener.Addr())
	server := http.Server{Handler: bot(secret), ReadTimeout: 30 * time.Second}
	log.Fatal(server.Serve(listener))
}
