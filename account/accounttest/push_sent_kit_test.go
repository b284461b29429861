package accounttest

import (
	"net/http"
	"sync"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

// headerLog keeps the headers of the requests an endpoint of somebody else got.
type headerLog struct {
	mu   sync.Mutex
	list []http.Header
}

func (l *headerLog) add(r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, r.Header.Clone())
}

// reset gives what came and forgets it.
func (l *headerLog) reset() []http.Header {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.list
	l.list = nil
	return out
}

// watcher registers a device of the account that listens to its pushes.
func (p *peer) watcher(h *Account, name string) *agent {
	p.t.Helper()
	g := newAgent(p.t, p.s, name)
	p.post("/v1/account/device", p.session(h), g.record(name, sendTab)).ok()
	return g
}

// newKeyRecord is a registration with good push keys and no callback yet.
func newKeyRecord(name string) map[string]any {
	return map[string]any{
		"name": name, "type": "desktop", "pushAuthKey": crypt.B64([]byte("0123456789abcdef")),
		"pushPublicKey": crypt.B64(newFlow(name, "agent").key.PublicKey().Bytes()),
	}
}
