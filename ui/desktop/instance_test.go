package desktop_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/ui/desktop"
)

// A rotating log keeps the goroutine that removes old ones until the process ends.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun"))
}

func TestSecondStartHandsItsArgumentsOver(t *testing.T) {
	dir := t.TempDir()
	lock, socket := filepath.Join(dir, "w.lock"), filepath.Join(dir, "w.sock")
	got := make(chan []string, 1)
	first, err := desktop.ClaimInstance(t.Context(), lock, socket, nil)
	if err != nil {
		t.Fatal(err)
	}
	first.Serve(slog.New(slog.DiscardHandler), func(args []string) bool { got <- args; return true })
	args := []string{"--pane", "send", "https://example.com/ä\n"}
	if _, err := desktop.ClaimInstance(t.Context(), lock, socket, args); !errors.Is(err, desktop.ErrRunning) {
		t.Fatalf("second start: %v, want ErrRunning", err)
	}
	if a := <-got; !slices.Equal(a, args) {
		t.Errorf("first got %q, want %q", a, args)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	next, err := desktop.ClaimInstance(t.Context(), lock, socket, nil)
	if err != nil {
		t.Fatalf("after the first has closed: %v", err)
	}
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestStartWhileTheFirstEnds: a window that has been closed takes nothing more, though it still holds the lock;
// who starts then takes its place.
func TestStartWhileTheFirstEnds(t *testing.T) {
	dir := t.TempDir()
	lock, socket := filepath.Join(dir, "w.lock"), filepath.Join(dir, "w.sock")
	first, err := desktop.ClaimInstance(t.Context(), lock, socket, nil)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 1000)
	first.Serve(slog.New(slog.DiscardHandler), func([]string) bool { asked <- struct{}{}; return false })
	ended := make(chan error, 1)
	go func() {
		<-asked
		<-asked // it was told once, and asks again
		ended <- first.Close()
	}()
	next, err := desktop.ClaimInstance(t.Context(), lock, socket, []string{"send", "https://example.com/"})
	if err != nil {
		t.Fatalf("a start while the first ends: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := next.Close(); err != nil {
		t.Error(err)
	}
}

func TestStaleSocketOfACrashIsReplaced(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "w.sock")
	var config net.ListenConfig
	dead, err := config.Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	unix, ok := dead.(*net.UnixListener)
	if !ok {
		t.Fatal("no Unix listener")
	}
	unix.SetUnlinkOnClose(false) // as a killed process leaves it
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	i, err := desktop.ClaimInstance(t.Context(), filepath.Join(dir, "w.lock"), socket, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRubbishOnTheSocketDoesNoHarm(t *testing.T) {
	dir := t.TempDir()
	lock, socket := filepath.Join(dir, "w.lock"), filepath.Join(dir, "w.sock")
	got := make(chan []string, 2)
	i, err := desktop.ClaimInstance(t.Context(), lock, socket, nil)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder // read after Close
	i.Serve(slog.New(slog.NewTextHandler(&log, nil)), func(args []string) bool { got <- args; return true })
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("{not json\n")); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := desktop.ClaimInstance(t.Context(), lock, socket, []string{"a"}); !errors.Is(err, desktop.ErrRunning) {
		t.Fatal(err)
	}
	if a := <-got; !slices.Equal(a, []string{"a"}) {
		t.Errorf("got %q", a)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "invalid character") {
		t.Errorf("the log says %q", text)
	}
}

func TestLockHeldButNobodyListening(t *testing.T) {
	dir := t.TempDir()
	lock := flock.New(filepath.Join(dir, "w.lock"))
	if held, err := lock.TryLock(); err != nil || !held {
		t.Fatal(held, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := desktop.ClaimInstance(ctx, filepath.Join(dir, "w.lock"), filepath.Join(dir, "w.sock"), nil)
	if err == nil || errors.Is(err, desktop.ErrRunning) {
		t.Errorf("err = %v: arguments were not handed over, yet nobody is told", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "w.lock")); err != nil {
		t.Errorf("the lock file must stay: %v", err)
	}
}
