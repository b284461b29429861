package agent

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// signInLife is how long a sign-in page may stay open; then its secrets are dropped.
const signInLife = time.Hour

// signOutTime bounds the attempt to revoke credentials while a face waits for the sign-out; what is
// not done then is done later.
const signOutTime = 10 * time.Second

// signing is the sign-in under way in a browser.
type signing struct {
	mu  sync.Mutex
	run *signInRun
}

// signInRun is what ends with a sign-in: a listener, a timer.
type signInRun struct {
	listener *loopback // nil when the redirect does not lead to this machine
	timer    *time.Timer
}

// replace makes run the present sign-in and ends the one before.
func (s *signing) replace(run *signInRun) {
	s.mu.Lock()
	old := s.run
	s.run = run
	s.mu.Unlock()
	if old == nil {
		return
	}
	old.timer.Stop()
	if old.listener != nil {
		old.listener.close()
	}
}

func (s *signing) end() { s.replace(nil) }

// BeginSignIn starts a sign-in in the browser and gives the page to open.
func (a *Agent) BeginSignIn(ctx context.Context, email string) (localapi.SignIn, error) {
	for {
		e, err := a.initialised(ctx)
		if err != nil {
			return localapi.SignIn{}, err
		}
		signIn, err := e.beginSignIn(ctx, email)
		if err == nil || !a.replaced(e) {
			return signIn, err
		}
		// The data of the last sign-in was being deleted meanwhile: begin on the new store.
	}
}

// replaced tells whether an engine is no longer the one at work.
func (a *Agent) replaced(e *engine) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.engine != e
}

func (e *engine) beginSignIn(ctx context.Context, email string) (signIn localapi.SignIn, err error) {
	if e.signedIn() {
		return localapi.SignIn{}, &localapi.Error{Code: localapi.CodeConflict, Message: "Somebody is signed in already.", Hint: "sign out first to change the account"}
	}
	e.pairs.end()
	e.signing.end()
	e.worthKeeping(ctx)

	run := &signInRun{}
	if loopbackRedirect(e.service.RedirectURI) {
		if run.listener, err = e.listenForRedirect(); err != nil {
			return localapi.SignIn{}, err
		}
	}
	state, err := e.acct.ProcessEvent(ctx, account.EventBeginOAuth{Scopes: scopes, Entrypoint: entrypoint})
	e.heard(err)
	if state.Kind != account.Authenticating {
		if run.listener != nil {
			run.listener.close()
		}
		e.sync()
		return localapi.SignIn{}, explain(err)
	}
	signIn = localapi.SignIn{
		URL: withEmail(state.OAuthURL, email), Loopback: run.listener != nil,
		RedirectPrefix: e.service.RedirectURI, Started: e.now(),
	}
	run.timer = time.AfterFunc(signInLife, func() { e.giveUpSignIn(e.ctx, "The sign-in was not completed in time.") })
	e.signing.replace(run)
	e.change(func(m *model) {
		m.signIn = &signIn
		m.account.Cause = ""
	})
	e.sync()
	return signIn, nil
}

