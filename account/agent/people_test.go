package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// as signs another person in.
func (s *station) as(who *accounttest.Account) *station {
	s.t.Helper()
	before := s.acct
	s.acct = who
	defer func() { s.acct = before }()
	return s.signIn()
}

func (s *station) signOut() {
	s.t.Helper()
	if err := s.face.SignOut(s.t.Context(), false); err != nil {
		s.t.Fatal(err)
	}
}

// shown is everything a face can get to see of inbox and outbox, and of whom.
func (s *station) shown() string {
	s.t.Helper()
	sent, err := s.face.Outbox(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := json.Marshal([]any{s.snapshot(), s.inbox(), sent})
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// everything is all that lies on the disk and in the keyring, and what is sealed of it in the clear. The
// agent must have ended.
func (s *station) everything() string {
	s.t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(s.params.DataDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintln(&all, path, string(text))
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	fmt.Fprintln(&all, s.secrets.entries)
	if !s.hasStoreFile() {
		return all.String()
	}
	var places [][2]string
	s.edit(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(bucket []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(key, _ []byte) error {
				places = append(places, [2]string{string(bucket), string(key)})
				return nil
			})
		})
	})
	file, err := store.Open(s.storeFile())
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	if err := file.Unlock(s.t.Context(), store.NewKeyring(s.secrets, "io.github.tabferry.Tabferry")); err != nil {
		s.t.Fatal(err)
	}
	err = file.View(func(tx *store.Tx) error {
		for _, p := range places {
			text, err := tx.Get(p[0], p[1])
			if err != nil {
				return err
			}
			fmt.Fprintln(&all, p, string(text))
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all.String()
}

// wantNothing looks for something of a person where nothing may be.
func wantNothing(t *testing.T, where, text string, of ...string) {
	t.Helper()
	for _, secret := range of {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s: %q is in it: …%s…", where, secret, text[max(0, i-80):min(len(text), i+80)])
		}
	}
}

// Two people, one computer: none sees, sends or hears anything of the other's, everybody finds what is his
// own on return, and an account that was deleted takes its own along and nothing else.
func TestTwoPeople(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		anna, ben := w.acct, w.svc.NewAccount("ben@example.net", "a password of his")
		hers := []string{"anna-received", "anna-sent", "anna-waiting", anna.UID(), anna.Email(), "Annaphone"}
		his := []string{"ben-received", ben.UID(), ben.Email(), "Benphone"}
		desk := w.station("Desk", w.inBubble).run().signIn()
		phone, other := w.station("Annaphone", w.inBubble).run().signIn(), w.station("Benphone", w.inBubble).run().as(ben)
		to := desk.alertable("Annaphone")
		phone.send(phone.alertable("Desk"), "https://anna-received.example/", "anna-received")
		desk.awaitSent(desk.send(to, "https://anna-sent.example/", "anna-sent").ID, localapi.SendAlerted)
		settings := desk.snapshot().Settings
		settings.Open, settings.OpenFrom = localapi.OpenFrom, []string{to.ID}
		if err := desk.face.SetSettings(t.Context(), settings); err != nil {
			t.Fatal(err)
		}
		desk.await("the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
		w.svc.Faults.Next(invoke, 500, accounttest.Times(100))
		waiting := desk.send(to, "https://anna-waiting.example/", "anna-waiting")
		rest(time.Minute)

		desk.signOut()
		wantNothing(t, "signed out", desk.shown(), append(hers, to.ID)...)
		if e := desk.snapshot().Storage.Earlier; e.People != 1 || e.Entries != 3 || e.Since.IsZero() {
			t.Errorf("of earlier sign-ins: %+v", e)
		}
		events := desk.events()
		desk.as(ben)
		w.svc.Faults.Clear()
		w.svc.ForgetRequests()
		rest(3 * time.Hour)
		if n := w.count(invoke); n != 0 {
			t.Errorf("%d sends of hers with his token", n)
		}
		wantNothing(t, "signed in as him", desk.shown(), append(hers, to.ID)...)
		other.send(other.alertable("Desk"), "https://ben-received.example/", "ben-received")
		desk.await("his tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
		told, err := json.Marshal(events())
		if err != nil {
			t.Fatal(err)
		}
		wantNothing(t, "what he is told", string(told), hers...)

		desk.signOut()
		desk.again() // a restart in between changes nothing
		rest(time.Second)
		wantNothing(t, "signed out again", desk.shown(), append(his, hers...)...)
		desk.signIn()
		desk.awaitSent(waiting.ID, localapi.SendAlerted)
		snap := desk.await("hers again", func(s localapi.Snapshot) bool {
			return s.Inbox.Total == 1 && s.Inbox.Recent[0].Title == "anna-received" && len(s.Outbox.Recent) == 2
		})
		if len(snap.Settings.OpenFrom) != 1 || snap.Devices.Items[0].LastSentTo.IsZero() {
			t.Errorf("rules %v, devices %+v", snap.Settings.OpenFrom, snap.Devices.Items)
		}
		wantNothing(t, "signed in as her", desk.shown(), his...)

		desk.end()
		phone.end() // what happens to her and him is of desk from here on, and weeks of three agents take their time
		other.end()
		anna.Delete()
		rest(8 * 24 * time.Hour)
		desk.run()
		events = desk.events()
		desk.await("the end", func(s localapi.Snapshot) bool { return s.Account.State == localapi.SignedOut && s.Account.Cause != "" })
		rest(time.Minute)
		if got := kinds(events()); !slices.Equal(got, []localapi.EventKind{localapi.AccountDeleted}) {
			t.Errorf("told of %v", got)
		}
		wantNothing(t, "after the deletion", desk.shown(), append(his, hers...)...)
		desk.end()
		left := desk.everything()
		wantNothing(t, "left of her", left+desk.log.text(), append(hers, to.ID)...)
		if !strings.Contains(left, "ben-received") {
			t.Error("his is gone too")
		}
		desk.run().as(ben).await("his again", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 && s.Storage.Earlier.People == 0 })

		// What is his goes too when nobody is signed in here and the account is deleted.
		desk.signOut()
		ben.Delete()
		rest(26 * time.Hour)
		if e := desk.snapshot().Storage.Earlier; e.People != 0 {
			t.Errorf("a day after: %+v", e)
		}
		desk.end()
		wantNothing(t, "left of him", desk.everything()+desk.log.text(), his...)
	})
}

func kinds(events []localapi.Event) (kinds []localapi.EventKind) {
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// What was left here goes after 30 days, or when somebody wants it to.
func TestEarlierGoes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		act  func(ctx context.Context, s *station) error
		wait time.Duration
		gone bool
	}{
		"by itself":      {func(context.Context, *station) error { return nil }, 30*24*time.Hour + time.Hour, true},
		"not before":     {func(context.Context, *station) error { return nil }, 29 * 24 * time.Hour, false},
		"when asked for": {func(ctx context.Context, s *station) error { return s.face.ForgetEarlier(ctx) }, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk, phone := w.station("Desk", w.inBubble).run().signIn(), w.station("Phone", w.inBubble).run().signIn()
				phone.send(phone.alertable("Desk"), "https://left.example/", "left")
				desk.await("the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
				phone.end() // a month of its quarters of an hour would take most of the time
				desk.signOut()
				if err := c.act(t.Context(), desk); err != nil {
					t.Fatal(err)
				}
				rest(c.wait)
				if e := desk.snapshot().Storage.Earlier; (e.People == 0) != c.gone {
					t.Errorf("left: %+v", e)
				}
				desk.end()
				if left := strings.Contains(desk.everything(), "left.example"); left == c.gone {
					t.Errorf("the tab is there: %v", left)
				}
			})
		})
	}
}

