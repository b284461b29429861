//go:build peers && linux

package browsers_test

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/browsers"
)

// A person installs the extension before Tabferry, connects the two, signs in, sends, receives. The steps build on
// each other, as her days do.
func TestPerson(t *testing.T) {
	for _, name := range []string{"firefox", "chromium"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStation(t, name, "")
			for _, step := range []struct {
				name string
				do   func(*station)
			}{
				{"Tabferry is not there", (*station).isMissing},
				{"the browser starts it", (*station).isStarted},
				{"a send is undone, another goes", (*station).sendsByKeyboard},
				{"five selected tabs go in order", (*station).sendsSelected},
				{"menus and the shortcut send", (*station).sendsByMenu},
				{"received tabs are shown and opened", (*station).receives},
				{"the agent is killed and comes back", (*station).survivesKill},
				{"the background is stopped amid a send", (*station).survivesStop},
				{"another extension is asked about", (*station).letsInAnother},
				{"a sign-in comes back by itself", (*station).finishesSignIn},
				{"how it looks and is spoken", (*station).looks},
			} {
				if !t.Run(step.name, func(t *testing.T) { step.do(s.in(t)) }) {
					return // the rest builds on it
				}
			}
		})
	}
}

// popup opens the popup for the tab of a page.
func (s *station) popup(about *page) *page {
	s.t.Helper()
	return s.page(fmt.Sprintf("popup.html?tab=%d", about.tab()))
}

// tab gives the id of a page's tab, by its address.
func (p *page) tab() int {
	p.s.t.Helper()
	var address string
	p.run(&address, `return location.href`)
	hand := p.s.page("options.html")
	defer hand.close()
	var id int
	hand.run(&id, `return (await api.tabs.query({})).find((tab) => tab.url === args[0])?.id ?? 0`, address)
	if id == 0 {
		p.s.t.Fatalf("no tab shows %s", address)
	}
	return id
}

func (s *station) isMissing() {
	popup := s.page("popup.html")
	popup.untilShows("#notice code", "tabferry extension install")
	popup.picture("missing", 360)
	s.connect()
	popup.click("#notice .buttons button:last-child") // try again
	popup.untilShows("#notice", "Nobody is signed in")
	popup.picture("signed-out", 360)
	popup.close()
}

// isStarted: nobody but the host has started the agent.
func (s *station) isStarted() {
	popup := s.page("popup.html")
	popup.untilShows("#notice", "Nobody is signed in")
	s.signIn()
	popup.untilShows("#devices", "Demo phone") // it hears of the sign-in by itself
	popup.untilShows("#devices", "All devices")
	popup.untilShows("#what", "cannot be sent")
	popup.close()
	if b, ok := s.browser.(*browsers.Firefox); ok { // in Chromium the tests' copy has the permission
		s.knowsTheTabInFront(b)
		options := s.page("options.html")
		options.click("#tabs-allowed")
		options.untilTrue("the tabs may be read", `return api.permissions.contains({permissions: ["tabs"]})`)
		options.close()
	}
}

// knowsTheTabInFront: a click on the real button needs no permission for what is in front.
func (s *station) knowsTheTabInFront(b *browsers.Firefox) {
	hand := s.page("options.html")
	about := s.open(s.site.URL + "/in-front")
	if err := b.ClickInWindow(s.within(), "#send_tabferry_github_io-browser-action .unified-extensions-item-action-button"); err != nil {
		s.t.Fatal(err)
	}
	popup := `const popup = api.extension.getViews({type: "popup"})[0]?.document; return !!popup && `
	hand.untilTrue("the popup shows the tab in front", popup+`popup.querySelector("#what").textContent.includes("in-front")`)
	hand.untilTrue("its first device has the focus", popup+`popup.activeElement === popup.querySelector("#devices button")`)
	hand.run(nil, `api.extension.getViews({type: "popup"})[0].close()`)
	about.close()
	hand.close()
}

func (s *station) sendsByKeyboard() {
	about := s.open(s.site.URL + "/by-keyboard")
	popup := s.popup(about)
	popup.untilShows("#what", "by-keyboard")
	popup.untilTrue("the first device has the focus", `return document.activeElement.dataset.device && document.activeElement === document.querySelector("#devices button")`)
	focused := `return document.activeElement.textContent.includes(args[0])`
	first := "Demo phone"
	popup.untilTrue("it is the phone or the tablet", `return /Demo (phone|tablet)/.test(document.activeElement.textContent)`)
	popup.run(&first, `return document.activeElement.querySelector(".line").textContent`)
	popup.press("End")
	popup.untilTrue("the focus is on all devices", focused, "All devices")
	popup.press("Home")
	popup.untilTrue("the focus is back", focused, first)

	popup.press("Enter")
	popup.untilShows("#outcome", "5 seconds")
	popup.untilShows("#batches", "waiting")
	popup.picture("held", 360)
	popup.click("#batches button")
	popup.untilShows("#outcome", "Taken back")
	if got := append(s.received("Demo phone"), s.received("Demo tablet")...); len(got) > 0 {
		s.t.Errorf("taken back, and yet a device has received %q", got)
	}

	options := s.page("options.html")
	options.click("#hold")
	options.untilTrue("sends are not held any more", `return (await api.storage.local.get("hold")).hold === false`)
	options.close()
	popup.click(`#devices button`)
	popup.untilShows("#batches", "device alerted")
	s.untilReceived(first, s.site.URL+"/by-keyboard")
	popup.close()
	about.close()
}

