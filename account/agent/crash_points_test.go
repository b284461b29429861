package agent_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// lastWords is the network of a process that dies at a request: it keeps what the disk held at that
// moment, and nothing of the process is heard any more.
type lastWords struct {
	next   http.RoundTripper
	path   string // of the requests that are counted
	reach  bool   // whether the fatal request reaches the server
	file   string
	dead   chan struct{}
	mu     sync.Mutex
	left   int // requests before the fatal one; below zero it has been
	kept   []byte
	failed error
}

func (l *lastWords) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	if strings.HasSuffix(r.URL.Path, l.path) {
		l.left--
	}
	fatal := l.left == -1 && l.kept == nil
	if fatal {
		l.kept, l.failed = os.ReadFile(l.file)
		close(l.dead)
	}
	gone := l.left < 0
	l.mu.Unlock()
	if gone && !(fatal && l.reach) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	response, err := l.next.RoundTrip(r)
	if fatal && err == nil {
		_ = response.Body.Close()
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return response, err
}

// dieAt has the station die at a later request, and begin anew from what the disk held then.
func (s *station) dieAt(path string, before int, reach bool) (die *lastWords, rise func()) {
	die = &lastWords{next: s.params.Transport, path: path, reach: reach, file: s.storeFile(), dead: make(chan struct{}), left: before}
	s.params.PushTransport, s.params.Transport = s.params.Transport, die
	return die, func() {
		s.t.Helper()
		<-die.dead
		s.end()
		if die.failed != nil {
			s.t.Fatal(die.failed)
		}
		if err := os.WriteFile(s.storeFile(), die.kept, 0o600); err != nil {
			s.t.Fatal(err)
		}
		s.params.Transport = die.next
		s.run()
	}
}

// Wherever the sender dies, every tab arrives, in order; one that arrives twice is marked, and only the
// one that was on its way can be.
func TestSenderDies(t *testing.T) {
	t.Parallel()
	for before := range 3 {
		for _, reach := range []bool{false, true} {
			t.Run(fmt.Sprintf("at send %d, reaching the server %v", before+1, reach), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, w *world) {
					desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
					to := desk.alertable("Laptop")
					rest(time.Minute)
					desk.end()
					_, rise := desk.dieAt("/invoke_command", before, reach)
					desk.run().await("the restart", settled)
					for i := range 3 {
						desk.send(to, fmt.Sprintf("https://example.com/%d", i), "")
					}
					rest(time.Second)
					if n := lap.snapshot().Inbox.Total; n != before+map[bool]int{true: 1}[reach] {
						t.Errorf("%d tabs before the end", n)
					}
					rise()
					rest(time.Minute)
					arrived := map[string]int{}
					for _, entry := range lap.inbox() {
						arrived[entry.URL]++
					}
					list, err := desk.face.Outbox(t.Context())
					if err != nil || len(list) < before+1 {
						t.Fatalf("the outbox holds %d entries, %v", len(list), err)
					}
					for _, entry := range list {
						n := arrived[entry.URL]
						onTheWay := strings.HasSuffix(entry.URL, fmt.Sprint(before))
						if n == 0 || n > 1 && !entry.MayBeTwice || entry.MayBeTwice != onTheWay || entry.State != localapi.SendAlerted {
							t.Errorf("%s arrived %d times and is %+v", entry.URL, n, entry)
						}
					}
					if twice := arrived[fmt.Sprintf("https://example.com/%d", before)] == 2; twice != reach {
						t.Errorf("the tab on its way arrived twice: %v", twice)
					}
				})
			})
		}
	}
}

