//go:build desktop && linux

package atspi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/ui/reader"
	"github.com/tabferry/tabferry/ui/reader/atspi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long anything may take on a busy machine.
const patience = time.Minute

// startBus runs a private bus for the test and gives its address.
func startBus(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tf") // short: it holds a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address", "--address=unix:path="+filepath.Join(dir, "bus"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("dbus-daemon is needed: %v", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Kill(), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // reports the kill
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func dial(t *testing.T, address string) *dbus.Conn {
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
	return conn
}

// desk is a bus with a launcher and a registry of our own, both on the same bus, and a screen.
type desk struct {
	t       *testing.T
	address string
	status  *prop.Properties
	client  *dbus.Conn // the registry's and the screen reader's
	program chan string
	events  chan *dbus.Signal
	screen  *screen
}

type reference struct {
	Bus  string
	Path dbus.ObjectPath
}

func newDesk(t *testing.T, listening bool) *desk {
	d := &desk{
		t: t, address: startBus(t), program: make(chan string, 4), events: make(chan *dbus.Signal, 100),
		screen: &screen{deeds: make(chan func(), 4)},
	}
	d.screen.show(plain())
	d.client = dial(t, d.address)
	launcher := d.client
	if err := launcher.ExportMethodTable(map[string]any{
		"GetAddress": func() (string, *dbus.Error) { return d.address, nil },
	}, "/org/a11y/bus", "org.a11y.Bus"); err != nil {
		t.Fatal(err)
	}
	var err error
	d.status, err = prop.Export(launcher, "/org/a11y/bus", prop.Map{"org.a11y.Status": {
		"IsEnabled": {Value: listening, Emit: prop.EmitTrue}, "ScreenReaderEnabled": {Value: false, Emit: prop.EmitTrue},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := launcher.ExportMethodTable(map[string]any{
		"Embed": func(plug reference) (reference, *dbus.Error) {
			d.program <- plug.Bus
			return reference{d.client.Names()[0], "/org/a11y/atspi/accessible/root"}, nil
		},
	}, "/org/a11y/atspi/accessible/root", "org.a11y.atspi.Socket"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"org.a11y.Bus", "org.a11y.atspi.Registry"} {
		if _, err := launcher.RequestName(name, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"Object", "Window"} {
		if err := d.client.AddMatchSignal(dbus.WithMatchInterface("org.a11y.atspi.Event." + kind)); err != nil {
			t.Fatal(err)
		}
	}
	d.client.Signal(d.events)
	return d
}

// serve tells of the screen until the test ends.
func (d *desk) serve() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- atspi.Serve(ctx, atspi.Params{
			Connect: func(ctx context.Context) (*dbus.Conn, error) { return dbus.Connect(d.address, dbus.WithContext(ctx)) },
			Screen:  d.screen, Name: "Tabferry", Version: "1", Logger: slog.New(slog.DiscardHandler),
		})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				d.t.Errorf("serving: %v", err)
			}
		case <-time.After(patience):
			d.t.Error("serving does not end")
		}
	})
	d.t.Cleanup(stop)
	return stop
}

// registered waits for the program and returns its name on the bus.
func (d *desk) registered() string {
	d.t.Helper()
	select {
	case name := <-d.program:
		return name
	case <-time.After(patience):
		d.t.Fatal("the program does not register")
	}
	return ""
}

// until waits for an event and returns what it carries.
func (d *desk) until(event string) []any {
	d.t.Helper()
	late := time.After(patience)
	var seen []string
	for {
		select {
		case s := <-d.events:
			if len(s.Body) < 5 {
				continue // of the bus itself
			}
			words := fmt.Sprint(strings.TrimPrefix(s.Name, "org.a11y.atspi.Event."), ":", s.Body[0], " ", s.Path[strings.LastIndex(string(s.Path), "/")+1:], " ", s.Body[1])
			if words == event {
				return s.Body
			}
			seen = append(seen, words)
		case <-late:
			d.t.Fatalf("no %q in %q", event, seen)
		}
	}
}

// screen is what the test puts there.
type screen struct {
	now   atomic.Pointer[reader.Node]
	looks atomic.Int32
	deeds chan func()
}

func (s *screen) show(root *reader.Node) { s.now.Store(root) }

func (s *screen) Look(context.Context) (*reader.Node, error) {
	s.looks.Add(1)
	return s.now.Load(), nil
}

func (s *screen) Do(deed func()) { s.deeds <- deed }

// run runs the next deed.
func (s *screen) run(t *testing.T) {
	t.Helper()
	select {
	case deed := <-s.deeds:
		deed()
	case <-time.After(patience):
		t.Fatal("nothing is asked for")
	}
}

const usable = reader.Enabled | reader.Focusable | reader.Showing

// plain is a window with a button, a field, a secret and a list with a row.
func plain(edits ...func(button, field *reader.Node)) *reader.Node {
	button := &reader.Node{ID: 1, Role: reader.Button, Name: "Send", States: usable, Bounds: image.Rect(10, 20, 110, 50), Press: func() {}}
	field := &reader.Node{
		ID: 2, Role: reader.Field, Name: "Link", Hint: "https://", States: usable, Bounds: image.Rect(10, 60, 110, 90),
		Text: "héllo big world", Caret: 3, Put: func(string) {}, Focus: func() {},
	}
	for _, edit := range edits {
		edit(button, field)
	}
	row := &reader.Node{ID: 5, Role: reader.Row, Name: "Pixel 9", States: reader.Enabled | reader.Checkable | reader.Checked}
	return &reader.Node{Name: "Window", Role: reader.Window, States: reader.Enabled | reader.Showing | reader.Active, Bounds: image.Rect(0, 0, 200, 200), Children: []*reader.Node{
		button, field,
		{ID: 3, Role: reader.SecretField, Name: "Passphrase", States: usable},
		{ID: 4, Role: reader.List, Children: []*reader.Node{row}},
	}}
}

// about asks one object of the program.
type about struct {
	t *testing.T
	o dbus.BusObject
}

func (d *desk) about(name string, id any) about {
	return about{d.t, d.client.Object(name, dbus.ObjectPath(fmt.Sprint("/org/a11y/atspi/accessible/", id)))}
}

func (a about) call(method string, args ...any) []any {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := a.o.CallWithContext(ctx, "org.a11y.atspi."+method, 0, args...)
	if c.Err != nil {
		a.t.Fatalf("%s of %s: %v", method, a.o.Path(), c.Err)
	}
	return c.Body
}

func (a about) want(method, want string, args ...any) {
	a.t.Helper()
	if got := fmt.Sprint(a.call(method, args...)...); got != want {
		a.t.Errorf("%s%v of %s is %q, want %q", method, args, a.o.Path(), got, want)
	}
}

func (a about) property(name, want string) {
	a.t.Helper()
	v, err := a.o.GetProperty("org.a11y.atspi." + name)
	if got := fmt.Sprint(v.Value()); err != nil || got != want {
		a.t.Errorf("%s of %s is %q (%v), want %q", name, a.o.Path(), got, err, want)
	}
}

func TestNobodyListens(t *testing.T) {
	d := newDesk(t, false)
	stop := d.serve()
	time.Sleep(300 * time.Millisecond) // nothing is to happen, whenever it could
	if n := d.screen.looks.Load(); n != 0 {
		t.Errorf("the window was looked at %d times", n)
	}
	select {
	case <-d.program:
		t.Error("the program has registered")
	default:
	}
	stop()
}

func TestListenersComeAndGo(t *testing.T) {
	d := newDesk(t, false)
	d.serve()
	for range 2 {
		d.status.SetMust("org.a11y.Status", "ScreenReaderEnabled", true)
		name := d.registered()
		d.status.SetMust("org.a11y.Status", "ScreenReaderEnabled", false)
		for late := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			var owned bool
			if err := d.client.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&owned); err != nil {
				t.Fatal(err)
			}
			if !owned {
				break
			}
			if time.Now().After(late) {
				t.Fatal("the program stays on the bus")
			}
		}
		looks := d.screen.looks.Load()
		time.Sleep(150 * time.Millisecond)
		if now := d.screen.looks.Load(); now != looks {
			t.Errorf("the window is still looked at: %d, then %d times", looks, now)
		}
	}
}

