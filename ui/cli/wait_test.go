package cli_test

import (
	"context"
	"image"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// What --wait says is how long a command waits for somebody else, of every command that does, and it says that
// the time is over.
func TestEveryWaitEnds(t *testing.T) {
	tried := map[string]bool{}
	hangs := func(ctx context.Context) { <-ctx.Done() }
	for line, c := range map[string]struct {
		script func(*localapitest.Agent)
		code   int
		says   string
	}{
		"send --wait 20s https://a.example/":   {func(a *localapitest.Agent) { a.Script("Send", waiting) }, cli.ExitWaiting, "waiting"},
		"close --wait 20s https://a.example/":  {func(a *localapitest.Agent) { a.Script("Send", waiting) }, cli.ExitWaiting, "waiting"},
		"devices --wait 20s":                   {func(*localapitest.Agent) {}, cli.ExitFailed, "list of devices"},
		"refresh --wait 20s":                   {func(a *localapitest.Agent) { a.Await("Refresh", hangs) }, cli.ExitFailed, "--wait is over: 20s"},
		"watch --wait 20s":                     {func(*localapitest.Agent) {}, cli.ExitOK, ""},
		"signin --no-browser --wait 20s":       {func(a *localapitest.Agent) { signedOut(a) }, cli.ExitFailed, "took too long"},
		"pair show --wait 20s":                 {func(a *localapitest.Agent) { a.Script("ShowPairing", opening(a)) }, cli.ExitFailed, "--wait is over: 20s"},
		"pair join https://p.test/ --wait 20s": {func(a *localapitest.Agent) { signedOut(a); a.Script("JoinPairing", opening(a)) }, cli.ExitFailed, "--wait is over: 20s"},
	} {
		cmd, _, err := tree().Find(strings.Fields(line))
		if err != nil {
			t.Fatal(err)
		}
		tried[name(cmd)] = true
		t.Run(line, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				agent, client := localapitest.New(t)
				agent.Set(localapi.Snapshot{Account: localapi.Account{State: localapi.SignedIn}})
				c.script(agent)
				var said strings.Builder
				begun := time.Now()
				in, _ := io.Pipe() // a person who says nothing
				defer in.Close()
				code := cli.Run(t.Context(), cli.Params{
					Client: func(bool) *localapi.Client { return client }, Words: i18n.New("en"),
					DrawCode: func(string) (image.Image, error) { return oneDarkModule(), nil },
					In:       in, Out: &said, Err: &said,
				}, strings.Fields(line))
				if code != c.code || !strings.Contains(said.String(), c.says) {
					t.Errorf("exit %d: %s", code, &said)
				}
				if took := time.Since(begun); took < 20*time.Second || took > 21*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
	for _, c := range runnable(tree()) {
		if waits := c.Flags().Lookup("wait") != nil; waits != tried[name(c)] {
			t.Errorf("%s has --wait: %v; tried: %v", name(c), waits, tried[name(c)])
		}
	}
}

// waiting is a server that does not take what is sent; the agent waits for it as long as it is told.
func waiting(c localapitest.Call) (any, error) {
	r := c.Args[0].(localapi.SendRequest)
	time.Sleep(time.Duration(r.WaitMillis) * time.Millisecond)
	return []localapi.OutboxEntry{{ID: "o", To: "Phone", State: localapi.SendWaiting}}, nil
}

// signedOut begins a sign-in that nobody finishes.
func signedOut(a *localapitest.Agent) {
	a.Set(localapi.Snapshot{Account: localapi.Account{State: localapi.SignedOut}})
	a.Script("BeginSignIn", func(localapitest.Call) (any, error) {
		page := localapi.SignIn{URL: "https://accounts.test/", Loopback: true}
		a.Change(func(s *localapi.Snapshot) { s.SignIn, s.Account.State = &page, localapi.SigningIn })
		return page, nil
	})
}

// opening is a pairing that never gets anywhere.
func opening(a *localapitest.Agent) func(localapitest.Call) (any, error) {
	return func(localapitest.Call) (any, error) {
		a.Change(func(s *localapi.Snapshot) { s.Pairing = &localapi.Pairing{State: localapi.PairOpening} })
		return nil, nil
	}
}
