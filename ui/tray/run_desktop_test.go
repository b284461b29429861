//go:build desktop && linux

package tray

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

// childVariable makes the test binary the tray itself, which finds its bus in the environment.
const childVariable = "TABFERRY_TRAY_CHILD"

func init() {
	if os.Getenv(childVariable) != "" {
		os.Exit(trayChild())
	}
}

// trayChild is a tray with a fixed state. What clicks do is printed, a line each.
func trayChild() int {
	say := func(line string) { _, _ = io.WriteString(os.Stdout, line+"\n") } // the parent reads it or is gone
	did := make(chan string, 10)
	go func() {
		for line := range did {
			say(line)
		}
	}()
	snapshot := signedIn(6)
	snapshot.Settings.Language = "en"
	snapshot.Devices.Items[0].Name = "my_phone"
	pipe := localapi.NewPipe()
	agent, _ := localapitest.Start(pipe, slog.New(slog.DiscardHandler)) // it ends with this process
	agent.Set(snapshot)
	for _, method := range []string{"Send", "MarkRead", "Quiet", "Quit", "Refresh"} {
		agent.Script(method, func(c localapitest.Call) (any, error) {
			did <- asked(c)
			if c.Method == "Quit" {
				agent.Set(snapshot, localapi.Event{Kind: localapi.Quitting})
			}
			return nil, nil
		})
	}
	clipboard := &fakeClipboard{text: "https://example.org/copied", changed: make(chan struct{})}
	err := Run(context.Background(), Params{
		Agent: pipe.Client(), Clipboard: clipboard,
		Open: func(_ context.Context, _, link string) error { did <- "open " + link; return nil },
		Show: func(_ context.Context, pane string) error { did <- "show " + pane; return nil },
	})
	if err != nil {
		say("error " + err.Error())
		return 1
	}
	say("ended")
	return 0
}

// watcher is the panel's side: it takes the registration of tray icons.
type watcher struct{ registered chan dbus.Sender }

func (w *watcher) RegisterStatusNotifierItem(_ string, sender dbus.Sender) *dbus.Error {
	w.registered <- sender
	return nil
}

// privateBus starts a bus and returns its address.
func privateBus(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tf") // short: it holds a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	address := "unix:path=" + filepath.Join(dir, "bus")
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--address="+address)
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := daemon.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = daemon.Wait() // says "killed"
	})
	return address
}

// patience guards against hanging alone: a busy machine takes its time.
const patience = time.Minute

