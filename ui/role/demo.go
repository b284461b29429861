package role

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/demo/door"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// demoOrigin is one of the web origins that accounts servers let in for tries
// (docs/protocol/relying-party.md, D21).
const demoOrigin = "http://localhost:8000"

// demoWorld is the demo for the command line. The world is a process of its own, and of the program that
// has it: see demoProgram.
type demoWorld struct{}

func (demoWorld) client() *door.Client { return door.Dial(session.LocatePaths(true).DemoSocket) }

func (demoWorld) Serve(ctx context.Context) error { return serveDemo(ctx) }

func (d demoWorld) Stop(ctx context.Context) error {
	if err := d.client().Stop(ctx); !errors.Is(err, door.ErrNotRunning) {
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
	answers := func(ctx context.Context) bool {
		_, err := d.Report(ctx)
		return err == nil
	}
	if !answers(ctx) {
		program, err := demoProgram()
		if err != nil {
			return agent.Service{}, err
		}
		if err := begin(ctx, program, "demo", paths, answers, "demo", "serve"); err != nil {
			return agent.Service{}, err
		}
		if err := forgetDemo(paths); err != nil {
			return agent.Service{}, err
		}
	}
	c, err := door.ReadConfig(paths.DemoFile)
	if err != nil {
		return agent.Service{}, err
	}
	return agent.Service{
		Server: c.Server, ClientID: c.ClientID, RedirectURI: c.RedirectURI,
		PushServer: c.PushServer, PairingServer: c.PairingServer, EventsServer: c.EventsServer, Origin: demoOrigin,
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
