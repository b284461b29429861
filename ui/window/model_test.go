package window

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

func modelOf(s localapi.Snapshot) *model {
	m := &model{}
	m.apply(s)
	return m
}

func TestGateAndPanes(t *testing.T) {
	for _, c := range []struct {
		name  string
		model *model
		gate  gate
		panes string
	}{
		{"nothing known", &model{}, gateConnecting, "signin"},
		{"agent down", &model{lost: errors.New("down")}, gateLost, "signin"},
		{"keyring waits", modelOf(with(signedOut(), func(s *localapi.Snapshot) { s.Storage.WaitingForKeyring = true })), gateKeyring, "signin settings"},
		{"locked", modelOf(with(signedOut(), func(s *localapi.Snapshot) { s.Storage.Locked = true })), gateLocked, "signin settings"},
		{"damaged", modelOf(with(signedOut(), func(s *localapi.Snapshot) {
			s.Storage = localapi.Storage{Protection: localapi.Undecided, Locked: true, BeginAnew: true}
		})), gateUndecided, "signin settings"},
		{"undecided", modelOf(with(signedOut(), func(s *localapi.Snapshot) { s.Storage.Protection = localapi.Undecided })), gateUndecided, "signin settings"},
		{"undecided, but a demo", modelOf(with(signedOut(), func(s *localapi.Snapshot) { s.Storage.Protection, s.Demo = localapi.Undecided, true })), gateSignedOut, "signin pair settings"},
		{"signed in, undecided", modelOf(with(signedIn(), func(s *localapi.Snapshot) { s.Storage.Protection = localapi.Undecided })), gateOpen, "send inbox devices pair signin account settings"},
		{"signed in to a demo, undecided", modelOf(with(signedIn(), func(s *localapi.Snapshot) { s.Storage.Protection, s.Demo = localapi.Undecided, true })), gateOpen, "send inbox devices pair account settings"},
		{"signed out", modelOf(signedOut()), gateSignedOut, "signin pair settings"},
		{"signed out with tabs", modelOf(with(signedOut(), func(s *localapi.Snapshot) { s.Inbox.Total = 3 })), gateSignedOut, "signin inbox pair settings"},
		{"signed in", modelOf(signedIn()), gateOpen, "send inbox devices pair account settings"},
		{"sign in again", modelOf(with(signedIn(), func(s *localapi.Snapshot) { s.Account.State = localapi.NeedsSignIn })), gateOpen, "signin send inbox devices pair account settings"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.model.gate(); got != c.gate {
				t.Errorf("gate %d, want %d", got, c.gate)
			}
			if got := strings.Join(c.model.panes(), " "); got != c.panes {
				t.Errorf("panes %q, want %q", got, c.panes)
			}
		})
	}
}

func TestWaitingForTheKeyringCanBeLeft(t *testing.T) {
	waiting := with(signedOut(), func(s *localapi.Snapshot) { s.Storage.WaitingForKeyring = true; s.Storage.Locked = true })
	m := modelOf(waiting)
	m.withoutKeyring = true
	if got := m.gate(); got != gateSignedOut {
		t.Errorf("gate %d, want signed out", got)
	}
	m.apply(signedOut())
	m.apply(waiting)
	if got := m.gate(); got != gateKeyring {
		t.Errorf("a new wait is not shown: gate %d", got)
	}
}

func TestChoosePane(t *testing.T) {
	m := modelOf(signedIn())
	for _, c := range []struct{ wanted, current, want string }{
		{PaneInbox, PaneSend, PaneInbox},
		{"", PaneDevices, PaneDevices},
		{PaneSignIn, PaneDevices, PaneDevices},
		{"nonsense", "", PaneSend},
	} {
		if got := m.choose(c.wanted, c.current); got != c.want {
			t.Errorf("choose(%q, %q) = %q, want %q", c.wanted, c.current, got, c.want)
		}
	}
}

func TestLosingTheAgentKeepsWhatWasKnown(t *testing.T) {
	m := modelOf(signedIn())
	m.loseAgent(errors.New("gone"), now())
	if m.gate() != gateOpen || len(m.receivers()) != 3 {
		t.Error("the last known state is lost")
	}
	if got := m.notice(i18n.New("en"), now()); got.tone != widget.ToneBad || got.action != actRetry {
		t.Errorf("notice %+v", got)
	}
	if !m.apply(signedIn()) {
		t.Error("coming back is not told")
	}
	if m.apply(signedIn()) {
		t.Error("coming back is told twice")
	}
}

