package notify

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets/i18n"
)

// stage is a notifier running in a bubble of virtual time.
type stage struct {
	agent   *localapitest.Agent
	backend *fakeBackend
	did     chan string // what clicks asked for
	fail    error       // what opening and copying answer
	ended   chan error
	cancel  context.CancelFunc
}

func play(t *testing.T, clicks bool, script func(t *testing.T, s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		agent, client := localapitest.New(t)
		s := &stage{
			agent:   agent,
			backend: &fakeBackend{clicks: clicks, ready: make(chan struct{})},
			did:     make(chan string, 100), ended: make(chan error, 1), cancel: cancel,
		}
		if clicks {
			s.backend.responses = make(chan Response)
		}
		n, err := New(Params{
			Agent: client, Backend: s.backend, Words: english,
			Open: func(_ context.Context, browser, link string) error {
				s.did <- "open " + browser + " " + link
				return s.fail
			},
			Copy: func(_ context.Context, text string) error { s.did <- "copy " + text; return s.fail },
			Show: func(_ context.Context, pane string) error { s.did <- "show " + pane; return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		go func() { s.ended <- n.Run(ctx) }()
		script(t, s)
		cancel()
		if err := <-s.ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if !s.backend.closed {
			t.Error("the backend was not closed")
		}
	})
}

// Whoever signs out, or whose account is deleted, leaves nothing on the screen; only that it is so is said.
func TestWithdraws(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		s.send(received(tab("1", "Phone", "example.com", "A page")))
		u := localapi.Update{Snapshot: localapi.Snapshot{Settings: on()}, Events: []localapi.Event{{Kind: localapi.SignInAgain}, {Kind: localapi.DeviceConnected, Device: "Tablet"}}}
		s.send(u)
		quiet := localapi.Update{Snapshot: localapi.Snapshot{Settings: on(), QuietUntil: time.Now().Add(time.Hour)}, Events: received(tab("2", "Phone", "example.com", "Held")).Events}
		s.send(quiet)
		if got := s.backend.shown(); len(got) != 3 || len(s.backend.withdrawn) != 0 {
			t.Fatalf("%d shown, %q withdrawn", len(got), s.backend.withdrawn)
		}
		out := localapi.Snapshot{Settings: on(), Account: localapi.Account{State: localapi.SignedOut}}
		s.send(localapi.Update{Snapshot: out, Events: []localapi.Event{{Kind: localapi.AccountDeleted}}})
		slices.Sort(s.backend.withdrawn)
		if got := s.backend.shown(); len(got) != 4 || got[3].Kind != KindSignedOut || !slices.Equal(s.backend.withdrawn, []string{string(KindDevice), string(KindSignIn), string(KindTabs)}) {
			t.Errorf("%+v shown, %q withdrawn", got, s.backend.withdrawn)
		}
		s.send(localapi.Update{Snapshot: out})
		if got := s.backend.shown(); len(got) != 4 || len(s.backend.withdrawn) != 3 {
			t.Errorf("later: %d shown, %q withdrawn", len(got), s.backend.withdrawn)
		}
	})
}

func (s *stage) send(u localapi.Update) {
	synctest.Wait() // the notifier watches
	s.agent.Set(u.Snapshot, u.Events...)
	synctest.Wait()
}

func (s *stage) tellReady() { s.backend.ready <- struct{}{}; synctest.Wait() }

func (s *stage) respond(r Response) { s.backend.responses <- r; synctest.Wait() }

// last gives the newest notification, of which there must be want so far.
func (s *stage) last(t *testing.T, want int) Notification {
	t.Helper()
	notes := s.backend.shown()
	if len(notes) != want {
		t.Fatalf("%d notifications, want %d: %+v", len(notes), want, notes)
	}
	if want == 0 {
		return Notification{}
	}
	return notes[want-1]
}

func (s *stage) wantDone(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for len(s.did) > 0 {
		got = append(got, <-s.did)
	}
	if !slices.Equal(got, want) {
		t.Errorf("did %q, want %q", got, want)
	}
}

