package agent_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// origin is one that the service lets in at /metrics-flow.
const origin = "http://localhost:8000"

// counting registers an origin, without which the statistics are told nothing.
func counting(p *agent.Params) { p.Service.Origin = origin }

// allow answers the question about usage data.
func (s *station) allow(yes bool) {
	s.t.Helper()
	settings := s.snapshot().Settings
	settings.UsageData = yes
	if err := s.face.SetSettings(s.t.Context(), settings); err != nil {
		s.t.Fatal(err)
	}
}

// phone is another device of the person, which sees the ids in what it is sent.
type phone struct {
	t    testing.TB
	acct *account.Account
	id   string
}

func (w *world) phone() *phone { return w.peer("Phone") }

// peer is phone with another name.
func (w *world) peer(name string) *phone {
	w.t.Helper()
	tr := w.svc.Transport()
	w.t.Cleanup(tr.CloseIdleConnections)
	a, err := account.New(account.Config{
		Server: account.CustomServer(w.svc.URL()), ClientID: accounttest.ReferenceClientID, RedirectURI: agent.DefaultRedirectURI,
	}, account.WithTransport(tr))
	if err != nil {
		w.t.Fatal(err)
	}
	page, err := a.BeginOAuthFlow(w.t.Context(), []string{account.ScopeProfile, account.ScopeOldSync}, "")
	if err != nil {
		w.t.Fatal(err)
	}
	redirect, err := w.svc.Approve(page, w.acct)
	if err != nil {
		w.t.Fatal(err)
	}
	code, state := between(redirect, "code="), between(redirect, "state=")
	if err := a.CompleteOAuthFlow(w.t.Context(), code, state); err != nil {
		w.t.Fatal(err)
	}
	if _, err := a.InitializeDevice(w.t.Context(), name, account.DeviceMobile, []account.Capability{account.CapabilitySendTab}); err != nil {
		w.t.Fatal(err)
	}
	id, err := a.CurrentDeviceID()
	if err != nil {
		w.t.Fatal(err)
	}
	return &phone{w.t, a, id}
}

// listed waits until a device is in the list.
func (s *station) listed(name string) (d localapi.Device) {
	s.t.Helper()
	s.await(name, func(snap localapi.Snapshot) bool {
		for _, d = range snap.Devices.Items {
			if d.Name == name {
				return true
			}
		}
		return false
	})
	return d
}

// between is the value of a parameter.
func between(address, name string) string {
	_, rest, _ := strings.Cut(address, name)
	value, _, _ := strings.Cut(rest, "&")
	return value
}

// next waits for a tab and returns its ids.
func (p *phone) next() string {
	p.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		got, err := p.acct.PollCommands(p.t.Context())
		if err != nil {
			p.t.Fatal(err)
		}
		if len(got) > 0 {
			payload := got[0].(*account.TabReceived).Payload
			return payload.FlowID + payload.StreamID
		}
	}
	p.t.Fatal("the phone waits for a tab")
	return ""
}

// traces are what usage data looks like in a request.
var traces = regexp.MustCompile(`metrics-flow|flow_id|flow_begin_time|device_id=|entrypoint|utm_|telemetry|flowID|streamID`)

