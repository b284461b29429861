// Package window is Tabferry's window: a face of the agent made with Fyne.
//
// It holds no account state of its own. A model keeps the newest [localapi.Snapshot] that
// [localapi.Client.Watch] brought and derives from it what the panes show; what a person does becomes
// a call to the agent, and its effect comes back as the next snapshot. When the agent goes away the
// window says so and connects again by itself; when the agent says that it is quitting, the window
// closes.
//
//	w, err := window.New(window.Params{App: app, Agent: client, Pane: window.PaneSend, …})
//	w.ShowAndRun() // returns after the window has been closed and everything it started has ended
//
// One file holds one pane (signin.go, send.go, inbox.go, …), made of the parts in ui/widget; model.go
// and the files beside it that draw nothing hold every decision worth testing without a screen:
// notice.go, inbox_groups.go, words.go, the view of a sent tab in sent.go. All texts come from
// [i18n.Catalogue]. Text that comes from other devices, such as titles and device names, is drawn
// as plain text with control characters removed, never as markup.
//
// Everything that touches a widget runs on the one goroutine that Params.Post posts to. Calls to
// the agent run beside it and post their results back; Close ends them and waits.
//
// The package does not import Fyne's app package, so that it builds and is tested without cgo, GL
// or a display: the caller makes the [fyne.App].
package window

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
	"fyne.io/fyne/v2/theme"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// The size of the window, in units. It fits a 1280 by 800 screen at a scale of 1.5.
const (
	firstWidth, firstHeight = 760, 540
	leastWidth, leastHeight = 480, 400
)

// The preferences: only what may be lost without harm.
const (
	prefWidth      = "window.width"
	prefHeight     = "window.height"
	prefAppearance = "window.appearance" // to start in the right colours before the agent answers
	prefLanguage   = "window.language"
	prefTrayTold   = "window.tray_told"  // that there is no tray has been explained
	prefCloseTold  = "window.close_told" // that closing does not quit has been explained
)

// pane is one page of the window. It is used on Fyne's goroutine only.
type pane interface {
	// object is what is shown.
	object() fyne.CanvasObject
	// update brings the pane in line with the model and the clock; it may be called often.
	update()
	// shown is called when the pane comes to the front, after update.
	shown()
	// escape does what the Escape key means here.
	escape()
}

// Window is Tabferry's window. Its methods are called on Fyne's goroutine.
type Window struct {
	p     Params
	win   fyne.Window
	words *i18n.Catalogue
	model model

	language, appearance string
	panes                map[string]pane
	current, wanted      string

	later   []func()        // wait for the agent's state
	heard   bool            // the agent has told something since the window watches
	handed  bool            // another start has brought something
	waiting []localapi.Link // wait for an account
	signing bool            // a sign-in was begun here, and its page opened

	most   fyne.Size // as large as the screen lets the window be, zero for no bound
	shell  *shell
	toasts *toasts
	dialog *asking
	person string // the uid of whom it shows, empty for nobody

	reading *widget.Reading // what screen readers are told
	active  bool            // takes what is typed
	away    time.Time       // since when another window does, zero while this one does

	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup
	wake     chan struct{} // asks the watch loop not to wait any longer
	stopTick func()
	closed   bool
	gone     chan struct{} // closed by Close
	leaving  chan struct{} // closed when the window is to go, by leaves
	leaves   func()
	atEnd    []func(ctx context.Context) error // what must still be told to the agent
}

// New makes the window; it is not shown and asks the agent nothing before ShowAndRun or Start. It
// fails when Params lacks what must be given.
func New(p Params) (*Window, error) {
	p, err := p.withDefaults()
	if err != nil {
		return nil, err
	}
	prefs := p.App.Preferences()
	w := &Window{
		p: p, panes: map[string]pane{}, wanted: p.Pane, wake: make(chan struct{}, 1), reading: widget.NewReading(),
		language: prefs.String(prefLanguage), appearance: prefs.String(prefAppearance),
	}
	w.gone, w.leaving = make(chan struct{}), make(chan struct{})
	w.leaves = sync.OnceFunc(func() { close(w.leaving) })
	w.model.explainTray = p.NoTray && !prefs.Bool(prefTrayTold)
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.words = p.Words(w.language)
	w.dress()
	w.win = p.App.NewWindow(w.words.T("common.app"))
	w.win.SetPadded(false)
	w.win.SetMaster()
	if p.Fonts != nil {
		<-p.Fonts
	}
	if p.Found == nil {
		w.build()
	}
	w.win.Resize(fyne.NewSize(
		max(leastWidth, float32(prefs.FloatWithFallback(prefWidth, firstWidth))),
		max(leastHeight, float32(prefs.FloatWithFallback(prefHeight, firstHeight)))))
	w.win.CenterOnScreen()
	w.win.SetCloseIntercept(w.leave)
	w.win.SetOnDropped(func(_ fyne.Position, uris []fyne.URI) { w.dropped(uris) })
	w.addShortcuts()
	p.App.Lifecycle().SetOnEnteredForeground(func() {
		w.active, w.away = true, time.Time{}
		w.look()
		w.refresh()
	})
	p.App.Lifecycle().SetOnExitedForeground(func() { w.active, w.away = false, p.Now() })
	return w, nil
}

