package pushservice

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/tabferry/tabferry/account/accounttest/internal/memnet"
)

func newVAPIDKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signedClaims is an ES256 token of any claims.
func signedClaims(t testing.TB, key *ecdsa.PrivateKey, claims string) string {
	t.Helper()
	text := b64([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + b64([]byte(claims))
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// TestVAPIDForms: RFC 8292 and the older form, in all the ways they can be
// wrong.
func TestVAPIDForms(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		p.greet("")
		key, other := newVAPIDKey(t), newVAPIDKey(t)
		open, bound := p.register(testChannel), p.registerBound(w, key)
		k := w.point(key)
		aud := "http://" + memnet.Host
		in := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
		claims := fmt.Sprintf(`{"aud":%q,"exp":%d,"sub":"mailto:x@example.com"}`, aud, in(time.Hour))
		token := signedClaims(t, key, claims)
		parts := strings.Split(token, ".")
		for _, c := range []struct {
			name, authorization, cryptoKey string
			open, bound                    int
		}{
			{"none", "", "", 201, 401},
			{"today's form", "vapid t=" + token + ", k=" + k, "", 201, 201},
			{"other order, no blanks", "vapid k=" + k + ",t=" + token, "", 201, 201},
			{"padded key", "vapid t=" + token + ", k=" + k + "=", "", 201, 201},
			{"capital scheme", "Vapid t=" + token + ", k=" + k, "", 201, 201},
			{"older form", "WebPush " + token, "p256ecdsa=" + k, 201, 201},
			{"older form, more keys", "WebPush " + token, "dh=AAAA; p256ecdsa=" + k, 201, 201},
			{"older form without key", "WebPush " + token, "", 401, 401},
			{"no key", "vapid t=" + token, "", 401, 401},
			{"no token", "vapid k=" + k, "", 401, 401},
			{"key off the curve", "vapid t=" + token + ", k=" + b64(make([]byte, 65)), "", 401, 401},
			{"key not base64", "vapid t=" + token + ", k=***", "", 401, 401},
			{"another key's signature", "vapid t=" + signedClaims(t, other, claims) + ", k=" + k, "", 401, 401},
			{"another key", "vapid t=" + signedClaims(t, other, claims) + ", k=" + w.point(other), "", 201, 401},
			{"two parts", "vapid t=" + parts[0] + "." + parts[1] + ", k=" + k, "", 401, 401},
			{"short signature", "vapid t=" + parts[0] + "." + parts[1] + ".AAAA, k=" + k, "", 401, 401},
			{"claims are no JSON", "vapid t=" + signedClaims(t, key, "x") + ", k=" + k, "", 401, 401},
			{"other audience", "vapid t=" + signedClaims(t, key, fmt.Sprintf(`{"aud":"https://x.example","exp":%d}`, in(time.Hour))) + ", k=" + k, "", 401, 401},
			{"audience with path", "vapid t=" + signedClaims(t, key, fmt.Sprintf(`{"aud":"%s/","exp":%d}`, aud, in(time.Hour))) + ", k=" + k, "", 401, 401},
			{"no expiry", "vapid t=" + signedClaims(t, key, fmt.Sprintf(`{"aud":%q}`, aud)) + ", k=" + k, "", 401, 401},
			{"expired", "vapid t=" + signedClaims(t, key, fmt.Sprintf(`{"aud":%q,"exp":%d}`, aud, in(-time.Second))) + ", k=" + k, "", 401, 401},
			{"a whole day", "vapid t=" + signedClaims(t, key, fmt.Sprintf(`{"aud":%q,"exp":%d}`, aud, in(24*time.Hour))) + ", k=" + k, "", 201, 201},
			{"over a day", "vapid t=" + signedClaims(t, key, fmt.Sprintf(`{"aud":%q,"exp":%d}`, aud, in(24*time.Hour+2*time.Second))) + ", k=" + k, "", 401, 401},
		} {
			for endpoint, want := range map[string]int{open: c.open, bound: c.bound} {
				h := http.Header{"Ttl": {"0"}}
				if c.authorization != "" {
					h.Set("Authorization", c.authorization)
				}
				if c.cryptoKey != "" {
					h.Set("Crypto-Key", c.cryptoKey)
				}
				status, _, body := w.request(endpoint, h, nil)
				if status != want || want == 401 && body["errno"] != 109.0 {
					t.Errorf("%s at %s: %d %v, want %d", c.name, endpoint[len(aud):][:10], status, body, want)
				}
			}
		}
		p.take()
		p.drop()
	})
}

// TestHeadersReachTheUserAgent: the encryption headers come without quotes
// and padding, of other headers nothing.
func TestHeadersReachTheUserAgent(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		p.greet("")
		endpoint := p.register(testChannel)
		for _, c := range []struct {
			name   string
			header http.Header
			body   string
			want   map[string]any // headers of the notification, nil: none
		}{
			{"today's coding", http.Header{"Content-Encoding": {"aes128gcm"}}, "x", map[string]any{"encoding": "aes128gcm"}},
			{"older coding", http.Header{
				"Content-Encoding": {"aesgcm"}, "Encryption": {`keyid="p256dh";salt="c2FsdA=="`}, "Crypto-Key": {`keyid=p256dh;dh="ZGg="`},
			}, "x", map[string]any{"encoding": "aesgcm", "encryption": "keyid=p256dh;salt=c2FsdA", "crypto_key": "keyid=p256dh;dh=ZGg"}},
			{"surplus headers", http.Header{"Content-Encoding": {"aes128gcm"}, "Encryption": {"salt=x"}, "Urgency": {"high"}}, "x", map[string]any{"encoding": "aes128gcm"}},
			{"no body", http.Header{"Content-Encoding": {"aes128gcm"}}, "", nil},
		} {
			c.header.Set("TTL", "30")
			status, reply, _ := w.request(endpoint, c.header, []byte(c.body))
			if status != 201 || reply.Get("TTL") != "30" || !strings.HasPrefix(reply.Get("Location"), "http://"+memnet.Host+"/m/") {
				t.Errorf("%s: %d %v", c.name, status, reply)
			}
			note := p.one()
			headers, _ := note["headers"].(map[string]any)
			if fmt.Sprint(headers) != fmt.Sprint(c.want) || (note["data"] == nil) != (c.body == "") {
				t.Errorf("%s: %v, want headers %v", c.name, note, c.want)
			}
			for name := range note {
				if !strings.Contains("messageType channelID version data headers", name) {
					t.Errorf("%s: member %s", c.name, name)
				}
			}
			if strings.Contains(fmt.Sprint(note["data"]), "=") {
				t.Errorf("%s: data is padded: %v", c.name, note["data"])
			}
			p.ack(note)
		}
		p.drop()
	})
}

