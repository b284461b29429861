package window

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// callTime bounds one call to the agent. The agent answers at once or waits for a server, for
// which it has limits of its own below this one.
const callTime = 45 * time.Second

// post runs a function on Fyne's goroutine, unless the window has been closed by then.
func (w *Window) post(f func()) {
	w.p.Post(func() {
		if !w.closed {
			f()
		}
	})
}

// call runs work beside Fyne's goroutine and hands its error to done on Fyne's goroutine.
func (w *Window) call(work func(ctx context.Context) error, done func(err error)) {
	w.callFor(callTime, work, done)
}

// callFor is call for work that may take another time.
func (w *Window) callFor(d time.Duration, work func(ctx context.Context) error, done func(err error)) {
	if w.closed {
		return
	}
	w.running.Go(func() {
		ctx, cancel := context.WithTimeout(w.ctx, d)
		defer cancel()
		err := work(ctx)
		if w.ctx.Err() == nil {
			w.post(func() { done(err) })
		}
	})
}

// fetch runs a question to the agent beside Fyne's goroutine and hands answer and error to done on
// Fyne's goroutine.
func fetch[T any](w *Window, question func(ctx context.Context) (T, error), done func(answer T, err error)) {
	var answer T
	w.call(func(ctx context.Context) (err error) {
		answer, err = question(ctx)
		return err
	}, func(err error) { done(answer, err) })
}

// do runs a call whose effect comes back as a snapshot; a refusal is said in a toast.
func (w *Window) do(work func(ctx context.Context) error) {
	w.call(work, func(err error) { w.failed(err) })
}

// failed reports whether there is an error, and says it in a toast; what was said of an earlier one goes
// when there is none.
func (w *Window) failed(err error) bool {
	if err == nil {
		w.toasts.succeeded()
		return false
	}
	w.toasts.say(widget.ToneBad, w.sentence(err))
	return true
}

// sentence says an error in the person's language: what happened, and what to do next.
func (w *Window) sentence(err error) string {
	var e *localapi.Error
	if !errors.As(err, &e) {
		if errors.Is(err, context.DeadlineExceeded) {
			return w.t("window.error.slow")
		}
		return w.t("window.error.internal")
	}
	switch e.Code {
	case localapi.CodeBackoff:
		if !e.Until.IsZero() {
			return w.t("window.error.backoff_until", "Time", clockTime(e.Until, w.p.Now()))
		}
		return w.t("window.error.backoff")
	case localapi.CodeNotSignedIn, localapi.CodeNoDevice, localapi.CodeNotFound,
		localapi.CodeOffline, localapi.CodeUnsupported, localapi.CodeNotReachable:
		return w.t("window.error." + string(e.Code))
	}
	// The agent knows these better than we do.
	if said := i18n.Plain(e.Message); said != "" {
		return joinSentences(said, i18n.Plain(e.Hint))
	}
	if e.Code == localapi.CodeLocked {
		return w.t("window.error.locked")
	}
	return w.t("window.error.internal")
}

// joinSentences puts a hint behind a sentence. Agents write hints as the command line shows them, in a line of
// their own: small at the start, without a full stop.
func joinSentences(sentence, hint string) string {
	if hint == "" {
		return sentence
	}
	last := sentence[len(sentence)-1]
	if last != '.' && last != '!' && last != '?' {
		sentence += "."
	}
	first, size := utf8.DecodeRuneInString(hint)
	hint = string(unicode.ToUpper(first)) + hint[size:]
	if !strings.HasSuffix(hint, ".") {
		hint += "."
	}
	return sentence + " " + hint
}
