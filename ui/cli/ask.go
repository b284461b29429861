package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// ask puts a question on the error stream, so that it is seen when output is piped, and reads one line.
func (p *program) ask(question string) (string, error) {
	fmt.Fprint(p.Err, question+" ")
	line, err := readLine(p.in)
	if errors.Is(err, io.EOF) {
		if line != "" {
			return strings.TrimSpace(line), nil
		}
		return "", &failure{exit: ExitFailed, message: p.Words.T("cli.error.no_answer"), hint: p.Words.T("cli.hint.answer")}
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
func (p *program) secret(question string) (string, error) {
	fmt.Fprint(p.Err, question+" ")
	if p.ReadSecret != nil {
		return p.ReadSecret()
	}
	if file, ok := p.In.(*os.File); ok && p.terminal() {
		text, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(p.Err)
		return string(text), err
	}
	line, err := readLine(p.in)
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimSuffix(line, "\r"), err
}
