package agent_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

const deviceList = "GET /v1/account/devices"

// named reports whether a device of this name is shown.
func (s *station) named(name string) bool {
	s.t.Helper()
	return slices.ContainsFunc(s.snapshot().Devices.Items, func(d localapi.Device) bool { return d.Name == name })
}

// grownOld waits until the list is old to who looks, and not due yet.
func (s *station) grownOld() {
	s.t.Helper()
	for time.Since(s.snapshot().Devices.At) < localapi.FreshFor+time.Minute {
		rest(time.Minute)
	}
}

// links makes so many.
func links(n int) (all []localapi.Link) {
	for i := range n {
		all = append(all, localapi.Link{URL: fmt.Sprintf("https://example.com/%d", i)})
	}
	return all
}

// quietly renames a station's device as the device itself does: nobody is told.
func (s *station) quietly(name string) {
	s.t.Helper()
	if err := s.face.RenameDevice(s.t.Context(), name); err != nil {
		s.t.Fatal(err)
	}
}

// What nobody tells of is seen within a quarter of an hour when nobody looks. A day of that costs 96 or 97 requests,
// never more than 98, beside the four to seven that a day without it costs: two for where the server's parts are, two
// for the profile, one for the sign-in, one poll, and what of the next day comes early.
func TestUnseenForAQuarterOfAnHourAtMost(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
		rest(time.Hour)
		for i := range 5 {
			name := fmt.Sprintf("Laptop %d", i)
			lap.quietly(name)
			rest(time.Duration(i) * time.Minute) // at different times of the interval
			lap.quietly(name + " again")
			rest(15*time.Minute + time.Second)
			if !desk.named(name + " again") {
				t.Errorf("a quarter of an hour later the devices are %+v", desk.snapshot().Devices.Items)
			}
		}
		if err := lap.face.SignOut(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		rest(15*time.Minute + time.Second)
		lap.end()
		if n := len(desk.snapshot().Devices.Items); n != 1 {
			t.Errorf("%d devices after the other one signed out", n)
		}
		for day := range 3 {
			w.svc.ForgetRequests()
			rest(24 * time.Hour)
			n, lists := w.count(), w.count(deviceList)
			t.Logf("day %d: %d requests, %d of them lists of devices", day, n, lists)
			if lists < 96 || lists > 98 || n > lists+7 {
				t.Errorf("day %d: %d requests, %d of them lists of devices", day, n, lists)
			}
		}
	})
}

// An endpoint that the push service no longer knows, on a connection that lives, is found at once when a face
// looks or a send of ours answers that a device cannot be alerted, and else within a quarter of an hour. The agent
// then makes another one by itself: what was sent meanwhile is there in that moment, and the next tab is alerted of
// and arrives at once.
func TestDeadEndpointIsFound(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]func(desk *station) time.Duration{
		"nobody looks": func(*station) time.Duration { return 15 * time.Minute },
		"a face looks": func(desk *station) time.Duration {
			if err := desk.face.Look(desk.t.Context()); err != nil {
				desk.t.Error(err)
			}
			return 0
		},
		"a window opens": func(desk *station) time.Duration {
			desk.agent.Watch(localapi.FaceWindow).Close()
			return 0
		},
		"a device is looked for in vain": func(desk *station) time.Duration {
			_, err := desk.face.Send(desk.t.Context(), localapi.SendRequest{Links: []localapi.Link{{URL: "https://example.com/"}}, Devices: []string{"nobody"}})
			if code(err) != localapi.CodeNoDevice {
				desk.t.Error(err)
			}
			return 0
		},
		"a send of ours alerts nobody": func(desk *station) time.Duration {
			desk.awaitSent(desk.send(desk.alertable("Phone"), "https://example.com/out", "").ID, localapi.SendPushOff)
			return 0
		},
		"a send of ours alerts nobody, as was known": func(desk *station) time.Duration {
			for _, d := range desk.snapshot().Devices.Items {
				if d.PushOff && d.Name == "Tablet" {
					desk.awaitSent(desk.send(d, "https://example.com/out", "").ID, localapi.SendPushOff)
					return 0
				}
			}
			desk.t.Errorf("the devices are %+v", desk.snapshot().Devices.Items)
			return 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
				phone, tablet := w.station("Phone", w.inBubble).run().signIn(), w.station("Tablet", w.inBubble).run().signIn()
				to := lap.alertable("Desk")
				desk.alertable("Phone")
				w.acct.ExpirePush(desk.alertable("Tablet").ID)
				tablet.end()
				rest(2 * time.Hour)
				desk.grownOld()
				dead := desk.endpoint()
				for _, endpoint := range []string{dead, phone.endpoint()} {
					w.svc.Push().EndSubscription(endpoint) // and leaves the connections alone
				}
				phone.end()
				lap.awaitSent(lap.send(to, "https://example.com/late", "").ID, localapi.SendPushOff)
				if n := desk.snapshot().Inbox.Total; n != 0 {
					t.Fatalf("%d tabs although nothing can have told of one", n)
				}
				rest(look(desk))
				rest(time.Second)
				s := desk.snapshot()
				if s.Inbox.Total != 1 || s.Connection.Push.Expired || !s.Connection.Push.Connected {
					t.Errorf("%d tabs, push %+v", s.Inbox.Total, s.Connection.Push)
				}
				if is := desk.endpoint(); is == "" || is == dead {
					t.Errorf("the server alerts us at %q, before that at %q", is, dead)
				}
				lap.awaitSent(lap.send(to, "https://example.com/soon", "").ID, localapi.SendAlerted)
				rest(time.Second)
				if n := desk.snapshot().Inbox.Total; n != 2 {
					t.Errorf("%d tabs with the new endpoint", n)
				}
			})
		})
	}
}

