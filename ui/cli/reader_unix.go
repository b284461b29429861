//go:build !windows

package cli

import (
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// pipeLook is how often a pipe is asked whether somebody still reads it.
const pipeLook = time.Second

// untilUnread waits until nobody reads a pipe any more, or stop is closed. A write to such a pipe ends a
// program that does not listen for the signal, before it could take back what it began.
func untilUnread(file *os.File, stop <-chan struct{}) (unread bool) {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, unix.SIGPIPE)
	defer signal.Stop(broken)
	look := time.NewTicker(pipeLook)
	defer look.Stop()
	for {
		fds := []unix.PollFd{{Fd: int32(file.Fd())}} // #nosec G115 -- a file descriptor fits
		if n, err := unix.Poll(fds, 0); err == nil && n > 0 && fds[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
			return true
		}
		select {
		case <-stop:
			return false
		case <-broken:
		case <-look.C:
		}
	}
}
