package tray

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/device"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// signedIn is a state with n devices, used in the order of their names, and three received tabs.
func signedIn(devices int) localapi.Snapshot {
	s := localapi.Snapshot{
		Account:    localapi.Account{State: localapi.SignedIn, HasSession: true},
		Connection: localapi.Connection{Online: true, Since: noon.Add(-time.Hour)},
	}
	s.Devices.Known = true
	for i := range devices {
		s.Devices.Items = append(s.Devices.Items, localapi.Device{
			ID: fmt.Sprintf("d%d", i), Name: fmt.Sprintf("Device %d", i), CanReceiveTabs: true,
			LastSentTo: noon.Add(-time.Duration(i) * time.Hour),
		})
	}
	s.Devices.Items = append(s.Devices.Items,
		localapi.Device{ID: "me", Name: "This one", This: true, CanReceiveTabs: true},
		localapi.Device{ID: "old", Name: "Old one"})
	for i := range 5 {
		s.Inbox.Recent = append(s.Inbox.Recent, localapi.InboxEntry{
			ID: fmt.Sprintf("i%d", i), Kind: localapi.KindTab, From: "Pixel", Title: fmt.Sprintf("Title %d", i),
			URL: fmt.Sprintf("https://news%d.test/?secret", i), Host: fmt.Sprintf("news%d.test", i), CanOpen: true, Read: i > 0,
		})
	}
	s.Inbox.Unread = 1
	return s
}

// text draws a menu: a line each, separators as dashes, submenus indented.
func text(items []Item) string {
	var b strings.Builder
	for _, i := range items {
		if i.Separator() {
			b.WriteString("---\n")
			continue
		}
		b.WriteString(i.Label + "\n")
		if len(i.Items) > 0 {
			b.WriteString("  " + strings.ReplaceAll(strings.TrimSpace(text(i.Items)), "\n", "\n  ") + "\n")
		}
	}
	return b.String()
}

// menuWith is the menu as the face makes it.
func menuWith(s localapi.Snapshot, copied string, words *i18n.Catalogue, now time.Time) []Item {
	return Menu(s, device.Namesakes(s.Devices.Items), copied, words, now)
}

func english() *i18n.Catalogue { return i18n.New("en") }

func TestMenuSendsInTwoClicks(t *testing.T) {
	link := "https://example.org/a/page?secret=1#part"
	items := menuWith(signedIn(2), link, english(), noon)
	want := `Send example.org/a/page…
→ Device 0
→ Device 1
---
• news0.test · Title 0
news1.test · Title 1
news2.test · Title 2
---
Pair a phone…
Open Tabferry
Quiet for an hour
---
Quit
`
	if got := text(items); got != want {
		t.Errorf("menu\n%swant\n%s", got, want)
	}
	if do := items[1].Do; do != (Action{Do: DoSend, Link: link, Device: "d0"}) {
		t.Errorf("the first device does %+v", do)
	}
	if do := items[4].Do; do != (Action{Do: DoOpen, Link: "https://news0.test/?secret", Entry: "i0"}) {
		t.Errorf("a received tab does %+v", do)
	}
}

func TestCopiedLinkIsShownPlainAndShort(t *testing.T) {
	for link, want := range map[string]string{
		"https://example.org/%E2%80%AEgnp":                "Send example.org/gnp",
		"https://example.org/%C3%A4%20b?token=secret":     "Send example.org/ä b…",
		"https://example.org/" + strings.Repeat("x", 100): "Send example.org/" + strings.Repeat("x", 31) + "…",
		"https://paypaı.example/":                         "Send xn--paypa-r4a.example",
	} {
		if got := menuWith(signedIn(2), link, english(), noon)[0].Label; got != want {
			t.Errorf("%q is shown as %q, want %q", link, got, want)
		}
	}
}

func TestMenuWithoutALink(t *testing.T) {
	items := menuWith(signedIn(2), "", english(), noon)
	if items[0].Label != "Send a link…" || items[0].Do != (Action{Do: DoShow, Pane: "send"}) {
		t.Errorf("first line %+v", items[0])
	}
	if !items[1].Separator() {
		t.Errorf("second line %+v", items[1])
	}
	if first := menuWith(signedIn(0), "https://example.org", english(), noon)[0]; first.Label != "Send a link…" {
		t.Errorf("no device, but %q", first.Label)
	}
}

