package role

import (
	"fmt"
	"os"
	"runtime"

	"github.com/tabferry/tabferry/ui/desktop"
)

// keyringService is the name under which the sealing key lies in the keyring; the demo has its own.
func keyringService(demo bool) string {
	if demo {
		return desktop.AppID + ".demo"
	}
	return desktop.AppID
}

// deviceName is this installation's name among the account's devices until a person changes it.
func deviceName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "Tabferry"
	}
	return "Tabferry on " + host
}

// userAgent is what the servers see, and the person at the other end of a pairing: in the form that
// browsers use, because that is what the pages there can take apart.
func userAgent() string {
	system := map[string]string{
		"linux":   "X11; Linux x86_64",
		"windows": "Windows NT 10.0; Win64; x64",
		"darwin":  "Macintosh; Intel Mac OS X 10.15",
	}[runtime.GOOS]
	if system == "" {
		system = runtime.GOOS
	}
	return fmt.Sprintf("Mozilla/5.0 (%s) Tabferry/%s", system, version)
}
