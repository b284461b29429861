package window

import (
	"testing"

	"fyne.io/fyne/v2/test"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

func TestNewRefusesParamsThatLackAPart(t *testing.T) {
	app := test.NewTempApp(t)
	client := localapi.NewPipe().Client()
	open := func(_, _ string) error { return nil }
	for name, p := range map[string]Params{
		"App":   {Agent: client, Open: open},
		"Agent": {App: app, Open: open},
		"Open":  {App: app, Agent: client},
	} {
		if _, err := New(p); err == nil {
			t.Errorf("a window without %s was made", name)
		}
	}
}
