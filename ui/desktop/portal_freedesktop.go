//go:build !darwin && !windows

package desktop

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// The OpenURI portal (XDG Desktop Portal, org.freedesktop.portal.OpenURI). Package rymdport/portal has it
// too, but cannot be told to give up waiting, and does not tell how it went.
const (
	portalName    = "org.freedesktop.portal.Desktop"
	portalPath    = "/org/freedesktop/portal/desktop"
	portalOpen    = "org.freedesktop.portal.OpenURI.OpenURI"
	portalRequest = "org.freedesktop.portal.Request"
)

const (
	// portalTime is how long bus and portal may take to accept a link; they need milliseconds.
	portalTime = 3 * time.Second
	// choiceTime is how long the desktop may ask the person which browser is meant: it takes the question
	// back when we leave the bus.
	choiceTime = 2 * time.Minute
)

// What the portal's answer says.
const (
	portalOpened    uint32 = 0
	portalCancelled uint32 = 1
)

var errPortalRefused = errors.New("the desktop refused")

// portalFailure says what failed, without the text of the portal, which may hold the link.
func portalFailure(err error) error {
	var refusal dbus.Error
	if errors.As(err, &refusal) {
		return fmt.Errorf("%w: %s", errPortalRefused, refusal.Name)
	}
	return err
}

// openByPortal gives link to the desktop in a message, where nobody else reads it: the arguments of a
// program are shown to every user of the machine. It returns when the desktop has opened the link, or after
// openPatience when it is still at it, asking the person for example; an error means that it was not opened.
func (o *Opener) openByPortal(ctx context.Context, link string) error {
	answer, end, err := begin(ctx, portalOpen, "", link, map[string]dbus.Variant{})
	if err != nil {
		return err
	}
	told := make(chan error, 1)
	o.running.Go(func() {
		defer end()
		_, err := answer()
		told <- err
	})
	patience := time.NewTimer(openPatience)
	defer patience.Stop()
	select {
	case err := <-told:
		return err
	case <-patience.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// askPortal calls a method of the portal, within asking, on a connection that ends with life, and returns what
// waits for the answer: a code and some values, or nothing if none has come in time.
func askPortal(life, asking context.Context, method string, arguments ...any) (answer func(context.Context) (body []any, err error), err error) {
	conn, err := session.ConnectBus(life)
	if err != nil {
		return nil, err
	}
	token := "tabferry" + strings.ToLower(rand.Text())
	// The request's path follows from our name on the bus, so the answer cannot come too early.
	sender := strings.ReplaceAll(strings.TrimPrefix(conn.Names()[0], ":"), ".", "_")
	path := dbus.ObjectPath(portalPath + "/request/" + sender + "/" + token)
	answers := make(chan *dbus.Signal, 4)
	conn.Signal(answers)
	if err := conn.AddMatchSignalContext(asking, dbus.WithMatchObjectPath(path), dbus.WithMatchInterface(portalRequest)); err != nil {
		return nil, err
	}
	if options, ok := arguments[len(arguments)-1].(map[string]dbus.Variant); ok {
		options["handle_token"] = dbus.MakeVariant(token)
	}
	// One that does not run is not started: it starts a keyring daemon (docs/decisions.md §21), and a link
	// that waits in its queue may be opened when another way has opened it already.
	if err := conn.Object(portalName, portalPath).CallWithContext(asking, method, dbus.FlagNoAutoStart, arguments...).Err; err != nil {
		return nil, err
	}
	return func(ctx context.Context) ([]any, error) {
		ctx, end := context.WithTimeout(ctx, choiceTime)
		defer end()
		for {
			select {
			case signal, ok := <-answers:
				if !ok {
					return nil, errPortalRefused
				}
				if signal.Path == path && signal.Name == portalRequest+".Response" {
					return signal.Body, portalAnswer(signal.Body)
				}
			case <-ctx.Done():
				return nil, nil // nobody has chosen
			}
		}
	}, nil
}

// portalAnswer reads the code of an answer.
func portalAnswer(body []any) error {
	if len(body) == 0 {
		return errPortalRefused
	}
	switch code, _ := body[0].(uint32); {
	case body[0] == portalOpened, body[0] == portalCancelled: // the person's own no is not asked again
		return nil
	default:
		return fmt.Errorf("%w with code %d", errPortalRefused, code)
	}
}

// begin calls a method of the portal, with the patience that a desktop deserves to take the call.
func begin(ctx context.Context, method string, arguments ...any) (answer func() ([]any, error), end func(), err error) {
	life, end := context.WithCancel(context.WithoutCancel(ctx)) // of the connection
	asking, asked := context.WithTimeout(ctx, portalTime)
	defer asked()
	late := context.AfterFunc(asking, end) // a bus that hangs takes no context
	wait, err := askPortal(life, asking, method, arguments...)
	if inTime := late(); err == nil && !inTime {
		err = context.Cause(asking)
	}
	if err != nil {
		end()
		return nil, nil, portalFailure(err)
	}
	return func() ([]any, error) { return wait(life) }, end, nil
}
