package pairing

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/account/accounttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testCode  = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	testState = "1C8Q_Epbcz9yuD0caUDOxQ"
	// testUA is what a phone sends.
	testUA = "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
	// instant is how long, in the bubble's time, news may take to be seen.
	instant = time.Second
)

var errTest = errors.New("told to fail")

func testRequest() Request {
	return Request{
		ClientID: "a2270f727f45f648", Scope: ScopeProfile + " " + ScopeOldSync, State: testState,
		CodeChallenge: "AOLDJCig7f96b1phAisckpA1nCInBvjO8b5oE3KzdwA", CodeChallengeMethod: "S256", AccessType: "offline",
		KeysJWK: "eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6IjllSEdhYThZTzhVWG1UNjF1ejhsaWUwSEppZzdmajhKWnlKZnY0aHZzaHMiLCJ5Ijoid1JFQ0JVNUx2SW5xNGZTVDFZNWFyQjhydndFSUY4UVo2OFItZ0hNNTlMNCJ9",
	}
}

// account plays the account on both ends.
type account struct {
	mu        sync.Mutex
	granted   []Request
	redeemed  []string
	abandoned int
	begun     []string

	// hold makes Grant and Redeem wait for it or their context.
	hold      chan struct{}
	grantErr  error
	redeemErr error
	code      string
	who       Redeemed
	request   Request

	twoStep    bool
	twoStepErr error
}

func newAccount() *account {
	return &account{code: testCode, request: testRequest(), who: Redeemed{UID: "uid", Email: "Person@example.com"}}
}

func (a *account) wait(ctx context.Context) error {
	if a.hold == nil {
		return nil
	}
	select {
	case <-a.hold:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *account) Grant(ctx context.Context, r Request) (Grant, error) {
	if err := a.wait(ctx); err != nil {
		return Grant{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.granted = append(a.granted, r)
	return Grant{Code: a.code, Redirect: "urn:ietf:wg:oauth:2.0:oob:pair-auth-webchannel"}, a.grantErr
}

func (a *account) Begin(_ context.Context, address string) (Request, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun = append(a.begun, address)
	return a.request, nil
}

func (a *account) Redeem(ctx context.Context, code, state string) (Redeemed, error) {
	if err := a.wait(ctx); err != nil {
		return Redeemed{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.redeemed = append(a.redeemed, code+" "+state)
	return a.who, a.redeemErr
}

func (a *account) Abandon(context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.abandoned++
	return nil
}

func (a *account) Required(context.Context) (bool, error) { return a.twoStep, a.twoStepErr }

func (a *account) Verify(_ context.Context, code string) error {
	switch code {
	case "123456":
		return nil
	case "000000":
		return errTest // offline, say
	}
	return ErrTwoStepWrong
}

// wire lets a test pull the plug of one side.
type wire struct {
	svc   *accounttest.Service
	mu    sync.Mutex
	conns []net.Conn
	until time.Time // nobody is reached before
}

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	away := time.Now().Before(w.until)
	w.mu.Unlock()
	if away {
		return nil, errTest
	}
	conn, err := w.svc.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = append(w.conns, conn)
	return conn, nil
}

// cut breaks what there is, and keeps everything from being reached for a while.
func (w *wire) cut(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until = time.Now().Add(d)
	for _, c := range w.conns {
		if err := c.Close(); err != nil {
			panic(err)
		}
	}
	w.conns = nil
}

// party is one end under test with what it told and how it ended.
type party struct {
	*wire
	t       *testing.T
	account *account
	auth    *Authority
	supp    *Supplicant
	flow    *flow
	cancel  context.CancelFunc
	done    chan error

	mu     sync.Mutex
	states []State
	seen   []Status
	endAt  time.Time
}

func (p *party) changed(s Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, s)
	if n := len(p.states); n == 0 || p.states[n-1] != s.State {
		p.states = append(p.states, s.State)
	}
	if s.State.Ended() {
		p.endAt = time.Now()
	}
}

func (p *party) path() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for _, s := range p.states {
		names = append(names, string(s))
	}
	return strings.Join(names, " ")
}

// is waits until everything has settled and checks the state.
func (p *party) is(want State) {
	p.t.Helper()
	synctest.Wait()
	if got := p.flow.Status(); got.State != want {
		p.t.Fatalf("%s, want %s (path: %s; error: %v)", got.State, want, p.path(), got.Err)
	}
}

// ends waits for Run and checks its error; nil wants success.
func (p *party) ends(want error) {
	p.t.Helper()
	err := <-p.done
	p.done <- err
	if !errors.Is(err, want) {
		p.t.Errorf("ended with %v, want %v (path: %s)", err, want, p.path())
	}
	status := p.flow.Status()
	if (err == nil) != (status.State == Done) || !status.State.Ended() {
		p.t.Errorf("status %+v after %v", status, err)
	}
}

// endsSoon wants the end to be visible within a second of now.
func (p *party) endsSoon(want error) {
	p.t.Helper()
	now := time.Now()
	p.ends(want)
	if d := p.endAt.Sub(now); d > instant {
		p.t.Errorf("the end was seen only after %v", d)
	}
}

func (p *party) confirm(twoStep string) {
	p.t.Helper()
	synctest.Wait()
	var err error
	if p.auth != nil {
		err = p.auth.Confirm(p.t.Context(), twoStep)
	} else {
		err = p.supp.Confirm(p.t.Context())
	}
	if err != nil {
		p.t.Fatalf("confirm: %v", err)
	}
}

// world is a relay and the ends on it.
type world struct {
	t       *testing.T
	svc     *accounttest.Service
	parties []*party
}

// inWorld runs a test in a bubble with a relay of its own.
func inWorld(t *testing.T, test func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		svc, err := accounttest.Start(accounttest.InMemory())
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, svc: svc}
		defer func() {
			for _, p := range w.parties {
				p.cancel()
				err := <-p.done
				checkNoSecrets(t, p, err)
			}
			if err := svc.Close(); err != nil {
				t.Error(err)
			}
		}()
		test(t, w)
	})
}

