package demo_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/demo"
	"github.com/tabferry/tabferry/account/demo/door"
)

// order sends raw text to the demo's socket, as no client of ours would.
func order(t *testing.T, socket, method, path, body string) int {
	t.Helper()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}
	request, err := http.NewRequestWithContext(t.Context(), method, "http://demo"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	return response.StatusCode
}

func TestBadOrders(t *testing.T) {
	r := start(t, t.TempDir())
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/send-me", "", 400},
		{"POST", "/send-me", "{}", 400},
		{"POST", "/send-me", "[1]", 400},
		{"POST", "/send-me", `{"url":"https://example.com"}`, 409}, // nobody is signed in
		{"POST", "/scan", `{"url":"not a code"}`, 409},
		{"POST", "/scan", strings.Repeat("x", 100_000), 400},
		{"GET", "/send-me", "", 405},
		{"GET", "/stop", "", 405},
		{"GET", "/nothing", "", 404},
	} {
		if got := order(t, r.params.Socket, c.method, c.path, c.body); got != c.want {
			t.Errorf("%s %s %.30q: status %d, want %d", c.method, c.path, c.body, got, c.want)
		}
	}
	if report := r.report(t); len(report.Received) != 0 || len(report.Devices) != 2 {
		t.Errorf("afterwards the demo reports %+v", report)
	}
	for _, name := range []string{r.params.Socket, filepath.Dir(r.params.Socket)} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be entered by others: %v, %v", filepath.Base(name), info.Mode(), err)
		}
	}
}

// A configuration that cannot be read does not keep the demo from starting; one that cannot be written
// does.
func TestConfigurationFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "data", "demo.json")
	if _, err := door.ReadConfig(file); err == nil {
		t.Error("a missing file was read")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("{nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, dir)
	if c, err := door.ReadConfig(file); err != nil || c.Server == "" || c != r.report(t).Config {
		t.Errorf("the configuration is %+v, %v", c, err)
	}
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := demo.Serve(t.Context(), demo.Params{File: filepath.Join(blocked, "demo.json"), Socket: filepath.Join(t.TempDir(), "demo.sock")})
	if err == nil || errors.Is(err, demo.ErrRunning) {
		t.Errorf("without a place for its file the demo says %v", err)
	}
}

// A demo that is stopped takes connections, and holds nobody up.
func TestSilentDemo(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket) // nobody accepts, but the system
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	begun := time.Now()
	if err := door.Dial(socket).Stop(t.Context()); !errors.Is(err, door.ErrSilent) || time.Since(begun) > 10*time.Second {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
}
