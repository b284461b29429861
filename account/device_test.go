package account_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

const (
	routeDevice  = "POST /v1/account/device"
	routeDevices = "GET /v1/account/devices"
	routeDestroy = "POST /v1/account/device/destroy"
	routeInvoke  = "POST /v1/account/devices/invoke_command"
	routePoll    = "GET /v1/account/device/commands"
)

func TestInitializeDevice(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t, accounttest.Lint())
	person := s.NewAccount("dora@example.com", "a long password")
	m := newMember(t, s).tidy()
	m.signIn(person)
	local, err := m.InitializeDevice(t.Context(), "Écran ☃", account.DeviceDesktop, bothCapabilities)
	ok(t, "InitializeDevice", err)
	if local.ID == "" || local.DisplayName != "Écran ☃" || local.Type != account.DeviceDesktop || local.PushSubscription != nil {
		t.Errorf("unexpected record: %+v", local)
	}
	if got := slices.Sorted(slices.Values(local.Capabilities)); !slices.Equal(got, slices.Sorted(slices.Values(bothCapabilities))) {
		t.Errorf("capabilities = %v", got)
	}
	if m.id() != local.ID {
		t.Errorf("current device id = %s, want %s", m.id(), local.ID)
	}
	records := person.Devices()
	var record accounttest.Device
	for _, r := range records {
		if r.ID == local.ID {
			record = r
		}
	}
	if record.Name != "Écran ☃" || record.Type != "desktop" || len(record.AvailableCommands) != 2 {
		t.Errorf("the server has %+v", record)
	}
}

func TestInitializeDeviceRefusals(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("dora@example.com", "a long password")
	signedOut := newMember(t, s)
	_, err := signedOut.InitializeDevice(t.Context(), "x", account.DeviceDesktop, nil)
	want(t, "signed out", err, account.ErrNoRefreshToken)
	_, err = signedOut.CurrentDeviceID()
	want(t, "no device", err, account.ErrNoDevice)

	profileOnly := newMember(t, s)
	profileOnly.signIn(person, account.ScopeProfile)
	_, err = profileOnly.InitializeDevice(t.Context(), "x", account.DeviceDesktop, bothCapabilities)
	want(t, "no sync key", err, account.ErrNoScopedKey)
	want(t, "no sync key", err, account.ErrAuthentication)

	m := newMember(t, s)
	m.signIn(person)
	before := len(s.Requests(routeDevice))
	for name, bad := range map[string]string{
		"empty": "", "blank": " \t", "long": strings.Repeat("é", 256), "control": "a\x07b", "private use": "a\ue000b", "not utf-8": "a\xff",
	} {
		_, err := m.InitializeDevice(t.Context(), bad, account.DeviceDesktop, nil)
		want(t, name, err, account.ErrInvalidArgument)
		_, err = m.SetDeviceName(t.Context(), bad)
		want(t, name, err, account.ErrInvalidArgument)
		want(t, name, err, account.ErrDeviceName)
	}
	_, err = m.InitializeDevice(t.Context(), "x", account.DeviceDesktop, []account.Capability{"Teleport"})
	want(t, "unknown capability", err, account.ErrInvalidArgument)
	if sent := len(s.Requests(routeDevice)) - before; sent != 0 {
		t.Errorf("%d requests were sent for arguments that cannot be right", sent)
	}
	if _, err := m.InitializeDevice(t.Context(), strings.Repeat("é", 255), account.DeviceUnknown, nil); err != nil {
		t.Errorf("longest name, no type: %v", err)
	}
}

