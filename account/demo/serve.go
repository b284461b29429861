package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/demo/door"
)

// ErrRunning says that a demo runs already.
var ErrRunning = errors.New("the demo runs already")

// Limits of the control socket.
const (
	headerTime = 10 * time.Second
	leaveTime  = 2 * time.Second
)

// Params is what a demo needs. File and Socket must be set.
type Params struct {
	// File is where the configuration is written, Socket where orders are taken. They stay behind.
	File, Socket string
	// Chatter is how often the phone sends a tab by itself; zero is never.
	Chatter time.Duration
	// Logger is told what the devices receive; nil is silent.
	Logger *slog.Logger
}

// The two devices. Each is another kind of Firefox to the service; neither asks for a session, so
// that all sessions the service knows are those of the programs under trial.
var cast = []deviceParams{
	{Name: "Demo phone", Type: account.DeviceMobile, ClientID: accounttest.AndroidClientID},
	{Name: "Demo tablet", Type: account.DeviceTablet, ClientID: accounttest.IOSClientID},
}

// world is a running demo.
type world struct {
	params Params
	logger *slog.Logger
	svc    *accounttest.Service
	person *accounttest.Account
	config door.Config
	stop   context.CancelFunc
	ctx    context.Context // the demo's life
	work   sync.WaitGroup

	mu       sync.Mutex
	devices  []*device
	received []door.Received
	scans    int
	pairing  string  // how the last pairing went
	laptop   *laptop // nil until it has to show a code

	showing sync.Mutex // orders to show a code come one at a time
}

// Serve runs the demo until ctx ends or somebody stops it. A second demo on the same socket is
// ErrRunning.
func Serve(ctx context.Context, p Params) error {
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	l, err := localapi.Listen(ctx, p.Socket)
	if errors.Is(err, localapi.ErrAgentRunning) {
		return ErrRunning
	}
	if err != nil {
		return fmt.Errorf("opening the demo's socket: %w", err)
	}
	last, err := door.ReadConfig(p.File)
	if err != nil {
		last = door.Config{} // the first demo in this folder
	}
	svc, err := startService(last)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	w := &world{params: p, logger: p.Logger, svc: svc}
	w.ctx, w.stop = context.WithCancel(ctx)
	defer w.stop()
	err = w.run(l, last)
	w.stop()
	w.work.Wait()
	return errors.Join(err, svc.Close())
}

// run sets the scene and takes orders until the world stops. It closes the listener.
func (w *world) run(l net.Listener, last door.Config) error {
	w.person = w.svc.NewAccount(Email, Password).OneClick()
	var err error
	if w.config, err = configFor(w.svc, last); err != nil {
		return errors.Join(err, l.Close())
	}
	if err := w.operate(last); err != nil {
		return errors.Join(err, l.Close())
	}
	for _, params := range cast {
		if err := w.add(params); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", params.Name, err), l.Close())
		}
	}
	if err := write(w.config, w.params.File); err != nil {
		return errors.Join(err, l.Close())
	}
	w.logger.Info("the demo runs", "server", w.config.Server)
	if w.params.Chatter > 0 {
		w.work.Go(w.chat)
	}
	return w.takeOrders(l)
}

// add makes a device and lets it live.
func (w *world) add(p deviceParams) error {
	d, err := newDevice(w, p)
	if err != nil {
		return err
	}
	w.work.Go(func() { d.live(w.ctx) })
	if err := d.signIn(w.ctx, scopes...); err != nil {
		return err
	}
	if err := d.announce(w.ctx); err != nil {
		return err
	}
	w.mu.Lock()
	w.devices = append(w.devices, d)
	w.mu.Unlock()
	return nil
}

// takeOrders serves the control socket.
func (w *world) takeOrders(l net.Listener) error {
	server := &http.Server{
		Handler: w.handler(), ReadHeaderTimeout: headerTime,
		ErrorLog: slog.NewLogLogger(w.logger.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("the demo's socket: %w", err)
	case <-w.ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), leaveTime)
	defer cancel()
	err := server.Shutdown(ctx)
	if err != nil {
		err = server.Close()
	}
	<-ended
	return err
}

// note writes down what a device received, and says so.
func (w *world) note(r door.Received) {
	r.At = time.Now().UTC()
	w.mu.Lock()
	w.received = append(w.received, r)
	w.mu.Unlock()
	w.logger.Info(r.Device+" received something", "kind", r.Kind)
}

// pages are what the phone sends by itself.
var pages = []account.TabEntry{
	{Title: "A page from your phone", URL: "https://example.com/from-your-phone"},
	{Title: "Firefox Sync", URL: "https://www.mozilla.org/firefox/sync/"},
	{Title: "A map for tomorrow", URL: "https://www.openstreetmap.org/"},
	{Title: "Something to read later", URL: "https://example.org/read-later"},
}

// chat sends a tab now and then, so that the demo shows how receiving looks.
func (w *world) chat() {
	ticker := time.NewTicker(w.params.Chatter)
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-w.ctx.Done():
			return
		case <-ticker.C:
		}
		page := pages[i%len(pages)]
		if _, err := w.sendToPerson(w.ctx, page.Title, page.URL); err != nil {
			w.logger.Info("the phone sends nothing", "error", err)
		}
	}
}

// errNobody says that there is nobody to send to.
var errNobody = errors.New("no program is signed in to the demo account yet")

// sendToPerson has the phone send a tab to every device that is not of the demo, and tells to how many.
func (w *world) sendToPerson(ctx context.Context, title, url string) (int, error) {
	w.mu.Lock()
	phone := w.devices[0]
	own := map[string]bool{}
	for _, d := range w.devices {
		own[d.id()] = true
	}
	w.mu.Unlock()
	devices, err := phone.acct.Devices(ctx, account.Fresh())
	if err != nil {
		return 0, err
	}
	n := 0
	for _, d := range devices {
		if own[d.ID] || len(d.Capabilities) == 0 {
			continue
		}
		if _, err := phone.acct.SendTab(ctx, d.ID, title, url); err != nil {
			return n, err
		}
		n++
	}
	if n == 0 {
		return 0, errNobody
	}
	return n, nil
}
