package tray

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeBar keeps what it shows.
type fakeBar struct {
	clicked chan Action
	mu      sync.Mutex
	shows   int
	state   assets.TrayState
	items   []Item
}

func (b *fakeBar) show(state assets.TrayState, _ string, items []Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shows++
	b.state, b.items = state, items
}

// shown gives what the bar shows now, and how often it was drawn.
func (b *fakeBar) shown() (shows int, state assets.TrayState, items []Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.shows, b.state, b.items
}

func (b *fakeBar) clicks() <-chan Action { return b.clicked }

// fakeClipboard is a clipboard of a test.
type fakeClipboard struct {
	text    string
	changed chan struct{}
}

func (c *fakeClipboard) Text() string { return c.text }
func (c *fakeClipboard) SetText(text string) error {
	c.text = text
	c.changed <- struct{}{}
	return nil
}
func (c *fakeClipboard) Changed() <-chan struct{} { return c.changed }
func (c *fakeClipboard) Close() error             { close(c.changed); return nil }

type stage struct {
	agent     *localapitest.Agent
	did       chan string // what agent, opener and window were asked
	fail      error       // what they answer
	bar       *fakeBar
	clipboard *fakeClipboard
	ended     chan error
}

func play(t *testing.T, script func(t *testing.T, s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		agent, client := localapitest.New(t)
		s := &stage{
			agent: agent, did: make(chan string, 100),
			bar:       &fakeBar{clicked: make(chan Action)},
			clipboard: &fakeClipboard{changed: make(chan struct{})},
			ended:     make(chan error, 1),
		}
		for _, method := range []string{"Send", "MarkRead", "Quiet", "Quit"} {
			agent.Script(method, func(c localapitest.Call) (any, error) { s.did <- asked(c); return nil, s.fail })
		}
		p, err := Params{
			Agent: client, Clipboard: s.clipboard,
			Open: func(_ context.Context, browser, link string) error {
				s.did <- "open " + browser + " " + link
				return s.fail
			},
			Show: func(_ context.Context, pane string) error { s.did <- "show " + pane; return nil },
			Title: func(_ context.Context, address string) (string, error) {
				switch address {
				case "https://titled.test":
					return "A title", nil
				case "https://unread.test":
					return "", errors.New("the clipboard does not answer")
				}
				return "", nil
			},
		}.check()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { s.ended <- newFace(p, s.bar).run(ctx) }()
		script(t, s)
		cancel()
		if err := <-s.ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
}

// asked says what the tray asked of the agent.
func asked(c localapitest.Call) string {
	if c.Method == "Send" {
		r := c.Args[0].(localapi.SendRequest)
		what := r.Links[0].URL
		if title := r.Links[0].Title; title != "" {
			what += " (" + title + ")"
		}
		return "Send " + what + " to " + strings.Join(r.Devices, ",")
	}
	return c.String()
}

func settle() { time.Sleep(time.Second); synctest.Wait() }

func (s *stage) update(snapshot localapi.Snapshot, events ...localapi.Event) {
	snapshot.Settings.Language, snapshot.Settings.Browser = "en", "my-browser"
	synctest.Wait() // the tray watches
	s.agent.Set(snapshot, events...)
}

func (s *stage) wantDone(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	var got []string
	for len(s.did) > 0 {
		got = append(got, <-s.did)
	}
	if !slices.Equal(got, want) {
		t.Errorf("did %q, want %q", got, want)
	}
}

// The address in a pairing code is worth an account: copied, it is offered in no line and to no device, nor
// does the link stay that was offered before it.
func TestThePairingCodeIsNeverOffered(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.update(signedIn(7))
		offered := func(text string) string {
			if err := s.clipboard.SetText(text); err != nil {
				t.Fatal(err)
			}
			settle()
			_, _, items := s.bar.shown()
			all, err := json.Marshal(items)
			if err != nil {
				t.Fatal(err)
			}
			return string(all)
		}
		if menu := offered("https://example.org/page"); !strings.Contains(menu, "example.org/page") {
			t.Errorf("a link is not offered: %s", menu)
		}
		for _, code := range []string{
			"https://accounts.example/pair#channel_id=abc&channel_key=def", " https://accounts.example/pair/#channel_key=def&channel_id=abc\n",
			"scan this: https://accounts.example/pair#channel_id=abc&channel_key=def",
		} {
			menu := offered(code)
			for _, secret := range []string{"accounts.example", "abc", "def", "example.org/page"} {
				if strings.Contains(menu, secret) {
					t.Errorf("%q is offered: %s", secret, menu)
				}
			}
		}
	})
}

func TestManyUpdatesAreOneMenu(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		for range 50 {
			s.update(signedIn(1))
		}
		settle()
		if shows, _, _ := s.bar.shown(); shows != 1 {
			t.Errorf("the menu was built %d times", shows)
		}
		s.update(localapi.Snapshot{})
		settle()
		if shows, state, _ := s.bar.shown(); shows != 2 || state != assets.TraySignedOut {
			t.Errorf("built %d times, icon %s", shows, state)
		}
	})
}