// fiveTabs opens a window with five selected tabs, and gives their addresses and the ids of tabs and window.
func (s *station) fiveTabs(hand *page, name string) (links []string, tabs []int, window int) {
	for i := range 5 {
		links = append(links, fmt.Sprintf("%s/%s-%d", s.site.URL, name, i+1))
	}
	var made struct {
		Window int
		Tabs   []int
	}
	hand.run(&made, `
		const w = await api.windows.create({url: args[0]});
		const all = () => api.tabs.query({windowId: w.id});
		while ((await all()).some((tab) => tab.status !== "complete" || !args[0].includes(tab.url))) await new Promise((r) => setTimeout(r, 30));
		await api.tabs.highlight({windowId: w.id, tabs: [0, 1, 2, 3, 4]});
		return {Window: w.id, Tabs: (await all()).map((tab) => tab.id)};`, links)
	return links, made.Tabs, made.Window
}

func (s *station) sendsSelected() {
	hand := s.page("options.html")
	links, tabs, window := s.fiveTabs(hand, "selected")
	popup := s.page(fmt.Sprintf("popup.html?tab=%d", tabs[0]))
	popup.untilShows("#what", "5 selected tabs")
	popup.picture("selected", 360)
	popup.click(`#devices button[data-device]:not([data-device="all"])`)
	popup.untilShows("#batches", "and 4 more")
	popup.untilShows("#batches", "device alerted")
	var to string
	popup.run(&to, `return (await api.storage.session.get("batches")).batches[0].to`)
	s.untilReceived(to, links...)

	popup.click(`#devices button[data-device="all"]`)
	s.untilReceived("Demo phone", links...)
	s.untilReceived("Demo tablet", links...)
	popup.close()
	hand.run(nil, `await api.windows.remove(args[0])`, window)
	hand.close()
}

func (s *station) receives() {
	hand := s.page("options.html")
	hand.untilTrue("the opt-in can be chosen", `return !document.querySelector("#inbox").disabled`)
	hand.click("#inbox")
	hand.untilTrue("the opt-in is stored", `return (await api.storage.local.get("received")).received === true`)
	link := s.site.URL + "/received"
	if err := s.world().SendMe(s.within(), link); err != nil {
		s.t.Fatal(err)
	}
	hand.untilTrue("the button counts one", `return (await api.action.getBadgeText({})) === "1"`)
	popup := s.page("popup.html")
	popup.untilShows("#tabs", "Sent from the demo phone")
	popup.picture("received", 360)
	popup.click("#tabs button")
	hand.untilTrue("the tab is open", `return (await api.tabs.query({})).some((tab) => tab.url === args[0])`, link)
	hand.untilTrue("the button counts none", `return (await api.action.getBadgeText({})) === ""`)
	popup.untilTrue("the list is empty", `return !document.querySelector("#received").checkVisibility()`)
	popup.close()
	hand.run(nil, `await api.tabs.remove((await api.tabs.query({})).filter((tab) => tab.url === args[0]).map((tab) => tab.id))`, link)
	hand.close()
}

// survivesKill: the popup is open while the agent is killed; the next click starts another one.
func (s *station) survivesKill() {
	about := s.open(s.site.URL + "/after-the-kill")
	popup := s.popup(about)
	popup.untilShows("#devices", "Demo phone")
	before, err := s.app.Client().Snapshot(s.within())
	if err != nil {
		s.t.Fatal(err)
	}
	kill(s.t, before.PID)
	popup.untilShows("#outcome", "Tabferry has ended")
	popup.click("#devices button")
	again := false
	s.until("the link is on its way", func() (bool, string) {
		var on bool
		popup.run(&on, `return document.querySelector("#batches").textContent.includes("after-the-kill")`)
		var says string
		popup.run(&says, `return document.body.innerText`)
		if !on && !again && strings.Contains(says, "is locked") { // the keyring was slow: whoever reads that clicks again
			if now, err := s.app.Client().Snapshot(s.within()); err == nil && !now.Storage.Locked {
				again = true
				popup.click("#devices button")
			}
		}
		return on, says
	})
	s.until("a device has it", func() (bool, string) {
		got := append(s.received("Demo phone"), s.received("Demo tablet")...)
		return slices.Contains(got, s.site.URL+"/after-the-kill"), fmt.Sprint(got)
	})
	after, err := s.app.Client().Snapshot(s.within())
	if err != nil || after.PID == before.PID {
		s.t.Errorf("the agent is %d, before it was %d: %v", after.PID, before.PID, err)
	}
	popup.untilShows("#batches", "device alerted")
	popup.close()
	about.close()

	// The background, which heard of received tabs, finds the new agent by itself.
	if err := s.world().SendMe(s.within(), s.site.URL+"/received-later"); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.app.Until(s.within(), "a received tab", func(n localapi.Snapshot) bool { return n.Inbox.Unread == 1 }); err != nil {
		s.t.Fatal(err)
	}
	hand := s.page("options.html")
	hand.untilTrue("the button counts one", `return (await api.action.getBadgeText({})) === "1"`)
	popup = s.page("popup.html")
	popup.untilShows("#tabs", "Sent from the demo phone")
	popup.click("#tabs button")
	hand.untilTrue("the button counts none", `return (await api.action.getBadgeText({})) === ""`)
	popup.close()
	hand.close()
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := browsers.Until(t.Context(), "the agent is gone", func() (bool, string) { return !alive(pid), "" }); err != nil {
		t.Fatal(err)
	}
}
