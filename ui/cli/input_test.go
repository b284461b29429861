package cli_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// Ctrl+C ends a command that waits for a person, or for whoever writes into a pipe: a read cannot be
// interrupted, so it is left behind.
func TestInterruptedWhileReading(t *testing.T) {
	locked := localapi.Storage{Protection: localapi.ProtectedByPassphrase, Locked: true}
	phone := localapi.DeviceList{ListState: localapi.ListState{Known: true}, Items: []localapi.Device{{ID: "p", Name: "Phone"}}}
	for line, s := range map[string]localapi.Snapshot{
		"send -":                        {},
		"pair join -":                   {},
		"pair join input_test.go":       {},
		"signin --email -":              {},
		"unlock":                        {Storage: locked},
		"unlock --keep passphrase":      {},
		"devices disconnect phone":      {Account: localapi.Account{State: localapi.SignedIn}, Devices: phone},
		"signin --keep passphrase":      {},
		"signin --email - --no-browser": {},
	} {
		t.Run(line, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				agent, client := localapitest.New(t)
				agent.Set(s)
				in, silent := io.Pipe()
				defer silent.Close()
				ctx, interrupt := context.WithCancel(t.Context())
				defer interrupt()
				code := make(chan int)
				var said strings.Builder
				go func() {
					code <- cli.Run(ctx, cli.Params{
						Client: func(bool) *localapi.Client { return client }, Words: i18n.New("en"),
						ReadPicture: func(io.Reader) (string, error) { _, err := io.ReadAll(in); return "", err }, // as from a pipe with a name
						In:          in, Out: io.Discard, Err: &said,
					}, strings.Fields(line))
				}()
				synctest.Wait()
				select {
				case <-code:
					t.Fatalf("it did not wait: %s", &said)
				default:
				}
				interrupt()
				synctest.Wait()
				select {
				case c := <-code:
					if c != cli.ExitFailed || !strings.HasSuffix(said.String(), "\ntabferry: cancelled\n") && said.String() != "tabferry: cancelled\n" {
						t.Errorf("exit %d: %q", c, &said)
					}
				default:
					t.Error("it goes on")
					silent.Close()
					<-code
				}
			})
		})
	}
}
