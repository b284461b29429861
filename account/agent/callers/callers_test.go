package callers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

const (
	ours   = "firefox:send@ours.example"
	theirs = "firefox:tree@theirs.example"
)

func memory(t *testing.T) *store.Vault {
	t.Helper()
	s, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	v := store.NewVault(s)
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// on opens the callers on a vault and shows them on a board.
func on(t *testing.T, v *store.Vault) (*Callers, *board.Board) {
	t.Helper()
	b := board.New(kit.System(), localapi.Snapshot{})
	c, err := Open(Params{Store: v, Board: b, Clock: kit.System(), Logger: slog.New(slog.DiscardHandler), Own: []string{ours}})
	if err != nil {
		t.Fatal(err)
	}
	b.Change(c.Show)
	return c, b
}

// admit asks for a caller, and returns the code of the refusal.
func admit(t *testing.T, c *Callers, id string, p localapi.Purpose, links int) localapi.Code {
	t.Helper()
	_, err := c.Admit(t.Context(), localapi.AdmitRequest{ID: id, Name: "Tree", Via: ours, Purpose: p, Links: links})
	return code(t, err)
}

func code(t *testing.T, err error) localapi.Code {
	t.Helper()
	var e *localapi.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("not a refusal: %v", err)
	}
	if e == nil {
		return ""
	}
	return e.Code
}

func decide(t *testing.T, c *Callers, id string, d localapi.Decision) {
	t.Helper()
	if _, err := c.Change(t.Context(), localapi.CallerChange{ID: id, Decision: d}); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherExtensionIsAskedAboutOnce(t *testing.T) {
	v := memory(t)
	c, b := on(t, v)
	w := b.Watch(localapi.FaceNotify)
	defer w.Close()
	want := func(id string, p localapi.Purpose, is localapi.Code) {
		t.Helper()
		if got := admit(t, c, id, p, 1); got != is {
			t.Errorf("%s, %s: %q, want %q", id, p, got, is)
		}
	}
	want(theirs, localapi.PurposeLook, "") // which asks nobody
	want(theirs, localapi.PurposeInbox, localapi.CodeNotAllowed)
	if got := b.Now().Callers; got != nil {
		t.Errorf("asked about %+v", got)
	}
	want(theirs, localapi.PurposeDevices, localapi.CodeAsk)
	want(theirs, localapi.PurposeSend, localapi.CodeAsk)
	u, _ := w.Next(t.Context())
	if len(u.Events) != 1 || u.Events[0].Kind != localapi.CallerAsks || u.Events[0].Caller.Name != "Tree" || u.Events[0].Caller.Via != ours {
		t.Errorf("the person hears %+v", u.Events)
	}
	decide(t, c, theirs, localapi.CallerAllowed)
	want(theirs, localapi.PurposeSend, "")
	for _, p := range []localapi.Purpose{localapi.PurposeOwn, localapi.PurposeInbox, localapi.PurposeSignIn, "else"} {
		want(theirs, p, localapi.CodeNotAllowed)
	}
	c, _ = on(t, v) // after a restart
	want(theirs, localapi.PurposeSend, "")
	decide(t, c, theirs, localapi.CallerDenied)
	want(theirs, localapi.PurposeDevices, localapi.CodeNotAllowed)
	decide(t, c, theirs, localapi.CallerForgotten)
	want(theirs, localapi.PurposeDevices, localapi.CodeAsk)
	for _, id := range []string{"", "firefox", "firefox:", "safari:x", "firefox:a b", "firefox:a\nb", "firefox:\u202ea", "chromium:" + string(make([]byte, 300))} {
		want(id, localapi.PurposeLook, localapi.CodeUsage)
	}
}

// What only ours may be given is not noted for another one: the person's list would tell of what it never gets.
func TestAnotherExtensionIsGivenNoMore(t *testing.T) {
	c, b := on(t, memory(t))
	yes := true
	for _, change := range []localapi.CallerChange{{ID: theirs, Inbox: &yes}, {ID: theirs, SignIn: &yes, Decision: localapi.CallerAllowed}} {
		if _, err := c.Change(t.Context(), change); code(t, err) != localapi.CodeNotAllowed {
			t.Errorf("%+v: %v", change, err)
		}
	}
	if got := b.Now().Callers; got != nil {
		t.Errorf("noted: %+v", got)
	}
}

func TestOursIsAllowedUntilRevoked(t *testing.T) {
	c, b := on(t, memory(t))
	for _, p := range []localapi.Purpose{localapi.PurposeLook, localapi.PurposeDevices, localapi.PurposeSend, localapi.PurposeOwn} {
		if got := admit(t, c, ours, p, localapi.MaxLinksOwn); got != "" {
			t.Errorf("%s: %s", p, got)
		}
	}
	if got := admit(t, c, ours, localapi.PurposeInbox, 0); got != localapi.CodeNotOptedIn {
		t.Errorf("the inbox without the person's yes: %q", got)
	}
	yes := true
	if _, err := c.Change(t.Context(), localapi.CallerChange{ID: ours, Inbox: &yes}); err != nil {
		t.Fatal(err)
	}
	if got := admit(t, c, ours, localapi.PurposeInbox, 0); got != "" {
		t.Errorf("the inbox: %q", got)
	}
	if got := admit(t, c, ours, localapi.PurposeSignIn, 0); got != localapi.CodeNotOptedIn {
		t.Errorf("the sign-in without the person's yes: %q", got)
	}
	decide(t, c, ours, localapi.CallerDenied)
	if got := admit(t, c, ours, localapi.PurposeSend, 1); got != localapi.CodeNotAllowed {
		t.Errorf("revoked: %q", got)
	}
	if got := admit(t, c, theirs, localapi.PurposeLook, 0); got != localapi.CodeNotAllowed {
		t.Errorf("through a revoked one: %q", got)
	}
	if got := b.Now().Callers; len(got) != 1 || !got[0].Own || got[0].Decision != localapi.CallerDenied {
		t.Errorf("shown: %+v", got)
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := on(t, memory(t))
		decide(t, c, theirs, localapi.CallerAllowed)
		if got := admit(t, c, theirs, localapi.PurposeSend, localapi.MaxLinks+1); got != localapi.CodeTooMany {
			t.Errorf("21 links: %q", got)
		}
		for range localapi.CallsPerMinute - 1 {
			if got := admit(t, c, theirs, localapi.PurposeDevices, 0); got != "" {
				t.Fatalf("refused: %q", got)
			}
		}
		_, err := c.Admit(t.Context(), localapi.AdmitRequest{ID: theirs, Purpose: localapi.PurposeDevices})
		var e *localapi.Error
		if !errors.As(err, &e) || e.Code != localapi.CodeRateLimited || !e.Until.Equal(time.Now().Add(time.Minute)) {
			t.Errorf("the 31st call: %+v", err)
		}
		if got := admit(t, c, ours, localapi.PurposeDevices, 0); got != "" {
			t.Errorf("another caller suffers: %q", got)
		}
		time.Sleep(time.Minute)
		if got := admit(t, c, theirs, localapi.PurposeDevices, 0); got != "" {
			t.Errorf("a minute later: %q", got)
		}
	})
}

