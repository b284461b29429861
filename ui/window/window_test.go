package window

import (
	"context"
	"errors"
	"image"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

func TestWindowFollowsTheAgentThroughARestart(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.want("Reaching Tabferry's background part")
		h.send(signedIn())
		h.want("Send tabs", "Pixel 9")
		h.agent.Down(true)
		h.settle()
		h.want("stopped answering", "Pixel 9")
		h.advance(time.Second)
		h.agent.Down(false)
		h.advance(lastReconnect)
		h.send(signedIn())
		h.wantNot("stopped answering")
		if h.w.toasts.words != "Connected again" {
			t.Errorf("toast %q", h.w.toasts.words)
		}
	})
}

func TestWhatIsToBeToldOnceIsTold(t *testing.T) {
	inBubble(t, func(p *Params) { p.Note = "Tabferry was updated." }, func(h *harness) {
		spoken := signedIn()
		spoken.Settings.Language = "de" // makes everything anew
		h.send(spoken)
		h.want("Tabferry was updated.")
		h.advance(toastOfferTime)
		h.wantNot("Tabferry was updated.")
		h.send(signedIn())
		h.wantNot("Tabferry was updated.")
	})
}

func TestWithoutAnAgentTheWindowSaysSoAndRetriesAtOnceWhenAsked(t *testing.T) {
	starts := 0
	inBubble(t, nil, func(h *harness) {
		h.agent.Down(true)
		h.settle()
		h.want("does not answer")
		h.w.p.StartAgent = func(context.Context) error { starts++; return errors.New("no") }
		h.tap("Retry")
		if starts != 1 || !strings.Contains(h.w.toasts.words, "could not be started") {
			t.Errorf("%d starts, toast %q", starts, h.w.toasts.words)
		}
		h.w.p.StartAgent = nil
		h.advance(10 * time.Second) // the waits are at their longest now
		h.agent.Set(signedIn())
		h.agent.Down(false)
		h.settle()
		h.want("does not answer")
		h.tap("Retry")
		h.want("Send tabs")
	})
}

func TestQuittingClosesTheWindowAndKeepsItsSize(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.win.Resize(fyne.NewSize(900, 620))
		h.send(signedIn(), localapi.Event{Kind: localapi.Quitting})
		if !h.w.closed {
			t.Error("the window stays open")
		}
		prefs := h.app.Preferences()
		if w, hgt := prefs.Float(prefWidth), prefs.Float(prefHeight); w != 900 || hgt != 620 {
			t.Errorf("kept size %v by %v", w, hgt)
		}
	})
}

// TestClosingSaysOnceThatTabferryGoesOn: the first time closing asks, later it closes.
func TestClosingSaysOnceThatTabferryGoesOn(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.leave()
		h.want("goes on in the background")
		h.tap("Cancel")
		if h.w.closed {
			t.Fatal("closed though cancelled")
		}
		h.w.leave()
		h.tap("Close the window")
		if !h.w.closed || !h.app.Preferences().Bool(prefCloseTold) {
			t.Error("not closed, or it will be said again")
		}
	})
	inBubble(t, func(p *Params) { p.App.Preferences().SetBool(prefCloseTold, true) }, func(h *harness) {
		h.send(signedIn())
		h.w.leave()
		if !h.w.closed {
			t.Error("asked again")
		}
	})
}

// TestQuitIsInTheWindow: without a tray there is no other place for it.
func TestQuitIsInTheWindow(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSettings)
		h.tap("Quit Tabferry…")
		h.wantCalls()
		h.tap("Quit")
		h.wantCalls("Quit")
	})
}

// TestDeadAgentIsStartedAgain: once, and not where it comes back by itself.
func TestDeadAgentIsStartedAgain(t *testing.T) {
	starts := 0
	inBubble(t, func(p *Params) { p.StartAgent = func(context.Context) error { starts++; return nil } }, func(h *harness) {
		h.send(signedIn())
		h.agent.Down(true)
		h.settle()
		h.advance(time.Second)
		h.agent.Down(false)
		h.advance(lastReconnect)
		h.send(signedIn())
		h.advance(reviveAfter)
		if starts != 0 {
			t.Errorf("started %d times though it came back", starts)
		}
		h.agent.Down(true)
		h.settle()
		h.advance(time.Minute)
		if starts != 1 {
			t.Errorf("started %d times, want once", starts)
		}
	})
}

