package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// statusWords has states of the agent, and what status says of each: in three languages, and of the account and
// the connection with --json.
const statusWords = "testdata/status.txtar"

// What status says is as it was; it says nothing twice, does not contradict itself, and ends with what to do where
// something is to be done.
func TestStatusWords(t *testing.T) {
	text, err := os.ReadFile(statusWords)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(text)
	said := map[string]string{} // by state and language
	for i := range archive.Files {
		golden := &archive.Files[i]
		name, what, _ := strings.Cut(golden.Name, " ")
		if what == "" {
			continue
		}
		t.Run(golden.Name, func(t *testing.T) {
			state := stateIn(t, archive, name)
			out := statusOf(t, state, what)
			if what == "json" {
				out = accountAndConnection(t, out)
			} else {
				said[golden.Name] = out
				wantGoodWords(t, state, out)
			}
			if *update {
				golden.Data = []byte(out)
			} else if diff := cmp.Diff(string(golden.Data), out); diff != "" {
				t.Errorf("with -update it is written anew:\n%s", diff)
			}
		})
	}
	if *update {
		if err := os.WriteFile(statusWords, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if state, language, _ := strings.Cut(name, " "); language != "en" && said[name] == said[state+" en"] {
			t.Errorf("%s is in English", name)
		}
	}
}

func stateIn(t *testing.T, archive *txtar.Archive, name string) (state localapi.Snapshot) {
	t.Helper()
	for _, f := range archive.Files {
		if f.Name == name {
			if err := json.Unmarshal(f.Data, &state); err != nil {
				t.Fatal(err)
			}
			return state
		}
	}
	t.Fatalf("there is no state %s", name)
	return state
}

// statusOf runs status on a state, in a language or with "json".
func statusOf(t *testing.T, state localapi.Snapshot, what string) string {
	t.Helper()
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		line, words := []string{"status"}, i18n.New(what)
		if what == "json" {
			line, words = append(line, "--json"), i18n.New("de")
		}
		pipe := localapi.NewPipe()
		agent := newScripted(pipe)
		agent.Set(state)
		client := pipe.Client()
		p := cli.Params{Client: func(bool) *localapi.Client { return client }, Words: words, Version: "1.2.3", Out: &out, Err: io.Discard}
		if code := cli.Run(t.Context(), p, line); code != cli.ExitOK {
			t.Errorf("exit %d", code)
		}
		if err := agent.stop(); err != nil {
			t.Error(err)
		}
	})
	return out.String()
}

// accountAndConnection is what a status with --json says of them.
func accountAndConnection(t *testing.T, out string) string {
	t.Helper()
	var s struct{ Account, Connection json.RawMessage }
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	return "account: " + string(s.Account) + "\nconnection: " + string(s.Connection) + "\n"
}

// wantGoodWords reads what a person is told.
func wantGoodWords(t *testing.T, state localapi.Snapshot, out string) {
	t.Helper()
	const run = 4
	words := strings.FieldsFunc(strings.ToLower(out), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(".,:;", r) })
	seen := map[string]bool{}
	for i := range max(0, len(words)-run+1) {
		phrase := strings.Join(words[i:i+run], " ")
		if seen[phrase] {
			t.Errorf("it says %q twice:\n%s", phrase, out)
		}
		seen[phrase] = true
	}
	if state.Connection.Push.Connected && (strings.Contains(out, "Offline") || strings.Contains(out, "Hors ligne")) {
		t.Errorf("it is offline beside a push connection:\n%s", out)
	}
	wantTheWayOut(t, state, out)
}

// wantTheWayOut reads whether a person who is not signed in is told what to do, last of all.
func wantTheWayOut(t *testing.T, state localapi.Snapshot, out string) {
	t.Helper()
	want := "tabferry signin"
	switch {
	case state.Account.State == localapi.SignedIn:
		return
	case state.Storage.WaitingForKeyring, state.Account.State == localapi.SigningIn, state.Account.Unexplained():
		if strings.Contains(out, want) {
			t.Errorf("it asks for a sign-in that is under way, or may be in vain:\n%s", out)
		}
		return
	case state.Storage.Locked:
		want = "tabferry unlock"
	}
	if !strings.HasSuffix(strings.TrimSpace(out), want) {
		t.Errorf("it does not end with what to do:\n%s", out)
	}
}
