package window

import (
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2/test"

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