// TestEndpointRefusals: what is wrong with a message, in the endpoint's
// own numbers.
func TestEndpointRefusals(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		p.greet("")
		endpoint := p.register(testChannel)
		good := http.Header{"Ttl": {"0"}, "Content-Encoding": {"aes128gcm"}}
		for _, c := range []struct {
			name, header, value string
			status              int
			errno               float64
		}{
			{"ttl in words", "TTL", "soon", 400, 112},
			{"ttl with fraction", "TTL", "1.5", 400, 112},
			{"ttl too large for any number", "TTL", "99999999999999999999", 400, 112},
			{"topic with blanks", "Topic", "a b", 400, 113},
			{"topic with slash", "Topic", "a/b", 400, 113},
			{"topic of 33", "Topic", strings.Repeat("t", 33), 400, 113},
			{"unknown coding", "Content-Encoding", "gzip", 400, 110},
			{"coding of drafts", "Content-Encoding", "aesgcm128", 400, 110},
			{"aesgcm without headers", "Content-Encoding", "aesgcm", 400, 110},
		} {
			h := good.Clone()
			h.Set(c.header, c.value)
			if status, _, body := w.request(endpoint, h, []byte("x")); status != c.status || body["errno"] != c.errno || body["code"] != float64(c.status) || body["message"] == "" {
				t.Errorf("%s: %d %v, want %d/%v", c.name, status, body, c.status, c.errno)
			}
		}
		long := good.Clone()
		long.Set("Topic", strings.Repeat("t", 32))
		if status, _, _ := w.request(endpoint, long, []byte("x")); status != 201 {
			t.Errorf("a topic of 32: %d", status)
		}
		p.take()
		if frames := w.ctl.Post(endpoint, http.Header{}, nil); frames != 400 {
			t.Errorf("no TTL by hand: %d", frames)
		}
		for method, want := range map[string]int{"GET": 405, "DELETE": 405, "PUT": 201, "POST": 201} {
			r, err := http.NewRequestWithContext(w.t.Context(), method, endpoint, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("TTL", "0")
			res, err := w.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := res.Body.Close(); err != nil || res.StatusCode != want {
				t.Errorf("%s: %d %v, want %d", method, res.StatusCode, err, want)
			}
		}
		for _, path := range []string{"/wpush/v1/", "/wpush/v1/unknown", "/wpush/v3/x", "/wpush/" + "v2" + strings.TrimPrefix(endpoint, "http://"+memnet.Host+"/wpush/v1")} {
			if got := w.post("http://"+memnet.Host+path, "0", "", "x"); got != 404 {
				t.Errorf("%s: %d", path, got)
			}
		}
		p.drop()
	})
}

