package cli

import (
	"context"
	"image"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// WindowStart is how a window is asked for.
type WindowStart struct {
	Demo bool
	// Pane is the pane to show first; empty leaves it to the window.
	Pane string
	// Items are links and files given on the command line, for the send pane.
	Items []string
	// Hidden starts the agent only: the window can be opened from the tray.
	Hidden bool
}

// Demo is the demo world.
type Demo interface {
	// Serve runs it until ctx ends or somebody stops it.
	Serve(ctx context.Context) error
	// Stop ends the running one; none is fine.
	Stop(ctx context.Context) error
	// SendMe makes a demo device send a tab to this computer.
	SendMe(ctx context.Context, link string) error
	// Scan makes the demo phone scan the pairing code at address, or when address is empty the
	// one that this computer shows.
	Scan(ctx context.Context, address string) error
	// ShowCode makes the demo laptop show a pairing code and gives its address.
	ShowCode(ctx context.Context) (string, error)
	// Report tells what the demo devices received and what the service holds; it is printed as JSON.
	Report(ctx context.Context) (any, error)
}

// Build says what a program was made from.
type Build struct {
	// Kind is "lean" for the build without the window, "whole" for the one with it.
	Kind string `json:"build,omitempty"`
	// Revision is the commit, shortened; empty where the sources were not under version control.
	Revision string `json:"revision,omitempty"`
	// Modified says that the sources differed from that commit.
	Modified bool `json:"modified,omitempty"`
}

// About says who answers for a program, and as whom it appears to the accounts server. The duties of a
// relying party ask for it (docs/registration.md).
type About struct {
	// Contact is where its makers are reached, Security where vulnerabilities are reported.
	Contact  string `json:"contact,omitempty"`
	Security string `json:"security,omitempty"`
	// ClientID is the OAuth client that it is without a setting, ClientName what sign-in pages call that.
	ClientID   string `json:"clientId,omitempty"`
	ClientName string `json:"clientName,omitempty"`
}

// Params is what the commands are made of. Client must be given; a command whose part is nil
// says that this program does not have it.
type Params struct {
	// Version is the program's version.
	Version string
	// Build says what the program was made from.
	Build Build
	// About says who answers for the program.
	About About
	// Client reaches the agent; it must not start one.
	Client func(demo bool) *localapi.Client
	// Here is the desktop that this program was started on, for an agent that has none.
	Here func() localapi.Desktop
	// EnsureAgent starts an agent unless one runs, and returns once it answers and knows of this desktop.
	EnsureAgent func(ctx context.Context, demo bool) error
	// RunAgent is the agent role: it returns when the agent ends.
	RunAgent func(ctx context.Context, demo bool) error
	// RunWindow is the window role: it returns when the window closes, or at once when a window
	// that is open already took over.
	RunWindow func(ctx context.Context, start WindowStart) error
	// HostProgram is the program that browsers start as the extension's host.
	HostProgram func(demo bool) (string, error)
	// Demo is the demo world.
	Demo Demo
	// Events receives the accounts server's events.
	Events Events
	// Open opens an address in the browser: browser is the command from the settings, empty for
	// the system's default.
	Open func(ctx context.Context, browser, address string) error
	// CheckBrowser reports why a browser command would open nothing; see [desktop.CheckBrowser]. Nil takes any.
	CheckBrowser func(command string) error
	// DrawCode draws a text as a QR code: one pixel for a module, no quiet zone.
	DrawCode func(text string) (image.Image, error)
	// ReadCode finds the QR code in a picture of the screen.
	ReadCode func(picture image.Image) (string, error)
	// ReadPicture finds the QR code in a picture file, whose size it bounds.
	ReadPicture func(file io.Reader) (string, error)
	// ClipboardPicture returns the picture file on the clipboard.
	ClipboardPicture func(ctx context.Context) ([]byte, error)
	// GrabScreen takes a picture of the screen.
	GrabScreen func(ctx context.Context) (image.Image, error)
	// More are further commands, made by the program.
	More []*cobra.Command

	// In, Out and Err are the standard streams when nil.
	In       io.Reader
	Out, Err io.Writer
	// Words is the catalogue; the language of the environment when nil.
	Words *i18n.Catalogue
	// Now is the wall clock; time.Now when nil.
	Now func() time.Time
	// ReadSecret reads a line that is not echoed, for passphrases. When nil a terminal is asked
	// without echo, and anything else read as it is.
	ReadSecret func() (string, error)
}

func (p Params) withDefaults() Params {
	if p.In == nil {
		p.In = os.Stdin
	}
	if p.Out == nil {
		p.Out = os.Stdout
	}
	if p.Err == nil {
		p.Err = os.Stderr
	}
	if p.Words == nil {
		p.Words = i18n.New("")
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	return p
}