func TestMenuStaysShort(t *testing.T) {
	for _, devices := range []int{0, 1, 5, 6, 25, 40} {
		for _, online := range []bool{true, false} {
			s := signedIn(devices)
			s.Connection.Online = online
			s.QuietUntil = noon.Add(time.Minute)
			items := menuWith(s, "https://example.org/", english(), noon)
			lines := 0
			for i, item := range items {
				if !item.Separator() {
					lines++
				} else if i == 0 || i == len(items)-1 || items[i-1].Separator() {
					t.Errorf("%d devices: a separator in the wrong place:\n%s", devices, text(items))
				}
				for _, below := range item.Items {
					if len(below.Items) > 0 {
						t.Error("a submenu below a submenu")
					}
				}
			}
			if lines > MaxItems {
				t.Errorf("%d devices, online %v: %d lines:\n%s", devices, online, lines, text(items))
			}
		}
	}
	items := menuWith(signedIn(8), "https://example.org/", english(), noon)
	if items[5].Do.Device != "d4" || items[6].Label != "More devices" || len(items[6].Items) != 3 || items[6].Items[0].Do.Device != "d5" {
		t.Errorf("eight devices:\n%s", text(items))
	}
	if more := menuWith(signedIn(40), "https://example.org/", english(), noon)[6].Items; len(more) != 21 || more[20].Do.Pane != "send" {
		t.Errorf("forty devices: %d below", len(more))
	}
}

func TestStates(t *testing.T) {
	change := func(f func(*localapi.Snapshot)) localapi.Snapshot {
		s := signedIn(1)
		f(&s)
		return s
	}
	account := func(state localapi.AccountState) localapi.Snapshot {
		return change(func(s *localapi.Snapshot) { s.Account.State = state })
	}
	cases := []struct {
		name    string
		s       localapi.Snapshot
		icon    assets.TrayState
		tooltip string
		first   string
		pane    string
	}{
		{"news", signedIn(1), assets.TrayAttention, "Tabferry – 1 new tab", "Send a link…", "send"},
		{"fine", change(func(s *localapi.Snapshot) { s.Inbox.Unread = 0 }), assets.TrayFine, "Tabferry", "Send a link…", "send"},
		{"demo", change(func(s *localapi.Snapshot) { s.Inbox.Unread, s.Demo = 0, true }), assets.TrayFine, "Tabferry (demo)", "Send a link…", "send"},
		{"signed out", account(localapi.SignedOut), assets.TraySignedOut, "Tabferry – not signed in", "Sign in…", "signin"},
		{"never asked", localapi.Snapshot{}, assets.TraySignedOut, "Tabferry – not signed in", "Sign in…", "signin"},
		{"signing in", account(localapi.SigningIn), assets.TrayWorking, "Tabferry – working", "Signing in…", "signin"},
		{"sign in again", account(localapi.NeedsSignIn), assets.TrayNeedsSignIn, "Tabferry – sign in again", "Sign in again…", "signin"},
		{"locked", change(func(s *localapi.Snapshot) { s.Storage.Locked = true }), assets.TrayNeedsSignIn, "Tabferry – locked", "Unlock…", ""},
		{"keyring", change(func(s *localapi.Snapshot) { s.Storage.WaitingForKeyring = true }), assets.TrayNeedsSignIn, "Tabferry – locked", "Waiting for the keyring…", ""},
		{"offline", change(func(s *localapi.Snapshot) { s.Connection.Online = false }), assets.TrayOffline, "Tabferry – Offline", "Offline", "send"},
		{"before the first word", change(func(s *localapi.Snapshot) { s.Connection = localapi.Connection{} }), assets.TrayAttention, "Tabferry – 1 new tab", "Send a link…", "send"},
		{"offline, waiting", change(func(s *localapi.Snapshot) { s.Connection.Online = false; s.Outbox.Waiting = 2 }), assets.TrayOffline, "Tabferry – Offline", "Offline, 2 tabs wait", "send"},
		{"working", change(func(s *localapi.Snapshot) { s.Outbox.Waiting = 1 }), assets.TrayWorking, "Tabferry – working", "Send a link…", "send"},
		{"quiet", change(func(s *localapi.Snapshot) { s.QuietUntil = noon.Add(90 * time.Minute) }), assets.TrayQuiet, "Tabferry – Quiet until 13:30", "Send a link…", "send"},
		{"quiet is over", change(func(s *localapi.Snapshot) { s.QuietUntil = noon }), assets.TrayAttention, "Tabferry – 1 new tab", "Send a link…", "send"},
		{"no devices here", change(func(s *localapi.Snapshot) { s.Account.DevicesUnavailable = true }), assets.TrayAttention, "Tabferry – 1 new tab", "Device features are not available here", ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := Icon(tc.s, noon); got != tc.icon {
				t.Errorf("icon %s, want %s", got, tc.icon)
			}
			if got := Tooltip(tc.s, english(), noon); got != tc.tooltip {
				t.Errorf("tooltip %q, want %q", got, tc.tooltip)
			}
			items := menuWith(tc.s, "", english(), noon)
			if items[0].Label != tc.first || items[0].Do != (Action{Do: DoShow, Pane: tc.pane}) {
				t.Errorf("first line %+v", items[0])
			}
			if last := items[len(items)-1]; last.Do.Do != DoQuit || last.Label != "Quit" {
				t.Errorf("last line %+v", last)
			}
			signed := tc.s.Account.State == localapi.SignedIn && !tc.s.Storage.Locked
			if has := slices.ContainsFunc(items, func(i Item) bool { return i.Do.Pane == "pair" }); has != signed {
				t.Errorf("pairing offered: %v", has)
			}
		})
	}
}