func TestEnsureCapabilitiesSendsOnlyWhatIsNeeded(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t, accounttest.Lint())
	person := s.NewAccount("dora@example.com", "a long password")
	m := join(t, s, person, "one").tidy()
	ensure := func(what string, requests int, caps ...account.Capability) account.LocalDevice {
		t.Helper()
		s.ForgetRequests()
		local, err := m.EnsureCapabilities(t.Context(), caps)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got := len(s.Requests(routeDevice)); got != requests {
			t.Errorf("%s: %d requests, want %d", what, got, requests)
		}
		return local
	}
	ensure("the same", 0, account.CapabilitySendTab, account.CapabilityCloseTabs)
	ensure("another order", 0, account.CapabilityCloseTabs, account.CapabilitySendTab)
	ensure("repeated", 0, account.CapabilityCloseTabs, account.CapabilitySendTab, account.CapabilitySendTab)
	local := ensure("one less", 1, account.CapabilitySendTab)
	if !slices.Equal(local.Capabilities, []account.Capability{account.CapabilitySendTab}) {
		t.Errorf("capabilities = %v", local.Capabilities)
	}
	body := s.Requests(routeDevice)[0].Body
	if strings.Contains(string(body), "name") || strings.Contains(string(body), "close-uri") {
		t.Errorf("more was sent than the remaining command")
	}
	ensure("none", 1)
	ensure("still none", 0)
	if local := ensure("both again", 1, bothCapabilities...); local.DisplayName != "one" {
		t.Errorf("name = %q", local.DisplayName)
	}

	s.Faults.Next(routeDevice, 500)
	if _, err := m.SetDeviceName(t.Context(), "two"); err == nil {
		t.Error("a failed update succeeded")
	}
	ensure("after a failed update", 1, bothCapabilities...)
	again := m.reopened()
	s.ForgetRequests()
	if _, err := again.EnsureCapabilities(t.Context(), bothCapabilities); err != nil {
		t.Fatal(err)
	}
	if len(s.Requests(routeDevice)) != 0 {
		t.Error("a restart published again what the server had")
	}
}

func TestDeviceNameAndPush(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t, accounttest.Lint())
	person := s.NewAccount("dora@example.com", "a long password")
	m := join(t, s, person, "one").tidy()
	local, err := m.SetDeviceName(t.Context(), "two")
	if err != nil || local.DisplayName != "two" || len(local.Capabilities) != 2 {
		t.Errorf("renamed: %+v, %v", local, err)
	}
	sub := account.PushSubscription{
		Endpoint:  "http://127.0.0.1:9/push/x",
		PublicKey: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
		AuthKey:   "BTBZMqHH6r4Tts7J_aSIgg",
	}
	local, err = m.SetPushSubscription(t.Context(), sub)
	if err != nil || local.PushSubscription == nil || *local.PushSubscription != sub {
		t.Errorf("subscribed: %+v, %v", local.PushSubscription, err)
	}
	_, err = m.SetPushSubscription(t.Context(), account.PushSubscription{Endpoint: sub.Endpoint})
	want(t, "incomplete subscription", err, account.ErrInvalidArgument)

	list, err := m.Devices(t.Context())
	ok(t, "Devices", err)
	own := list[slices.IndexFunc(list, func(d account.Device) bool { return d.IsCurrentDevice })]
	if own.DisplayName != "two" || own.PushSubscription == nil || *own.PushSubscription != sub || own.ID != m.id() {
		t.Errorf("listed: %+v", own)
	}
	err = m.ClearDeviceName(t.Context())
	want(t, "clear name", err, account.ErrUnsupported)
}

func TestDevicesAreKeptForAMinute(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t, accounttest.Lint())
	person := s.NewAccount("dora@example.com", "a long password")
	m := join(t, s, person, "one").tidy()
	asked := func() int { return len(s.Requests(routeDevices)) }
	list := func(opts ...account.ReadOption) []account.Device {
		t.Helper()
		got, err := m.Devices(t.Context(), opts...)
		ok(t, "Devices", err)
		return got
	}
	base := asked()
	first := list()
	first[0].DisplayName = "scribbled"
	if again := list(); again[0].DisplayName == "scribbled" {
		t.Error("a caller can change the kept list")
	}
	m.clock.advance(59 * time.Second)
	list()
	if asked() != base+1 {
		t.Errorf("%d requests within a minute, want 1", asked()-base)
	}
	m.clock.advance(2 * time.Second)
	list()
	list(account.Fresh())
	if asked() != base+3 {
		t.Errorf("%d requests, want 3", asked()-base)
	}
	if _, err := m.SetDeviceName(t.Context(), "two"); err != nil {
		t.Fatal(err)
	}
	if got := list(); got[0].DisplayName != "two" {
		t.Error("the list is out of date after a rename")
	}
	// A failure leaves what is kept.
	s.Faults.Next(routeDevices, 500)
	if _, err := m.Devices(t.Context(), account.Fresh()); err == nil {
		t.Error("a failed request succeeded")
	}
	before := asked()
	list()
	if asked() != before {
		t.Error("a failure emptied the kept list")
	}
	saved, at := m.reopened().SavedDevices()
	if len(saved) != len(list()) || at.IsZero() {
		t.Errorf("saved list has %d devices, of %v", len(saved), at)
	}
}

