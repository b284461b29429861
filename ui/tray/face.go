package tray

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/desktop/clipboard"
	"github.com/tabferry/tabferry/ui/device"
)

// settleTime is how long changes are collected before the menu is rebuilt as a whole: a burst of
// updates makes one menu, and nobody notices a twentieth of a second.
const settleTime = 50 * time.Millisecond

// Params is what the tray is made of. Agent, Open and Show must be given.
type Params struct {
	Agent *localapi.Client
	// Clipboard is watched for a copied link; without one the menu's first line opens the window.
	Clipboard clipboard.Clipboard
	// Title returns the title that the clipboard gives a link, empty for none, within a moment; nil for a
	// desktop that gives none.
	Title func(ctx context.Context, address string) (string, error)
	// Open opens a link in the browser: browser is the command from the settings, empty for the
	// system's default.
	Open func(ctx context.Context, browser, address string) error
	// Show opens the window with a pane, empty for the window's own choice.
	Show func(ctx context.Context, pane string) error
	// Folder is one of our own that other programs of this person can read, for the pictures of the icon; empty for
	// none.
	Folder string
	// Moved returns a channel that is closed when the desktop may be another one; nil for one that stays.
	Moved func() <-chan struct{}
	// Words returns the catalogue for a language, empty for the system's; i18n.New when nil.
	Words func(language string) *i18n.Catalogue
	// Now is the wall clock; time.Now when nil.
	Now func() time.Time
	// Logger gets what a click could not do; nothing is logged when nil.
	Logger *slog.Logger
}

func (p Params) check() (Params, error) {
	if p.Agent == nil || p.Open == nil || p.Show == nil {
		return p, errors.New("tray: Agent, Open and Show are needed")
	}
	if p.Title == nil {
		p.Title = func(context.Context, string) (string, error) { return "", nil }
	}
	if p.Moved == nil {
		p.Moved = func() <-chan struct{} { return nil }
	}
	if p.Words == nil {
		p.Words = i18n.New
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	return p, nil
}

// bar is the real tray, or one in a test.
type bar interface {
	// show replaces icon, tooltip and menu.
	show(state assets.TrayState, tooltip string, items []Item)
	// clicks returns the actions of chosen lines; a click on the icon itself is DoShow.
	clicks() <-chan Action
}

// face keeps a bar in step with the agent and the clipboard.
type face struct {
	Params
	bar      bar
	words    *i18n.Catalogue
	language string
	snapshot localapi.Snapshot
	known    bool
	// namesakes are the ids of the devices that share their name with another.
	namesakes map[string]bool
	link      string
	doing     sync.WaitGroup
}

func newFace(p Params, b bar) *face {
	return &face{Params: p, bar: b, words: p.Words("")}
}

// run follows agent, clipboard and clicks until ctx ends, the agent quits (both nil) or is lost.
func (f *face) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	updates := make(chan localapi.Update)
	watched := make(chan error, 1)
	go func() { watched <- f.watch(ctx, updates) }()
	ended := false
	defer func() {
		cancel()
		if !ended {
			<-watched
		}
		f.doing.Wait()
	}()
	var copied <-chan struct{}
	if f.Clipboard != nil {
		copied = f.Clipboard.Changed()
		f.link, _ = link.Copied(f.Clipboard.Text())
	}
	rebuild := time.NewTimer(0)
	defer rebuild.Stop()
	pending := true
	later := func() {
		if !pending {
			rebuild.Reset(settleTime)
			pending = true
		}
	}
	for {
		select {
		case u := <-updates:
			if f.update(u) {
				return nil
			}
			later()
		case _, ok := <-copied:
			if !ok {
				copied, f.link = nil, ""
			} else {
				f.link, _ = link.Copied(f.Clipboard.Text())
			}
			later()
		case <-rebuild.C:
			pending = false
			if wait := f.redraw(); wait > 0 {
				rebuild.Reset(wait) // the silence ends by itself, without an update
			}
		case do := <-f.bar.clicks():
			f.do(ctx, do)
		case err := <-watched:
			ended = true
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// watch hands the agent's updates to the loop.
func (f *face) watch(ctx context.Context, updates chan<- localapi.Update) error {
	for u, err := range f.Agent.Watch(ctx, localapi.FaceTray) {
		if err != nil {
			return err
		}
		select {
		case updates <- u:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// update takes over a snapshot; true when the agent quits.
func (f *face) update(u localapi.Update) (quit bool) {
	if devices := u.Snapshot.Devices.Items; !f.known || !sameList(devices, f.snapshot.Devices.Items) {
		f.namesakes = device.Namesakes(devices)
	}
	f.snapshot, f.known = u.Snapshot, true
	if language := u.Snapshot.Settings.Language; language != f.language {
		f.language, f.words = language, f.Words(language)
	}
	for _, e := range u.Events {
		if e.Kind == localapi.Quitting {
			return true
		}
	}
	return false
}

// sameList reports whether two snapshots have one list of devices: what they share is never edited. Folding 500 names
// for each tab that arrives took longer than all the rest of the menu.
func sameList(a, b []localapi.Device) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// redraw rebuilds everything, and returns in how long it must be done again by itself.
func (f *face) redraw() time.Duration {
	if !f.known {
		return 0
	}
	now := f.Now()
	f.bar.show(Icon(f.snapshot, now), Tooltip(f.snapshot, f.words, now), Menu(f.snapshot, f.namesakes, f.link, f.words, now))
	if f.snapshot.QuietUntil.After(now) {
		return f.snapshot.QuietUntil.Sub(now)
	}
	return 0
}

// do does what a line says, beside the loop: a call may take a while. run waits for it.
func (f *face) do(ctx context.Context, a Action) {
	if a.Do == DoNothing {
		return
	}
	browser := f.snapshot.Settings.Browser
	f.doing.Go(func() {
		err := f.perform(ctx, a, browser)
		if err == nil || ctx.Err() != nil {
			return
		}
		f.Logger.Warn("a click in the tray could not be followed", "what", a.Do, "error", err)
		if a.Do == DoSend || a.Do == DoOpen {
			// The window is the place that can say why, and offer a way on.
			pane := paneSend
			if a.Do == DoOpen {
				pane = paneInbox
			}
			if err := f.Show(ctx, pane); err != nil && ctx.Err() == nil {
				f.Logger.Warn("the window could not be opened", "error", err)
			}
		}
	})
}

func (f *face) perform(ctx context.Context, a Action, browser string) error {
	switch a.Do {
	case DoSend:
		title, err := f.Title(ctx, a.Link)
		if err != nil {
			f.Logger.Info("the copied link is sent without its title", "reason", err)
		}
		_, err = f.Agent.Send(ctx, localapi.SendRequest{
			Links: []localapi.Link{{URL: a.Link, Title: title}}, Devices: []string{a.Device}, Hold: true, Tell: true,
		})
		return err
	case DoOpen:
		if err := f.Open(ctx, browser, a.Link); err != nil {
			return err
		}
		return f.Agent.MarkRead(ctx, a.Entry)
	case DoShow:
		return f.Show(ctx, a.Pane)
	case DoQuiet:
		return f.Agent.Quiet(ctx, int(QuietTime/time.Minute))
	case DoUnquiet:
		return f.Agent.Quiet(ctx, 0)
	case DoLook:
		return f.Agent.Look(ctx)
	case DoQuit:
		return f.Agent.Quit(ctx)
	default:
		return nil
	}
}
