package role

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/demo"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// demoChatter is how often the demo phone sends a tab by itself.
const demoChatter = 10 * time.Minute

// demoWorld is the demo for the command line. The world is a process of its own.
type demoWorld struct{}

func (demoWorld) client() *demo.Client { return demo.Dial(session.LocatePaths(true).DemoSocket) }

func (demoWorld) Serve(ctx context.Context) error {
	paths := session.LocatePaths(true)
	if err := paths.Make(); err != nil {
		return err
	}
	log, end, err := keepLog(paths, "demo")
	if err != nil {
		return err
	}
	err = demo.Serve(ctx, demo.Params{
		File: paths.DemoFile, Socket: paths.DemoSocket, Chatter: demoChatter, Logger: slog.New(log),
	})
	return errors.Join(err, end())
}

func (d demoWorld) Stop(ctx context.Context) error {
	if err := d.client().Stop(ctx); !errors.Is(err, demo.ErrNotRunning) {
		return err
	}
	return nil
}

func (d demoWorld) SendMe(ctx context.Context, link string) error {
	return d.client().SendMe(ctx, link)
}

func (d demoWorld) Scan(ctx context.Context, address string) error {
	return d.client().Scan(ctx, address)
}

func (d demoWorld) ShowCode(ctx context.Context) (string, error) { return d.client().ShowCode(ctx) }

func (d demoWorld) Report(ctx context.Context) (any, error) { return d.client().Report(ctx) }

// enterDemo makes sure that the demo world runs and tells where its servers are. A world that was
// started just now knows nothing of what an earlier one left in the data folder: that is removed.
func enterDemo(ctx context.Context, paths session.Paths) (agent.Service, error) {
	d := demoWorld{}
	fresh := true
	answers := func(ctx context.Context) bool {
		_, err := d.Report(ctx)
		return err == nil
	}
	if answers(ctx) {
		fresh = false
	}
	if err := ensure(ctx, "demo", paths, answers, "demo", "serve"); err != nil {
		return agent.Service{}, err
	}
	if fresh {
		if err := forgetDemo(paths); err != nil {
			return agent.Service{}, err
		}
	}
	c, err := demo.ReadConfig(paths.DemoFile)
	if err != nil {
		return agent.Service{}, err
	}
	return agent.Service{
		Server: c.Server, ClientID: c.ClientID, RedirectURI: c.RedirectURI,
		PushServer: c.PushServer, PairingServer: c.PairingServer,
	}, nil
}

// forgetDemo removes the store of an earlier demo.
func forgetDemo(paths session.Paths) error {
	err := os.Remove(agent.StoreFile(paths.Data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
