// Package session is the one answer to where this process runs: the folders and sockets of its
// installation, the display it could show a window on, the sandbox it may be in.
package session

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/adrg/xdg"
)

// maxSocketPath is the longest path a Unix socket can have everywhere: sun_path holds 104 bytes
// on macOS and the BSDs, 108 on Linux and Windows, the final zero included.
const maxSocketPath = 103

// Paths are the places of one installation. The demo has places of its own, so that it can be
// thrown away.
type Paths struct {
	// Data holds the sealed store and what else must last.
	Data string
	// Runtime holds sockets and locks; only the user can enter it.
	Runtime string
	// Logs holds log files.
	Logs string
	// Socket is the agent's local API.
	Socket string
	// WindowSocket and WindowLock let a second window find the first.
	WindowSocket, WindowLock string
	// DemoFile and DemoSocket are where the demo world tells its address and takes orders.
	DemoFile, DemoSocket string
}

// LocatePaths returns the places following the XDG base directory specification (on Windows below
// %LOCALAPPDATA%, on macOS below ~/Library/Application Support). It creates nothing: see Make.
func LocatePaths(demo bool) Paths {
	name := "tabferry"
	if demo {
		name = "tabferry-demo"
	}
	p := Paths{
		Data:    filepath.Join(xdg.DataHome, name),
		Runtime: runtimeDir(name),
	}
	p.Logs = filepath.Join(p.Data, "logs")
	p.Socket = filepath.Join(p.Runtime, "agent.sock")
	p.WindowSocket = filepath.Join(p.Runtime, "window.sock")
	p.WindowLock = filepath.Join(p.Runtime, "window.lock")
	p.DemoFile = filepath.Join(p.Data, "demo.json")
	p.DemoSocket = filepath.Join(p.Runtime, "demo.sock")
	return p
}

// runtimeDir returns the folder for sockets. Where the system has no runtime folder of the user's
// own, or its path is too long for a socket, a folder named after the wanted one is used in the
// temporary folder; Make refuses it unless it belongs to the user alone.
func runtimeDir(name string) string {
	dir := filepath.Join(xdg.DataHome, name, "run")
	if runtime.GOOS != "windows" && runtime.GOOS != "darwin" {
		if info, err := os.Stat(xdg.RuntimeDir); err == nil && info.IsDir() {
			dir = filepath.Join(xdg.RuntimeDir, name)
		}
	}
	if len(filepath.Join(dir, "window.sock")) <= maxSocketPath {
		return dir
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(os.TempDir(), fmt.Sprintf("%s-%s", name, hex.EncodeToString(sum[:6])))
}

// Make creates the folders, each for the user alone, and refuses a runtime folder that others
// could enter.
func (p Paths) Make() error {
	for _, dir := range []string{p.Data, p.Runtime, p.Logs} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	return checkPrivate(p.Runtime)
}

// ErrNotPrivate says that a folder for sockets belongs to somebody else or lets others in.
var ErrNotPrivate = errors.New("the folder for sockets is open to other users")