func TestIdleDevicesCanBeLeftOut(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("dora@example.com", "a long password")
	m := join(t, s, person, "active")
	idle := join(t, s, person, "idle")
	const while = 22 * 24 * time.Hour
	s.Clock.Advance(while)
	m.clock.advance(while)
	all, err := m.Devices(t.Context(), account.Fresh())
	if err != nil || len(all) != 2 {
		t.Fatalf("%d devices, %v", len(all), err)
	}
	active, err := m.Devices(t.Context(), account.WithoutIdle())
	if err != nil || len(active) != 1 || active[0].ID == idle.id() {
		t.Errorf("%d active devices, %v", len(active), err)
	}
	if _, err := m.SendTab(t.Context(), idle.id(), "x", "https://example.com/"); err != nil {
		t.Errorf("an idle device is no target: %v", err)
	}
}

func TestDisconnectDevice(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("dora@example.com", "a long password")
	m := join(t, s, person, "one")
	other := join(t, s, person, "two")
	ok(t, "DisconnectDevice", m.DisconnectDevice(t.Context(), other.id()))
	list, err := m.Devices(t.Context())
	if err != nil || len(list) != 1 {
		t.Errorf("%d devices are left, %v", len(list), err)
	}
	want(t, "gone", m.DisconnectDevice(t.Context(), other.id()), account.ErrUnknownDevice)
	want(t, "empty", m.DisconnectDevice(t.Context(), ""), account.ErrInvalidArgument)
	ok(t, "DisconnectDevice", m.DisconnectDevice(t.Context(), m.id()))
	if m.AuthState() != account.AuthStateDisconnected || len(person.Devices()) != 0 {
		t.Error("disconnecting the own device did not sign out")
	}
	want(t, "signed out", m.DisconnectDevice(t.Context(), "x"), account.ErrNoRefreshToken)
}

// TestDevicesUnavailable: a server that keeps this client from the device routes
// answers exactly as for a dead token; the account must stay.
func TestDevicesUnavailable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ status, errno int }{
		"newest servers": {http.StatusUnauthorized, 110},
		"older servers":  {http.StatusBadRequest, 163},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := accounttest.New(t)
			person := s.NewAccount("dora@example.com", "a long password")
			m := newMember(t, s)
			m.signIn(person)
			s.Faults.Next("POST /v1/account/device", c.status, accounttest.Errno(c.errno), accounttest.Times(2))
			_, err := m.InitializeDevice(t.Context(), "one", account.DeviceDesktop, bothCapabilities)
			want(t, "refused", err, account.ErrDevicesUnavailable)
			want(t, "class", err, account.ErrForbidden)
			if errors.Is(err, account.ErrAuthentication) {
				t.Errorf("the refusal looks like the end of the sign-in: %v", err)
			}
			if m.DevicesAvailable() || m.AuthState() != account.AuthStateConnected {
				t.Error("the refusal did not switch the feature off, or did more")
			}
			if m.reopened().DevicesAvailable() {
				t.Error("the refusal is forgotten by a restart")
			}
			if _, err := m.InitializeDevice(t.Context(), "one", account.DeviceDesktop, bothCapabilities); err != nil {
				t.Fatal(err)
			}
			if !m.DevicesAvailable() {
				t.Error("a success did not switch the feature on")
			}
			// Refused once only: the call goes through.
			s.Faults.Next(routeDevices, c.status, accounttest.Errno(c.errno))
			if _, err := m.Devices(t.Context(), account.Fresh()); err != nil || !m.DevicesAvailable() {
				t.Errorf("refused once: %v", err)
			}
		})
	}
}

func TestDeadTokenIsNotUnavailability(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("dora@example.com", "a long password")
	m := join(t, s, person, "one")
	person.RevokeTokens("")
	_, err := m.Devices(t.Context(), account.Fresh())
	want(t, "revoked", err, account.ErrAuthentication)
	if errors.Is(err, account.ErrDevicesUnavailable) || !m.DevicesAvailable() {
		t.Error("a dead token was taken for a missing right")
	}
}