// dress puts the theme on: the colours of the appearance, and the direction of the language. It is left alone while it
// fits: at each theme the toolkit reads its fonts anew, and those it has shaped texts with stay, three megabytes.
func (w *Window) dress() {
	look := widget.NewTheme(w.appearance)
	look.Mirrored = w.words.RightToLeft()
	w.p.App.Settings().SetTheme(look)
}

// ReadFonts has the toolkit find and read the fonts that a window needs, which takes about as long as connecting to
// the display, and closes what it returns when that is done. It wants an application, and must be done before anything
// but New asks the toolkit for a font.
func ReadFonts() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, style := range []fyne.TextStyle{{}, {Bold: true}} {
			fyne.MeasureText("M", theme.TextSize(), style)
		}
	}()
	return done
}

// build makes everything inside the window anew, at the start and when the language changes.
func (w *Window) build() {
	for _, tell := range w.atEnd {
		w.do(tell)
	}
	w.atEnd = nil
	w.panes = map[string]pane{}
	w.toasts = newToasts(w)
	w.shell = newShell(w)
	w.win.SetContent(w.shell.object)
	w.refresh()
}

// ShowAndRun shows the window, runs the application and returns when the window has been closed
// and everything it started has ended; ErrNotShown if the toolkit could not make it.
func (w *Window) ShowAndRun() error {
	w.Start()
	w.win.Show()
	w.fit()
	shown := native(w.win)
	if shown { // without a window it would run all the same
		w.run()
	}
	w.Stop()
	if !shown {
		return ErrNotShown
	}
	return nil
}

// toolkitTime is how long the toolkit may take to end with the window; it takes milliseconds.
const toolkitTime = 5 * time.Second

// run returns when the toolkit has ended. Now and then it never does (Fyne 2.8.1, runGL: what is queued for its
// goroutine just before it empties the queue is waited for, and never run). A window that has closed tells then what it
// has to tell at its end, and the process is given up.
func (w *Window) run() {
	ended := make(chan struct{})
	go func() {
		select {
		case <-w.leaving:
		case <-ended:
			return
		}
		select {
		case <-time.After(toolkitTime):
			w.p.Logger.Warn("the toolkit does not end with the window")
			select {
			case <-w.gone:
				w.Stop()
			default: // the toolkit's goroutine may still be at work on the window
			}
			w.p.GiveUp()
		case <-ended:
		}
	}()
	w.p.App.Run()
	close(ended)
}

// frame is what the title bar and the edges around a window take, in pixels at most.
const frameWidth, frameHeight = 16, 48

// fit makes the window small enough for the screen, its least size too: at twice the size of everything the
// first size is wider than many screens.
func (w *Window) fit() {
	scale := w.win.Canvas().Scale()
	if w.p.WorkArea == nil || scale <= 0 {
		return
	}
	area, err := w.p.WorkArea()
	if err != nil || area.Empty() {
		return
	}
	most := fyne.NewSize(float32(area.Dx()-frameWidth)/scale, float32(area.Dy()-frameHeight)/scale)
	now := w.win.Canvas().Size()
	if now.Width <= most.Width && now.Height <= most.Height {
		return
	}
	w.most = most
	w.win.SetPadded(false) // tells the window manager the new least size, below which it lets no window go
	w.win.Resize(fyne.NewSize(min(now.Width, most.Width), min(now.Height, most.Height)))
	w.win.CenterOnScreen()
}

// ErrNotShown says that the display lets no window of ours appear; the toolkit has written why on standard
// error.
var ErrNotShown = errors.New("the window could not be made")

// native reports whether a window exists outside this process. The toolkit tells of a failure nowhere else.
func native(win fyne.Window) (exists bool) {
	native, ok := win.(driver.NativeWindow)
	if !ok {
		return true // a driver of tests
	}
	native.RunNative(func(context any) {
		switch c := context.(type) {
		case driver.X11WindowContext:
			exists = c.WindowHandle != 0
		case driver.WaylandWindowContext:
			exists = c.WaylandSurface != 0
		case driver.WindowsWindowContext:
			exists = c.HWND != 0
		case driver.MacWindowContext:
			exists = c.NSWindow != 0
		}
	})
	return exists
}

