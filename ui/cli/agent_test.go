package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

// scripted is the agent of one script. What a send does is told by the link's host: waiting.test
// stays in the queue, failed.test fails for good, retry.test fails for now, pushoff.test cannot be
// alerted.
type scripted struct {
	*localapitest.Agent
	stop func() error
	seen []string
	said *overheard
}

// overheard is a listener that does something once what is said on a connection holds a word. A watcher misses the
// snapshots that it is too slow for: so the next step of a script comes when the one before has gone out to it.
type overheard struct {
	net.Listener

	mu   sync.Mutex
	word string
	then func()
}

func (o *overheard) once(word string, then func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.word, o.then = word, then
}

func (o *overheard) Accept() (net.Conn, error) {
	conn, err := o.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &speaker{Conn: conn, said: o}, nil
}

// speaker is a connection of an overheard listener.
type speaker struct {
	net.Conn
	said *overheard
	tail []byte // what was said last: a word may come in two writes
}

func (s *speaker) Write(text []byte) (int, error) {
	n, err := s.Conn.Write(text)
	s.said.mu.Lock()
	defer s.said.mu.Unlock()
	s.tail = append(s.tail, text[:n]...)
	if s.said.then != nil && bytes.Contains(s.tail, []byte(s.said.word)) {
		go s.said.then()
		s.said.then, s.tail = nil, nil
	}
	s.tail = s.tail[max(0, len(s.tail)-100):]
	return n, err
}

func newScripted(l net.Listener) *scripted {
	said := &overheard{Listener: l}
	agent, stop := localapitest.Start(said, slog.New(slog.DiscardHandler))
	a := &scripted{Agent: agent, stop: stop, said: said}
	a.Set(localapi.Snapshot{})
	a.Answer("Diagnostics", "version: fake\n")
	a.Answer("PairingCode", "https://pair.test/#x")
	a.Answer("FetchEvents", []localapi.AccountEvent{{Event: "profile-change", At: time.Date(2026, 5, 4, 12, 0, 0, 0, time.Local)}})
	a.Script("Inbox", a.page)
	a.Script("Send", a.send)
	a.Script("BeginSignIn", a.signIn)
	a.Script("CompleteSignIn", func(localapitest.Call) (any, error) { a.finish(true); return nil, nil })
	a.Script("Unlock", func(c localapitest.Call) (any, error) {
		if c.Args[0] != "open sesame" {
			return nil, &localapi.Error{Code: localapi.CodeLocked, Message: map[bool]string{true: "no keyring here", false: "wrong passphrase"}[c.Args[0] == ""]}
		}
		return nil, nil
	})
	a.Script("ShowPairing", func(localapitest.Call) (any, error) {
		a.said.once(`"state":"showing"`, func() {
			a.said.once(`"scanned":true`, func() { a.meet(localapi.Pairing{Authority: true, State: localapi.PairAsked}) })
			a.pairing(localapi.Pairing{Authority: true, State: localapi.PairShowing, Until: time.Date(2026, 5, 4, 12, 15, 0, 0, time.UTC), Scanned: true})
		})
		a.pairing(localapi.Pairing{Authority: true, State: localapi.PairShowing, Until: time.Date(2026, 5, 4, 12, 5, 0, 0, time.UTC)})
		return nil, nil
	})
	a.Script("JoinPairing", func(localapitest.Call) (any, error) {
		a.meet(localapi.Pairing{State: localapi.PairConfirming})
		return nil, nil
	})
	a.Script("ConfirmPairing", func(localapitest.Call) (any, error) {
		a.Change(func(s *localapi.Snapshot) {
			p := *s.Pairing
			p.State = localapi.PairDone
			s.Pairing = &p
		})
		return nil, nil
	})
	return a
}

// load replaces the state by a snapshot in a JSON file.
func (a *scripted) load(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var s localapi.Snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	a.Set(s)
	return nil
}

// log is all calls so far, a line each.
func (a *scripted) log() string {
	a.seen = append(a.seen, a.Log()...)
	return strings.Join(a.seen, "\n") + "\n"
}

func (a *scripted) page(c localapitest.Call) (any, error) {
	q := c.Args[0].(localapi.InboxQuery)
	var entries []localapi.InboxEntry
	a.Change(func(s *localapi.Snapshot) {
		for _, e := range s.Inbox.Recent {
			if !(q.Unread && e.Read) && strings.Contains(e.Title+e.URL, q.Text) {
				entries = append(entries, e)
			}
		}
	})
	return entries, nil
}

