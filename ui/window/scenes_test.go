package window

import (
	"fmt"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

func ago(d time.Duration) time.Time { return now().Add(-d) }

func yes() *bool { v := true; return &v }

// signedOut is a fresh installation.
func signedOut() localapi.Snapshot {
	return localapi.Snapshot{
		Version: "0.1.0",
		Account: localapi.Account{State: localapi.SignedOut, Server: mozillaServer},
		Storage: localapi.Storage{Protection: localapi.ProtectedByKeyring},
		Connection: localapi.Connection{
			Online: true, Since: ago(time.Hour), LastContact: ago(2 * time.Minute),
		},
		Settings: localapi.Settings{Open: localapi.OpenNever, Notifications: true, Grouped: true},
	}
}

// signedIn is an account with devices and tabs in all states.
func signedIn() localapi.Snapshot {
	s := signedOut()
	s.Account = localapi.Account{
		State: localapi.SignedIn, UID: "u1", Email: "demo@example.com", Name: "Demo Person", Server: mozillaServer,
		DeviceID: "this", HasSession: true, MetricsEnabled: yes(),
	}
	s.Connection.Push = localapi.Push{Connected: true, ConnectedSince: ago(50 * time.Minute)}
	s.Devices = localapi.DeviceList{ListState: localapi.ListState{Known: true, At: ago(time.Minute)}, Items: []localapi.Device{
		{ID: "phone", Name: "Pixel 9", Type: "mobile", CanReceiveTabs: true, CanCloseTabs: true, LastAccess: ago(4 * time.Minute), LastSentTo: ago(time.Hour), Location: "Berlin, Germany"},
		{ID: "this", Name: "Workstation", Type: "desktop", This: true, CanReceiveTabs: true, LastAccess: ago(0)},
		{ID: "tablet", Name: "Tablet in the living room with a rather long name that has to be cut", Type: "tablet", CanReceiveTabs: true, LastAccess: ago(26 * time.Hour)},
		{ID: "laptop", Name: "Old laptop", Type: "desktop", CanReceiveTabs: true, CanCloseTabs: true, PushOff: true, LastAccess: ago(21 * 24 * time.Hour)},
		{ID: "tv", Name: "Television", Type: "tv", LastAccess: ago(3 * time.Hour)},
	}}
	s.Clients = localapi.ClientList{ListState: localapi.ListState{Known: true, At: ago(time.Minute)}, Items: []localapi.AttachedClient{
		{ID: "c0", Name: "Tabferry", This: true},
		{ID: "c1", Name: "Mozilla Monitor", LastAccess: ago(9 * 24 * time.Hour)},
		{ID: "c2", LastAccess: ago(2 * time.Hour)},
	}}
	s.Inbox = localapi.Inbox{Total: 7, Unread: 3, Recent: []localapi.InboxEntry{
		{ID: "i1", Kind: localapi.KindTab, From: "Pixel 9", FromID: "phone", Title: "How ferries work", URL: "https://en.wikipedia.org/wiki/Ferry", Host: "en.wikipedia.org", CanOpen: true, At: ago(3 * time.Minute)},
		{ID: "i2", Kind: localapi.KindTab, From: "Pixel 9", FromID: "phone", Title: "The timetable of the harbour line, with every stop and all exceptions on public holidays", URL: "https://harbour.example/timetable?x=1", Host: "harbour.example", CanOpen: true, At: ago(20 * time.Minute)},
		{ID: "i3", Kind: localapi.KindUnreadable, From: "Pixel 9", FromID: "phone", Reason: "It was sealed for another sign-in of this computer", At: ago(40 * time.Minute)},
		{ID: "i4", Kind: localapi.KindTab, From: "Pixel 9", FromID: "phone", Title: "A private thing", URL: "https://private.example/", Host: "private.example", CanOpen: true, Private: true, At: ago(2 * time.Hour), Read: true},
		{ID: "i5", Kind: localapi.KindClose, From: "Old laptop", FromID: "laptop", URLs: []string{"https://news.example/today", "https://weather.example/"}, At: ago(20 * time.Hour), Read: true},
		{ID: "i6", Kind: localapi.KindTab, From: "Old laptop", FromID: "laptop", Title: "Setup file", URL: "file:///etc/hosts", At: ago(21 * time.Hour), Read: true},
		{ID: "i7", Kind: localapi.KindTab, FromID: "gone", URL: "https://example.org/", Host: "example.org", CanOpen: true, At: ago(60 * 24 * time.Hour), Read: true},
	}}
	s.Outbox = localapi.Outbox{Waiting: 2, Recent: []localapi.OutboxEntry{
		{ID: "o1", To: "Pixel 9", ToID: "phone", Title: "Ferry", URL: "https://en.wikipedia.org/wiki/Ferry", State: localapi.SendWaiting, At: ago(2 * time.Second), HeldUntil: now().Add(3 * time.Second)},
		{ID: "o2", To: "Pixel 9", ToID: "phone", Title: "Tide tables", URL: "https://tides.example/", State: localapi.SendAlerted, At: ago(5 * time.Minute)},
		{ID: "o3", To: "Old laptop", ToID: "laptop", Title: "A longer article", URL: "https://long.example/article", State: localapi.SendPushOff, At: ago(30 * time.Minute)},
		{ID: "o4", To: "Tablet", ToID: "tablet", URL: "https://shop.example/cart?item=3", State: localapi.SendWaiting, Reason: "offline", At: ago(time.Hour), NextTry: now().Add(4 * time.Minute), MayBeTwice: true},
		{ID: "o5", To: "Gone", ToID: "gone", Title: "Map", URL: "https://maps.example/", State: localapi.SendFailed, Reason: "the device is gone", At: ago(2 * time.Hour)},
		{ID: "o6", To: "Pixel 9", ToID: "phone", URL: "https://plain.example/x", State: localapi.SendAccepted, At: ago(3 * time.Hour)},
		{ID: "o7", To: "Pixel 9", ToID: "phone", Title: "Close me", URL: "https://close.example/", Close: true, State: localapi.SendAccepted, At: ago(4 * time.Hour)},
	}}
	return s
}

// manyTabs is a sender with many links.
func manyTabs(n int) localapi.Inbox {
	inbox := localapi.Inbox{Total: n + 100, Unread: n}
	for i := range n {
		inbox.Recent = append(inbox.Recent, localapi.InboxEntry{
			ID: fmt.Sprint("m", i), Kind: localapi.KindTab, From: "Pixel 9", FromID: "phone", Title: fmt.Sprint("Page ", i),
			URL: fmt.Sprintf("https://example.org/%d", i), Host: "example.org", CanOpen: true, At: ago(time.Duration(i) * time.Second),
		})
	}
	return inbox
}

func manyLinks(n int) (links []localapi.Link) {
	for i := range n {
		links = append(links, localapi.Link{URL: fmt.Sprintf("https://example.org/%d", i), Title: fmt.Sprint("Page ", i)})
	}
	return links
}

func pairing(state localapi.PairingState, authority bool) localapi.Pairing {
	return localapi.Pairing{
		Authority: authority, State: state, Until: now().Add(4*time.Minute + 7*time.Second), RenewalsLeft: 5,
		Peer: &localapi.PairingPeer{
			Application: "Firefox for Android", Known: true, DeviceName: "Pixel 9", System: "Firefox on Android",
			Place: "Berlin, Germany", Address: "203.0.113.7", Email: "demo@example.com",
		},
	}
}

func with(s localapi.Snapshot, edit func(*localapi.Snapshot)) localapi.Snapshot {
	edit(&s)
	return s
}

// extensions is a state with one of each kind.
func extensions(s *localapi.Snapshot) {
	s.Callers = []localapi.Caller{
		{ID: "firefox:send@tabferry.github.io", Own: true, Decision: localapi.CallerAllowed, Links: 128, LastSent: ago(4 * time.Minute), LastHost: "harbour.example", Inbox: true},
		{ID: "firefox:treestyletab@piro.sakura.ne.jp", Name: "Tree Style Tab", Decision: localapi.CallerAsked, First: ago(time.Minute)},
		{ID: "chromium:abcdefghijklmnopabcdefghijklmnop", Decision: localapi.CallerDenied, Links: 1, LastSent: ago(50 * time.Hour)},
	}
}
