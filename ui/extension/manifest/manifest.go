// Package manifest puts the host's manifests where browsers look for them, for one user: docs/native-messaging.md
// §6. It writes only for browsers that are there or were named, and never over a file that is not ours.
//
//	here, err := manifest.Here()
//	for _, b := range manifest.Browsers() {
//		status, err := here.Install(b, program, false)
//	}
package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tabferry/tabferry/ui/extension"
)

// Browser is one of the browsers that the extension runs in.
type Browser struct {
	// Name is how commands call it, Title what people call it.
	Name, Title string
	gecko       bool
	linux       linux
	darwin      string // below Application Support; Firefox's profiles are elsewhere than its manifests
	darwinHome  string // what is there if the browser is, also below Application Support; darwin if empty
	windows     windows
	flatpak     string   // the application's id
	snap        string   // the snap's name
	system      []string // where packages put manifests on Linux
}

// linux is where a browser has its things on Linux and the BSDs: below home, or below the configuration.
type linux struct {
	home, config string
	// also shows that the browser is there, below the configuration.
	also string
}

// windows is the registry key of a browser, below Software, and what is there if the browser is: below
// the roaming or the local application data.
type windows struct{ key, roaming, local string }

const (
	chromiumFolder = "NativeMessagingHosts"
	geckoFolder    = "native-messaging-hosts"
)

// Browsers returns all browsers that are known.
func Browsers() []Browser {
	chrome := []string{"/etc/opt/chrome/" + geckoFolder}
	return []Browser{
		{
			Name: "firefox", Title: "Firefox", gecko: true, linux: linux{home: ".mozilla", also: "mozilla"},
			darwin: "Mozilla", darwinHome: "Firefox", windows: windows{`Mozilla`, `Mozilla\Firefox`, ""}, flatpak: "org.mozilla.firefox", snap: "firefox",
			system: []string{"/usr/lib/mozilla/" + geckoFolder, "/usr/lib64/mozilla/" + geckoFolder, "/usr/share/mozilla/" + geckoFolder},
		},
		{
			Name: "librewolf", Title: "LibreWolf", gecko: true, linux: linux{home: ".librewolf", also: "librewolf"},
			darwin: "LibreWolf", darwinHome: "librewolf", windows: windows{`Mozilla`, `librewolf`, ""}, flatpak: "io.gitlab.librewolf-community",
			system: []string{"/usr/lib/librewolf/" + geckoFolder},
		},
		{
			Name: "chromium", Title: "Chromium", linux: linux{config: "chromium"},
			darwin: "Chromium", windows: windows{`Chromium`, "", `Chromium`}, flatpak: "org.chromium.Chromium", snap: "chromium",
			system: []string{"/etc/chromium/" + geckoFolder},
		},
		{
			Name: "chrome", Title: "Google Chrome", linux: linux{config: "google-chrome"},
			darwin: "Google/Chrome", windows: windows{`Google\Chrome`, "", `Google\Chrome`}, flatpak: "com.google.Chrome", system: chrome,
		},
		{
			Name: "brave", Title: "Brave", linux: linux{config: "BraveSoftware/Brave-Browser"},
			darwin: "BraveSoftware/Brave-Browser", windows: windows{`Google\Chrome`, "", `BraveSoftware\Brave-Browser`}, flatpak: "com.brave.Browser", snap: "brave", system: chrome,
		},
		{
			Name: "vivaldi", Title: "Vivaldi", linux: linux{config: "vivaldi"},
			darwin: "Vivaldi", windows: windows{`Google\Chrome`, "", `Vivaldi`}, flatpak: "com.vivaldi.Vivaldi", system: chrome,
		},
		{
			Name: "edge", Title: "Microsoft Edge", linux: linux{config: "microsoft-edge"},
			darwin: "Microsoft Edge", windows: windows{`Microsoft\Edge`, "", `Microsoft\Edge`}, flatpak: "com.microsoft.Edge",
			system: []string{"/etc/opt/edge/" + geckoFolder},
		},
	}
}

// ErrNoBrowser says that no browser is called like this.
var ErrNoBrowser = errors.New("no such browser")

// Find returns the browser of a name.
func Find(name string) (Browser, error) {
	all := Browsers()
	i := slices.IndexFunc(all, func(b Browser) bool { return b.Name == name })
	if i < 0 {
		return Browser{}, ErrNoBrowser
	}
	return all[i], nil
}

// description marks manifests as ours; a file without it is somebody else's.
const description = "Tabferry: sends tabs to the devices of a Mozilla account"

// content is a manifest. Firefox refuses one that has origins.
type content struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Path        string   `json:"path"`
	Type        string   `json:"type"`
	Extensions  []string `json:"allowed_extensions,omitempty"`
	Origins     []string `json:"allowed_origins,omitempty"`
}

// Text returns the manifest of a browser for a program, whose path must be absolute where the browser runs.
func Text(b Browser, program string) ([]byte, error) {
	m := content{Name: extension.HostName, Description: description, Path: program, Type: "stdio"}
	if b.gecko {
		m.Extensions = []string{extension.GeckoID}
	} else {
		m.Origins = []string{"chrome-extension://" + extension.ChromiumID + "/"}
	}
	text, err := json.MarshalIndent(m, "", "  ")
	return append(text, '\n'), err
}

// maxManifest bounds a manifest that is read, in bytes.
const maxManifest = 64 << 10

// State is what lies where a browser looks for a manifest.
type State string

// The states.
const (
	Missing State = "missing"
	Ours    State = "installed"
	Foreign State = "foreign" // not made by this program
)

// look reads what lies at a path; program is the one that a manifest of ours names.
func look(path string) (state State, program string, err error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Missing, "", nil
	}
	if err != nil {
		return Foreign, "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxManifest {
		return Foreign, "", nil
	}
	text, err := os.ReadFile(path) // #nosec G304 -- a place of a browser
	if err != nil {
		return Foreign, "", err
	}
	var m content
	if json.Unmarshal(text, &m) != nil || m.Name != extension.HostName || m.Description != description {
		return Foreign, "", nil
	}
	return Ours, m.Path, nil
}

// write writes a manifest whole or not at all.
func write(path string, text []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".tabferry-*")
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write manifest: %w", errors.Join(err, os.Remove(temp.Name())))
	}
	return nil
}
