//go:build desktop && linux

package clipboard_test

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"github.com/tabferry/tabferry/ui/desktop/clipboard"
)

// owner is a program that owns the clipboard and offers several forms at once, as browsers do.
type owner struct {
	t      *testing.T
	conn   *xgb.Conn
	window xproto.Window
	forms  map[xproto.Atom][]byte
	silent xproto.Atom  // a form that is offered and never given
	flood  xproto.Atom  // one that is given in pieces without an end
	asked  atomic.Int32 // for anything but the list
	pieces atomic.Int32
}

func (o *owner) atom(name string) xproto.Atom {
	o.t.Helper()
	reply, err := xproto.InternAtom(o.conn, false, uint16(len(name)), name).Reply()
	if err != nil {
		o.t.Fatal(err)
	}
	return reply.Atom
}

// own makes a program own the clipboard until the test ends.
func own(t *testing.T, forms map[string]string, misbehave func(o *owner)) *owner {
	t.Helper()
	conn, err := xgb.NewConn()
	if err != nil {
		t.Fatal(err)
	}
	o := &owner{t: t, conn: conn, forms: map[xproto.Atom][]byte{}}
	for form, content := range forms {
		o.forms[o.atom(form)] = []byte(content)
	}
	if misbehave != nil {
		misbehave(o)
	}
	if o.window, err = xproto.NewWindowId(conn); err != nil {
		t.Fatal(err)
	}
	root := xproto.Setup(conn).DefaultScreen(conn).Root
	if err := xproto.CreateWindowChecked(conn, 0, o.window, root, 0, 0, 1, 1, 0, xproto.WindowClassInputOnly, 0, 0, nil).Check(); err != nil {
		t.Fatal(err)
	}
	targets, incr := o.atom("TARGETS"), o.atom("INCR")
	if err := xproto.SetSelectionOwnerChecked(conn, o.window, o.atom("CLIPBOARD"), xproto.TimeCurrentTime).Check(); err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			event, err := conn.WaitForEvent()
			if event == nil && err == nil {
				return
			}
			switch e := event.(type) {
			case xproto.SelectionRequestEvent:
				o.serve(e, targets, incr)
			case xproto.PropertyNotifyEvent:
				if e.State == xproto.PropertyDelete && o.flood != 0 {
					o.pieces.Add(1)
					xproto.ChangeProperty(conn, xproto.PropModeReplace, e.Window, e.Atom, o.flood, 8, 10_000, make([]byte, 10_000))
				}
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-served })
	return o
}

func (o *owner) serve(e xproto.SelectionRequestEvent, targets, incr xproto.Atom) {
	content, known := o.forms[e.Target]
	answer := xproto.SelectionNotifyEvent{Time: e.Time, Requestor: e.Requestor, Selection: e.Selection, Target: e.Target, Property: e.Property}
	if e.Target != targets {
		o.asked.Add(1)
	}
	switch {
	case e.Target == targets:
		var list []byte
		for form := range o.forms {
			list = append(list, 0, 0, 0, 0)
			xgb.Put32(list[len(list)-4:], uint32(form))
		}
		xproto.ChangeProperty(o.conn, xproto.PropModeReplace, e.Requestor, e.Property, xproto.AtomAtom, 32, uint32(len(list)/4), list)
	case e.Target == o.silent:
		return
	case e.Target == o.flood:
		xproto.ChangeWindowAttributes(o.conn, e.Requestor, xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange})
		xproto.ChangeProperty(o.conn, xproto.PropModeReplace, e.Requestor, e.Property, incr, 32, 1, []byte{0, 0, 1, 0})
	case known:
		xproto.ChangeProperty(o.conn, xproto.PropModeReplace, e.Requestor, e.Property, e.Target, 8, uint32(len(content)), content)
	default:
		answer.Property = 0
	}
	xproto.SendEvent(o.conn, false, e.Requestor, 0, string(answer.Bytes()))
}

// stay keeps a server from starting anew, as it does when its last program leaves.
func stay(t *testing.T) {
	t.Helper()
	conn, err := xgb.NewConn()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
}

// wide writes a text as browsers do in text/x-moz-url.
func wide(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.Write([]byte{byte(r), byte(r >> 8)})
	}
	return b.String()
}

const (
	titled = "https://example.org/?a=b&c"
	form   = "text/x-moz-url"
	page   = "text/html"
	plain  = "UTF8_STRING"
)