// endpoint is where the accounts server alerts this installation; empty where it has given up.
func (s *station) endpoint() string {
	s.t.Helper()
	id := s.snapshot().Account.DeviceID
	for _, d := range s.acct.Devices() {
		if d.ID == id && !d.PushEndpointExpired {
			return d.PushCallback
		}
	}
	return ""
}

// While the accounts server has given up alerting us, nobody claims that push works.
func TestExpiredEndpointIsTold(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		for range 2 { // the first is renewed at once, the second not so soon
			w.acct.ExpirePush(desk.snapshot().Account.DeviceID)
			if err := desk.face.Refreshed(t.Context(), localapi.RefreshAll); err != nil {
				t.Fatal(err)
			}
			rest(time.Minute)
		}
		if p := desk.snapshot().Connection.Push; !p.Expired || !p.Connected {
			t.Errorf("with a dead endpoint: %+v", p)
		}
		rest(2 * time.Hour)
		if p := desk.snapshot().Connection.Push; p.Expired {
			t.Errorf("with a new one: %+v", p)
		}
	})
}

// A clock that is set back makes no wait for the next endpoint longer.
func TestClockSetWhileTheEndpointIsDead(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		clock := &setClock{from: time.Now()}
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.Clock = clock }).run().signIn()
		for range 2 { // the first is renewed at once, the second not so soon
			w.acct.ExpirePush(desk.snapshot().Account.DeviceID)
			if err := desk.face.Refreshed(t.Context(), localapi.RefreshAll); err != nil {
				t.Fatal(err)
			}
			rest(time.Minute)
		}
		clock.set.Add(int64(-1000 * time.Hour))
		rest(3 * time.Hour)
		if p := desk.snapshot().Connection.Push; p.Expired {
			t.Errorf("three hours later: %+v", p)
		}
	})
}

// Faces that look cost one refresh in five minutes, however many and often, and none while the list is young;
// after a failure one a minute, and what the server asks for is obeyed.
func TestLookingIsCheap(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		l := &line{next: w.svc.Transport()}
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.PushTransport, p.Transport = p.Transport, l }).run().signIn()
		rest(time.Minute)
		look := func(during time.Duration) int {
			t.Helper()
			w.svc.ForgetRequests()
			for end := time.Now().Add(during); time.Now().Before(end); rest(time.Second) {
				var all sync.WaitGroup
				for range 5 {
					all.Go(func() {
						if err := desk.face.Look(t.Context()); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
			}
			return w.count(deviceList)
		}
		if n := look(2 * time.Minute); n != 0 {
			t.Errorf("%d lists while the list is young", n)
		}
		if n := look(20 * time.Minute); n < 3 || n > 4 {
			t.Errorf("%d lists in twenty minutes of looking", n)
		}
		rest(6 * time.Minute)
		w.svc.Faults.Next(deviceList, http.StatusInternalServerError, accounttest.Times(1000))
		if n := look(10 * time.Minute); n < 3 || n > 11 {
			t.Errorf("%d lists in ten minutes of failures", n)
		}
		if s := desk.snapshot().Devices; s.Problem == "" || s.At.IsZero() || len(s.Items) != 1 {
			t.Errorf("the list that cannot be had: %+v", s)
		}
	})
}

// Many who miss a device cost one list, and each has an answer that is younger than the question.
func TestMissingDevicesCostOneList(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
		rest(time.Hour)
		lap.quietly("Renamed")
		rest(time.Second)
		w.svc.ForgetRequests()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := desk.face.Refreshed(t.Context(), localapi.RefreshMissing); err != nil || !desk.named("Renamed") {
					t.Errorf("%v, %+v", err, desk.snapshot().Devices.Items)
				}
			})
		}
		all.Wait()
		if n := w.count(deviceList); n > 2 {
			t.Errorf("%d lists for twenty questions at once", n)
		}
		w.svc.ForgetRequests()
		for begun := time.Now(); time.Since(begun) < time.Minute; {
			if err := desk.face.Refreshed(t.Context(), localapi.RefreshMissing); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.count(deviceList); n > 32 {
			t.Errorf("%d lists in a minute of questions without a pause", n)
		}
	})
}