// TestWindowFitsTheScreen: at twice the size of everything it is no larger than what panels leave, and may
// become as small.
func TestWindowFitsTheScreen(t *testing.T) {
	area := image.Rect(0, 30, 700, 400)
	inBubble(t, func(p *Params) { p.WorkArea = func() (image.Rectangle, error) { return area, nil } }, func(h *harness) {
		h.w.fit()
		size, least := h.w.win.Canvas().Size(), h.w.shell.object.MinSize()
		if size.Width > 700 || size.Height > 370 || least.Width > 700 || least.Height > 370 {
			t.Errorf("size %v, at least %v, on %v", size, least, area)
		}
	})
}

// TestControlReturnSends: from wherever the keyboard is.
func TestControlReturnSends(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSend)
		h.w.sendPane().link.SetText("https://example.org/")
		h.w.sendPane().link.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyReturn, Modifier: fyne.KeyModifierShortcutDefault})
		h.settle()
		h.wantCalls("Send 1 phone")
	})
}

func TestClosingTakesBackACodeThatNobodyCanSee(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		p := pairing(localapi.PairShowing, true)
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Pairing = &p }))
		h.take()
		h.w.Close()
		h.w.Stop()
		h.wantCalls("CancelPairing")
		h.w.model.snap.Pairing = nil // the deferred Stop finds nothing more
	})
}

func TestEventsShowWhatHappened(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.send(signedIn(), localapi.Event{Kind: localapi.ShowWindow, Pane: PaneDevices})
		if h.w.current != PaneDevices {
			t.Errorf("pane %q, want devices", h.w.current)
		}
		received := localapi.Event{Kind: localapi.TabsReceived, Entries: signedIn().Inbox.Recent[:1]}
		h.send(signedIn(), received)
		h.wantNot("New tab from Pixel 9") // the desktop tells
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Settings.Notifications = false }), received)
		h.want("New tab from Pixel 9")
		h.tap("Show")
		if h.w.current != PaneInbox {
			t.Errorf("pane %q, want inbox", h.w.current)
		}
		h.send(signedIn(), localapi.Event{Kind: localapi.DeviceConnected, Device: "Intruder\u202e\n"})
		h.want("New device in your account: Intruder")
		h.advance(toastOfferTime)
		h.wantNot("New device in your account")
		h.send(signedIn(), localapi.Event{Kind: localapi.SignedOutElsewhere})
		h.want("signed out from another device")
	})
}

func TestTheDemoIsMarked(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.wantNot("Demo")
		h.change(func(s *localapi.Snapshot) { s.Demo = true })
		h.want("Demo")
	})
}

func TestLanguageAndAppearanceFollowTheSettings(t *testing.T) {
	inBubble(t, func(p *Params) { p.Words = func(l string) *i18n.Catalogue { return i18n.New(firstOf(l, "en")) } }, func(h *harness) {
		h.send(signedIn())
		h.want("Devices")
		h.change(func(s *localapi.Snapshot) { s.Settings.Language, s.Settings.Appearance = "de", "light" })
		h.want("Geräte", "Tabs senden")
		h.wantNot("Devices")
		if c := h.app.Settings().Theme().Color(widget.ColorMuted, theme.VariantDark); c != widget.NewTheme("light").Color(widget.ColorMuted, theme.VariantDark) {
			t.Error("the appearance has not changed")
		}
		prefs := h.app.Preferences()
		if prefs.String(prefLanguage) != "de" || prefs.String(prefAppearance) != "light" {
			t.Error("the next start would begin in the wrong colours or language")
		}
	})
}

