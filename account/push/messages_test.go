package push_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/push"
)

func TestEveryNotificationIsAcknowledged(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		channel := w.ctl.Channels(w.ctl.Connected()[0])[0]
		good := seal(t, sub, "good")
		bad := bytes.Clone(good)
		bad[len(bad)-1] ^= 1
		note := func(channel, version, rest string) string {
			return fmt.Sprintf(`{"messageType":"notification","channelID":%q,"version":%q%s}`, channel, version, rest)
		}
		body := func(b []byte, encoding string) string {
			return fmt.Sprintf(`,"data":%q,"headers":{"encoding":%q}`, base64.RawURLEncoding.EncodeToString(b), encoding)
		}
		for _, c := range []struct {
			version, text string
			code          int
		}{
			{"v1", note(channel, "v1", body(good, "aes128gcm")), 100},
			{"v1", note(channel, "v1", body(good, "aes128gcm")), 102},
			{"v2", note(channel, "v2", body(bad, "aes128gcm")), 101},
			{"v3", note(channel, "v3", body(good, "aesgcm128")), 101},
			{"v4", note(channel, "v4", `,"data":"AAAA"`), 101},
			{"v5", note(channel, "v5", `,"data":"*","headers":{"encoding":"aes128gcm"}`), 101},
			{"v6", note(channel, "v6", body(make([]byte, 8193), "aes128gcm")), 101},
			{"v7", note(channel, "v7", `,"data":"AAAA","headers":"none"`), 101},
			{"v8", note("6f0c1e9a-0000-4000-8000-000000000000", "v8", body(good, "aes128gcm")), 102},
			{"v9", note("", "v9", ""), 102},
			{"v10", note(channel, "v10", `,"future":{"reliability_id":1}`), 100},
			{"v11", note(channel, "v11", strings.Replace(body(good, "aes128gcm"), `","headers`, `==","headers`, 1)), 100},
			{"v2", note(channel, "v2", body(bad, "aes128gcm")), 102}, // known, though it was not readable
		} {
			before := len(w.ctl.Acks())
			w.ctl.Send(c.text)
			synctest.Wait()
			acks := w.ctl.Acks()[before:]
			if len(acks) != 1 || acks[0].Version != c.version || acks[0].Code != c.code {
				t.Errorf("%s acknowledged with %+v, want %d", c.text, acks, c.code)
			}
		}
		if got := w.take(); got != "account:good account: account:good" {
			t.Errorf("messages %q", got)
		}
		h := w.client.Health()
		if n := w.unread.Load(); n != 6 {
			t.Errorf("told of %d that could not be read", n)
		}
		if h.Delivered != 3 || h.Unreadable != 6 || h.Repeated != 2 || h.Unknown != 2 {
			t.Errorf("health %+v", h)
		}
	})
}

// TestVectors sends every published body through the service to a client whose
// keys are the vector's.
func TestVectors(t *testing.T) {
	raw, err := os.ReadFile("../internal/ece/testdata/push.json")
	if err != nil {
		t.Fatal(err)
	}
	type vector struct {
		ID        string            `json:"id"`
		Private   string            `json:"ua_private"`
		Auth      string            `json:"auth_secret"`
		Headers   map[string]string `json:"headers"`
		Body      string            `json:"body"`
		Plaintext string            `json:"plaintext"`
		Ack       int               `json:"ack"`
	}
	var v struct{ Positive, Negative []vector }
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	for _, c := range append(v.Positive, v.Negative...) {
		if c.ID == "neg-auth-short" {
			continue // such a secret cannot be in a stored subscription
		}
		inWorld(t, func(w *world) {
			w.subscribe("account")
			w.halt()
			w.setKeys(c.Private, c.Auth)
			w.start()
			time.Sleep(time.Second)
			headers, err := json.Marshal(c.Headers)
			if err != nil {
				w.t.Fatal(err)
			}
			channel := w.ctl.Channels(w.ctl.Connected()[0])[0]
			w.ctl.Send(fmt.Sprintf(`{"messageType":"notification","channelID":%q,"version":"v","data":%q,"headers":%s}`,
				channel, c.Body, headers))
			synctest.Wait()
			want, handled := 100, 1
			if c.Ack != 0 {
				want, handled = c.Ack, 0
			}
			if acks := w.ctl.Acks(); len(acks) != 1 || acks[0].Code != want {
				t.Errorf("%s acknowledged with %+v, want %d", c.ID, acks, want)
			}
			plain, err := base64.RawURLEncoding.DecodeString(c.Plaintext)
			if err != nil {
				w.t.Fatal(err)
			}
			if len(w.got) != handled || handled == 1 && w.got[0] != "account:"+string(plain) {
				t.Errorf("%s: messages %q", c.ID, w.got)
			}
		})
	}
}

