//go:build desktop && !windows && !darwin

package notify

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

// privateBus starts a session bus for one test.
func privateBus(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tf") // short: it holds a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	address := "unix:path=" + filepath.Join(dir, "bus")
	cmd := exec.Command("dbus-daemon", "--session", "--nofork", "--address="+address)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // says "killed"
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	deadline := time.Now().Add(patience)
	for {
		conn, err := dbus.Connect(address)
		if err == nil {
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
			return address
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// server is a notification server as the specification describes it.
type server struct {
	conn   *dbus.Conn
	able   []string
	calls  chan call
	closed chan uint32
	next   uint32
}

type call struct {
	ID, Replaces  uint32
	App, Icon     string
	Summary, Body string
	Actions       []string
	Hints         map[string]dbus.Variant
	Expire        int32
}

func serve(t *testing.T, address string, able ...string) *server {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &server{conn: conn, able: able, calls: make(chan call, 16), closed: make(chan uint32, 16)}
	if err := conn.Export(s, busPath, busName); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(busName, dbus.NameFlagReplaceExisting|dbus.NameFlagAllowReplacement); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *server) GetCapabilities() ([]string, *dbus.Error) { return s.able, nil }

func (s *server) Notify(app string, replaces uint32, icon, summary, body string, actions []string, hints map[string]dbus.Variant, expire int32) (uint32, *dbus.Error) {
	id := replaces
	if id == 0 {
		s.next++
		id = s.next
	}
	s.calls <- call{id, replaces, app, icon, summary, body, actions, hints, expire}
	return id, nil
}

func (s *server) emit(t *testing.T, name string, values ...any) {
	t.Helper()
	if err := s.conn.Emit(busPath, busName+"."+name, values...); err != nil {
		t.Fatal(err)
	}
}

func (s *server) shown(t *testing.T) call {
	t.Helper()
	select {
	case c := <-s.calls:
		return c
	case <-time.After(patience):
		t.Fatal("no notification came")
		return call{}
	}
}

func onBus(t *testing.T, address string) *busBackend {
	t.Helper()
	b := newBusBackend(t.Context(), "Tabferry", "io.example.App", "file:///icon.png", func(context.Context) (*dbus.Conn, error) {
		return dbus.Connect(address)
	})
	return b
}

func closeBackend(t *testing.T, b *busBackend) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func response(t *testing.T, b *busBackend) Response {
	t.Helper()
	select {
	case r := <-b.Responses():
		return r
	case <-time.After(patience):
		t.Fatal("no response came")
		return Response{}
	}
}

func TestBusCarriesEverything(t *testing.T) {
	address := privateBus(t)
	s := serve(t, address, "actions", "body", "body-markup")
	b := onBus(t, address)
	defer closeBackend(t, b)
	if !b.Clicks(t.Context()) {
		t.Error("actions are announced, clicks are not expected")
	}
	n := Notification{
		Serial: 7, Slot: "tabs", Kind: KindTabs, Title: "a <b> & c", Body: "x <b>y</b> & z", Default: "Open",
		Buttons: []Button{{ActionOpen, "Open"}, {ActionLater, "Later"}},
	}
	if err := b.Show(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	c := s.shown(t)
	if c.App != "Tabferry" || c.Replaces != 0 || c.Expire != -1 {
		t.Errorf("call %+v", c)
	}
	if c.Summary != "a <b> & c" || c.Body != "x &lt;b&gt;y&lt;/b&gt; &amp; z" {
		t.Errorf("texts %q, %q", c.Summary, c.Body)
	}
	if !slices.Equal(c.Actions, []string{"default", "Open", "open.7", "Open", "later.7", "Later"}) {
		t.Errorf("actions %q", c.Actions)
	}
	if c.Hints["desktop-entry"].Value() != "io.example.App" {
		t.Errorf("desktop-entry %v", c.Hints["desktop-entry"])
	}
	if _, pixels := c.Hints["image-data"]; pixels || c.Hints["image-path"].Value() != "file:///icon.png" {
		t.Errorf("image-path %v, pixels %v", c.Hints["image-path"], pixels)
	}

	// The same slot replaces; a click on the text before it is not taken for the new one.
	n.Serial, n.Stays = 8, true
	if err := b.Show(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if second := s.shown(t); second.Replaces != c.ID || second.Expire != 0 {
		t.Errorf("replaces %d, want %d; ends after %d, want never", second.Replaces, c.ID, second.Expire)
	}
	s.emit(t, "ActionInvoked", uint32(99), "default")
	s.emit(t, "ActionInvoked", c.ID, "open.7")
	s.emit(t, "ActionInvoked", c.ID, "open.8")
	if r := response(t, b); r != (Response{8, ActionOpen}) {
		t.Errorf("response %+v", r)
	}
	s.emit(t, "NotificationClosed", c.ID, uint32(2))
	if r := response(t, b); r != (Response{Serial: 8}) {
		t.Errorf("response %+v", r)
	}

	// Closed: nothing to replace any more.
	n.Serial, n.Kind, n.Slot = 9, KindDevice, "device"
	if err := b.Show(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if third := s.shown(t); third.Replaces != 0 || third.Hints["category"].Value() != "device.added" {
		t.Errorf("third %+v", third)
	}
}

func TestBusServerWithoutActionsOrMarkup(t *testing.T) {
	address := privateBus(t)
	s := serve(t, address, "body")
	b := onBus(t, address)
	defer closeBackend(t, b)
	if b.Clicks(t.Context()) {
		t.Error("no actions are announced, clicks are expected")
	}
	if err := b.Show(t.Context(), Notification{Serial: 1, Slot: "x", Body: "a & b", Buttons: []Button{{ActionOpen, "Open"}}}); err != nil {
		t.Fatal(err)
	}
	if c := s.shown(t); c.Body != "a & b" || len(c.Actions) != 0 {
		t.Errorf("call %+v", c)
	}
	// Another server takes over: its own capabilities count, and nothing old is replaced there.
	t2 := serve(t, address, "actions", "body-markup")
	if r := response(t, b); r != (Response{Serial: 1}) {
		t.Errorf("response %+v", r)
	}
	if !b.Clicks(t.Context()) {
		t.Error("the new server's capabilities were not asked")
	}
	if err := b.Show(t.Context(), Notification{Serial: 2, Slot: "x", Body: "a & b"}); err != nil {
		t.Fatal(err)
	}
	if c := t2.shown(t); c.Body != "a &amp; b" || c.Replaces != 0 {
		t.Errorf("call %+v", c)
	}
}

func TestBusWithoutAServer(t *testing.T) {
	b := onBus(t, privateBus(t))
	defer closeBackend(t, b)
	if b.Clicks(t.Context()) {
		t.Error("clicks without a server")
	}
	if err := b.Show(t.Context(), Notification{Serial: 1}); err == nil || !strings.Contains(err.Error(), "notification server") {
		t.Errorf("err = %v", err)
	}
}

func TestBusThatHangsAfterARestart(t *testing.T) {
	addresses := make(chan string, 2)
	addresses <- privateBus(t)
	hung, _ := hungBus(t)
	addresses <- hung
	b := newBusBackend(t.Context(), "Tabferry", "io.example.App", "file:///icon.png", func(ctx context.Context) (*dbus.Conn, error) {
		return dbus.Connect(<-addresses, dbus.WithContext(ctx))
	})
	conn, err := b.connected(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	wantsNothingOf(t, patience, b)
}

// TestNotifierOnABus is the whole way: event, notification, click, link.
func TestNotifierOnABus(t *testing.T) {
	address := privateBus(t)
	s := serve(t, address, "actions", "body", "body-markup")
	agent, client := localapitest.New(t)
	opened := make(chan string, 1)
	n, err := New(Params{
		Agent: client, Backend: onBus(t, address), Words: english,
		Open: func(_ context.Context, _, link string) error { opened <- link; return nil },
		Copy: func(context.Context, string) error { return nil },
		Show: func(context.Context, string) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	for agent.Watching(localapi.FaceNotify) == 0 {
		time.Sleep(time.Millisecond)
	}
	u := received(tab("1", "Pixel <9>", "example.org", "<script>"))
	agent.Set(u.Snapshot, u.Events...)
	c := s.shown(t)
	if c.Summary != "Tab from Pixel <9>" || c.Body != "example.org\n&lt;script&gt;" {
		t.Errorf("call %+v", c)
	}
	s.emit(t, "ActionInvoked", c.ID, "default")
	select {
	case link := <-opened:
		if link != "https://example.org/path?secret=1" {
			t.Errorf("opened %q", link)
		}
	case <-time.After(patience):
		t.Fatal("nothing was opened")
	}
	var asked []string
	for deadline := time.Now().Add(patience); len(asked) == 0 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		asked = agent.Log()
	}
	if !slices.Equal(asked, []string{"MarkRead 1"}) {
		t.Errorf("asked the agent %q", asked)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// CloseNotification is what taking one back calls.
func (s *server) CloseNotification(id uint32) *dbus.Error {
	s.closed <- id
	return nil
}

// What is taken back is closed at the server, once.
func TestBusWithdraws(t *testing.T) {
	address := privateBus(t)
	s := serve(t, address, "actions")
	b := onBus(t, address)
	defer b.Close()
	if err := b.Show(t.Context(), Notification{Serial: 1, Slot: "tabs", Title: "A"}); err != nil {
		t.Fatal(err)
	}
	c := s.shown(t)
	for range 2 {
		for _, slot := range []string{"tabs", "another"} {
			if err := b.Withdraw(t.Context(), slot); err != nil {
				t.Error(err)
			}
		}
	}
	if id := <-s.closed; id != c.ID || len(s.closed) != 0 {
		t.Errorf("closed %d, and %d more", id, len(s.closed))
	}
}

// TestServerThatComesLate is a login: the tab was there before the notification server.
func TestServerThatComesLate(t *testing.T) {
	address := privateBus(t)
	b := onBus(t, address)
	defer closeBackend(t, b)
	if err := b.Show(t.Context(), Notification{Serial: 1, Slot: "tabs"}); err == nil {
		t.Fatal("shown by nobody")
	}
	s := serve(t, address)
	select {
	case <-b.Ready():
	case <-time.After(patience):
		t.Fatal("nobody said that a server came")
	}
	if err := b.Show(t.Context(), Notification{Serial: 2, Slot: "tabs", Title: "late"}); err != nil {
		t.Fatal(err)
	}
	if got := s.shown(t); got.Summary != "late" {
		t.Errorf("%+v", got)
	}
}

// slow is a server whose answers wait.
type slow struct {
	*server
	able, note chan struct{}
}

func (s slow) GetCapabilities() ([]string, *dbus.Error) {
	<-s.able
	return s.server.GetCapabilities()
}

func (s slow) Notify(app string, replaces uint32, icon, summary, body string, actions []string, hints map[string]dbus.Variant, expire int32) (uint32, *dbus.Error) {
	<-s.note
	return s.server.Notify(app, replaces, icon, summary, body, actions, hints, expire)
}

// TestServerThatHangs: nobody waits for it twice, and what it missed is shown when it answers again.
func TestServerThatHangs(t *testing.T) {
	address := privateBus(t)
	s := slow{serve(t, address), make(chan struct{}), make(chan struct{})}
	if err := s.conn.Export(s, busPath, busName); err != nil {
		t.Fatal(err)
	}
	b := onBus(t, address)
	defer closeBackend(t, b)
	if _, err := b.connected(t.Context()); err != nil { // what hangs below is the server, not the bus
		t.Fatal(err)
	}
	show := func(d time.Duration, serial uint64) error {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		return b.Show(ctx, Notification{Serial: serial, Slot: "tabs"})
	}
	for _, answers := range []chan struct{}{s.able, s.note} {
		if err := show(300*time.Millisecond, 1); err == nil {
			t.Fatal("shown by a server that hangs")
		}
		within(t, callTime, "the second", func() { // which would be the wait for an answer
			if err := show(patience, 2); err == nil {
				t.Error("shown by a server that hangs")
			}
		})
		close(answers)
		select {
		case <-b.Ready():
		case <-time.After(patience):
			t.Fatal("nobody said that it answers again")
		}
	}
	if err := show(patience, 3); err != nil {
		t.Fatal(err)
	}
	if late, now := s.shown(t), s.shown(t); late.Replaces != 0 || now.Replaces != late.ID {
		t.Errorf("the late one %d, then one in place of %d", late.ID, now.Replaces)
	}
}

// A server finds the picture in a file, or by its name where there can be none.
func TestThePictureIsFoundByItsServer(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "50% full")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	hint := placePicture(folder, "io.example.App", []byte("PNG"))
	address, err := url.Parse(hint)
	if err != nil || address.Scheme != "file" {
		t.Fatal(hint, err)
	}
	if picture, err := os.ReadFile(address.Path); err != nil || string(picture) != "PNG" {
		t.Errorf("%s holds %q, %v", hint, picture, err)
	}
	if hint := placePicture(filepath.Join(folder, "none"), "io.example.App", nil); hint != "io.example.App" {
		t.Errorf("without a folder %s", hint)
	}
}
