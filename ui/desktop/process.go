package desktop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// ErrNoProgram says that a program of ours is not installed.
var ErrNoProgram = errors.New("program not found")

// FindProgram returns the path of another program of this installation ("tabferry",
// "tabferry-window"): beside the running one, then on PATH. ErrNoProgram when there is none.
func FindProgram(name string) (string, error) {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() && executable(info) {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%w: %s", ErrNoProgram, name)
	}
	return path, nil
}

func executable(info fs.FileInfo) bool {
	return runtime.GOOS == "windows" || info.Mode().Perm()&0o111 != 0
}

// Process is a program started by Spawn.
type Process struct {
	// PID is its process id.
	PID  int
	done chan struct{}
	err  error
}

// Spawn starts a program of ours that outlives this one: in a session of its own, without our
// terminal, without a console window on Windows. env is added to our environment.
// As long as this process lives somebody waits for the other, so that it never becomes a zombie.
func Spawn(path string, args []string, env ...string) (*Process, error) {
	cmd := exec.Command(path, args...) // #nosec G204 -- a program of this installation
	cmd.Env = append(os.Environ(), env...)
	if home, err := os.UserHomeDir(); err == nil {
		cmd.Dir = home // not to hold a folder that somebody wants to unmount
	}
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(path), err)
	}
	p := &Process{PID: cmd.Process.Pid, done: make(chan struct{})}
	go func() { // owned by Process: ends with the program, seen by Done
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns how the program ended; nil while it runs or when it ended well.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}