func TestTree(t *testing.T) {
	d := newDesk(t, true)
	d.serve()
	name := d.registered()
	root, window, button, field := d.about(name, "root"), d.about(name, 0), d.about(name, 1), d.about(name, 2)
	root.property("Accessible.Name", "Tabferry")
	root.property("Accessible.ChildCount", "1")
	root.property("Application.ToolkitName", "Tabferry")
	root.want("Accessible.GetRoleName", "application")
	if err := root.o.SetProperty("org.a11y.atspi.Application.Id", dbus.MakeVariant(int32(7))); err != nil {
		t.Error(err)
	}
	root.property("Application.Id", "7")
	window.want("Accessible.GetRoleName", "frame")
	window.property("Accessible.ChildCount", "4")
	window.property("Accessible.Parent", fmt.Sprint([]any{name, "/org/a11y/atspi/accessible/root"}))
	button.property("Accessible.Name", "Send")
	button.want("Accessible.GetRole", "43")
	button.want("Accessible.GetIndexInParent", "0")
	button.want("Accessible.GetState", fmt.Sprint([]uint32{1<<8 | 1<<11 | 1<<24 | 1<<25 | 1<<30, 0}))
	field.want("Accessible.GetIndexInParent", "1")
	field.property("Accessible.Description", "https://")
	d.about(name, 5).want("Accessible.GetState", fmt.Sprint([]uint32{1<<8 | 1<<22 | 1<<23 | 1<<24 | 1<<30, 0}))
	button.want("Component.GetExtents", fmt.Sprint([]any{10, 20, 100, 30}), uint32(0))
	window.want("Component.GetAccessibleAtPoint", fmt.Sprint([]any{name, "/org/a11y/atspi/accessible/2"}), int32(11), int32(61), uint32(1))
	window.want("Accessible.GetChildAtIndex", fmt.Sprint([]any{name, "/org/a11y/atspi/null"}), int32(9))
	if items := d.client.Object(name, "/org/a11y/atspi/cache").Call("org.a11y.atspi.Cache.GetItems", 0); items.Err != nil ||
		items.Body[0] == nil || len(items.Body[0].([][]any)) != 7 {
		t.Errorf("the cache tells %v, %v", items.Body, items.Err)
	}
	gone := d.about(name, 99).o.Call("org.a11y.atspi.Accessible.GetRole", 0)
	if gone.Err == nil {
		t.Error("what does not exist has a role")
	}
}

