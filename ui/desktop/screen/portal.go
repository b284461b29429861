//go:build !windows && !darwin

package screen

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // portals promise no particular form
	_ "image/png"
	"net/url"
	"os"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// The Screenshot portal (XDG Desktop Portal, org.freedesktop.portal.Screenshot). Package
// rymdport/portal has it too, but cannot be told to give up waiting.
const (
	portalName      = "org.freedesktop.portal.Desktop"
	portalPath      = "/org/freedesktop/portal/desktop"
	portalGrab      = "org.freedesktop.portal.Screenshot.Screenshot"
	portalRequest   = "org.freedesktop.portal.Request"
	portalDone      = portalRequest + ".Response"
	portalCloseCall = portalRequest + ".Close"
)

// grabPortal asks the desktop, which may ask the person.
func grabPortal(ctx context.Context) (img image.Image, err error) {
	conn, err := session.ConnectBus(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	token := "tabferry" + strings.ToLower(rand.Text())
	// The request's path follows from our name on the bus, so the answer cannot come too early.
	sender := strings.ReplaceAll(strings.TrimPrefix(conn.Names()[0], ":"), ".", "_")
	path := dbus.ObjectPath(portalPath + "/request/" + sender + "/" + token)
	answers := make(chan *dbus.Signal, 4)
	conn.Signal(answers)
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchObjectPath(path), dbus.WithMatchInterface(portalRequest)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	call := conn.Object(portalName, portalPath).CallWithContext(ctx, portalGrab, 0, "", map[string]dbus.Variant{
		"handle_token": dbus.MakeVariant(token),
		"interactive":  dbus.MakeVariant(false),
		"modal":        dbus.MakeVariant(true),
	})
	if call.Err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, call.Err)
	}
	for {
		select {
		case signal, ok := <-answers:
			switch {
			case !ok:
				return nil, fmt.Errorf("%w: the desktop went away", ErrUnavailable)
			case signal.Path == path && signal.Name == portalDone:
				return portalPicture(signal.Body)
			}
		case <-ctx.Done():
			// Take the question off the screen; the connection is closed anyway.
			conn.Object(portalName, path).Go(portalCloseCall, dbus.FlagNoReplyExpected, nil)
			return nil, fmt.Errorf("desktop: waiting for the screen: %w", ctx.Err())
		}
	}
}

// portalPicture reads the answer: a code, zero for yes, and the address of a file.
func portalPicture(body []any) (image.Image, error) {
	if len(body) != 2 {
		return nil, fmt.Errorf("%w: unknown answer", ErrUnavailable)
	}
	code, okCode := body[0].(uint32)
	values, okValues := body[1].(map[string]dbus.Variant)
	if !okCode || !okValues {
		return nil, fmt.Errorf("%w: unknown answer", ErrUnavailable)
	}
	if code != 0 {
		return nil, ErrDeclined
	}
	address, ok := values["uri"].Value().(string)
	if !ok {
		return nil, fmt.Errorf("%w: unknown answer", ErrUnavailable)
	}
	return takePicture(address)
}

// takePicture reads a file that was made for us and removes it: what is on a screen, and a pairing
// code most of all, must not stay on the disk.
func takePicture(address string) (img image.Image, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "file" || (u.Host != "" && u.Host != "localhost") {
		return nil, fmt.Errorf("%w: unknown answer", ErrUnavailable)
	}
	f, err := os.Open(u.Path)
	if err != nil {
		return nil, fmt.Errorf("desktop: the picture of the screen: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(u.Path)) }()
	img, _, err = image.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("desktop: the picture of the screen: %w", err)
	}
	return img, nil
}