func TestOneTabSaysDeviceHostAndTitle(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		s.send(received(tab("1", "Pixel 9", "example.org", "A title")))
		n := s.last(t, 1)
		if n.Title != "Tab from Pixel 9" || n.Body != "example.org\nA title" || n.Default != "Open" {
			t.Errorf("notification %+v", n)
		}
		var labels []string
		for _, b := range n.Buttons {
			labels = append(labels, b.Label)
		}
		if !slices.Equal(labels, []string{"Open", "Copy", "Later"}) {
			t.Errorf("buttons %q", labels)
		}
	})
}

func TestClicksDoWhatTheySay(t *testing.T) {
	link := "https://example.org/path?secret=1"
	cases := []struct {
		action Action
		did    []string
		read   []string
	}{
		{ActionOpen, []string{"open my-browser " + link}, []string{"MarkRead 1"}},
		{ActionDefault, []string{"open my-browser " + link}, []string{"MarkRead 1"}},
		{ActionCopy, []string{"copy " + link}, []string{"MarkRead 1"}},
		{ActionLater, nil, nil},
		{"", nil, nil},
	}
	for _, tc := range cases {
		t.Run("action "+string(tc.action), func(t *testing.T) {
			play(t, true, func(t *testing.T, s *stage) {
				s.send(received(tab("1", "Pixel 9", "example.org", "A title")))
				s.respond(Response{Serial: s.last(t, 1).Serial, Action: tc.action})
				s.wantDone(t, tc.did...)
				if got := s.agent.Log(); !slices.Equal(got, tc.read) {
					t.Errorf("asked the agent %q, want %q", got, tc.read)
				}
			})
		})
	}
}

func TestBurstIsOneNotificationWithACount(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		s.send(received(tab("1", "Pixel 9", "one.test", "One")))
		s.send(received(tab("2", "Pixel 9", "two.test", ""), tab("3", "Pixel 9", "three.test", "Three")))
		s.send(received(tab("4", "Work", "four.test", "Four")))
		notes := s.backend.shown()
		n := s.last(t, 3)
		if notes[1].Title != "3 tabs from Pixel 9" || n.Title != "4 tabs received" {
			t.Errorf("titles %q, %q", notes[1].Title, n.Title)
		}
		if n.Body != "four.test · Four\nthree.test · Three\ntwo.test\nand 1 more" {
			t.Errorf("body %q", n.Body)
		}
		if n.Slot != notes[0].Slot {
			t.Error("they would stack")
		}
		// A click on a text that was replaced meanwhile does nothing.
		s.respond(Response{Serial: notes[0].Serial, Action: ActionOpen})
		s.wantDone(t)
		s.respond(Response{Serial: n.Serial, Action: ActionDefault})
		s.wantDone(t, "show inbox")
		// Looked at: the next one begins a new count.
		s.send(received(tab("5", "Work", "five.test", "Five")))
		if n := s.last(t, 4); n.Title != "Tab from Work" {
			t.Errorf("title %q", n.Title)
		}
	})
}

func TestOpenAllOpensAll(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		s.send(received(tab("1", "a", "one.test", ""), tab("2", "a", "two.test", "")))
		n := s.last(t, 1)
		if n.Buttons[0].Label != "Open all" {
			t.Errorf("buttons %+v", n.Buttons)
		}
		s.respond(Response{Serial: n.Serial, Action: ActionOpen})
		s.wantDone(t, "open my-browser https://one.test/path?secret=1", "open my-browser https://two.test/path?secret=1")

		var many []localapi.InboxEntry
		for range 11 {
			many = append(many, tab("x", "a", "many.test", ""))
		}
		s.send(received(many...))
		if n := s.last(t, 2); n.Buttons[0].Action != ActionShow {
			t.Errorf("eleven tabs offer %+v", n.Buttons)
		}
	})
}

