//go:build peers && linux

package browsers_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/tabferry/tabferry/packaging/browsers"
)

// survivesStop: browsers stop a background when they please, also while a menu's send waits for its answer. The link
// goes once, and whoever looks next, popup or background, is told that nobody heard how it went.
func (s *station) survivesStop() {
	hand := s.page("options.html")
	var phone string
	hand.run(&phone, `return (await api.storage.local.get("devices")).devices.find((d) => d.name === "Demo phone").id`)
	hand.untilTrue("the menus know the phone", `return api.contextMenus.update("link:" + args[0], {}).then(() => true, () => false)`, phone)

	s.stopsAmidASend(hand, phone, "stopped-and-popup")
	popup := s.page("popup.html")
	popup.untilShows("#outcome", "stopped-and-popup")
	popup.untilTrue("it is said as a problem", `return document.querySelector("#outcome").className === "bad"`)
	popup.close()
	popup = s.page("popup.html")
	popup.untilShows("#devices", "Demo phone")
	var again string
	popup.run(&again, `return document.querySelector("#outcome").textContent`)
	if again != "" {
		s.t.Errorf("it is said again: %q", again)
	}
	popup.close()

	s.stopsAmidASend(hand, phone, "stopped-and-woken")
	hand.run(nil, `await api.storage.local.set({devices: []})`) // of which the background hears
	hand.untilTrue("the button says that something went wrong", `return (await api.action.getBadgeText({})) === "!"`)
	hand.untilTrue("and what", `return (await api.action.getTitle({})).includes("stopped-and-woken")`)
	popup = s.page("popup.html")
	popup.untilShows("#outcome", "stopped-and-woken")
	popup.untilShows("#devices", "Demo phone")
	popup.close()
	hand.close()
}

// stopsAmidASend sends the link of a page from its menu to an agent that hangs, and stops the background before
// the agent goes on.
func (s *station) stopsAmidASend(hand *page, phone, name string) {
	s.t.Helper()
	link := s.site.URL + "/" + name
	about := s.open(s.site.URL + "/before")
	about.run(nil, `document.querySelector("#link").href = args[0]; document.querySelector("#link").textContent = args[1]`, link, name)
	now, err := s.app.Client().Snapshot(s.within())
	if err != nil {
		s.t.Fatal(err)
	}
	send := func(what syscall.Signal) {
		s.t.Helper()
		if err := syscall.Kill(now.PID, what); err != nil {
			s.t.Fatal(err)
		}
	}
	send(syscall.SIGSTOP)
	s.t.Cleanup(func() { _ = syscall.Kill(now.PID, syscall.SIGCONT) }) // it may have ended
	before := s.hosts()                                                // of the pages that are open
	s.pageMenu(about, "#link", "link:"+phone, map[string]string{"linkUrl": link, "linkText": name})
	s.until("another host asks the agent", func() (bool, string) {
		hosts := s.hosts()
		for pid := range before {
			delete(hosts, pid)
		}
		return slices.Contains(slices.Collect(maps.Values(hosts)), true), fmt.Sprint(hosts)
	})
	s.stop()
	send(syscall.SIGCONT)
	s.untilReceived("Demo phone", link)
	about.close()
	hand.untilTrue("nobody has been told yet", `return (await api.action.getBadgeText({})) === ""`)
	if got := s.received("Demo phone"); slices.Index(got, link) != len(got)-1 {
		s.t.Errorf("it has received %q", got)
	}
}

// hosts are the hosts that the browser has started, by process, and whether each has a connection to the agent.
func (s *station) hosts() map[string]bool {
	s.t.Helper()
	programs, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		s.t.Fatal(err)
	}
	hosts := map[string]bool{}
	for _, exe := range programs {
		proc := filepath.Dir(exe)
		line, err := os.ReadFile(filepath.Join(proc, "cmdline"))
		if program, bad := os.Readlink(exe); err != nil || bad != nil || program != filepath.Join(binaries, "tabferry") || !strings.Contains(string(line), s.id) {
			continue // another one, or it has ended
		}
		hosts[proc] = false
		files, err := os.ReadDir(filepath.Join(proc, "fd"))
		if err != nil {
			continue
		}
		for _, file := range files {
			what, err := os.Readlink(filepath.Join(proc, "fd", file.Name()))
			if n, bad := strconv.Atoi(file.Name()); err == nil && bad == nil && n > 2 && strings.HasPrefix(what, "socket:") {
				hosts[proc] = true
			}
		}
	}
	return hosts
}

// stop stops the background as the browser does.
func (s *station) stop() {
	s.t.Helper()
	var err error
	switch b := s.browser.(type) {
	case *browsers.Firefox:
		err = b.InBrowser(s.within(), nil, `
			await WebExtensionPolicy.getByID(args[0]).extension.terminateBackground({ignoreDevToolsAttached: true, disableResetIdleForTest: true})`, s.id)
	case *browsers.Chromium:
		err = b.StopWorker(s.within(), s.id)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.until("the background is stopped", func() (bool, string) {
		switch b := s.browser.(type) {
		case *browsers.Firefox:
			var state string
			err := b.InBrowser(s.within(), &state, `return WebExtensionPolicy.getByID(args[0]).extension.backgroundState`, s.id)
			return err == nil && state == "stopped", fmt.Sprint(state, err)
		case *browsers.Chromium:
			runs, err := b.WorkerRuns(s.within(), s.id)
			return err == nil && !runs, fmt.Sprint(runs, err)
		}
		return false, "no such browser"
	})
}
