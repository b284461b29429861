package desktop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// openPatience is how long OpenWith watches the opening program for a failure. xdg-open returns in
// well under a second; a browser that was not running yet stays, which is fine.
const openPatience = 3 * time.Second

// OpenerVariable names the environment variable with a command that opens links instead of the
// system's way: for tests, and for desktops that have none.
const OpenerVariable = "TABFERRY_OPENER"

// Opener opens links in a browser. It waits for the programs it starts, so that none is left as a
// zombie, and tells when opening failed. The zero value is ready; it must not be copied.
type Opener struct {
	// Getenv replaces os.Getenv in tests.
	Getenv  func(string) string
	running sync.WaitGroup
}

// OpenWith opens address with the command browser; empty means the system's choice. The command is
// split at blanks, single or double quotes hold words together, "~/" and $HOME are the home folder, and
// %u, %U, %f, %F or %s is replaced by the address, which otherwise comes last. It is never given to a
// shell.
func (o *Opener) OpenWith(ctx context.Context, browser, address string) error {
	address, err := link.ForOpener(address)
	if err != nil {
		return err
	}
	getenv := o.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	if command := getenv(OpenerVariable); command != "" {
		browser = command
	}
	if browser == "" {
		return o.openDefault(ctx, address, getenv)
	}
	command, err := words(browser, address, getenv("HOME"))
	if err != nil {
		return err
	}
	return o.start(ctx, command)
}

// words makes the words of a program to run of a browser command: the codes that desktop entries and
// the variable BROWSER have for the address stand for it, which otherwise comes last.
func words(command, address, home string) ([]string, error) {
	split, err := splitCommand(command)
	if err != nil {
		return nil, err
	}
	var words []string
	placed := false
	for _, w := range split {
		if home != "" {
			if rest, ok := strings.CutPrefix(w, "~/"); ok {
				w = home + "/" + rest
			}
			w = strings.NewReplacer("${HOME}", home, "$HOME", home).Replace(w)
		}
		full, holds := expand(w, address)
		placed = placed || holds
		if full != "" || w == "" {
			words = append(words, full)
		}
	}
	if len(words) == 0 {
		return nil, errNoProgram
	}
	if !placed {
		words = append(words, address)
	}
	return words, nil
}

// expand puts the address in the place of its codes in a word, and reports whether there was one.
func expand(word, address string) (full string, holds bool) {
	var b strings.Builder
	for {
		before, code, ok := strings.Cut(word, "%")
		b.WriteString(before)
		switch {
		case !ok:
			return b.String(), holds
		case code == "":
			return b.String() + "%", holds
		case strings.IndexByte("uUfFs", code[0]) >= 0:
			b.WriteString(address)
			holds = true
		case code[0] == '%':
			b.WriteByte('%')
		case strings.IndexByte("ickdDnNvm", code[0]) < 0: // those name icons and such: nothing here
			b.WriteString("%" + code[:1])
		}
		word = code[1:]
	}
}

// Wait waits for the started programs to end, for tests and orderly ends of tools.
func (o *Opener) Wait() { o.running.Wait() }

// start runs an opening program and watches it for openPatience. A program that still runs then
// is taken for a browser and left alone; somebody goes on waiting for it.
func (o *Opener) start(ctx context.Context, words []string) error {
	// Not CommandContext: a browser must outlive the call that opened it.
	cmd := exec.Command(words[0], words[1:]...) // #nosec G204 -- the user's own choice of browser
	cmd.Env = session.Environ()
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("open link: %w", withoutLink(err))
	}
	done := make(chan error, 1)
	o.running.Go(func() { done <- cmd.Wait() })
	patience := time.NewTimer(openPatience)
	defer patience.Stop()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("open link: %s: %w", words[0], err)
		}
		return nil
	case <-patience.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

var errNoProgram = errors.New("browser command: no program named")

// withoutLink keeps the link out of an error's text.
func withoutLink(err error) error {
	var e *exec.Error
	if errors.As(err, &e) {
		return e // names the program and the reason
	}
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// splitCommand splits a command at blanks outside quotes.
func splitCommand(command string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote rune
	inWord := false
	for _, r := range command {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, inWord = r, true
		case unicode.IsSpace(r):
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, errors.New("browser command: a quote is not closed")
	}
	if inWord {
		words = append(words, word.String())
	}
	if len(words) == 0 || words[0] == "" {
		return nil, errNoProgram
	}
	return words, nil
}