// A push is no proof: only the server's own word that there is no such account erases anything, it is
// asked for as long as that takes, over restarts, and until then nothing is said that is not known. A person
// is told of it once, in whichever run it comes out, however early in that.
func TestDeletionIsAskedAbout(t *testing.T) {
	t.Parallel()
	const status = "GET /v1/account/status"
	destroyed := func(w *world) {
		w.acct.SendPush("fxaccounts:account_destroyed", map[string]any{"uid": w.acct.UID()})
	}
	for name, c := range map[string]struct {
		happens func(w *world, s *station)
		told    []localapi.EventKind
		state   localapi.AccountState
		asked   bool
	}{
		"a push lies": {
			func(w *world, _ *station) { destroyed(w) }, nil, localapi.SignedIn, true,
		},
		"a push is right": {
			func(w *world, _ *station) { w.acct.Delete() }, []localapi.EventKind{localapi.AccountDeleted}, localapi.SignedOut, true,
		},
		"the server cannot be asked": {
			func(w *world, _ *station) {
				w.svc.Faults.Next(status, 503, accounttest.Times(1000))
				w.acct.Delete()
			}, nil, localapi.NeedsSignIn, true,
		},
		"the server cannot be asked, and then it can": {
			func(w *world, _ *station) {
				w.svc.Faults.Next(status, 503, accounttest.Times(3))
				w.acct.Delete()
			}, []localapi.EventKind{localapi.AccountDeleted}, localapi.SignedOut, true,
		},
		"the server cannot be asked until a restart": {
			func(w *world, s *station) {
				w.svc.Faults.Next(status, 500, accounttest.Times(1000))
				w.acct.Delete()
				rest(10 * time.Minute)
				s.end()
				w.svc.Faults.Clear()
				s.run()
			}, []localapi.EventKind{localapi.AccountDeleted}, localapi.SignedOut, true,
		},
		"a restart that is over before anybody can be told": {
			func(w *world, s *station) {
				s.end()
				w.acct.Delete()
				s.run()
				rest(time.Minute)
			}, []localapi.EventKind{localapi.AccountDeleted}, localapi.SignedOut, true,
		},
		"a restart after it was told": {
			func(w *world, s *station) {
				w.acct.Delete()
				rest(time.Minute)
				s.again()
			}, []localapi.EventKind{localapi.AccountDeleted}, localapi.SignedOut, true,
		},
		"a single route does not know the account": {
			func(w *world, s *station) {
				w.svc.Faults.Next(invoke, 400, accounttest.Errno(102))
				s.awaitSent(s.send(s.alertable("Phone"), "https://sent.example/", "sent").ID, localapi.SendAlerted)
			}, nil, localapi.SignedIn, true,
		},
		"the password was changed": {
			func(w *world, _ *station) { w.acct.ChangePassword() }, []localapi.EventKind{localapi.SignInAgain}, localapi.NeedsSignIn, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk, phone := w.station("Desk", w.inBubble).run().signIn(), w.station("Phone", w.inBubble).run().signIn()
				desk.send(desk.alertable("Phone"), "https://sent.example/", "sent")
				phone.send(phone.alertable("Desk"), "https://received.example/", "received")
				desk.await("the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
				rest(time.Hour)
				w.svc.ForgetRequests()
				first, before := desk.agent, desk.events()
				after := func() []localapi.Event { return nil }
				c.happens(w, desk)
				if desk.agent != first {
					after = desk.events()
				}
				rest(10 * time.Minute)
				got := slices.DeleteFunc(kinds(append(before(), after()...)), func(k localapi.EventKind) bool { return k == localapi.Quitting })
				if !slices.Equal(got, c.told) {
					t.Errorf("told of %v", got)
				}
				snap := desk.snapshot()
				if snap.Account.State != c.state || c.asked && w.count(status) == 0 {
					t.Errorf("asked %d times; %s", w.count(status), describe(snap))
				}
				if kept := c.state != localapi.SignedOut; kept != (snap.Inbox.Total == 1) {
					t.Errorf("the inbox: %+v", snap.Inbox)
				}
				if strings.Contains(snap.Account.Cause, "password") && len(c.told) == 0 {
					t.Errorf("said more than is known: %q", snap.Account.Cause)
				}
				if n := w.count(status); n > 20 { // of two installations
					t.Errorf("%d questions in ten minutes", n)
				}
				desk.end()
				if c.state == localapi.SignedOut {
					wantNothing(t, "left", desk.everything()+desk.log.text(), w.acct.UID(), w.acct.Email(), "sent.example", "received.example", "sent", "received", "Phone")
					if desk.hasStoreFile() || desk.secrets.count() != 0 {
						t.Error("store or key stay, though nothing is left")
					}
					events := desk.run().events()
					rest(10 * time.Minute)
					if got := kinds(events()); len(got) != 0 {
						t.Errorf("told again of %v", got)
					}
				}
			})
		})
	}
}

// With "delete local data" the file and its key go too, also where the same person was here before.
func TestSignOutTwice(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		desk.signOut()
		desk.signIn()
		rest(time.Minute)
		if err := desk.face.SignOut(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		rest(4 * time.Second)
		if desk.hasStoreFile() || desk.secrets.count() != 0 {
			t.Errorf("file %v, %d keys: %s", desk.hasStoreFile(), desk.secrets.count(), describe(desk.snapshot()))
		}
	})
}
