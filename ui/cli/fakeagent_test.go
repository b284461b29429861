package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// fakeAgent speaks the local API on a Unix socket and keeps a list of the calls that change
// something. What a send does is told by the link's host: waiting.test stays in the queue,
// failed.test fails for good, retry.test fails for now, pushoff.test cannot be alerted.
type fakeAgent struct {
	mu       sync.Mutex
	state    localapi.Snapshot
	inbox    []localapi.InboxEntry
	changed  chan struct{} // closed and replaced at every change
	calls    []string
	events   []localapi.Event
	pairCode string
	server   http.Server
	done     chan struct{}
}

func startFakeAgent(socket string) (*fakeAgent, error) {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	a := &fakeAgent{changed: make(chan struct{}), done: make(chan struct{})}
	a.server.Handler = a.routes()
	go func() {
		defer close(a.done)
		_ = a.server.Serve(listener) // ends with Close
	}()
	return a, nil
}

func (a *fakeAgent) stop() {
	_ = a.server.Close() // nothing can be lost
	<-a.done
}

// load replaces the state by a JSON file: a snapshot, with the whole inbox taken from its recent entries.
func (a *fakeAgent) load(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var s localapi.Snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	a.change(func() { a.state, a.inbox = s, s.Inbox.Recent })
	return nil
}

// change does something to the state and tells the watchers.
func (a *fakeAgent) change(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	do()
	a.state.Revision++
	close(a.changed)
	a.changed = make(chan struct{})
}

// note writes a call down.
func (a *fakeAgent) note(r *http.Request, body []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, body)))
}

func (a *fakeAgent) log() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.calls, "\n") + "\n"
}

func (a *fakeAgent) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/snapshot", func(w http.ResponseWriter, _ *http.Request) { reply(w, a.snapshot()) })
	mux.HandleFunc("GET /v1/watch", a.watch)
	mux.HandleFunc("GET /v1/inbox", a.page)
	mux.HandleFunc("GET /v1/outbox", func(w http.ResponseWriter, _ *http.Request) { reply(w, a.snapshot().Outbox.Recent) })
	mux.HandleFunc("GET /v1/outbox/{id}", a.sent)
	mux.HandleFunc("GET /v1/pair/code", func(w http.ResponseWriter, _ *http.Request) { reply(w, map[string]string{"url": a.pairCode}) })
	mux.HandleFunc("GET /v1/diagnostics", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "version: fake\n") })
	mux.HandleFunc("POST /v1/send", a.send)
	mux.HandleFunc("POST /v1/signin", a.signIn)
	mux.HandleFunc("POST /v1/signin/complete", a.complete)
	mux.HandleFunc("POST /v1/unlock", a.unlock)
	mux.HandleFunc("POST /v1/pair/show", a.pair)
	mux.HandleFunc("POST /v1/pair/join", a.pair)
	mux.HandleFunc("POST /v1/pair/confirm", a.confirm)
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { a.note(r, read(r)) })
	return mux
}

func (a *fakeAgent) snapshot() localapi.Snapshot {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.state
	s.Outbox.Recent = append([]localapi.OutboxEntry(nil), s.Outbox.Recent...)
	return s
}

