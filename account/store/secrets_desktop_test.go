//go:build desktop && linux

package store_test

import (
	"bufio"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
	"github.com/zalando/go-keyring"

	"github.com/tabferry/tabferry/account/store"
)

const (
	secretsPath = dbus.ObjectPath("/org/freedesktop/secrets")
	promptPath  = secretsPath + "/prompt/1"
	itemPath    = secretsPath + "/item/1"
)

// secretService is one in which the desktops differ.
type secretService struct {
	conn       *dbus.Conn
	collection dbus.ObjectPath
	alias      bool        // the default is known by ReadAlias alone
	asks       bool        // unlocking needs a dialog,
	answered   bool        // which has been answered
	dismissed  bool        // or is closed without the password,
	mute       bool        // or cannot even be shown
	empty      bool        // what is locked reads as nothing, without an error
	refuses    *dbus.Error // what every call for an item gets
	made       int         // how often it was told to make a collection, which needs the dialog too
	unlocks    int         // how often it was asked to unlock something
	kept       []byte
	wants      map[string]string // the attributes of what is kept
}

// secretStruct is the API's Secret.
type secretStruct struct {
	Session           dbus.ObjectPath
	Parameters, Value []byte
	ContentType       string
}

func (s *secretService) locked() bool { return s.asks && !s.answered }

func (s *secretService) unlocking() (unlocked []dbus.ObjectPath, prompt dbus.ObjectPath) {
	s.unlocks++
	if s.locked() {
		return []dbus.ObjectPath{}, promptPath
	}
	return []dbus.ObjectPath{s.collection}, "/"
}

