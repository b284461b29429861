package account

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tabferry/tabferry/account/internal/wire"
)

func TestDeviceTypes(t *testing.T) {
	for text, want := range map[string]DeviceType{
		`"desktop"`: DeviceDesktop, `"mobile"`: DeviceMobile, `"phone"`: DeviceMobile, `"tablet"`: DeviceTablet,
		`"vr"`: DeviceVR, `"tv"`: DeviceTV, `"watch"`: DeviceUnknown, `""`: DeviceUnknown, `null`: DeviceUnknown,
		`7`: DeviceUnknown, `{"a":1}`: DeviceUnknown, `"Desktop"`: DeviceUnknown,
	} {
		got := DeviceTV
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s reads as %v, %v", text, got, err)
		}
		var record wire.Device
		if err := json.Unmarshal([]byte(`{"id":"x","type":`+text+`}`), &record); err != nil || deviceFrom(record).Type != want {
			t.Errorf("a record with %s reads as %v, %v", text, deviceFrom(record).Type, err)
		}
	}
	if DeviceUnknown.String() != "unknown" || DeviceTV.String() != "tv" {
		t.Error("names of types")
	}
}

// TestSparseRecords: members that servers leave out, or fill with other types.
func TestSparseRecords(t *testing.T) {
	for _, text := range []string{
		`{"id":"x"}`,
		`{"id":"x","name":null,"location":null,"availableCommands":null,"pushEndpointExpired":null,"lastAccessTime":null,"pushCallback":null}`,
		`{"id":"x","location":[],"availableCommands":[],"lastAccessTime":"now","pushCallback":"https://p.example/"}`,
	} {
		var record wire.Device
		if err := json.Unmarshal([]byte(text), &record); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(Device{ID: "x"}, deviceFrom(record)); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
}

// TestAnswersThatForgetCommands: some servers answer an update that leaves the
// commands alone with an empty map of them.
func TestAnswersThatForgetCommands(t *testing.T) {
	name := "new name"
	both := []Capability{CapabilitySendTab, CapabilityCloseTabs}
	before := &LocalDevice{ID: "x", Capabilities: both}
	commands := map[string]string{commandOpenURI: "…"}
	for title, c := range map[string]struct {
		update wire.DeviceUpdate
		before *LocalDevice
		want   []Capability
	}{
		"commands left alone":   {wire.DeviceUpdate{Name: &name}, before, both},
		"nothing known before":  {wire.DeviceUpdate{Name: &name}, nil, nil},
		"another record before": {wire.DeviceUpdate{Name: &name}, &LocalDevice{ID: "y", Capabilities: both}, nil},
		"commands sent":         {wire.DeviceUpdate{AvailableCommands: &commands}, before, both[:1]},
		"commands withdrawn":    {wire.DeviceUpdate{AvailableCommands: &map[string]string{}}, before, nil},
	} {
		got := localFrom(wire.Device{ID: "x", Name: name}, c.update, c.before)
		if !sameCapabilities(got.Capabilities, c.want) {
			t.Errorf("%s: %v", title, got.Capabilities)
		}
	}
}

// drained is a source of randomness that has run out.
type drained struct{}

var errDrained = errors.New("no randomness")

func (drained) Read([]byte) (int, error) { return 0, errDrained }

// TestWithoutRandomness: nothing is sent or published with keys that are not
// random.
func TestWithoutRandomness(t *testing.T) {
	a, err := New(Config{ClientID: "x", RedirectURI: "https://example.com/"}, WithRandom(drained{}),
		WithMetricsGate(func(string) bool { return true }))
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	a.current.Load().state.Profile = &storedProfile{Profile: Profile{UID: "u"}}
	a.gate.Say("u", &yes)
	if _, err := a.SendTab(t.Context(), "x", "y", "https://example.com/"); !errors.Is(err, ErrInternal) {
		t.Errorf("send: %v", err)
	}
	var told Delivery
	if unsent, err := (&outgoing{account: a}).closeTabs(t.Context(), []string{"u"}, "u", &told); !errors.Is(err, ErrInternal) || len(unsent) != 1 {
		t.Errorf("close: %v", err)
	}
	state := &persisted{ScopedKeys: map[string]ScopedKey{ScopeOldSync: {KTY: "oct", Scope: ScopeOldSync, KID: "1-AAAA", K: strings.Repeat("A", 86)}}}
	if _, err := (&tx{a: a, state: state}).sealCommands([]Capability{CapabilitySendTab}); !errors.Is(err, ErrCrypto) || len(state.CommandKeys) != 0 {
		t.Errorf("publish: %v", err)
	}
	o := outgoing{account: a}
	if _, err := o.seal(SendTabPayload{}, 0); !errors.Is(err, ErrCrypto) {
		t.Errorf("seal: %v", err)
	}
}

// TestSpoiltCommandKeys: keys that cannot be read are made anew, and nothing is
// taken for published under them.
func TestSpoiltCommandKeys(t *testing.T) {
	a, err := New(Config{ClientID: "x", RedirectURI: "https://example.com/"})
	if err != nil {
		t.Fatal(err)
	}
	key := ScopedKey{KTY: "oct", Scope: ScopeOldSync, KID: "1-AAAA", K: strings.Repeat("A", 86)}
	caps := []Capability{CapabilitySendTab}
	state := &persisted{
		ScopedKeys: map[string]ScopedKey{ScopeOldSync: key}, BundleKID: key.KID,
		LocalDevice: &LocalDevice{ID: "x", Capabilities: caps},
		CommandKeys: map[string]string{commandOpenURI: `{"V1":{}}`},
	}
	if state.published(caps) {
		t.Error("spoilt keys count as published")
	}
	if _, err := (&tx{a: a, state: state}).sealCommands(caps); err != nil {
		t.Fatal(err)
	}
	if _, ok := state.commandKeys(commandOpenURI); !ok || !state.published(caps) {
		t.Error("the keys were not made anew")
	}
	state.BundleKID = "0-AAAA"
	if state.published(caps) {
		t.Error("keys sealed with another sync key count as published")
	}
	state.ScopedKeys = nil
	if state.published(caps) || !(&persisted{LocalDevice: &LocalDevice{}}).published(nil) {
		t.Error("without a sync key nothing but nothing is published")
	}
	bad := key
	bad.KID = "without a dash"
	state.ScopedKeys = map[string]ScopedKey{ScopeOldSync: bad}
	if _, err := (&tx{a: a, state: state}).sealCommands(caps); !errors.Is(err, ErrCrypto) {
		t.Errorf("kid without a dash: %v", err)
	}
}

func TestStatesPrintNoAddress(t *testing.T) {
	s := State{Kind: Authenticating, OAuthURL: "https://secret.example/?state=x", From: Connected}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s), s.String()} {
		if strings.Contains(text, "secret") || !strings.Contains(text, "authenticating") {
			t.Errorf("prints as %s", text)
		}
	}
	if text := fmt.Sprint(State{Kind: Connected, Degraded: true}); text != "connected (degraded)" {
		t.Errorf("prints as %s", text)
	}
}

// FuzzParsePush: a message is understood, unknown or refused, and one that is
// understood has what its command needs.
func FuzzParsePush(f *testing.F) {
	f.Add([]byte(`{"command":"fxaccounts:command_received","data":{"index":4,"sender":"x"}}`))
	f.Add([]byte(`{"command":"fxaccounts:device_disconnected","data":{"id":"x"}}`))
	f.Add([]byte(`{"command":"huh"}`))
	f.Add([]byte(" "))
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, err := parsePush(payload)
		switch {
		case err != nil:
			if !errors.Is(err, ErrInvalidPush) || m != (pushMessage{}) || len(bytes.TrimSpace(payload)) == 0 {
				t.Errorf("refused with %v and %+v", err, m)
			}
		case m.unknown:
		case m.command == pushCommandReceived && m.index < 0,
			m.command == pushDeviceDisconnected && m.deviceID == "",
			m.command == pushAccountDestroyed && m.uid == "":
			t.Errorf("understood without its data: %+v", m)
		}
	})
}
