//go:build peers

package peers

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
)

const (
	oldSync  = "https://identity.mozilla.com/apps/oldsync"
	openURI  = "https://identity.mozilla.com/cmd/open-uri"
	closeURI = "https://identity.mozilla.com/cmd/close-uri/v1"
	// patience bounds how long one effect may take to reach the other side.
	patience = 30 * time.Second
)

// browser is a Firefox that uses the in-process service.
type browser struct {
	*firefox
	service *accounttest.Service
	account *accounttest.Account
}

// received is a tab that Firefox announced as received.
type received struct {
	Title  string `json:"title"`
	URI    string `json:"uri"`
	Sender string `json:"sender"`
}

// newBrowser starts a Firefox configured for the service, signed out.
func newBrowser(t *testing.T, s *accounttest.Service, a *accounttest.Account) *browser {
	t.Helper()
	b := &browser{service: s, account: a}
	b.firefox = startFirefox(t, map[string]any{
		"marionette.port":                                          0,
		"identity.fxaccounts.autoconfig.uri":                       s.URL(),
		"identity.fxaccounts.allowHttp":                            true,
		"identity.fxaccounts.auth.uri":                             s.URL() + "/v1",
		"identity.fxaccounts.remote.root":                          s.URL() + "/",
		"dom.push.serverURL":                                       s.PushURL(),
		"dom.push.testing.allowInsecureServerURL":                  true,
		"identity.fxaccounts.commands.remoteTabManagement.enabled": true,
		// Everything but loopback goes to a port where nobody listens.
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
		"browser.aboutConfig.showWarning":            false,
	})
	b.script(`
		globalThis.receivedTabs = [];
		globalThis.closedTabs = [];
		Services.obs.addObserver(subject => {
			for (const one of subject.wrappedJSObject.object) {
				receivedTabs.push({title: one.title, uri: one.uri, sender: one.sender ? one.sender.name : ""});
			}
		}, "fxaccounts:commands:open-uri");
		Services.obs.addObserver(subject => {
			for (const one of subject.wrappedJSObject.object) {
				closedTabs.push(...one.urls.map(url => url.spec || String(url)));
			}
		}, "fxaccounts:commands:close-uri");
		await FxAccounts.config.updateConfigURLs();
		done(true)`)
	return b
}

// signIn signs in without a page and returns once the device is registered.
func (b *browser) signIn(name string) {
	b.t.Helper()
	key, err := b.account.ScopedKey(oldSync)
	if err != nil {
		b.t.Fatal(err)
	}
	b.script(`
		const [name, email, uid, sessionToken, scope, key] = args;
		await FxAccounts.config.updateConfigURLs();
		Services.prefs.setStringPref("services.sync.client.name", name);
		await fxAccounts._internal.setSignedInUser({email, uid, sessionToken, verified: true, scopedKeys: {[scope]: key}});
		done(true)`, name, b.account.Email(), b.account.UID(), b.account.NewSession(), oldSync, key)
}

// signedInAs gives the e-mail address of the signed-in user, "" for none.
func (b *browser) signedInAs() string {
	b.t.Helper()
	var email string
	b.into(&email, `const user = await fxAccounts.getSignedInUser(); done(user ? user.email : "")`)
	return email
}

// device is a row of Firefox's device list.
type device struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Current bool   `json:"isCurrentDevice"`
}

// devices gives Firefox's device list, fetched anew.
func (b *browser) devices() []device {
	b.t.Helper()
	var list []device
	b.into(&list, `
		await fxAccounts.device.refreshDeviceList({ignoreCached: true});
		done(fxAccounts.device.recentDeviceList.map(d => ({id: d.id, name: d.name, type: d.type, isCurrentDevice: d.isCurrentDevice})))`)
	return list
}

// untilDevice waits until Firefox lists a device of that name.
func (b *browser) untilDevice(name string) device {
	b.t.Helper()
	var found device
	until(b.t, "Firefox lists "+name, func() (bool, string) {
		list := b.devices()
		i := slices.IndexFunc(list, func(d device) bool { return d.Name == name })
		if i < 0 {
			return false, fmt.Sprintf("it lists %+v", list)
		}
		found = list[i]
		return true, ""
	})
	return found
}

// send sends a tab to a device and demands that Firefox counts it as sent.
func (b *browser) send(to, link, title string) {
	b.t.Helper()
	var result struct {
		Succeeded int    `json:"succeeded"`
		Failed    string `json:"failed"`
	}
	b.into(&result, `
		const [id, url, title] = args;
		const device = fxAccounts.device.recentDeviceList.find(d => d.id == id);
		const report = await fxAccounts.commands.sendTab.send([device], {url, title, private: false});
		done({succeeded: report.succeeded.length, failed: report.failed.map(f => String(f.error)).join(", ")})`, to, link, title)
	if result.Succeeded != 1 {
		b.t.Fatalf("Firefox could not send: %s", result.Failed)
	}
}