// Wherever the sender dies that serves several devices side by side, which share its transactions, every tab
// arrives on each, in order; one that arrives twice is marked, and no more than one for each device can be.
func TestSenderDiesAmongSeveral(t *testing.T) {
	t.Parallel()
	const links = 3
	for before := range 8 {
		t.Run(fmt.Sprintf("at send %d", before+1), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk := w.station("Desk", w.inBubble).run().signIn()
				request := localapi.SendRequest{}
				receivers := map[string]*station{}
				for _, name := range []string{"Laptop", "Tablet", "Den"} {
					one := w.station(name, w.inBubble).run().signIn()
					to := desk.alertable(name).ID
					receivers[to], request.Devices = one, append(request.Devices, to)
				}
				for i := range links {
					request.Links = append(request.Links, localapi.Link{URL: fmt.Sprintf("https://example.com/%d", i)})
				}
				rest(time.Minute)
				desk.end()
				_, rise := desk.dieAt("/invoke_command", before, before%2 == 0)
				desk.run().await("the restart", settled)
				sent, err := desk.face.Send(t.Context(), request)
				if err != nil {
					t.Fatal(err)
				}
				rest(time.Second)
				rise()
				rest(time.Minute)
				marked := map[string]int{}
				for _, was := range sent {
					entry, err := desk.face.Sent(t.Context(), was.ID)
					if err != nil || entry.State != localapi.SendAlerted {
						t.Fatalf("%+v, %v", entry, err)
					}
					n := 0
					for _, e := range receivers[entry.ToID].inbox() {
						if e.URL == entry.URL {
							n++
						}
					}
					if n == 0 || n > 2 || n == 2 && !entry.MayBeTwice {
						t.Errorf("%s arrived %d times on %s and is %+v", entry.URL, n, entry.To, entry)
					}
					if entry.MayBeTwice {
						marked[entry.To]++
					}
				}
				for name, n := range marked {
					if n > 1 {
						t.Errorf("%d tabs for %s are marked", n, name)
					}
				}
				for _, one := range receivers {
					var order []string
					for _, e := range slices.Backward(one.inbox()) {
						if !slices.Contains(order, e.URL) {
							order = append(order, e.URL)
						}
					}
					if !slices.IsSorted(order) || len(order) != links {
						t.Errorf("they came as %q", order)
					}
				}
			})
		})
	}
}

// Wherever the receiver dies, every tab is in its inbox once.
func TestReceiverDies(t *testing.T) {
	t.Parallel()
	for before := range 3 {
		for _, reach := range []bool{false, true} {
			t.Run(fmt.Sprintf("at poll %d, reaching the server %v", before+1, reach), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, w *world) {
					desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
					to := desk.alertable("Laptop")
					rest(time.Minute)
					lap.end()
					_, rise := lap.dieAt("/device/commands", before, reach)
					lap.run()
					rest(time.Minute)
					for i := range 4 {
						desk.send(to, fmt.Sprintf("https://example.com/%d", i), "")
						rest(time.Minute)
					}
					rise()
					rest(2 * time.Minute)
					arrived := map[string]int{}
					for _, entry := range lap.inbox() {
						arrived[entry.URL]++
					}
					for i := range 4 {
						if url := fmt.Sprintf("https://example.com/%d", i); arrived[url] != 1 {
							t.Errorf("%s is there %d times", url, arrived[url])
						}
					}
					if s := lap.snapshot().Inbox; s.Total != 4 || s.Unread != 4 {
						t.Errorf("the inbox counts %d, %d unread", s.Total, s.Unread)
					}
				})
			})
		}
	}
}

// Whoever dies while signing out is signed out at the next start, or was never; no credential outlives
// a sign-out that was seen.
func TestSignOutDies(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/device/destroy", "/oauth/destroy", "/session/destroy"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk := w.station("Desk", w.inBubble).run().signIn()
				rest(time.Minute)
				desk.end()
				die, rise := desk.dieAt(path, 0, false)
				desk.run().await("the restart", settled)
				if err := desk.face.SignOut(t.Context(), false); err != nil {
					t.Fatal(err)
				}
				select {
				case <-die.dead:
				default:
					t.Fatal("a sign-out asks for nothing of this kind")
				}
				rise()
				if snap := desk.snapshot(); snap.Account.State != localapi.SignedOut || snap.Account.HasSession {
					t.Errorf("after the restart: %+v", snap.Account)
				}
				rest(2 * time.Hour)
				if n := w.liveTokens(); n != 0 || len(w.acct.Devices()) != 0 {
					t.Errorf("%d credentials live on, devices %+v", n, w.acct.Devices())
				}
			})
		})
	}
}
