package desktop

import (
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// detach starts a program without a console of its own or of ours, and outside the job that we may be in.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		HideWindow:    true,
		CreationFlags: windows.CREATE_NO_WINDOW | windows.CREATE_NEW_PROCESS_GROUP | leaveJob(),
	}
}

// leaveJob is the flag that starts a program outside our job, where that lets us: Firefox ends all that is in
// the job of a native-messaging host together with the host, an agent that it started included.
func leaveJob() uint32 {
	var job windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	err := windows.QueryInformationJobObject(0, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&job)), uint32(unsafe.Sizeof(job)), nil) // #nosec G103 -- the system's structure, for the time of the call
	if err != nil || job.BasicLimitInformation.LimitFlags&windows.JOB_OBJECT_LIMIT_BREAKAWAY_OK == 0 {
		return 0 // in no job, or in one that nobody leaves
	}
	return windows.CREATE_BREAKAWAY_FROM_JOB
}
