package window

import (
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// noticeAction is what the button of the notice does.
type noticeAction int

const (
	noAction noticeAction = iota
	actRetry
	actSignIn
	actEndQuiet
	actUnderstood
	actForgetDamaged
)

// notice is the one line above the panes; a zero notice shows nothing.
type notice struct {
	tone   widget.Tone
	text   string
	action noticeAction
	label  string
}

// pushGrace is how long the push connection may be down before it is worth a word: reconnecting
// after sleep or a network change takes a few seconds.
const pushGrace = 20 * time.Second

// notice returns what is not fine, the most serious first.
func (m *model) notice(c *i18n.Catalogue, now time.Time) notice {
	if m.lost != nil && m.known {
		return notice{widget.ToneBad, c.T("window.notice.agent_lost"), actRetry, c.T("window.retry")}
	}
	if m.gate() < gateSignedOut {
		return notice{}
	}
	s := m.snap
	signedIn := s.Account.State == localapi.SignedIn
	switch {
	case m.unkept():
		return notice{widget.ToneWarn, c.T("window.notice.unkept"), actSignIn, c.T("window.notice.keep")}
	case s.Storage.Problem != "":
		return notice{tone: widget.ToneBad, text: i18n.Plain(s.Storage.Problem)}
	case s.Account.Unexplained():
		return notice{tone: widget.ToneInfo, text: i18n.Plain(s.Account.Cause)}
	case s.Account.State == localapi.NeedsSignIn:
		return notice{widget.ToneWarn, c.T("window.notice.sign_in_again"), actSignIn, c.T("window.signin.title")}
	}
	if n := s.Storage.Damaged; n > 0 {
		return notice{widget.ToneWarn, c.N("window.notice.damaged", n), actForgetDamaged, c.T("window.remove")}
	}
	if n := m.connectionNotice(c, now); n != (notice{}) {
		return n
	}
	switch {
	case s.QuietUntil.After(now):
		return notice{widget.ToneInfo, c.T("window.notice.quiet", "Time", clockTime(s.QuietUntil, now)), actEndQuiet, c.T("window.notice.end_quiet")}
	case signedIn && m.explainTray:
		return notice{widget.ToneInfo, c.T("window.notice.no_tray"), actUnderstood, c.T("window.understood")}
	}
	return notice{}
}

// connectionNotice returns what is not fine with the servers.
func (m *model) connectionNotice(c *i18n.Catalogue, now time.Time) notice {
	l, signedIn := m.snap.Connection, m.snap.Account.State == localapi.SignedIn
	switch {
	case l.BackoffUntil.After(now):
		return notice{tone: widget.ToneWarn, text: c.T("window.notice.backoff", "Time", clockTime(l.BackoffUntil, now))}
	case signedIn && l.Lost():
		return notice{widget.ToneWarn, c.T("window.notice.offline_since", "When", when(c, l.Since, now)), actRetry, c.T("window.retry")}
	case l.Problem != "":
		return notice{widget.ToneWarn, i18n.Plain(l.Problem), actRetry, c.T("window.retry")}
	case signedIn && !l.Push.Connected && l.Push.NextRetry.After(now.Add(pushGrace)):
		return notice{tone: widget.ToneInfo, text: c.T("window.notice.push_down", "Time", clockTime(l.Push.NextRetry, now))}
	}
	return notice{}
}