func TestNoticeSaysOnlyWhatIsNotFine(t *testing.T) {
	c := i18n.New("en")
	for _, tt := range []struct {
		name string
		edit func(*localapi.Snapshot)
		want string
	}{
		{"fine", func(*localapi.Snapshot) {}, ""},
		{"offline", func(s *localapi.Snapshot) { s.Connection.Online = false; s.Connection.Since = ago(5 * time.Minute) }, "Offline (5 minutes ago)"},
		{"back-off", func(s *localapi.Snapshot) { s.Connection.BackoffUntil = now().Add(time.Minute) }, "pause until"},
		{"back-off over", func(s *localapi.Snapshot) { s.Connection.BackoffUntil = ago(time.Second) }, ""},
		{"before the first word", func(s *localapi.Snapshot) { s.Connection = localapi.Connection{} }, ""},
		{"storage", func(s *localapi.Snapshot) { s.Storage.Problem = "The disk is full."; s.Connection.Online = false }, "The disk is full."},
		{"sign in again", func(s *localapi.Snapshot) { s.Account.State = localapi.NeedsSignIn }, "sign in again"},
		{"push just down", func(s *localapi.Snapshot) {
			s.Connection.Push = localapi.Push{NextRetry: now().Add(5 * time.Second)}
		}, ""},
		{"push down", func(s *localapi.Snapshot) {
			s.Connection.Push = localapi.Push{NextRetry: now().Add(5 * time.Minute)}
		}, "may arrive late"},
		{"quiet", func(s *localapi.Snapshot) { s.QuietUntil = now().Add(time.Hour) }, "silent until"},
		{"signed out and offline", func(s *localapi.Snapshot) { s.Account.State = localapi.SignedOut; s.Connection.Online = false }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := modelOf(with(signedIn(), tt.edit)).notice(c, now()).text
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("notice %q, want %q", got, tt.want)
			}
		})
	}
}

func TestListViews(t *testing.T) {
	m := modelOf(signedIn())
	offline := modelOf(with(signedIn(), func(s *localapi.Snapshot) { s.Connection.Online = false }))
	for _, c := range []struct {
		name  string
		m     *model
		state localapi.ListState
		n     int
		want  listView
	}{
		{"loading", m, localapi.ListState{}, 0, listLoading},
		{"first load failed", m, localapi.ListState{Problem: "x"}, 0, listError},
		{"offline before the first load", offline, localapi.ListState{}, 0, listError},
		{"empty", m, localapi.ListState{Known: true}, 0, listEmpty},
		{"refresh failed", m, localapi.ListState{Known: true, Problem: "x"}, 2, listStale},
		{"offline", offline, localapi.ListState{Known: true}, 2, listStale},
		{"fine", m, localapi.ListState{Known: true}, 2, listFine},
	} {
		if got := c.m.view(c.state, c.n); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestGroupInbox(t *testing.T) {
	entry := func(id, from string, age time.Duration, read bool) localapi.InboxEntry {
		return localapi.InboxEntry{ID: id, From: from, FromID: from, At: ago(age), Read: read}
	}
	groups := groupInbox([]localapi.InboxEntry{
		entry("a1", "a", time.Minute, true), entry("b1", "b", 2*time.Minute, true), entry("a2", "a", 3*time.Minute, false),
		entry("c1", "c", 26*time.Hour, false), entry("a3", "a", 25*time.Hour, true), entry("a1", "a", time.Minute, true),
	}, func(e localapi.InboxEntry) bool { return !e.Read }, now())
	var got []string
	for _, g := range groups {
		got = append(got, g.from+": "+strings.Join(ids(g.entries, false), " "))
	}
	want := []string{"a: a2 a1", "c: c1", "b: b1", "a: a3"}
	if !slices.Equal(got, want) {
		t.Errorf("groups %q, want %q", got, want)
	}
	if got := ids(groups[0].entries, true); !slices.Equal(got, []string{"a2"}) {
		t.Errorf("unread %q", got)
	}
}

func TestSentNeverClaimsMoreThanTheServerSaid(t *testing.T) {
	c := i18n.New("en")
	for _, tt := range []struct {
		name        string
		entry       localapi.OutboxEntry
		want        string
		undo, retry bool
	}{
		{"held", localapi.OutboxEntry{State: localapi.SendWaiting, HeldUntil: now().Add(2500 * time.Millisecond)}, "leaves in 3 seconds", true, false},
		{"held a moment", localapi.OutboxEntry{State: localapi.SendWaiting, HeldUntil: now().Add(time.Second)}, "leaves in 1 second", true, false},
		{"waiting", localapi.OutboxEntry{State: localapi.SendWaiting, HeldUntil: ago(time.Second)}, "waiting", false, true},
		{"waiting with reason", localapi.OutboxEntry{State: localapi.SendWaiting, Reason: "offline", NextTry: now().Add(time.Minute)}, "waiting: offline · next try 14:06", false, true},
		{"accepted", localapi.OutboxEntry{State: localapi.SendAccepted}, "accepted by the server", false, false},
		{"alerted", localapi.OutboxEntry{State: localapi.SendAlerted}, "device alerted", false, false},
		{"push off", localapi.OutboxEntry{State: localapi.SendPushOff}, "accepted; the device sees it when next opened", false, false},
		{"failed", localapi.OutboxEntry{State: localapi.SendFailed, Reason: "too large"}, "not sent: too large", false, true},
		{"twice", localapi.OutboxEntry{State: localapi.SendAccepted, MayBeTwice: true}, "accepted by the server · may have arrived twice", false, false},
		{"unknown", localapi.OutboxEntry{State: "later_invention"}, "not sent", false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at := time.Date(2026, 11, 21, 14, 5, 0, 0, time.UTC)
			shifted := tt.entry
			for _, moment := range []*time.Time{&shifted.HeldUntil, &shifted.NextTry} {
				if !moment.IsZero() {
					*moment = at.Add(moment.Sub(now()).Round(100 * time.Millisecond))
				}
			}
			v := viewSent(c, shifted, at)
			if v.words != tt.want || v.undo != tt.undo || v.retry != tt.retry {
				t.Errorf("got %q undo %v retry %v, want %q", v.words, v.undo, v.retry, tt.want)
			}
		})
	}
}

func TestDayNames(t *testing.T) {
	c := i18n.New("en")
	at := time.Date(2026, 11, 21, 14, 5, 0, 0, time.UTC) // a Saturday
	for _, tt := range []struct {
		t    time.Time
		want string
	}{
		{at, "Today"},
		{at.AddDate(0, 0, -1), "Yesterday"},
		{at.AddDate(0, 0, -2), "Thursday"},
		{at.AddDate(0, 0, -10), "11 November"},
		{at.AddDate(-1, 0, 0), "21 November 2025"},
		{at.AddDate(0, 0, 1), "22 November"},
	} {
		if got := dayName(c, tt.t, at); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.t, got, tt.want)
		}
	}
}

