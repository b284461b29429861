package role

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
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
