package desktop

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// detach starts a program without a console of its own or of ours.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		HideWindow:    true,
		CreationFlags: windows.CREATE_NO_WINDOW | windows.CREATE_NEW_PROCESS_GROUP,
	}
}
