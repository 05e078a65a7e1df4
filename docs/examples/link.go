// go run link.go KEY NAME '/qrcode?path=https%3A%2F%2Fexample.com' 600
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

func link(key, name, target string, seconds int64) string {
	joint := "?"
	if strings.Contains(target, "?") {
		joint = "&"
	}
	by := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	text := fmt.Sprintf("%s%swx_by=%s&wx_exp=%d", target, joint, by, time.Now().Unix()+seconds)
	secret := sha256.Sum256([]byte(key))
	mac := hmac.New(sha256.New, secret[:])
	mac.Write([]byte(text))
	return text + "&wx_sig=" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func main() {
	seconds, _ := strconv.ParseInt(os.Args[4], 10, 64)
	fmt.Println(link(os.Args[1], os.Args[2], os.Args[3], seconds))
}
