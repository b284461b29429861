package desktop

import (
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// troubled is a listener whose first connections cannot be taken.
type troubled struct {
	net.Listener
	left int
}

func (l *troubled) Accept() (net.Conn, error) {
	if l.left--; l.left >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "unix", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestInstanceOutlivesAConnectionThatCannotBeTaken(t *testing.T) {
	dir := t.TempDir()
	lock, socket := filepath.Join(dir, "w.lock"), filepath.Join(dir, "w.sock")
	i, err := ClaimInstance(t.Context(), lock, socket, nil)
	if err != nil {
		t.Fatal(err)
	}
	i.listener = &troubled{i.listener, 2}
	got := make(chan []string, 1)
	i.Serve(slog.New(slog.DiscardHandler), func(args []string) bool { got <- args; return true })
	if _, err := ClaimInstance(t.Context(), lock, socket, []string{"a"}); !errors.Is(err, ErrRunning) {
		t.Fatal(err)
	}
	if a := <-got; !slices.Equal(a, []string{"a"}) {
		t.Errorf("got %q", a)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
}
