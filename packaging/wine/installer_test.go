//go:build wine && linux

package wine_test

import (
	"debug/buildinfo"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

const appID = "io.github.tabferry.Tabferry"

// files lists the files of the person, without what Windows itself writes.
func (m *machine) files() (all []string) {
	m.t.Helper()
	root := m.path("users")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.Contains(path, "/Temp/") {
			all = append(all, strings.TrimPrefix(path, root+"/"))
		}
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return all
}

// registry lists the person's keys and values, one a line: `[key]` and `[key] "name"=value`.
func (m *machine) registry() (all []string) {
	m.t.Helper()
	m.must("wine", "reg", "export", "HKCU", `C:\export.reg`, "/y")
	raw, err := os.ReadFile(m.path("export.reg"))
	if err != nil {
		m.t.Fatal(err)
	}
	var units []uint16
	for i := 2; i+1 < len(raw); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(raw[i:]))
	}
	text := strings.ReplaceAll(string(utf16.Decode(units)), "\r\n", "\n")
	text = strings.ReplaceAll(text, "\\\n  ", "") // long values go on in the next line
	key := ""
	for line := range strings.Lines(text) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "["):
			key = line
			all = append(all, key)
		case line != "" && key != "":
			all = append(all, key+" "+line)
		}
	}
	return all
}

// beyond is what is in b and not in a.
func beyond(a, b []string) (more []string) {
	for _, line := range b {
		if !slices.Contains(a, line) {
			more = append(more, line)
		}
	}
	return more
}

// value reads a value of the registry.
func (m *machine) value(key, name string) string {
	m.t.Helper()
	out := m.must("wine", "reg", "query", key, "/v", name)
	for line := range strings.Lines(out) {
		if f := strings.SplitN(strings.TrimSpace(line), "    ", 3); len(f) == 3 && f[0] == name {
			return f[2]
		}
	}
	m.t.Fatalf("%s has no %s:\n%s", key, name, out)
	return ""
}

// licensed wants the licence of every module in the programs beside them, and the module in their lists of materials.
func (m *machine) licensed(folder string) {
	m.t.Helper()
	notice, err := os.ReadFile(filepath.Join(folder, "third-party-licences.txt"))
	if err != nil {
		m.t.Fatal(err)
	}
	for _, program := range []string{"tabferry", "tabferry-window"} {
		info, err := buildinfo.ReadFile(filepath.Join(folder, program+".exe"))
		if err != nil {
			m.t.Fatal(err)
		}
		lists, err := filepath.Glob(filepath.Join(programs, program+"-[0-9]*.cdx.json"))
		if err != nil || len(lists) != 1 {
			m.t.Fatalf("the lists of materials of %s are %q, %v", program, lists, err)
		}
		materials, err := os.ReadFile(lists[0])
		if err != nil {
			m.t.Fatal(err)
		}
		for _, dep := range info.Deps {
			if !strings.Contains(string(notice), "\n"+dep.Path+" "+dep.Version+": ") {
				m.t.Errorf("there is no licence of %s %s, which is in %s", dep.Path, dep.Version, program)
			}
			if !strings.Contains(string(materials), dep.Path+"@"+dep.Version) {
				m.t.Errorf("the list of materials of %s has no %s %s", program, dep.Path, dep.Version)
			}
		}
	}
}

