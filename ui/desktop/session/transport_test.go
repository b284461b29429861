package session_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// TestRequestsSideBySideKeepTheirConnections: the lean program speaks no HTTP/2, so each of the four sends that
// run side by side has a connection of its own. The next four take them over; none shakes hands anew.
func TestRequestsSideBySideKeepTheirConnections(t *testing.T) {
	const sideBySide, rounds = 4, 5
	var together sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		together.Done()
		together.Wait() // all of a round are under way at once
	}))
	var mu sync.Mutex
	handshakes := 0
	server.EnableHTTP2 = true // as the accounts service does
	server.TLS = &tls.Config{VerifyConnection: func(tls.ConnectionState) error {
		mu.Lock()
		defer mu.Unlock()
		handshakes++
		return nil
	}}
	server.StartTLS()
	defer server.Close()
	transport := session.Transport()
	transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	transport.TLSClientConfig.NextProtos, transport.ForceAttemptHTTP2 = nil, false // whatever this test is built with
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for range rounds {
		together.Add(sideBySide)
		var done sync.WaitGroup
		for range sideBySide {
			done.Go(func() {
				r, err := client.Get(server.URL)
				if err != nil {
					t.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, r.Body)
				if e := r.Body.Close(); err != nil || e != nil {
					t.Error(err, e)
				}
			})
		}
		done.Wait()
	}
	mu.Lock()
	defer mu.Unlock()
	if handshakes > sideBySide {
		t.Errorf("%d handshakes for %d requests, %d of them side by side", handshakes, rounds*sideBySide, sideBySide)
	}
}
