//go:build torture && linux

package torture_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// canaries are the secrets of a run by kind.
type canaries struct {
	mu    sync.Mutex
	kinds map[string][]string
}

// add notes a secret; text too short to be told from chance is none.
func (c *canaries) add(kind, secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(secret) >= 12 && !slices.Contains(c.kinds[kind], secret) {
		c.kinds[kind] = append(c.kinds[kind], secret)
	}
}

// secretMembers are the members of requests and answers that nobody may read in a log.
var secretMembers = []string{
	"code", "code_verifier", "keys_jwk", "keys_jwe", "access_token", "refresh_token", "session_token", "sessionToken", "token", "id_token",
	"pushCallback", "pushAuthKey", "pushPublicKey", "availableCommands", "uid", "email", "displayName", "payload",
}

// listen takes the secrets out of what passes the door.
func (c *canaries) listen(header http.Header, asked, answered []byte) {
	if _, token, ok := strings.Cut(header.Get("Authorization"), " "); ok {
		c.add("credential", token)
	}
	for _, text := range [][]byte{asked, answered} {
		var value any
		if json.Unmarshal(text, &value) == nil {
			c.walk(value)
		}
	}
}

func (c *canaries) walk(value any) {
	switch v := value.(type) {
	case []any:
		for _, member := range v {
			c.walk(member)
		}
	case map[string]any:
		for name, member := range v {
			if text, ok := member.(string); ok && slices.Contains(secretMembers, name) {
				c.add(name, text)
			} else if ok && name == "https://identity.mozilla.com/cmd/open-uri" {
				c.add("availableCommands", text)
			}
			c.walk(member)
		}
	}
}

// forms are the ways in which a secret may be written.
func forms(secret string) [][]byte {
	all := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	}
	if quoted, err := json.Marshal(secret); err == nil {
		all = append(all, string(quoted[1:len(quoted)-1]))
	}
	slices.Sort(all)
	var out [][]byte
	for _, form := range slices.Compact(all) {
		out = append(out, []byte(form))
	}
	return out
}

