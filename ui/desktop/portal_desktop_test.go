//go:build desktop && !windows && !darwin

package desktop_test

import (
	"bufio"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/desktop"
)

const (
	openURI    = "org.freedesktop.portal.OpenURI"
	portalName = "org.freedesktop.portal.Desktop"
	portalPath = "/org/freedesktop/portal/desktop"
)

// privateBus runs a bus that starts no service by itself, names it to this process, and gives its address.
func privateBus(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "bus.conf")
	text := `<busconfig><type>session</type><listen>unix:path=` + filepath.Join(dir, "bus") + `</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("dbus-daemon is needed: %v", err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // reports the kill
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(line)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	return address
}

// portal is one that does as a test says.
type portal struct {
	t      *testing.T
	conn   *dbus.Conn
	code   uint32
	silent bool          // gives no answer, as while it asks the person
	hangs  chan struct{} // not nil: the call is answered once it is closed

	mu             sync.Mutex
	links          []string
	title, filters string
	offered        string // the name of a file to be written
}

// OpenURI is the portal's method.
func (p *portal) OpenURI(_, link string, options map[string]dbus.Variant, sender dbus.Sender) (dbus.ObjectPath, *dbus.Error) {
	if p.hangs != nil {
		<-p.hangs
	}
	p.mu.Lock()
	p.links = append(p.links, link)
	p.mu.Unlock()
	token, _ := options["handle_token"].Value().(string)
	name := strings.ReplaceAll(strings.TrimPrefix(string(sender), ":"), ".", "_")
	path := dbus.ObjectPath(portalPath + "/request/" + name + "/" + token)
	if !p.silent && p.hangs == nil {
		if err := p.conn.Emit(path, "org.freedesktop.portal.Request.Response", p.code, map[string]dbus.Variant{}); err != nil {
			p.t.Error(err)
		}
	}
	return path, nil
}

// OpenFile is the method of the file chooser: it answers with the files that a test gives it as links.
func (p *portal) OpenFile(_, title string, options map[string]dbus.Variant, sender dbus.Sender) (dbus.ObjectPath, *dbus.Error) {
	token, _ := options["handle_token"].Value().(string)
	name := strings.ReplaceAll(strings.TrimPrefix(string(sender), ":"), ".", "_")
	path := dbus.ObjectPath(portalPath + "/request/" + name + "/" + token)
	p.mu.Lock()
	answer := map[string]dbus.Variant{"uris": dbus.MakeVariant(p.links)}
	p.title = title
	if filters, ok := options["filters"]; ok {
		p.filters = filters.String()
	}
	p.mu.Unlock()
	if err := p.conn.Emit(path, "org.freedesktop.portal.Request.Response", p.code, answer); err != nil {
		p.t.Error(err)
	}
	return path, nil
}

// SaveFile is the method for files to be written, and answers likewise.
func (p *portal) SaveFile(parent, title string, options map[string]dbus.Variant, sender dbus.Sender) (dbus.ObjectPath, *dbus.Error) {
	p.mu.Lock()
	p.offered, _ = options["current_name"].Value().(string)
	p.mu.Unlock()
	return p.OpenFile(parent, title, options, sender)
}

func (p *portal) asked() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.links, "\n")
}

// start has the portal on the bus.
func (p *portal) start(address, iface string) {
	p.t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() }) // it may be closed already
	p.conn = conn
	if err := conn.Export(p, portalPath, iface); err != nil {
		p.t.Fatal(err)
	}
	if reply, err := conn.RequestName(portalName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		p.t.Fatalf("the name: %v, %v", reply, err)
	}
}

// commands leaves xdg-open alone on the PATH, and gives what was run.
func commands(t *testing.T) (ran func() string) {
	t.Helper()
	dir := t.TempDir()
	record := filepath.Join(dir, "record")
	script := "#!/bin/sh\necho \"$@\" >> '" + record + "'\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv(desktop.OpenerVariable, "")
	return func() string {
		text, err := os.ReadFile(record)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		return strings.TrimSpace(string(text))
	}
}

// TestTheDesktopsFileChooser: the chosen file comes back, nothing if the person thought better of it, and an
// error where there is no chooser, so that another can be shown.
func TestTheDesktopsFileChooser(t *testing.T) {
	for name, c := range map[string]struct {
		portal *portal
		want   string
		fails  bool
	}{
		"a file":                 {portal: &portal{links: []string{"file:///home/me/a%20code.png"}}, want: "/home/me/a code.png"},
		"thought better of it":   {portal: &portal{code: 1}},
		"nothing chosen":         {portal: &portal{}},
		"something else":         {portal: &portal{links: []string{"https://example.com/x.png"}}, fails: true},
		"it fails":               {portal: &portal{code: 2}, fails: true},
		"there is no such thing": {fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			address := privateBus(t)
			if c.portal != nil {
				c.portal.t = t
				c.portal.start(address, "org.freedesktop.portal.FileChooser")
			}
			path, err := desktop.ChooseFile(t.Context(), "Open a picture", "Pictures", []string{".png"})
			if path != c.want || (err != nil) != c.fails || c.fails && !errors.Is(err, desktop.ErrNoChooser) {
				t.Errorf("%q, %v", path, err)
			}
			if c.portal != nil && (c.portal.title != "Open a picture" || !strings.Contains(c.portal.filters, "*.[pP][nN][gG]")) {
				t.Errorf("asked with %q, %s", c.portal.title, c.portal.filters)
			}
			path, err = desktop.SaveFile(t.Context(), "Save it", "it.txt")
			if path != c.want || (err != nil) != c.fails || c.fails && !errors.Is(err, desktop.ErrNoChooser) {
				t.Errorf("to be written: %q, %v", path, err)
			}
			if c.portal != nil && (c.portal.title != "Save it" || c.portal.offered != "it.txt") {
				t.Errorf("asked with %q, %q", c.portal.title, c.portal.offered)
			}
		})
	}
}

// private is an address that names a person, as those of a sign-in and of the account's page do.
const private = "https://accounts.example/authorization?email=someone%40example.com"

// TestThePortalOpensLinks: what the portal takes stands in no argument list; what it does not take goes the
// way of old.
func TestThePortalOpensLinks(t *testing.T) {
	for name, c := range map[string]struct {
		portal  *portal
		iface   string
		browser string
		asked   bool // the portal
		ran     bool // xdg-open
	}{
		"it opens the link":         {portal: &portal{}, iface: openURI, asked: true},
		"the person says no":        {portal: &portal{code: 1}, iface: openURI, asked: true},
		"it asks for a browser":     {portal: &portal{silent: true}, iface: openURI, asked: true},
		"it knows no browser":       {portal: &portal{code: 2}, iface: openURI, asked: true, ran: true},
		"it is of another kind":     {portal: &portal{}, iface: "org.freedesktop.portal.Screenshot", ran: true},
		"there is none":             {ran: true},
		"it hangs":                  {portal: &portal{hangs: make(chan struct{})}, iface: openURI, ran: true},
		"another browser is chosen": {portal: &portal{}, iface: openURI, browser: "xdg-open", ran: true},
	} {
		t.Run(name, func(t *testing.T) {
			address := privateBus(t)
			if c.portal != nil {
				c.portal.t = t
				c.portal.start(address, c.iface)
				if c.portal.hangs != nil {
					defer close(c.portal.hangs)
				}
			}
			ran := commands(t)
			var o desktop.Opener
			begun := time.Now()
			if err := o.OpenWith(t.Context(), c.browser, private); err != nil {
				t.Errorf("OpenWith: %v", err)
			}
			if d := time.Since(begun); d > time.Minute {
				t.Errorf("it took %v", d)
			}
			if c.portal != nil && c.portal.hangs == nil {
				if got := c.portal.asked(); (got == private) != c.asked || got != "" && !c.asked {
					t.Errorf("the portal was asked for %q", got)
				}
			}
			if got := ran(); (got == private) != c.ran || got != "" && !c.ran {
				t.Errorf("ran with %q", got)
			}
			if c.portal != nil && c.portal.silent { // the question is on the screen for as long as we are there
				if err := c.portal.conn.Close(); err != nil {
					t.Error(err)
				}
			} else {
				o.Wait()
			}
		})
	}
}

// In a sandbox there is no other way, and the error does not show the link.
func TestThePortalOfASandbox(t *testing.T) {
	address := privateBus(t)
	ran := commands(t)
	inSnap := func(name string) string { return map[string]string{"SNAP": "/snap/tabferry/1"}[name] }
	for _, p := range []*portal{{t: t, code: 2}, nil} {
		o := desktop.Opener{Getenv: inSnap}
		if p != nil {
			p.start(address, openURI)
		}
		err := o.OpenWith(t.Context(), "", private)
		if err == nil || strings.Contains(err.Error(), "someone") || strings.Contains(err.Error(), "accounts.example") {
			t.Errorf("it says %v", err)
		}
		o.Wait()
		if p != nil {
			_ = p.conn.Close() // once more at the end of the test
		}
	}
	if got := ran(); got != "" {
		t.Errorf("ran with %q", got)
	}
}

// A bus that takes connections and answers none holds nobody up for long.
func TestThePortalOfAHungBus(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path) // nobody accepts, but the system
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
	ran := commands(t)
	var o desktop.Opener
	begun := time.Now()
	if err := o.OpenWith(t.Context(), "", private); err != nil {
		t.Error(err)
	}
	if d := time.Since(begun); d > time.Minute || ran() != private {
		t.Errorf("after %v it ran with %q", d, ran())
	}
	o.Wait()
}
