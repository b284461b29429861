package pushservice

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestEndpointAnswers(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		p.greet("")
		endpoint := p.register(testChannel)
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			w.t.Fatal(err)
		}
		bound := p.registerBound(w, key)
		gcm := http.Header{"Ttl": {"10"}, "Content-Encoding": {"aes128gcm"}}
		with := func(name, value string) http.Header {
			h := gcm.Clone()
			h.Set(name, value)
			return h
		}
		vapid := func(life time.Duration) http.Header {
			return with("Authorization", w.vapid(key, life))
		}
		for name, c := range map[string]struct {
			url    string
			header http.Header
			body   []byte
			status int
			errno  float64
		}{
			"accepted":          {endpoint, gcm, []byte("body"), 201, 0},
			"without a body":    {endpoint, http.Header{"Ttl": {"0"}}, nil, 201, 0},
			"largest":           {endpoint, gcm, make([]byte, 5630), 201, 0},
			"too large":         {endpoint, gcm, make([]byte, 5631), 413, 104},
			"no ttl":            {endpoint, http.Header{}, nil, 400, 111},
			"negative ttl":      {endpoint, http.Header{"Ttl": {"-1"}}, nil, 400, 112},
			"long topic":        {endpoint, with("Topic", strings.Repeat("a", 33)), nil, 400, 113},
			"no encoding":       {endpoint, http.Header{"Ttl": {"1"}}, []byte("x"), 400, 110},
			"aesgcm, no salt":   {endpoint, http.Header{"Ttl": {"1"}, "Content-Encoding": {"aesgcm"}}, []byte("x"), 400, 110},
			"unknown token":     {endpoint + "x", gcm, nil, 404, 102},
			"signed":            {endpoint, vapid(time.Hour), nil, 201, 0},
			"signature too old": {endpoint, vapid(-time.Hour), nil, 401, 109},
			"signed for days":   {endpoint, vapid(25 * time.Hour), nil, 401, 109},
			"bound, unsigned":   {bound, gcm, nil, 401, 109},
			"bound, signed":     {bound, vapid(time.Hour), nil, 201, 0},
		} {
			status, h, body := w.request(c.url, c.header, c.body)
			if status != c.status || body["errno"] != nil && body["errno"] != c.errno {
				t.Errorf("%s: %d %v, want %d %v", name, status, body, c.status, c.errno)
			}
			if status == 201 && (h.Get("Location") == "" || h.Get("TTL") == "") {
				t.Errorf("%s: headers %v lack Location or TTL", name, h)
			}
			if status != 201 && body["errno"] == nil {
				t.Errorf("%s: no errno in %v", name, body)
			}
		}
		for _, forced := range []int{404, 410, 503} {
			w.ctl.AnswerEndpoints(forced)
			if status, h, _ := w.request(endpoint, gcm, nil); status != forced || (forced == 503) != (h.Get("Retry-After") == "120") {
				t.Errorf("forced %d: %d %v", forced, status, h)
			}
		}
		w.ctl.AnswerEndpoints(0)
		w.ctl.ForgetUserAgents()
		if status, _, body := w.request(endpoint, gcm, nil); status != 410 || body["errno"] != 106.0 {
			t.Errorf("lost uaid: %d %v", status, body)
		}
		p.drop()
	})
}