// Start begins to watch the agent without showing the window.
func (w *Window) Start() {
	if w.p.Found != nil {
		w.apply(localapi.Update{Snapshot: *w.p.Found})
	}
	w.running.Go(func() { w.watch(w.ctx) })
	w.schedule()
}

// leave closes the window as a person asks for it. The first time it says that Tabferry goes on: whoever
// closes a window of other programs has ended them.
func (w *Window) leave() {
	prefs := w.p.App.Preferences()
	if prefs.Bool(prefCloseTold) || w.model.gate() != gateOpen || w.model.lost != nil {
		w.Close()
		return
	}
	w.ask(question{
		title: w.t("window.close.title"), text: w.t("window.close.text"), yes: w.t("window.close.yes"),
		do: func() {
			prefs.SetBool(prefCloseTold, true)
			w.Close()
		},
	})
	w.win.Canvas().Focus(w.dialog.yes)
}

// quit ends the agent too, after asking.
func (w *Window) quit() {
	w.ask(question{
		title: w.t("window.quit.title"), text: w.t("window.quit.text"), yes: w.t("window.quit.yes"),
		do: func() { w.do(w.p.Agent.Quit) },
	})
}

// Close closes the window and remembers its size.
func (w *Window) Close() {
	if w.closed {
		return
	}
	w.closed = true
	size := w.win.Canvas().Size()
	prefs := w.p.App.Preferences()
	prefs.SetFloat(prefWidth, float64(size.Width))
	prefs.SetFloat(prefHeight, float64(size.Height))
	w.win.SetCloseIntercept(nil)
	w.win.Close()
	close(w.gone)
	w.leaves()
}

// Quit closes the window, on any goroutine.
func (w *Window) Quit() {
	w.p.Post(w.Close)
	w.leaves()
}

// stopTime is how long Stop lets the last call take.
const stopTime = 2 * time.Second

// Stop ends everything the window started and waits for it. A pairing code that nobody can see
// any more is taken back.
func (w *Window) Stop() {
	if !w.closed { // else the goroutine of run only reads it
		w.closed = true
	}
	if w.stopTick != nil {
		w.stopTick()
	}
	w.cancel()
	w.running.Wait()
	w.tellAtEnd()
	p := w.model.snap.Pairing
	if p == nil || !p.Authority || (p.State != localapi.PairOpening && p.State != localapi.PairShowing) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := w.p.Agent.CancelPairing(ctx); err != nil {
		w.p.Logger.Warn("the pairing code could not be taken back; it expires by itself", "error", err)
	}
}

// tellAtEnd tells the agent what was to be told in a moment.
func (w *Window) tellAtEnd() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	for _, tell := range w.atEnd {
		if err := tell(ctx); err != nil {
			w.p.Logger.Warn("the agent could not be told a last thing", "error", err)
		}
	}
}

// front brings the window before all others, on a pane unless that is empty.
func (w *Window) front(pane string) {
	if pane != "" {
		w.show(pane)
	}
	w.win.Show()
	w.win.RequestFocus()
}

// react answers to what happened.
func (w *Window) react(e localapi.Event) {
	switch e.Kind {
	case localapi.ShowWindow:
		w.front(e.Pane)
	case localapi.Quitting:
		w.Close()
	case localapi.TabsReceived:
		w.tellReceived(e.Entries)
	case localapi.SendGivenUp:
		if w.current != PaneSend && e.Send != nil && !w.notified() {
			w.toasts.offer(widget.ToneBad, w.t("window.toast.given_up", "Device", i18n.Plain(e.Send.To)),
				w.t("window.toast.look"), func() { w.show(PaneSend) })
		}
	case localapi.DeviceConnected:
		w.toasts.offer(widget.ToneWarn, w.t("window.toast.device_connected", "Device", i18n.Plain(e.Device)),
			w.t("window.toast.look"), func() { w.show(PaneDevices) })
	case localapi.CallerAsks:
		if w.current != PaneSettings {
			w.toasts.offer(widget.ToneWarn, w.t("window.toast.caller_asks"), w.t("window.toast.look"), func() { w.show(PaneSettings) })
		}
	case localapi.SignedOutElsewhere, localapi.AccountDeleted:
		w.toasts.say(widget.ToneWarn, w.t("window.toast."+string(e.Kind)))
	}
}

