//go:build peers && linux

package browsers_test

import (
	"fmt"
	"slices"

	"github.com/tabferry/tabferry/packaging/browsers"
)

// sendsByMenu sends a link, five tabs and, by the keys, a page.
func (s *station) sendsByMenu() {
	about := s.open(s.site.URL + "/with-a-link")
	hand := s.page("options.html")
	var phone string
	hand.run(&phone, `return (await api.storage.local.get("devices")).devices.find((d) => d.name === "Demo phone").id`)
	// An entry that is not there cannot be changed.
	hand.untilTrue("the menus know the phone", `return api.contextMenus.update("tab:" + args[0], {}).then(() => true, () => false)`, phone)

	s.pageMenu(about, "#link", "link:"+phone, map[string]string{"linkUrl": s.site.URL + "/linked"})
	s.untilReceived("Demo phone", s.site.URL+"/linked")
	s.pageMenu(about, "#picture", "image:"+phone, map[string]string{"srcUrl": s.site.URL + "/picture.svg"})
	s.untilReceived("Demo phone", s.site.URL+"/picture.svg")
	var text string
	about.run(&text, `getSelection().selectAllChildren(document.querySelector("#text")); return getSelection().toString()`)
	s.pageMenu(about, "#text", "selection:"+phone, map[string]string{"selectionText": text})
	s.untilReceived("Demo phone", "http://127.0.0.1:1/first", "http://127.0.0.1:1/second")

	links, tabs, window := s.fiveTabs(hand, "menu")
	s.tabMenu(tabs[2], window, "tab:"+phone)
	s.untilReceived("Demo phone", links...)
	hand.run(nil, `await api.windows.remove(args[0])`, window)

	before := s.received("Demo phone")
	s.shortcut(hand, about)
	s.until("the page has gone to the last device", func() (bool, string) {
		got := s.received("Demo phone")
		return len(got) == len(before)+1 && slices.Contains(got, s.site.URL+"/with-a-link"), fmt.Sprint(got)
	})
	hand.close()
	about.close()
}

// pageMenu chooses an entry of the context menu of what a selector finds in a page. clicked is what a click there
// tells the extension, for the browser whose menus no order reaches.
func (s *station) pageMenu(about *page, selector, item string, clicked map[string]string) {
	s.t.Helper()
	switch b := s.browser.(type) {
	case *browsers.Firefox:
		if err := b.RightClick(s.within(), about.Page, selector); err != nil {
			s.t.Fatal(err)
		}
		s.activate(b, "contentAreaContextMenu", item)
	case *browsers.Chromium:
		s.dispatch(b, `chrome.contextMenus.onClicked.dispatch({menuItemId: args[0], ...args[1]}, {id: 1, incognito: false})`, item, clicked)
	}
}

// tabMenu chooses an entry of the context menu of a tab, in the strip.
func (s *station) tabMenu(tab, window int, item string) {
	s.t.Helper()
	switch b := s.browser.(type) {
	case *browsers.Firefox:
		err := b.InBrowser(s.within(), nil, `
			const { ExtensionParent } = ChromeUtils.importESModule("resource://gre/modules/ExtensionParent.sys.mjs");
			const tracker = ExtensionParent.apiManager.global.tabTracker;
			const tab = tracker.getTab(args[0]);
			const w = [...Services.wm.getEnumerator("navigator:browser")].find((w) => w.gBrowser.tabs.includes(tab));
			w.focus();
			tab.dispatchEvent(new w.MouseEvent("contextmenu", {bubbles: true, cancelable: true, button: 2, view: w}));`, tab)
		if err != nil {
			s.t.Fatal(err)
		}
		s.activate(b, "tabContextMenu", item)
	case *browsers.Chromium:
		s.dispatch(b, `chrome.contextMenus.onClicked.dispatch({menuItemId: args[0]}, await chrome.tabs.get(args[1]))`, item, tab)
	}
}

// activate chooses an entry of an open menu of Firefox.
func (s *station) activate(b *browsers.Firefox, menu, item string) {
	s.t.Helper()
	err := b.InBrowser(s.within(), nil, `
		const [menuID, id] = args;
		const find = () => [...Services.wm.getEnumerator("navigator:browser")].map((w) => w.document.getElementById(menuID)).find((m) => m?.state === "open");
		while (!find()) await new Promise((r) => ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs").setTimeout(r, 30));
		const menu = find();
		const entry = menu.querySelector('[id$="-menuitem-_' + CSS.escape(id) + '"]');
		if (!entry) throw new Error("the menu has " + [...menu.querySelectorAll("[id*=-menuitem-]")].map((e) => e.id));
		const parent = entry.parentElement;
		if (parent !== menu) {
			parent.parentElement.openMenu(true);
			while (parent.state !== "open") await new Promise((r) => ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs").setTimeout(r, 30));
		}
		parent.activateItem(entry);`, menu, item)
	if err != nil {
		s.t.Fatal(err)
	}
}

// shortcut presses the keys for "to the last device" with a page in front.
func (s *station) shortcut(hand, about *page) {
	s.t.Helper()
	tab := about.tab()
	hand.run(nil, `await api.tabs.update(args[0], {active: true})`, tab)
	switch b := s.browser.(type) {
	case *browsers.Firefox:
		err := b.InBrowser(s.within(), nil, `
			const w = Services.wm.getMostRecentWindow("navigator:browser");
			const keys = w.document.getElementById("ext-keyset-id-" + args[0].replace(/[^a-z0-9]/gi, "_")) ?? w.document.querySelector('[id^="ext-keyset-id-"]');
			const key = keys.querySelector('[modifiers="alt,shift"]');
			key.dispatchEvent(new w.Event("command", {bubbles: true}));`, s.id)
		if err != nil {
			s.t.Fatal(err)
		}
	case *browsers.Chromium:
		s.dispatch(b, `chrome.commands.onCommand.dispatch("send-to-last", await chrome.tabs.get(args[0]))`, tab)
	}
}

// dispatch calls a listener in Chromium's worker with what a click would bring.
func (s *station) dispatch(b *browsers.Chromium, body string, args ...any) {
	s.t.Helper()
	s.until("the worker runs", func() (bool, string) {
		err := b.InWorker(s.within(), s.id, nil, body, args...)
		return err == nil, fmt.Sprint(err)
	})
}
