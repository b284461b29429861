package clipboard

import "runtime"

// lockThread keeps a goroutine on its thread until the returned function is called: the clipboard
// is opened and closed by a thread, not by a process.
func lockThread() (unlock func()) {
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}
