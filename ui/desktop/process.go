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

// FailedError says that a spawned program ended with an error, in its own words.
type FailedError struct{ Reason string }

func (e *FailedError) Error() string { return e.Reason }

// Process is a program started by Spawn.
type Process struct {
	// PID is its process id.
	PID    int
	report string
	done   chan struct{}
	err    error
}

// Spawn starts a program of ours that outlives this one: in a session of its own, without our
// terminal, without a console window on Windows. env is added to our environment.
// As long as this process lives somebody waits for the other, so that it never becomes a zombie.
func Spawn(path string, args []string, env ...string) (*Process, error) {
	cmd := exec.Command(path, args...) // #nosec G204 -- a program of this installation
	cmd.Env = append(os.Environ(), env...)
	cmd.Dir = string(filepath.Separator) // not to hold a folder that somebody wants to unmount
	if home, err := os.UserHomeDir(); err == nil {
		if info, err := os.Stat(home); err == nil && info.IsDir() {
			cmd.Dir = home
		}
	}
	p := &Process{report: makeReport(), done: make(chan struct{})}
	if p.report != "" {
		cmd.Env = append(cmd.Env, reportVariable+"="+p.report)
	}
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", filepath.Base(path), err), p.Forget())
	}
	p.PID = cmd.Process.Pid
	go func() { // owned by Process: ends with the program, seen by Done
		p.err = cmd.Wait()
		if words := reason(p.report); p.err != nil && words != "" {
			p.err = &FailedError{words}
		}
		p.err = errors.Join(p.err, p.Forget())
		close(p.done)
	}()
	return p, nil
}

// Forget gives the program's report up, for a program whose beginning is seen by other means.
func (p *Process) Forget() error { return Report{p.report}.Begun() }

// Begun reports whether the program has said that it does what it was started for.
func (p *Process) Begun() bool {
	_, err := os.Stat(p.report)
	return errors.Is(err, fs.ErrNotExist)
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
