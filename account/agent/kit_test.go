package agent_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/diagnostics"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// patience is how long a test waits for something that should happen at once.
const patience = time.Minute

// world is a service with one account, and agents on it.
type world struct {
	t    testing.TB
	svc  *accounttest.Service
	acct *accounttest.Account
}

func newWorld(t testing.TB, opts ...accounttest.Option) *world {
	t.Helper()
	svc := accounttest.New(t, opts...)
	return &world{t, svc, svc.NewAccount("someone@example.com", "a password of hers")}
}

// station is one installation: an agent, what it keeps, and a face of it.
type station struct {
	*world
	params  agent.Params
	secrets *fakeSecrets
	log     *logLines

	agent *agent.Agent
	face  *localapi.Client
	end   func()
	ran   chan struct{} // closed when the agent's Run has returned
}

// station makes an installation; it does not run yet.
func (w *world) station(name string, edit ...func(*agent.Params)) *station {
	w.t.Helper()
	s := &station{world: w, secrets: newFakeSecrets(), log: &logLines{}}
	s.params = agent.Params{
		DataDir: filepath.Join(w.t.TempDir(), name), Version: "0.0.1", DeviceName: name,
		Service: agent.Service{
			Server: w.svc.URL(), ClientID: accounttest.ReferenceClientID, RedirectURI: agent.DefaultRedirectURI,
			PushServer: w.svc.PushURL(), PairingServer: w.svc.PairingURL(),
		},
		Secrets: s.secrets, Logger: slog.New(diagnostics.NewLog(s.log)),
	}
	for _, e := range edit {
		e(&s.params)
	}
	return s
}

// bubble runs a test in virtual time, with the service and the agents inside.
func bubble(t *testing.T, test func(t *testing.T, w *world)) { bubbleWith(t, nil, test) }

// bubbleWith is bubble with a service that is not the ordinary one.
func bubbleWith(t *testing.T, opts []accounttest.Option, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(t, append(opts, accounttest.InMemory())...)) })
}

// errLost is a network that breaks below a request.
var errLost = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}

// inBubble lets a station reach an in-memory service.
func (w *world) inBubble(p *agent.Params) {
	shared := w.svc.Transport()
	w.t.Cleanup(shared.CloseIdleConnections)
	p.Transport = shared
}

// count gives how often a route was asked since the last ForgetRequests.
func (w *world) count(routes ...string) int { return len(w.svc.Requests(routes...)) }

// line is a network that can be pulled out: requests then fail as they do without one.
type line struct {
	next http.RoundTripper
	mu   sync.Mutex
	out  bool
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	out := l.out
	l.mu.Unlock()
	if out {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("network is unreachable")}
	}
	return l.next.RoundTrip(r)
}

func (l *line) pull(out bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out = out
}

// online puts a station on a line; push has one of its own, which stays plugged in.
func online(t *testing.T, l *line) func(*agent.Params) {
	l.next = transport(t)
	own := transport(t)
	return func(p *agent.Params) { p.Transport, p.PushTransport = l, own }
}

