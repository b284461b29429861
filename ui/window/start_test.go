package window

import (
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2/test"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

// TestNewWaitsForTheFonts: the toolkit reads them without a lock, so that nothing may be measured beside it.
func TestNewWaitsForTheFonts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := localapitest.New(t)
		app := test.NewTempApp(t)
		reading, made := make(chan struct{}), false
		go func() {
			<-ReadFonts()
			synctest.Wait()
			if made {
				t.Error("the window was made before they had been read")
			}
			close(reading)
		}()
		w, err := New(Params{App: app, Agent: client, Open: func(string, string) error { return nil }, Fonts: reading})
		made = true
		if err != nil {
			t.Fatal(err)
		}
		w.Stop()
	})
}

// TestTheFirstFrameShowsWhatIsKnown: a start has asked the agent already, so that nobody sees a window that connects.
func TestTheFirstFrameShowsWhatIsKnown(t *testing.T) {
	for name, c := range map[string]struct {
		found *localapi.Snapshot
		want  string
	}{
		"found":     {new(signedIn()), PaneInbox},
		"not found": {nil, PaneSignIn},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, client := localapitest.New(t)
				w, err := New(Params{
					App: test.NewTempApp(t), Agent: client, Open: func(string, string) error { return nil },
					Post: func(func()) {}, Pane: PaneInbox, Found: c.found, Note: "It was renewed.",
				})
				if err != nil {
					t.Fatal(err)
				}
				w.Start()
				shown := w.win.Canvas().Content()
				if w.current != c.want || shown != w.shell.object {
					t.Errorf("it shows %s", w.current)
				}
				if told := len(w.toasts.layer.Objects) > 0; told != (c.found != nil) {
					t.Errorf("the note is shown: %v", told)
				}
				w.Stop()
			})
		})
	}
}