func TestTrayOnABus(t *testing.T) {
	address := privateBus(t)
	conn := connect(t, address)
	w := &watcher{registered: make(chan dbus.Sender, 4)}
	if err := conn.Export(w, "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName("org.kde.StatusNotifierWatcher", 0); err != nil {
		t.Fatal(err)
	}

	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childVariable+"=1", "DBUS_SESSION_BUS_ADDRESS="+address)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 10)
	go readLines(output, lines)
	var item dbus.Sender
	select {
	case item = <-w.registered:
	case <-time.After(patience):
		t.Fatal("no tray icon was registered")
	}
	next := func(want string) {
		t.Helper()
		select {
		case got := <-lines:
			if got != want {
				t.Fatalf("the tray did %q, want %q", got, want)
			}
		case <-time.After(patience):
			t.Fatalf("the tray did not do %q", want)
		}
	}

	menu := conn.Object(string(item), "/StatusNotifierItem/menu")
	icon := conn.Object(string(item), "/StatusNotifierItem")
	phone := untilLabel(t, menu, "→ my__phone")
	if got := labels(t, menu); got[0].label != "Send example.org/copied" || got[6].label != "More devices" || len(got[6].below) != 1 {
		t.Errorf("menu %+v", got)
	}
	if id, err := icon.GetProperty("org.kde.StatusNotifierItem.Id"); err != nil || id.Value() != "Tabferry" {
		t.Errorf("id %v, %v", id, err)
	}
	if pixmap, err := icon.GetProperty("org.kde.StatusNotifierItem.IconPixmap"); err != nil || !strings.Contains(pixmap.Signature().String(), "iiay") {
		t.Errorf("pixmap %v, %v", pixmap.Signature(), err)
	}
	click := func(id int32) {
		t.Helper()
		if err := menu.Call("com.canonical.dbusmenu.Event", 0, id, "clicked", dbus.MakeVariant(""), uint32(0)).Err; err != nil {
			t.Fatal(err)
		}
	}
	click(phone)
	next("Send https://example.org/copied to d0")
	click(untilLabel(t, menu, "news1.test · Title 1"))
	next("open https://news1.test/?secret")
	next("MarkRead i1")
	if err := icon.Call("org.kde.StatusNotifierItem.Activate", 0, int32(0), int32(0)).Err; err != nil {
		t.Fatal(err)
	}
	next("show ")
	if err := menu.Call("com.canonical.dbusmenu.Event", 0, int32(0), "opened", dbus.MakeVariant(""), uint32(0)).Err; err != nil {
		t.Fatal(err)
	}
	next("Refresh {looking false}")
	if shape, err := icon.GetProperty("org.kde.StatusNotifierItem.Menu"); err != nil || shape.Value() != menu.Path() {
		t.Errorf("menu at %v, %v", shape, err)
	}
	if err := icon.SetProperty("org.kde.StatusNotifierItem.Title", dbus.MakeVariant("x")); err == nil {
		t.Error("a panel may rename the tray")
	}
	// A panel that begins anew gets the icon again.
	if _, err := conn.ReleaseName("org.kde.StatusNotifierWatcher"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName("org.kde.StatusNotifierWatcher", 0); err != nil {
		t.Fatal(err)
	}
	select {
	case again := <-w.registered:
		if again != item {
			t.Errorf("%s registered, before %s", again, item)
		}
	case <-time.After(patience):
		t.Fatal("no tray icon for the new panel")
	}
	// Quit may end the program before its answer is on the bus; panels do not wait for one.
	var refused dbus.Error
	quit := menu.Call("com.canonical.dbusmenu.Event", 0, untilLabel(t, menu, "Quit"), "clicked", dbus.MakeVariant(""), uint32(0)).Err
	if quit != nil && (!errors.As(quit, &refused) || refused.Name != "org.freedesktop.DBus.Error.NoReply") {
		t.Fatal(quit)
	}
	next("Quit")
	next("ended")
	if err := child.Wait(); err != nil {
		t.Errorf("the tray ended with %v", err)
	}
}

func connect(t *testing.T, address string) *dbus.Conn {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		conn, err := dbus.Connect(address)
		if err == nil {
			t.Cleanup(func() {
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
			})
			return conn
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func readLines(r io.Reader, lines chan<- string) {
	defer close(lines)
	text := make([]byte, 4096)
	rest := ""
	for {
		n, err := r.Read(text)
		rest += string(text[:n])
		for {
			line, after, found := strings.Cut(rest, "\n")
			if !found {
				break
			}
			rest = after
			lines <- line
		}
		if err != nil {
			return
		}
	}
}

type line struct {
	id    int32
	label string
	below []line
}

// layout is a node of com.canonical.dbusmenu's GetLayout.
type layout struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

// labels reads the menu as a panel does.
func labels(t *testing.T, menu dbus.BusObject) []line {
	t.Helper()
	var revision uint32
	var root layout
	for range 2 { // the first answer has one level only
		if err := menu.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root); err != nil {
			t.Fatal(err)
		}
	}
	return children(t, root)
}

func children(t *testing.T, node layout) []line {
	t.Helper()
	var all []line
	for _, c := range node.Children {
		var child layout
		if err := dbus.Store([]any{c.Value()}, &child); err != nil {
			t.Fatal(err)
		}
		label, _ := child.Properties["label"].Value().(string)
		all = append(all, line{child.ID, label, children(t, child)})
	}
	return all
}

// untilLabel waits for a line and gives its id.
func untilLabel(t *testing.T, menu dbus.BusObject, label string) int32 {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		all := labels(t, menu)
		for _, l := range all {
			for _, each := range append(l.below, l) {
				if each.label == label {
					return each.id
				}
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no line %q in %+v", label, all)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