// sendClose asks a device to close tabs.
func (b *browser) sendClose(to string, links ...string) {
	b.t.Helper()
	b.script(`
		const [id, urls] = args;
		const device = fxAccounts.device.recentDeviceList.find(d => d.id == id);
		const uris = urls.map(u => Services.io.newURI(u));
		await fxAccounts.commands.closeTab.sendCloseTabsCommand(device, uris.map(u => u.spec), fxAccounts.telemetry.generateFlowID());
		done(true)`, to, links)
}

// poll makes Firefox fetch queued commands.
func (b *browser) poll() {
	b.t.Helper()
	b.script(`await fxAccounts.commands.pollDeviceCommands(); done(true)`)
}

// receivedTabs gives what Firefox received since it started.
func (b *browser) receivedTabs() []received {
	b.t.Helper()
	var tabs []received
	b.into(&tabs, `done(receivedTabs)`)
	return tabs
}

// openTabs gives the addresses of the tabs a person would see.
func (b *browser) openTabs() []string {
	b.t.Helper()
	var links []string
	b.into(&links, `
		const links = [];
		for (const w of Services.wm.getEnumerator("navigator:browser")) {
			for (const tab of w.gBrowser.tabs) links.push(tab.linkedBrowser.currentURI.spec);
		}
		done(links)`)
	return links
}

// open opens a tab as a person would.
func (b *browser) open(link string) {
	b.t.Helper()
	b.script(`
		const w = Services.wm.getMostRecentWindow("navigator:browser");
		w.gBrowser.addTrustedTab(args[0]);
		done(true)`, link)
	b.untilOpen(link)
}

func (b *browser) untilOpen(link string) {
	b.t.Helper()
	until(b.t, "Firefox shows a tab with "+link, func() (bool, string) {
		tabs := b.openTabs()
		return slices.Contains(tabs, link), fmt.Sprintf("its tabs are %q", tabs)
	})
}

// rename gives this Firefox another name, as its settings page does.
func (b *browser) rename(name string) {
	b.t.Helper()
	b.script(`
		Services.prefs.setStringPref("identity.fxaccounts.account.device.name", args[0]);
		await fxAccounts.updateDeviceRegistration();
		done(true)`, name)
}

// signOut signs out as a person would.
func (b *browser) signOut() {
	b.t.Helper()
	b.script(`await fxAccounts.signOut(); done(true)`)
}

// pushEndpoint gives the endpoint of Firefox's push subscription, "" for none.
func (b *browser) pushEndpoint() string {
	b.t.Helper()
	var endpoint string
	b.into(&endpoint, `
		const subscription = await fxAccounts._internal.fxaPushService.getSubscription();
		done(subscription ? subscription.endpoint : "")`)
	return endpoint
}

// until waits for an effect; probe tells whether it is there and what there is instead.
func until(t *testing.T, what string, probe func() (bool, string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		ok, instead := probe()
		if ok {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s; %s", what, instead)
		}
	}
}

func compact(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// signInByPage opens the sign-in page in a tab and presses its first button, as a person would.
func (b *browser) signInByPage(name string) {
	b.t.Helper()
	var handle string
	b.into(&handle, `
		await FxAccounts.config.updateConfigURLs();
		Services.prefs.setStringPref("services.sync.client.name", args[0]);
		const address = await FxAccounts.config.promiseConnectAccountURI("tabferry-test");
		const w = Services.wm.getMostRecentWindow("navigator:browser");
		const tab = w.gBrowser.addTrustedTab(address);
		w.gBrowser.selectedTab = tab;
		await new Promise(resolve => {
			const listener = { onStateChange(browser, progress, request, flags) {
				if (browser == tab.linkedBrowser && flags & Ci.nsIWebProgressListener.STATE_STOP && flags & Ci.nsIWebProgressListener.STATE_IS_NETWORK) {
					w.gBrowser.removeTabsProgressListener(listener);
					resolve();
				}
			}};
			w.gBrowser.addTabsProgressListener(listener);
		});
		done(String(tab.linkedBrowser.browserId))`, name)
	b.command("Marionette:SetContext", map[string]any{"value": "content"})
	var handles []string
	if err := json.Unmarshal(b.command("WebDriver:GetWindowHandles", map[string]any{}), &handles); err != nil {
		b.t.Fatal(err)
	}
	b.command("WebDriver:SwitchToWindow", map[string]any{"handle": handles[len(handles)-1]})
	b.command("WebDriver:ExecuteScript", map[string]any{
		"script": `document.querySelector("form button, form input[type=submit]").click()`, "args": []any{},
	})
	b.command("Marionette:SetContext", map[string]any{"value": "chrome"})
	until(b.t, "Firefox is signed in by the page", func() (bool, string) {
		return b.signedInAs() == b.account.Email(), "it is not"
	})
}
