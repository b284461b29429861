//go:build linux

package cli_test

import (
	"context"
	"fmt"
	"image"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// newTerminal is a terminal of a size, and the side where a person would sit.
func newTerminal(t *testing.T, columns, rows uint16) (terminal, person *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	fd := int(person.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return terminal, person
}

// A code that a terminal breaks or has no room for cannot be read, and looks as if it could.
func TestCodeOnASmallTerminal(t *testing.T) {
	for _, c := range []struct {
		columns, rows uint16
		fits          bool
	}{{80, 40, true}, {49, 28, true}, {48, 40, false}, {80, 24, false}, {0, 0, true}} {
		terminal, person := newTerminal(t, c.columns, c.rows)
		agent, client := localapitest.New(t)
		agent.Set(localapi.Snapshot{Account: localapi.Account{State: localapi.SignedIn}, Pairing: &localapi.Pairing{State: localapi.PairShowing}})
		agent.Answer("PairingCode", "https://pair.test/")
		go func() { _, _ = io.Copy(io.Discard, person) }() // it ends with the terminal
		ctx, interrupt := context.WithCancel(t.Context())
		said := ""
		cli.Run(ctx, cli.Params{
			Client: func(bool) *localapi.Client { return client }, Words: i18n.New("en"),
			DrawCode: func(string) (image.Image, error) { return image.NewGray(image.Rect(0, 0, 41, 41)), nil },
			In:       strings.NewReader(""), Out: terminal,
			Err: writes{func(text string) {
				if said += text; strings.Contains(text, "Ready to scan") {
					interrupt()
				}
			}},
		}, []string{"pair", "show"})
		if fits := !strings.Contains(said, "needs 49 columns and 28 rows"); fits != c.fits || !strings.Contains(said, "scan") {
			t.Errorf("%d by %d: %s", c.columns, c.rows, said)
		}
	}
}

// Ctrl+C at a passphrase, which nobody sees, leaves a terminal on which a person sees again what is typed.
func TestInterruptedAtAPassphrase(t *testing.T) {
	terminal, person := newTerminal(t, 80, 24)
	agent, client := localapitest.New(t)
	agent.Set(localapi.Snapshot{})
	echo := func() bool {
		state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if err != nil {
			t.Error(err)
			return false
		}
		return state.Lflag&unix.ECHO != 0
	}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	asked := writes{func(text string) {
		if strings.Contains(text, "passphrase") {
			go func() {
				for echo() { // the question stands a moment before it is hidden what is typed
					runtime.Gosched()
				}
				interrupt()
			}()
		}
	}}
	code := cli.Run(ctx, cli.Params{
		Client: func(bool) *localapi.Client { return client }, Words: i18n.New("en"), In: terminal, Out: io.Discard, Err: asked,
	}, []string{"unlock", "--keep", "passphrase"})
	if code != cli.ExitFailed || !echo() {
		t.Errorf("exit %d, what is typed can be seen: %v", code, echo())
	}
	if _, err := person.WriteString("\n"); err != nil { // whoever was left behind goes too
		t.Fatal(err)
	}
}

// writes calls a function with all that is written.
type writes struct{ seen func(text string) }

func (w writes) Write(text []byte) (int, error) {
	w.seen(string(text))
	return len(text), nil
}