// TestALanguageKeepsTheTheme: a theme is put on when it is another one. For each the toolkit reads its fonts anew, and
// keeps the last ones for good.
func TestALanguageKeepsTheTheme(t *testing.T) {
	inBubble(t, func(p *Params) { p.Words = func(l string) *i18n.Catalogue { return i18n.New(firstOf(l, "en")) } }, func(h *harness) {
		h.send(signedIn())
		themes := 0
		h.app.Settings().AddListener(func(fyne.Settings) { themes++ })
		for _, language := range []string{"de", "fr", "en"} {
			h.change(func(s *localapi.Snapshot) { s.Settings.Language = language })
		}
		if themes != 0 {
			t.Errorf("three languages written from left to right: %d themes", themes)
		}
		h.change(func(s *localapi.Snapshot) { s.Settings.Language = i18n.PseudoRight })
		h.change(func(s *localapi.Snapshot) { s.Settings.Appearance = widget.AppearanceDark })
		if themes != 2 {
			t.Errorf("another direction and another appearance: %d themes", themes)
		}
	})
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestKeysReachEveryPane(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		press := func(key fyne.KeyName, modifier fyne.KeyModifier) string {
			s := &desktop.CustomShortcut{KeyName: key, Modifier: modifier}
			if f, ok := h.w.win.Canvas().Focused().(fyne.Shortcutable); ok {
				f.TypedShortcut(s) // as the driver does
			} else {
				h.w.shortcut(s)
			}
			h.settle()
			return h.w.current
		}
		press(fyne.Key1, fyne.KeyModifierAlt)
		h.w.win.Canvas().Unfocus()
		press(fyne.Key1, fyne.KeyModifierAlt)
		if h.w.win.Canvas().Focused() != h.w.sendPane().link {
			t.Error("Alt+1 on the send pane does not lead to its field")
		}
		for i, want := range []string{PaneSend, PaneInbox, PaneDevices, PanePair, PaneAccount, PaneSettings} {
			if got := press(paneKeys()[i], fyne.KeyModifierAlt); got != want {
				t.Errorf("Alt+%d shows %q, want %q", i+1, got, want)
			}
		}
		if got := press(fyne.Key7, fyne.KeyModifierAlt); got != PaneSettings {
			t.Errorf("Alt+7 shows %q", got)
		}
		if got := press(fyne.KeyTab, fyne.KeyModifierControl); got != PaneSend {
			t.Errorf("Ctrl+Tab from the last pane shows %q", got)
		}
		if got := press(fyne.KeyTab, fyne.KeyModifierControl|fyne.KeyModifierShift); got != PaneSettings {
			t.Errorf("Ctrl+Shift+Tab from the first pane shows %q", got)
		}
		press(fyne.KeyF, fyne.KeyModifierShortcutDefault)
		if f, ok := h.w.win.Canvas().Focused().(*widget.Field); !ok || f.Name != "Search" {
			t.Error("Ctrl+F does not lead to the search")
		}
	})
}

func TestEveryControlHasANameAndEveryPaneCanBeWalkedByKeyboard(t *testing.T) {
	for _, s := range scenes() {
		if s.snap == nil {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			inBubble(t, nil, func(h *harness) {
				h.t = t
				s.enter(h, "")
				s.act(h)
				relayout(h)
				for _, root := range h.roots() {
					visit(root, h.wantName)
				}
				h.wantRoomAroundFields()
				if c := h.w.win.Canvas(); h.w.dialog == nil && len(c.Overlays().List()) == 0 {
					h.walkFocus(c)
				}
			})
		})
	}
}

// wantName wants that what takes the focus has a name.
func (h *harness) wantName(o fyne.CanvasObject) {
	_, focusable := o.(fyne.Focusable)
	named, ok := o.(fyne.Accessible)
	if d, is := o.(fyne.Disableable); focusable && ok && (!is || !d.Disabled()) && named.AccessibilityLabel() == "" {
		h.t.Errorf("a %T has no name", o)
	}
}

// wantRoomAroundFields wants that the ring around a field touches nothing else that takes the focus.
func (h *harness) wantRoomAroundFields() {
	h.t.Helper()
	const ring = 3 + 3 // its width and how far it stands off, and as much again to tell it from what is beside it
	var all []fyne.CanvasObject
	for _, root := range h.roots() {
		visit(root, func(o fyne.CanvasObject) {
			if _, ok := o.(fyne.Focusable); ok && o.Visible() && !o.Size().IsZero() {
				all = append(all, o)
			}
		})
	}
	for _, o := range all {
		field, ok := o.(*widget.Field)
		if !ok {
			continue
		}
		at := h.app.Driver().AbsolutePositionForObject(field)
		for _, other := range all {
			p := h.app.Driver().AbsolutePositionForObject(other)
			beside := other != o && p.Y < at.Y+field.Size().Height && p.Y+other.Size().Height > at.Y
			if beside && p.X < at.X+field.Size().Width+ring && p.X+other.Size().Width > at.X-ring {
				h.t.Errorf("the ring of %q touches a %T at %v", field.Name, other, p)
			}
		}
	}
}

