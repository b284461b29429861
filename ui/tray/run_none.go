//go:build darwin && !cgo

package tray

import (
	"context"

	"github.com/tabferry/tabferry/assets"
)

// Run shows nothing: macOS's tray needs cgo. It keeps the promise of its twin and waits until ctx
// ends, the agent quits (both nil) or is lost.
func Run(ctx context.Context, params Params) error {
	p, err := params.check()
	if err != nil {
		return err
	}
	return newFace(p, nothing{}).run(ctx)
}

// nothing is a tray that shows nothing and is never clicked.
type nothing struct{}

func (nothing) show(assets.TrayState, string, []Item) {}

func (nothing) clicks() <-chan Action { return nil }
