package accounttest

import (
	"net/http"
	"sync"
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

// newKeyRecord is a registration with good push keys and no callback yet.
func newKeyRecord(name string) map[string]any {
	return map[string]any{
		"name": name, "type": "desktop", "pushAuthKey": b64([]byte("0123456789abcdef")),
		"pushPublicKey": b64(newFlow(name, "agent").key.PublicKey().Bytes()),
	}
}
