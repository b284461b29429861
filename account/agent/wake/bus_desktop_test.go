//go:build desktop && linux

package wake_test

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"github.com/tabferry/tabferry/account/agent/wake"
)

// startBus runs a private bus for the test and gives its address.
func startBus(t *testing.T) string {
	t.Helper()
	address := "unix:path=" + filepath.Join(t.TempDir(), "bus")
	cmd := exec.Command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address", "--address="+address)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("dbus-daemon is needed: %v", err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // reports the kill
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// service is a fake NetworkManager or logind.
type service struct {
	t    *testing.T
	conn *dbus.Conn
	prop *prop.Properties
}

func startService(t *testing.T, address, name string, object dbus.ObjectPath, properties prop.Map) *service {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, conn: conn}
	if s.prop, err = prop.Export(conn, object, properties); err != nil {
		t.Fatal(err)
	}
	reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue)
	if err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("name %s: %v, %v", name, reply, err)
	}
	return s
}

func (s *service) stop() {
	s.t.Helper()
	if err := s.conn.Close(); err != nil {
		s.t.Error(err)
	}
}

const (
	nm       = "org.freedesktop.NetworkManager"
	nmPath   = "/org/freedesktop/NetworkManager"
	login    = "org.freedesktop.login1"
	loginObj = "/org/freedesktop/login1"
)

func startNetworkManager(t *testing.T, address string, connectivity uint32) *service {
	return startService(t, address, nm, nmPath, prop.Map{nm: {
		"Connectivity":      {Value: connectivity, Emit: prop.EmitTrue},
		"PrimaryConnection": {Value: dbus.ObjectPath(nmPath + "/ActiveConnection/1"), Emit: prop.EmitTrue},
	}})
}

func (s *service) set(name string, value any) {
	s.prop.SetMust(nm, name, value)
}

func (s *service) sleep(before bool) {
	s.t.Helper()
	if err := s.conn.Emit(loginObj, login+".Manager.PrepareForSleep", before); err != nil {
		s.t.Error(err)
	}
}

// watch runs a watcher on the bus and gives its events.
func watch(t *testing.T, address string) chan wake.Event {
	t.Helper()
	told := make(chan wake.Event, 100)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- wake.NewSystem(wake.Params{BusAddress: address}).Watch(ctx, func(e wake.Event) { told <- e })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return told
}

// next waits for events until as many have come, and a little for one too many.
func next(told chan wake.Event, n int) (list []wake.Event) {
	timeout := time.After(time.Minute)
	for {
		select {
		case e := <-told:
			list = append(list, e)
			if len(list) == n {
				timeout = time.After(100 * time.Millisecond)
			}
		case <-timeout:
			return list
		}
	}
}

func TestBus(t *testing.T) {
	address := startBus(t)
	network := startNetworkManager(t, address, 4)
	defer network.stop()
	logind := startService(t, address, login, loginObj, prop.Map{})
	defer logind.stop()
	told := watch(t, address)
	settle(t, network, told)
	for _, step := range []struct {
		name string
		do   func()
		want []wake.Event
	}{
		{"no network", func() { network.set("Connectivity", uint32(1)) }, []wake.Event{wake.Offline}},
		{"limited", func() { network.set("Connectivity", uint32(3)) }, nil},
		{"captive portal", func() { network.set("Connectivity", uint32(2)) }, nil},
		{"freed", func() { network.set("Connectivity", uint32(4)) }, []wake.Event{wake.Online}},
		{"another network", func() {
			network.set("PrimaryConnection", dbus.ObjectPath(nmPath+"/ActiveConnection/2"))
		}, []wake.Event{wake.Changed}},
		{"going to sleep", func() { logind.sleep(true) }, nil},
		{"awake", func() { logind.sleep(false) }, []wake.Event{wake.Resumed}},
	} {
		step.do()
		n := max(1, len(step.want))
		if step.want == nil {
			// Nothing must come: another event shows that it was not merely late.
			logind.sleep(false)
			if list := next(told, n); !slices.Equal(list, []wake.Event{wake.Resumed}) {
				t.Errorf("%s: %v, want nothing but the marker", step.name, list)
			}
			continue
		}
		if list := next(told, n); !slices.Equal(list, step.want) {
			t.Errorf("%s: %v, want %v", step.name, list, step.want)
		}
	}
}

// settle waits until the watcher hears the bus, and has told all that was said meanwhile.
func settle(t *testing.T, network *service, told chan wake.Event) {
	t.Helper()
	for i := range 1200 {
		network.set("PrimaryConnection", dbus.ObjectPath(nmPath+"/ActiveConnection/"+string(rune('a'+i%2))))
		select {
		case <-told:
			// What it still has to tell comes before this.
			network.set("Connectivity", uint32(1))
			until(t, told, wake.Offline)
			network.set("Connectivity", uint32(4))
			until(t, told, wake.Online)
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatal("watcher does not hear the bus")
}

// until drops what is told before an event.
func until(t *testing.T, told chan wake.Event, want wake.Event) {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case e := <-told:
			if e == want {
				return
			}
		case <-timeout:
			t.Fatalf("%s is not told", want)
		}
	}
}

// TestServicesComeLate: NetworkManager restarts and is heard again.
func TestServicesComeLate(t *testing.T) {
	address := startBus(t)
	first := startNetworkManager(t, address, 4)
	told := watch(t, address)
	settle(t, first, told)
	first.stop()
	second := startNetworkManager(t, address, 4)
	defer second.stop()
	settle(t, second, told)
	second.set("Connectivity", uint32(1))
	if list := next(told, 1); !slices.Equal(list, []wake.Event{wake.Offline}) {
		t.Errorf("after a restart: %v, want offline", list)
	}
}