// walkFocus wants that the focus comes round: some toolkits lose it in a ring.
func (h *harness) walkFocus(c fyne.Canvas) {
	c.Unfocus()
	c.FocusNext()
	first := c.Focused()
	if first == nil {
		h.t.Fatal("nothing takes the focus")
	}
	h.wantInSight(first)
	seen := 0
	for c.FocusNext(); c.Focused() != first; c.FocusNext() {
		h.wantInSight(c.Focused())
		if seen++; seen > 200 {
			h.t.Fatal("the focus does not come round")
		}
	}
}

// wantInSight wants that what has the focus lies within the window and within all that scrolls around it.
func (h *harness) wantInSight(focused fyne.Focusable) {
	h.t.Helper()
	o, ok := focused.(fyne.CanvasObject)
	if !ok {
		h.t.Fatalf("%T has the focus", focused)
	}
	d, c := h.app.Driver(), h.w.win.Canvas()
	within := func(at fyne.Position, size fyne.Size) {
		h.t.Helper()
		top := d.AbsolutePositionForObject(o).Subtract(at)
		height := min(o.Size().Height, size.Height) // a long one may be cut at its end
		if top.Y < 0 || top.Y+height > size.Height+0.5 || top.X < 0 || top.X > size.Width {
			h.t.Errorf("%T at %v, %v high, is not within %v", o, top, o.Size().Height, size)
		}
	}
	within(fyne.Position{}, c.Size())
	visit(c.Content(), func(around fyne.CanvasObject) {
		scroll, ok := around.(*widget.Scroll)
		if !ok {
			return
		}
		visit(scroll.Content, func(inner fyne.CanvasObject) {
			if inner == o {
				within(d.AbsolutePositionForObject(scroll), scroll.Size())
			}
		})
	})
}

func TestNoPageIsWiderThanTheSmallestWindow(t *testing.T) {
	for _, lang := range []string{"de", "fr"} { // the languages with the long words, in the pages and in the rail
		for _, s := range scenes() {
			if s.snap == nil || s.then != nil { // what is done on a page does not change the page's width
				continue
			}
			t.Run(lang+" "+s.name, func(t *testing.T) {
				inBubble(t, func(p *Params) { p.Words = func(string) *i18n.Catalogue { return i18n.New(lang) } }, func(h *harness) {
					h.t = t
					h.w.win.Resize(fyne.NewSize(leastWidth, leastHeight))
					s.enter(h, "")
					relayout(h)
					if got, room := h.w.shell.front.MinSize().Width, h.w.shell.body.Size().Width; got > room {
						t.Errorf("the page wants %v units, there are %v", got, room)
					}
				})
			})
		}
	}
}

// TestHintsAreWhole in the least window: a hint that is longer than its field ends in a shadow.
func TestHintsAreWhole(t *testing.T) {
	for _, lang := range i18n.Languages() {
		for _, s := range []scene{
			{snap: signedOut, pane: PaneSignIn},
			{snap: signedOut, pane: PanePair},
			{snap: signedIn, pane: PaneSend},
			{snap: signedIn, pane: PaneInbox},
			{snap: func() localapi.Snapshot { return manyReceivers(50) }, pane: PaneDevices},
		} {
			t.Run(lang+" "+s.pane, func(t *testing.T) {
				inBubble(t, func(p *Params) { p.Words = func(string) *i18n.Catalogue { return i18n.New(lang) } }, func(h *harness) {
					h.w.win.Resize(fyne.NewSize(leastWidth, leastHeight))
					s.enter(h, "")
					relayout(h)
					fields := 0
					visit(h.w.win.Canvas().Content(), func(o fyne.CanvasObject) {
						f, ok := o.(*widget.Field)
						if !ok || f.Text != "" || f.Size().IsZero() {
							return
						}
						fields++
						words := fyne.MeasureText(f.PlaceHolder, theme.TextSize(), fyne.TextStyle{}).Width + 4*theme.InnerPadding() // what is around it, and around that
						if words > f.Size().Width {
							t.Errorf("%q needs %v units of %v", f.PlaceHolder, words, f.Size().Width)
						}
					})
					if fields == 0 {
						t.Error("no field was looked at")
					}
				})
			})
		}
	}
}

