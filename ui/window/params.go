package window

import (
	"context"
	"errors"
	"image"
	"io"
	"iter"
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

// Agent is what the window asks of the agent; [*localapi.Client] has it all.
type Agent interface {
	Snapshot(ctx context.Context) (localapi.Snapshot, error)
	Watch(ctx context.Context, face localapi.Face) iter.Seq2[localapi.Update, error]
	Refresh(ctx context.Context) error

	BeginSignIn(ctx context.Context, email string) (localapi.SignIn, error)
	CompleteSignIn(ctx context.Context, address string) error
	CancelSignIn(ctx context.Context) error
	SignOut(ctx context.Context, deleteLocalData bool) error
	Unlock(ctx context.Context, passphrase string) error
	Protect(ctx context.Context, p localapi.Protection, passphrase string) error

	Send(ctx context.Context, r localapi.SendRequest) ([]localapi.OutboxEntry, error)
	Undo(ctx context.Context, ids ...string) error
	Retry(ctx context.Context, ids ...string) error
	DeleteSent(ctx context.Context, ids ...string) error

	Inbox(ctx context.Context, q localapi.InboxQuery) ([]localapi.InboxEntry, error)
	MarkRead(ctx context.Context, ids ...string) error
	DeleteReceived(ctx context.Context, ids ...string) error

	RenameDevice(ctx context.Context, name string) error
	DisconnectDevice(ctx context.Context, id string) error
	DisconnectClient(ctx context.Context, id string) error
	Avatar(ctx context.Context) ([]byte, error)
	PageURL(ctx context.Context, p localapi.Page) (string, error)

	SetSettings(ctx context.Context, s localapi.Settings) error
	Quiet(ctx context.Context, minutes int) error
	Diagnostics(ctx context.Context) (string, error)

	ShowPairing(ctx context.Context) error
	PairingCode(ctx context.Context) (string, error)
	JoinPairing(ctx context.Context, address string) error
	ConfirmPairing(ctx context.Context, totp string) error
	CancelPairing(ctx context.Context) error
}

var _ Agent = (*localapi.Client)(nil)

// Clipboard is the part of [fyne.Clipboard] the window uses.
type Clipboard interface {
	Content() string
	SetContent(string)
}

// Params is what a window is made of. App, Agent and Open must be given; everything else has a
// default or makes the matching button disappear.
type Params struct {
	// App makes the window. The window sets its theme.
	App   fyne.App
	Agent Agent
	// Open opens an address in the person's browser: browser is the command from the settings,
	// empty for the system's default.
	Open func(browser, address string) error

	// Post runs a function on Fyne's goroutine; fyne.Do when nil.
	Post func(func())
	// Now is the wall clock; time.Now when nil.
	Now func() time.Time
	// After calls a function once after a time on any goroutine and gives the way to stop it;
	// time.AfterFunc when nil.
	After func(d time.Duration, f func()) (stop func())
	// Clipboard is App's when nil.
	Clipboard Clipboard
	// Words gives the catalogue for a language, empty for the system's; i18n.New when nil.
	Words func(language string) *i18n.Catalogue
	// Pane is the first pane; empty leaves the choice to the window.
	Pane string

	// Icon is the application's icon, for the window and the sign-in pane; nil shows none.
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
	// ClipboardPicture gives the picture file on the clipboard: Fyne's clipboard knows text only. nil
	// looks for text only.
	ClipboardPicture func(ctx context.Context) ([]byte, error)
	// GrabScreen takes a picture of the screen. nil offers no reading from the screen.
	GrabScreen func(ctx context.Context) (image.Image, error)
	// StartAgent starts the agent anew after it went away. nil offers no such button.
	StartAgent func(ctx context.Context) error

	// LogFolder is shown in the settings; empty hides it.
	LogFolder string
	// NoTray says that the desktop shows no tray icons: the window then explains once that
	// Tabferry goes on without one.
	NoTray bool
}

// withDefaults fills what was left out; it panics when a part without which there is no window is
// missing, which is a fault of the caller.
func (p Params) withDefaults() Params {
	if p.App == nil || p.Agent == nil || p.Open == nil {
		panic(errors.New("window: Params.App, Agent and Open are needed"))
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
	if p.Clipboard == nil {
		p.Clipboard = p.App.Clipboard()
	}
	if p.Words == nil {
		p.Words = i18n.New
	}
	return p
}