func TestText(t *testing.T) {
	d := newDesk(t, true)
	d.serve()
	name := d.registered()
	field := d.about(name, 2)
	field.property("Text.CharacterCount", "15")
	field.property("Text.CaretOffset", "3")
	field.want("Text.GetText", "éllo", int32(1), int32(5))
	field.want("Text.GetText", "héllo big world", int32(0), int32(-1))
	field.want("Text.GetText", "", int32(50), int32(-7))
	field.want("Text.GetStringAtOffset", fmt.Sprint("big ", 6, 10), int32(7), uint32(1))
	field.want("Text.GetStringAtOffset", fmt.Sprint("é", 1, 2), int32(1), uint32(0))
	field.want("Text.GetTextAtOffset", fmt.Sprint("héllo big world", 0, 15), int32(99), uint32(5))
	for _, id := range []int{1, 3} {
		if got := d.about(name, id).o.Call("org.a11y.atspi.Text.GetText", 0, int32(0), int32(-1)); got.Err == nil {
			t.Errorf("%d tells a text: %v", id, got.Body)
		}
	}
	if v, err := d.about(name, 3).o.GetProperty("org.a11y.atspi.Text.CharacterCount"); err == nil {
		t.Errorf("it is told how long the secret is: %v", v)
	}
	if list := fmt.Sprint(d.about(name, 3).call("Accessible.GetInterfaces")...); strings.Contains(list, "Text") {
		t.Errorf("the secret field has %s", list)
	}
}

