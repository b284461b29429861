package account_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// BenchmarkPoll receives a queue of 5,000 commands, fifty pages, the network being
// an answer from memory and the saver one that does nothing.
func BenchmarkPoll(b *testing.B) {
	const queued, pageSize = 5000, 100
	s := accounttest.New(b)
	person := s.NewAccount("ferry@example.com", "a long password")
	from := join(b, s, person, "laptop")
	to := join(b, s, person, "phone")
	from.send(to, "A page of the usual kind", "https://example.com/")
	message := sentPayload(b, s)
	if got := to.poll(); len(got) != 1 {
		b.Fatalf("%d commands", len(got))
	}
	if _, err := to.Devices(b.Context()); err != nil {
		b.Fatal(err)
	}
	state, err := to.Snapshot()
	if err != nil {
		b.Fatal(err)
	}
	devices := deviceList(b, to)
	transport := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		body := devices
		if r.URL.Path == "/v1/account/device/commands" {
			body = page(r.URL.Query().Get("index"), queued, pageSize, from.id(), message)
		} else if r.URL.Path != "/v1/account/devices" {
			b.Errorf("unexpected request %s", r.URL.Path)
		}
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(bytes.NewReader(body)), Request: r,
		}, nil
	})
	warm := withDiscovery(b, s, transport)
	b.ReportAllocs()
	for b.Loop() {
		a, err := account.Restore(state, account.WithTransport(warm), account.WithSaver(discard{}))
		if err != nil {
			b.Fatal(err)
		}
		got, err := a.PollCommands(b.Context())
		if err != nil || len(got) != queued-1 {
			b.Fatalf("%d commands, %v", len(got), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/queued, "us/command")
}

// withDiscovery lets the discovery of the service through and gives everything
// else to next.
func withDiscovery(b *testing.B, s *accounttest.Service, next http.RoundTripper) http.RoundTripper {
	network := s.Transport()
	b.Cleanup(network.CloseIdleConnections)
	return roundTripFunc(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/.well-known/") {
			return network.RoundTrip(r)
		}
		return next.RoundTrip(r)
	})
}

// discard is a saver that keeps nothing.
type discard struct{}

func (discard) Save(context.Context, []byte, []account.IncomingCommand) error { return nil }

// sentPayload is the payload of the last command the service took.
func sentPayload(b *testing.B, s *accounttest.Service) json.RawMessage {
	b.Helper()
	requests := s.Requests(routeInvoke)
	var body struct{ Payload json.RawMessage }
	if err := json.Unmarshal(requests[len(requests)-1].Body, &body); err != nil {
		b.Fatal(err)
	}
	return body.Payload
}

// deviceList is the devices as a server lists them.
func deviceList(b *testing.B, m *member) []byte {
	b.Helper()
	list, err := m.Devices(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var out []map[string]any
	for _, d := range list {
		out = append(out, map[string]any{
			"id": d.ID, "name": d.DisplayName, "type": d.Type, "isCurrentDevice": d.IsCurrentDevice, "availableCommands": d.Commands,
		})
	}
	text, err := json.Marshal(out)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// page is a page of a queue, all of whose messages have the same payload.
func page(from string, queued, size int, sender string, payload json.RawMessage) []byte {
	first, err := strconv.Atoi(from)
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	last := min(first+size-1, queued)
	fmt.Fprintf(&out, `{"index":%d,"last":%v,"messages":[`, last, last == queued)
	for i := first; i <= last; i++ {
		if i > first {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, `{"index":%d,"data":{"command":%q,"sender":%q,"payload":%s}}`, i, openURI, sender, payload)
	}
	out.WriteString("]}")
	return out.Bytes()
}