func (a *fakeAgent) watch(w http.ResponseWriter, r *http.Request) {
	flush, ok := w.(http.Flusher)
	if !ok {
		return
	}
	for {
		a.mu.Lock()
		changed := a.changed
		update := localapi.Update{Snapshot: a.state, Events: a.events}
		update.Snapshot.Outbox.Recent = append([]localapi.OutboxEntry(nil), a.state.Outbox.Recent...)
		a.mu.Unlock()
		text, err := json.Marshal(update)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, ": still here\n\ndata: %s\n\n", text); err != nil {
			return
		}
		flush.Flush()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func (a *fakeAgent) page(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := r.URL.Query()
	var entries []localapi.InboxEntry
	for _, e := range a.inbox {
		if (q.Get("unread") == "1" && e.Read) || !strings.Contains(e.Title+e.URL, q.Get("text")) {
			continue
		}
		entries = append(entries, e)
	}
	reply(w, entries)
}

func (a *fakeAgent) send(w http.ResponseWriter, r *http.Request) {
	body := read(r)
	a.note(r, body)
	var request localapi.SendRequest
	if json.Unmarshal(body, &request) != nil {
		refuse(w, localapi.CodeUsage, "no request")
		return
	}
	names := map[string]string{}
	for _, d := range a.snapshot().Devices.Items {
		names[d.ID] = d.Name
	}
	var entries []localapi.OutboxEntry
	a.change(func() {
		for _, link := range request.Links {
			for _, id := range request.Devices {
				host := strings.Split(strings.TrimPrefix(link.URL, "https://"), "/")[0]
				e := localapi.OutboxEntry{
					ID: fmt.Sprintf("o%d", len(a.state.Outbox.Recent)+1), To: names[id], ToID: id, URL: link.URL,
					Host: host, Close: request.Close, State: localapi.SendWaiting, At: time.Now(),
				}
				entries = append(entries, e)
				a.state.Outbox.Recent = append(a.state.Outbox.Recent, e)
			}
		}
	})
	reply(w, entries)
	go func() { // the sender loop's answer comes a little later, as in life
		time.Sleep(20 * time.Millisecond)
		a.change(func() {
			for i := range a.state.Outbox.Recent {
				settle(&a.state.Outbox.Recent[i])
			}
		})
	}()
}

func settle(e *localapi.OutboxEntry) {
	switch e.Host {
	case "waiting.test":
		e.Reason = "offline"
	case "failed.test":
		e.State, e.Reason = localapi.SendFailed, "the device is gone"
	case "retry.test":
		e.State, e.Reason, e.NextTry = localapi.SendFailed, "server error", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	case "pushoff.test":
		e.State = localapi.SendPushOff
	default:
		e.State = localapi.SendAlerted
	}
}

func (a *fakeAgent) sent(w http.ResponseWriter, r *http.Request) {
	for _, e := range a.snapshot().Outbox.Recent {
		if e.ID == r.PathValue("id") {
			reply(w, e)
			return
		}
	}
	refuse(w, localapi.CodeNotFound, "no such entry")
}

func (a *fakeAgent) signIn(w http.ResponseWriter, r *http.Request) {
	body := read(r)
	a.note(r, body)
	page := localapi.SignIn{
		URL: "https://accounts.test/authorization?state=x", RedirectPrefix: "https://accounts.test/done?",
		Loopback: !strings.Contains(string(body), "paste@"),
	}
	a.change(func() { a.state.SignIn = &page; a.state.Account.State = localapi.SigningIn })
	reply(w, page)
	if page.Loopback {
		go func() {
			time.Sleep(20 * time.Millisecond)
			a.finish(!strings.Contains(string(body), "refused@"))
		}()
	}
}

// finish ends the sign-in under way.
func (a *fakeAgent) finish(well bool) {
	a.change(func() {
		a.state.SignIn = nil
		if well {
			a.state.Account.State, a.state.Account.Email = localapi.SignedIn, "ada@example.com"
		} else {
			a.state.Account.State, a.state.Account.Cause = localapi.SignedOut, "the page was closed"
		}
	})
}

func (a *fakeAgent) complete(_ http.ResponseWriter, r *http.Request) {
	a.note(r, read(r))
	a.finish(true)
}

func (a *fakeAgent) unlock(w http.ResponseWriter, r *http.Request) {
	body := read(r)
	a.note(r, body)
	if !strings.Contains(string(body), "open sesame") {
		refuse(w, localapi.CodeLocked, "wrong passphrase")
	}
}

func (a *fakeAgent) pair(_ http.ResponseWriter, r *http.Request) {
	a.note(r, read(r))
	show := strings.HasSuffix(r.URL.Path, "show")
	go func() {
		p := localapi.Pairing{Authority: show, State: localapi.PairConfirming}
		if show {
			p.State = localapi.PairShowing
			a.change(func() { q := p; a.pairCode, a.state.Pairing = "https://pair.test/#x", &q })
			time.Sleep(50 * time.Millisecond)
			p.State = localapi.PairAsked
		}
		p.Peer = &localapi.PairingPeer{Email: "ada@example.com", Application: "Firefox\x1b[31m", Known: true, Place: "Berlin"}
		a.change(func() { q := p; a.state.Pairing = &q })
	}()
}

func (a *fakeAgent) confirm(_ http.ResponseWriter, r *http.Request) {
	a.note(r, read(r))
	a.change(func() {
		p := *a.state.Pairing
		p.State = localapi.PairDone
		a.state.Pairing = &p
	})
}

func read(r *http.Request) []byte {
	body, _ := io.ReadAll(r.Body) // what is missing shows in the log of calls
	return body
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client is gone otherwise
}

func refuse(w http.ResponseWriter, code localapi.Code, message string) {
	w.WriteHeader(http.StatusBadRequest)
	reply(w, localapi.Error{Code: code, Message: message})
}
