package window

import (
	"context"
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/reader"
	"github.com/tabferry/tabferry/ui/widget"
)

// read returns what screen readers are told now.
func (h *harness) read() *reader.Node {
	h.t.Helper()
	seen := make(chan *reader.Node, 1)
	go func() {
		root, err := h.w.Look(context.Background())
		if err != nil {
			h.t.Error(err)
		}
		seen <- root
	}()
	h.settle()
	return <-seen
}

// each visits a tree.
func each(n *reader.Node, visit func(*reader.Node)) {
	visit(n)
	for _, child := range n.Children {
		each(child, visit)
	}
}

// find returns the node with a role and a name that begins so.
func find(t *testing.T, root *reader.Node, role reader.Role, name string) *reader.Node {
	t.Helper()
	var found *reader.Node
	each(root, func(n *reader.Node) {
		if found == nil && n.Role == role && strings.HasPrefix(n.Name, name) {
			found = n
		}
	})
	if found == nil {
		t.Fatalf("no %s %q is told", role, name)
	}
	return found
}

// inScenes does something in each scene.
func inScenes(t *testing.T, f func(h *harness)) {
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			inBubble(t, nil, func(h *harness) {
				h.w.active = true
				h.w.win.Resize(fyne.NewSize(760, 540))
				s.enter(h, "light")
				relayout(h)
				s.act(h)
				relayout(h)
				f(h)
			})
		})
	}
}

// TestEverythingIsTold: every control has a name and a role, and no number twice; whatever can be read or
// pressed on the screen is among what is told.
func TestEverythingIsTold(t *testing.T) {
	inScenes(t, func(h *harness) {
		var told []string
		numbers := map[int]bool{}
		each(h.read(), func(n *reader.Node) {
			switch {
			case n.Role == "":
				h.t.Errorf("%q has no role", n.Name)
			case n.Name == "" && n.Role != reader.List && n.Role != reader.Menu:
				h.t.Errorf("a %s at %v has no name", n.Role, n.Bounds)
			case numbers[n.ID]:
				h.t.Errorf("%s %q has the number of another", n.Role, n.Name)
			}
			numbers[n.ID] = true
			told = append(told, string(n.Role)+"\n"+n.Name+"\n"+n.Hint+"\n"+n.Text)
		})
		all := strings.Join(told, "\n")
		for _, words := range h.words() {
			if !strings.Contains(all, words) && !strings.HasSuffix(words, "+") {
				h.t.Errorf("%q can be seen, and is not told", words)
			}
		}
	})
}

// TestFocusIsTold: wherever the Tab key leads, exactly one thing that is told has the focus.
func TestFocusIsTold(t *testing.T) {
	inScenes(t, func(h *harness) {
		canvas := h.w.win.Canvas()
		for range 12 {
			canvas.FocusNext()
			if canvas.Focused() == nil {
				continue
			}
			var at []string
			each(h.read(), func(n *reader.Node) {
				if n.Is(reader.Focused) {
					at = append(at, string(n.Role)+" "+n.Name)
				}
				if n.Is(reader.Focused) && !n.Is(reader.Focusable|reader.Showing) {
					h.t.Errorf("%s %q has the focus, which it cannot have or is out of sight", n.Role, n.Name)
				}
			})
			if len(at) != 1 {
				h.t.Errorf("the focus is at a %T, told at %q", canvas.Focused(), at)
			}
		}
	})
}

func TestReaderActs(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.w.active = true
		h.send(signedIn())
		h.w.Do(find(t, h.read(), reader.Tab, "Devices").Press)
		h.settle()
		if h.w.current != PaneDevices {
			t.Fatalf("the pane is %s", h.w.current)
		}
		if tab := find(t, h.read(), reader.Tab, "Devices"); !tab.Is(reader.Checked) {
			t.Error("it is not told which pane is shown")
		}
		row := find(t, h.read(), reader.Row, "Pixel 9")
		h.w.Do(row.Focus)
		if row = find(t, h.read(), reader.Row, "Pixel 9"); !row.Is(reader.Focused) {
			t.Error("the row has not the focus")
		}
		h.w.Do(row.Children[len(row.Children)-1].Press) // its "more" button
		entry := find(t, h.read(), reader.MenuItem, "Disconnect…")
		for range 20 {
			h.w.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
			if entry = find(t, h.read(), reader.MenuItem, "Disconnect…"); entry.Is(reader.Focused) {
				break
			}
		}
		if !entry.Is(reader.Focused) {
			t.Error("it is not told which entry of the menu the keyboard is at")
		}
		h.w.Do(entry.Press)
		dialog := find(t, h.read(), reader.Dialog, "Disconnect")
		if !dialog.Is(reader.Modal) || dialog.Hint == "" {
			t.Errorf("the dialog is told as %+v", dialog)
		}
		yes := find(t, dialog, reader.Button, "Disconnect")
		h.w.Do(yes.Press)
		h.settle()
		h.w.Do(yes.Press) // the dialog has gone
		h.wantCalls("DisconnectDevice phone")
	})
}

func TestReaderTypes(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSend)
		h.w.Do(func() { find(t, h.read(), reader.Field, "").Put("example.org") })
		h.settle()
		if got := find(t, h.read(), reader.Field, ""); got.Text != "example.org" {
			t.Errorf("the field says %q", got.Text)
		}
	})
}

// TestSecretsAreNotTold: what stands in a field for a passphrase is told to nobody.
func TestSecretsAreNotTold(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(with(signedOut(), func(s *localapi.Snapshot) {
			s.Storage = localapi.Storage{Protection: localapi.ProtectedByPassphrase, Locked: true}
		}))
		for _, root := range h.roots() {
			visit(root, func(o fyne.CanvasObject) {
				if f, ok := o.(*widget.Field); ok {
					f.SetText("hunter2 hunter2")
				}
			})
		}
		find(t, h.read(), reader.SecretField, "")
		each(h.read(), func(n *reader.Node) {
			if strings.Contains(n.Name+n.Hint+n.Text, "hunter2") {
				t.Errorf("a %s tells it", n.Role)
			}
		})
	})
}

// TestToastIsReadAloud: a message that comes and goes is told as something to be read when it appears.
func TestToastIsReadAloud(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		before := h.read()
		h.w.toasts.say(widget.ToneBad, "It did not work.")
		var said []string
		for _, c := range reader.Changes(before, h.read()) {
			if c.Kind == reader.Appeared {
				said = append(said, c.Node.Name)
			}
		}
		if len(said) != 1 || said[0] != "It did not work." {
			t.Errorf("read aloud: %q", said)
		}
	})
}

// TestReaderAfterTheEnd: a window that has closed says so, and does nothing more.
func TestReaderAfterTheEnd(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.w.Stop()
		if _, err := h.w.Look(context.Background()); !errors.Is(err, reader.ErrClosed) {
			t.Errorf("looking: %v", err)
		}
		h.w.Do(func() { t.Error("something is done") })
		h.settle()
	})
}