func TestCopiedLinkComesAndGoes(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.update(signedIn(1))
		settle()
		first := func() string {
			settle()
			_, _, items := s.bar.shown()
			return items[0].Label
		}
		if got := first(); got != "Send a link…" {
			t.Errorf("first line %q", got)
		}
		for text, want := range map[string]string{"https://example.org/x": "Send example.org/x", "words": "Send a link…"} {
			if err := s.clipboard.SetText(text); err != nil {
				t.Fatal(err)
			}
			if got := first(); got != want {
				t.Errorf("first line %q, want %q", got, want)
			}
		}
		if err := s.clipboard.SetText("https://example.org/x"); err != nil {
			t.Fatal(err)
		}
		first()
		if err := s.clipboard.Close(); err != nil {
			t.Fatal(err)
		}
		if got := first(); got != "Send a link…" {
			t.Errorf("without a clipboard: %q", got)
		}
	})
}

func TestClicks(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.update(signedIn(1))
		settle()
		click := func(a Action, want ...string) {
			t.Helper()
			s.bar.clicked <- a
			s.wantDone(t, want...)
		}
		click(Action{Do: DoSend, Link: "https://a.test", Device: "d0"}, "Send https://a.test to d0")
		click(Action{Do: DoSend, Link: "https://titled.test", Device: "d0"}, "Send https://titled.test (A title) to d0")
		click(Action{Do: DoSend, Link: "https://unread.test", Device: "d0"}, "Send https://unread.test to d0")
		click(Action{Do: DoOpen, Link: "https://b.test", Entry: "i1"}, "open my-browser https://b.test", "MarkRead i1")
		click(Action{Do: DoShow, Pane: "pair"}, "show pair")
		click(Action{Do: DoQuiet}, "Quiet 60")
		click(Action{Do: DoUnquiet}, "Quiet 0")
		click(Action{Do: DoQuit}, "Quit")
		click(Action{})
		// What fails leads to the window, which can say why.
		s.fail = errors.New("no")
		click(Action{Do: DoSend, Link: "https://a.test", Device: "d0"}, "Send https://a.test to d0", "show send")
		click(Action{Do: DoOpen, Link: "https://b.test", Entry: "i1"}, "open my-browser https://b.test", "show inbox")
		click(Action{Do: DoQuiet}, "Quiet 60")
	})
}

func TestSilenceEndsByItself(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		snapshot := signedIn(1)
		snapshot.QuietUntil = time.Now().Add(time.Hour)
		s.update(snapshot)
		settle()
		if _, state, _ := s.bar.shown(); state != assets.TrayQuiet {
			t.Errorf("icon %s", state)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if _, state, _ := s.bar.shown(); state != assets.TrayAttention {
			t.Errorf("an hour later: icon %s", state)
		}
	})
}

func TestEndsWithTheAgent(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.update(signedIn(1), localapi.Event{Kind: localapi.Quitting})
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
		s.ended <- nil
	})
	play(t, func(t *testing.T, s *stage) {
		s.update(signedIn(1))
		settle()
		s.agent.Down(true)
		var e *localapi.Error
		if err := <-s.ended; !errors.As(err, &e) || e.Code != localapi.CodeNotReachable {
			t.Errorf("a lost agent: %v", err)
		}
		s.ended <- nil
	})
}

func TestRunWantsItsParts(t *testing.T) {
	if err := Run(t.Context(), Params{}); err == nil {
		t.Error("a tray without parts")
	}
}

// The one link that every face finds in a text is what the tray offers; of several, none.
func TestTheTrayOffersWhatIsFound(t *testing.T) {
	content, err := os.ReadFile("../../account/link/testdata/texts.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts []struct {
		Name, Text string
		Links      []string
	}
	if err := json.Unmarshal(content, &texts); err != nil {
		t.Fatal(err)
	}
	play(t, func(t *testing.T, s *stage) {
		s.update(signedIn(1))
		for _, c := range texts {
			if err := s.clipboard.SetText(c.Text); err != nil {
				t.Fatal(err)
			}
			settle()
			_, _, items := s.bar.shown()
			offered := ""
			for _, i := range items {
				if i.Do.Do == DoSend {
					offered = i.Do.Link
				}
			}
			want := ""
			if len(c.Links) == 1 {
				want = c.Links[0]
			}
			if offered != want {
				t.Errorf("%s: offered %q, want %q", c.Name, offered, want)
			}
		}
	})
}

func TestDevicesOfOneNameAreToldApart(t *testing.T) {
	s := signedIn(0)
	for i, kind := range []string{"mobile", "tablet"} {
		s.Devices.Items = append(s.Devices.Items, localapi.Device{ID: kind, Name: "Demo phone", Type: kind, CanReceiveTabs: true, LastAccess: noon.Add(-time.Duration(i+1) * time.Hour)})
	}
	got := text(menuWith(s, "https://example.org", english(), noon))
	for _, want := range []string{"→ Demo phone (phone, 1 hour ago)\n", "→ Demo phone (tablet, 2 hours ago)\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}
