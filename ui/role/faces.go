package role

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/notify"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/desktop/clipboard"
	"github.com/tabferry/tabferry/ui/desktop/session"
	"github.com/tabferry/tabferry/ui/tray"
)

// faces is what lives in the agent's process beside the engine.
type faces struct {
	demo   bool
	log    *slog.Logger
	opener *desktop.Opener
	words  *i18n.Speaker
	seat   *session.Seat
	client *localapi.Client // of the engine, by plain calls
	// title returns the title that the clipboard gives a link.
	title func(ctx context.Context, address string) (string, error)
}

// run works until the engine ends, and then ends everything else. The tray wants this goroutine.
func (f *faces) run(ctx context.Context, engine *agent.Agent, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	var work errgroup.Group
	work.Go(func() error {
		defer stopServing() // the faces read the last update first
		defer cancel()
		defer time.AfterFunc(lateTime, f.giveUp) // never stopped: the process ends before
		return engine.Run(ctx)
	})
	work.Go(func() error { return localapi.Serve(serving, listener, engine, f.log) })

	f.client = speaking(localapi.Local(engine, f.log), f.words)
	if err := session.CheckRuntime(); err != nil {
		f.log.Warn("the runtime folder of the environment is not used", "reason", err)
	}
	if err := session.CheckProxy(os.Getenv); err != nil {
		f.log.Warn("no server can be reached", "reason", err)
	}
	if session.NoBus() {
		f.log.Warn("there is no session bus: no tray, no notifications and no keyring until a later start brings one")
	}
	board := clipboard.Follow(clipboard.Open, f.seat.Moved, f.log)
	defer board.Close()
	notifier, err := f.notifier(ctx, board)
	if err != nil {
		cancel()
		return errors.Join(err, work.Wait())
	}
	open := func(ctx context.Context, pane string) error {
		err := f.show(ctx, pane)
		if err != nil {
			notifier.WindowFailed(ctx, err)
		}
		return err
	}
	work.Go(func() error { return f.notify(ctx, notifier) })
	work.Go(func() error { return f.autostart(ctx) })
	work.Go(func() error { f.application(ctx, board, open, notifier.WindowFailed); return nil })
	err = tray.Run(ctx, tray.Params{
		Agent: f.client, Clipboard: board, Open: f.opener.OpenWith, Logger: f.log, Words: f.words.In, Moved: f.seat.Moved,
		Show: open, Title: f.title, Folder: session.LocatePaths(f.demo).Runtime,
	})
	if err != nil {
		f.log.Error("the tray ended", "error", err)
	}
	return work.Wait()
}

// lateTime is how long the rest of the process may take to end when the engine has, which takes two
// seconds at most: quitting takes three.
const lateTime = time.Second

// maxStacks bounds what is logged of goroutines that do not end.
const maxStacks = 64 << 10

// giveUp ends the process when something in it does not end: a desktop that does not take its tray
// back, a session bus that is stopped. The engine has ended, so there is nothing to lose.
func (f *faces) giveUp() {
	stacks := make([]byte, maxStacks)
	f.log.Error("the agent ends without waiting for what hangs", "stack", string(stacks[:runtime.Stack(stacks, true)]))
	os.Exit(0)
}

// notifier makes what shows notifications.
func (f *faces) notifier(ctx context.Context, board *clipboard.Following) (*notify.Notifier, error) {
	backend := notify.NewBackend(ctx, "Tabferry", desktop.AppID, session.LocatePaths(f.demo).Runtime, assets.AppIcon(48))
	n, err := notify.New(notify.Params{
		Agent: f.client, Backend: backend, Open: f.opener.OpenWith, Show: f.show, Logger: f.log, Words: f.words.In,
		Copy: func(_ context.Context, text string) error { return board.SetText(text) }, Moved: f.seat.Moved,
	})
	if err != nil {
		return nil, errors.Join(err, backend.Close())
	}
	return n, nil
}

// notify shows notifications. Without them the agent goes on: the inbox has everything.
func (f *faces) notify(ctx context.Context, n *notify.Notifier) error {
	if err := n.Run(ctx); err != nil && ctx.Err() == nil {
		f.log.Error("notifications ended", "error", err)
	}
	return nil
}

// show brings the window on this desktop to the front, or opens one.
func (f *faces) show(ctx context.Context, pane string) error {
	if session.Listens(session.LocatePaths(f.demo).WindowSocket) {
		if shown, err := f.client.ShowWindow(ctx, pane); err != nil || shown {
			return err
		}
	}
	release, err := session.HoldDisplay()
	defer release()
	if errors.Is(err, session.ErrNoOpenGL) {
		return errors.New(f.words.In("").T("cli.error.no_opengl")) // as the window itself would say
	} else if err != nil {
		return err
	}
	program, err := windowProgram()
	if err != nil {
		return err
	}
	return openWindow(ctx, program, cli.WindowStart{Demo: f.demo, Pane: pane})
}