func TestCountdown(t *testing.T) {
	for d, want := range map[time.Duration]string{
		5 * time.Minute: "5:00", 61 * time.Second: "1:01", 900 * time.Millisecond: "0:01", 0: "0:00", -time.Second: "0:00",
	} {
		if got := countdown(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestEverySentenceHasItsText(t *testing.T) {
	for _, lang := range i18n.Languages() {
		c := i18n.New(lang)
		keys := []string{}
		for _, p := range []string{PaneSignIn, PaneSend, PaneInbox, PaneDevices, PanePair, PaneAccount, PaneSettings} {
			keys = append(keys, "window."+p+".rail")
		}
		for _, s := range []localapi.PairingState{
			localapi.PairOpening, localapi.PairShowing, localapi.PairAsked, localapi.PairGranting, localapi.PairJoining, localapi.PairConfirming,
			localapi.PairWaiting, localapi.PairRedeeming, localapi.PairDone, localapi.PairCancelled, localapi.PairFailed, localapi.PairTimedOut,
		} {
			keys = append(keys, "window.pair."+string(s))
		}
		for _, s := range []localapi.AccountState{localapi.SignedOut, localapi.SigningIn, localapi.SignedIn, localapi.NeedsSignIn} {
			keys = append(keys, "window.account.state_"+string(s))
		}
		for _, s := range []localapi.Protection{localapi.ProtectedByKeyring, localapi.ProtectedByPassphrase, localapi.MemoryOnly, localapi.Undecided} {
			keys = append(keys, "window.settings.storage_"+string(s))
		}
		for _, s := range []localapi.Code{
			localapi.CodeNotSignedIn, localapi.CodeLocked, localapi.CodeNoDevice, localapi.CodeNotFound, localapi.CodeOffline, localapi.CodeUnsupported, localapi.CodeNotReachable,
		} {
			keys = append(keys, "window.error."+string(s))
		}
		for _, s := range []localapi.EventKind{localapi.SignedOutElsewhere, localapi.AccountDeleted} {
			keys = append(keys, "window.toast."+string(s))
		}
		for _, s := range []string{"account", "device", "application", "system", "place", "address"} {
			keys = append(keys, "window.pair.peer_"+s)
		}
		for _, k := range keys {
			if !c.Has(k) {
				t.Errorf("%s: no text for %s", lang, k)
			}
		}
	}
}
