//go:build peers && linux

package browsers_test

import "strings"

// looks takes pictures in both appearances, and asks what a screen reader is told.
func (s *station) looks() {
	about := s.open(s.site.URL + "/The ferry timetable")
	for _, dark := range []bool{false, true} {
		if err := s.browser.SetDark(s.within(), dark); err != nil {
			s.t.Fatal(err)
		}
		appearance := map[bool]string{false: "light", true: "dark"}[dark]
		popup := s.popup(about)
		popup.untilShows("#devices", "Demo phone")
		popup.untilTrue("it has the appearance", `return matchMedia("(prefers-color-scheme: dark)").matches === args[0]`, dark)
		popup.picture("popup-"+appearance, 360)
		popup.nothingNameless()
		popup.spoken("#outcome", "status", "")
		popup.spoken("#devices", "list", "To")
		popup.spoken("#devices button", "button", "Demo ")
		popup.spoken("#options", "button", "Options")
		popup.close()
		options := s.page("options.html")
		options.picture("options-"+appearance, 760)
		options.nothingNameless()
		options.spoken("#hold", "checkbox", "Wait five seconds before sending")
		options.spoken("#callers button", "button", "Allow: Another extension")
		options.close()
	}
	about.close()
}

// spoken demands what a screen reader is told of an element: its role, and how its name begins.
func (p *page) spoken(selector, role, name string) {
	p.s.t.Helper()
	gotRole, gotName, err := p.Spoken(p.s.within(), selector)
	if err != nil {
		p.s.t.Fatal(err)
	}
	if gotRole != role || !strings.HasPrefix(gotName, name) {
		p.s.t.Errorf("%s: %s is spoken as %s %q, want %s %q", p.s.browser.Name(), selector, gotRole, gotName, role, name)
	}
}

// nothingNameless demands a name and a role of whatever can be used, and that the outcome is spoken.
func (p *page) nothingNameless() {
	p.s.t.Helper()
	var faults []string
	p.run(&faults, `
		const faults = [];
		for (const e of document.querySelectorAll("button, input, a, [role]")) {
			const named = e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.textContent || document.getElementById(e.getAttribute("aria-labelledby"))?.textContent;
			if (e.checkVisibility() && !named?.trim() && e.getAttribute("role") !== "status") faults.push(e.outerHTML);
		}
		for (const list of document.querySelectorAll("ul")) {
			if (!document.getElementById(list.getAttribute("aria-labelledby"))?.textContent) faults.push("a list without a name: " + list.id);
		}
		for (const e of document.querySelectorAll("svg")) if (e.getAttribute("aria-hidden") !== "true") faults.push("a picture that is spoken");
		const outcome = document.querySelector("#outcome");
		if (outcome.getAttribute("role") !== "status" || outcome.getAttribute("aria-live") !== "polite") faults.push("the outcome is not spoken");
		if (!document.documentElement.lang || !document.title) faults.push("no language or title");
		if (document.documentElement.scrollWidth > document.documentElement.clientWidth) faults.push("it is wider than its window");
		return faults;`)
	for _, fault := range faults {
		p.s.t.Errorf("%s: %s", p.s.browser.Name(), fault)
	}
}