// tellReceived tells of received tabs, unless they are seen or told already.
func (w *Window) tellReceived(entries []localapi.InboxEntry) {
	if w.current == PaneInbox || len(entries) == 0 || w.notified() {
		return
	}
	from := i18n.Plain(entries[0].From)
	if from == "" {
		from = w.t("common.unknown_device")
	}
	w.toasts.offer(widget.ToneInfo, w.words.N("window.toast.received", len(entries), "Device", from),
		w.t("window.toast.look"), func() { w.show(PaneInbox) })
}

// notified reports whether the desktop tells of what happens: nobody needs to hear it twice.
func (w *Window) notified() bool {
	s := w.model.snap
	return s.Settings.Notifications && !s.QuietUntil.After(w.p.Now())
}

// trayUnderstood keeps that the missing tray has been explained.
func (w *Window) trayUnderstood() {
	w.p.App.Preferences().SetBool(prefTrayTold, true)
	w.model.explainTray = false
	w.refresh()
}

// show asks for a pane; one that cannot be reached yet is shown as soon as it can.
func (w *Window) show(name string) {
	w.wanted = name
	w.refresh()
	w.schedule()
}

// refresh brings the rail, the notice and the pane in front in line with the model.
func (w *Window) refresh() {
	name := w.model.choose(w.wanted, w.current)
	changed := name != w.current
	w.current = name
	w.toasts.enter(name)
	front := w.pane(name)
	w.shell.update()
	front.update()
	if w.shell.front != front.object() {
		w.shell.bring(front.object())
		w.release()
		changed = true
	}
	if changed {
		if name == w.wanted && w.model.gate() == gateOpen {
			w.wanted = ""
		}
		front.shown()
		w.look()
	}
}

// look tells the agent that somebody looks, which has old lists fetched anew. That it cannot be told is seen
// elsewhere.
func (w *Window) look() {
	if w.model.gate() == gateOpen {
		w.call(w.p.Agent.Look, func(error) {})
	}
}

// pane returns a pane, made when first needed.
func (w *Window) pane(name string) pane {
	if p := w.panes[name]; p != nil {
		return p
	}
	var p pane
	switch name {
	case PaneSend:
		p = newSendPane(w)
	case PaneInbox:
		p = newInboxPane(w)
	case PaneDevices:
		p = newDevicesPane(w)
	case PanePair:
		p = newPairPane(w)
	case PaneAccount:
		p = newAccountPane(w)
	case PaneSettings:
		p = newSettingsPane(w)
	default:
		p = newSignInPane(w)
	}
	w.panes[name] = p
	return p
}

func (w *Window) sendPane() *sendPane {
	p, ok := w.pane(PaneSend).(*sendPane)
	if !ok {
		panic("window: the send pane is another one")
	}
	return p
}

// The time between two looks at the clock: while something counts seconds, and otherwise, for
// words such as "5 minutes ago".
const (
	tickFast = time.Second
	tickSlow = 30 * time.Second
)

// schedule sets the clock going, fast or slow as needed.
func (w *Window) schedule() {
	if w.stopTick != nil {
		w.stopTick()
	}
	if w.closed {
		return
	}
	d := tickSlow
	if w.model.needsSeconds(w.p.Now()) {
		d = tickFast
	}
	w.stopTick = w.p.After(d, func() { w.post(w.tick) })
}

func (w *Window) tick() {
	w.refresh()
	w.schedule()
}

// t returns a text.
func (w *Window) t(key string, args ...any) string { return w.words.T(key, args...) }

// openPage opens a page of the accounts server.
func (w *Window) openPage(p localapi.Page) {
	fetch(w, func(ctx context.Context) (string, error) { return w.p.Agent.PageURL(ctx, p) }, func(address string, err error) {
		if !w.failed(err) {
			w.open(address)
		}
	})
}

// open opens an http or https address in the person's browser.
func (w *Window) open(address string) { w.openThen(address, func(bool) {}) }

// openThen is open, and tells whether the browser has taken the address.
func (w *Window) openThen(address string, then func(taken bool)) {
	if !link.Web(address) {
		w.toasts.say(widget.ToneBad, w.t("window.error.not_a_link"))
		then(false)
		return
	}
	browser := w.model.snap.Settings.Browser
	w.call(func(context.Context) error { return w.p.Open(browser, address) }, func(err error) {
		if err != nil {
			w.toasts.offer(widget.ToneBad, w.t("window.error.open"), w.t("window.copy_link"), func() { w.copy(address) })
		}
		then(err == nil)
	})
}

// copy puts text on the clipboard and says so.
func (w *Window) copy(words string) {
	w.p.Clipboard.SetContent(words)
	w.toasts.say(widget.ToneFine, w.t("window.toast.copied"))
}

// clipboardLinks returns the links on the clipboard.
func (w *Window) clipboardLinks() []localapi.Link {
	return findLinks(strings.TrimSpace(w.p.Clipboard.Content()))
}
