// Package signin is the sign-in in a browser, and what faces see of being signed in.
package signin

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// pageLife is how long a sign-in page may stay open; then its secrets are dropped. For as long again
// whoever comes back from it is told that it was too late.
const pageLife = time.Hour

// Account is what the sign-in asks of the account.
type Account interface {
	State() account.State
	AuthState() account.AuthState
	ProcessEvent(context.Context, account.Event) (account.State, error)
	CurrentDeviceID() (string, error)
	SessionToken() (string, error)
	CachedProfile() (account.Profile, time.Time, bool)
	DevicesAvailable() bool
	MetricsFlow(context.Context, account.MetricsFlowParams) (account.MetricsFlow, error)
}

// Params is what a sign-in may touch.
type Params struct {
	Account Account
	Board   *board.Board
	Clock   kit.Clock
	Logger  *slog.Logger
	// Server is the accounts server's origin, RedirectURI where its page ends.
	Server, RedirectURI string
	// Scopes is what is asked for.
	Scopes []string
	// Metrics is what the server's statistics may be told of a view that offers the sign-in; nothing
	// without an Origin. Its Form is that of the view.
	Metrics account.MetricsFlowParams
	// Say puts a sentence into a language of the settings and names that, for the page in the browser.
	Say func(language string, s localapi.Sentence) (text, tag string)
	// Keep has the data kept from now on; Prepare begins with that.
	Keep, Prepare func(ctx context.Context)
	// Interrupt ends a pairing under way.
	Interrupt func()
	// Changed hears that the sign-in has become another one. It may not block.
	Changed func(was, is localapi.AccountState)
	// Go does something beside everything else, until the work on the store ends.
	Go func(func(ctx context.Context))
	// Ended hears that the server ended the sign-in. It may not block. Nothing is said to the person until
	// Explain.
	Ended func()
}

// SignIn owns the sign-in under way. Make it with [New].
type SignIn struct {
	Params

	mu          sync.Mutex
	run         *run   // nil for none
	shown       *offer // nil for none
	unexplained bool   // the person has not been told why the sign-in has ended
}

// run is what ends with a sign-in: a listener, a timer.
type run struct {
	listener *loopback // nil when the redirect does not lead to this machine
	timer    *time.Timer
	state    string // what the page gives back, so that nobody else's answer is taken for its
	late     bool   // its time is over; whoever comes back all the same is told so
}

// New returns a sign-in that is not under way.
func New(p Params) *SignIn { return &SignIn{Params: p} }

// replace makes r the present sign-in and ends the one before.
func (s *SignIn) replace(r *run) {
	s.mu.Lock()
	old := s.run
	s.run = r
	s.mu.Unlock()
	if old != nil {
		old.close()
	}
}

func (r *run) close() {
	r.timer.Stop()
	if r.listener != nil {
		r.listener.close()
	}
}

// End forgets the sign-in under way.
func (s *SignIn) End() { s.replace(nil) }

// Begin starts a sign-in in the browser and returns the page to open. ctx lasts as long as the work on
// the store.
func (s *SignIn) Begin(ctx context.Context, email string) (signIn localapi.SignIn, err error) {
	if s.Board.SignedIn() {
		return localapi.SignIn{}, board.ErrSignedIn
	}
	s.Interrupt()
	s.End()
	s.Prepare(ctx)

	r := &run{}
	if redirect, err := url.Parse(s.RedirectURI); err == nil && toThisMachine(redirect) {
		if r.listener, err = s.listen(redirect); err != nil {
			return localapi.SignIn{}, err
		}
	}
	state, err := s.Account.ProcessEvent(ctx, account.EventBeginOAuth{Scopes: s.Scopes, Options: []account.FlowOption{
		account.WithEmail(email), account.WithMetricsFlow(s.takeFlow()),
	}})
	if state.Kind != account.Authenticating {
		if r.listener != nil {
			r.listener.close()
		}
		return localapi.SignIn{}, board.Refusal(err)
	}
	signIn = localapi.SignIn{
		URL: state.OAuthURL, Loopback: r.listener != nil,
		RedirectPrefix: s.RedirectURI, Started: s.Clock.Now().UTC(),
	}
	if page, err := url.Parse(state.OAuthURL); err == nil {
		r.state = page.Query().Get("state")
	}
	life := context.WithoutCancel(ctx)
	r.timer = time.AfterFunc(pageLife, func() { s.expire(life, r) })
	s.replace(r)
	s.show(&signIn, localapi.Sentence{})
	return signIn, nil
}

