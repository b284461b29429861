//go:build peers && linux

package browsers_test

import (
	"path/filepath"
	"strings"
)

// letsInAnother: another extension sends through ours once the person has said yes, and neither before nor
// after. Tabferry's host does not speak with it at all.
func (s *station) letsInAnother() {
	folder, err := filepath.Abs("testdata/foreign")
	if err != nil {
		s.t.Fatal(err)
	}
	id, err := s.browser.Install(s.within(), folder)
	if err != nil {
		s.t.Fatal(err)
	}
	address, err := s.browser.Address(s.within(), id, "page.html")
	if err != nil {
		s.t.Fatal(err)
	}
	other := s.open(address)

	var refused string
	other.run(&refused, `
		try {
			return "answered: " + JSON.stringify(await api.runtime.sendNativeMessage("io.github.tabferry.tabferry", {v: 1, id: "1", type: "devices"}));
		} catch (error) { return String(error.message) }`)
	if !strings.Contains(refused, "No such native application") && !strings.Contains(refused, "forbidden") {
		s.t.Errorf("the host of Tabferry says to another extension: %s", refused)
	}

	link := s.site.URL + "/from-another"
	ask := func() (code, text string) {
		s.t.Helper()
		var answer struct{ Code, Text string }
		other.run(&answer, `
			const answer = await api.runtime.sendMessage(args[0], {v: 1, type: "devices", name: "Another extension"});
			return {Code: answer.ok ? "ok" : answer.error.code, Text: JSON.stringify(answer)};`, s.id)
		return answer.Code, answer.Text
	}
	send := func() string {
		s.t.Helper()
		var code string
		other.run(&code, `
			const answer = await api.runtime.sendMessage(args[0], {v: 1, type: "send", name: "Another extension", items: [{url: args[1], title: "From another"}], to: "all"});
			return answer.ok ? "ok" : answer.error.code;`, s.id, link)
		return code
	}
	expect := func(when, want string) {
		s.t.Helper()
		code, text := ask()
		if code != want || want != "ok" && strings.Contains(text, "Demo") {
			s.t.Errorf("%s, devices is answered with %s", when, text)
		}
		if code := send(); code != want {
			s.t.Errorf("%s, send is answered with %q, not %q", when, code, want)
		}
	}

	expect("before the person was asked", "ask")
	hand := s.page("options.html")
	hand.untilTrue("the button asks", `return (await api.action.getBadgeText({})) === "?"`)
	hand.untilShows("#callers", "Another extension")
	hand.untilShows("#callers", id)
	hand.picture("asked", 760)
	hand.click("#callers button.primary")
	hand.untilShows("#callers", "allowed")
	hand.untilTrue("the button is quiet", `return (await api.action.getBadgeText({})) === ""`)
	expect("after a yes", "ok")
	s.untilReceived("Demo phone", link)
	s.untilReceived("Demo tablet", link)
	hand.click("#callers button") // revoke
	hand.untilShows("#callers", "denied")
	expect("after it was revoked", "not_allowed")
	hand.close()
	other.close()
}
