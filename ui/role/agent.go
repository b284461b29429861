package role

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/wake"
	"github.com/tabferry/tabferry/account/store"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/desktop/clipboard"
	"github.com/tabferry/tabferry/ui/desktop/session"
	"github.com/tabferry/tabferry/ui/extension"
)

// gcPercent keeps the heap of an agent close to what it needs: it lives for weeks and does nothing
// for most of them. Collecting five times as often as usual costs processor time only while it works. At the start
// nearly all is garbage, and somebody waits: collecting it that often was a fifth of what a start costs.
const (
	gcPercent      = 20
	startGCPercent = 70
)

// restTime is when a start is over. What it needed and nothing needs again goes back to the system then: half a
// megabyte of five and a half, which the runtime by itself would let go of in the course of some minutes.
const restTime = 10 * time.Second

// runAgent is the agent role: engine, local API, notifications and tray. It returns when the agent
// was told to quit or ctx ends.
func runAgent(ctx context.Context, demo bool) error {
	debug.SetGCPercent(startGCPercent)
	defer time.AfterFunc(restTime, func() {
		debug.SetGCPercent(gcPercent)
		giveAll()
	}).Stop()
	store.AtRest((&heap{}).giveBack)
	paths := session.LocatePaths(demo)
	if err := paths.Make(); err != nil {
		return err
	}
	listener, err := localapi.Listen(ctx, paths.Socket)
	if errors.Is(err, localapi.ErrAgentRunning) {
		offerDesktop(ctx, demo)
	}
	if err != nil {
		return err
	}
	service := agent.Service{}
	if demo {
		if service, err = enterDemo(ctx, paths); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	log, end := keepLog(paths, "agent")
	opener, seat := new(desktop.Opener), new(session.Seat)
	words := new(i18n.Speaker) // one for all that speak in this process
	params := agent.Params{
		DataDir: paths.Data, Version: version, Demo: demo, Service: service,
		Secrets: store.SystemSecrets{}, KeyringService: keyringService(demo),
		DeviceName: deviceName(), UserAgent: userAgent(),
		OwnCallers: extension.Own(), Open: opener.OpenWith, Logger: slog.New(log), LogTail: log.Tail,
		LastCrash: func() string { return desktop.LastCrash(paths.Logs, "agent") },
		Desktop:   func(d localapi.Desktop) { seat.Offer(session.Desktop(d)) },
		Successor: successorVersion,
		Clock:     clock(), Transport: session.Transport(), Wake: wake.NewSystem(wake.Params{}), Say: sayIn(words),
	}
	engine, err := agent.New(params)
	if err != nil {
		return errors.Join(err, listener.Close(), end())
	}
	err = (&faces{demo: demo, log: params.Logger, opener: opener, words: words, seat: seat, title: clipboard.Title}).run(ctx, engine, listener)
	if engine.Renewed() {
		return errors.Join(err, end(), startSuccessor(demo))
	}
	if demo && ctx.Err() == nil { // it was told to quit, not killed: the demo ends with it
		err = errors.Join(err, demoWorld{}.Stop(ctx))
	}
	return errors.Join(err, end())
}
