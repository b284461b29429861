package role

import (
	"context"
	"errors"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/desktop/application"
	"github.com/tabferry/tabferry/ui/desktop/clipboard"
)

// The actions of the menu entry, by their names in it: packaging/linux.
const (
	actionSendCopied = "SendCopied"
	actionPair       = "Pair"
	actionQuit       = "Quit"
)

// application lets the desktop call the agent over the session bus. open shows a window that a person
// asked for, and failed says why another could not be.
func (f *faces) application(ctx context.Context, board *clipboard.Following, open func(ctx context.Context, pane string) error, failed func(context.Context, error)) {
	name := desktop.AppID
	if f.demo {
		name += ".Demo"
	}
	show := func(pane string) func(context.Context) error {
		return func(ctx context.Context) error { return open(ctx, pane) }
	}
	application.Run(ctx, application.Params{
		Name: name, Activate: show(""), Moved: f.seat.Moved, Logger: f.log,
		Open: func(ctx context.Context, uris []string) error {
			err := f.openItems(ctx, uris)
			if err != nil {
				failed(ctx, err)
			}
			return err
		},
		Actions: map[string]func(context.Context) error{
			actionSendCopied: func(ctx context.Context) error { return f.sendCopied(ctx, board.Text(), show("send")) },
			actionPair:       show("pair"),
			actionQuit:       f.client.Quit,
		},
	})
}

// openItems hands links and files to the window's send pane; any program of the person's may name them.
func (f *faces) openItems(ctx context.Context, uris []string) error {
	var items []string
	for _, uri := range uris {
		if address, why := link.One(uri); why == link.Fine {
			items = append(items, address)
		} else if path, ok := link.FilePath(uri); ok {
			items = append(items, path)
		}
	}
	if len(items) == 0 {
		return errors.New("none of it is a link or a file")
	}
	program, err := windowProgram()
	if err != nil {
		return err
	}
	return openWindow(ctx, program, cli.WindowStart{Demo: f.demo, Pane: "send", Items: items})
}

// sendCopied sends the copied link to the device used last, as the tray does: told by a notification, and to
// be taken back there. Where the clipboard cannot be read, holds no link, it is not clear to which device, or
// the send is refused, the window asks, or says why.
func (f *faces) sendCopied(ctx context.Context, text string, ask func(context.Context) error) error {
	address, ok := link.Copied(text)
	if !ok {
		return ask(ctx)
	}
	s, err := f.client.Snapshot(ctx)
	if err != nil {
		return err
	}
	last, ok := localapi.LastUsed(localapi.Able(s.Devices.Items, false))
	if !ok || last.LastSentTo.IsZero() || s.Account.State != localapi.SignedIn {
		return ask(ctx)
	}
	title, err := f.title(ctx, address)
	if err != nil {
		f.log.Info("the copied link is sent without its title", "reason", err)
	}
	_, err = f.client.Send(ctx, localapi.SendRequest{
		Links: []localapi.Link{{URL: address, Title: title}}, Devices: []string{last.ID}, Hold: true, Tell: true,
	})
	if err != nil && ctx.Err() == nil {
		f.log.Warn("the copied link could not be sent", "error", err)
		return ask(ctx)
	}
	return err
}