// TestUsageDataOverASession looks through every request of a whole session, and every address that is
// handed to a browser, for usage data: there is none unless the person and the account allow it.
func TestUsageDataOverASession(t *testing.T) {
	for name, c := range map[string]struct {
		allowed, enabled bool // by the person here, by the account
		flows            int
		open             bool
	}{
		"nobody was asked":    {false, true, 0, false},
		"the account says no": {true, false, 1, false}, // nothing is known of the account when it signs in
		"both say yes":        {true, true, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.acct.SetMetrics(c.enabled)
				desk := w.station("Desk", w.inBubble, counting).run()
				if c.allowed {
					desk.allow(true)
				}
				var addresses []string
				pageOf := func(address string, err error) string {
					if err != nil {
						t.Fatal(err)
					}
					addresses = append(addresses, address)
					return address
				}
				if err := desk.face.SignInShown(t.Context(), localapi.FormEmail); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				if n := len(w.svc.Flows()); n != c.flows {
					t.Fatalf("%d flows", n)
				}
				signIn, err := desk.face.BeginSignIn(t.Context(), "")
				page := pageOf(signIn.URL, err)
				if c.flows == 1 {
					q := "&entrypoint=tabferry&flow_id=" + w.svc.Flows()[0].ID
					if !strings.Contains(page, q) || !strings.Contains(page, "&utm_source=tabferry&utm_campaign=signin&") {
						t.Errorf("the page is %s", page)
					}
					addresses = nil // what belongs to nobody yet may be there
				}
				redirect, err := w.svc.Approve(page, w.acct)
				if err != nil {
					t.Fatal(err)
				}
				if err := desk.face.CompleteSignIn(t.Context(), redirect); err != nil {
					t.Fatal(err)
				}
				desk.await("being signed in", settled)
				if c.flows == 1 {
					if f := w.svc.Flows()[0]; f.Authorized != w.acct.UID() || f.Query.Get("form_type") != "email" {
						t.Errorf("the flow is %+v", f)
					}
					w.svc.ForgetRequests()
				}

				phone := w.phone()
				desk.send(desk.listed("Phone"), "https://example.com/a", "A")
				if ids := phone.next(); (ids != "") != c.open {
					t.Errorf("sent with the ids %q", ids)
				}
				if _, err := phone.acct.SendTab(t.Context(), desk.snapshot().Account.DeviceID, "B", "https://example.com/b"); err != nil {
					t.Fatal(err)
				}
				desk.await("the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
				for _, p := range []localapi.Page{localapi.PageManageAccount, localapi.PageManageDevices, localapi.PagePairPhone, localapi.PageConnectAnother} {
					pageOf(desk.face.PageURL(t.Context(), p))
				}
				if err := desk.face.DisconnectDevice(t.Context(), phone.id); err != nil {
					t.Fatal(err)
				}
				if err := desk.face.SignOut(t.Context(), false); err != nil {
					t.Fatal(err)
				}
				if desk.snapshot().Settings.UsageData {
					t.Error("the yes of who has left is kept for the next")
				}
				desk.again()
				if desk.await("the restart", func(s localapi.Snapshot) bool { return !s.Storage.Locked }).Settings.UsageData {
					t.Error("and comes back with a restart")
				}

				text := strings.Join(addresses, "\n")
				for _, r := range w.svc.Requests() {
					text += fmt.Sprintf("\n%s %s %v %s", r.Method, r.Path, r.Header, r.Body)
				}
				if found := traces.FindAllString(text, -1); (len(found) != 0) != c.open {
					t.Errorf("the session shows %q", found)
				}
			})
		})
	}
}

