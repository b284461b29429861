package agent_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/wake"
)

const commands = "GET /v1/account/device/commands"

// rest lets everything come to rest and time pass.
func rest(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestHoldAndUndo(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		lap := w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		hold := func(url string) localapi.OutboxEntry {
			entries, err := desk.face.Send(t.Context(), localapi.SendRequest{Links: []localapi.Link{{URL: url}}, Devices: []string{to.ID}, Hold: true})
			if err != nil {
				t.Fatal(err)
			}
			return entries[0]
		}
		undone, kept := hold("https://example.com/undone"), hold("https://example.com/kept")
		if until := kept.HeldUntil.Sub(kept.At); until != localapi.HoldTime {
			t.Errorf("held for %v", until)
		}
		rest(localapi.HoldTime - time.Second)
		if n := w.count(invoke); n != 0 {
			t.Errorf("%d requests while held", n)
		}
		direct := desk.send(to, "https://example.com/direct", "")
		rest(time.Millisecond)
		if got := desk.awaitSent(direct.ID, localapi.SendAlerted); got.ID != direct.ID {
			t.Errorf("a send that is not held: %+v", got)
		}
		if err := desk.face.Undo(t.Context(), undone.ID); err != nil {
			t.Errorf("undoing in time: %v", err)
		}
		rest(2 * time.Second)
		if got := desk.awaitSent(kept.ID, localapi.SendAlerted); !got.HeldUntil.IsZero() {
			t.Errorf("after the hold: %+v", got)
		}
		if err := desk.face.Undo(t.Context(), kept.ID); code(err) != localapi.CodeConflict {
			t.Errorf("undoing too late: %v", err)
		}
		if n := w.count(invoke); n != 2 {
			t.Errorf("%d requests in all", n)
		}
		if n := lap.snapshot().Inbox.Total; n != 2 {
			t.Errorf("%d tabs arrived", n)
		}
	})
}

// What was taken back leaves the order of the devices as it was: a device that nothing was sent to is not the
// one that the next send is for.
func TestUndoForgetsTheTarget(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		sentTo := func() time.Time { return desk.alertable("Laptop").LastSentTo }
		hold := func() localapi.OutboxEntry {
			entries, err := desk.face.Send(t.Context(), localapi.SendRequest{Links: []localapi.Link{{URL: "https://example.com/"}}, Devices: []string{to.ID}, Hold: true})
			if err != nil {
				t.Fatal(err)
			}
			return entries[0]
		}
		undo := func(e localapi.OutboxEntry) {
			if err := desk.face.Undo(t.Context(), e.ID); err != nil {
				t.Fatal(err)
			}
		}
		first, second := hold(), hold()
		undo(first)
		if sentTo().IsZero() {
			t.Error("one of two is left, and nothing is known of it")
		}
		undo(second)
		if at := sentTo(); !at.IsZero() {
			t.Errorf("after all was taken back something was sent at %v", at)
		}
		desk.send(to, "https://example.com/kept", "")
		kept := sentTo()
		rest(time.Minute)
		undo(hold())
		if got := sentTo(); kept.IsZero() || !got.Equal(kept) {
			t.Errorf("after the second was taken back something was sent at %v, want %v", got, kept)
		}
	})
}

// With push at work an idle agent asks the server for the devices and nothing else for a day, and then for
// commands once.
func TestIdleIsSilent(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		rest(time.Hour) // what a sign-in still brings along
		w.svc.ForgetRequests()
		rest(20 * time.Hour)
		if n := w.count() - w.count(deviceList); n != 0 {
			t.Errorf("%d requests for something else in twenty idle hours", n)
		}
		rest(8 * time.Hour)
		if n := w.count(commands); n != 1 {
			t.Errorf("%d polls in the hours around the first day", n)
		}
		if snap := desk.snapshot(); !snap.Connection.Push.Connected || !snap.Connection.Online {
			t.Errorf("after a day: %s", describe(snap))
		}
	})
}

