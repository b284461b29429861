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
		"linux":   "X11; Linux " + machine(runtime.GOARCH),
		"windows": "Windows NT 10.0; Win64; x64",
		"darwin":  "Macintosh; Intel Mac OS X 10.15",
	}[runtime.GOOS]
	if system == "" {
		system = runtime.GOOS
	}
	return fmt.Sprintf("Mozilla/5.0 (%s) Tabferry/%s", system, version)
}

// machine is an architecture by the name that Linux has for it, and browsers show.
func machine(arch string) string {
	names := map[string]string{"amd64": "x86_64", "386": "i686", "arm64": "aarch64", "arm": "armv7l", "loong64": "loongarch64"}
	if name, ok := names[arch]; ok {
		return name
	}
	return arch // ppc64le, riscv64 and s390x are called the same
}
