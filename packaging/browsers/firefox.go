//go:build linux

package browsers

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tabferry/tabferry/packaging/box"
)

// Firefox is a running headless Firefox ESR, driven over its Marionette port.
type Firefox struct {
	*program
	*Marionette

	mu      sync.Mutex // one order at a time
	context string     // "chrome" or "content"
	handle  string     // of the tab that orders go to
}

// preferences keep it quiet, away from the network, and let permissions be asked for without the
// question, which a headless browser cannot show.
var preferences = map[string]any{
	"marionette.port":                            0,
	"network.proxy.type":                         1,
	"network.proxy.http":                         "127.0.0.1",
	"network.proxy.http_port":                    9,
	"network.proxy.ssl":                          "127.0.0.1",
	"network.proxy.ssl_port":                     9,
	"network.proxy.no_proxies_on":                "127.0.0.1, localhost",
	"dom.ipc.processCount":                       1,
	"dom.ipc.processPrelaunch.enabled":           false,
	"browser.shell.checkDefaultBrowser":          false,
	"datareporting.policy.dataSubmissionEnabled": false,
	"extensions.webextOptionalPermissionPrompts": false,
	"layout.css.devPixelsPerPx":                  "2.0",
	// It would start the portals of the desktop, which a box has not.
	"widget.use-xdg-desktop-portal.file-picker":      0,
	"widget.use-xdg-desktop-portal.mime-handler":     0,
	"widget.use-xdg-desktop-portal.open-uri":         0,
	"widget.use-xdg-desktop-portal.settings":         0,
	"widget.use-xdg-desktop-portal.location":         0,
	"widget.use-xdg-desktop-portal.native-messaging": 0,
}

// StartFirefox starts Firefox in a box.
func StartFirefox(ctx context.Context, b *box.Box, p Params) (*Firefox, error) {
	var text strings.Builder
	wanted := maps.Clone(preferences)
	wanted["intl.locale.requested"] = cmp.Or(p.Language, "en-US")
	for name, value := range wanted {
		v, err := toJSON(value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&text, "user_pref(%q, %s);\n", name, v)
	}
	if err := os.WriteFile(filepath.Join(p.Profile, "user.js"), []byte(text.String()), 0o600); err != nil {
		return nil, err
	}
	var started *program
	m, err := StartMarionette(ctx, p.Profile, func() (func(), error) {
		var err error
		started, err = launch(b, p, nil, "env", "GTK_USE_PORTAL=0", "MOZ_HEADLESS=1", "MOZ_HEADLESS_WIDTH=2000", "MOZ_HEADLESS_HEIGHT=2800", "MOZ_CRASHREPORTER_DISABLE=1",
			"firefox-esr", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", p.Profile, "about:blank")
		return func() { started.close() }, err
	})
	if err != nil {
		return nil, err
	}
	return &Firefox{program: started, Marionette: m}, nil
}

// in turns to the browser itself ("chrome") or to a tab ("content").
func (f *Firefox) in(where, handle string) error {
	if f.context != where {
		if err := f.Call("Marionette:SetContext", map[string]any{"value": where}, nil); err != nil {
			return err
		}
		f.context = where
	}
	if where == "chrome" || f.handle == handle {
		return nil
	}
	f.handle = handle
	return f.Call("WebDriver:SwitchToWindow", map[string]any{"handle": handle, "focus": false}, nil)
}

// prelude runs a body as an async function and hands its result, or its error, out.
const prelude = `
	const finish = arguments[arguments.length - 1];
	const args = [...arguments].slice(0, -1);
	(async () => {%s})().then(value => finish({value: value === undefined ? null : value}),
		error => finish({error: String(error && error.message || error) + " " + String(error && error.stack || "")}));`

func (f *Firefox) script(sandbox any, out any, body string, args []any) error {
	if args == nil {
		args = []any{}
	}
	var got struct {
		Value struct {
			Value json.RawMessage `json:"value"`
			Error string          `json:"error"`
		} `json:"value"`
	}
	err := f.Call("WebDriver:ExecuteAsyncScript", map[string]any{
		"script": fmt.Sprintf(prelude, body), "args": args, "sandbox": sandbox, "newSandbox": false,
	}, &got)
	if err != nil {
		return err
	}
	if got.Value.Error != "" {
		return fmt.Errorf("a script in Firefox failed: %s", got.Value.Error)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(got.Value.Value, out)
}

// InBrowser runs the body of an async function with the browser's own rights.
func (f *Firefox) InBrowser(_ context.Context, out any, body string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.in("chrome", ""); err != nil {
		return err
	}
	return f.script("system", out, body, args)
}

// ClickInWindow clicks what a selector finds in the browser's own window: its toolbar, its tabs.
func (f *Firefox) ClickInWindow(_ context.Context, selector string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.in("chrome", ""); err != nil {
		return err
	}
	return f.click(selector)
}

// click clicks what a selector finds where orders go now.
func (f *Firefox) click(selector string) error {
	id, err := f.element(selector)
	if err != nil {
		return err
	}
	return f.Call("WebDriver:ElementClick", map[string]any{"id": id}, nil)
}

// element gives WebDriver's name for what a selector finds.
func (f *Firefox) element(selector string) (string, error) {
	var found struct {
		Value map[string]string `json:"value"`
	}
	if err := f.Call("WebDriver:FindElement", map[string]any{"using": "css selector", "value": selector}, &found); err != nil {
		return "", err
	}
	for _, id := range found.Value {
		return id, nil
	}
	return "", fmt.Errorf("nothing fits %s", selector)
}

// Name is "firefox".
func (f *Firefox) Name() string { return "firefox" }

// Install implements [Browser].
func (f *Firefox) Install(_ context.Context, folder string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out struct {
		ID string `json:"value"`
	}
	err := f.Call("Addon:Install", map[string]any{"path": folder, "temporary": true}, &out)
	return out.ID, err
}

// Address implements [Browser].
func (f *Firefox) Address(ctx context.Context, id, page string) (string, error) {
	var host string
	err := f.InBrowser(ctx, &host, `return WebExtensionPolicy.getByID(args[0]).mozExtensionHostname`, id)
	return "moz-extension://" + host + "/" + page, err
}

// SetDark implements [Browser].
func (f *Firefox) SetDark(ctx context.Context, dark bool) error {
	scheme := 1
	if dark {
		scheme = 0
	}
	return f.InBrowser(ctx, nil, `Services.prefs.setIntPref("layout.css.prefers-color-scheme.content-override", args[0])`, scheme)
}

// Open implements [Browser].
func (f *Firefox) Open(ctx context.Context, address string) (Page, error) {
	p := &firefoxPage{f: f}
	err := func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if err := f.in("content", f.handle); err != nil {
			return err
		}
		var tab struct {
			Handle string `json:"handle"`
		}
		if err := f.Call("WebDriver:NewWindow", map[string]any{"type": "tab", "focus": true}, &tab); err != nil {
			return err
		}
		p.handle = tab.Handle
		if err := f.in("content", p.handle); err != nil {
			return err
		}
		return f.Call("WebDriver:Navigate", map[string]any{"url": address}, nil)
	}()
	if err != nil {
		return nil, err
	}
	return p, untilLoaded(ctx, p)
}

// Close implements [Browser].
func (f *Firefox) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.Quit()
	f.program.close()
	return err
}