func TestX11Title(t *testing.T) {
	xvfb(t)
	stay(t)
	if title, err := clipboard.Title(t.Context(), titled); title != "" || err != nil {
		t.Errorf("an empty clipboard gives %q, %v", title, err)
	}
	html := `<a href="https://example.org/?a=b&amp;c">In &lt;HTML&gt;</a>`
	for name, c := range map[string]struct {
		forms map[string]string
		want  string
	}{
		"Firefox":         {map[string]string{plain: titled, form: wide(titled + "\nÄ 日本語"), page: html}, "Ä 日本語"},
		"only HTML":       {map[string]string{plain: titled, page: html}, "In <HTML>"},
		"no title":        {map[string]string{plain: titled}, ""},
		"of another link": {map[string]string{plain: titled, form: wide("https://evil.example/\nYour bank")}, ""},
		"a password":      {map[string]string{plain: titled, form: wide(titled + "\nSecret"), "x-kde-passwordManagerHint": "secret"}, ""},
		"large":           {map[string]string{form: wide(titled + "\n" + strings.Repeat("x", 100_000))}, ""},
		"control letters": {map[string]string{form: wide(titled + "\na\x1b]0;b\u202ec\x07")}, "a]0;bc"},
	} {
		t.Run(name, func(t *testing.T) {
			o := own(t, c.forms, nil)
			if title, err := clipboard.Title(t.Context(), titled); title != c.want || err != nil {
				t.Errorf("the title is %q, %v, want %q", title, err, c.want)
			}
			if n := o.asked.Load(); n > 1 {
				t.Errorf("the owner was asked for %d forms", n)
			}
		})
	}
}

// TestX11TitleOfAnOwnerWhoMisbehaves: nobody waits for an owner that does not answer, and of one that gives without
// an end only so much is taken.
func TestX11TitleOfAnOwnerWhoMisbehaves(t *testing.T) {
	xvfb(t)
	stay(t)
	offer := map[string]string{plain: titled, form: ""}
	t.Run("silent", func(t *testing.T) {
		own(t, offer, func(o *owner) { o.silent = o.atom(form) })
		if title, err := clipboard.Title(t.Context(), titled); title != "" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q, %v", title, err)
		}
	})
	t.Run("silent about what it has", func(t *testing.T) {
		own(t, offer, func(o *owner) { o.silent = o.atom("TARGETS"); o.forms[o.silent] = nil })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		if title, err := clipboard.Title(ctx, titled); title != "" || err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%q, %v", title, err)
		}
	})
	t.Run("without an end", func(t *testing.T) {
		o := own(t, offer, func(o *owner) { o.flood = o.atom(form) })
		if title, err := clipboard.Title(t.Context(), titled); title != "" || err != nil {
			t.Errorf("%q, %v", title, err)
		}
		if n := o.pieces.Load(); n > 20 { // 128 KiB in pieces of 10,000 bytes, and one on its way
			t.Errorf("%d pieces were taken", n)
		}
	})
	t.Setenv("DISPLAY", "")
	if title, err := clipboard.Title(t.Context(), titled); title != "" || !errors.Is(err, clipboard.ErrUnavailable) {
		t.Errorf("without a display: %q, %v", title, err)
	}
}

// TestX11TitleOfAStoppedOwner is not waited for either.
func TestX11TitleOfAStoppedOwner(t *testing.T) {
	xvfb(t)
	stay(t)
	cmd := exec.CommandContext(t.Context(), "xclip", "-selection", "clipboard", "-t", form, "-quiet")
	cmd.Stdin = strings.NewReader(titled + "\nA title")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }() // says "killed"
	defer func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
	}()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if title, err := clipboard.Title(t.Context(), titled); title == "A title" && err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("%q, %v", title, err)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if title, err := clipboard.Title(t.Context(), titled); title != "" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%q, %v", title, err)
	}
}

func TestWaylandTitle(t *testing.T) {
	as := sway(t)
	copied := func(kind, content string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "wl-copy", "-t", kind)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		cmd.Stdin = strings.NewReader(content)
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range []struct{ kind, content, want string }{
		{form, wide(titled + "\n日本語"), "日本語"},
		{page, `<a href="https://example.org/?a=b&amp;c">A <b>title</b></a>`, "A title"},
		{form, wide("https://evil.example/\nYour bank"), ""},
		{form, wide(titled + "\n" + strings.Repeat("x", 100_000)), ""},
		{"text/plain", titled, ""},
	} {
		copied(c.kind, c.content)
		if title, err := clipboard.Title(t.Context(), titled); title != c.want || err != nil {
			t.Errorf("%d: the title is %q, %v, want %q", i, title, err, c.want)
		}
	}
}
