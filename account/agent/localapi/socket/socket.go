// Package socket is how the processes of one user talk to each other: a stream socket in the file
// system that nobody else can open. The agent's local API, the window that later starts hand their
// links to, and the demo's control all use it.
//
//	l, err := socket.Listen(path, path+".lock") // ErrInUse: somebody plays this role already
//	conn, err := socket.Dial(ctx, path)
//
// It is a Unix socket, also on Windows. Access is kept by an owner-only folder and file, and by asking
// the system who is at the other end where it can say so.
//
// Where the system has no Unix sockets (Windows before 1803, some servers, Wine) it is a port of
// 127.0.0.1, which every user of the machine can connect to. So an owner-only file beside the socket's
// place (path + ".tcp") tells the port and two secrets of 32 random bytes: who connects says the first
// before anything else, or is hung up on; who listens answers with the second, or is not talked to.
// The second is there for a listener that died without removing its file: another user may have the
// port by now. Both are made anew by each Listen.
package socket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// The modes of the socket, of the files beside it, and of their folder: the user's alone.
const (
	fileMode   fs.FileMode = 0o600
	folderMode fs.FileMode = 0o700
)

// MaxPath is what fits into sockaddr_un on every system we ship for, in bytes: macOS has 104, one of
// them the end mark.
const MaxPath = 103

// probeTime is how long a listener may take to accept a connection before it counts as dead.
const probeTime = time.Second

var (
	// ErrInUse says that another process listens, or holds the lock.
	ErrInUse = errors.New("another process listens there")
	// ErrFolder says that the socket's folder is not safe: not ours, or not a folder.
	ErrFolder = errors.New("the folder of the socket is not safe to use")
	// ErrNotOurs says that the file with the secrets belongs to another user, or is open to others.
	ErrNotOurs = errors.New("the file beside the socket belongs to another user or is open to others")
)

// system is what the operating system offers.
type system struct {
	listenUnix func(path string) (*net.UnixListener, error)
	dialUnix   func(ctx context.Context, path string) (net.Conn, error)
}

func listenUnix(path string) (*net.UnixListener, error) {
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}

func dialUnix(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}

// Listen opens a socket at path, in a folder that only this user can enter, and accepts only
// connections of this user. A socket that was left behind is replaced; one on which somebody answers,
// or whose lock somebody holds, is [ErrInUse]. The lock file stays: it is what decides between two
// processes that start at the same moment.
func Listen(path, lockPath string) (*Listener, error) { return here().listen(path, lockPath) }

// Dial connects to who listens at path. It ends with ctx; [ErrSilent] when somebody is there and hangs,
// which only a port can tell, [fs.ErrNotExist] when nobody is there and nobody was killed there.
func Dial(ctx context.Context, path string) (net.Conn, error) { return here().dial(ctx, path) }

// Answers reports whether somebody listens at path. One that accepts and says nothing for a second
// does: it hangs, but it is there.
func Answers(path string) bool { return here().answers(path) }

func (s system) listen(path, lockPath string) (*Listener, error) {
	if len(path) > MaxPath {
		return nil, fmt.Errorf("the path of the socket is longer than %d bytes", MaxPath)
	}
	if err := ownFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	lock := flock.New(lockPath, flock.SetPermissions(fileMode))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the socket: %w", err)
	}
	if !held {
		return nil, ErrInUse
	}
	l, err := s.listenLocked(path)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return &Listener{l, lock}, nil
}

func (s system) listenLocked(path string) (accepter, error) {
	if s.answers(path) {
		return nil, ErrInUse
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&(fs.ModeSocket|fs.ModeIrregular) == 0 {
			// Windows shows sockets as irregular files.
			return nil, fmt.Errorf("there is a file in the place of the socket: %w", fs.ErrExist)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("removing a stale socket: %w", err)
		}
	}
	l, err := s.listenUnix(path)
	if noUnixSockets(err) {
		return listenToken(path + tokenSuffix)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the socket: %w", err)
	}
	err = os.Chmod(path, fileMode)
	if stale := os.Remove(path + tokenSuffix); !errors.Is(stale, fs.ErrNotExist) {
		err = errors.Join(err, stale) // of a day when the system had no such sockets
	}
	if err != nil {
		return nil, fmt.Errorf("closing the socket to others: %w", errors.Join(err, l.Close()))
	}
	return &unixListener{UnixListener: l}, nil
}

func (s system) dial(ctx context.Context, path string) (net.Conn, error) {
	conn, err := s.dialUnix(ctx, path)
	if err == nil || ctx.Err() != nil {
		return conn, err
	}
	byToken, tokenErr := dialToken(ctx, path+tokenSuffix)
	if !errors.Is(tokenErr, fs.ErrNotExist) {
		return byToken, tokenErr
	}
	if _, gone := os.Lstat(path); errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone) // not every system says so of a socket
	}
	return nil, err
}

func (s system) answers(path string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	conn, err := s.dial(ctx, path)
	if err != nil {
		return errors.Is(err, ErrSilent)
	}
	return conn.Close() == nil
}

// ownFolder makes the folder, or takes rights away from others on one that is ours.
func ownFolder(path string) error {
	if err := os.MkdirAll(path, folderMode); err != nil {
		return fmt.Errorf("making the folder of the socket: %w", err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("making the folder of the socket: %w", err)
	}
	if !info.IsDir() || !ownedByUs(info) {
		return ErrFolder
	}
	if info.Mode().Perm()&^folderMode == 0 {
		return nil
	}
	if err := os.Chmod(path, folderMode); err != nil { // #nosec G302 -- a folder: only its owner can enter it
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	return nil
}
