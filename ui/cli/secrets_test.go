package cli_test

import (
	"context"
	"errors"
	"image"
	"io"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// Whatever goes wrong, and whoever words it, no error shows what stands behind a link's path.
func TestErrorsKeepSecretsIn(t *testing.T) {
	const secret = "https://someone:s3cret@a.example/path?token=s3cret#channel_key=s3cret"
	broken := errors.New(`Get "` + secret + `": no such browser`)
	for _, command := range [][]string{
		{secret + " https://b.example"},
		{"send", secret + " https://b.example"},
		{"send", "--wait", secret, "https://a.example"},
		{"send", "--" + secret, "x"},
		{"close", "javascript:" + secret},
		{"pair", "join", secret + " &more=s3cret"},
		{"pair", "join", "picture " + secret},
		{"pair", "join", secret},
		{"settings", "browser:" + secret},
		{"settings", "server=" + secret},
		{"rename", secret},
		{"inbox", "open", "i1"},
		{"inbox", "--limit", secret},
		{"demo", "send-me", secret + " https://b.example"},
		{"diagnostics"},
		{"completion", secret},
	} {
		for _, flags := range [][]string{nil, {"--json"}} {
			agent, client := localapitest.New(t)
			agent.Set(localapi.Snapshot{
				Account: localapi.Account{State: localapi.SignedIn}, Devices: localapi.DeviceList{ListState: localapi.ListState{Known: true}},
				Inbox: localapi.Inbox{Recent: []localapi.InboxEntry{{ID: "i1", URL: secret, CanOpen: true}}},
			})
			for _, method := range []string{"JoinPairing", "SetSettings", "RenameDevice", "BeginSignIn", "Diagnostics"} {
				agent.Refuse(method, &localapi.Error{Code: localapi.CodeConflict, Message: broken.Error(), Hint: broken.Error()})
			}
			var said strings.Builder
			code := cli.Run(t.Context(), cli.Params{
				Client: func(bool) *localapi.Client { return client }, Words: i18n.New("en"),
				Open:        func(context.Context, string, string) error { return broken },
				RunWindow:   func(context.Context, cli.WindowStart) error { return broken },
				ReadPicture: func(io.Reader) (string, error) { return "", broken },
				DrawCode:    func(string) (image.Image, error) { return nil, broken },
				Demo:        recordingDemo{},
				In:          strings.NewReader(""), Out: io.Discard, Err: &said,
			}, append(command, flags...))
			if code == cli.ExitOK || said.Len() == 0 || strings.Contains(said.String(), "s3cret") {
				t.Errorf("%q: exit %d: %s", command, code, &said)
			}
		}
	}
}