// relayFor gives a party's way to the relay and a hold on its connections.
func (w *world) relayFor(ua string) (Relay, *wire) {
	wr := &wire{svc: w.svc}
	client := &http.Client{Transport: &http.Transport{DialContext: wr.dial, DisableKeepAlives: false}}
	return Relay{URL: w.svc.PairingURL(), HTTPClient: client, UserAgent: ua}, wr
}

func (w *world) newParty(wr *wire, acct *account) *party {
	p := &party{wire: wr, t: w.t, account: acct, done: make(chan error, 1)}
	w.parties = append(w.parties, p)
	return p
}

func (p *party) run(run func(context.Context) error) {
	ctx, cancel := context.WithCancel(p.t.Context())
	p.cancel = cancel
	go func() { p.done <- run(ctx) }()
}

func (w *world) authority(acct *account) *party {
	w.t.Helper()
	relay, wr := w.relayFor("Mozilla/5.0 (X11; Linux x86_64) Tabferry/1.0")
	p := w.newParty(wr, acct)
	params := AuthorityParams{
		Server: w.svc.URL(), Relay: relay, Granter: acct, Changed: p.changed,
		Metadata: Metadata{Email: "person@example.com", DeviceName: "Desk\u202etop", DisplayName: "Person"},
	}
	if acct.twoStep || acct.twoStepErr != nil {
		params.TwoStep = acct
	}
	a, err := NewAuthority(params)
	if err != nil {
		w.t.Fatal(err)
	}
	p.auth, p.flow = a, a.flow
	p.run(a.Run)
	return p
}

// address gives the code that the authority shows.
func (p *party) address() string {
	p.t.Helper()
	p.is(Showing)
	code, ok := p.auth.Code()
	if !ok {
		p.t.Fatal("no code")
	}
	return code.Address()
}

func (w *world) supplicant(acct *account, address string) *party {
	w.t.Helper()
	relay, wr := w.relayFor(testUA)
	p := w.newParty(wr, acct)
	s, err := NewSupplicant(SupplicantParams{
		Address: address, Server: w.svc.URL(), Relay: relay, Redeemer: acct, Changed: p.changed, UID: acct.who.UID,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	p.supp, p.flow = s, s.flow
	p.run(s.Run)
	return p
}

// pair starts both ends and leaves them where both persons are asked.
func (w *world) pair() (auth, supp *party) {
	w.t.Helper()
	auth = w.authority(newAccount())
	supp = w.supplicant(newAccount(), auth.address())
	auth.is(Asked)
	supp.is(Confirming)
	return auth, supp
}

// checkNoSecrets looks for keys, codes and channel ids in everything that was told.
func checkNoSecrets(t *testing.T, p *party, err error) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	told := fmt.Sprintf("%v %+v", err, err)
	for _, s := range p.seen {
		told += fmt.Sprintf(" %+v %v", s, s.Err)
		if s.Peer != nil {
			told += fmt.Sprintf(" %+v", *s.Peer)
		}
	}
	secrets := []string{testCode, testState, "channel_", "/v1/ws/"}
	for _, address := range p.account.begun {
		_, fragment, _ := strings.Cut(address, "#")
		for _, part := range strings.Split(fragment, "&") {
			_, value, _ := strings.Cut(part, "=")
			if len(value) > 10 {
				secrets = append(secrets, value)
			}
		}
	}
	for _, secret := range secrets {
		if strings.Contains(told, secret) {
			t.Errorf("%q was told: %s", secret, told)
		}
	}
}

// scripted is an end made of the same layers, without a mind of its own.
type scripted struct {
	t  *testing.T
	ch *channel
}

// got waits for the next message of the other end; "" is a close or the end of the stream.
func (s *scripted) got() message {
	s.t.Helper()
	for {
		raw, ok := <-s.ch.link.incoming
		if !ok {
			return message{}
		}
		a, err := s.ch.receive(raw)
		if err != nil {
			s.t.Fatalf("scripted end: %v", err)
		}
		if a.closed {
			return message{}
		}
		if len(a.messages) > 0 {
			return a.messages[0]
		}
	}
}

func (s *scripted) say(name string, data any) {
	s.t.Helper()
	if err := s.ch.send(name, data); err != nil {
		s.t.Fatal(err)
	}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func relayLimits() accounttest.RelayLimits { return accounttest.DefaultRelayLimits() }
