package extension

import (
	"context"
	"slices"
	"sync"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// maxFollowed bounds the sends whose states a port is told.
const maxFollowed = 10_000

// watch is the stream of events of a port, and what is followed in it.
type watch struct {
	telling  sync.Mutex // held from what is found to be new until it is written
	mu       sync.Mutex
	followed map[string]localapi.SendState // by the send's id: the state last told
	newest   uint64                        // the revision of the snapshot that they were last compared with
	stop     context.CancelFunc            // nil before the first request
	done     chan struct{}
}

// event is one message that nobody asked for.
type event struct {
	Kind     string `json:"kind"`
	Account  string `json:"account,omitempty"`
	Sends    []send `json:"sends,omitempty"`
	Unread   *int   `json:"unread,omitempty"`
	Received int    `json:"received,omitempty"`
	Asked    *int   `json:"asked,omitempty"`
}

// beginWatch answers; the events begin after that.
func (h *host) beginWatch(ctx context.Context, r *request) (any, error) {
	_, err := h.admit(ctx, r, localapi.PurposeOwn, 0)
	return struct{}{}, err
}

// begin streams events until ctx ends or the agent does. A stream that runs already ends first.
func (w *watch) begin(ctx context.Context, h *host) {
	w.end()
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	w.stop, w.done = cancel, done
	w.newest = 0 // another agent counts anew; nobody else is at work now
	client := h.client
	go func() {
		defer close(done)
		w.stream(ctx, h, client)
	}()
}

// end ends the stream, if there is one.
func (w *watch) end() {
	if w.stop != nil {
		w.stop()
		<-w.done
	}
}

// follow notes sends of this port.
func (w *watch) follow(entries []localapi.OutboxEntry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.followed == nil || len(w.followed) > maxFollowed {
		w.followed = map[string]localapi.SendState{}
	}
	for _, e := range entries {
		w.followed[e.ID] = e.State
	}
}

// catchUp tells what became of a send before its port followed it. An update that comes meanwhile tells it
// too, and may be newer: then it stands.
func (w *watch) catchUp(ctx context.Context, h *host) error {
	if w.stop == nil {
		return nil
	}
	s, err := h.snapshot(ctx)
	if err != nil {
		return nil // the stream says that the agent is gone
	}
	w.telling.Lock()
	defer w.telling.Unlock()
	return h.tell(w.moved(s))
}

func (w *watch) stream(ctx context.Context, h *host, client *localapi.Client) {
	var last localapi.Snapshot
	first := true
	for u, err := range client.Watch(ctx, localapi.FaceExtension) {
		if err != nil || !allowed(u.Snapshot, h.Caller) {
			break
		}
		w.telling.Lock()
		err := h.tell(append(changes(last, u, first, h.Caller), w.moved(u.Snapshot)...))
		w.telling.Unlock()
		if err != nil {
			return // the browser has gone; Run finds out by itself
		}
		last, first = u.Snapshot, false
	}
	if ctx.Err() == nil {
		_ = h.write(map[string]any{"v": version, "event": event{Kind: "gone"}}) // if not, the browser has gone too
	}
}

// tell writes events.
func (h *host) tell(events []event) error {
	for _, e := range events {
		if err := h.write(map[string]any{"v": version, "event": e}); err != nil {
			return err
		}
	}
	return nil
}

// caller is what a snapshot knows of our extension.
func caller(s localapi.Snapshot, id string) localapi.Caller {
	if i := slices.IndexFunc(s.Callers, func(c localapi.Caller) bool { return c.ID == id }); i >= 0 {
		return s.Callers[i]
	}
	return localapi.Caller{ID: id, Decision: localapi.CallerAllowed} // not taken down before it sends
}

func allowed(s localapi.Snapshot, id string) bool {
	return caller(s, id).Decision == localapi.CallerAllowed
}

// changes are the events that an update is for the browser; the first one tells how things are.
func changes(was localapi.Snapshot, u localapi.Update, first bool, id string) (events []event) {
	is := u.Snapshot
	if first || accountState(was) != accountState(is) {
		events = append(events, event{Kind: "account", Account: accountState(is)})
	}
	if !first && !slices.Equal(was.Devices.Items, is.Devices.Items) {
		events = append(events, event{Kind: "devices"})
	}
	if e, ok := inboxEvent(was, u, first, id); ok {
		events = append(events, e)
	}
	if n := asked(is, id); n != asked(was, id) {
		events = append(events, event{Kind: "callers", Asked: &n})
	}
	if began := is.SignIn != nil; first && began || !first && began != (was.SignIn != nil) {
		events = append(events, event{Kind: "signin"})
	}
	return events
}

// inboxEvent is what there is to tell of received tabs: to a caller for whom the person chose that, and once
// that there are none for it any more.
func inboxEvent(was localapi.Snapshot, u localapi.Update, first bool, id string) (event, bool) {
	is, received := u.Snapshot, receivedTabs(u.Events)
	before, now := !first && caller(was, id).Inbox, caller(is, id).Inbox
	switch {
	case now && (!before || was.Inbox.Unread != is.Inbox.Unread || received > 0):
		return event{Kind: "inbox", Unread: &is.Inbox.Unread, Received: received}, true
	case before && !now:
		return event{Kind: "inbox", Unread: new(int)}, true
	}
	return event{}, false
}

func receivedTabs(events []localapi.Event) (n int) {
	for _, e := range events {
		if e.Kind == localapi.TabsReceived {
			n += len(e.Entries)
		}
	}
	return n
}

// asked counts the extensions that wait for an answer through this one.
func asked(s localapi.Snapshot, id string) (n int) {
	for _, c := range s.Callers {
		if c.Via == id && c.Decision == localapi.CallerAsked {
			n++
		}
	}
	return n
}

// moved are the followed sends whose state has changed, among the newest. A snapshot that is older than one
// looked at before says nothing: a send that was accepted would wait again, for good.
func (w *watch) moved(s localapi.Snapshot) []event {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.Revision < w.newest {
		return nil
	}
	w.newest = s.Revision
	var sends []send
	for _, e := range slices.Backward(s.Outbox.Recent) {
		if state, ok := w.followed[e.ID]; ok && state != e.State {
			w.followed[e.ID] = e.State
			sends = append(sends, stateOf(e))
		}
	}
	if sends == nil {
		return nil
	}
	return []event{{Kind: "send", Sends: sends}}
}
