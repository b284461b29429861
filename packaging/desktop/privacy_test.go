//go:build desktop && linux

package desktop_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
)

// TestUsageDataOfASignIn: the built window tells the agent that the sign-in is on the screen, and only
// for a person who allowed it does the sign-in carry that to the accounts server. The command line shows
// none. In the demo every account allows usage data, so the person's own yes decides.
func TestUsageDataOfASignIn(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	if _, err := app.Start(app.Lean, "agent"); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Until(within(t, box.Patience), "an agent", func(snapshot) bool { return true }); err != nil {
		t.Fatal(err)
	}
	signIn := func() url.Values {
		t.Helper()
		page, err := app.Client().BeginSignIn(within(t, box.Patience), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := app.Client().CancelSignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(page.URL)
		if err != nil {
			t.Fatal(err)
		}
		return u.Query()
	}
	traces := func(q url.Values) (found int) {
		for _, name := range []string{"flow_id", "flow_begin_time", "device_id", "entrypoint", "utm_source", "utm_campaign"} {
			if q.Has(name) {
				found++
			}
		}
		return found
	}
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	w := untilWindow(t, app)
	time.Sleep(2 * time.Second) // for a request that must not be made
	if q := signIn(); traces(q) != 0 {
		t.Errorf("nobody was asked, and the sign-in carries %v", q)
	}
	w.close()
	w.untilGone()
	if r, err := app.Run(within(t, box.Patience), "settings", "usageData=true"); err != nil {
		t.Fatalf("%v: %s", err, r.Err)
	}
	if q := signIn(); traces(q) != 0 {
		t.Errorf("without a view, the sign-in carries %v", q)
	}
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	untilWindow(t, app)
	// The cancelled sign-in brings the view back each time, and with it a flow.
	for deadline := time.Now().Add(box.Patience); ; time.Sleep(time.Second) {
		q := signIn()
		if traces(q) == 6 && q.Get("entrypoint") == "tabferry" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("on the screen and allowed, the sign-in carries %v", q)
		}
	}
}
