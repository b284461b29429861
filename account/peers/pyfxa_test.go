//go:build peers

package peers

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"os/exec"
	"reflect"
	"slices"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest"
)

// TestPeerPyFxA: Mozilla's Python client makes an account, confirms it, fetches its keys, is granted
// tokens and destroys it all, and meets the errors it expects on the way.
func TestPeerPyFxA(t *testing.T) {
	t.Parallel()
	interpreter := python(t)
	s := accounttest.New(t)
	const email, password = "erika@example.org", "pässwörd with blanks"
	cmd := exec.CommandContext(t.Context(), interpreter, "testdata/pyfxa_scenario.py", s.URL(), email, password,
		accounttest.ReferenceClientID, accounttest.ConfidentialClientID, accounttest.ConfidentialClientSecret)
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints complaint
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	steps := map[string]map[string]any{}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		var facts map[string]any
		if err := json.Unmarshal(lines.Bytes(), &facts); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		name, _ := facts["step"].(string)
		delete(facts, "step")
		steps[name] = facts
		if name == "unverified" {
			if _, err := io.WriteString(input, s.Accounts()[0].VerifyCode()+"\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("PyFxA: %v\n%s", err, complaints)
	}

	uid, _ := steps["created"]["uid"].(string)
	if len(uid) != 32 {
		t.Errorf("the new account's uid is %q", uid)
	}
	want := map[string]map[string]any{
		"unverified":        {"verified": false},
		"verified":          {"verified": true},
		"created twice":     {"errno": 101.0},
		"wrong password":    {"errno": 103.0},
		"logged in":         {"same_uid": true, "same_keys": true},
		"session lives":     {},
		"wrong verifier":    {"errno": 117.0},
		"code traded":       {"scope": "profile", "type": "bearer"},
		"code twice":        {"errno": 105.0},
		"profile":           {"uid": uid, "email": email, "avatar": true},
		"token verified":    {"user": uid, "client": accounttest.ReferenceClientID},
		"token destroyed":   {"errno": 100.0},
		"site":              {"user": uid},
		"password changed":  {"session_errno": 110.0},
		"keys stay":         {"same": true},
		"session destroyed": {"errno": 110.0},
		"account destroyed": {"errno": 102.0},
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got := steps[name]; !reflect.DeepEqual(got, want[name]) {
			t.Errorf("%s: PyFxA saw %v, want %v", name, got, want[name])
		}
	}
}

// complaint keeps what a program printed on standard error.
type complaint []byte

func (c *complaint) Write(p []byte) (int, error) {
	*c = append(*c, p...)
	return len(p), nil
}
