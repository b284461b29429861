//go:build !headless

package role

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
	"github.com/tabferry/tabferry/ui/desktop/clipboard"
	"github.com/tabferry/tabferry/ui/desktop/screen"
	"github.com/tabferry/tabferry/ui/desktop/session"
	"github.com/tabferry/tabferry/ui/qr"
	"github.com/tabferry/tabferry/ui/window"
)

// hasWindow reports whether this build has the window.
const hasWindow = true

// windowGC keeps the heap of a window close to what it needs, from restAfter on, when it has been drawn: what reading
// fonts and texts took is given back then. Together they save 4 MiB. Until then there is room for all that a start
// takes, which a collection would have to look through while somebody waits.
const (
	startGC   = 800 // 32 MiB before the first collection
	windowGC  = 40
	restAfter = 3 * time.Second
)

// runWindow is the window role: it makes sure that an agent runs and returns when the window has been
// closed, or at once when an open window took over.
func runWindow(ctx context.Context, start cli.WindowStart, report desktop.Report) error {
	debug.SetGCPercent(startGC)
	release, err := session.HoldDisplay()
	defer release()
	if err != nil {
		return err // the toolkit would panic, or stay without a window
	}
	paths := session.LocatePaths(start.Demo)
	if err := paths.Make(); err != nil {
		return err
	}
	instance, err := desktop.ClaimInstance(ctx, paths.WindowLock, paths.WindowSocket,
		append([]string{start.Pane}, start.Items...))
	if errors.Is(err, desktop.ErrRunning) {
		return nil
	}
	if err != nil {
		return err
	}
	log, end := keepLog(paths, "window")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	logger := slog.New(log)
	var w *window.Window
	ready := make(chan struct{})
	instance.Serve(logger, func(args []string) bool {
		select {
		case <-ready:
			return w.Offer(args[0], args[1:]...)
		case <-ctx.Done():
			return false
		}
	})
	giveUp := func() {
		if err := errors.Join(instance.Close(), end()); err != nil {
			fmt.Fprintln(os.Stderr, err) // the log may be closed
		}
		os.Exit(0)
	}
	w, err = newWindow(ctx, start, paths, logger, giveUp)
	if err != nil {
		cancel() // a later start may be waiting for the window that never comes
		return errors.Join(err, instance.Close(), end())
	}
	close(ready)
	var beside sync.WaitGroup
	if len(start.Items) > 0 {
		beside.Go(func() { w.Offer(start.Pane, start.Items...) })
	}
	closed := context.AfterFunc(ctx, w.Quit)
	defer closed()
	fyne.CurrentApp().Lifecycle().SetOnStarted(func() {
		release()
		if err := report.Begun(); err != nil {
			logger.Warn("whoever started the window was not told", "error", err)
		}
	})
	listening, deaf := context.WithCancel(ctx)
	beside.Go(func() { tellReaders(listening, w, logger) })
	rest := time.AfterFunc(restAfter, func() {
		debug.SetGCPercent(windowGC)
		debug.FreeOSMemory()
	})
	err = w.ShowAndRun()
	rest.Stop()
	deaf()
	beside.Wait()
	if errors.Is(err, window.ErrNotShown) {
		err = session.ErrNoOpenGL // the display answers, and this is what else is missing
	}
	return errors.Join(err, instance.Close(), end())
}

// newToolkit makes the toolkit's application. It shows nothing yet, and asks no display.
func newToolkit(demo bool, logger *slog.Logger) fyne.App {
	id := desktop.AppID
	if demo {
		id += ".demo" // its own size and position
	}
	// Shown at 26 units and in the task bar. The toolkit decodes it for each place, a larger one to a megabyte.
	icon := fyne.NewStaticResource("tabferry.png", assets.AppIcon(128))
	app.SetMetadata(fyne.AppMetadata{
		ID: id, Name: "Tabferry", Version: version, Icon: icon, Release: true,
		Migrations: map[string]bool{"fyneDo": true},
	})
	if cache, err := os.UserCacheDir(); err == nil {
		if err := os.MkdirAll(cache, 0o700); err != nil { // the toolkit complains without one, and does without
			logger.Warn("there is no cache folder", "error", err)
		}
	}
	return app.NewWithID(id)
}

// newWindow makes sure that an agent runs and wires the window to it and to this desktop. The fonts are read meanwhile.
func newWindow(ctx context.Context, start cli.WindowStart, paths session.Paths, logger *slog.Logger, giveUp func()) (*window.Window, error) {
	toolkit, fonts := newToolkit(start.Demo, logger), window.ReadFonts()
	var notes []string
	if err := ensureAgent(ctx, start.Demo, func(words string) { notes = append(notes, words) }); err != nil {
		return nil, err
	}
	offerDesktop(ctx, start.Demo)
	var found *localapi.Snapshot
	if now, err := askAgent(ctx, start.Demo); err == nil { // else the window connects, and says so
		found = &now
	}
	opener := new(desktop.Opener)
	return window.New(window.Params{
		App:              toolkit,
		Fonts:            fonts,
		GiveUp:           giveUp,
		Agent:            speaking(localapi.Dial(paths.Socket), new(i18n.Speaker)),
		Open:             func(browser, address string) error { return opener.OpenWith(ctx, browser, address) },
		Browsers:         browsers,
		CheckBrowser:     checkBrowser,
		Pane:             start.Pane,
		Icon:             toolkit.Icon(),
		DrawCode:         qr.Draw,
		ReadCode:         qr.Read,
		ReadPicture:      qr.DecodeFrom,
		ClipboardPicture: clipboard.Picture,
		ClipboardTitle:   clipboard.Title,
		GrabScreen:       screen.Grab,
		WorkArea:         screen.WorkArea,
		ChooseFile:       desktop.ChooseFile,
		SaveFile:         desktop.SaveFile,
		StartAgent: func(ctx context.Context) error {
			return ensureAgent(ctx, start.Demo, func(words string) { logger.Info("the agent was started anew", "note", words) })
		},
		Found:     found,
		Note:      strings.Join(notes, "\n"),
		Logger:    logger,
		LogFolder: paths.Logs,
		Contact:   about.Contact, ClientID: about.ClientID, ClientName: about.ClientName,
		NoTray: desktop.FindTrayHost(ctx) != desktop.TrayHostPresent,
	})
}

// browsers and checkBrowser tell the window, which knows no desktop, what opens links here.
func browsers(language string) ([]window.Browser, error) {
	list, err := desktop.Browsers(language)
	var found []window.Browser
	for _, b := range list {
		found = append(found, window.Browser{Name: b.Name, Command: b.Command})
	}
	return found, err
}

func checkBrowser(command string) error {
	err := desktop.CheckBrowser(command)
	if errors.Is(err, desktop.ErrNoSuchBrowser) {
		return fmt.Errorf("%w: %w", window.ErrNoSuchBrowser, err)
	}
	return err
}