func TestDeeds(t *testing.T) {
	d := newDesk(t, true)
	var done []string
	d.screen.show(plain(func(button, field *reader.Node) {
		button.Press = func() { done = append(done, "press") }
		field.Focus = func() { done = append(done, "focus") }
		field.Put = func(words string) { done = append(done, "put "+words) }
	}))
	d.serve()
	name := d.registered()
	button, field := d.about(name, 1), d.about(name, 2)
	button.property("Action.NActions", "1")
	button.want("Action.GetName", "click", int32(0))
	for _, ask := range []func(){
		func() { button.want("Action.DoAction", "true", int32(0)) },
		func() { field.want("Component.GrabFocus", "true") },
		func() { field.want("EditableText.InsertText", "true", int32(5), "!", int32(1)) },
		func() { field.want("EditableText.DeleteText", "true", int32(1), int32(99)) },
		func() { field.want("EditableText.SetTextContents", "true", "new") },
	} {
		ask()
		d.screen.run(t)
	}
	button.want("Action.DoAction", "false", int32(1))
	button.want("Component.GrabFocus", "false")
	if want := []string{"press", "focus", "put héllo! big world", "put h", "put new"}; !slices.Equal(done, want) {
		t.Errorf("done %q, want %q", done, want)
	}
}

func TestEvents(t *testing.T) {
	d := newDesk(t, true)
	d.serve()
	d.until("Window.Activate: 0 0")
	d.screen.show(plain(func(button, _ *reader.Node) { button.States |= reader.Focused }))
	d.until("Object.StateChanged:focused 1 1")
	d.screen.show(plain(func(_, field *reader.Node) {
		field.States |= reader.Focused
		field.Text, field.Caret = "héllo large world", 11
	}))
	d.until("Object.StateChanged:focused 1 0")
	if body := d.until("Object.TextChanged:delete 2 6"); body[3].(dbus.Variant).Value() != "big" {
		t.Errorf("gone: %v", body)
	}
	d.until("Object.TextChanged:insert 2 6")
	d.until("Object.TextCaretMoved: 2 11")
	d.until("Object.StateChanged:focused 2 1")
	now := plain(func(button, _ *reader.Node) { button.Name = "Send now" })
	now.States &^= reader.Active
	now.Children = append(now.Children[:3:3], &reader.Node{ID: 6, Role: reader.Notification, Name: "Sent", States: reader.Showing})
	d.screen.show(now)
	d.until("Object.ChildrenChanged:remove 0 3")
	d.until("Object.ChildrenChanged:add 0 3")
	d.until("Window.Deactivate: 0 0")
	if body := d.until("Object.PropertyChange:accessible-name 1 0"); body[3].(dbus.Variant).Value() != "Send now" {
		t.Errorf("the name: %v", body)
	}
	d.until("Object.StateChanged:showing 6 1")
	d.until("Object.Announcement: 6 1")
}

// TestHungBus: a bus that takes connections and says nothing holds nobody up.
func TestHungBus(t *testing.T) {
	for _, part := range []string{"session bus", "accessibility bus"} {
		t.Run(part, func(t *testing.T) {
			d := newDesk(t, true)
			silent := silence(t)
			if part == "session bus" {
				d.address, silent = silent, d.address
			} else if err := d.client.ExportMethodTable(map[string]any{
				"GetAddress": func() (string, *dbus.Error) { return silent, nil },
			}, "/org/a11y/bus", "org.a11y.Bus"); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
			defer cancel()
			began := time.Now()
			err := atspi.Serve(ctx, atspi.Params{
				Connect: func(ctx context.Context) (*dbus.Conn, error) { return dbus.Connect(d.address, dbus.WithContext(ctx)) },
				Screen:  d.screen, Logger: slog.New(slog.DiscardHandler),
			})
			if took := time.Since(began); took > patience {
				t.Errorf("it took %v", took)
			}
			if (err != nil) != (part == "session bus") {
				t.Errorf("serving: %v", err)
			}
		})
	}
}

// TestClosedWindow: a window that has closed ends it all.
func TestClosedWindow(t *testing.T) {
	d := newDesk(t, true)
	err := atspi.Serve(t.Context(), atspi.Params{
		Connect: func(ctx context.Context) (*dbus.Conn, error) { return dbus.Connect(d.address, dbus.WithContext(ctx)) },
		Screen:  closed{}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Error(err)
	}
}

type closed struct{}

func (closed) Look(context.Context) (*reader.Node, error) { return nil, reader.ErrClosed }
func (closed) Do(func())                                  {}

// silence takes connections and says nothing.
func silence(t *testing.T) (address string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "tf")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(l.Close(), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	return "unix:path=" + filepath.Join(dir, "bus")
}
