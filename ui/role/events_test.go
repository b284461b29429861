package role

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/events"
	"github.com/tabferry/tabferry/account/events/mailbox"
	"github.com/tabferry/tabferry/ui/cli"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestServeEvents: the role takes what the accounts server tells, refuses everybody else, passes its own
// self-test, ends when told to, and has kept what it took.
func TestServeEvents(t *testing.T) {
	service := accounttest.New(t)
	s := cli.EventServer{Path: "/hook", Issuer: service.URL(), ClientID: accounttest.ReferenceClientID, File: filepath.Join(t.TempDir(), "deep", "events.db")}
	log := new(lines)
	serve := func() (address string, end func() error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- serveEvents(ctx, listener, s, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		}()
		return listener.Addr().String(), func() error { cancel(); return <-ended }
	}
	address, end := serve()
	status, err := service.SendEvent(accounttest.EventToken{
		URL: "http://" + address + "/hook", ClientID: s.ClientID, UID: strings.Repeat("ab", 16),
		Events: map[string]map[string]any{accounttest.EventProfileChange: {"email": "somebody@example.com"}},
	})
	if err != nil || status != http.StatusOK {
		t.Fatalf("an event: %d, %v", status, err)
	}
	check := s
	check.Listen = address
	if err := (eventServer{}).Check(t.Context(), check); err != nil {
		t.Errorf("the self-test: %v", err)
	}
	for path, want := range map[string]int{"/v1/events": http.StatusUnauthorized, "/": http.StatusNotFound, "/hook": http.StatusMethodNotAllowed} {
		res, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Error(err)
		}
		if res.Body.Close(); res.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, res.StatusCode, want)
		}
	}
	second, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := serveEvents(t.Context(), second, s, slog.New(slog.DiscardHandler)); !errors.Is(err, mailbox.ErrInUse) {
		t.Errorf("a second one on the same file: %v", err)
	}
	began := time.Now()
	if err := end(); err != nil || time.Since(began) > eventsEnd {
		t.Errorf("ended after %v with %v", time.Since(began), err)
	}
	if err := (eventServer{}).Check(t.Context(), check); !errors.Is(err, events.ErrNotReached) {
		t.Errorf("the self-test of none: %v", err)
	}
	box, err := mailbox.Open(mailbox.Params{Path: s.File, Issuer: s.Issuer, ClientID: s.ClientID})
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Close(); err != nil {
		t.Error(err)
	}
	for _, private := range []string{strings.Repeat("ab", 16), "somebody"} {
		if strings.Contains(log.String(), private) {
			t.Errorf("the log has %q", private)
		}
	}
	if !strings.Contains(log.String(), "event=profile-change") || !strings.Contains(log.String(), "receiving events no more") {
		t.Errorf("the log:\n%s", log)
	}
}