// The refusals of an address that ends no sign-in.
var (
	refused      = localapi.NewPhrase("signin.refused", "The sign-in was refused on the page.", "begin again")
	noSignIn     = localapi.NewPhrase("signin.none", "This address holds no sign-in.", "copy the whole address of the last page")
	otherAddress = localapi.NewPhrase("signin.other_address", "This is not the end of Tabferry's sign-in.", "the address must begin with {origin}")
	tooLate      = localapi.NewPhrase("signin.too_late", "The sign-in was not completed in time.", "begin again")
)

// Complete checks that an address is the end of our sign-in, and redeems what it carries.
func (s *SignIn) Complete(ctx context.Context, address string) error {
	query, err := redirectQuery(s.RedirectURI, strings.TrimSpace(address))
	if err != nil {
		return err
	}
	if query.Get("error") != "" {
		if !s.ours(query.Get("state")) {
			return board.Refusal(account.ErrWrongAuthFlow) // anybody can write such an address
		}
		s.giveUp(ctx, refused.Say())
		s.finish()
		return refused.Refuse(localapi.CodeSignIn)
	}
	code, stateParam := query.Get("code"), query.Get("state")
	switch {
	case s.late(stateParam):
		return tooLate.Refuse(localapi.CodeSignIn)
	case code == "" || stateParam == "":
		return noSignIn.Refuse(localapi.CodeUsage)
	case s.Account.State().Kind == account.Connected:
		return board.ErrSignedIn
	}
	s.Keep(ctx) // what comes now must outlive us
	state, err := s.Account.ProcessEvent(ctx, account.EventCompleteOAuth{Code: code, State: stateParam})
	switch state.Kind {
	case account.Connected:
		s.show(nil, localapi.Sentence{})
		s.finish()
		return nil
	case account.Authenticating: // the page's own answer can still come, or be tried again
		if err == nil {
			err = account.ErrWrongAuthFlow
		}
		return board.Refusal(err)
	}
	if err == nil {
		err = account.ErrNoAuthFlow
	}
	s.show(nil, board.Sentence(err))
	s.finish()
	return board.Refusal(err)
}

// ours reports whether a state is that of the page under way.
func (s *SignIn) ours(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run != nil && s.run.state != "" && s.run.state == state
}

// late reports whether a state is that of a page whose time is over.
func (s *SignIn) late(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run != nil && s.run.late && s.run.state == state
}

// expire gives up the sign-in when its time is over, and a while later the listener too.
func (s *SignIn) expire(ctx context.Context, r *run) {
	s.mu.Lock()
	present, again := s.run == r, r.late
	r.late = true
	if present && again {
		s.run = nil
	}
	s.mu.Unlock()
	switch {
	case !present:
	case again:
		r.close()
	default:
		s.giveUp(ctx, tooLate.Say())
		r.timer.Reset(pageLife)
	}
}

// finish ends the listener when the browser, which still waits for its answer, has it.
func (s *SignIn) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil && s.run.listener != nil {
		s.run.listener.finish()
	}
}

// redirectQuery returns the parameters of an address that begins with our redirect.
func redirectQuery(redirect, address string) (url.Values, error) {
	wrong := otherAddress.Refuse(localapi.CodeUsage, "origin", origin(redirect))
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

// Cancel ends the sign-in under way.
func (s *SignIn) Cancel(ctx context.Context) { s.end(ctx, localapi.Sentence{}) }

// end ends the sign-in with what belongs to it, and says why.
func (s *SignIn) end(ctx context.Context, cause localapi.Sentence) {
	s.End()
	s.giveUp(ctx, cause)
}

// giveUp drops the sign-in and says why.
func (s *SignIn) giveUp(ctx context.Context, cause localapi.Sentence) {
	if s.Board.Now().SignIn == nil {
		return
	}
	if s.Account.State().Kind == account.Authenticating {
		if _, err := s.Account.ProcessEvent(ctx, account.EventCancelOAuth{}); err != nil {
			s.Logger.Warn("a sign-in could not be cancelled", "error", err)
		}
	}
	s.show(nil, cause)
}

// Forget takes the sign-in of the person who left from the screen.
func (s *SignIn) Forget(*store.Tx, bool) (then func(), err error) {
	return func() {
		s.Withdraw()
		s.show(nil, localapi.Sentence{})
	}, nil
}
