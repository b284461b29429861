package push_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/push"
)

// BenchmarkDelivery measures, over a loopback socket, from the service's
// acceptance of a message to the handler's call: frame, decryption, recording
// and hand-over. It reports the median and the 99th percentile.
func BenchmarkDelivery(b *testing.B) {
	s, err := accounttest.Start()
	if err != nil {
		b.Fatal(err)
	}
	transport := s.Transport()
	called := make(chan time.Time, 1)
	client, err := push.New(push.Params{
		ServerURL:  s.PushURL(),
		Store:      &memStore{},
		HTTPClient: &http.Client{Transport: transport},
		Handle:     func(context.Context, push.Message) { called <- time.Now() },
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- client.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	sub, err := client.Subscribe(ctx, "account")
	if err != nil {
		b.Fatal(err)
	}
	body := seal(b, sub, `{"version":1,"command":"fxaccounts:command_received","data":{"index":1}}`)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if status := s.Push().Post(sub.Endpoint, gcmHeader(60), body); status != http.StatusCreated {
			b.Fatalf("endpoint answers %d", status)
		}
		took = append(took, (<-called).Sub(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