func TestErrorsBecomeSentencesWithTheWayOut(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		for _, c := range []struct {
			err  error
			want string
		}{
			{&localapi.Error{Code: localapi.CodeOffline, Message: "x"}, "cannot be reached"},
			{&localapi.Error{Code: localapi.CodeBackoff, Until: now().Add(time.Minute)}, "Try again at 14:06."},
			{&localapi.Error{Code: localapi.CodeBackoff}, "in a few minutes"},
			{&localapi.Error{Code: localapi.CodeConflict, Message: "It has left already", Hint: "Nothing can be undone."}, "It has left already. Nothing can be undone."},
			{&localapi.Error{Code: localapi.CodeInternal}, "went wrong inside"},
			{errors.New("anything"), "went wrong inside"},
		} {
			if got := h.w.sentence(c.err); !strings.Contains(got, c.want) {
				t.Errorf("%v: %q, want %q", c.err, got, c.want)
			}
		}
	})
}

func TestTheMissingTrayIsExplainedOnce(t *testing.T) {
	inBubble(t, func(p *Params) { p.NoTray = true }, func(h *harness) {
		h.send(signedIn())
		h.want("no tray icons")
		h.tap("Got it")
		h.send(signedIn())
		h.wantNot("no tray icons")
	})
}

func TestEscapeClosesWhatIsOnTop(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneAccount)
		h.tap("Sign out…")
		if f, ok := h.w.win.Canvas().Focused().(*widget.Button); !ok || f.Text != "Cancel" {
			t.Error("the safe button does not have the focus")
		} else {
			f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
		}
		h.settle()
		h.wantNot("Sign out of Tabferry?")
		h.wantCalls()
	})
}

func TestEscapeInEveryPane(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		showing := pairing(localapi.PairShowing, true)
		signingIn := with(signedOut(), func(s *localapi.Snapshot) { s.SignIn = &localapi.SignIn{Loopback: true} })
		h.send(signingIn)
		h.w.escape()
		h.settle()
		h.wantCalls("CancelSignIn")
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Pairing = &showing }))
		h.w.show(PanePair)
		h.settle()
		h.take()
		h.w.escape()
		h.settle()
		h.wantCalls("CancelPairing")
		h.send(signedIn())
		h.w.pasted("https://one.example https://two.example")
		h.w.escape()
		h.want("Add a link to send.")
		h.w.show(PaneDevices)
		h.tap("Rename")
		h.w.escape()
		h.wantNot("Save")
		h.w.show(PaneSettings)
		p := paneOf[*settingsPane](h, PaneSettings)
		for _, at := range []fyne.Focusable{p.language, p.appearance, p.browser.choice, p.browser.command, p.login, p.advanced.toggle} {
			p.browser.command.SetText("lynx")
			at.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
			if p.browser.command.Text != "" {
				t.Errorf("the field keeps %q after Escape at a %T", p.browser.command.Text, at)
			}
		}
		for _, pane := range []string{PaneInbox, PaneAccount} {
			h.w.show(pane)
			h.w.escape()
		}
		h.settle()
		h.wantCalls()
	})
}

func TestRowsAreChangedNotMadeAnew(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneDevices)
		h.settle()
		phone, tablet := h.row("Pixel 9"), h.row("Television")
		h.change(func(s *localapi.Snapshot) {
			s.Devices.Items = slices.Clone(s.Devices.Items)
			s.Devices.Items[0].Name = "Pixel 10"
		})
		if h.row("Pixel 10") != phone || h.row("Television") != tablet {
			t.Error("an update made rows anew; the keyboard focus would be lost")
		}
	})
}

func TestNewRefusesParamsThatLackAPart(t *testing.T) {
	app := test.NewTempApp(t)
	client := localapi.NewPipe().Client()
	open := func(_, _ string) error { return nil }
	for name, p := range map[string]Params{
		"App":   {Agent: client, Open: open},
		"Agent": {App: app, Open: open},
		"Open":  {App: app, Agent: client},
	} {
		if _, err := New(p); err == nil {
			t.Errorf("a window without %s was made", name)
		}
	}
}
