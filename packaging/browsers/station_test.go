//go:build peers && linux

package browsers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/demo/door"
	"github.com/tabferry/tabferry/packaging/box"
	"github.com/tabferry/tabferry/packaging/browsers"
)

// patience bounds how long one effect may take to be seen on a busy machine.
const patience = box.Patience

// slots bounds how many browsers run at once: two fill the two cores of a CI machine.
var slots = make(chan struct{}, 2)

// station is one person's computer: the built program with its demo, a browser with the extension, and a
// web server with pages to send.
type station struct {
	t       *testing.T
	dir     string
	app     *box.App
	site    *httptest.Server
	browser browsers.Browser
	id      string // of the extension
}

// newStation starts a browser with the extension, in English if no language is named. Nothing of Tabferry runs, and no browser knows of it.
func newStation(t *testing.T, name, language string) *station {
	t.Helper()
	slots <- struct{}{}
	t.Cleanup(func() { <-slots })
	dir, err := os.MkdirTemp("", "te") // short: it holds Unix sockets
	if err != nil {
		t.Fatal(err)
	}
	s := &station{t: t, dir: dir}
	log, err := os.Create(s.path("log"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := box.Start(t.Context(), box.Params{Dir: dir, Bare: true, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.end(b)
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if s.app, err = box.NewApp(b, binaries); err != nil {
		t.Fatal(err)
	}
	s.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/picture.svg" {
			w.Header().Set("Content-Type", "image/svg+xml")
			fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80"><rect width="80" height="80"/></svg>`)
			return
		}
		fmt.Fprintf(w, `<!doctype html><title>%s</title><p><a id="link" href="/linked">a link</a>
			<p><img id="picture" src="/picture.svg" alt="a picture"><p id="text">read http://127.0.0.1:1/first and http://127.0.0.1:1/second`,
			strings.Trim(r.URL.Path, "/"))
	}))
	t.Cleanup(s.site.Close)
	s.start(b, name, language, log)
	return s
}

// start starts the browser and puts the extension in.
func (s *station) start(b *box.Box, name, language string, log *os.File) {
	s.t.Helper()
	web, err := filepath.Abs("../../ui/extension/web")
	if err != nil {
		s.t.Fatal(err)
	}
	var profile string
	switch name {
	case "firefox":
		profile = s.path("home", ".mozilla", "profile")
	case "chromium":
		// With a folder of its own Chromium looks for hosts only there and in the system's.
		profile = s.path("config", "chromium")
		web = withTabs(s.t, web)
	}
	if err := os.MkdirAll(profile, 0o700); err != nil {
		s.t.Fatal(err)
	}
	p := browsers.Params{Profile: profile, Language: language, Log: log}
	if name == "firefox" {
		s.browser, err = browsers.StartFirefox(s.t.Context(), b, p)
	} else {
		s.browser, err = browsers.StartChromium(s.t.Context(), b, p)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := s.browser.Close(); err != nil {
			s.t.Errorf("ending the browser: %v", err)
		}
	})
	if s.id, err = s.browser.Install(s.t.Context(), web); err != nil {
		s.t.Fatal(err)
	}
}

// withTabs copies the extension and makes its optional permission for tabs one that it has: Chromium asks for
// those in a window that a test cannot reach. In Firefox the question itself is part of the test.
func withTabs(t *testing.T, web string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "web")
	if err := os.CopyFS(folder, os.DirFS(web)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "manifest.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var manifest map[string]any
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	manifest["permissions"] = append(manifest["permissions"].([]any), "tabs")
	delete(manifest, "optional_permissions")
	if text, err = json.Marshal(manifest); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// end ends the agent and the demo, which outlive whoever started them.
func (s *station) end(b *box.Box) {
	if s.app != nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if snapshot, err := s.app.Client().Snapshot(ctx); err == nil {
			_ = s.app.Client().Quit(ctx) // it may end before it answers
			if err := browsers.Until(ctx, "the agent has ended", func() (bool, string) { return !alive(snapshot.PID), "" }); err != nil {
				s.t.Error(err)
			}
		}
		if r, err := s.app.Run(ctx, "demo", "stop"); err != nil {
			s.t.Errorf("demo stop: %v %s", err, r.Err)
		}
	}
	if err := b.Close(); err != nil {
		s.t.Errorf("closing the box: %v", err)
	}
	if s.t.Failed() {
		if text, err := os.ReadFile(s.path("log")); err == nil {
			s.t.Logf("what the programs printed:\n%s", text)
		}
	}
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func (s *station) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// in gives the same station on behalf of a subtest.
func (s *station) in(t *testing.T) *station {
	c := *s
	c.t = t
	return &c
}

// connect tells the browser where Tabferry is, as a person does.
func (s *station) connect() {
	s.t.Helper()
	r, err := s.app.Run(s.t.Context(), "extension", "install")
	if err != nil || r.Code != 0 {
		s.t.Fatalf("extension install: exit %d, %v\n%s%s", r.Code, err, r.Out, r.Err)
	}
}

// signIn signs in to the demo account, with what is stored kept in the box's keyring.
func (s *station) signIn() {
	s.t.Helper()
	ctx := s.within()
	if _, err := s.app.Until(ctx, "a store", func(n localapi.Snapshot) bool {
		return n.Revision > 0 && !n.Storage.Locked && !n.Storage.WaitingForKeyring
	}); err != nil {
		s.t.Fatal(err)
	}
	if err := s.app.SignIn(ctx); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.app.Until(ctx, "a sign-in that is kept", func(n localapi.Snapshot) bool { return n.Storage.Kept }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *station) within() context.Context {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	s.t.Cleanup(cancel)
	return ctx
}

func (s *station) until(what string, look func() (bool, string)) {
	s.t.Helper()
	if err := browsers.Until(s.within(), what, look); err != nil {
		s.t.Fatal(err)
	}
}

// world asks the demo.
func (s *station) world() *door.Client { return door.Dial(s.path("run", "tabferry-demo", "demo.sock")) }

// received gives the links that a demo device received, in their order.
func (s *station) received(device string) []string {
	s.t.Helper()
	report, err := s.world().Report(s.within())
	if err != nil {
		s.t.Fatal(err)
	}
	var links []string
	for _, one := range report.Received {
		if one.Device == device && one.Kind == "tab" {
			links = append(links, one.URL)
		}
	}
	return links
}

// untilReceived waits until the newest links that a device received are these, in this order.
func (s *station) untilReceived(device string, want ...string) {
	s.t.Helper()
	s.until(device+" has received "+strings.Join(want, " "), func() (bool, string) {
		got := s.received(device)
		newest := got[max(0, len(got)-len(want)):]
		return fmt.Sprint(newest) == fmt.Sprint(want), fmt.Sprintf("it has received %q", got)
	})
}