// setKeys changes the stored keys of the one subscription.
func (w *world) setKeys(private, auth string) {
	w.t.Helper()
	var st map[string]any
	if err := json.Unmarshal([]byte(w.store.text()), &st); err != nil {
		w.t.Fatal(err)
	}
	standard := func(text string) string {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			w.t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(b)
	}
	r := st["subscriptions"].(map[string]any)["account"].(map[string]any)
	r["private_key"], r["auth_secret"] = standard(private), standard(auth)
	blob, err := json.Marshal(st)
	if err != nil {
		w.t.Fatal(err)
	}
	w.store.blob = blob
}

func TestStoredMessagesComeInBatches(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		w.halt()
		var want []string
		for i := range 150 {
			text := fmt.Sprint(i)
			w.post(sub, text)
			want = append(want, "account:"+text)
		}
		w.start()
		time.Sleep(time.Second)
		if got := w.take(); got != strings.Join(want, " ") {
			t.Errorf("messages %q", got)
		}
		if n := w.ctl.Stored() + w.ctl.Outstanding(); n != 0 {
			t.Errorf("%d messages left behind", n)
		}
		if n := len(w.ctl.UserAgents()); n != 1 {
			t.Errorf("%d identities", n)
		}
	})
}

// TestTooManyStoredMessages: the service forgets who has more waiting than its
// limit, and the client makes everything anew.
func TestTooManyStoredMessages(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		w.halt()
		for range 151 {
			w.post(sub, "x")
		}
		w.start()
		time.Sleep(time.Minute)
		if got := w.take(); strings.Count(got, "account:x") != 150 {
			t.Errorf("%d messages", strings.Count(got, "account:x"))
		}
		changed := w.changes()
		if len(changed) != 1 || changed[0].Endpoint == sub.Endpoint {
			w.t.Fatalf("changed %v", changed)
		}
		w.post(changed[0], "new")
		if got := w.take(); got != "account:new" {
			t.Errorf("messages %q", got)
		}
	})
}

// TestRedeliveryIsRecognized: what was handed over and not acknowledged comes
// again, also to the next process, and is acknowledged without being handed over.
func TestRedeliveryIsRecognized(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		channel := w.ctl.Channels(w.ctl.Connected()[0])[0]
		frame := func(i int) string {
			return fmt.Sprintf(`{"messageType":"notification","channelID":%q,"version":"v%d"}`, channel, i)
		}
		for i := range 505 {
			w.ctl.Send(frame(i))
		}
		if got := w.take(); strings.Count(got, "account:") != 505 {
			w.t.Fatalf("messages %q", got)
		}
		w.restart()
		time.Sleep(time.Second)
		for i := 5; i < 505; i++ {
			w.ctl.Send(frame(i))
		}
		if got := w.take(); got != "" {
			t.Errorf("handed over again: %q", got)
		}
		if codes := w.ackCodes(); codes[100] != 505 || codes[102] != 500 {
			t.Errorf("acknowledged %v", codes)
		}
		w.ctl.Send(frame(4)) // beyond what is remembered
		w.post(sub, "new")
		if got := w.take(); got != "account: account:new" {
			t.Errorf("messages %q", got)
		}
	})
}

// TestStoreThatFails: nothing is handed over or acknowledged that could not be
// recorded; it comes later.
func TestStoreThatFails(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		time.Sleep(2 * time.Minute)
		w.store.set(errDisk)
		w.post(sub, "precious")
		time.Sleep(time.Hour)
		if got := w.take(); got != "" {
			t.Errorf("handed over unrecorded: %q", got)
		}
		if codes := w.ackCodes(); len(codes) != 0 {
			t.Errorf("acknowledged %v", codes)
		}
		if n := w.dialsSince(1); n > 12 {
			t.Errorf("%d attempts in an hour of a full disk", n)
		}
		w.store.set(nil)
		time.Sleep(31 * time.Minute)
		if got := w.take(); got != "account:precious" {
			t.Errorf("messages %q", got)
		}
	})
}

// onHint has hints told, to which those with the text "ask" are taken.
func (w *world) onHint() (hints func() string) {
	var told []string
	w.params.Hint = func(m push.Message) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		told = append(told, string(m.Text))
		return string(m.Text) == "ask"
	}
	w.restart()
	return func() string {
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		all := strings.Join(told, " ")
		told = nil
		return all
	}
}