// start puts the service on a bus.
func (s *secretService) start(t *testing.T, address string) {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s.conn = conn
	shown := []dbus.ObjectPath{s.collection}
	if _, err := prop.Export(conn, secretsPath, prop.Map{"org.freedesktop.Secret.Service": {"Collections": {Value: shown}}}); err != nil {
		t.Fatal(err)
	}
	export := func(at dbus.ObjectPath, iface string, methods map[string]any) {
		if err := conn.ExportMethodTable(methods, at, "org.freedesktop.Secret."+iface); err != nil {
			t.Fatal(err)
		}
	}
	export(secretsPath, "Service", map[string]any{
		"ReadAlias": func(string) (dbus.ObjectPath, *dbus.Error) { return s.collection, nil },
		"OpenSession": func(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
			return dbus.MakeVariant(""), secretsPath + "/session/1", nil
		},
		"CreateCollection": func(p map[string]dbus.Variant, alias string) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
			if label, _ := p["org.freedesktop.Secret.Collection.Label"].Value().(string); label == "" || alias != "default" {
				return "/", "/", dbus.NewError("org.freedesktop.DBus.Error.InvalidArgs", []any{"no label, or not the default"})
			}
			s.made++
			return "/", promptPath, nil
		},
		"Unlock": func([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
			unlocked, prompt := s.unlocking()
			return unlocked, prompt, nil
		},
	})
	export(promptPath, "Prompt", map[string]any{"Prompt": func(string) *dbus.Error {
		if s.mute {
			return dbus.NewError("org.freedesktop.DBus.Error.Failed", []any{"no display"})
		}
		if s.made > 0 && !s.dismissed {
			s.collection = secretsPath + "/collection/made"
		}
		s.answered = !s.dismissed
		go func() {
			_ = conn.Emit(promptPath, "org.freedesktop.Secret.Prompt.Completed", s.dismissed, dbus.MakeVariant([]dbus.ObjectPath{}))
		}()
		return nil
	}})
	at := s.collection
	if !s.alias && at != secretsPath+"/collection/login" {
		at = secretsPath + "/aliases/default"
	}
	export(at, "Collection", map[string]any{
		"CreateItem": func(p map[string]dbus.Variant, secret secretStruct, _ bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
			attributes, _ := p["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
			s.wants, s.kept = attributes, secret.Value
			return itemPath, "/", s.refuses
		},
		"SearchItems": func(a map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
			if s.wants == nil || !maps.Equal(a, s.wants) || s.locked() && s.alias { // KeePassXC knows nothing then
				return []dbus.ObjectPath{}, nil
			}
			return []dbus.ObjectPath{itemPath}, nil
		},
	})
	export(itemPath, "Item", map[string]any{
		"GetSecret": func(session dbus.ObjectPath) (secretStruct, *dbus.Error) {
			if s.locked() && s.empty {
				return secretStruct{session, nil, []byte{}, ""}, nil
			}
			if s.locked() {
				return secretStruct{session, nil, []byte{}, ""}, dbus.NewError("org.freedesktop.Secret.Error.IsLocked", nil)
			}
			return secretStruct{session, nil, s.kept, "text/plain"}, nil
		},
		"Delete": func() (dbus.ObjectPath, *dbus.Error) {
			s.wants = nil
			return "/", nil
		},
	})
	if reply, err := conn.RequestName("org.freedesktop.secrets", dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the name: %v, %v", reply, err)
	}
}

// startBus runs a private bus for the test, which is the session's then.
func startBus(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tf") // short: a socket's path is at most 103 bytes long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	config := filepath.Join(dir, "bus.conf") // it knows no service of this computer that it could start
	text := `<busconfig><type>session</type><listen>unix:path=` + filepath.Join(dir, "bus") + `</listen><auth>EXTERNAL</auth>
		<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("dbus-daemon is needed: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // reports the kill
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(line))
	return strings.TrimSpace(line)
}

// A keyring that is locked, absent or refusing is told apart, and every kind of Secret Service keeps,
// gives back and forgets a secret.
func TestSecretServices(t *testing.T) {
	refused := dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"no"})
	for name, c := range map[string]struct {
		service *secretService
		want    error
	}{
		"with a login collection":            {&secretService{collection: secretsPath + "/collection/login"}, nil},
		"default by ReadAlias, as KeePassXC": {&secretService{collection: secretsPath + "/collection/passwords", alias: true, asks: true}, nil},
		"unlocked by a dialog":               {&secretService{collection: secretsPath + "/collection/login", asks: true}, nil},
		"locked reads as nothing":            {&secretService{collection: secretsPath + "/collection/login", asks: true, empty: true}, nil},
		"dialog dismissed":                   {&secretService{collection: secretsPath + "/collection/login", asks: true, dismissed: true}, store.ErrKeyringCancelled},
		"dialog cannot be shown":             {&secretService{collection: secretsPath + "/collection/login", asks: true, mute: true}, store.ErrKeyringLocked},
		"no collection":                      {&secretService{collection: "/"}, store.ErrNoCollection},
		"refusing":                           {&secretService{collection: secretsPath + "/collection/login", refuses: refused}, store.ErrKeyring},
		"no service":                         {nil, store.ErrNoKeyring},
	} {
		t.Run(name, func(t *testing.T) {
			address := startBus(t)
			if c.service != nil {
				c.service.start(t, address)
			}
			path := pathIn(t)
			ring := store.NewKeyring(store.SystemSecrets{}, "test")
			s, err := store.Create(t.Context(), path, ring)
			if !errors.Is(err, c.want) {
				t.Fatalf("creating: %v, want %v", err, c.want)
			}
			if others := (errors.Is(err, store.ErrNoKeyring) || errors.Is(err, store.ErrKeyringLocked)); c.want == store.ErrKeyring && others {
				t.Errorf("creating: %v", err)
			}
			if c.want != nil {
				return
			}
			s = reopen(t, s, path)
			c.service.answered, c.service.unlocks = false, 0
			if err := s.Unlock(t.Context(), ring); err != nil {
				t.Fatal(err)
			}
			if asked := c.service.unlocks > 0; asked != c.service.asks {
				t.Errorf("asked to unlock: %v, and it is locked: %v", asked, c.service.asks)
			}
			if err := s.Delete(t.Context(), ring); err != nil || c.service.wants != nil {
				t.Errorf("deleting: %v", err)
			}
			if _, err := (store.SystemSecrets{}).Get("test", "nobody"); !errors.Is(err, keyring.ErrNotFound) {
				t.Errorf("what is not there: %v", err)
			}
		})
	}
}

// A service without a collection gets one when it is told to, not before; one that has a collection gets no
// second one.
func TestMakeKeyring(t *testing.T) {
	for name, c := range map[string]struct {
		service *secretService
		want    error
		made    int
	}{
		"made":                   {&secretService{collection: "/"}, nil, 1},
		"dialog dismissed":       {&secretService{collection: "/", dismissed: true}, store.ErrKeyringCancelled, 1},
		"dialog cannot be shown": {&secretService{collection: "/", mute: true}, store.ErrKeyringLocked, 1},
		"there is one":           {&secretService{collection: secretsPath + "/collection/login"}, nil, 0},
		"no service":             {nil, store.ErrNoKeyring, 0},
	} {
		t.Run(name, func(t *testing.T) {
			address := startBus(t)
			if c.service != nil {
				c.service.start(t, address)
			}
			err := store.NewKeyring(store.SystemSecrets{}, "test").Make(t.Context())
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("making says %v, want %v", err, c.want)
			}
			if c.service != nil && (c.service.made != c.made || c.want == nil && c.service.collection == "/") {
				t.Errorf("made %d times, want %d; the collection is %s", c.service.made, c.made, c.service.collection)
			}
		})
	}
}

// Where there is no bus there is no keyring, and none is started.
func TestNoBusNoKeyring(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "nobody"))
	if err := (store.SystemSecrets{}).Set("test", "entry", "x"); !errors.Is(err, store.ErrNoKeyring) {
		t.Errorf("got %v", err)
	}
}