func TestWhatWasReadElsewhereIsNotCounted(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		first := tab("1", "a", "one.test", "")
		s.send(received(first))
		first.Read = true
		u := received(tab("2", "a", "two.test", ""))
		u.Snapshot.Inbox.Recent = []localapi.InboxEntry{first}
		s.send(u)
		if n := s.last(t, 2); n.Title != "Tab from a" {
			t.Errorf("title %q", n.Title)
		}
		opened := tab("3", "a", "three.test", "")
		opened.Read = true
		s.send(received(opened)) // opened by a rule
		s.last(t, 2)
	})
}

func TestOtherEvents(t *testing.T) {
	entry := localapi.OutboxEntry{To: "Pixel 9", Host: "example.org", URL: "https://example.org/?secret", Reason: "the device is gone"}
	cases := []struct {
		event       localapi.Event
		kind        Kind
		title, body string
		pane        string
	}{
		{localapi.Event{Kind: localapi.DeviceConnected, Device: "iPad"}, KindDevice, "New device: iPad", "manage devices", "devices"},
		{localapi.Event{Kind: localapi.CallerAsks, Caller: &localapi.Caller{ID: "firefox:tree@x.example", Name: "Tree\u202e"}}, KindCaller, "wants to send", "Tree\nfirefox:tree@x.example\n", "settings"},
		{localapi.Event{Kind: localapi.SignedOutElsewhere}, KindSignedOut, "signed out", "Another device", ""},
		{localapi.Event{Kind: localapi.AccountDeleted}, KindSignedOut, "deleted", "no longer signed in", ""},
		{localapi.Event{Kind: localapi.SignInAgain}, KindSignIn, "Sign in again", "password", ""},
		{localapi.Event{Kind: localapi.SendGivenUp, Send: &entry}, KindSend, "Not sent to Pixel 9", "example.org\nthe device is gone", "send"},
	}
	for _, tc := range cases {
		t.Run(string(tc.event.Kind), func(t *testing.T) {
			play(t, true, func(t *testing.T, s *stage) {
				s.send(localapi.Update{Snapshot: localapi.Snapshot{Settings: on()}, Events: []localapi.Event{tc.event, tc.event}})
				n := s.last(t, 2)
				if n.Kind != tc.kind || !strings.Contains(n.Title, tc.title) || !strings.Contains(n.Body, tc.body) {
					t.Errorf("notification %+v", n)
				}
				if n.Slot != s.backend.shown()[0].Slot {
					t.Error("they would stack")
				}
				s.respond(Response{Serial: n.Serial, Action: ActionShow})
				s.wantDone(t, "show "+tc.pane)
			})
		})
	}
}

func TestNoNews(t *testing.T) {
	closing := tab("1", "a", "one.test", "")
	closing.Kind = localapi.KindClose
	off := received(tab("2", "a", "two.test", ""))
	off.Snapshot.Settings.Notifications = false
	play(t, true, func(t *testing.T, s *stage) {
		s.send(received(closing))
		s.send(off)
		s.send(localapi.Update{Snapshot: localapi.Snapshot{Settings: on()}, Events: []localapi.Event{
			{Kind: localapi.CloseRequested}, {Kind: localapi.ShowWindow}, {Kind: localapi.SendGivenUp}, {Kind: "from a later version"},
		}})
		s.last(t, 0)
	})
}

func TestSilenceHoldsAndThenTells(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		quiet := func(u localapi.Update) localapi.Update {
			u.Snapshot.QuietUntil = time.Now().Add(time.Hour)
			return u
		}
		s.send(quiet(received(tab("1", "a", "one.test", ""))))
		s.send(quiet(received(tab("2", "a", "two.test", ""))))
		s.send(quiet(localapi.Update{Snapshot: localapi.Snapshot{Settings: on()}, Events: []localapi.Event{{Kind: localapi.DeviceConnected, Device: "iPad"}}}))
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		s.last(t, 0)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		notes := s.backend.shown()
		if len(notes) != 2 || notes[0].Kind != KindDevice || notes[1].Title != "2 tabs from a" {
			t.Errorf("after the silence: %+v", notes)
		}
	})
}

func TestSilenceEndedByHand(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		u := received(tab("1", "a", "one.test", ""))
		u.Snapshot.QuietUntil = time.Now().Add(time.Hour)
		s.send(u)
		s.last(t, 0)
		s.send(localapi.Update{Snapshot: localapi.Snapshot{Settings: on()}})
		s.last(t, 1)
	})
}