// The installer's life: installed, used, installed over a running agent, removed. Nothing stays but what
// the person stored.
func TestInstaller(t *testing.T) {
	m := newMachine(t, "")
	long := strings.Repeat(`C:\somewhere\else;`, 100) + `%USERPROFILE%\bin` // longer than a string of NSIS
	m.must("wine", "reg", "add", `HKCU\Environment`, "/v", "Path", "/t", "REG_EXPAND_SZ", "/d", long, "/f")
	m.until("Windows to have made its own keys", func() bool { // some come with the first program
		before := m.registry()
		return slices.Equal(before, m.registry())
	})
	files, registry := m.files(), m.registry()

	if r := m.wine(setup(t), "/S"); r.code != 0 {
		t.Fatalf("the installer: exit %d\n%s%s", r.code, r.out, r.err)
	}
	folder := m.local("Programs/Tabferry")
	program := filepath.Join(folder, "tabferry.exe")
	inside := `C:\users\` + filepath.Base(filepath.Dir(filepath.Dir(m.local("")))) + `\AppData\Local\Programs\Tabferry`
	installed := strings.Join(beyond(files, m.files()), "\n")
	for _, want := range []string{"tabferry.exe", "tabferry-window.exe", "tabferry.ico", "LICENSE.txt", "third-party-licences.txt", "uninstall.exe", "Start Menu/Programs/Tabferry.lnk"} {
		if !strings.Contains(installed, want) {
			t.Errorf("there is no %s:\n%s", want, installed)
		}
	}
	m.licensed(folder)
	m.until("the agent to enter itself for the login", func() bool {
		return slices.ContainsFunc(m.registry(), func(line string) bool { return strings.Contains(line, `CurrentVersion\Run] "`+appID+`"`) })
	})
	if run := m.value(`HKCU\Software\Microsoft\Windows\CurrentVersion\Run`, appID); run != inside+`\tabferry-window.exe window --hidden` { // no console
		t.Errorf("started at login: %s", run)
	}
	if path := m.value(`HKCU\Environment`, "Path"); path != long+";"+inside {
		t.Errorf("PATH has %d characters and ends with %q", len(path), path[max(0, len(path)-80):])
	}
	if name := m.value(`HKCU\Software\Classes\AppUserModelId\`+appID, "DisplayName"); name != "Tabferry" {
		t.Errorf("toasts are from %q", name)
	}
	for name, want := range map[string]string{"DisplayName": "Tabferry", "QuietUninstallString": `"` + inside + `\uninstall.exe" /S`, "NoModify": "0x1"} {
		if got := m.value(`HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\`+appID, name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if r := m.wine(program, "status"); r.code != 0 {
		t.Errorf("status: exit %d\n%s%s", r.code, r.out, r.err)
	}

	before := m.running("agent")
	if r := m.wine(setup(t), "/S"); r.code != 0 {
		t.Fatalf("the installer again: exit %d", r.code)
	}
	m.until("an agent of the new program", func() bool {
		now := m.running("agent")
		return len(now) == 1 && !slices.Equal(now, before)
	})
	if path := m.value(`HKCU\Environment`, "Path"); path != long+";"+inside {
		t.Errorf("PATH after an update ends with %q", path[max(0, len(path)-80):])
	}
	if r := m.wine(program, "quit", "--force"); r.code != 0 {
		t.Errorf("quit: exit %d\n%s%s", r.code, r.out, r.err)
	}
	m.until("the agent to end", func() bool { return len(m.running("agent")) == 0 })
	if r := m.wine(filepath.Join(folder, "tabferry-window.exe"), "window", "--hidden"); r.code != 0 || len(m.running("agent")) != 1 {
		t.Errorf("as at login: exit %d, agents %q\n%s%s", r.code, m.running("agent"), r.out, r.err)
	}
	kept := m.local("tabferry/store.db")
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}

	if r := m.wine(filepath.Join(folder, "uninstall.exe"), "/S"); r.code != 0 {
		t.Fatalf("uninstalling: exit %d", r.code)
	}
	m.until("the programs to go", func() bool { // the uninstaller goes on in a copy of itself
		_, err := os.Stat(folder)
		return os.IsNotExist(err)
	})
	m.until("the uninstaller to end", func() bool {
		return len(m.running("tabferry")) == 0 && len(beyond(registry, m.registry())) < 20
	})
	for _, file := range beyond(files, m.files()) {
		if !strings.Contains(file, "AppData/Local/tabferry/") {
			t.Errorf("left behind: %s", file)
		}
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("what the person stored: %v", err)
	}
	for _, line := range beyond(registry, m.registry()) {
		// The key that seals the store stays with the store; two keys that Wine makes with the first in them
		// are there from the beginning on Windows.
		if strings.Contains(line, "Credential Manager") || strings.HasSuffix(line, `CurrentVersion\Uninstall]`) || strings.HasSuffix(line, `Software\Classes]`) {
			continue
		}
		t.Errorf("left behind: %s", line)
	}
}
