package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// ask puts a question on the error stream, so that it is seen when output is piped, and reads one line.
func (p *program) ask(question string) (string, error) {
	fmt.Fprint(p.Err, question+" ")
	line, err := readLine(p.in)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.Err) // the question stands on an open line
	case errors.Is(err, io.EOF) && line != "":
		err = nil
	case errors.Is(err, io.EOF):
		return "", &failure{exit: ExitFailed, code: localapi.CodeConflict, message: p.Words.T("cli.error.no_answer"), hint: p.Words.T("cli.hint.answer")}
	}
	return strings.TrimSpace(line), err
}

// confirm asks a question whose answer is no unless it is clearly yes, in the user's language or
// in English.
func (p *program) confirm(question string) (bool, error) {
	answer, err := p.ask(question + " " + p.Words.T("cli.yes_no"))
	if err != nil {
		return false, err
	}
	answer = strings.ToLower(answer)
	for _, yes := range append(strings.Fields(p.Words.T("cli.yes_words")), "y", "yes") {
		if answer == yes {
			return true, nil
		}
	}
	return false, nil
}

// secret reads a passphrase without showing it.
func (p *program) secret(ctx context.Context, question string) (string, error) {
	fmt.Fprint(p.Err, question+" ")
	if p.ReadSecret != nil {
		return p.ReadSecret()
	}
	if file, ok := p.In.(*os.File); ok && p.terminal() {
		return p.secretAt(ctx, int(file.Fd()))
	}
	line, err := readLine(p.in)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.Err)
	case errors.Is(err, io.EOF) && line != "":
		err = nil
	}
	return strings.TrimSuffix(line, "\r"), err
}

// secretAt reads a line from a terminal, which shows again afterwards what is typed.
func (p *program) secretAt(ctx context.Context, terminal int) (string, error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	text, err := orLeave(ctx, func() ([]byte, error) { return term.ReadPassword(terminal) })
	fmt.Fprintln(p.Err)
	if ctx.Err() != nil { // it may have been left behind
		err = errors.Join(ctx.Err(), term.Restore(terminal, before))
	}
	return string(text), err
}