func (a *scripted) send(c localapitest.Call) (any, error) {
	request := c.Args[0].(localapi.SendRequest)
	var entries []localapi.OutboxEntry
	var refused error
	a.Change(func(s *localapi.Snapshot) {
		names := map[string]string{}
		for _, d := range s.Devices.Items {
			names[d.ID] = d.Name
		}
		if request.To != nil {
			request.Devices, refused = chosen(*s, request)
		}
		for _, link := range request.Links {
			for _, id := range request.Devices {
				entries = append(entries, localapi.OutboxEntry{
					ID: fmt.Sprintf("o%d", len(s.Outbox.Recent)+len(entries)+1), To: names[id], ToID: id, URL: link.URL,
					Host:  strings.Split(strings.TrimPrefix(link.URL, "https://"), "/")[0],
					Close: request.Close, State: localapi.SendWaiting, At: time.Now(),
				})
			}
		}
		if request.WaitMillis > 0 {
			for i := range entries {
				settle(&entries[i])
			}
		}
		s.Outbox.Recent = append(append([]localapi.OutboxEntry(nil), s.Outbox.Recent...), entries...)
	})
	// The sender loop's answer comes a little later, as in life.
	time.AfterFunc(20*time.Millisecond, func() {
		a.Change(func(s *localapi.Snapshot) {
			settled := append([]localapi.OutboxEntry(nil), s.Outbox.Recent...)
			for i := range settled {
				settle(&settled[i])
			}
			s.Outbox.Recent = settled
		})
	})
	return entries, refused
}

// chosen are the devices that a request means, for a script.
func chosen(s localapi.Snapshot, r localapi.SendRequest) (ids []string, _ error) {
	able := localapi.Able(s.Devices.Items, r.Close)
	switch last, ok := localapi.LastUsed(able); {
	case s.Storage.Locked:
		return nil, &localapi.Error{Code: localapi.CodeLocked, Message: s.Storage.Problem}
	case s.Account.State != localapi.SignedIn:
		return nil, &localapi.Error{Code: localapi.CodeNotSignedIn}
	case len(r.To.Names) == 0 && !r.To.All && !ok:
		return nil, &localapi.Error{Code: localapi.CodeNoDevice}
	case len(r.To.Names) == 0 && !r.To.All:
		return []string{last.ID}, nil
	case r.To.All:
		r.To.Names = nil
		for _, d := range able {
			ids = append(ids, d.ID)
		}
	}
	for _, name := range r.To.Names {
		found := localapi.Named(able, name)
		if len(found) != 1 {
			return nil, &localapi.Error{Code: localapi.CodeNoDevice}
		}
		ids = append(ids, found[0].ID)
	}
	return ids, nil
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

func (a *scripted) signIn(c localapitest.Call) (any, error) {
	email := c.Args[0].(string)
	page := localapi.SignIn{
		URL: "https://accounts.test/authorization?state=x", RedirectPrefix: "https://accounts.test/done?",
		Loopback: !strings.HasPrefix(email, "paste@"),
	}
	a.Change(func(s *localapi.Snapshot) { s.SignIn, s.Account.State = &page, localapi.SigningIn })
	if strings.HasPrefix(email, "at-once@") { // over before anybody looks
		a.finish(false)
	} else if page.Loopback {
		time.AfterFunc(20*time.Millisecond, func() { a.finish(!strings.HasPrefix(email, "refused@")) })
	}
	return page, nil
}

// finish ends the sign-in under way.
func (a *scripted) finish(well bool) {
	a.Change(func(s *localapi.Snapshot) {
		s.SignIn = nil
		if well {
			s.Account.State = localapi.SignedIn // the profile comes a moment later
			time.AfterFunc(50*time.Millisecond, func() { a.Change(func(s *localapi.Snapshot) { s.Account.Email = "ada@example.com" }) })
		} else {
			s.Account.State, s.Account.Cause = localapi.SignedOut, "the page was closed"
		}
	})
}

func (a *scripted) pairing(p localapi.Pairing) {
	a.Change(func(s *localapi.Snapshot) { s.Pairing = &p })
}

// meet lets the other side of a pairing appear.
func (a *scripted) meet(p localapi.Pairing) {
	p.Peer = &localapi.PairingPeer{Email: "ada@example.com", Application: "Firefox\x1b[31m", Known: true, Place: "Berlin"}
	a.pairing(p)
}
