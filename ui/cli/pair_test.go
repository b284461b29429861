package cli_test

import (
	"context"
	"image"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// timed notes when each line was written.
type timed struct {
	mu    sync.Mutex
	begun time.Time
	text  strings.Builder
	at    map[string]time.Duration
}

func (w *timed) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at[strings.TrimSpace(string(b))] = time.Since(w.begun)
	return w.text.Write(b)
}

// when tells when a line with this in it was written, and whether one was.
func (w *timed) when(text string) (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line, at := range w.at {
		if strings.Contains(line, text) {
			return at, true
		}
	}
	return 0, false
}

// pair runs a pairing command in virtual time against a scripted agent.
func pair(t *testing.T, in string, args string, script func(*localapitest.Agent)) (code int, said *timed) {
	t.Helper()
	agent, client := localapitest.New(t)
	agent.Set(localapi.Snapshot{Account: localapi.Account{State: localapi.SignedIn}})
	agent.Answer("PairingCode", "https://pair.test/#x")
	script(agent)
	said = &timed{begun: time.Now(), at: map[string]time.Duration{}}
	code = cli.Run(t.Context(), cli.Params{
		Client: func(bool) *localapi.Client { return client }, Words: i18n.New("en"),
		DrawCode: func(string) (image.Image, error) { return oneDarkModule(), nil },
		In:       strings.NewReader(in), Out: io.Discard, Err: said,
	}, strings.Fields(args))
	return code, said
}

func show(a *localapitest.Agent, p localapi.Pairing) {
	p.Authority = true
	a.Change(func(s *localapi.Snapshot) { s.Pairing = &p })
}

// A phone that has gone says nothing, and neither does its relay: the person is told so within a minute,
// once, and --wait ends the waiting.
func TestPhoneThatHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code, said := pair(t, "y\n", "pair show --wait 10m", func(a *localapitest.Agent) {
			a.Script("ShowPairing", func(localapitest.Call) (any, error) {
				show(a, localapi.Pairing{State: localapi.PairAsked})
				return nil, nil
			})
			a.Script("ConfirmPairing", func(localapitest.Call) (any, error) {
				time.AfterFunc(45*time.Second, func() {
					show(a, localapi.Pairing{State: localapi.PairAsked, ConfirmedHere: true, Silent: true, Problem: "It has said nothing for a while."})
				})
				return nil, nil
			})
		})
		if at, ok := said.when("Now confirm on the other device."); !ok || at != 0 {
			t.Errorf("what to do next is said after %v (%v)", at, ok)
		}
		if at, ok := said.when("has said nothing for a while"); !ok || at > time.Minute || strings.Count(said.text.String(), "nothing for a while") != 1 {
			t.Errorf("the silence is told after %v (%v)", at, ok)
		}
		if at, ok := said.when("--wait is over: 10m0s"); code != cli.ExitFailed || !ok || at != 10*time.Minute {
			t.Errorf("exit %d after %v (%v):\n%s", code, at, ok, &said.text)
		}
	})
}

// What went wrong is said at once, and the goodbye to the other side comes after it.
func TestPairingFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code, said := pair(t, "y\n", "pair show", func(a *localapitest.Agent) {
			a.Await("CancelPairing", func(ctx context.Context) { time.Sleep(1900 * time.Millisecond) })
			a.Script("ShowPairing", func(localapitest.Call) (any, error) {
				show(a, localapi.Pairing{State: localapi.PairFailed, Problem: "Something else took part."})
				return nil, nil
			})
		})
		if at, ok := said.when("Something else took part."); code != cli.ExitFailed || !ok || at != 0 {
			t.Errorf("exit %d, told after %v (%v)", code, at, ok)
		}
	})
}

// A yes that comes too late is answered with what happened meanwhile.
func TestYesAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code, said := pair(t, "y\n", "pair show", func(a *localapitest.Agent) {
			a.Script("ShowPairing", func(localapitest.Call) (any, error) {
				show(a, localapi.Pairing{State: localapi.PairAsked})
				return nil, nil
			})
			a.Script("ConfirmPairing", func(localapitest.Call) (any, error) {
				show(a, localapi.Pairing{State: localapi.PairFailed, Problem: "The other device asked for too much."})
				return nil, &localapi.Error{Code: localapi.CodeConflict, Message: "There is nothing to confirm now."}
			})
		})
		if text := said.text.String(); code != cli.ExitFailed || !strings.Contains(text, "asked for too much") || strings.Contains(text, "nothing to confirm") {
			t.Errorf("exit %d:\n%s", code, text)
		}
	})
}

// Who reads the output has gone (`pair show | head -3`): the pairing is taken back.
func TestPairingEndsWithItsReader(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system does not tell who reads a pipe")
	}
	agent, client := localapitest.New(t)
	agent.Set(localapi.Snapshot{Account: localapi.Account{State: localapi.SignedIn}})
	agent.Answer("PairingCode", "https://pair.test/#x")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	agent.Script("ShowPairing", func(localapitest.Call) (any, error) {
		show(agent, localapi.Pairing{State: localapi.PairShowing})
		return nil, nil
	})
	first := make([]byte, 1)
	go func() { // it reads a little and leaves
		_, _ = read.Read(first)
		_ = read.Close()
	}()
	var said strings.Builder
	code := cli.Run(t.Context(), cli.Params{
		Client: func(bool) *localapi.Client { return client }, Words: i18n.New("en"),
		DrawCode: func(string) (image.Image, error) { return oneDarkModule(), nil },
		In:       strings.NewReader(""), Out: write, Err: &said,
	}, []string{"pair", "show"})
	if code != cli.ExitFailed || !strings.Contains(said.String(), "nobody reads the output") || len(agent.Calls("CancelPairing")) != 1 {
		t.Errorf("exit %d: %s", code, &said)
	}
}