// initialised gives the engine once the account knows its own state.
func (a *Agent) initialised(ctx context.Context) (*engine, error) {
	e, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case <-e.known:
		return e, nil
	case <-a.done:
		return nil, errEnded
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// worthKeeping has the data kept from now on, and takes back that it was to be deleted. A keyring
// that answers at once is waited for, so that what follows is kept from its first moment.
func (e *engine) worthKeeping(ctx context.Context) {
	if err := e.writeNotes(ctx, func(n *notes) { n.DeleteWhenDone = false }); err != nil {
		e.a.params.Logger.Warn("a decision could not be saved", "error", err)
	}
	var kept <-chan struct{}
	err := e.a.steer(ctx, func(ctx context.Context, k *keeper) error {
		kept = k.keep(ctx)
		return nil
	})
	if err != nil || kept == nil {
		return
	}
	patience := time.NewTimer(keyringNotice)
	defer patience.Stop()
	select {
	case <-kept:
	case <-patience.C:
	case <-ctx.Done():
	}
}

// withEmail adds an e-mail address for the page to begin with.
func withEmail(page, email string) string {
	u, err := url.Parse(page)
	if err != nil || email == "" || u.Query().Has("email") {
		return page
	}
	u.RawQuery += "&email=" + url.QueryEscape(email)
	return u.String()
}

// CompleteSignIn takes the final address of a sign-in that does not come back by itself.
func (a *Agent) CompleteSignIn(ctx context.Context, address string) error {
	e, err := a.initialised(ctx)
	if err != nil {
		return err
	}
	return e.completeSignIn(ctx, strings.TrimSpace(address))
}

// completeSignIn checks that an address is the end of our sign-in, and redeems what it carries.
func (e *engine) completeSignIn(ctx context.Context, address string) error {
	query, err := redirectQuery(e.service.RedirectURI, address)
	if err != nil {
		return err
	}
	if query.Get("error") != "" {
		e.giveUpSignIn(ctx, "The sign-in was refused on the page.")
		return &localapi.Error{Code: localapi.CodeSignIn, Message: "The sign-in was refused on the page.", Hint: "begin again"}
	}
	code, stateParam := query.Get("code"), query.Get("state")
	if code == "" || stateParam == "" {
		return &localapi.Error{Code: localapi.CodeUsage, Message: "This address holds no sign-in.", Hint: "copy the whole address of the last page"}
	}
	if e.acct.State().Kind == account.Connected {
		return &localapi.Error{Code: localapi.CodeConflict, Message: "Somebody is signed in already.", Hint: "sign out first to change the account"}
	}
	state, err := e.acct.ProcessEvent(ctx, account.EventCompleteOAuth{Code: code, State: stateParam})
	e.heard(err)
	switch state.Kind {
	case account.Connected:
		e.change(func(m *model) { m.signIn = nil })
		e.sync()
		e.signing.mu.Lock()
		run := e.signing.run
		e.signing.mu.Unlock()
		if run != nil && run.listener != nil {
			run.listener.finish() // the browser still waits for its answer
		}
		return nil
	case account.Authenticating:
		e.sync()
		if err == nil {
			err = account.ErrWrongAuthFlow
		}
		return explain(err) // the code is still good: it can be tried again
	}
	if err == nil {
		err = account.ErrNoAuthFlow
	}
	refusal := explain(err)
	e.change(func(m *model) {
		m.signIn = nil
		m.account.Cause = sentence(err)
	})
	e.sync()
	return refusal
}

// redirectQuery gives the parameters of an address that begins with our redirect.
func redirectQuery(redirect, address string) (url.Values, error) {
	wrong := &localapi.Error{Code: localapi.CodeUsage, Message: "This is not the end of Tabferry's sign-in.", Hint: "the address must begin with " + origin(redirect)}
	want, err := url.Parse(redirect)
	if err != nil {
		return nil, wrong
	}
	have, err := url.Parse(address)
	if err != nil || have.Scheme != want.Scheme || !strings.EqualFold(have.Host, want.Host) || have.Path != want.Path || have.User != nil {
		return nil, wrong
	}
	return have.Query(), nil
}

// CancelSignIn ends the sign-in under way.
func (a *Agent) CancelSignIn(ctx context.Context) error {
	e, err := a.initialised(ctx)
	if err != nil {
		return err
	}
	e.giveUpSignIn(ctx, "")
	return nil
}

// giveUpSignIn drops the sign-in and says why.
func (e *engine) giveUpSignIn(ctx context.Context, cause string) {
	e.signing.end()
	var open bool
	e.read(func(m *model) { open = m.signIn != nil })
	if !open {
		return
	}
	if e.acct.State().Kind == account.Authenticating {
		if _, err := e.acct.ProcessEvent(ctx, account.EventCancelOAuth{}); err != nil {
			e.a.params.Logger.Warn("a sign-in could not be cancelled", "error", err)
		}
	}
	e.change(func(m *model) {
		m.signIn = nil
		m.account.Cause = cause
	})
	e.sync()
}

// SignOut signs out, and with deleteLocalData removes everything this installation holds, as soon as
// nothing is left that must be revoked on the server. A locked store can be deleted too: then its
// credentials stay valid on the server until they are ended there.
func (a *Agent) SignOut(ctx context.Context, deleteLocalData bool) error {
	e, err := a.current(ctx)
	if isLocked(err) && deleteLocalData {
		return a.steer(ctx, func(ctx context.Context, k *keeper) error { return k.deleteUnread(ctx) })
	}
	if err != nil {
		return err
	}
	e.stopCalls() // whatever is being asked holds us up, and its answer is of no use any more
	if e, err = a.initialised(ctx); err != nil {
		return err
	}
	e.signing.end()
	e.pairs.end()
	limited, cancel := context.WithTimeout(ctx, signOutTime)
	defer cancel()
	if deleteLocalData {
		if err := e.writeNotes(limited, func(n *notes) { n.DeleteWhenDone = true }); err != nil {
			return explain(err)
		}
	}
	_, err = e.acct.ProcessEvent(limited, account.EventDisconnect{})
	if e.acct.AuthState() == account.AuthStateConnected {
		e.sync()
		return explain(err)
	}
	if err := e.forget(ctx, deleteLocalData); err != nil {
		return explain(err)
	}
	e.sync()
	e.leaver.errand.poke()
	return nil
}

// forget clears what belongs to the person who left; with all, everything but the account's state,
// which still has to be revoked.
func (e *engine) forget(ctx context.Context, all bool) error {
	var n notes
	return e.write(ctx, func(tx *store.Tx) (err error) {
		if n, _, err = notesTable.Get(tx, onlyKey); err != nil {
			return err
		}
		n.SentTo = nil
		if err := avatarTable.Clear(tx); err != nil || !all {
			if err != nil {
				return err
			}
			return notesTable.Put(tx, onlyKey, n)
		}
		n = notes{DeleteWhenDone: true}
		for _, clear := range []func(*store.Tx) error{inboxTable.Clear, outboxTable.Clear, settingsTable.Clear} {
			if err := clear(tx); err != nil {
				return err
			}
		}
		return notesTable.Put(tx, onlyKey, n)
	}, func(m *model) {
		m.notes, m.signIn = n, nil
		m.account.Cause = ""
		if all {
			m.inbox, m.outbox, m.settings = localapi.Inbox{}, nil, defaultSettings()
		}
	})
}
