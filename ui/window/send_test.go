package window

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// manyReceivers is an account with so many more devices, of long names and such from right to left among them.
func manyReceivers(n int) localapi.Snapshot {
	return with(signedIn(), func(s *localapi.Snapshot) {
		for i := range n {
			name := fmt.Sprint("Device ", i)
			switch i % 3 {
			case 1:
				name = strings.TrimSpace(strings.Repeat("A long name ", 20)) + fmt.Sprint(" ", i)
			case 2:
				name = fmt.Sprint("هاتف سارة ", i)
			}
			s.Devices.Items = append(s.Devices.Items, localapi.Device{ID: fmt.Sprint("d", i), Name: name, Type: "mobile", CanReceiveTabs: true})
		}
	})
}

// TestManyReceivers: of five hundred devices the last used ones are listed and the others are a search away; what
// is chosen is always listed, and what is below the list stays within reach.
func TestManyReceivers(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSend)
		p := h.w.sendPane()
		if p.find.Visible() || p.more.Visible() {
			t.Error("three devices have a search")
		}
		h.send(manyReceivers(500))
		relayout(h)
		if n := len(h.rows()) - 5; n != 1+targetsShown { // five are sent tabs
			t.Errorf("%d rows are listed", n)
		}
		h.want("Show all 503")
		h.w.shortcut(&desktop.CustomShortcut{KeyName: fyne.KeyF, Modifier: fyne.KeyModifierShortcutDefault})
		if h.w.current != PaneSend || h.w.win.Canvas().Focused() != p.find {
			t.Fatalf("Ctrl+F leads to %s", h.w.current)
		}
		p.find.SetText("سارة 4")
		relayout(h)
		h.row("هاتف سارة 47")
		h.row("Pixel 9") // which is chosen
		h.wantNot("All devices", "Device 0", "Show all 503")
		p.find.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
		if h.w.win.Canvas().Focused() != h.row("Pixel 9") {
			t.Error("Down does not lead to the list")
		}
		h.row("هاتف سارة 47").Tapped(nil)
		h.want("Send to 2 devices")
		p.find.SetText("nowhere")
		h.want("Nothing found for “nowhere”")
		h.row("هاتف سارة 47")
		p.link.SetText("example.org")
		p.find.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
		if p.find.Text != "" || p.link.Text == "" {
			t.Errorf("after Escape the search holds %q and the link is %q", p.find.Text, p.link.Text)
		}
		h.row("هاتف سارة 47") // far beyond the first
		h.tap("Show all 503")
		relayout(h)
		if made, room := len(h.rows()), p.targets.MinSize().Height; made > 80 || room < 500*40 {
			t.Errorf("%d rows are made, in %.0f units", made, room)
		}
		cost := func() float64 { return testing.AllocsPerRun(3, p.update) }
		many := cost()
		h.send(manyReceivers(50))
		if few := cost(); many > 15*few {
			t.Errorf("an update costs %.0f allocations with 503 devices, %.0f with 53", many, few)
		}
		h.send(manyReceivers(500))
		h.tap("Show fewer")
		for _, r := range h.rows() {
			if edge := h.app.Driver().AbsolutePositionForObject(r).X + r.Size().Width; edge > h.w.win.Canvas().Size().Width {
				t.Errorf("the row %q reaches to %.0f", r.Spec.Title, edge)
			}
		}
	})
}

// TestSentSaysWhatItWaitsFor: for the network, for the person, for the server; since when, and what to do about it.
func TestSentSaysWhatItWaitsFor(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		set := func(edit func(*localapi.Snapshot)) {
			h.send(with(signedIn(), func(s *localapi.Snapshot) {
				s.Outbox.Waiting = 3 // one is held, one is on its way
				s.Outbox.Recent[1].State = localapi.SendWaiting
				edit(s)
			}))
			h.w.show(PaneSend)
			h.settle()
		}
		h.agent.Answer("Outbox", signedIn().Outbox.Recent)
		set(func(s *localapi.Snapshot) {})
		h.want("1 entry waits for the server.", "offline · since 13:05 · next try 14:09")
		h.take()
		h.tap("Retry now")
		h.wantCalls("Outbox", "Retry o4")
		set(func(s *localapi.Snapshot) {
			s.Connection.Online, s.Connection.Since, s.Connection.Problem = false, ago(12*time.Minute), "The server cannot be reached."
		})
		h.want("1 entry waits until this computer is online.", "The server cannot be reached. · since 13:53 · next try 14:09", "Retry now")
		set(func(s *localapi.Snapshot) { s.Connection.BackoffUntil = now().Add(10 * time.Minute) })
		h.want("1 entry waits for the server.", "next try 14:15")
		h.wantNot("Retry now")
		set(func(s *localapi.Snapshot) { s.Account.State = localapi.NeedsSignIn })
		h.want("1 entry waits until you have signed in again.")
		set(func(s *localapi.Snapshot) { s.Outbox.Waiting, s.Outbox.Recent[3].State = 2, localapi.SendAccepted })
		h.wantNot("waits", "Retry now")
	})
}

