package demo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/demo/door"
	"github.com/tabferry/tabferry/account/push"
)

// pollAnyway is how often a device asks without having been told.
const pollAnyway = 15 * time.Minute

// subscriptionName is the one push subscription of a device.
const subscriptionName = "account"

// successRedirect is the registered redirect of Mozilla's mobile clients.
const successRedirect = "https://accounts.firefox.com/oauth/success/"

// deviceParams is who a device is.
type deviceParams struct {
	Name     string
	Type     account.DeviceType
	ClientID string
}

// device is a demo device: the account client and the push client, and nothing on disk.
type device struct {
	w      *world
	params deviceParams
	acct   *account.Account
	push   *push.Client
	told   chan struct{} // holds a token while commands may wait
}

func newDevice(w *world, p deviceParams) (*device, error) {
	d := &device{w: w, params: p, told: make(chan struct{}, 1)}
	var err error
	d.acct, err = account.New(account.Config{
		Server: account.CustomServer(w.svc.URL()), ClientID: p.ClientID, RedirectURI: successRedirect + p.ClientID,
	}, account.WithUserAgent("Tabferry demo ("+p.Name+")"))
	if err != nil {
		return nil, err
	}
	d.push, err = push.New(push.Params{
		ServerURL: w.svc.PushURL(), Store: &memory{}, Logger: w.logger, Handle: d.handle, Changed: d.changed,
	})
	if err != nil {
		return nil, err
	}
	_, err = d.acct.ProcessEvent(w.ctx, account.EventInitialize{Device: account.DeviceConfig{
		Name: p.Name, Type: p.Type, Capabilities: []account.Capability{account.CapabilitySendTab, account.CapabilityCloseTabs},
	}})
	return d, err
}

// scopes are what a phone asks for.
var scopes = []string{account.ScopeProfile, account.ScopeOldSync}

// signIn signs the device in; the service plays the person at the page.
func (d *device) signIn(ctx context.Context, scopes ...string) error {
	state, err := d.acct.ProcessEvent(ctx, account.EventBeginOAuth{Scopes: scopes, Entrypoint: "demo"})
	if state.Kind != account.Authenticating {
		return errors.Join(errSignIn, err)
	}
	redirect, err := d.w.svc.Approve(state.OAuthURL, d.w.person)
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	u, err := url.Parse(redirect)
	if err != nil {
		return errSignIn
	}
	state, err = d.acct.ProcessEvent(ctx, account.EventCompleteOAuth{Code: u.Query().Get("code"), State: u.Query().Get("state")})
	if state.Kind != account.Connected || state.Degraded {
		return errors.Join(errSignIn, err)
	}
	return nil
}

var errSignIn = errors.New("the demo device could not be signed in")

// announce makes the device alertable.
func (d *device) announce(ctx context.Context) error {
	sub, err := d.push.Subscribe(ctx, subscriptionName)
	if err != nil {
		return err
	}
	_, err = d.acct.SetPushSubscription(ctx, account.PushSubscription(sub))
	return err
}

func (d *device) id() string {
	id, err := d.acct.CurrentDeviceID()
	if err != nil {
		return ""
	}
	return id
}

// live receives until ctx ends.
func (d *device) live(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() {
		if err := d.push.Run(ctx); err != nil && ctx.Err() == nil {
			d.w.logger.Warn("a demo device is deaf", "device", d.params.Name, "error", err)
		}
	})
	anyway := time.NewTicker(pollAnyway)
	defer anyway.Stop()
	for ctx.Err() == nil {
		select {
		case <-d.told:
			d.poll(ctx)
		case <-anyway.C:
			d.poll(ctx)
		case <-ctx.Done():
		}
	}
	work.Wait()
	d.acct.Close()
}

func (d *device) poll(ctx context.Context) {
	if d.acct.AuthState() != account.AuthStateConnected {
		return
	}
	commands, err := d.acct.PollCommands(ctx)
	if err != nil && ctx.Err() == nil {
		d.w.logger.Warn("a demo device cannot ask for its tabs", "device", d.params.Name, "error", err)
	}
	for _, c := range commands {
		d.receive(c)
	}
}

func (d *device) receive(c account.IncomingCommand) {
	r := door.Received{Device: d.params.Name}
	switch c := c.(type) {
	case *account.TabReceived:
		r.Kind = "tab"
		page, _ := c.Payload.Page()
		r.URL, r.Title, r.Private, r.From = page.URL, page.Title, page.Private, nameOf(c.Sender)
	case *account.TabsClosed:
		r.Kind, r.URLs, r.From = "close", c.Payload.URLs, nameOf(c.Sender)
	case *account.UnreadableCommand:
		r.Kind, r.From = "unreadable", nameOf(c.Sender)
	}
	d.w.note(r)
}

func nameOf(d *account.Device) string {
	if d == nil {
		return ""
	}
	return d.DisplayName
}

// tell has the device look for commands.
func (d *device) tell() {
	select {
	case d.told <- struct{}{}:
	default:
	}
}

func (d *device) handle(ctx context.Context, m push.Message) {
	event, err := d.acct.HandlePush(ctx, m.Text)
	if err != nil {
		d.w.logger.Info("a demo device does not understand a push", "device", d.params.Name, "error", err)
		return
	}
	if _, ok := event.(account.CommandReceived); ok {
		d.tell()
	}
}

func (d *device) changed(ctx context.Context, _ string, sub push.Subscription) {
	if _, err := d.acct.SetPushSubscription(ctx, account.PushSubscription(sub)); err != nil && ctx.Err() == nil {
		d.w.logger.Warn("a demo device cannot be alerted", "device", d.params.Name, "error", err)
	}
	d.tell()
}

// memory is a push store that lasts as long as the demo.
type memory struct {
	mu    sync.Mutex
	state []byte
}

// Load returns what was saved last.
func (m *memory) Load(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state, nil
}

// Save replaces it.
func (m *memory) Save(_ context.Context, state []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = state
	return nil
}
