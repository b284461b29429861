package window

import (
	"context"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/widget"
)

// The times between attempts to reach the agent: it is a process on the same machine, so the first
// comes at once and the later ones stay close.
const (
	firstReconnect = 250 * time.Millisecond
	lastReconnect  = 5 * time.Second
)

// watch feeds the model until ctx ends, and connects again when the agent was restarted.
func (w *Window) watch(ctx context.Context) {
	wait := firstReconnect
	for ctx.Err() == nil {
		for u, err := range w.p.Agent.Watch(ctx, localapi.FaceWindow) {
			if err != nil {
				if ctx.Err() == nil {
					w.post(func() { w.lose(err) })
				}
				break
			}
			wait = firstReconnect
			w.post(func() {
				w.heard = true
				w.apply(u)
			})
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-w.wake:
		}
		timer.Stop()
		wait = min(2*wait, lastReconnect)
	}
}

// reviveAfter is how long the agent may be away before the window starts it anew: one that restarts by
// itself is back sooner.
const reviveAfter = 3 * time.Second

// lose notes that the agent went away, and starts it once if it does not come back: it did not say that it
// would quit. One that quits while the window opens finds nobody yet to say it to; nothing is left of its socket then,
// and the window ends too, unless it was opened with links.
func (w *Window) lose(err error) {
	first := w.model.lost == nil
	w.model.loseAgent(err, w.p.Now())
	w.refresh()
	w.schedule()
	if !first || w.p.StartAgent == nil {
		return
	}
	w.p.After(reviveAfter, func() {
		w.post(func() {
			switch {
			case w.model.lost == nil:
			case !w.heard && !w.handed && localapi.HasQuit(w.model.lost):
				w.Close()
			default:
				w.reconnect()
			}
		})
	})
}

// reconnect tries at once to reach the agent, and starts it if that is possible.
func (w *Window) reconnect() {
	wake := func() {
		select {
		case w.wake <- struct{}{}:
		default: // one wish waits already
		}
	}
	if w.p.StartAgent == nil {
		wake()
		return
	}
	w.call(w.p.StartAgent, func(err error) {
		if err != nil {
			w.toasts.say(widget.ToneBad, w.t("window.error.start_agent"))
		}
		wake()
	})
}

// retryServers asks the agent to look anew, or looks for the agent when it is gone.
func (w *Window) retryServers() {
	if w.model.lost != nil {
		w.reconnect()
		return
	}
	w.do(w.p.Agent.Refresh)
}

// apply takes an update from the agent over.
func (w *Window) apply(u localapi.Update) {
	known, before, kept := w.model.known, w.model.snap, !w.model.unkept()
	if w.model.apply(u.Snapshot) {
		w.toasts.say(widget.ToneFine, w.t("window.toast.agent_back"))
	}
	switch {
	case asksPerson(u.Snapshot.Pairing) && !asksPerson(before.Pairing):
		w.wanted = PanePair // somebody waits for the answer
	case kept && w.model.unkept() && w.wanted == "":
		w.wanted = PaneSend // a notice there asks
	}
	switch spoken := w.wear(u.Snapshot.Settings); {
	case spoken || w.shell == nil:
		w.build()
	case w.left(u.Snapshot):
		w.forgetPerson()
	default:
		w.refresh()
	}
	if known {
		w.signedIn(before, u.Snapshot)
	}
	if !known && w.p.Note != "" { // not before: another language makes everything anew
		w.toasts.offer(widget.ToneInfo, w.p.Note, w.t("window.understood"), func() {})
	}
	for _, e := range u.Events {
		w.react(e)
	}
	w.runLater()
	w.schedule()
}

// signedIn notes that a sign-in has come to its end.
func (w *Window) signedIn(before, now localapi.Snapshot) {
	if before.Account.State != localapi.SignedIn && now.Account.State == localapi.SignedIn {
		if w.signing { // the person is in the browser, where this window led
			w.front(PaneSend)
		}
		w.toasts.say(widget.ToneFine, w.t("window.toast.signed_in"))
	}
	if before.SignIn != nil && now.SignIn == nil && now.Account.State != localapi.SigningIn {
		w.signing = false
	}
}

// wear takes appearance and language over, and reports whether the language is another.
func (w *Window) wear(s localapi.Settings) (spoken bool) {
	prefs := w.p.App.Preferences()
	worn, mirrored := s.Appearance == w.appearance, w.words.RightToLeft()
	if !worn {
		w.appearance = s.Appearance
		prefs.SetString(prefAppearance, w.appearance)
	}
	if s.Language != w.language {
		w.language, spoken = s.Language, true
		prefs.SetString(prefLanguage, w.language)
		w.words = w.p.Words(w.language)
	}
	if !worn || w.words.RightToLeft() != mirrored {
		w.dress()
	}
	return spoken
}

// left reports whether the person whom the window was for is not the one any more. While the agent starts,
// or its store is locked, nobody knows.
func (w *Window) left(s localapi.Snapshot) bool {
	was := w.person
	switch {
	case s.Account.UID != "":
		w.person = s.Account.UID
	case s.Account.State == localapi.SignedOut && !s.Storage.Locked:
		w.person = ""
	}
	return was != "" && w.person != was
}

// forgetPerson makes everything anew: what the last person has typed, searched for and seen is nothing for
// the next.
func (w *Window) forgetPerson() {
	if w.dialog != nil {
		w.dialog.dismiss()
	}
	w.build()
}
