package push_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/push"
)

// TestIdleCost: a connected client that waits has two goroutines.
func TestIdleCost(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		w.post(sub, "x")
		time.Sleep(time.Hour)
		synctest.Wait()
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		var ours []string
		for g := range strings.SplitSeq(string(stacks), "\n\n") {
			if strings.Contains(g, "account/push.(") {
				ours = append(ours, g)
			}
		}
		if len(ours) != 2 {
			t.Errorf("%d goroutines, want the loop and the reader:\n%s", len(ours), strings.Join(ours, "\n\n"))
		}
	})
}

// heard is a log that says when it was told something.
type heard struct {
	what string
	told atomic.Bool
}

func (h *heard) Write(line []byte) (int, error) {
	if strings.Contains(string(line), h.what) {
		h.told.Store(true)
	}
	return len(line), nil
}

// TestTLS: a server whose certificate is not trusted gets nothing; one that is
// trusted is spoken to, but over TLS no endpoint without TLS is taken.
func TestTLS(t *testing.T) {
	service, err := accounttest.Start()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(service)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer func() {
		server.Close()
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	}()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for name, c := range map[string]struct {
		roots   *x509.CertPool
		upgrade bool
	}{
		"not trusted": {x509.NewCertPool(), false},
		"trusted":     {roots, true},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(service.Push().Hellos())
			refused := &heard{what: "registration failed"}
			client, err := push.New(push.Params{
				ServerURL: "wss" + strings.TrimPrefix(server.URL, "https") + "/push",
				Store:     &memStore{},
				Handle:    func(context.Context, push.Message) {},
				HTTPClient: &http.Client{Transport: &http.Transport{
					TLSClientConfig:   &tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS12},
					DisableKeepAlives: true,
				}},
				Logger: slog.New(slog.NewTextHandler(refused, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- client.Run(ctx) }()
			trying, stop := context.WithTimeout(ctx, time.Minute)
			defer stop()
			go func() {
				defer stop()
				for trying.Err() == nil && !refused.told.Load() && client.Health().Failures == 0 {
					time.Sleep(time.Millisecond)
				}
			}()
			if _, err := client.Subscribe(trying, "account"); !errors.Is(err, context.Canceled) {
				t.Errorf("subscribe: %v", err)
			}
			h := client.Health()
			if greeted := len(service.Push().Hellos()) > before; greeted != c.upgrade || (h.Connections > 0) != c.upgrade {
				t.Errorf("greeted: %v, health %+v", greeted, h)
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}
