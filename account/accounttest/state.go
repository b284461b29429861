package accounttest

import (
	"encoding/hex"
	"io"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/rate"
	"github.com/tabferry/tabferry/account/accounttest/internal/useragent"
)

// state is everything the servers remember; Service.mu guards it.
type state struct {
	random    io.Reader
	clients   map[string]*Client
	accounts  map[string]*account      // by uid
	byEmail   map[string]*account      // by normalised address
	sessions  map[string]*session      // by token id
	codes     map[string]*authCode     // by code
	access    map[string]*accessToken  // by id
	refresh   map[string]*refreshToken // by id
	oneTime   map[string]*oneTimeToken // by kind and id
	signing   crypt.KeyRing
	vapid     *crypt.VAPIDKey
	rates     []*rate.Limiter
	exchanges *rate.Limiter // refused token exchanges
	flows     map[string]Flow
	hooks     map[string]string // client id -> URL
	states    map[string]bool   // state values seen, for lint
	waits     map[string]time.Time
	findings  []string
	auto      *account // whom the pages sign in without a click
	waiting   []eventJob
	// lastIndex is the one counter behind every device's command queue.
	lastIndex int64
	flowKey   []byte
	stopping  bool
	parts
}

func newState(cfg config) state {
	st := state{
		random:   cfg.random,
		clients:  map[string]*Client{},
		accounts: map[string]*account{},
		byEmail:  map[string]*account{},
		sessions: map[string]*session{},
		codes:    map[string]*authCode{},
		access:   map[string]*accessToken{},
		refresh:  map[string]*refreshToken{},
		oneTime:  map[string]*oneTimeToken{},
		flows:    map[string]Flow{},
		hooks:    map[string]string{},
		states:   map[string]bool{},
		waits:    map[string]time.Time{},
	}
	st.exchanges = newExchangeRule()
	for _, c := range cfg.clients {
		st.clients[c.ID] = &c
	}
	st.flowKey = crypt.RandomBytes(st.random, 32)
	return st
}

// hex makes n random octets in hexadecimal digits.
func (st *state) hex(n int) string { return hex.EncodeToString(crypt.RandomBytes(st.random, n)) }

// account is a Mozilla account.
type account struct {
	uid, email string
	authPW     []byte
	password   string // as far as the service saw it
	kA, wrapKb []byte
	// unwrapBKey is what the account's own browser keeps in mind; only the
	// service's pages use it. Absent until a page or NewAccount knew the
	// password.
	unwrapBKey  []byte
	verified    bool
	oneClick    bool
	verifyCode  string
	displayName string
	locale      string
	avatar      []byte // PNG, nil: the default picture
	metrics     metricsChoice
	otp         string // test code of two-step authentication, "": off
	createdAt   time.Time
	// keysChangedAt is the key rotation time stamp, authChangedAt the last
	// change or reset of the password, profileChangedAt that of the profile.
	keysChangedAt, authChangedAt, profileChangedAt time.Time
	devices                                        []*device
	browser                                        *session        // the web pages' own session
	logins                                         map[string]bool // clients that signed in, for webhooks
	disabled, locked                               bool
	capabilities                                   []string // of subscriptions
}

func (a *account) kB() []byte {
	if a.unwrapBKey == nil {
		return nil
	}
	return crypt.XOR(a.wrapKb, a.unwrapBKey)
}

// session is a signed-in browser or application.
type session struct {
	id, token         string // id is derived and sent, token is the secret
	key               []byte // Hawk
	account           *account
	createdAt, authAt time.Time
	lastAccess        time.Time
	verified          bool
	aal               int
	agent             useragent.Agent
	device            *device
	minted            bool // by a code of scope tokens/session
	otpPassed         bool
}

// sessionLifetime is how long a session without a device lives.
const sessionLifetime = 28 * 24 * time.Hour

func (st *state) newSession(a *account, agent useragent.Agent, now time.Time, verified bool) *session {
	token := crypt.RandomBytes(st.random, 32)
	cred := crypt.DeriveCredential(token, "sessionToken")
	s := &session{
		id: cred.ID, token: hex.EncodeToString(token), key: cred.Key, account: a,
		createdAt: now, authAt: now, lastAccess: now, verified: verified, aal: 1, agent: agent,
	}
	st.sessions[s.id] = s
	return s
}

