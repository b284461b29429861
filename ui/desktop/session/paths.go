// Package session is the one answer to where this process runs: the folders and sockets of its
// installation, the session bus, the display it could show a window on, the sandbox it may be in, the
// proxy it reaches the network by.
package session

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/adrg/xdg"

	"github.com/tabferry/tabferry/account/agent/localapi/socket"
)

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
	// WindowSocket and WindowLock let a second window find the first on the same display.
	WindowSocket, WindowLock string
	// DemoFile and DemoSocket are where the demo world tells its address and takes orders.
	DemoFile, DemoSocket string
}

// LocatePaths returns the places following the XDG base directory specification (on Windows below
// %LOCALAPPDATA%, on macOS below ~/Library/Application Support). It creates nothing: see Make.
//
// Whoever has the same data folder gets the same places, whatever runtime folder the environment names:
// where an agent answers, else where the programs of this installation have met before.
func LocatePaths(demo bool) Paths {
	p, places := located(demo)
	for _, dir := range places {
		if p.meetIn(dir); len(places) == 1 || Listens(p.Socket) {
			return p
		}
	}
	p.meetIn(places[0])
	return p
}

// located returns the places that are the same wherever an agent answers, and the folders in which one may.
func located(demo bool) (p Paths, meeting []string) {
	name := "tabferry"
	if demo {
		name = "tabferry-demo"
	}
	p.Data = filepath.Join(xdg.DataHome, name)
	p.Logs = filepath.Join(p.Data, "logs")
	p.DemoFile = filepath.Join(p.Data, "demo.json")
	return p, p.meetingPlaces(name)
}

// AgentSockets are the sockets on which the agent of this installation may listen, the best first: one is
// where [LocatePaths] finds it.
func AgentSockets(demo bool) []string {
	p, places := located(demo)
	var all []string
	for _, dir := range places {
		p.meetIn(dir)
		all = append(all, p.Socket)
	}
	return all
}

// Make creates the folders, each for the user alone, and has all other programs of the installation meet
// in the runtime folder too. It refuses folders that belong to others or let them in, and a home that is
// not there.
func (p *Paths) Make() error {
	if err := checkHome(p.Data); err != nil {
		return err
	}
	for _, dir := range []string{p.Data, p.Logs} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	if err := p.meet(); err != nil {
		return err
	}
	return checkPrivate(p.Runtime)
}

// checkHome refuses a data folder of somebody else's, as after sudo, and one that could only be made
// together with the home around it.
func checkHome(data string) error {
	if err := checkOwner(data); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if home := os.Getenv("HOME"); home != "" && runtime.GOOS != "windows" {
		if _, err := os.Stat(home); err != nil && beneath(data, home) { // #nosec G703 -- the user's own environment names it
			return fmt.Errorf("the home folder: %w", err)
		}
	}
	return nil
}

func beneath(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// longestSocket is as long as the longest name of a socket of ours.
const longestSocket = "window-01234567.sock"

// fitting returns dir, or if its path is too long for a socket a folder named after it in the temporary
// folder; Make refuses that unless it belongs to the user alone.
func fitting(dir, name string) string {
	if len(filepath.Join(dir, longestSocket)) <= socket.MaxPath {
		return dir
	}
	return elsewhere(dir, name)
}

// elsewhere is the folder in the temporary folder that stands for dir.
func elsewhere(dir, name string) string {
	sum := sha256.Sum256([]byte(dir))
	short := fmt.Sprintf("%s-%s", name, hex.EncodeToString(sum[:6]))
	if in := filepath.Join(os.TempDir(), short); len(filepath.Join(in, longestSocket)) <= socket.MaxPath || runtime.GOOS == "windows" {
		return in
	}
	return filepath.Join("/tmp", short)
}

// ErrNotPrivate says that a folder of ours belongs to somebody else or lets others in.
var ErrNotPrivate = errors.New("the folder belongs to another user or is open to others")