// TestHints: a hint is told before anything is recorded, and several that come soon after one another are recorded
// together. What they do not take is recorded at once, and handed over after that; nothing is acknowledged before.
func TestHints(t *testing.T) {
	inWorld(t, func(w *world) {
		hints := w.onHint()
		sub := w.subscribe("account")
		before := w.store.count()
		for range 3 {
			w.post(sub, "ask")
		}
		if told := hints(); told != "ask ask ask" || w.store.count() != before || len(w.ackCodes()) > 0 {
			t.Errorf("at first: hints %q, %d saves, acknowledged %v", told, w.store.count()-before, w.ackCodes())
		}
		time.Sleep(2 * time.Second)
		if codes := w.ackCodes(); w.store.count() != before+1 || codes[100] != 3 {
			t.Errorf("then: %d saves, acknowledged %v", w.store.count()-before, codes)
		}
		w.post(sub, "ask")
		w.post(sub, "news")
		if got, told := w.take(), hints(); got != "account:news" || told != "ask news" {
			t.Errorf("hints %q, messages %q", told, got)
		}
		if codes := w.ackCodes(); codes[100] != 5 {
			t.Errorf("acknowledged %v", codes)
		}
	})
}

// TestHintsThatCannotBeRecorded: they come again, and so does all that came with them.
func TestHintsThatCannotBeRecorded(t *testing.T) {
	inWorld(t, func(w *world) {
		hints := w.onHint()
		sub := w.subscribe("account")
		time.Sleep(2 * time.Minute)
		w.store.set(errDisk)
		w.post(sub, "ask")
		w.post(sub, "news")
		if got, told := w.take(), hints(); got != "" || told != "ask news" || len(w.ackCodes()) > 0 {
			t.Errorf("hints %q, messages %q, acknowledged %v", told, got, w.ackCodes())
		}
		w.store.set(nil)
		time.Sleep(time.Minute)
		if got, told := w.take(), hints(); got != "account:news" || told != "ask news" || w.ctl.Stored() != 0 {
			t.Errorf("hints %q, messages %q, %d not acknowledged", told, got, w.ctl.Stored())
		}
		w.store.set(errDisk)
		w.post(sub, "ask")
		time.Sleep(time.Minute)
		w.store.set(nil)
		time.Sleep(time.Hour)
		if told := hints(); !strings.HasPrefix(told, "ask ask") || w.ctl.Stored() != 0 {
			t.Errorf("hints %q, %d not acknowledged", told, w.ctl.Stored())
		}
	})
}

// TestEndAfterAHint: one that is not recorded yet is recorded at the end, and acknowledged by the next process.
// A connection that is lost meanwhile has it come again, and nobody is told of it twice.
func TestEndAfterAHint(t *testing.T) {
	inWorld(t, func(w *world) {
		hints := w.onHint()
		sub := w.subscribe("account")
		w.post(sub, "ask")
		if told := hints(); told != "ask" {
			t.Fatalf("hints %q", told)
		}
		w.restart()
		time.Sleep(time.Minute)
		if told := hints(); told != "" || w.ctl.Stored() != 0 {
			t.Errorf("after the end: hints %q, %d not acknowledged", told, w.ctl.Stored())
		}
		w.post(sub, "ask")
		synctest.Wait()
		w.ctl.Cut()
		time.Sleep(time.Hour)
		if told := hints(); told != "ask" || w.ctl.Stored() != 0 {
			t.Errorf("after a loss: hints %q, %d not acknowledged", told, w.ctl.Stored())
		}
	})
}

// TestManyStoredHints: the service sends ten stored messages ahead, and does not wait for each ten.
func TestManyStoredHints(t *testing.T) {
	inWorld(t, func(w *world) {
		hints := w.onHint()
		sub := w.subscribe("account")
		w.halt()
		const messages = 100
		for range messages {
			w.post(sub, "ask")
		}
		w.start()
		time.Sleep(2 * time.Second)
		if n := strings.Count(hints(), "ask"); n != messages || w.ctl.Stored() != 0 {
			t.Errorf("%d hints, %d messages not acknowledged", n, w.ctl.Stored())
		}
	})
}

