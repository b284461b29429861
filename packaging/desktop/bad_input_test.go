//go:build desktop && linux

package desktop_test

import (
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// TestBadInput: each mistake gets a sentence, a next step and its exit code, and loses nothing.
func TestBadInput(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	noAgent := command(t, app, 5, "status")
	saysWhatNext(t, noAgent)
	signedOut := func() {
		if _, err := app.Start(app.Lean, "agent"); err != nil {
			t.Fatal(err)
		}
		if _, err := app.Until(within(t, box.Patience), "an agent", func(s snapshot) bool { return !s.Storage.WaitingForKeyring }); err != nil {
			t.Fatal(err)
		}
		saysWhatNext(t, command(t, app, 3, "send", "--to", "Demo phone", "https://example.org/"))
	}
	signedOut()
	if err := app.SignIn(within(t, box.Patience)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		code int
		args []string
		says string
	}{
		"unknown device":             {4, []string{"send", "--to", "Fridge", "https://example.org/"}, "Fridge"},
		"several devices fit":        {4, []string{"send", "--to", "Demo", "https://example.org/"}, "Demo tablet"},
		"not a link":                 {2, []string{"send", "--to", "Demo phone", "no link at all"}, "link"},
		"a script instead of a link": {2, []string{"send", "--to", "Demo phone", "javascript:alert(1)"}, "http"},
		"a file instead of a link":   {2, []string{"send", "--to", "Demo phone", "file:///etc/passwd"}, "http"},
		"no link":                    {2, []string{"send", "--to", "Demo phone"}, ""},
		"unknown command":            {2, []string{"sned"}, "sned"},
		"unknown option":             {2, []string{"status", "--nope"}, "nope"},
	} {
		t.Run(name, func(t *testing.T) {
			r := command(t, app, c.code, c.args...)
			saysWhatNext(t, r)
			if !strings.Contains(r.Err, c.says) {
				t.Errorf("the error does not name %q: %s", c.says, r.Err)
			}
		})
	}
	s, err := app.Client().Snapshot(t.Context())
	if err != nil || s.Outbox.Waiting != 0 || len(s.Outbox.Recent) != 0 || s.Account.State != localapi.SignedIn {
		t.Errorf("mistakes left something behind: %+v, %v", s.Outbox, err)
	}
}

// saysWhatNext: one line that says what is wrong, one that says what to do.
func saysWhatNext(t *testing.T, r box.Result) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(r.Err), "\n")
	if len(lines) != 2 || r.Out != "" {
		t.Errorf("want one line and one hint line on standard error and nothing else, got:\nout: %s\nerr: %s", r.Out, r.Err)
	}
}