// TestKeepsOneMessageOfATopic: for each channel, and only in storage.
func TestKeepsOneMessageOfATopic(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		uaid := p.greet("")
		other := strings.Replace(testChannel, "6f", "9f", 1)
		one, two := p.register(testChannel), p.register(other)
		w.post(one, "60", "t", "live 1")
		w.post(one, "60", "t", "live 2")
		live := p.take()
		if texts(live) != "live 1 live 2" {
			t.Errorf("to a connected user agent both go: %q", texts(live))
		}
		p.ack(live...)
		p.drop()
		w.post(one, "60", "t", "old")
		w.post(two, "60", "t", "other channel")
		w.post(one, "60", "u", "other topic")
		w.post(one, "60", "t", "new")
		if w.ctl.Stored() != 3 {
			t.Errorf("%d stored, want 3", w.ctl.Stored())
		}
		p = w.dial()
		p.greet(uaid)
		got := p.take()
		if texts(got) != "other channel other topic new" {
			t.Errorf("came %q", texts(got))
		}
		p.drop()
	})
}

// TestTopicBatches: up to eleven messages with topics come at once, before
// all others.
func TestTopicBatches(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		uaid := p.greet("")
		endpoint := p.register(testChannel)
		p.drop()
		w.post(endpoint, "60", "", "plain")
		for i := range 13 {
			w.post(endpoint, "60", fmt.Sprintf("t%d", i), fmt.Sprint(i))
		}
		p = w.dial()
		p.greet(uaid)
		for _, want := range []string{"0 1 2 3 4 5 6 7 8 9 10", "11 12", "plain"} {
			batch := p.take()
			if texts(batch) != want {
				t.Errorf("batch %q, want %q", texts(batch), want)
			}
			p.ack(batch...)
		}
		p.drop()
	})
}

// TestFramesHaveALimit: 64 KiB of one client message.
func TestFramesHaveALimit(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		p.greet("")
		p.send(`{"messageType":"ack","updates":[],"filler":%q}`, strings.Repeat("x", maxFrame-100))
		if frames := p.take(); len(frames) != 0 || w.ctl.Connections() != 1 {
			t.Errorf("a large frame brought %v, %d connections", frames, w.ctl.Connections())
		}
		p.send(`{"messageType":"ack","updates":[],"filler":%q}`, strings.Repeat("x", maxFrame))
		if err := <-p.closed; websocket.CloseStatus(err) == websocket.StatusNormalClosure {
			t.Errorf("closed with %v", err)
		}
		synctest.Wait()
		if w.ctl.Connections() != 0 {
			t.Error("the connection outlived a frame over the limit")
		}
	})
}

// TestKeepsSilentAboutBroadcastsNobodyWants: a subscribe is answered only
// when there is news.
func TestKeepsSilentAboutBroadcastsNobodyWants(t *testing.T) {
	inWorld(t, func(w *world) {
		w.ctl.SetBroadcast("a", "1")
		w.ctl.SetBroadcast("b", "1")
		p := w.dial()
		p.greet("")
		p.send(`{"messageType":"broadcast_subscribe","broadcasts":{"a":"1"}}`)
		if frames := p.take(); len(frames) != 0 {
			t.Errorf("no news, yet %v", frames)
		}
		p.send(`{"messageType":"broadcast_subscribe","broadcasts":{"b":"0","c":"0"}}`)
		news, _ := p.one()["broadcasts"].(map[string]any)
		if news["b"] != "1" || news["a"] != nil || fmt.Sprint(news["errors"]) != "map[c:Broadcast not found]" {
			t.Errorf("news %v", news)
		}
		w.ctl.SetBroadcast("d", "9")
		if frames := p.take(); len(frames) != 0 {
			t.Errorf("told about a broadcast nobody asked for: %v", frames)
		}
		w.ctl.SetBroadcast("a", "____NOP____")
		if news, _ := p.one()["broadcasts"].(map[string]any); news["a"] != "____NOP____" {
			t.Errorf("news %v", news)
		}
		p.drop()
	})
}

// TestEndpointsAreSealed: an endpoint tells neither uaid nor channel.
func TestEndpointsAreSealed(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		uaid := p.greet("")
		seen := map[string]bool{}
		for range 20 {
			endpoint := p.register(testChannel)
			token := endpoint[strings.LastIndex(endpoint, "/")+1:]
			if seen[token] || strings.Contains(token, uaid) || strings.Contains(token, testChannel) || len(endpoint) > 255 {
				t.Errorf("endpoint %s", endpoint)
			}
			if _, err := base64.RawURLEncoding.DecodeString(token[6:]); err != nil {
				t.Errorf("token %s: %v", token, err)
			}
			seen[token] = true
		}
		p.drop()
	})
}
