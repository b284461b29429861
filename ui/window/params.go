package window

import (
	"context"
	"errors"
	"image"
	"io"
	"log/slog"
	"time"

	"fyne.io/fyne/v2"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// The names of the panes, as Params.Pane and the agent's ShowWindow event use them.
const (
	PaneSignIn   = "signin"
	PaneSend     = "send"
	PaneInbox    = "inbox"
	PaneDevices  = "devices"
	PanePair     = "pair"
	PaneAccount  = "account"
	PaneSettings = "settings"
)

// Clipboard is the part of [fyne.Clipboard] the window uses.
type Clipboard interface {
	Content() string
	SetContent(string)
}

// Params is what a window is made of. App, Agent and Open must be given; everything else has a
// default or makes the matching button disappear.
type Params struct {
	// App makes the window. The window sets its theme.
	App fyne.App
	// Fonts is what ReadFonts has returned, if it was called.
	Fonts <-chan struct{}
	// Agent is the door to the agent.
	Agent *localapi.Client
	// Open opens an address in the person's browser: browser is the command from the settings,
	// empty for the system's default.
	Open func(browser, address string) error

	// Browsers lists the installed browsers by their names in a language; nil offers none. CheckBrowser reports why
	// a command would open nothing, as [ErrNoSuchBrowser] where its program is not here; nil takes any.
	Browsers     func(language string) ([]Browser, error)
	CheckBrowser func(command string) error

	// GiveUp ends the process where the window has ended and the toolkit does not, on a goroutine of its own; it does
	// nothing when nil.
	GiveUp func()

	// Post runs a function on Fyne's goroutine; fyne.Do when nil.
	Post func(func())
	// Now is the wall clock; time.Now when nil.
	Now func() time.Time
	// After calls a function once after a time on any goroutine and returns the way to stop it;
	// time.AfterFunc when nil.
	After func(d time.Duration, f func()) (stop func())
	// Clipboard is App's when nil.
	Clipboard Clipboard
	// Words returns the catalogue for a language, empty for the system's; i18n.New when nil.
	Words func(language string) *i18n.Catalogue
	// Found is how the agent was when the start found it, so that the first frame already shows that; nil shows that the
	// window connects, until the agent answers.
	Found *localapi.Snapshot
	// Note is something that the person is told once at the beginning; empty for nothing.
	Note string
	// Pane is the first pane; empty leaves the choice to the window.
	Pane string

	// Icon is the application's icon, for the rail and the sign-in pane; nil shows none. The toolkit gives its windows
	// App's by itself.
	Icon fyne.Resource
	// DrawCode draws a text as a QR code: one pixel for a module, no quiet zone; qr.Draw does. nil
	// offers no pairing by showing a code.
	DrawCode func(text string) (image.Image, error)
	// ReadCode finds the QR code in a picture of the screen, of several the one that pairs; qr.Read
	// does. nil offers no reading from the screen.
	ReadCode func(picture image.Image) (string, error)
	// ReadPicture does the same with a picture file, whose size it bounds; qr.DecodeFrom does. nil
	// offers no reading of pictures.
	ReadPicture func(file io.Reader) (string, error)
	// ClipboardPicture returns the picture file on the clipboard: Fyne's clipboard knows text only. nil
	// looks for text only.
	ClipboardPicture func(ctx context.Context) ([]byte, error)
	// ClipboardTitle returns the title that the clipboard gives a link, empty for none. nil looks for none.
	ClipboardTitle func(ctx context.Context, address string) (string, error)
	// GrabScreen takes a picture of the screen. nil offers no reading from the screen.
	GrabScreen func(ctx context.Context) (image.Image, error)
	// ChooseFile lets the person choose a file in the desktop's own chooser: a title, what the kind of file is
	// called, and how names end. The path is empty if they thought better of it. With nil, or an error, the
	// toolkit's chooser is shown.
	ChooseFile func(ctx context.Context, title, kind string, endings []string) (string, error)
	// SaveFile lets the person say there where a file is to be written: a title, and the name that is offered.
	SaveFile func(ctx context.Context, title, name string) (string, error)
	// WorkArea returns the part of the screen that windows may take, in pixels; nil, or an error, leaves that to
	// the system.
	WorkArea func() (image.Rectangle, error)
	// StartAgent starts the agent anew after it went away. nil offers no such button.
	StartAgent func(ctx context.Context) error

	// Logger takes what a person cannot be told; nil throws it away.
	Logger *slog.Logger
	// LogFolder is shown in the settings; empty hides it.
	LogFolder string
	// Contact is where the program's makers are reached, ClientID the OAuth client that it is without a setting,
	// and ClientName what sign-in pages call that. Empty ones are not shown.
	Contact, ClientID, ClientName string
	// NoTray says that the desktop shows no tray icons: the window then explains once that
	// Tabferry goes on without one.
	NoTray bool
}

// withDefaults fills what was left out, or says which part is missing without which there is no
// window.
func (p Params) withDefaults() (Params, error) {
	switch {
	case p.App == nil:
		return p, errors.New("window: Params.App is missing")
	case p.Agent == nil:
		return p, errors.New("window: Params.Agent is missing")
	case p.Open == nil:
		return p, errors.New("window: Params.Open is missing")
	}
	if p.Post == nil {
		p.Post = fyne.Do
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.After == nil {
		p.After = func(d time.Duration, f func()) func() {
			timer := time.AfterFunc(d, f)
			return func() { timer.Stop() }
		}
	}
	if p.GiveUp == nil {
		p.GiveUp = func() {}
	}
	if p.Clipboard == nil {
		p.Clipboard = p.App.Clipboard()
	}
	if p.Words == nil {
		p.Words = i18n.New
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	return p, nil
}