func TestWithoutClicksTheTextSaysWhereToLook(t *testing.T) {
	play(t, false, func(t *testing.T, s *stage) {
		s.send(received(tab("1", "a", "one.test", "One")))
		n := s.last(t, 1)
		if !strings.HasSuffix(n.Body, "In Tabferry’s inbox") || len(n.Buttons) != 0 || n.Default != "" {
			t.Errorf("notification %+v", n)
		}
		s.send(received(tab("2", "a", "two.test", "Two")))
		if n := s.last(t, 2); n.Title != "2 tabs from a" {
			t.Errorf("soon after: %q", n.Title)
		}
		time.Sleep(time.Minute)
		s.send(received(tab("3", "a", "three.test", "Three")))
		if n := s.last(t, 3); n.Title != "Tab from a" {
			t.Errorf("a minute later: %q", n.Title)
		}
	})
}

// TestAskedTabsStay: whoever wants to be asked finds the question when they come back, and nothing else stays.
func TestAskedTabsStay(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		u := received(tab("1", "a", "one.test", ""))
		s.send(u)
		if note := s.last(t, 1); note.Stays {
			t.Errorf("nobody wanted to be asked: %+v", note)
		}
		u = received(tab("2", "a", "two.test", ""))
		u.Snapshot.Settings.Open = localapi.OpenAsk
		s.send(u)
		if note := s.last(t, 2); !note.Stays {
			t.Errorf("it goes by itself: %+v", note)
		}
		other := received()
		other.Snapshot.Settings.Open = localapi.OpenAsk
		other.Events = []localapi.Event{{Kind: localapi.DeviceConnected, Device: "Pixel 9"}}
		s.send(other)
		if note := s.last(t, 3); note.Stays {
			t.Errorf("this is no question: %+v", note)
		}
	})
}

func TestUngrouped(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		u := received(tab("1", "a", "one.test", ""), tab("2", "a", "two.test", ""))
		u.Snapshot.Settings.Grouped = false
		s.send(u)
		notes := s.backend.shown()
		if len(notes) != 2 || notes[0].Slot == notes[1].Slot {
			t.Fatalf("notes %+v", notes)
		}
		s.respond(Response{Serial: notes[0].Serial, Action: ActionOpen})
		s.wantDone(t, "open my-browser https://one.test/path?secret=1")
		s.respond(Response{Serial: notes[1].Serial, Action: ActionOpen})
		s.wantDone(t, "open my-browser https://two.test/path?secret=1")
		flood := received(slices.Repeat([]localapi.InboxEntry{tab("f", "a", "flood.test", "")}, 6)...)
		flood.Snapshot.Settings.Grouped = false
		s.send(flood)
		s.last(t, 3)
	})
}

func TestFailedClickIsTold(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		s.fail = errors.New("no browser")
		s.send(received(tab("1", "a", "one.test", "One")))
		s.respond(Response{Serial: s.last(t, 1).Serial, Action: ActionOpen})
		n := s.last(t, 2)
		if n.Kind != KindProblem || n.Title != "The link could not be opened" {
			t.Errorf("notification %+v", n)
		}
		if got := s.agent.Log(); len(got) != 0 {
			t.Errorf("marked as read: %q", got)
		}
	})
}

func TestHostileTextsStayInTheirPlace(t *testing.T) {
	for name, title := range hostile {
		t.Run(name, func(t *testing.T) {
			play(t, true, func(t *testing.T, s *stage) {
				e := tab("1", title, "example.org", title)
				s.send(received(e, tab("2", "b", "two.test", title)))
				s.send(received(e))
				for _, n := range s.backend.shown() {
					if strings.ContainsAny(n.Title+strings.ReplaceAll(n.Body, "\n", ""), "\x00\x07\x1b\r\u202e\u200b") || strings.Contains(n.Title, "\n") {
						t.Errorf("notification %q, %q", n.Title, n.Body)
					}
					if strings.Contains(n.Body, "secret") || (!strings.HasPrefix(n.Body, "example.org") && !strings.HasPrefix(n.Body, "two.test")) {
						t.Errorf("the host does not come first, or the query shows: %q", n.Body)
					}
				}
			})
		})
	}
}