// A run through everything at debug level leaves no secret outside the sealed store, and none readable in it.
func TestCanaries(t *testing.T) {
	t.Parallel()
	s := newStation(t, bent)
	c := &canaries{kinds: map[string][]string{}}
	s.door.tap = c.listen
	own := func(kind, secret string) string { c.add(kind, secret); return secret }
	s.person.SetDisplayName(own("display name", "Canary Displayname"))
	c.add("email", email)
	c.add("password", password)
	passphrase, wrong := own("passphrase", "canary passphrase of hers"), own("wrong passphrase", "canary that is wrong")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	s.start()
	s.until(startTime, "agent", func(localapi.Snapshot) bool { return true })
	if err := s.client().Protect(ctx, localapi.ProtectedByPassphrase, passphrase); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	s.signIn(func(x *localapi.Settings) {
		x.RedirectURI, x.Notifications = "http://127.0.0.1:"+port+"/signin", true
	})
	s.noteSignIn(c)

	tab := func(way string) (title, link string) {
		return own(way+" title", "canary title "+way), "https://" + own(way+" userinfo", "canaryuser"+way+":canarypass"+way) + "@example.com/" +
			own(way+" path", "canarypath"+way) + "?" + own(way+" query", "canaryquery=secret"+way) + "#" + own(way+" fragment", "canaryfragment"+way)
	}
	title, link := tab("received")
	if err := s.phone.send(ctx, title, link); err != nil {
		t.Fatal(err)
	}
	title, link = tab("sent")
	faults := slices.DeleteFunc(everyErrand(), func(e errand) bool {
		return e.own || strings.HasPrefix(e.name, "429") || strings.HasPrefix(e.name, "503")
	})
	for _, e := range faults { // each of them is an error that somebody may want to log
		for _, path := range []string{"POST /account/devices/invoke_command", "GET /account/device/commands", "GET /account/devices", "GET /v1/profile", "POST /v1/account/device"} {
			method, end, _ := strings.Cut(path, " ")
			s.door.arm(&mischief{method: method, path: end, do: e.do})
		}
		_, _ = s.client().Send(ctx, localapi.SendRequest{Links: []localapi.Link{{URL: link, Title: title}}, Devices: []string{s.phone.id}})
		_ = s.client().RenameDevice(ctx, "Name after "+e.name) // it fails, or it does not
		time.Sleep(50 * time.Millisecond)
	}
	s.until(calmTime, "the received tab", func(x localapi.Snapshot) bool { return x.Inbox.Total > 0 })
	s.pairForNothing(ctx, c)
	s.tabferry("", "send", "javascript:canaryscript", "--to", "Phone")
	for range 2 {
		s.svc.Push().Send("not JSON at all")
		s.svc.Push().Cut()
	}
	for _, uaid := range s.svc.Push().UserAgents() {
		c.add("uaid", uaid)
	}
	s.search(c, "while it runs")

	s.agent.kill()
	s.start()
	s.until(startTime, "locked agent", func(x localapi.Snapshot) bool { return x.Storage.Locked })
	s.tabferry(wrong+"\n", "unlock")
	s.tabferry(passphrase+"\n", "unlock")
	s.until(startTime, "unlocked agent", func(x localapi.Snapshot) bool { return !x.Storage.Locked && x.Account.State == localapi.SignedIn })
	s.person.RevokeTokens("3c49430b43dfba77")
	_ = s.client().RenameDevice(ctx, "Name of nobody") // it fails: the sign-in is over
	s.search(c, "after a restart and the end of the sign-in")
	if err := s.client().SignOut(ctx, false); err != nil {
		t.Error(err)
	}
	s.search(c, "after the sign-out")
	s.down()
	s.search(c, "after the end")
	planted := base64.StdEncoding.EncodeToString([]byte(passphrase))
	if err := os.WriteFile(s.path("tmp", "planted"), []byte("x"+planted), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := s.find(c); len(found) == 0 || !strings.Contains(found[0], "passphrase") {
		t.Errorf("the search for a planted secret found %q", found)
	}
	kinds := slices.Sorted(maps.Keys(c.kinds))
	t.Logf("%d kinds of secrets: %s", len(kinds), strings.Join(kinds, ", "))
	if len(kinds) < 26 {
		t.Errorf("only %d kinds of secrets were there to be found", len(kinds))
	}
}

// noteSignIn takes the secrets of a sign-in out of its addresses, and the keys from the service.
func (s *station) noteSignIn(c *canaries) {
	s.t.Helper()
	for _, address := range []string{s.page, s.back} {
		u, err := url.Parse(address)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, name := range []string{"state", "code", "keys_jwk", "code_challenge"} {
			c.add(name, u.Query().Get(name))
		}
	}
	keys, err := s.person.ScopedKey(account.ScopeOldSync)
	if err != nil {
		s.t.Fatal(err)
	}
	c.add("scoped key", keys["k"])
	c.add("key id", keys["kid"])
	c.add("uid", s.person.UID())
}

// pairForNothing shows a code and reads one that leads nowhere.
func (s *station) pairForNothing(ctx context.Context, c *canaries) {
	s.t.Helper()
	if err := s.client().ShowPairing(ctx); err != nil {
		s.t.Errorf("show a code: %v", err)
		return
	}
	s.until(startTime, "pairing code", func(x localapi.Snapshot) bool { return x.Pairing != nil && x.Pairing.State == localapi.PairShowing })
	code, err := s.client().PairingCode(ctx)
	if err != nil {
		s.t.Error(err)
	}
	u, err := url.Parse(code)
	if err != nil {
		s.t.Fatal(err)
	}
	secrets, err := url.ParseQuery(u.Fragment)
	if err != nil {
		s.t.Fatal(err)
	}
	c.add("pairing channel", secrets.Get("channel_id"))
	c.add("pairing key", secrets.Get("channel_key"))
	_ = s.client().CancelPairing(ctx)
	_ = s.client().JoinPairing(ctx, code) // nobody is there any more
	_ = s.client().CancelPairing(ctx)
}

// search looks everywhere but into the agent's memory.
func (s *station) search(c *canaries, when string) {
	s.t.Helper()
	for _, found := range s.find(c) {
		s.t.Errorf("%s: %s", when, found)
	}
}

func (s *station) find(c *canaries) (found []string) {
	s.t.Helper()
	seen := map[string][]byte{}
	if r := s.tabferry("", "diagnostics"); r.code == 0 {
		seen["diagnostics"] = []byte(r.out + r.err)
	}
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		seen[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, pid := range s.agents() {
		for _, file := range []string{"cmdline", "environ", "comm"} {
			seen["/proc/"+pid+"/"+file], _ = os.ReadFile("/proc/" + pid + "/" + file) // it may just have ended
		}
	}
	for _, table := range []string{"/proc/net/unix"} {
		seen[table], _ = os.ReadFile(table) // where there is none, nobody reads it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for kind, secrets := range c.kinds {
		for _, secret := range secrets {
			for _, form := range forms(secret) {
				for place, text := range seen {
					if at := bytes.Index(text, form); at >= 0 {
						found = append(found, fmt.Sprintf("a secret of the kind %q is in %s: …%.120q", kind, place, text[max(0, at-60):]))
					}
				}
			}
		}
	}
	return found
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// browse goes to an address as a browser does.
func (s *station) browse(address string) {
	s.t.Helper()
	response, err := http.Get(address) // #nosec G107 -- the agent's own
	if err != nil {
		s.t.Fatalf("the browser: %v", err)
	}
	if err := response.Body.Close(); err != nil {
		s.t.Error(err)
	}
}
