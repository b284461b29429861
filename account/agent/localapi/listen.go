package localapi

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// The modes of the socket and its folder: the user's alone.
const (
	socketMode fs.FileMode = 0o600
	folderMode fs.FileMode = 0o700
)

// maxSocketPath is what fits into sockaddr_un on every system we ship for (macOS has 104 bytes, one
// of them the end mark).
const maxSocketPath = 103

// probeTime is how long an agent may take to accept a connection before its socket counts as stale.
const probeTime = time.Second

// ErrAgentRunning says that another agent answers on the socket.
var ErrAgentRunning = errors.New("another agent is running")

// ErrSocketFolder says that the socket's folder is not safe: not ours, or not a folder.
var ErrSocketFolder = errors.New("the folder of the agent's socket is not safe to use")

// Listen opens the agent's socket at path, in a folder that only this user can enter, and accepts
// only connections of this user where the system can tell. A socket that was left behind is
// replaced; one on which an agent answers, or whose lock an agent holds, is [ErrAgentRunning].
// The lock file beside the socket (path + ".lock") stays: it is what decides between two agents
// that start at the same moment.
func Listen(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("the path of the agent's socket is longer than %d bytes", maxSocketPath)
	}
	if err := ownFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	lock := flock.New(path+".lock", flock.SetPermissions(socketMode))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the agent's socket: %w", err)
	}
	if !held {
		return nil, ErrAgentRunning
	}
	l, err := listenLocked(path)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return &listener{l, lock}, nil
}

func listenLocked(path string) (*net.UnixListener, error) {
	if conn, err := net.DialTimeout("unix", path, probeTime); err == nil {
		return nil, errors.Join(ErrAgentRunning, conn.Close())
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&(fs.ModeSocket|fs.ModeIrregular) == 0 {
			// Windows shows sockets as irregular files.
			return nil, fmt.Errorf("there is a file in the place of the agent's socket: %w", fs.ErrExist)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("removing a stale socket: %w", err)
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("opening the agent's socket: %w", err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, fmt.Errorf("closing the agent's socket to others: %w", errors.Join(err, l.Close()))
	}
	return l, nil
}

// ownFolder makes the folder, or takes rights away from others on one that is ours.
func ownFolder(path string) error {
	if err := os.MkdirAll(path, folderMode); err != nil {
		return fmt.Errorf("making the folder of the agent's socket: %w", err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("making the folder of the agent's socket: %w", err)
	}
	if !info.IsDir() || !ownedByUs(info) {
		return ErrSocketFolder
	}
	if info.Mode().Perm()&^folderMode == 0 {
		return nil
	}
	if err := os.Chmod(path, folderMode); err != nil { // #nosec G302 -- a folder: only its owner can enter it
		return fmt.Errorf("%w: %w", ErrSocketFolder, err)
	}
	return nil
}

// listener drops foreign connections and lets go of the lock when closed.
type listener struct {
	*net.UnixListener
	lock *flock.Flock
}

// Accept waits for a connection of this user.
func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if samePeer(conn) {
			return conn, nil
		}
		_ = conn.Close() // a stranger's connection; there is nobody to tell
	}
}

// Close removes the socket and lets go of the lock.
func (l *listener) Close() error {
	return errors.Join(l.UnixListener.Close(), l.lock.Unlock())
}