func TestQuietIsTakenBack(t *testing.T) {
	s := signedIn(1)
	find := func() Item {
		for _, i := range menuWith(s, "", english(), noon) {
			if i.Checkable {
				return i
			}
		}
		t.Fatal("no line about quiet")
		return Item{}
	}
	if i := find(); i.Checked || i.Do.Do != DoQuiet {
		t.Errorf("%+v", i)
	}
	s.QuietUntil = noon.Add(time.Hour)
	if i := find(); !i.Checked || i.Do.Do != DoUnquiet || i.Label != "Quiet until 13:00" {
		t.Errorf("%+v", i)
	}
}

func TestOddEntries(t *testing.T) {
	s := signedIn(1)
	s.Devices.Items = []localapi.Device{
		{ID: "a", Name: "  ", CanReceiveTabs: true},
		{ID: "b", Name: "Pixel \u202eoff\n\x1b[31m", CanReceiveTabs: true, PushOff: true},
		{ID: "c", Name: strings.Repeat("long ", 50), CanReceiveTabs: true},
	}
	s.Inbox.Recent = []localapi.InboxEntry{
		{ID: "1", Kind: localapi.KindClose, URLs: []string{"https://x.test"}},
		{ID: "2", Kind: localapi.KindUnreadable},
		{ID: "3", Kind: localapi.KindTab, URL: "about:config", Title: "about:config", From: "Pixel", Read: true},
		{ID: "4", Kind: localapi.KindTab, URL: "x", From: "Pixel", Read: true},
		{ID: "5", Kind: localapi.KindTab, Host: "only.test", URL: "https://only.test", CanOpen: true, Read: true},
	}
	items := menuWith(s, "https://example.org", english(), noon)
	got := text(items)
	for _, want := range []string{"→ unnamed device\n", "→ Pixel off [31m (when next opened)\n", "\nabout:config\n", "\nTab from Pixel\n", "\nonly.test\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("menu lacks %q:\n%s", want, got)
		}
	}
	for _, i := range items {
		if utf8.RuneCountInString(i.Label) > 60 {
			t.Errorf("label too long: %q", i.Label)
		}
		if i.Label == "about:config" && i.Do != (Action{Do: DoShow, Pane: "inbox"}) {
			t.Errorf("what cannot be opened does %+v", i.Do)
		}
	}
}

// In the agent's process the tray draws the agent's own snapshot: it must leave it as it is.
func TestMenuEditsNoSnapshot(t *testing.T) {
	s := signedIn(30)
	before, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	menuWith(s, "https://example.org/x", i18n.New("en"), noon)
	if after, err := json.Marshal(s); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the snapshot was changed: %v", err)
	}
}
