package agent

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/push"
	"github.com/tabferry/tabferry/account/store"
)

// subscriptionName is the one subscription we hold.
const subscriptionName = "account"

// outageWorthPolling is how long push must have been away for something to have been missed.
const outageWorthPolling = time.Minute

// When the list is fetched once more after a device joined: it gets its name, and the commands it can
// receive, a little later than its record, and nobody tells of that. Firefox sends its commands once
// it has its keys, 0.1 s after the record on a quiet machine; the second time is for slow ones.
const (
	newDeviceSoon  = 3 * time.Second
	newDeviceLater = time.Minute
)

// How publishing the subscription is tried again.
const (
	publishRetryFirst = time.Minute
	publishRetryMost  = time.Hour
)

// pushing keeps the push subscription and the device record of one mind.
type pushing struct {
	e      *engine
	errand *errand
	wait   doubling // of the errand alone

	mu sync.Mutex
	// sub is the subscription as last made; published is the endpoint the server has of us.
	sub       push.Subscription
	published string
	// dead says that the server told us that our endpoint no longer works.
	dead bool
	// asking is the request for a subscription under way, nil for none.
	asking context.CancelFunc
	// notBefore is when a renewal will be possible again.
	notBefore time.Time
	left      bool // the subscription of the last sign-in has been ended
}

// openPush makes the push client; it connects only once there is a subscription.
func (e *engine) openPush() error {
	p := &pushing{e: e, wait: doubling{first: publishRetryFirst, most: publishRetryMost}}
	p.errand = newErrand(p.work)
	devices, _ := e.acct.SavedDevices()
	for _, d := range devices {
		// A start with the endpoint that the server had at the last look has nothing to publish.
		if d.IsCurrentDevice && d.PushSubscription != nil {
			p.published, p.dead = d.PushSubscription.Endpoint, d.PushEndpointExpired
		}
	}
	e.pushing = p
	client, err := push.New(push.Params{
		ServerURL:  e.service.PushServer,
		Store:      pushStore{e.vault},
		HTTPClient: httpClient(e.a.params.PushTransport),
		Clock:      e.a.params.Clock, Rand: e.a.params.Random, Logger: e.a.params.Logger, UserAgent: e.a.params.UserAgent,
		Handle:        p.handle,
		Changed:       p.changed,
		HealthChanged: p.healthChanged,
	})
	if err != nil {
		return err
	}
	e.push = client
	return nil
}

// pushStore keeps the push client's state.
type pushStore struct{ v *vault }

// Load gives what was saved last.
func (s pushStore) Load(context.Context) (state []byte, err error) {
	err = s.v.view(func(tx *store.Tx) (err error) {
		state, err = tx.Get(pushBucket, onlyKey)
		return err
	})
	return state, err
}

// Save replaces it.
func (s pushStore) Save(_ context.Context, state []byte) error {
	return s.v.update(func(tx *store.Tx) error { return tx.Put(pushBucket, onlyKey, state) })
}

// run holds the connection until ctx ends.
func (p *pushing) run(ctx context.Context) {
	if err := p.e.push.Run(ctx); err != nil && ctx.Err() == nil {
		p.e.a.params.Logger.Error("push has ended", "error", err)
	}
}

// expired tells whether the server has given up alerting us.
func (p *pushing) expired() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead || p.published == ""
}

// work brings the subscription and the device record together.
func (p *pushing) work(ctx context.Context) time.Duration {
	if !p.e.signedIn() {
		p.leave(ctx)
		return 0
	}
	p.mu.Lock()
	p.left = false
	sub, published, dead, asking := p.sub, p.published, p.dead, p.asking != nil
	notBefore := p.notBefore
	p.mu.Unlock()
	switch {
	case asking:
		return 0
	case sub.Endpoint == "":
		p.ask(ctx, func(ctx context.Context) (push.Subscription, error) {
			return p.e.push.Subscribe(ctx, subscriptionName)
		})
		return 0
	case dead && sub.Endpoint == published:
		if wait := notBefore.Sub(p.e.now()); wait > 0 {
			return wait
		}
		p.ask(ctx, func(ctx context.Context) (push.Subscription, error) { return p.e.push.Renew(ctx, subscriptionName) })
		return 0
	case sub.Endpoint != published:
		return p.publish(ctx, sub)
	}
	return 0
}

// ask gets a subscription beside everything else: the push service may be out of reach for long.
func (p *pushing) ask(ctx context.Context, get func(context.Context) (push.Subscription, error)) {
	ctx, cancel := context.WithCancel(ctx)
	p.mu.Lock()
	p.asking = cancel
	p.mu.Unlock()
	p.e.running.Go(func() {
		defer cancel()
		sub, err := get(ctx)
		var soon *push.TooSoonError
		p.mu.Lock()
		p.asking = nil
		switch {
		case err == nil && ctx.Err() == nil:
			p.sub = sub
		case errors.As(err, &soon):
			p.notBefore = soon.Next
		case errors.Is(err, push.ErrNotSubscribed):
			p.sub = push.Subscription{}
		}
		p.mu.Unlock()
		if err != nil && ctx.Err() == nil && soon == nil {
			p.e.a.params.Logger.Warn("no push subscription", "error", err)
			return
		}
		p.errand.poke()
	})
}