// events collects what a station's faces are told, until the test ends.
func (s *station) events() func() []localapi.Event {
	ctx, cancel := context.WithCancel(context.Background())
	s.t.Cleanup(cancel)
	w := s.agent.Watch(localapi.FaceNotify)
	var mu sync.Mutex
	var all []localapi.Event
	go func() {
		defer w.Close()
		for {
			u, ok := w.Next(ctx)
			if !ok {
				return
			}
			mu.Lock()
			all = append(all, u.Events...)
			mu.Unlock()
		}
	}()
	return func() []localapi.Event {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// awaitEvent waits for an event of a kind.
func (s *station) awaitEvent(events func() []localapi.Event, kind localapi.EventKind) localapi.Event {
	s.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		for _, e := range events() {
			if e.Kind == kind {
				return e
			}
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s waits for the event %s", s.params.DeviceName, kind)
		}
	}
}

// eventually waits for something that no snapshot shows.
func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// liveTokens counts what the service still honours.
func (w *world) liveTokens() int { return len(w.svc.LiveTokens()) }

// run starts the agent. It ends with the test, or by stop.
func (s *station) run() *station {
	s.t.Helper()
	a, err := agent.New(s.params)
	if err != nil {
		s.t.Fatal(err)
	}
	pipe := localapi.NewPipe()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	ran := make(chan struct{})
	s.ran = ran
	wg.Go(func() {
		defer close(ran)
		if err := a.Run(ctx); err != nil {
			s.t.Errorf("the agent ended with %v", err)
		}
	})
	serving, endServing := context.WithCancel(context.Background())
	wg.Go(func() {
		if err := localapi.Serve(serving, pipe, a, s.params.Logger); err != nil {
			s.t.Errorf("serving ended with %v", err)
		}
	})
	s.agent, s.face = a, pipe.Client()
	var once sync.Once
	s.end = func() {
		once.Do(func() {
			cancel()
			endServing()
			wg.Wait()
		})
	}
	s.t.Cleanup(s.end)
	return s
}

// again ends the agent and starts another one on the same data.
func (s *station) again() *station {
	s.end()
	return s.run()
}

func (s *station) snapshot() localapi.Snapshot {
	s.t.Helper()
	snap, err := s.face.Snapshot(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return snap
}

// await waits until the snapshot is as wanted, and gives it.
func (s *station) await(what string, ok func(localapi.Snapshot) bool) localapi.Snapshot {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	var last localapi.Snapshot
	for u, err := range s.face.Watch(ctx, localapi.FaceCommand) {
		if err != nil {
			s.t.Fatalf("%s waits for %s: %v; last: %s", s.params.DeviceName, what, err, describe(last))
		}
		if last = u.Snapshot; ok(last) {
			return last
		}
	}
	s.t.Fatalf("%s waits for %s; the stream ended", s.params.DeviceName, what)
	return last
}

// describe is what of a snapshot helps to understand a failed test.
func describe(s localapi.Snapshot) string {
	return fmt.Sprintf("account %+v\nconnection %+v\nstorage %+v\ndevices %+v\ninbox %+v\noutbox %+v\npairing %+v",
		s.Account, s.Connection, s.Storage, s.Devices, s.Inbox, s.Outbox, s.Pairing)
}

// signIn signs the station in through the page whose address has to be handed over.
func (s *station) signIn() *station {
	s.t.Helper()
	page, err := s.face.BeginSignIn(s.t.Context(), "")
	if err != nil {
		s.t.Fatal(err)
	}
	redirect, err := s.svc.Approve(page.URL, s.acct)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.face.CompleteSignIn(s.t.Context(), redirect); err != nil {
		s.t.Fatal(err)
	}
	s.await("being signed in", settled)
	return s
}

// settled: signed in, lists known, push published.
func settled(s localapi.Snapshot) bool {
	if s.Account.State != localapi.SignedIn || !s.Devices.Known || !s.Clients.Known || s.Account.Email == "" || !s.Connection.Push.Connected {
		return false
	}
	for _, d := range s.Devices.Items {
		if d.This {
			return !d.PushOff
		}
	}
	return false
}

// alertable waits until the other device is listed here with working push.
func (s *station) alertable(name string) localapi.Device {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		for _, d := range s.snapshot().Devices.Items {
			if d.Name == name && d.CanReceiveTabs && !d.PushOff {
				return d
			}
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s never becomes alertable: %s", name, describe(s.snapshot()))
		}
		if err := s.face.Refresh(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// send sends one link and gives its entry.
func (s *station) send(to localapi.Device, url, title string) localapi.OutboxEntry {
	s.t.Helper()
	entries, err := s.face.Send(s.t.Context(), localapi.SendRequest{Links: []localapi.Link{{URL: url, Title: title}}, Devices: []string{to.ID}})
	if err != nil {
		s.t.Fatal(err)
	}
	return entries[0]
}

// awaitSent waits until an entry is in a state.
func (s *station) awaitSent(id string, states ...localapi.SendState) localapi.OutboxEntry {
	s.t.Helper()
	var entry localapi.OutboxEntry
	s.await(fmt.Sprintf("entry %s to be %v", id, states), func(snap localapi.Snapshot) bool {
		for _, e := range snap.Outbox.Recent {
			for _, state := range states {
				if e.ID == id && e.State == state {
					entry = e
					return true
				}
			}
		}
		return false
	})
	return entry
}

func (s *station) inbox() []localapi.InboxEntry {
	s.t.Helper()
	entries, err := s.face.Inbox(s.t.Context(), localapi.InboxQuery{Limit: 500})
	if err != nil {
		s.t.Fatal(err)
	}
	return entries
}

// code is the code of a refusal.
func code(err error) localapi.Code {
	var e *localapi.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return localapi.Code(fmt.Sprintf("%T: %v", err, err))
}

// freePort gives an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// transport gives a transport that does not outlive the test.
func transport(t *testing.T) *http.Transport {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// logLines is a log handler that keeps everything, for tests that look for what must not be there.
type logLines struct {
	mu    sync.Mutex
	lines []string
}

func (*logLines) Enabled(context.Context, slog.Level) bool { return true }

func (l *logLines) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

func (l *logLines) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l *logLines) WithGroup(string) slog.Handler      { return l }

func (l *logLines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// fakeSecrets is a keyring whose moods a test decides.
type fakeSecrets struct {
	mu      sync.Mutex
	entries map[string]string
	fail    error
	block   chan struct{}
	made    int // how often it was told to make a keyring
}

// Make makes nothing: what the keyring is like a mood says.
func (f *fakeSecrets) Make() error {
	f.mu.Lock()
	f.made++
	f.mu.Unlock()
	return f.enter()
}

func newFakeSecrets() *fakeSecrets { return &fakeSecrets{entries: map[string]string{}} }

func (f *fakeSecrets) mood(fail error, block chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail, f.block = fail, block
}

func (f *fakeSecrets) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.entries)
}

func (f *fakeSecrets) enter() error {
	f.mu.Lock()
	fail, block := f.fail, f.block
	f.mu.Unlock()
	if block != nil {
		<-block
	}
	return fail
}

func (f *fakeSecrets) Set(service, user, secret string) error {
	if err := f.enter(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.entries[service+"/"+user] = secret
	return nil
}

func (f *fakeSecrets) Get(service, user string) (string, error) {
	if err := f.enter(); err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	secret, ok := f.entries[service+"/"+user]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return secret, nil
}

func (f *fakeSecrets) Delete(service, user string) error {
	if err := f.enter(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.entries, service+"/"+user)
	return nil
}

// storeFile is the station's store.
func (s *station) storeFile() string { return filepath.Join(s.params.DataDir, "store.db") }

func (s *station) hasStoreFile() bool {
	_, err := os.Stat(s.storeFile())
	return err == nil
}
