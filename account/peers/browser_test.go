//go:build peers

package peers

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest"
)

const (
	oldSync  = "https://identity.mozilla.com/apps/oldsync"
	openURI  = "https://identity.mozilla.com/cmd/open-uri"
	closeURI = "https://identity.mozilla.com/cmd/close-uri/v1"
)

// browser is a Firefox that uses the in-process service.
type browser struct {
	driver
	service *accounttest.Service
	account *accounttest.Account
}

// in gives the same browser on behalf of a subtest.
func (b *browser) in(t *testing.T) *browser {
	c := *b
	c.t = t
	return &c
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
	b.driver = startFirefox(t, map[string]any{
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

// signedInAs gives the e-mail address of the signed-in user, "" for none. Firefox refuses to tell while
// one user takes another's place, or nobody's.
func (b *browser) signedInAs() string {
	b.t.Helper()
	var email string
	b.into(&email, `
		try {
			const user = await fxAccounts.getSignedInUser();
			done(user ? user.email : "");
		} catch (error) {
			if (error.message != "ERROR_INVALID_ACCOUNT_STATE") throw error;
			done("");
		}`)
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

// signOut signs out as a person would, and waits until the push subscription is gone with it, so that
// the next sign-in makes its own.
func (b *browser) signOut() {
	b.t.Helper()
	b.script(`await fxAccounts.signOut(); done(true)`)
	b.untilUnsubscribed()
}

func (b *browser) untilUnsubscribed() {
	b.t.Helper()
	until(b.t, "Firefox has given up its push subscription", func() (bool, string) {
		return b.pushEndpoint() == "", "it holds one"
	})
}

// hasSession tells whether Firefox still holds a session; without one it asks its user to sign in again.
func (b *browser) hasSession() bool {
	b.t.Helper()
	var has bool
	b.into(&has, `done(await fxAccounts.hasLocalSession())`)
	return has
}

// prefs gives text preferences.
func (b *browser) prefs(names ...string) map[string]string {
	b.t.Helper()
	values := map[string]string{}
	b.into(&values, `done(Object.fromEntries(args[0].map(n => [n, Services.prefs.getStringPref(n, "")])))`, names)
	return values
}

// sendMenu gives the names of the devices that a person can choose in the menu of a tab.
func (b *browser) sendMenu() []string {
	b.t.Helper()
	var names []string
	b.into(&names, `
		const w = Services.wm.getMostRecentWindow("navigator:browser");
		done(w.gSync.getSendTabTargets().map(d => d.name))`)
	return names
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