// Without push the agent asks every quarter of an hour, more or less.
func TestPollsWithoutPush(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.station("Desk", w.inBubble).run().signIn()
		rest(time.Minute)
		w.svc.Push().RefuseUpgrades(http.StatusServiceUnavailable, "", -1)
		w.svc.Push().Cut()
		rest(time.Minute)
		w.svc.ForgetRequests()
		rest(3 * time.Hour)
		polls := w.svc.Requests(commands)
		if len(polls) < 10 || len(polls) > 14 {
			t.Fatalf("%d polls in three hours", len(polls))
		}
		even := true
		for i := 1; i < len(polls); i++ {
			gap := polls[i].Time.Sub(polls[i-1].Time)
			if gap < 13*time.Minute || gap > 17*time.Minute {
				t.Errorf("a gap of %v", gap)
			}
			even = even && gap == 15*time.Minute
		}
		if even {
			t.Error("the polls have no jitter")
		}
	})
}

// Failing polls become rare; a wish to wait is honoured and shown; then all is as before.
func TestPollsThatFail(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		rest(time.Minute)
		w.svc.Faults.Next(commands, http.StatusInternalServerError, accounttest.Times(-1))
		w.svc.ForgetRequests()
		if err := desk.face.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		rest(2 * time.Hour)
		polls := w.svc.Requests(commands)
		var last time.Duration
		for i := 1; i < len(polls); i++ {
			gap := polls[i].Time.Sub(polls[i-1].Time)
			if gap < last*9/10 || gap > 17*time.Minute { // each is spread by up to a tenth
				t.Errorf("a gap of %v after one of %v", gap, last)
			}
			last = gap
		}
		if len(polls) < 8 || len(polls) > 18 {
			t.Errorf("%d polls in two hours", len(polls))
		}
		w.svc.Faults.Clear()
		rest(time.Hour)
		w.svc.ForgetRequests()

		w.svc.Faults.Next(commands, http.StatusTooManyRequests, accounttest.RetryAfter(600))
		if err := desk.face.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		rest(9 * time.Minute)
		snap := desk.snapshot()
		if n := w.count(commands); n != 1 || snap.Connection.BackoffUntil.IsZero() || snap.Connection.Problem == "" {
			t.Errorf("%d polls while the server wants silence; connection %+v", n, snap.Connection)
		}
		if err := desk.face.RenameDevice(t.Context(), "Other"); code(err) != localapi.CodeBackoff {
			t.Errorf("a person's wish meanwhile: %v", err)
		}
		rest(3 * time.Minute)
		snap = desk.snapshot()
		if n := w.count(commands); n != 2 || !snap.Connection.BackoffUntil.IsZero() || snap.Connection.Problem != "" {
			t.Errorf("%d polls after the silence; connection %+v", n, snap.Connection)
		}
	})
}

// Pushes are followed at once; other reasons to poll keep their distance.
func TestPollSpacing(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		lap := w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		rest(time.Hour)
		w.svc.ForgetRequests()
		for range 20 {
			if err := lap.face.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			rest(time.Second)
		}
		if n := w.count(commands); n != 1 {
			t.Errorf("%d polls for twenty refreshes in twenty seconds", n)
		}
		for range 5 {
			desk.send(to, "https://example.com", "")
			rest(time.Second)
		}
		if n := lap.snapshot().Inbox.Total; n != 5 {
			t.Errorf("%d of 5 tabs arrived at once", n)
		}
	})
}

// A wait that a failed send has to keep, and the end of it: nothing is sent meanwhile.
func TestSendRetries(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		rest(time.Minute)
		w.svc.Faults.Next(invoke, http.StatusInternalServerError, accounttest.Times(3))
		w.svc.ForgetRequests()
		sent := desk.send(to, "https://example.com", "")
		rest(5 * time.Minute)
		tries := w.svc.Requests(invoke)
		if len(tries) != 4 {
			t.Fatalf("%d attempts", len(tries))
		}
		for i, want := range []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second} {
			if gap := tries[i+1].Time.Sub(tries[i].Time); gap < want || gap > want+time.Second {
				t.Errorf("attempt %d came %v after the one before", i+2, gap)
			}
		}
		if got := desk.awaitSent(sent.ID, localapi.SendAlerted); got.MayBeTwice || got.Reason != "" {
			t.Errorf("sent as %+v", got)
		}
	})
}

// A sign-in page that nobody comes back from is given up.
func TestSignInEnds(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run()
		if _, err := desk.face.BeginSignIn(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		rest(30 * time.Minute)
		if snap := desk.snapshot(); snap.SignIn == nil || snap.Account.State != localapi.SigningIn {
			t.Errorf("after half an hour: %s", describe(snap))
		}
		rest(time.Hour)
		if snap := desk.snapshot(); snap.SignIn != nil || snap.Account.State != localapi.SignedOut || snap.Account.Cause == "" {
			t.Errorf("after more than an hour: %s", describe(snap))
		}
	})
}