// Whoever makes up ids displaces questions, and nothing that was decided.
func TestMadeUpIDs(t *testing.T) {
	c, b := on(t, memory(t))
	decide(t, c, theirs, localapi.CallerAllowed)
	for i := range 1000 {
		admit(t, c, fmt.Sprintf("firefox:x%d@evil.example", i), localapi.PurposeSend, 1)
	}
	if n := len(b.Now().Callers); n != maxAsked+1 || len(c.calls) > maxAsked+1 {
		t.Errorf("%d callers, %d counts", n, len(c.calls))
	}
	for i := range maxKnown - 1 {
		decide(t, c, fmt.Sprintf("firefox:y%d@full.example", i), localapi.CallerDenied)
	}
	if got := admit(t, c, "firefox:new@full.example", localapi.PurposeSend, 1); got != localapi.CodeNotAllowed {
		t.Errorf("with %d decisions: %q", maxKnown, got)
	}
	_, err := c.Change(t.Context(), localapi.CallerChange{ID: "firefox:z@full.example", Decision: localapi.CallerAllowed})
	if code(t, err) != localapi.CodeConflict {
		t.Errorf("one decision too many: %v", err)
	}
}

func TestWhatWasSentIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := memory(t)
		c, b := on(t, v)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); c.Run(ctx) }()
		sent := func(r localapi.SendRequest) {
			r.Links = []localapi.Link{{URL: "https://a.example/"}, {URL: "https://www.b.example/?q=secret"}}
			c.Sent(r)
		}
		sent(localapi.SendRequest{})               // of another face
		sent(localapi.SendRequest{Caller: theirs}) // forgotten meanwhile
		sent(localapi.SendRequest{Caller: ours})
		want := localapi.Caller{
			ID: ours, Own: true, Decision: localapi.CallerAllowed, First: time.Now().UTC(), LastSent: time.Now().UTC(),
			Links: 2, LastHost: "www.b.example",
		}
		if diff := cmp.Diff([]localapi.Caller{want}, b.Now().Callers); diff != "" {
			t.Error(diff)
		}
		time.Sleep(saveDelay + time.Second)
		synctest.Wait()
		if again, _ := on(t, v); !cmp.Equal(again.list(), []localapi.Caller{want}) {
			t.Errorf("stored: %+v", again.list())
		}
		sent(localapi.SendRequest{Caller: ours, Private: true})
		cancel() // the last counts are saved at the end
		<-done
		again, _ := on(t, v)
		if got := again.list()[0]; got.Links != 4 || got.LastHost != "" {
			t.Errorf("at the end: %+v", got)
		}
	})
}

func TestForget(t *testing.T) {
	for _, all := range []bool{false, true} {
		v := memory(t)
		c, b := on(t, v)
		decide(t, c, theirs, localapi.CallerAllowed)
		c.Sent(localapi.SendRequest{Caller: theirs, Links: []localapi.Link{{URL: "https://a.example/"}}})
		var then func()
		err := v.Write(t.Context(), func(tx *store.Tx) (err error) { then, err = c.Forget(tx, all); return err }, func() { then() })
		if err != nil {
			t.Fatal(err)
		}
		again, _ := on(t, v)
		for name, got := range map[string][]localapi.Caller{"shown": b.Now().Callers, "stored": again.list()} {
			if all && len(got) != 0 || !all && (len(got) != 1 || got[0].LastHost != "" || got[0].Links != 1) {
				t.Errorf("all: %v; %s: %+v", all, name, got)
			}
		}
	}
}
