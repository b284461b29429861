package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// ErrNoDemo says that the program with the demo world is not installed.
var ErrNoDemo = errors.New("the demo is a program of its own and not installed")

// failure is an error that knows its exit code and what to do next.
type failure struct {
	exit    int
	code    localapi.Code
	message string
	hint    string
	// quiet says that the command has told everything already.
	quiet bool
}

func (f *failure) Error() string { return f.message }

func (p *program) usage(message string) error {
	return &failure{exit: ExitUsage, code: localapi.CodeUsage, message: message, hint: p.Words.T("cli.hint.help")}
}

// notALink says that a text is not a link that devices take, and why.
func (p *program) notALink(text string, why link.Reason) error {
	hint := p.Words.T("cli.hint.link")
	if why != link.NoScheme && why != link.OtherScheme {
		hint = p.Words.T("common.link." + string(why))
	}
	return &failure{
		exit: ExitUsage, code: localapi.CodeUsage, hint: hint,
		message: p.Words.T("cli.error.not_a_link", "Text", i18n.OneLine(link.WithoutQuery(text), shownLink)),
	}
}

// shownLink is how many characters of a refused link are shown.
const shownLink = 80

// missing says that this program was built or wired without a part.
func (p *program) missing() error {
	return &failure{exit: ExitFailed, code: localapi.CodeUnsupported, message: p.Words.T("cli.error.not_in_this_program"), hint: p.Words.T("cli.hint.window_program")}
}

// notReachable says that no agent could be started or reached.
func (p *program) notReachable(err error) error {
	var e *localapi.Error
	if errors.As(err, &e) && (e.Code != localapi.CodeNotReachable || localapi.Silent(e)) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrNoDemo) {
		return err
	}
	message := p.Words.T("cli.error.agent_not_reachable")
	if e == nil {
		message += ": " + i18n.Plain(err.Error())
	}
	return &failure{exit: ExitNotReachable, code: localapi.CodeNotReachable, message: message, hint: p.Words.T("cli.hint.agent")}
}

// exitCode returns the exit code for a refusal by the agent.
func exitCode(code localapi.Code) int {
	switch code {
	case localapi.CodeUsage:
		return ExitUsage
	case localapi.CodeNotSignedIn, localapi.CodeLocked:
		return ExitNotSignedIn
	case localapi.CodeNoDevice:
		return ExitNoDevice
	case localapi.CodeNotReachable:
		return ExitNotReachable
	default:
		return ExitFailed
	}
}

// explain turns any error into one that can be shown. The refusals a person meets most are said
// in the user's language; the others in the agent's words.
func (p *program) explain(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	if errors.Is(err, context.Canceled) {
		return &failure{exit: ExitFailed, code: localapi.CodeInternal, message: p.Words.T("cli.error.cancelled")}
	}
	if errors.Is(err, errLineTooLong) {
		return &failure{exit: ExitUsage, code: localapi.CodeUsage, message: p.Words.T("cli.error.line_too_long", "Size", maxInputLine>>10)}
	}
	if errors.Is(err, session.ErrNoDisplay) {
		return &failure{exit: ExitFailed, code: localapi.CodeUnsupported, message: p.Words.T("cli.error.no_display")}
	}
	if errors.Is(err, session.ErrNoOpenGL) {
		return &failure{exit: ExitFailed, code: localapi.CodeUnsupported, message: p.Words.T("cli.error.no_opengl")}
	}
	if errors.Is(err, ErrNoDemo) {
		return &failure{exit: ExitFailed, code: localapi.CodeUnsupported, message: p.Words.T("cli.error.no_demo"), hint: p.Words.T("cli.hint.no_demo")}
	}
	var e *localapi.Error
	if !errors.As(err, &e) {
		return &failure{exit: ExitFailed, code: localapi.CodeInternal, message: i18n.Plain(err.Error())}
	}
	f = &failure{exit: exitCode(e.Code), code: e.Code, message: i18n.Plain(e.Message), hint: i18n.Plain(e.Hint)}
	switch e.Code {
	case localapi.CodeNotSignedIn:
		f.message, f.hint = p.Words.T("cli.error.not_signed_in"), p.Words.T("cli.hint.signin")
	case localapi.CodeLocked:
		f.message, f.hint = cmp.Or(f.message, p.Words.T("cli.error.locked")), cmp.Or(f.hint, p.Words.T("cli.hint.unlock"))
	case localapi.CodeNotReachable:
		if localapi.Silent(e) {
			break // it runs
		}
		f.message, f.hint = p.Words.T("cli.error.agent_not_reachable"), p.Words.T("cli.hint.agent")
	case localapi.CodeBackoff:
		if !e.Until.IsZero() {
			f.hint = p.Words.T("cli.hint.backoff", "Time", p.until(e.Until))
		}
	}
	return f
}

// until is the time of day at which a wait ends, with the date when that is not today: servers may ask for a day.
func (p *program) until(end time.Time) string {
	now := p.Now()
	end = end.In(now.Location())
	if end.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return end.Format(time.TimeOnly)
	}
	return end.Format(time.DateTime)
}

// secretParts are what a link may hold that is nobody's business: a user's name, and all behind the path.
var secretParts = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)(?:[^\s/?#]*@)?([^\s"'<>?#]*)([?#][^\s"'<>]*)?`)
})

// plain makes a text fit for a terminal and takes out of its links what may be secret.
func plain(text string) string {
	return secretParts().ReplaceAllStringFunc(i18n.Plain(text), func(found string) string {
		part := secretParts().FindStringSubmatch(found)
		if part[3] != "" {
			part[3] = "?…"
		}
		return part[1] + part[2] + part[3]
	})
}

// report writes an error to the error stream and returns the exit code.
func (p *program) report(err error) int {
	f := *p.explain(err)
	if f.quiet {
		return f.exit
	}
	f.message, f.hint = plain(f.message), plain(f.hint)
	if p.json {
		text, err := json.Marshal(Failure{f.code, f.message, f.hint})
		if err == nil {
			fmt.Fprintln(p.Err, string(text))
			return f.exit
		}
	}
	fmt.Fprintln(p.Err, "tabferry:", f.message)
	if f.hint != "" {
		fmt.Fprintln(p.Err, f.hint)
	}
	return f.exit
}
