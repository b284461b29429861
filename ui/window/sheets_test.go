package window

import (
	"fmt"
	"html/template"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/theme"
	"golang.org/x/image/draw"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// condition is what a pane can be met in. Its problems are said by words, as the agent's are.
type condition struct {
	name  string
	panes []string // nil for those of an account
	snap  func(words *i18n.Catalogue) localapi.Snapshot
}

func conditions() []condition {
	const offline, busy = "The accounts server cannot be reached.", "The accounts server is busy."
	refused := func(l localapi.ListState, problem string) localapi.ListState {
		l.At, l.Problem = ago(3*time.Hour), problem
		return l
	}
	return []condition{
		{"signed-out", []string{PaneSignIn, PanePair, PaneSettings}, func(*i18n.Catalogue) localapi.Snapshot { return signedOut() }},
		{"empty", nil, func(*i18n.Catalogue) localapi.Snapshot {
			return with(signedIn(), func(s *localapi.Snapshot) {
				s.Inbox, s.Outbox = localapi.Inbox{}, localapi.Outbox{}
				s.Devices.Items, s.Clients.Items = s.Devices.Items[1:2], s.Clients.Items[:1]
			})
		}},
		{"full", nil, func(*i18n.Catalogue) localapi.Snapshot { return with(signedIn(), extensions) }},
		{"error", append([]string{PaneSignIn}, inside()...), func(words *i18n.Catalogue) localapi.Snapshot {
			return with(signedIn(), func(s *localapi.Snapshot) {
				s.Account.State = localapi.NeedsSignIn
				s.Account.Cause = words.Say("The accounts server ended this sign-in. Perhaps the password was changed, or this computer was signed out elsewhere.", "signin.ended", nil)
				s.Connection.Push = localapi.Push{}
				problem := words.Say(busy, "busy", nil)
				s.Devices, s.Clients = localapi.DeviceList{ListState: localapi.ListState{Problem: problem}}, localapi.ClientList{ListState: localapi.ListState{Problem: problem}}
				s.Outbox.Recent[4].Reason = words.Say("This device is no longer part of the account.", "account.unknown_device", nil)
				p := pairing(localapi.PairFailed, true)
				p.Problem = words.Say("This code is for another accounts server.", "account.origin_mismatch", nil)
				s.Pairing = &p
			})
		}},
		{"offline", nil, func(words *i18n.Catalogue) localapi.Snapshot {
			return with(signedIn(), func(s *localapi.Snapshot) {
				problem := words.Say(offline, "offline", nil)
				s.Connection.Online, s.Connection.Since, s.Connection.Problem = false, ago(3*time.Hour), problem
				s.Connection.LastContact = ago(3 * time.Hour)
				s.Connection.Push = localapi.Push{}
				s.Devices.ListState, s.Clients.ListState = refused(s.Devices.ListState, problem), refused(s.Clients.ListState, problem)
				s.Outbox.Recent[3].Reason = problem
				for i := range s.Devices.Items {
					s.Devices.Items[i].LastAccess = s.Devices.Items[i].LastAccess.Add(-3 * time.Hour)
				}
			})
		}},
	}
}

// inside are the panes of an account.
func inside() []string {
	return []string{PaneSend, PaneInbox, PaneDevices, PanePair, PaneAccount, PaneSettings}
}

// sizes are that of every day, the least one, a small screen where everything is twice as large, and one that shows
// all that lies below the edge in the others.
var sizes = []struct {
	name  string
	size  fyne.Size
	scale float32
}{
	{"usual", fyne.NewSize(760, 540), 1},
	{"small", fyne.NewSize(leastWidth, leastHeight), 1},
	{"double", fyne.NewSize(683, 384), 2}, // of 1366x768 pixels
	{"whole", fyne.NewSize(620, 1600), 1},
}

// sheet is the pictures of a pane in a size: one row for each condition and language, one column for each
// appearance.
type sheet struct {
	Name string
	Rows []sheetRow
}

type sheetRow struct {
	Name     string
	Pictures []string
}

// TestSheets draws every pane in every condition, appearance, size and language that a look is worth into
// the folder that TABFERRY_SHEETS names, and on contact sheets.
func TestSheets(t *testing.T) {
	folder := os.Getenv("TABFERRY_SHEETS")
	if folder == "" {
		t.Skip("draws pictures for people to look at, into the folder that TABFERRY_SHEETS names")
	}
	languages := map[string]*i18n.Catalogue{"en": i18n.New("en"), "de": i18n.New("de"), i18n.PseudoRight: i18n.New(i18n.PseudoRight)}
	appearances := []string{widget.AppearanceLight, widget.AppearanceDark, "contrast-light", "contrast-dark"}
	var sheets []sheet
	for _, pane := range append([]string{PaneSignIn}, inside()...) {
		for i, size := range sizes {
			page := sheet{Name: pane + "-" + size.name}
			t.Run(page.Name, func(t *testing.T) { // so that one alone can be drawn
				for _, c := range conditions() {
					if !c.has(pane) {
						continue
					}
					for _, language := range []string{"en", "de", i18n.PseudoRight} {
						row := sheetRow{Name: c.name + ", " + language}
						for _, appearance := range appearances {
							file := fmt.Sprintf("%s-%s-%s-%s-%s.png", pane, size.name, c.name, language, appearance)
							save(t, filepath.Join(folder, file), c.draw(t, languages[language], pane, appearance, i))
							row.Pictures = append(row.Pictures, file)
						}
						page.Rows = append(page.Rows, row)
					}
				}
				page.contact(t, folder)
			})
			sheets = append(sheets, page)
		}
	}
	index, err := os.Create(filepath.Join(folder, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	if err := indexPage.Execute(index, sheets); err != nil {
		t.Fatal(err)
	}
}

func (c condition) has(pane string) bool {
	for _, p := range c.panes {
		if p == pane {
			return true
		}
	}
	return c.panes == nil && pane != PaneSignIn
}

// draw shows a pane in the condition.
func (c condition) draw(t *testing.T, words *i18n.Catalogue, pane, appearance string, size int) (picture image.Image) {
	t.Helper()
	inBubble(t, func(p *Params) {
		p.Icon = theme.AccountIcon()
		p.Words = func(string) *i18n.Catalogue { return words }
	}, func(h *harness) {
		v := sizes[size]
		if v.scale > 1 {
			h.w.most = v.size
		}
		h.w.win.Resize(v.size)
		if scaled, ok := h.w.win.Canvas().(software.WindowlessCanvas); ok {
			scaled.SetScale(v.scale)
		}
		snap := func() localapi.Snapshot {
			s := c.snap(words)
			if len(s.Inbox.Recent) > 0 {
				s.Inbox.Recent[2].Reason = "" // the window says it, in its language
			}
			return s
		}
		scene{snap: snap, pane: pane}.enter(h, appearance)
		relayout(h)
		picture = h.w.win.Canvas().Capture()
	})
	return picture
}

func save(t *testing.T, file string, picture image.Image) {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(out, picture); err != nil {
		t.Fatal(err)
	}
}

// thumb is how wide a picture is on a contact sheet, in pixels.
const thumb = 480

// contact draws the contact sheet.
func (s sheet) contact(t *testing.T, folder string) {
	t.Helper()
	var all *image.RGBA
	for y, row := range s.Rows {
		for x, file := range row.Pictures {
			in, err := os.Open(filepath.Join(folder, file))
			if err != nil {
				t.Fatal(err)
			}
			picture, err := png.Decode(in)
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			b := picture.Bounds()
			height := thumb * b.Dy() / b.Dx()
			if all == nil {
				all = image.NewRGBA(image.Rect(0, 0, len(row.Pictures)*(thumb+8), len(s.Rows)*(height+8)))
			}
			at := image.Pt(x*(thumb+8), y*(height+8))
			draw.ApproxBiLinear.Scale(all, image.Rectangle{Min: at, Max: at.Add(image.Pt(thumb, height))}, picture, b, draw.Src, nil)
		}
	}
	save(t, filepath.Join(folder, "sheet-"+s.Name+".png"), all)
}

var indexPage = template.Must(template.New("index").Parse(`<!doctype html>
<meta charset="utf-8"><title>Tabferry, every pane</title>
<style>body{font:1rem system-ui;margin:1rem}img{width:24vw;border:1px solid #888}h3{margin:.5rem 0}</style>
<h1>Every pane, drawn without a screen</h1>
<ul>{{range .}}<li><a href="#{{.Name}}">{{.Name}}</a></li>{{end}}</ul>
{{range .}}<h2 id="{{.Name}}">{{.Name}}</h2>
{{range .Rows}}<h3>{{.Name}}</h3>
{{range .Pictures}}<a href="{{.}}"><img src="{{.}}" alt="{{.}}" loading="lazy"></a>
{{end}}{{end}}{{end}}`))

// english is the condition with the agent's own words.
func (c condition) english() localapi.Snapshot { return c.snap(i18n.New("en")) }
