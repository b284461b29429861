package manifest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tabferry/tabferry/ui/extension"
	"github.com/tabferry/tabferry/ui/extension/manifest"
)

const file = extension.HostName + ".json"

// registry is one in memory.
type registry map[string]string

func (r registry) Get(key string) (string, error) {
	value, ok := r[key]
	if !ok {
		return "", fs.ErrNotExist
	}
	return value, nil
}
func (r registry) Set(key, value string) error { r[key] = value; return nil }
func (r registry) Delete(key string) error     { delete(r, key); return nil }

// system is a home of a kind of system, with folders in it.
func system(t *testing.T, goos string, folders ...string) (manifest.System, registry) {
	t.Helper()
	home := t.TempDir()
	for _, f := range folders {
		if err := os.MkdirAll(filepath.Join(home, f), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r := registry{}
	return manifest.System{
		OS: goos, Home: home, Config: filepath.Join(home, ".config"), Support: filepath.Join(home, "Library/Application Support"),
		Roaming: filepath.Join(home, "Roaming"), Local: filepath.Join(home, "Local"), Own: filepath.Join(home, "own"),
		Root: filepath.Join(home, "root"), Registry: r,
	}, r
}

// files are all files below a folder.
func files(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			found = append(found, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func find(t *testing.T, name string) manifest.Browser {
	t.Helper()
	b, err := manifest.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPlaces(t *testing.T) {
	for goos, want := range map[string][]string{
		"linux": {
			".config/BraveSoftware/Brave-Browser/NativeMessagingHosts/" + file, ".config/chromium/NativeMessagingHosts/" + file,
			".config/google-chrome/NativeMessagingHosts/" + file, ".config/microsoft-edge/NativeMessagingHosts/" + file,
			".config/vivaldi/NativeMessagingHosts/" + file, ".librewolf/native-messaging-hosts/" + file, ".mozilla/native-messaging-hosts/" + file,
		},
		"darwin": {
			"Library/Application Support/BraveSoftware/Brave-Browser/NativeMessagingHosts/" + file,
			"Library/Application Support/Chromium/NativeMessagingHosts/" + file, "Library/Application Support/Google/Chrome/NativeMessagingHosts/" + file,
			"Library/Application Support/LibreWolf/NativeMessagingHosts/" + file, "Library/Application Support/Microsoft Edge/NativeMessagingHosts/" + file,
			"Library/Application Support/Mozilla/NativeMessagingHosts/" + file, "Library/Application Support/Vivaldi/NativeMessagingHosts/" + file,
		},
		"windows": {"own/chromium/" + file, "own/firefox/" + file},
	} {
		t.Run(goos, func(t *testing.T) {
			s, r := system(t, goos)
			for range 2 { // the second time changes nothing
				for _, b := range manifest.Browsers() {
					st, err := s.Install(b, "/opt/tabferry", false)
					if err != nil || st.State != manifest.Ours || st.Program != "/opt/tabferry" || !st.Gone {
						t.Errorf("%s: %+v, %v", b.Name, st, err)
					}
				}
			}
			if diff := cmp.Diff(want, files(t, s.Home)); diff != "" {
				t.Error(diff)
			}
			if keys := slices.Sorted(maps.Keys(r)); goos == "windows" {
				want := []string{
					`Chromium\NativeMessagingHosts\` + extension.HostName, `Google\Chrome\NativeMessagingHosts\` + extension.HostName,
					`Microsoft\Edge\NativeMessagingHosts\` + extension.HostName, `Mozilla\NativeMessagingHosts\` + extension.HostName,
				}
				if diff := cmp.Diff(want, keys); diff != "" {
					t.Error(diff)
				}
			}
			for _, b := range manifest.Browsers() {
				if st, err := s.Remove(b, false); err != nil || st.State != manifest.Missing {
					t.Errorf("%s: removed: %+v, %v", b.Name, st, err)
				}
			}
			if left := files(t, s.Home); len(r) != 0 || goos != "windows" && left != nil {
				t.Errorf("left: %q, %q", left, r)
			}
		})
	}
}

// Firefox takes no manifest that also has origins, and Chromium needs the slash at the end of one.
func TestText(t *testing.T) {
	for name, want := range map[string]string{
		"firefox": `{
  "name": "io.github.tabferry.tabferry",
  "description": "Tabferry: sends tabs to the devices of a Mozilla account",
  "path": "/usr/bin/tabferry",
  "type": "stdio",
  "allowed_extensions": [
    "send@tabferry.github.io"
  ]
}
`,
		"edge": `{
  "name": "io.github.tabferry.tabferry",
  "description": "Tabferry: sends tabs to the devices of a Mozilla account",
  "path": "/usr/bin/tabferry",
  "type": "stdio",
  "allowed_origins": [
    "chrome-extension://lihlhaglcjoolgimeolffedpipifahlm/"
  ]
}
`,
	} {
		text, err := manifest.Text(find(t, name), "/usr/bin/tabferry")
		if diff := cmp.Diff(want, string(text)); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

// Chromium makes the id of the key, and the key stands in the documentation for whoever packs the extension.
func TestChromiumIDIsTheKeys(t *testing.T) {
	page, err := os.ReadFile("../../../docs/native-messaging.md")
	if err != nil {
		t.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(regexp.MustCompile(`MIIB[A-Za-z0-9+/]+=*`).FindString(string(page)))
	if err != nil {
		t.Fatal(err)
	}
	var id strings.Builder
	sum := sha256.Sum256(key)
	for _, b := range sum[:16] {
		id.WriteByte('a' + b>>4)
		id.WriteByte('a' + b&15)
	}
	if id.String() != extension.ChromiumID || !strings.Contains(string(page), extension.GeckoID) {
		t.Errorf("the key's id is %s", id.String())
	}
}

func TestWhatIsThere(t *testing.T) {
	s, _ := system(t, "linux", ".config/mozilla", ".config/vivaldi", ".var/app/com.brave.Browser", "snap/chromium", "root/etc/opt/chrome/native-messaging-hosts")
	text, err := manifest.Text(find(t, "chrome"), "/usr/bin/tabferry")
	if err != nil {
		t.Fatal(err)
	}
	packaged := filepath.Join(s.Root, "etc/opt/chrome/native-messaging-hosts", file)
	if err := os.WriteFile(packaged, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got := map[string]manifest.Status{}
	for _, b := range manifest.Browsers() {
		st, err := s.Status(b)
		if err != nil || st.State != manifest.Missing {
			t.Errorf("%s: %+v, %v", b.Name, st, err)
		}
		st.Path, st.Browser, st.State = "", "", ""
		got[b.Name] = st
	}
	want := map[string]manifest.Status{
		"firefox": {Present: true}, "librewolf": {}, "chromium": {Sandbox: "snap"}, "chrome": {Packaged: packaged},
		"brave": {Sandbox: "flatpak", Packaged: packaged}, "vivaldi": {Present: true, Packaged: packaged}, "edge": {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What others put there stays, unless the person says otherwise.
func TestForeignFiles(t *testing.T) {
	b := find(t, "firefox")
	for name, lay := range map[string]func(path string) error{
		"another program's": func(path string) error {
			return os.WriteFile(path, []byte(`{"name":"io.github.tabferry.tabferry","description":"mine","path":"/x","type":"stdio"}`), 0o600)
		},
		"not JSON": func(path string) error { return os.WriteFile(path, []byte("hello"), 0o600) },
		"large":    func(path string) error { return os.WriteFile(path, []byte(strings.Repeat(" ", 1<<20)), 0o600) },
		"a link":   func(path string) error { return os.Symlink("/etc/passwd", path) },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := system(t, "linux", ".mozilla/native-messaging-hosts")
			path := filepath.Join(s.Home, ".mozilla/native-messaging-hosts", file)
			if err := lay(path); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Install(b, "/opt/tabferry", false); !errors.Is(err, manifest.ErrForeign) {
				t.Errorf("written over: %v", err)
			}
			if _, err := s.Remove(b, false); !errors.Is(err, manifest.ErrForeign) {
				t.Errorf("removed: %v", err)
			}
			if st, err := s.Install(b, "/opt/tabferry", true); err != nil || st.State != manifest.Ours {
				t.Errorf("with force: %+v, %v", st, err)
			}
			if got := files(t, filepath.Dir(path)); !slices.Equal(got, []string{file}) {
				t.Errorf("in the folder: %q", got)
			}
		})
	}
	s, _ := system(t, "linux")
	if _, err := s.Install(b, "tabferry", false); !errors.Is(err, manifest.ErrRelative) || files(t, s.Home) != nil {
		t.Errorf("a relative path: %v", err)
	}
}
