package session

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tabferry/tabferry/account/agent/localapi/socket"
)

// meetIn puts sockets and locks into a folder.
func (p *Paths) meetIn(dir string) {
	p.Runtime = dir
	p.Socket = filepath.Join(dir, "agent.sock")
	window := "window" + displayMark(os.Getenv)
	p.WindowSocket = filepath.Join(dir, window+".sock")
	p.WindowLock = filepath.Join(dir, window+".lock")
	p.DemoSocket = filepath.Join(dir, "demo.sock")
}

// meetingPlaces are the folders in which an agent may listen, the best first: the agreed one, the runtime
// folders, and for systems without them one beside the data.
func (p *Paths) meetingPlaces(name string) []string {
	var all []string
	add := func(dir string) {
		if !slices.Contains(all, dir) {
			all = append(all, dir)
		}
	}
	if dir, err := os.Readlink(p.agreement()); err == nil && checkPrivate(dir) == nil {
		add(dir)
	}
	for _, dir := range runtimeFolders() {
		add(fitting(filepath.Join(dir, name), name))
	}
	add(fitting(p.beside(), name))
	return all
}

// agreement is a link to the folder in which the programs meet. A terminal, cron and the desktop differ in
// the runtime folder that they name; the data folder is one.
func (p *Paths) agreement() string { return filepath.Join(p.Data, "meet") }

// beside is the folder for sockets where the system has none.
func (p *Paths) beside() string { return filepath.Join(p.Data, "run") }

// meet makes the runtime folder the agreed one, or takes over one that others have agreed on meanwhile.
func (p *Paths) meet() error {
	for range 2 {
		if err := os.MkdirAll(p.Runtime, 0o700); err != nil {
			return err
		}
		if p.Runtime == p.beside() && !holdsSockets(p.Runtime) {
			p.meetIn(elsewhere(p.Runtime, filepath.Base(p.Data)))
			continue
		}
		err := os.Symlink(p.Runtime, p.agreement())
		if !errors.Is(err, fs.ErrExist) {
			return nil // agreed, or the file system has no links: then the environments must agree
		}
		dir, err := os.Readlink(p.agreement())
		switch {
		case err == nil && dir == p.Runtime, Listens(p.Socket):
			return nil
		case err == nil && checkPrivate(dir) == nil:
			p.meetIn(dir) // somebody was faster
			return nil
		}
		if err := os.Remove(p.agreement()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Listens reports whether one of our programs listens on a socket.
func Listens(path string) bool { return socket.Answers(path) }

// holdsSockets reports whether a folder can hold sockets; those of some file systems on the network cannot.
func holdsSockets(dir string) bool {
	probe := filepath.Join(dir, "probe.sock")
	l, err := socket.Listen(probe, probe+".lock")
	if err != nil {
		return errors.Is(err, socket.ErrInUse) // by somebody who just does the same
	}
	return errors.Join(l.Close(), os.Remove(probe+".lock")) == nil
}