// A name that a device was given unheard is found by the first send to it; a name that no device has is asked
// for once, and refused with the words for it.
func TestSendToANewName(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
		desk.alertable("Laptop")
		rest(time.Hour)
		lap.quietly("Kitchen")
		rest(time.Minute)
		send := func(name string) error {
			_, err := desk.face.Send(t.Context(), localapi.SendRequest{Links: links(1), To: &localapi.Choice{Names: []string{name}}})
			return err
		}
		if err := send("kit"); err != nil {
			t.Errorf("to the new name: %v", err)
		}
		rest(time.Minute)
		w.svc.ForgetRequests()
		if err := send("Laptop"); code(err) != localapi.CodeNoDevice {
			t.Errorf("to the old name: %v", err)
		}
		if n := w.count(deviceList); n != 1 {
			t.Errorf("%d lists for a name that no device has", n)
		}
		w.svc.Faults.Next(deviceList, 0, accounttest.Delay(time.Minute))
		begun := time.Now()
		if err := send("Laptop"); code(err) != localapi.CodeNoDevice || time.Since(begun) > 8*time.Second {
			t.Errorf("with a server that hangs: %v after %v", err, time.Since(begun))
		}
	})
}

// A device that has left is not listed any more once a send has told.
func TestSendsMendTheList(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		l := &line{}
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) { l.next, p.PushTransport = p.Transport, l }).run().signIn()
		lap := w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		rest(50 * time.Minute) // between the lists of every quarter of an hour
		lap.end()
		l.pull(true) // or the server's push would tell it first
		w.svc.Push().Cut()
		rest(time.Second)
		if !w.acct.DeleteDevice(to.ID) {
			t.Fatal("no such device")
		}
		w.svc.ForgetRequests()
		if _, err := desk.face.Send(t.Context(), localapi.SendRequest{Devices: []string{to.ID}, Links: links(1)}); err != nil && code(err) != localapi.CodeNoDevice {
			t.Fatal(err)
		}
		rest(10 * time.Second)
		if desk.named("Laptop") {
			t.Errorf("listed after a send told that it has left: %+v", desk.snapshot().Devices.Items)
		}
		if n := w.count(deviceList); n > 3 {
			t.Errorf("%d lists for one batch", n)
		}
	})
}

// A batch to a device that cannot be alerted costs one list.
func TestPushOffCostsOneList(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		rest(10 * time.Minute)
		lap.end()
		w.svc.Push().ForgetUserAgents()
		w.svc.ForgetRequests()
		for range 3 {
			if _, err := desk.face.Send(t.Context(), localapi.SendRequest{Devices: []string{to.ID}, Links: links(40)}); err != nil {
				t.Fatal(err)
			}
			rest(10 * time.Second)
		}
		if n := w.count(deviceList); n > 3 { // the sender's own, and the one that shows it
			t.Errorf("%d lists for three batches", n)
		}
		if !slices.ContainsFunc(desk.snapshot().Devices.Items, func(d localapi.Device) bool { return d.ID == to.ID && d.PushOff }) {
			t.Errorf("the devices are %+v", desk.snapshot().Devices.Items)
		}
	})
}

// A refresh of nobody is refused, a look of nobody is no error; a refresh that fails says why.
func TestRefreshRefused(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		l := &line{next: w.svc.Transport()}
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.PushTransport, p.Transport = p.Transport, l }).run()
		for _, why := range []localapi.RefreshReason{localapi.RefreshAll, localapi.RefreshMissing} {
			if err := desk.face.Refreshed(t.Context(), why); code(err) != localapi.CodeNotSignedIn {
				t.Errorf("%s: %v", why, err)
			}
		}
		if err := desk.face.Look(t.Context()); err != nil {
			t.Error(err)
		}
		if err := desk.face.Refreshed(t.Context(), "whim"); code(err) != localapi.CodeUsage {
			t.Error(err)
		}
		desk.signIn()
		l.pull(true)
		for _, why := range []localapi.RefreshReason{localapi.RefreshAll, localapi.RefreshMissing} {
			if err := desk.face.Refreshed(t.Context(), why); code(err) != localapi.CodeOffline {
				t.Errorf("%s: %v", why, err)
			}
		}
		waiting := make(chan error, 1)
		l.pull(false)
		w.svc.Faults.Next(deviceList, 0, accounttest.Delay(time.Minute))
		go func() { waiting <- desk.face.Refreshed(t.Context(), localapi.RefreshAll) }()
		rest(time.Second)
		if err := desk.face.SignOut(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		rest(time.Second)
		select {
		case err := <-waiting:
			if err == nil {
				t.Error("a refresh that a sign-out ended has no reason")
			}
		default:
			t.Error("a refresh outlives the sign-out")
		}
	})
}
