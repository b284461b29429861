//go:build windows || (darwin && cgo)

package tray

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"fyne.io/systray"

	"github.com/tabferry/tabferry/assets"
	"github.com/tabferry/tabferry/assets/ico"
)

// Run shows the tray until ctx ends, the agent quits (both nil) or is lost. It must be called on
// the main goroutine, and once: the tray library cannot be started again in the same process.
// Without a taskbar (Windows) it waits for one.
func Run(ctx context.Context, params Params) error {
	p, err := params.check()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !awaitTaskbar(ctx, p.Logger) {
		return nil
	}
	b := &systrayBar{clicked: make(chan Action, clickBuffer), done: make(chan struct{}), log: p.Logger}
	ended := make(chan error, 1)
	endLoop, abandonLoop := loopEnder()
	var begun atomic.Bool // or given up
	ready := func() {
		if !begun.CompareAndSwap(false, true) {
			endLoop()
			return
		}
		systray.SetOnTapped(func() { b.click(Action{Do: DoShow}) })
		b.guarded(func() { b.setIcon(assets.TraySignedOut) })
		b.listening.Go(b.look)
		go func() { // Run waits for it
			ended <- newFace(p, b).run(ctx)
			endLoop()
		}()
	}
	stop := context.AfterFunc(ctx, func() {
		if begun.CompareAndSwap(false, true) { // the library could make no tray, and waits in its loop
			close(ended)
			abandonLoop()
		}
	})
	defer stop()
	systray.Run(ready, func() {})
	takeAway()
	cancel()
	err = <-ended
	close(b.done)
	b.listening.Wait()
	return err
}

// leaveTime is how long the shell may take to take an icon away.
const leaveTime = 500 * time.Millisecond

// takeAway has the shell of Windows take the icon away; elsewhere that is done. It does not wait for a shell
// that hangs: the process ends, and the icon with it.
func takeAway() {
	gone := make(chan struct{})
	go func() {
		systray.Quit()
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(leaveTime):
	}
}

// look hears that the menu is looked at.
func (b *systrayBar) look() {
	for {
		select {
		case <-systray.TrayOpenedCh: // where the host tells
			b.click(Action{Do: DoLook})
		case <-b.done:
			return
		}
	}
}

// systrayBar is the real tray.
type systrayBar struct {
	log       *slog.Logger
	clicked   chan Action
	done      chan struct{}
	listening sync.WaitGroup
	state     assets.TrayState
	tooltip   string
	items     []Item
	lines     []*systray.MenuItem // one for each item, nil for separators; submenus follow their parent
}

func (b *systrayBar) clicks() <-chan Action { return b.clicked }

// click hands an action to the face without holding up the desktop's call.
func (b *systrayBar) click(a Action) {
	select {
	case b.clicked <- a:
	default: // nobody clicks that fast
	}
}

// show changes what differs. A menu whose lines still do the same gets new texts in place; any
// other is built anew with new ids, so that a click on its way can only mean what was shown.
func (b *systrayBar) show(state assets.TrayState, tooltip string, items []Item) {
	b.guarded(func() { b.draw(state, tooltip, items) })
}

// guarded keeps a panic of the tray library from ending the agent, which still has work.
func (b *systrayBar) guarded(f func()) {
	defer func() {
		if r := recover(); r != nil {
			b.log.Warn("the tray could not be drawn", "reason", r, "stack", string(debug.Stack()))
		}
	}()
	f()
}

func (b *systrayBar) draw(state assets.TrayState, tooltip string, items []Item) {
	if state != b.state {
		b.setIcon(state)
	}
	if tooltip != b.tooltip {
		systray.SetTooltip(tooltip)
		b.tooltip = tooltip
	}
	if sameActions(b.items, items) {
		b.relabel(items)
	} else {
		b.rebuild(items)
	}
	b.items = items
}

func (b *systrayBar) relabel(items []Item) {
	next := 0
	var walk func(old, now []Item)
	walk = func(old, now []Item) {
		for i, item := range now {
			line := b.lines[next]
			next++
			if line == nil {
				continue
			}
			if old[i].Label != item.Label {
				line.SetTitle(escapeLabel(item.Label))
			}
			if old[i].Disabled != item.Disabled {
				setDisabled(line, item.Disabled)
			}
			if old[i].Checked != item.Checked {
				setChecked(line, item.Checked)
			}
			walk(old[i].Items, item.Items)
		}
	}
	walk(b.items, items)
}

func (b *systrayBar) rebuild(items []Item) {
	systray.ResetMenu()
	b.lines = b.lines[:0]
	var build func(parent *systray.MenuItem, items []Item)
	build = func(parent *systray.MenuItem, items []Item) {
		for _, item := range items {
			if item.Separator() {
				if parent == nil {
					systray.AddSeparator()
				} else {
					parent.AddSeparator()
				}
				b.lines = append(b.lines, nil)
				continue
			}
			line := addLine(parent, item)
			b.lines = append(b.lines, line)
			if item.Do.Do != DoNothing {
				b.listening.Go(func() { b.listen(line, item.Do) })
			}
			build(line, item.Items)
		}
	}
	build(nil, items)
}

func addLine(parent *systray.MenuItem, item Item) *systray.MenuItem {
	label := escapeLabel(item.Label)
	var line *systray.MenuItem
	switch {
	case parent == nil && item.Checkable:
		line = systray.AddMenuItemCheckbox(label, "", item.Checked)
	case parent == nil:
		line = systray.AddMenuItem(label, "")
	case item.Checkable:
		line = parent.AddSubMenuItemCheckbox(label, "", item.Checked)
	default:
		line = parent.AddSubMenuItem(label, "")
	}
	setDisabled(line, item.Disabled)
	return line
}

// listen waits for clicks on one line; it ends when the menu is rebuilt, which closes the channel,
// or with the tray.
func (b *systrayBar) listen(line *systray.MenuItem, do Action) {
	for {
		select {
		case _, ok := <-line.ClickedCh:
			if !ok {
				return
			}
			b.click(do)
		case <-b.done:
			return
		}
	}
}

func setDisabled(line *systray.MenuItem, disabled bool) {
	switch {
	case disabled == line.Disabled():
	case disabled:
		line.Disable()
	default:
		line.Enable()
	}
}

func setChecked(line *systray.MenuItem, checked bool) {
	if checked {
		line.Check()
	} else {
		line.Uncheck()
	}
}

func (b *systrayBar) setIcon(state assets.TrayState) {
	b.state = state
	if runtime.GOOS == "windows" {
		systray.SetIcon(ico.Tray(state, assets.Color))
	} else {
		systray.SetTemplateIcon(assets.TrayIcon(state, assets.Dark), assets.TrayIcon(state, assets.Color))
	}
}
