//go:build !windows

package desktop

import (
	"os/exec"
	"syscall"
)

// detach puts a program into a session of its own: Ctrl+C and a closed terminal do not reach it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