// publish tells the accounts server where to alert us.
func (p *pushing) publish(ctx context.Context, sub push.Subscription) time.Duration {
	if !p.e.acct.DevicesAvailable() {
		return publishRetryMost
	}
	ctx, done := p.e.calling(ctx)
	defer done()
	_, err := p.e.acct.SetPushSubscription(ctx, account.PushSubscription(sub))
	if ctxEnded(err) {
		return 0
	}
	p.e.heard(err)
	p.e.sync()
	if err != nil {
		return p.wait.next()
	}
	p.wait.reset()
	p.mu.Lock()
	p.published, p.dead = sub.Endpoint, false
	p.mu.Unlock()
	p.e.change(func(m *model) { m.devices.Items = alertable(m.devices.Items) })
	p.e.poller.mark() // what was sent while nobody could alert us
	return 0
}

// alertable shows this device as one that can be alerted.
func alertable(items []localapi.Device) []localapi.Device {
	items = slices.Clone(items)
	for i := range items {
		items[i].PushOff = items[i].PushOff && !items[i].This
	}
	return items
}

// leave ends the subscription after a sign-out.
func (p *pushing) leave(ctx context.Context) {
	p.mu.Lock()
	if p.asking != nil {
		p.asking()
	}
	left := p.left
	p.left = true
	p.sub, p.published, p.dead = push.Subscription{}, "", false
	p.mu.Unlock()
	if left {
		return
	}
	if err := p.e.push.Unsubscribe(ctx, subscriptionName); err != nil && ctx.Err() == nil {
		p.e.a.params.Logger.Warn("the push subscription could not be ended", "error", err)
	}
}

// ownRecord looks at our device as the server lists it.
func (p *pushing) ownRecord(d account.Device) {
	p.mu.Lock()
	p.dead = d.PushEndpointExpired
	p.published = ""
	if d.PushSubscription != nil {
		p.published = d.PushSubscription.Endpoint
	}
	p.mu.Unlock()
	p.errand.poke()
	p.e.poller.errand.poke() // its interval depends on it
}

// changed hears of a subscription that the push client made anew.
func (p *pushing) changed(_ context.Context, _ string, sub push.Subscription) {
	p.mu.Lock()
	p.sub = sub
	p.mu.Unlock()
	p.errand.poke()
	p.e.poller.mark()
}

// healthChanged shows the state of the connection, and looks for what an outage made us miss.
func (p *pushing) healthChanged(_ context.Context, h push.Health) {
	connected := h.State == push.Connected
	p.e.change(func(m *model) {
		m.conn.Push.Connected, m.conn.Push.NextRetry = connected, h.NextAttempt
		m.conn.Push.ConnectedSince = time.Time{}
		if connected {
			m.conn.Push.ConnectedSince = h.Since
		}
	})
	if connected && h.Outage >= outageWorthPolling {
		p.e.poller.mark()
		p.e.lists.mark(true, false, true)
		p.e.wakeAll()
		return
	}
	p.e.poller.errand.poke()
}

// handle takes a push message. What it tells is a hint; the account looks after the rest.
func (p *pushing) handle(ctx context.Context, msg push.Message) {
	e := p.e
	e.a.publish() // the time of the last message
	event, err := e.acct.HandlePush(ctx, msg.Text)
	if err != nil {
		e.a.params.Logger.Info("a push message was not used", "error", err)
		return
	}
	switch event := event.(type) {
	case account.CommandReceived:
		if !event.Seen { // else an earlier poll, or the one before the push, has brought it
			e.poller.announce(event.Index)
		}
	case account.ProfileUpdated:
		e.lists.mark(false, false, true)
	case account.DeviceConnected:
		e.lists.mark(true, true, false)
		e.lists.again(newDeviceSoon, newDeviceLater)
		e.a.publish(localapi.Event{Kind: localapi.DeviceConnected, At: e.now(), Device: link.Clean(event.Name)})
	case account.DeviceDisconnected:
		if event.Local {
			e.sync(localapi.Event{Kind: localapi.SignedOutElsewhere, At: e.now()})
			return
		}
		e.lists.mark(true, true, false)
	case account.AuthStateChanged:
		e.mender.doubt()
	case account.AccountDestroyed:
		e.sync(localapi.Event{Kind: localapi.AccountDeleted, At: e.now()})
	case account.UnknownEvent:
	}
}