// TestUsageDataEnds: it ends with the account's no and with the person's, and a no of the account is
// remembered for whoever is at the sign-in next.
func TestUsageDataEnds(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk", counting).run().signIn()
	phone := w.phone()
	to := desk.listed("Phone")
	sent := func(open bool) {
		t.Helper()
		desk.send(to, "https://example.com/", "")
		if ids := phone.next(); (ids != "") != open {
			t.Errorf("sent with the ids %q", ids)
		}
	}
	sent(false)
	desk.allow(true)
	sent(true)
	desk.allow(false)
	sent(false)
	desk.allow(true)
	sent(true)
	w.acct.SetMetrics(false)
	desk.await("the account's no", func(s localapi.Snapshot) bool { return s.Account.MetricsEnabled != nil && !*s.Account.MetricsEnabled })
	sent(false)
	if !strings.Contains(desk.log.text(), "usage data is switched off") || !strings.Contains(desk.log.text(), "no account allows usage data now") {
		t.Errorf("the log does not say so:\n%s", desk.log.text())
	}

	if err := desk.face.SignOut(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	desk.allow(true)
	if err := desk.face.SignInShown(t.Context(), localapi.FormButton); err != nil {
		t.Fatal(err)
	}
	desk.signIn()
	if len(w.svc.Flows()) != 0 || w.count("GET /metrics-flow") != 0 {
		t.Errorf("after a no, the flows are %+v", w.svc.Flows())
	}
	if !desk.snapshot().Settings.UsageData {
		t.Error("the sign-in took the yes of before it back")
	}
	// Signed out from elsewhere, the yes ends as well.
	if !w.acct.DeleteDevice(desk.snapshot().Account.DeviceID) {
		t.Fatal("no such device")
	}
	desk.await("the end of the yes", func(s localapi.Snapshot) bool {
		return s.Account.State == localapi.SignedOut && !s.Settings.UsageData
	})
}

// TestFlowsOfASignIn: each view is a flow of its own, used once and for two hours, given up when the
// answer is late, and none where nobody registered an origin. The button waits for none of it.
func TestFlowsOfASignIn(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble, counting).run()
		desk.allow(true)
		begin := func() (flow string) {
			t.Helper()
			before := time.Now()
			page, err := desk.face.BeginSignIn(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			if d := time.Since(before); d > 500*time.Millisecond {
				t.Errorf("the sign-in waited for %v", d)
			}
			return between(page.URL, "&flow_id=")
		}
		show := func() {
			t.Helper()
			if err := desk.face.SignInShown(t.Context(), localapi.FormButton); err != nil {
				t.Fatal(err)
			}
		}
		if begin() != "" {
			t.Error("a flow without a view: the command line has none")
		}
		show()
		time.Sleep(time.Second)
		first := begin()
		if first == "" || begin() != "" {
			t.Errorf("the flow %q, or it was used twice", first)
		}
		show()
		time.Sleep(time.Second)
		show()
		time.Sleep(time.Second)
		if second := begin(); second == "" || second == first || len(w.svc.Flows()) != 3 {
			t.Errorf("the second flow is %q, of %d", second, len(w.svc.Flows()))
		}
		show()
		time.Sleep(2 * time.Hour)
		if begin() != "" {
			t.Error("a flow of two hours ago")
		}
		show()
		time.Sleep(time.Second)
		desk.allow(false)
		if desk.allow(true); begin() != "" {
			t.Error("a flow of before the no")
		}
		// A slow server holds nobody up, and asking for silence about statistics is no wait for others.
		w.svc.Faults.Next("GET /metrics-flow", 0, accounttest.Delay(time.Minute))
		show()
		time.Sleep(time.Second)
		if begin() != "" {
			t.Error("a flow out of nowhere")
		}
		time.Sleep(time.Minute)
		w.svc.ForgetRequests()
		w.svc.Faults.Next("GET /metrics-flow", http.StatusTooManyRequests, accounttest.RetryAfter(600))
		show()
		time.Sleep(time.Second)
		begin()
		if s := desk.snapshot().Connection; !s.BackoffUntil.IsZero() || s.Problem != "" {
			t.Errorf("the connection is %+v", s)
		}
		w.svc.ForgetRequests()
		show()
		time.Sleep(time.Second)
		if n := w.count("GET /metrics-flow"); n != 0 {
			t.Errorf("%d requests against its wish", n)
		}
		settings := desk.snapshot().Settings
		settings.Entrypoint, settings.UTMSource, settings.UTMCampaign = "fleet:1", "handbook", "2026/11"
		if err := desk.face.SetSettings(t.Context(), settings); err != nil {
			t.Fatal(err)
		}
		lap := w.station("Laptop", w.inBubble).run()
		lap.allow(true)
		if err := lap.face.SignInShown(t.Context(), localapi.FormEmail); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if n := w.count("GET /metrics-flow"); n != 0 {
			t.Errorf("%d requests without an origin", n)
		}
		for name, edit := range map[string]func(*localapi.Settings){
			"an origin with a path": func(s *localapi.Settings) { s.MetricsOrigin = "https://example.com/x" },
			"a plain origin":        func(s *localapi.Settings) { s.MetricsOrigin = "http://example.com" },
			"words":                 func(s *localapi.Settings) { s.Entrypoint = "from here" },
			"a campaign in Greek":   func(s *localapi.Settings) { s.UTMCampaign = "δ" },
		} {
			s := lap.snapshot().Settings
			if edit(&s); code(lap.face.SetSettings(t.Context(), s)) != localapi.CodeUsage {
				t.Errorf("%s is taken", name)
			}
		}
		s := lap.snapshot().Settings
		s.MetricsOrigin, s.Entrypoint, s.UTMSource, s.UTMCampaign = origin, "fleet:1", "handbook", "2026/11"
		if err := lap.face.SetSettings(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if err := lap.face.SignInShown(t.Context(), localapi.FormEmail); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		flows := w.svc.Flows()
		if q := flows[len(flows)-1].Query.Encode(); q != "entrypoint=fleet%3A1&form_type=email&utm_campaign=2026%2F11&utm_source=handbook" {
			t.Errorf("asked with %s", q)
		}
	})
}

// moved answers for the picture with a redirect to another server, and keeps what it was asked with.
type moved struct {
	next   http.RoundTripper
	target string
}

func (m moved) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.Contains(r.URL.Path, "avatar") && !strings.Contains(r.URL.Path, "/a/") || strings.HasPrefix(r.URL.String(), m.target) {
		return m.next.RoundTrip(r)
	}
	return &http.Response{
		StatusCode: http.StatusFound, Header: http.Header{"Location": {m.target + "/picture"}}, Body: http.NoBody, Request: r,
	}, nil
}