func TestRunEndsWithTheAgent(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		s.send(localapi.Update{Events: []localapi.Event{{Kind: localapi.Quitting}}})
		if err := <-s.ended; err != nil {
			t.Errorf("quitting: %v", err)
		}
		s.ended <- nil
	})
	synctest.Test(t, func(t *testing.T) {
		agent, client := localapitest.New(t)
		agent.Down(true)
		nothing := func(context.Context, string) error { return nil }
		n, err := New(Params{
			Agent: client, Backend: &fakeBackend{}, Copy: nothing, Show: nothing,
			Open: func(context.Context, string, string) error { return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		var e *localapi.Error
		if err := n.Run(t.Context()); !errors.As(err, &e) || e.Code != localapi.CodeNotReachable {
			t.Errorf("a lost agent: %v", err)
		}
	})
}

func TestNewWantsItsParts(t *testing.T) {
	if _, err := New(Params{}); err == nil {
		t.Error("a notifier without parts")
	}
}

func TestPlainBackendShowsOnlyHarmlessText(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for name, title := range hostile {
		var got []string
		b := &plainBackend{icon: []byte{1}, show: func(title, body string, icon any) error {
			got = append(got, title, body)
			path, _ := icon.(string) // no icon: the balloon path fails without
			if text, err := os.ReadFile(path); err != nil || len(text) != 1 {
				t.Errorf("the icon is %v: %q, %v", icon, text, err)
			}
			return nil
		}}
		if err := b.Show(t.Context(), Notification{Title: title, Body: title + "\n" + title}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(strings.Join(got, ""), "$`\"'<>\\\r\n") {
			t.Errorf("%s: %q", name, got)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A silence of weeks holds a page of tabs and one event of each other kind, and counts all tabs.
func TestLongSilence(t *testing.T) {
	n := &Notifier{p: Params{Backend: &fakeBackend{clicks: true}, Now: time.Now}, words: english(""), settings: on(), open: map[uint64]shown{}}
	for i := range 10_000 {
		id := strconv.Itoa(i)
		n.hold(localapi.Event{Kind: localapi.TabsReceived, Entries: []localapi.InboxEntry{tab(id, "Pixel 9", "h.test", "")}})
		n.hold(localapi.Event{Kind: localapi.DeviceConnected, Device: id})
	}
	if len(n.held) != 1 || len(n.heldTabs.recent) > localapi.RecentEntries {
		t.Errorf("it holds %d events and %d tabs", len(n.held), len(n.heldTabs.recent))
	}
	n.release(t.Context())
	if n.unseen.count() != 10_000 || n.heldTabs.count() != 0 || n.unseen.sender() != "Pixel 9" {
		t.Errorf("after it %d tabs of %q, %d held", n.unseen.count(), n.unseen.sender(), n.heldTabs.count())
	}
}

// Tabs one by one do not heap up where nobody takes them away, on the screen or in memory; the notice of a new
// device stays.
func TestTabsApartMakeRoom(t *testing.T) {
	backend := &fakeBackend{clicks: true, responses: make(chan Response)}
	n := &Notifier{p: Params{Backend: backend, Now: time.Now}, words: english(""), settings: on(), open: map[uint64]shown{}}
	n.settings.Grouped = false
	n.event(t.Context(), localapi.Event{Kind: localapi.DeviceConnected, Device: "Pixel 9"})
	for i := range 10_000 {
		n.tabs(t.Context(), newBurst(tab(strconv.Itoa(i), "Pixel 9", "h.test", "")))
	}
	if len(n.open) != mostTabs+1 || len(backend.withdrawn) != 10_000-mostTabs {
		t.Errorf("%d stand, %d were taken back", len(n.open), len(backend.withdrawn))
	}
	if slices.Contains(backend.withdrawn, string(KindDevice)) || backend.withdrawn[0] != backend.notes[1].Slot {
		t.Errorf("taken back first %s", backend.withdrawn[0])
	}
	if n.unseen.count() != 0 {
		t.Errorf("%d are counted as one", n.unseen.count())
	}
}

// A tab costs as much to tell when ten thousand wait as when a page of them does.
func TestATabCostsTheSameWhenManyWait(t *testing.T) {
	cost := func(waiting int) float64 {
		n := &Notifier{p: Params{Backend: quietBackend{}, Now: time.Now}, words: english(""), settings: on(), open: map[uint64]shown{}}
		for i := range waiting {
			n.unseen.add([]localapi.InboxEntry{tab(strconv.Itoa(i), "Pixel 9", "h.test", "")})
		}
		came := newBurst(tab("new", "Pixel 9", "h.test", ""))
		least := math.Inf(1) // the race detector has pools lose things at random, and others allocate meanwhile
		for range 200 {
			least = min(least, testing.AllocsPerRun(1, func() { n.tabs(t.Context(), came) }))
		}
		return least
	}
	few, many := cost(localapi.RecentEntries+1), cost(10_000)
	if many > few*1.1 || few == 0 {
		t.Errorf("%v allocations with few, %v with many", few, many)
	}
}

// However many tabs come while nobody looks, the texts count them all and memory holds a page of them.
func TestTenThousandUnseenTabs(t *testing.T) {
	english := composer{words: i18n.New("en"), clicks: true}
	var b burst
	for i := 1; i <= 10_000; i++ {
		b.add([]localapi.InboxEntry{tab(strconv.Itoa(i), "Pixel 9", "h"+strconv.Itoa(i)+".test", "")})
		if len(b.recent) > localapi.RecentEntries || cap(b.recent) > 4*localapi.RecentEntries {
			t.Fatalf("after %d tabs it holds %d of %d", i, len(b.recent), cap(b.recent))
		}
	}
	n := english.tabs(b)
	if n.Title != "10,000 tabs from Pixel 9" && n.Title != "10000 tabs from Pixel 9" {
		t.Errorf("title %q", n.Title)
	}
	if want := "h10000.test\nh9999.test\nh9998.test\nand "; !strings.HasPrefix(n.Body, want) || len(n.Buttons) != 2 || n.Buttons[0].Action != ActionShow {
		t.Errorf("body %q, buttons %+v", n.Body, n.Buttons)
	}
	b.forget(map[string]bool{"10000": true, "9999": true})
	if b.count() != 9_998 {
		t.Errorf("%d left", b.count())
	}
	b.add([]localapi.InboxEntry{tab("x", "Work", "w.test", "")})
	if from := b.sender(); from != "" {
		t.Errorf("all from %q", from)
	}
}

// A burst says what a list of all its tabs would say, wherever the boundary lies.
func TestBurstCountsLikeAList(t *testing.T) {
	for n := range 3 * localapi.RecentEntries {
		for _, odd := range []int{-1, 0, 1, n / 2, n - 1} {
			var b burst
			var made []localapi.InboxEntry
			same := true
			for i := range n {
				e := tab(strconv.Itoa(i), "a", "a.test", "")
				if i == odd {
					e.From, e.FromID = "b", "b"
				}
				made = append(made, e)
				b.add([]localapi.InboxEntry{e})
				same = same && (i != odd || n == 1)
			}
			for _, cut := range []int{0, n / 3, n} {
				var whole, later burst
				for i, e := range made {
					if i < cut {
						whole.add([]localapi.InboxEntry{e})
					} else {
						later.add([]localapi.InboxEntry{e})
					}
				}
				if whole.join(later); whole.count() != b.count() || whole.sender() != b.sender() || len(whole.recent) != len(b.recent) {
					t.Fatalf("%d tabs joined at %d: counts %d, from %q", n, cut, whole.count(), whole.sender())
				}
			}
			if b.count() != n || n > 0 && (b.sender() != "") != same {
				t.Fatalf("%d tabs, number %d from elsewhere: counts %d, from %q", n, odd, b.count(), b.sender())
			}
		}
	}
}
