package push_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/push"
)

func TestForgottenIdentity(t *testing.T) {
	inWorld(t, func(w *world) {
		a, b := w.subscribe("a"), w.subscribe("b")
		time.Sleep(2 * time.Minute)
		w.ctl.ForgetUserAgents()
		w.ctl.Cut()
		time.Sleep(10 * time.Second)
		changed := w.changes()
		if len(changed) != 2 {
			w.t.Fatalf("changed %v", changed)
		}
		for i, old := range []push.Subscription{a, b} {
			if changed[i].Endpoint == old.Endpoint || changed[i].PublicKey == old.PublicKey || changed[i].AuthKey == old.AuthKey {
				t.Errorf("%+v keeps something of %+v", changed[i], old)
			}
		}
		w.post(changed[1], "x")
		if got := w.take(); got != "b:x" {
			t.Errorf("messages %q", got)
		}
		w.restart()
		if again := w.subscribe("a"); again != changed[0] {
			t.Error("the new subscription was not stored")
		}
	})
}

// TestIdentityLostInMidFlight: connections end between the loss of an identity
// and the registration of each successor, and the process too.
func TestIdentityLostInMidFlight(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("a")
		w.subscribe("b")
		time.Sleep(2 * time.Minute)
		w.ctl.IgnoreRegisters(1000)
		w.ctl.ForgetUserAgents()
		w.ctl.Cut()
		time.Sleep(6 * time.Second) // connected anew, registration unanswered
		if n := len(w.changes()); n != 0 {
			w.t.Fatalf("%d changes", n)
		}
		w.ctl.ForgetUserAgents()
		w.ctl.Cut()
		time.Sleep(time.Minute)
		w.restart()
		time.Sleep(time.Minute)
		w.ctl.IgnoreRegisters(0)
		time.Sleep(time.Hour)
		changed := w.changes()
		if len(changed) != 2 {
			w.t.Fatalf("changed %v", changed)
		}
		known := w.ctl.UserAgents()
		if len(known) != 1 || len(w.ctl.Channels(known[0])) != 2 {
			t.Errorf("identities %v", known)
		}
		w.post(changed[0], "x")
		w.post(changed[1], "y")
		if got := w.take(); got != "a:x b:y" {
			t.Errorf("messages %q", got)
		}
	})
}

func TestRenew(t *testing.T) {
	inWorld(t, func(w *world) {
		ctx := context.Background()
		if _, err := w.client.Renew(ctx, "account"); !errors.Is(err, push.ErrNotSubscribed) {
			t.Errorf("no subscription: %v", err)
		}
		old := w.subscribe("account")
		w.ctl.EndSubscription(old.Endpoint)
		fresh, err := w.client.Renew(ctx, "account")
		if err != nil {
			w.t.Fatal(err)
		}
		if fresh.Endpoint == old.Endpoint || fresh.PublicKey == old.PublicKey || fresh.AuthKey == old.AuthKey {
			t.Errorf("%+v keeps something of %+v", fresh, old)
		}
		if changed := w.changes(); len(changed) != 1 || changed[0] != fresh {
			t.Errorf("changed %v", changed)
		}
		if got := w.ctl.Channels(w.ctl.Connected()[0]); len(got) != 1 {
			t.Errorf("channels %v, the old one was not ended", got)
		}
		if status := w.ctl.Post(old.Endpoint, gcmHeader(60), nil); status != http.StatusGone {
			t.Errorf("old endpoint answers %d", status)
		}
		w.post(fresh, "x")
		if got := w.take(); got != "account:x" {
			t.Errorf("messages %q", got)
		}
	})
}

// TestRenewalsAreBounded: an accounts server that calls every endpoint dead at
// once gets few of them.
func TestRenewalsAreBounded(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		start, made := time.Now(), 0
		var waits []time.Duration
		last := start
		for time.Since(start) < 7*24*time.Hour {
			_, err := w.client.Renew(context.Background(), "account")
			var soon *push.TooSoonError
			switch {
			case err == nil:
				made++
				if made > 1 {
					waits = append(waits, time.Since(last).Round(time.Hour))
				}
				last = time.Now()
			case !errors.As(err, &soon):
				w.t.Fatal(err)
			case !soon.Next.After(w.clock.Now()):
				w.t.Fatalf("too soon, yet possible at %v", soon.Next)
			}
			time.Sleep(15 * time.Minute)
			if made%2 == 1 {
				w.restart() // a restart must not reset the wait
			}
		}
		want := []time.Duration{1, 2, 4, 8, 16, 24, 24, 24, 24, 24}
		for i, d := range waits {
			if i < len(want) && d != want[i]*time.Hour {
				t.Errorf("wait %d is %v, want %d h", i, d, want[i])
			}
		}
		if made > 12 {
			t.Errorf("%d renewals in a week", made)
		}
		time.Sleep(49 * time.Hour)
		for range 2 { // after quiet days it is an hour again
			if _, err := w.client.Renew(context.Background(), "account"); err != nil {
				t.Errorf("after quiet days: %v", err)
			}
			time.Sleep(61 * time.Minute)
		}
	})
}

func TestRenewAfterTheClockWasSetBack(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		if _, err := w.client.Renew(context.Background(), "account"); err != nil {
			w.t.Fatal(err)
		}
		w.clock.leap(-1000 * time.Hour)
		_, err := w.client.Renew(context.Background(), "account")
		var soon *push.TooSoonError
		if !errors.As(err, &soon) {
			w.t.Fatalf("error %v", err)
		}
		if wait := soon.Next.Sub(w.clock.Now()); wait > time.Hour {
			t.Errorf("must wait %v", wait)
		}
		time.Sleep(time.Hour + time.Minute) // however often somebody asks meanwhile
		if _, err := w.client.Renew(context.Background(), "account"); err != nil {
			t.Errorf("after the wait: %v", err)
		}
	})
}

func TestRenewWhileTheServiceIsDown(t *testing.T) {
	inWorld(t, func(w *world) {
		old := w.subscribe("account")
		w.ctl.RefuseUpgrades(500, "", -1)
		w.ctl.Cut()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := w.client.Renew(ctx, "account"); !errors.Is(err, context.DeadlineExceeded) {
			w.t.Fatalf("error %v", err)
		}
		w.ctl.RefuseUpgrades(0, "", 0)
		time.Sleep(time.Hour)
		changed := w.changes()
		if len(changed) != 1 || changed[0].Endpoint == old.Endpoint {
			w.t.Fatalf("changed %v: the renewal was forgotten", changed)
		}
	})
}

// TestRequestsWhileDownMakeNoStorm: an application that asks again and again does
// not make the client dial again and again.
func TestRequestsWhileDownMakeNoStorm(t *testing.T) {
	inWorld(t, func(w *world) {
		w.ctl.RefuseUpgrades(500, "", -1)
		for range 600 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			if _, err := w.client.Subscribe(ctx, "account"); err == nil {
				t.Error("subscribed to a service that is down")
			}
			cancel()
			synctest.Wait()
		}
		if n := w.dialsSince(0); n > 121 {
			t.Errorf("%d attempts in 10 minutes", n)
		}
	})
}