// TestAvatarTellsNobody: the server of the picture, and whoever it sends us on to, learn that somebody
// fetches it and no more.
func TestAvatarTellsNobody(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	var asked []http.Header
	elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header)
		_, _ = rw.Write(picture.Bytes())
	}))
	defer elsewhere.Close()
	w := newWorld(t)
	tr := transport(t)
	desk := w.station("Desk", func(p *agent.Params) { p.Transport, p.PushTransport = moved{tr, elsewhere.URL}, tr }).run().signIn()
	w.acct.SetAvatar(picture.Bytes())
	desk.await("the picture", func(s localapi.Snapshot) bool { return s.Account.HasAvatar })
	if got, err := desk.face.Avatar(t.Context()); err != nil || !bytes.Equal(got, picture.Bytes()) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if len(asked) != 1 {
		t.Fatalf("asked %d times", len(asked))
	}
	for name, values := range asked[0] {
		if name != "User-Agent" && name != "Accept-Encoding" || strings.Contains(strings.Join(values, " "), "someone") {
			t.Errorf("it is told %s: %v", name, values)
		}
	}
}

// hosts notes whom we ask.
type hosts struct {
	next http.RoundTripper
	mu   sync.Mutex
	all  map[string]bool
}

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	if h.all == nil {
		h.all = map[string]bool{}
	}
	h.all[r.URL.Host] = true
	h.mu.Unlock()
	return h.next.RoundTrip(r)
}

// TestNothingPersonalIsLeftBehind goes through a session with its mishaps and looks for the person in the
// log, in what diagnostics tell, and in the names by which we introduce ourselves. Nobody is asked but the
// servers that the person chose.
func TestNothingPersonalIsLeftBehind(t *testing.T) {
	w := newWorld(t)
	w.acct.SetDisplayName("Somebody Personal")
	var wire line
	var asked hosts
	desk := w.station("Desk", online(t, &wire), counting, func(p *agent.Params) {
		asked.next = p.Transport
		p.Transport, p.PushTransport = &asked, &asked
		p.LastCrash = func() string { return "panic: profile of someone@example.com\n\ngoroutine 1 [running]:\nmain.go:1" }
	}).run()
	desk.allow(true)
	if err := desk.face.SignInShown(t.Context(), localapi.FormEmail); err != nil {
		t.Fatal(err)
	}
	if err := desk.face.CompleteSignIn(t.Context(), agent.DefaultRedirectURI+"?code=c0de&state=5tate"); err == nil {
		t.Error("an invented answer signed somebody in")
	}
	if _, err := desk.face.BeginSignIn(t.Context(), "someone@example.com"); err != nil {
		t.Fatal(err)
	}
	desk.signIn()
	w.acct.SetAvatar([]byte("no picture"))
	desk.await("the picture", func(s localapi.Snapshot) bool { return s.Account.HasAvatar })
	if _, err := desk.face.Avatar(t.Context()); err == nil {
		t.Error("no picture was taken for one")
	}
	phone := w.phone()
	to := desk.listed("Phone")
	if _, err := phone.acct.SendTab(t.Context(), desk.snapshot().Account.DeviceID, "A private title", "https://private.example/path"); err != nil {
		t.Fatal(err)
	}
	desk.await("the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
	wire.pull(true)
	desk.send(to, "https://private.example/other", "A private title")
	desk.await("being offline", func(s localapi.Snapshot) bool { return !s.Connection.Online })
	if _, err := desk.face.PageURL(t.Context(), localapi.PageManageAccount); err != nil {
		t.Error(err)
	}
	wire.pull(false)
	w.svc.Faults.Next(invoke, http.StatusInternalServerError)
	if err := desk.face.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	diagnostics, err := desk.face.Diagnostics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.acct.ChangePassword()
	desk.await("the end of the sign-in", func(s localapi.Snapshot) bool { return s.Account.State == localapi.NeedsSignIn })
	if err := desk.face.SignOut(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	asked.mu.Lock()
	for host := range asked.all { // the accounts, the push and the pairing server, and nobody else
		if !strings.Contains(w.svc.URL()+w.svc.PushURL()+w.svc.PairingURL(), host) {
			t.Errorf("%s was asked", host)
		}
	}
	asked.mu.Unlock()
	agents := ""
	for _, r := range w.svc.Requests() {
		agents += r.Header.Get("User-Agent") + "\n"
		if r.Header.Get("Referer") != "" {
			t.Errorf("%s says where it comes from", r.Route)
		}
	}
	for where, text := range map[string]string{"the log": desk.log.text(), "diagnostics": diagnostics, "the user agents": agents} {
		if strings.TrimSpace(text) == "" {
			t.Errorf("%s: empty", where)
		}
		for _, personal := range []string{
			"someone", "example.com", "Somebody", "Personal", w.acct.UID(), "/a/", "avatar/", "private", to.ID, phone.id, "c0de", "5tate", "flow_id",
		} {
			if strings.Contains(text, personal) {
				t.Errorf("%s: holds %q", where, personal)
			}
		}
	}
}