func TestTopicsAndExpiry(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		w.halt()
		topic := gcmHeader(3600)
		topic.Set("Topic", "t")
		send := func(h http.Header, text string) {
			if status := w.ctl.Post(sub.Endpoint, h, seal(t, sub, text)); status != 201 {
				w.t.Fatalf("endpoint answers %d", status)
			}
		}
		send(topic, "replaced")
		send(gcmHeader(0), "never")
		send(gcmHeader(60), "expires")
		send(gcmHeader(86400), "plain")
		send(topic, "newest")
		w.service.Clock.Advance(30 * time.Minute)
		w.start()
		time.Sleep(time.Second)
		if got := w.take(); got != "account:newest account:plain" {
			t.Errorf("messages %q", got)
		}
	})
}

// TestApplicationThatFallsBehind: beyond a thousand waiting calls nothing more is
// acknowledged, the connection stays, and all comes through in the end.
func TestApplicationThatFallsBehind(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		proceed := make(chan struct{})
		w.handling = func(ctx context.Context, _ push.Message) {
			select {
			case <-proceed:
			case <-ctx.Done():
			}
		}
		for i := range 1300 {
			if status := w.ctl.Post(sub.Endpoint, http.Header{"Ttl": {"86400"}}, nil); status != 201 {
				w.t.Fatalf("endpoint answers %d", status)
			}
			if i%50 == 0 {
				synctest.Wait()
			}
		}
		time.Sleep(10 * time.Minute)
		if codes := w.ackCodes(); codes[100] < 900 || codes[100] > 1150 {
			t.Errorf("acknowledged %v, want about 1000", codes)
		}
		w.expectConnected("while the application is behind")
		close(proceed)
		time.Sleep(time.Second)
		if got := w.take(); strings.Count(got, "account:") != 1300 {
			t.Errorf("%d messages", strings.Count(got, "account:"))
		}
		if codes := w.ackCodes(); codes[100] != 1300 || len(codes) != 1 {
			t.Errorf("acknowledged %v", codes)
		}
		if n := w.dialsSince(1); n != 0 {
			t.Errorf("%d reconnections", n)
		}
	})
}

func TestHandlerContextEndsWithRun(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		ended := make(chan struct{})
		w.handling = func(ctx context.Context, _ push.Message) {
			<-ctx.Done()
			close(ended)
		}
		w.post(sub, "x")
		synctest.Wait()
		w.halt()
		select {
		case <-ended:
		default:
			t.Error("run returned before its handler")
		}
	})
}

// TestEndWhileSaving: a message that is being recorded when the process ends is handed over by this one
// or by the next, and once.
func TestEndWhileSaving(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		w.store.onSave(w.cancel)
		w.post(sub, "precious")
		synctest.Wait()
		for range 2 {
			w.restart()
			time.Sleep(time.Second)
		}
		if got := w.take(); got != "account:precious" {
			t.Errorf("messages %q", got)
		}
		if codes := w.ackCodes(); codes[100]+codes[102] != 1 || w.ctl.Stored() != 0 {
			t.Errorf("acknowledged %v, %d still stored", codes, w.ctl.Stored())
		}
	})
}

// TestEndAtAnyMoment: the same wherever between arrival and acknowledgement the process ends.
func TestEndAtAnyMoment(t *testing.T) {
	const messages = 160
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		for i := range messages {
			w.post(sub, fmt.Sprint(i))
			for range i % 80 {
				runtime.Gosched()
			}
			w.restart()
			time.Sleep(time.Second)
		}
		w.expectOnce(messages)
	})
}

// TestRandomDisconnects: every one of a thousand messages is handled exactly once
// while connections end at random and processes too.
func TestRandomDisconnects(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		rng := rand.New(rand.NewPCG(7, 7))
		for i := range 1000 {
			w.post(sub, fmt.Sprint(i))
			switch rng.IntN(60) {
			case 0:
				w.ctl.Cut()
			case 1:
				w.ctl.Close(1011, "RegistryDisconnected")
			case 2:
				w.client.Wake(push.Resumed)
			case 3:
				w.restart()
			case 4:
				time.Sleep(5 * time.Minute)
			}
			time.Sleep(time.Duration(rng.IntN(2000)) * time.Millisecond)
		}
		time.Sleep(31 * time.Minute)
		w.expectOnce(1000)
	})
}

// expectOnce says which of the messages from "0" on were not handled exactly once.
func (w *world) expectOnce(messages int) {
	w.t.Helper()
	seen := make(map[string]int)
	for _, m := range strings.Fields(w.take()) {
		seen[m]++
	}
	for i := range messages {
		if n := seen["account:"+fmt.Sprint(i)]; n != 1 {
			w.t.Errorf("message %d handled %d times", i, n)
		}
	}
}