// TestWrongSignInState: a redirect that is not the answer to our question changes nothing, and the
// right one still works.
func TestWrongSignInState(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	if _, err := app.Start(app.Lean, "agent"); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Until(within(t, box.Patience), "an agent", func(snapshot) bool { return true }); err != nil {
		t.Fatal(err)
	}
	signIn, err := app.Client().BeginSignIn(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if !signIn.Loopback {
		t.Fatal("the demo signs in without a loopback redirect")
	}
	forged := signIn.RedirectPrefix + "?" + url.Values{"code": {strings.Repeat("a", 64)}, "state": {"forged"}}.Encode()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, forged, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode/100 != 4 || strings.Contains(string(page), strings.Repeat("a", 64)) {
		t.Errorf("a forged redirect got %s and a page that must not repeat the code:\n%s", response.Status, page)
	}
	if err := box.Continue(within(t, box.Patience), signIn.URL); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Until(within(t, box.Patience), "the account", func(s snapshot) bool { return s.Account.State == localapi.SignedIn }); err != nil {
		t.Fatal(err)
	}
}

// TestServiceDown: a tab sent while the service is away waits, says why, and arrives once it is back.
func TestServiceDown(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	signedIn(t, app)
	command(t, app, 0, "demo", "stop")
	r := command(t, app, 6, "send", "--wait", "1s", "--to", "Demo phone", "https://example.org/later")
	if !strings.Contains(r.Out, "waiting") {
		t.Errorf("send does not say that it waits: %s", r.Out)
	}
	s, err := app.Until(within(t, box.Patience), "why it waits", func(s snapshot) bool {
		return s.Outbox.Waiting == 1 && s.Outbox.Recent[0].Reason != ""
	})
	if err != nil || s.Account.State != localapi.SignedIn {
		t.Fatalf("with the service away the outbox is %+v, the account %s, %v", s.Outbox, s.Account.State, err)
	}
}

// TestKeyringLocked: a keyring that asks for a password nobody types holds up neither a first sign-in
// nor the start of an agent whose data it protects, and the key is taken when it comes.
func TestKeyringLocked(t *testing.T) {
	t.Parallel()
	t.Run("at the first sign-in", func(t *testing.T) {
		t.Parallel()
		app := newApp(t, box.Params{Keyring: box.KeyringLocked})
		signedIn(t, app)
		if _, err := app.Until(within(t, box.Patience), "a word about the keyring", func(s snapshot) bool {
			return s.Storage.WaitingForKeyring && s.Storage.Problem != ""
		}); err != nil {
			t.Fatal(err)
		}
		command(t, app, 0, "send", "--to", "Demo phone", "https://example.org/")
		if err := app.Box.UnlockKeyring(within(t, box.Patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := app.Until(within(t, box.Patience), "data under the keyring's protection", func(s snapshot) bool {
			return !s.Storage.WaitingForKeyring && s.Storage.Protection == localapi.ProtectedByKeyring && s.Storage.Problem == ""
		}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("at the next start", func(t *testing.T) {
		t.Parallel()
		app := newApp(t, box.Params{})
		signedIn(t, app)
		killAgent(t, app) // quitting would end the demo world too
		if err := app.Box.LockKeyring(within(t, box.Patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := app.Start(app.Lean, "agent"); err != nil {
			t.Fatal(err)
		}
		s, err := app.Until(within(t, box.Patience), "a word about the keyring", func(s snapshot) bool { return s.Storage.Problem != "" })
		if err != nil {
			t.Fatal(err)
		}
		if s.Account.State != localapi.SignedOut || !s.Storage.WaitingForKeyring {
			t.Errorf("without its key the account is %s, the storage %+v", s.Account.State, s.Storage)
		}
		saysWhatNext(t, command(t, app, 3, "send", "--to", "Demo phone", "https://example.org/"))
		command(t, app, 0, "status")
		if err := app.Box.UnlockKeyring(within(t, box.Patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := app.Until(within(t, box.Patience), "the account", func(s snapshot) bool { return s.Account.State == localapi.SignedIn }); err != nil {
			t.Fatal(err)
		}
	})
}

// TestNoKeyringYet: a desktop that keeps secrets, but has no keyring to keep them in, is given one when a
// person says so, and never before. Who closes its dialog has cancelled, and may ask again.
func TestNoKeyringYet(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{Keyring: box.KeyringNone})
	signedIn(t, app)
	undecided := func(s snapshot) bool {
		return s.Storage.Protection == localapi.Undecided && s.Storage.NoKeyringYet && !s.Storage.WaitingForKeyring
	}
	if s, err := app.Until(within(t, box.Patience), "the choice", undecided); err != nil || !strings.Contains(s.Storage.Problem, "has no keyring yet") {
		t.Fatalf("%+v, %v", s.Storage, err)
	}
	keyrings := filepath.Join(app.Box.Dir, "data", "keyrings")
	if made, err := filepath.Glob(filepath.Join(keyrings, "*.keyring")); err != nil || len(made) != 0 {
		t.Fatalf("before anybody has said so there is %q, %v", made, err)
	}
	if _, err := app.Start(app.Lean, "unlock", "--keep", "new-keyring"); err != nil {
		t.Fatal(err)
	}
	if err := app.Box.RefuseKeyring(within(t, box.Patience)); err != nil {
		t.Fatal(err)
	}
	cancelled := func(s snapshot) bool { return undecided(s) && strings.Contains(s.Storage.Problem, "cancelled") }
	if _, err := app.Until(within(t, box.Patience), "a word about the closed dialog", cancelled); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Start(app.Lean, "unlock", "--keep", "new-keyring"); err != nil {
		t.Fatal(err)
	}
	if err := app.Box.ProtectKeyring(within(t, box.Patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Until(within(t, box.Patience), "data under the keyring's protection", func(s snapshot) bool {
		return s.Storage.Kept && s.Storage.Protection == localapi.ProtectedByKeyring && s.Storage.Problem == ""
	}); err != nil {
		t.Fatal(err)
	}
	if made, err := filepath.Glob(filepath.Join(keyrings, "*.keyring")); err != nil || len(made) != 1 {
		t.Errorf("the keyrings are %q, %v", made, err)
	}
}

// TestKeyringAbsent: without a keyring the choice is a passphrase or memory only, never plain text.
func TestKeyringAbsent(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{Keyring: box.KeyringAbsent})
	signedIn(t, app)
	if _, err := app.Until(within(t, box.Patience), "the choice", func(s snapshot) bool {
		return s.Storage.Protection == localapi.Undecided && s.Storage.Problem != ""
	}); err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(app.Box.Dir, "data", "tabferry-demo")
	if holdsFile(t, store, "store.db") {
		t.Error("something was written before the choice")
	}
	if err := app.Client().Protect(t.Context(), localapi.ProtectedByPassphrase, "correct horse"); err != nil {
		t.Fatal(err)
	}
	killAgent(t, app)
	if _, err := app.Start(app.Lean, "agent"); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Until(within(t, box.Patience), "a locked store", func(s snapshot) bool { return s.Storage.Locked }); err != nil {
		t.Fatal(err)
	}
	saysWhatNext(t, command(t, app, 3, "send", "--to", "Demo phone", "https://example.org/"))
	if r, err := app.RunInput(within(t, box.Patience), "wrong\n", "unlock"); err != nil || r.Code != 3 {
		t.Errorf("unlocking with a wrong passphrase: exit %d, %v, %s", r.Code, err, r.Err)
	}
	if r, err := app.RunInput(within(t, box.Patience), "correct horse\n", "unlock"); err != nil || r.Code != 0 {
		t.Errorf("unlocking: exit %d, %v, %s", r.Code, err, r.Err)
	}
	if _, err := app.Until(within(t, box.Patience), "the account", func(s snapshot) bool { return s.Account.State == localapi.SignedIn }); err != nil {
		t.Fatal(err)
	}
}
