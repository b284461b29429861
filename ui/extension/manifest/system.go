package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tabferry/tabferry/ui/extension"
)

// Registry is the part of Windows' registry that browsers look into: default values below the user's
// Software. A key that is not there is fs.ErrNotExist.
type Registry interface {
	Get(key string) (string, error)
	Set(key, value string) error
	Delete(key string) error
}

// System is where a user's browsers have their things. Make it with [Here].
type System struct {
	// OS is as runtime.GOOS says.
	OS string
	// Home is the user's folder. Config is where Linux has settings, Support Application Support on macOS,
	// Roaming and Local are the application data on Windows.
	Home, Config, Support, Roaming, Local string
	// Own is where manifests lie that the registry names.
	Own string
	// Root stands before the places of packages; empty but in tests.
	Root     string
	Registry Registry
}

// Here returns the system of this process; own is a folder of the program's, for Windows.
func Here(own string) (System, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return System{}, err
	}
	config := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		config = filepath.Join(home, ".config")
	}
	return System{
		OS: runtime.GOOS, Home: home, Config: config, Support: filepath.Join(home, "Library", "Application Support"),
		Roaming: os.Getenv("APPDATA"), Local: os.Getenv("LOCALAPPDATA"), Own: filepath.Join(own, "native-messaging"), Registry: registryHere(),
	}, nil
}

// Status is how a browser and its manifest are.
type Status struct {
	Browser string `json:"browser"`
	// Present says that the user has used the browser here.
	Present bool  `json:"present"`
	State   State `json:"state"`
	// Path is the manifest's file, and Key the registry's key on Windows.
	Path string `json:"path"`
	Key  string `json:"key,omitempty"`
	// Program is what the manifest starts, if it is ours; Gone says that there is no such program.
	Program string `json:"program,omitempty"`
	Gone    bool   `json:"gone,omitempty"`
	// Packaged is a manifest that a package installed for all users.
	Packaged string `json:"packaged,omitempty"`
	// Sandbox is "flatpak" or "snap" where the user has the browser in one: it cannot start our program.
	Sandbox string `json:"sandbox,omitempty"`
}

// place is where a browser looks: a file and, on Windows, the key that names it.
func (s System) place(b Browser) (file, key string) {
	const name = extension.HostName + ".json"
	switch s.OS {
	case "windows":
		kind := "chromium"
		if b.gecko {
			kind = "firefox"
		}
		return filepath.Join(s.Own, kind, name), b.windows.key + `\NativeMessagingHosts\` + extension.HostName
	case "darwin":
		return filepath.Join(s.Support, b.darwin, chromiumFolder, name), ""
	}
	if b.gecko {
		return filepath.Join(s.Home, b.linux.home, geckoFolder, name), ""
	}
	return filepath.Join(s.Config, b.linux.config, chromiumFolder, name), ""
}

// present reports whether the browser's own folder is there.
func (s System) present(b Browser) bool {
	var folders []string
	add := func(base, below string) {
		if base != "" && below != "" {
			folders = append(folders, filepath.Join(base, filepath.FromSlash(below)))
		}
	}
	switch s.OS {
	case "windows":
		add(s.Roaming, b.windows.roaming)
		add(s.Local, b.windows.local)
	case "darwin":
		add(s.Support, b.darwin)
		add(s.Support, b.darwinHome)
	default:
		add(s.Home, b.linux.home)
		add(s.Config, b.linux.config)
		add(s.Config, b.linux.also)
	}
	for _, folder := range folders {
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			return true
		}
	}
	return false
}

// sandbox names the sandbox in which the user has a browser.
func (s System) sandbox(b Browser) string {
	if s.OS == "windows" || s.OS == "darwin" {
		return ""
	}
	there := func(parts ...string) bool {
		_, err := os.Stat(filepath.Join(parts...))
		return err == nil
	}
	switch {
	case b.flatpak != "" && there(s.Home, ".var", "app", b.flatpak):
		return "flatpak"
	case b.snap != "" && there(s.Home, "snap", b.snap):
		return "snap"
	}
	return ""
}

// Status looks at a browser.
func (s System) Status(b Browser) (Status, error) {
	st := Status{Browser: b.Name, Present: s.present(b), Sandbox: s.sandbox(b)}
	st.Path, st.Key = s.place(b)
	if s.OS != "windows" && s.OS != "darwin" {
		for _, dir := range b.system {
			path := filepath.Join(s.Root, dir, extension.HostName+".json")
			if state, _, err := look(path); err == nil && state == Ours {
				st.Packaged = path
			}
		}
	}
	if st.Key != "" {
		path, err := s.Registry.Get(st.Key)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			st.State = Missing
			return st, nil
		case err != nil:
			return st, err
		case path != st.Path:
			st.State = Foreign
			return st, nil
		}
	}
	var err error
	st.State, st.Program, err = look(st.Path)
	if st.Program != "" {
		_, missing := os.Stat(st.Program)
		st.Gone = errors.Is(missing, fs.ErrNotExist)
	}
	return st, err
}

// ErrForeign says that a manifest was not made by this program.
var ErrForeign = errors.New("it was not made by Tabferry")

// ErrRelative says that a program's path does not begin at the root.
var ErrRelative = errors.New("the program's path is not absolute")

// Install writes a browser's manifest. One that is there already is written anew if it is ours, and if it is
// not only with force.
func (s System) Install(b Browser, program string, force bool) (Status, error) {
	st, err := s.Status(b)
	if err != nil {
		return st, fmt.Errorf("%s: %w", st.Path, err)
	}
	if !filepath.IsAbs(program) {
		return st, ErrRelative
	}
	if st.State == Foreign && !force {
		return st, fmt.Errorf("%s: %w", st.Path, ErrForeign)
	}
	text, err := Text(b, program)
	if err != nil {
		return st, err
	}
	if err := write(st.Path, text); err != nil {
		return st, err
	}
	if st.Key != "" {
		if err := s.Registry.Set(st.Key, st.Path); err != nil {
			return st, err
		}
	}
	return s.Status(b)
}

// Remove takes a browser's manifest away; none is fine. One that is not ours goes only with force.
func (s System) Remove(b Browser, force bool) (Status, error) {
	st, err := s.Status(b)
	if err != nil {
		return st, fmt.Errorf("%s: %w", st.Path, err)
	}
	if st.State == Foreign && !force {
		return st, fmt.Errorf("%s: %w", st.Path, ErrForeign)
	}
	if st.State == Missing {
		return st, nil
	}
	if st.Key != "" {
		if err := s.Registry.Delete(st.Key); err != nil {
			return st, err
		}
		return s.Status(b) // the file serves other browsers too, and says nothing to anybody by itself
	}
	if err := os.Remove(st.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return st, err
	}
	return s.Status(b)
}
