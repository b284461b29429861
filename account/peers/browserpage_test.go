//go:build peers

package peers

import (
	"encoding/json"
	"strings"
)

// signInByPage opens the sign-in page in a tab and presses its button, as a person would.
func (b *browser) signInByPage(name string) {
	b.t.Helper()
	var address string
	b.into(&address, `
		await FxAccounts.config.updateConfigURLs();
		Services.prefs.setStringPref("services.sync.client.name", args[0]);
		done(await FxAccounts.config.promiseConnectAccountURI("tabferry-test"))`, name)
	b.press(address, "button[type=submit]")
	until(b.t, "Firefox is signed in by the page", func() (bool, string) {
		return b.signedInAs() == b.account.Email(), "it is not"
	})
}

// press opens an address in a new tab and presses the button that a CSS selector finds there.
func (b *browser) press(address, button string) {
	b.t.Helper()
	b.script(`
		const w = Services.wm.getMostRecentWindow("navigator:browser");
		w.gBrowser.selectedTab = w.gBrowser.addTrustedTab(args[0]);
		done(true)`, address)
	b.context("content")
	path, _, _ := strings.Cut(strings.TrimPrefix(address, b.service.URL()), "?")
	until(b.t, "the page "+path+" is there and its button is pressed", func() (bool, string) {
		return b.pressed(b.service.URL()+path, button), "it is not"
	})
	b.context("chrome")
}

// pressed presses the button in the tab whose address begins so, if both are there. A page is only
// ready for that when all of it, with its scripts, has been loaded.
func (b *browser) pressed(begins, button string) bool {
	b.t.Helper()
	var handles []string
	if err := json.Unmarshal(b.command("WebDriver:GetWindowHandles", map[string]any{}), &handles); err != nil {
		b.t.Fatal(err)
	}
	for _, handle := range handles {
		b.command("WebDriver:SwitchToWindow", map[string]any{"handle": handle})
		var result struct{ Value bool }
		answer := b.command("WebDriver:ExecuteScript", map[string]any{
			"script": `
				const button = document.querySelector(arguments[1]);
				const ready = location.href.startsWith(arguments[0]) && document.readyState == "complete" && button && !button.disabled;
				if (ready) button.click();
				return !!ready`,
			"args": []any{begins, button},
		})
		if err := json.Unmarshal(answer, &result); err != nil {
			b.t.Fatal(err)
		}
		if result.Value {
			return true
		}
	}
	return false
}
