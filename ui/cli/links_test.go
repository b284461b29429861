package cli_test

import (
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// sent runs a command and returns the links that the agent was asked to send.
func sent(t *testing.T, input string, args ...string) (links []string, exit int, said string) {
	t.Helper()
	agent, client := localapitest.New(t)
	agent.Set(localapi.Snapshot{
		Account: localapi.Account{State: localapi.SignedIn},
		Devices: localapi.DeviceList{ListState: localapi.ListState{Known: true}, Items: []localapi.Device{{ID: "d", Name: "Phone", CanReceiveTabs: true}}},
	})
	var out strings.Builder
	exit = cli.Run(t.Context(), cli.Params{
		Client: func(bool) *localapi.Client { return client }, Words: i18n.New("en"), In: strings.NewReader(input), Out: io.Discard, Err: &out,
	}, append([]string{"send", "--wait", "0s"}, args...))
	for _, call := range agent.Calls("Send") {
		for _, l := range call.Args[0].(localapi.SendRequest).Links {
			links = append(links, l.URL)
		}
	}
	return links, exit, out.String()
}

// The links that every face finds in a text are what standard input gives; a text that is one link is
// an argument too.
func TestSendTakesWhatIsFound(t *testing.T) {
	content, err := os.ReadFile("../../account/link/testdata/texts.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts []struct {
		Name, Text string
		Links      []string
	}
	if err := json.Unmarshal(content, &texts); err != nil {
		t.Fatal(err)
	}
	for _, c := range texts {
		if got, _, said := sent(t, c.Text, "-"); !slices.Equal(got, c.Links) && len(got)+len(c.Links) > 0 {
			t.Errorf("%s: sent %q, want %q: %s", c.Name, got, c.Links, said)
		}
		got, exit, _ := sent(t, "", c.Text)
		if alone := len(c.Links) == 1 && strings.Contains(c.Text, c.Links[0]) && !strings.Contains(c.Text, " ") && strings.HasPrefix(c.Text, "http"); alone && !slices.Equal(got, c.Links) ||
			len(c.Links) == 0 && (exit != cli.ExitUsage || len(got) > 0) {
			t.Errorf("%s: as an argument %q, exit %d", c.Name, got, exit)
		}
	}
}

func TestARefusedLinkNamesItsReason(t *testing.T) {
	for arg, want := range map[string]string{
		"https://a^b.example/": "No browser looks up such a host.", "https://a.example:x/": "The port of the link",
		"https://": "names no host", "https://a.example/\x01x": "control character", "https://a.example/ https://b.example/": "more than one link",
		"example": "links begin with http:// or https://", "javascript:alert(1)": "links begin with http:// or https://",
	} {
		if _, exit, said := sent(t, "", arg); exit != cli.ExitUsage || !strings.Contains(said, want) {
			t.Errorf("%q: exit %d, %s", arg, exit, said)
		}
	}
}
