package role

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/tabferry/tabferry/ui/desktop"
)

func TestVersionIsThePackagings(t *testing.T) {
	text, err := os.ReadFile("../../FyneApp.toml")
	if err != nil {
		t.Fatal(err)
	}
	var app struct{ Details struct{ Version, ID string } }
	if err := toml.Unmarshal(text, &app); err != nil {
		t.Fatal(err)
	}
	if app.Details.Version != version || app.Details.ID != keyringService(false) {
		t.Errorf("FyneApp.toml says %+v, the program %s of %s", app.Details, version, keyringService(false))
	}
}

func TestUserAgentNamesThisMachine(t *testing.T) {
	for arch, want := range map[string]string{"amd64": "x86_64", "arm64": "aarch64", "riscv64": "riscv64"} {
		if got := machine(arch); got != want {
			t.Errorf("%s is called %s, want %s", arch, got, want)
		}
	}
	if runtime.GOOS == "linux" && !strings.Contains(userAgent(), "(X11; Linux "+machine(runtime.GOARCH)+") Tabferry/"+version) {
		t.Errorf("the user agent is %s", userAgent())
	}
}

// The menu entry and the service on the bus name the same things: what one offers the other does.
func TestTheMenuEntryIsTheServices(t *testing.T) {
	const folder = "../../packaging/linux/" + desktop.AppID
	entry, err := os.ReadFile(folder + ".desktop")
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{actionSendCopied, actionPair, actionQuit} {
		if !strings.Contains(string(entry), "[Desktop Action "+action+"]") {
			t.Errorf("the menu entry has no action %s", action)
		}
	}
	if got := strings.Count(string(entry), "[Desktop Action "); got != 3 {
		t.Errorf("the menu entry has %d actions", got)
	}
	service, err := os.ReadFile(folder + ".service")
	if err != nil || !strings.Contains(string(service), "\nName="+desktop.AppID+"\nExec=/usr/bin/"+leanName+" agent\n") {
		t.Errorf("the service starts something else: %v: %s", err, service)
	}
}
