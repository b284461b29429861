package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/wake"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/push"
	"github.com/tabferry/tabferry/account/store"
)

// The service we sign in to when nothing else is said: Mozilla's production servers, as its public
// reference client.
const (
	DefaultServer      = "https://accounts.firefox.com"
	DefaultClientID    = "3c49430b43dfba77"
	DefaultClientName  = "Reference browser" // what the sign-in page calls it
	DefaultRedirectURI = "https://accounts.firefox.com/oauth/success/3c49430b43dfba77"
	DefaultPushServer  = push.DefaultServerURL
)

// DefaultKeyringService is the name under which the sealing key lies in the keyring.
const DefaultKeyringService = "io.github.tabferry.Tabferry"

// storeName is the store's file in the data folder.
const storeName = "store.db"

// StoreFile is the sealed store of an agent with this data folder.
func StoreFile(dataDir string) string { return filepath.Join(dataDir, storeName) }

// scopes is what a sign-in asks for: who it is, the devices with their keys, and a session for
// pairing phones and for the list of other clients.
var scopes = []string{account.ScopeProfile, account.ScopeOldSync, account.ScopeSession}

// What the accounts server's statistics are told, once a person allows it and an origin is registered:
// where a sign-in began, and which product led there.
const (
	entrypoint = "tabferry"
	utmSource  = "tabferry"
	campaign   = "signin"
)

// Service names the servers and the OAuth client. Empty members are Mozilla's production; an empty
// PairingServer is what the accounts server names.
type Service struct {
	Server, ClientID, RedirectURI string
	PushServer, PairingServer     string
	// EventsServer has the accounts server's events for the client; empty for none.
	EventsServer string
	// Origin is the web origin registered for the OAuth client; without one the server's statistics are
	// told nothing. Entrypoint, Source and Campaign are what they are told.
	Origin, Entrypoint, Source, Campaign string
}

// Params is what an agent needs. DataDir, Version and DeviceName must be set.
type Params struct {
	// DataDir is the folder for the store; it is made when first needed.
	DataDir string
	Version string
	// Demo marks the snapshots of an agent that runs on the demo service.
	Demo bool
	// Service is what applies while the settings do not say otherwise.
	Service Service
	// Secrets is the system's keyring, nil when there is none.
	Secrets store.Secrets
	// KeyringService is DefaultKeyringService if empty.
	KeyringService string
	// Protection is localapi.MemoryOnly for an agent that must leave nothing behind; empty otherwise.
	Protection localapi.Protection
	// Successor returns the version of the program that would be started in this one's place; nil where
	// none would be.
	Successor func(ctx context.Context) (string, error)
	// DeviceName is this installation's name until a person gives it another, DeviceType its kind;
	// desktop if empty.
	DeviceName string
	DeviceType account.DeviceType
	// Transport makes all HTTP requests, the handshakes of push and pairing included; nil is one of
	// our own with the proxy settings of the environment. PushTransport replaces it for push.
	Transport     http.RoundTripper
	PushTransport http.RoundTripper
	// Open opens a link in a browser command ("" for the system's), for tabs from senders that the
	// person chose. Nil opens nothing.
	Open func(ctx context.Context, browser, url string) error
	// OwnCallers are the ids of the browser extensions that belong to the program, as [localapi.Caller]
	// has them.
	OwnCallers []string
	// Desktop hears of the desktops of later starts; nil for an agent that shows nothing.
	Desktop func(localapi.Desktop)
	// Wake tells of the network and of suspends; nil tells nothing, and a lost network is noticed later.
	Wake wake.Watcher
	// Clock and Random are the system's if nil.
	Clock  account.Clock
	Random io.Reader
	// Say puts a sentence into a language of the settings (empty for the system's) and names that, for
	// the page that a sign-in ends on. English if nil.
	Say func(language string, s localapi.Sentence) (text, tag string)
	// Logger should end in a [diagnostics.Log], which keeps secrets out; nil is silent.
	Logger *slog.Logger
	// LogTail gives the last log lines for diagnostics, without secrets: [diagnostics.Log.Tail]; may be nil.
	LogTail func() []string
	// LastCrash gives the trace of the last crash for diagnostics, empty when there was none; may be nil.
	LastCrash func() string
	// UserAgent is shown to the servers and to the person at the other end of a pairing.
	UserAgent string
}

// ErrParams says that New was called without something it needs.
var ErrParams = errors.New("the agent's parameters are incomplete")

func (p Params) complete() (Params, error) {
	if p.DataDir == "" || p.Version == "" || p.DeviceName == "" {
		return p, ErrParams
	}
	fill := func(s *string, with string) {
		if *s == "" {
			*s = with
		}
	}
	fill(&p.Service.Server, DefaultServer)
	fill(&p.Service.ClientID, DefaultClientID)
	fill(&p.Service.RedirectURI, DefaultRedirectURI)
	fill(&p.Service.PushServer, DefaultPushServer)
	fill(&p.Service.Entrypoint, entrypoint)
	fill(&p.Service.Source, utmSource)
	fill(&p.Service.Campaign, campaign)
	fill(&p.KeyringService, DefaultKeyringService)
	fill(&p.UserAgent, "Tabferry/"+p.Version)
	if p.DeviceType == "" {
		p.DeviceType = account.DeviceDesktop
	}
	if p.Clock == nil {
		p.Clock = kit.System()
	}
	if p.Random == nil {
		p.Random = rand.Reader
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	if p.Say == nil {
		p.Say = func(_ string, s localapi.Sentence) (string, string) { return s.Text, "en" }
	}
	if p.PushTransport == nil {
		p.PushTransport = p.Transport
	}
	return p, nil
}

// service is what applies with these settings.
func (p Params) service(s localapi.Settings) Service {
	or := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	return Service{
		Server:        account.CustomServer(or(s.Server, p.Service.Server)).ContentURL(),
		ClientID:      or(s.ClientID, p.Service.ClientID),
		RedirectURI:   or(s.RedirectURI, p.Service.RedirectURI),
		PushServer:    or(s.PushServer, p.Service.PushServer),
		PairingServer: or(s.PairingServer, p.Service.PairingServer),
		EventsServer:  or(s.EventsServer, p.Service.EventsServer),
		Origin:        or(s.MetricsOrigin, p.Service.Origin),
		Entrypoint:    or(s.Entrypoint, p.Service.Entrypoint),
		Source:        or(s.UTMSource, p.Service.Source),
		Campaign:      or(s.UTMCampaign, p.Service.Campaign),
	}
}

// client reports whether two services are one to an account: the same server and OAuth client.
func (s Service) client(o Service) bool {
	return s.Server == o.Server && s.ClientID == o.ClientID && s.RedirectURI == o.RedirectURI
}

// metrics is what the server's statistics are told of a sign-in that is shown.
func (s Service) metrics() account.MetricsFlowParams {
	return account.MetricsFlowParams{Origin: s.Origin, Entrypoint: s.Entrypoint, Source: s.Source, Campaign: s.Campaign}
}

// config is the account's part of it.
func (s Service) config() account.Config {
	return account.Config{Server: account.CustomServer(s.Server), ClientID: s.ClientID, RedirectURI: s.RedirectURI}
}

// httpClient is a client over a transport of the caller's, or one of its own.
func httpClient(t http.RoundTripper) *http.Client {
	if t == nil {
		return &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute}}
	}
	return &http.Client{Transport: t}
}