// A clock that is set back does not keep notifications silent for longer than a person asked for.
func TestClockSetWhileQuiet(t *testing.T) {
	for name, restart := range map[string]bool{"running": false, "over a restart": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				clock := &setClock{from: time.Now()}
				desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.Clock = clock }).run().signIn()
				if err := desk.face.Quiet(t.Context(), 60); err != nil {
					t.Fatal(err)
				}
				rest(30 * time.Minute)
				clock.set.Store(int64(-48 * time.Hour))
				if restart {
					desk.again()
				}
				if desk.snapshot().QuietUntil.IsZero() {
					t.Fatal("the silence ended at once")
				}
				rest(61 * time.Minute)
				if until := desk.snapshot().QuietUntil; !until.IsZero() {
					t.Errorf("silent for another %v", until.Sub(clock.Now()))
				}
			})
		})
	}
}

// Silence ends by itself, and faces are told.
func TestQuiet(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run()
		for _, minutes := range []int{-1, 100_000} {
			if err := desk.face.Quiet(t.Context(), minutes); code(err) != localapi.CodeUsage {
				t.Errorf("%d minutes: %v", minutes, err)
			}
		}
		if err := desk.face.Quiet(t.Context(), 60); err != nil {
			t.Fatal(err)
		}
		rest(59 * time.Minute)
		if desk.snapshot().QuietUntil.IsZero() {
			t.Error("the silence ended early")
		}
		rest(2 * time.Minute)
		if !desk.snapshot().QuietUntil.IsZero() {
			t.Error("the silence does not end")
		}
		if err := desk.face.Quiet(t.Context(), 60); err != nil {
			t.Fatal(err)
		}
		if err := desk.face.Quiet(t.Context(), 0); err != nil || !desk.snapshot().QuietUntil.IsZero() {
			t.Errorf("ending it: %v", err)
		}
	})
}

// The network and the machine tell what polls alone would find out late.
func TestNetworkIsFollowed(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		system := wake.NewManual()
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.Wake = system }).run().signIn()
		tell := func(e wake.Event) {
			if err := system.Send(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			rest(5 * time.Second)
		}
		rest(time.Hour)
		w.svc.Faults.Next("*", 0, accounttest.DropConnection(), accounttest.Times(-1))
		tell(wake.Offline)
		if snap := desk.snapshot(); snap.Connection.Online || snap.Connection.Push.Connected || snap.Connection.Problem == "" {
			t.Errorf("without a network: %+v", snap.Connection)
		}
		rest(time.Hour)
		w.svc.Faults.Clear()
		w.svc.ForgetRequests()
		tell(wake.Online)
		rest(time.Minute)
		if snap := desk.snapshot(); !snap.Connection.Push.Connected || !snap.Connection.Online || w.count(commands) != 1 {
			t.Errorf("with a network again: %+v, %d polls", snap.Connection, w.count(commands))
		}
		rest(time.Hour)
		w.svc.ForgetRequests()
		tell(wake.Changed)
		if n := w.count(); n != 0 {
			t.Errorf("%d requests for another address", n)
		}
		tell(wake.Resumed)
		if n := w.count(commands); n != 1 {
			t.Errorf("%d polls after a suspend", n)
		}
	})
}

// A device that has just joined says a little later what it can receive, and nobody tells of that:
// the list is looked at again after seconds, and once more after a minute, then no more.
func TestLooksAgainAtNewDevice(t *testing.T) {
	const devices = "GET /v1/account/devices"
	bubble(t, func(t *testing.T, w *world) {
		w.station("Desk", w.inBubble).run().signIn()
		rest(time.Hour)
		w.svc.ForgetRequests()
		w.acct.SendPush("fxaccounts:device_connected", map[string]any{"deviceName": "Slow"})
		var seen []int
		for _, d := range []time.Duration{time.Second, 4 * time.Second, 30 * time.Second, 40 * time.Second, 10 * time.Minute} {
			rest(d)
			seen = append(seen, w.count(devices))
		}
		if want := []int{1, 2, 2, 3, 3}; !slices.Equal(seen, want) {
			t.Errorf("the list was fetched %v times after a second, five, 35, 75 and ten minutes, want %v", seen, want)
		}
	})
}