func (s *session) alive(now time.Time) bool {
	return s.device != nil || now.Sub(s.createdAt) < sessionLifetime
}

// oneTimeToken is a keyFetch or passwordChange token.
type oneTimeToken struct {
	kind    string
	account *account
	cred    crypt.Credential
	token   string
	created time.Time
	wrapKb  []byte
}

// oneTimeLifetime is how long such a token may wait for its use.
const oneTimeLifetime = 24 * time.Hour

func (st *state) newOneTime(kind string, a *account, now time.Time) *oneTimeToken {
	token := crypt.RandomBytes(st.random, 32)
	t := &oneTimeToken{
		kind: kind, account: a, cred: crypt.DeriveCredential(token, kind),
		token: hex.EncodeToString(token), created: now, wrapKb: a.wrapKb,
	}
	st.oneTime[kind+":"+t.cred.ID] = t
	return t
}

// authCode is an authorization code.
type authCode struct {
	code, clientID string
	account        *account
	session        *session // that authorised it
	scopes         []string
	offline        bool
	challenge      string
	keysJWE        string
	redirect       string
	createdAt      time.Time
	authAt         time.Time
	verified       bool
	aal            int
}

// codeLifetime is how long an authorization code can be redeemed.
const codeLifetime = 15 * time.Minute

// refreshToken is an OAuth grant.
type refreshToken struct {
	id, clientID string
	account      *account
	scopes       []string
	createdAt    time.Time
	lastUsed     time.Time
	authAt       time.Time
	device       *device
	session      *session // minted together, or that authenticated the call
	agent        useragent.Agent
}

// accessToken lets its bearer read what its scopes say.
type accessToken struct {
	id, text, clientID  string
	account             *account
	scopes              []string
	createdAt, expireAt time.Time
	refreshID           string
}

// maxTokenLifetime caps every access token's life.
const maxTokenLifetime = 24 * time.Hour

// Snapshot is what a service remembers, without secrets: for failure messages
// and for comparing before with after. It can be written as JSON.
type Snapshot struct {
	Time     time.Time
	Accounts []AccountSnapshot // by address
}

// AccountSnapshot is one account of a Snapshot. The maps count live tokens by
// client id.
type AccountSnapshot struct {
	UID, Email    string
	Verified      bool
	Sessions      int
	Devices       []Device
	Codes         int // authorization codes not yet redeemed
	RefreshTokens map[string]int
	AccessTokens  map[string]int
}

// Snapshot returns the state of all accounts.
func (s *Service) Snapshot() Snapshot {
	out := Snapshot{Time: s.Clock.Now()}
	for _, h := range s.Accounts() {
		devices, sessions := h.Devices(), h.SessionCount()
		s.mu.Lock()
		item := AccountSnapshot{
			UID: h.a.uid, Email: h.a.email, Verified: h.a.verified, Sessions: sessions, Devices: devices,
			RefreshTokens: map[string]int{}, AccessTokens: map[string]int{},
		}
		for _, t := range s.refresh {
			if t.account == h.a {
				item.RefreshTokens[t.clientID]++
			}
		}
		for _, t := range s.access {
			if t.account == h.a && out.Time.Before(t.expireAt) {
				item.AccessTokens[t.clientID]++
			}
		}
		for _, t := range s.codes {
			if t.account == h.a && out.Time.Sub(t.createdAt) < codeLifetime {
				item.Codes++
			}
		}
		s.mu.Unlock()
		out.Accounts = append(out.Accounts, item)
	}
	return out
}

func (a *account) scopedKey(scope string) (crypt.ScopedKey, error) {
	kB := a.kB()
	if kB == nil {
		return crypt.ScopedKey{}, ErrKeysUnknown
	}
	return crypt.DeriveScopedKey(scope, kB, a.uid, a.keysChangedAt.UnixMilli())
}