// TestTheNextLinkMayBeBegun while the last one is handed over: what is typed meanwhile stays.
func TestTheNextLinkMayBeBegun(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSend)
		p := h.w.sendPane()
		p.link.SetText("https://first.example/")
		p.submit()
		p.link.SetText("https://sec")
		h.settle()
		h.wantCalls("Send 1 phone")
		if p.link.Text != "https://sec" {
			t.Errorf("the field holds %q", p.link.Text)
		}
		p.link.SetText("https://second.example/")
		p.submit()
		h.settle()
		if p.link.Text != "" {
			t.Errorf("after the send the field holds %q", p.link.Text)
		}
	})
}

// TestACopiedLinkBringsItsTitle from the clipboard, to the link it belongs to and to no other; whoever does not wait
// for it sends without.
func TestACopiedLinkBringsItsTitle(t *testing.T) {
	const titled, slow, slower, none = "https://titled.example/", "https://slow.example/", "https://slower.example/", "https://none.example/"
	var answers chan string // of the bubble
	edit := func(p *Params) {
		p.ClipboardTitle = func(ctx context.Context, address string) (string, error) {
			switch address {
			case titled:
				return "A title\u202e of it", nil
			case slow, slower:
				select {
				case title := <-answers:
					return title, nil
				case <-ctx.Done():
					return "", ctx.Err()
				}
			}
			return "", errors.New("the clipboard does not answer")
		}
	}
	sent := func(h *harness, want localapi.Link) {
		h.t.Helper()
		h.tap("Send to Pixel 9")
		if r := asked[localapi.SendRequest](h); len(r.Links) != 1 || r.Links[0] != want {
			h.t.Errorf("sent %+v, want %+v", r.Links, want)
		}
	}
	for name, bring := range map[string]func(h *harness, address string){
		"offered": func(h *harness, address string) {
			h.app.Clipboard().SetContent(address)
			h.w.show(PaneInbox)
			h.w.show(PaneSend)
		},
		"pasted on the page":    func(h *harness, address string) { h.w.pasted(address) },
		"pasted into the field": func(h *harness, address string) { h.w.sendPane().link.OnPaste(address) },
		"pasted over another": func(h *harness, address string) {
			field := h.w.sendPane().link
			field.SetText("https://another.example/")
			field.TypedShortcut(&fyne.ShortcutSelectAll{})
			if !field.OnPaste(address) {
				h.t.Error("it is not taken for another link")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, edit, func(h *harness) {
				answers = make(chan string)
				h.send(signedIn())
				h.w.show(PaneSend)
				bring(h, titled)
				h.settle()
				h.want("A title of it")
				sent(h, localapi.Link{URL: titled, Title: "A title of it"})
				bring(h, none)
				h.settle()
				sent(h, localapi.Link{URL: none})
				bring(h, slow)
				h.settle()
				h.w.sendPane().link.SetText(none) // another by now
				answers <- "Late"
				h.settle()
				h.wantNot("Late")
				sent(h, localapi.Link{URL: none})
				bring(h, slower)
				h.settle()
				sent(h, localapi.Link{URL: slower})
				answers <- "Late"
				h.settle()
				h.wantNot("Late")
			})
		})
	}
	// What was not copied asks for none.
	inBubble(t, edit, func(h *harness) {
		h.send(signedIn())
		h.w.take([]localapi.Link{{URL: titled}}, "")
		h.settle()
		sent(h, localapi.Link{URL: titled})
	})
}

// TestTheButtonLeavesRoom: whatever a device is called, the button that sends to it stays in its page in the least
// window, and what is said beside it can be read.
func TestTheButtonLeavesRoom(t *testing.T) {
	for _, lang := range i18n.Languages() {
		t.Run(lang, func(t *testing.T) {
			inBubble(t, func(p *Params) { p.Words = func(string) *i18n.Catalogue { return i18n.New(lang) } }, func(h *harness) {
				h.w.win.Resize(fyne.NewSize(leastWidth, leastHeight))
				h.send(signedIn())
				p := h.w.sendPane()
				for _, name := range []string{"Pixel 9", strings.Repeat("W", 300), "A tablet with a name like Workstation's", "Workstation"} {
					h.change(func(s *localapi.Snapshot) {
						s.Devices.Items = slices.Clone(s.Devices.Items)
						s.Devices.Items[0].Name = name
					})
					p.choose("phone")
					relayout(h)
					if beside := p.send.Position().X; beside < 60 {
						t.Errorf("%q leaves %v units beside it", p.send.Text, beside)
					}
				}
			})
		})
	}
}
